//! Tests of a household's page and of its form: what comes first, and what is folded away.

use occasions::hosting::portals;
use occasions::id::InvitationId;
use platform::{Rows, sql};

use crate::pages::HOME;
use crate::stage::on_default;

#[test]
fn a_household_begins_with_its_answer_its_people_and_its_table_and_address() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        stage
            .change(|tx| {
                let told = sql!(
                    "UPDATE invitation SET address = 'Jalan Melati', tags = '[\"Table 4\"]'
                     WHERE code = 'RAHMA'"
                );
                tx.run(told, &[], Rows::Exactly(1)).map(drop)
            })
            .await;
        let page = stage
            .visitor(&stage.owner)
            .get(&format!("{HOME}/invites/{id}"))
            .await;
        let parts = [
            "id=\"answers\"",
            "class=\"person\"",
            "id=\"contact\"",
            "Table 4",
            "Jalan Melati",
            "id=\"code-title\"",
            "id=\"access-title\"",
            "id=\"away\"",
        ];
        let at = parts.map(|part| page.body.find(part).unwrap_or_else(|| panic!("{part}")));
        assert!(at.is_sorted(), "{at:?}");
    });
}

#[test]
fn a_new_household_asks_first_for_names_contact_and_events() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/invites/new");
        let page = owner.get(&address).await.with(200);
        let (first, more) = page.body.split_once("<details class=\"card\"").unwrap();
        let (head, more) = more.split_once('>').unwrap();
        assert!(!head.contains("open"), "closed at first: {head}");
        let (more, _) = more.split_once("</details>").unwrap();
        for name in ["household", "guests", "phone", "email", "events"] {
            let field = format!("name=\"{name}\"");
            assert!(first.contains(&field), "{name}");
            assert!(!more.contains(&field), "{name}");
        }
        let folded = [
            "language",
            "salutation",
            "tags",
            "plus_ones",
            "children",
            "address",
            "host_message",
            "host_note",
            "code",
        ];
        for name in folded {
            assert!(more.contains(&format!("name=\"{name}\"")), "{name}");
        }
        // What is typed in the fold is kept, and an error in it opens it.
        let mut form = page.form(&address);
        form.fill("household", "Lim")
            .fill("guests", "Ann Lim")
            .fill("address", "Jalan Melati 2")
            .fill("plus_ones", "99");
        let refused = owner.submit(&page, &form).await.with(422);
        let (_, fold) = refused.body.split_once("<details class=\"card\"").unwrap();
        let (head, fold) = fold.split_once('>').unwrap();
        assert!(head.contains(" open"), "{head}");
        assert!(fold.contains("Jalan Melati 2"));
        let mut form = refused.form(&address);
        form.fill("plus_ones", "1").fill("code", "LIMLIM7");
        let made = owner.submit(&refused, &form).await.with(303);
        let (_, id) = made.location().unwrap().rsplit_once('/').unwrap();
        let id: InvitationId = id.split_once('?').unwrap().0.parse().unwrap();
        let of = id.clone();
        let kept = stage
            .done(move |tx, host| portals::load(tx, host, &of))
            .await
            .household
            .invitation;
        assert_eq!(kept.code, "LIMLIM7");
        assert_eq!(kept.details.address.as_deref(), Some("Jalan Melati 2"));
        assert_eq!(kept.details.plus_ones, 1);
        // The form of a household that is here shows what it has.
        let page = owner.get(&format!("{HOME}/invites/{id}/edit")).await;
        let (_, fold) = page.body.split_once("<details class=\"card\"").unwrap();
        assert!(fold.split_once('>').unwrap().0.contains(" open"));
    });
}
