//! Tests of what hosts look for and did not find: what is off, tables, the guests' view, and the
//! removal of an occasion.

use serde_json::json;

use crate::pages::HOME;
use crate::stage::on_default;

#[test]
fn what_is_off_is_switched_on_where_hosts_look_for_it() {
    on_default(async |stage| {
        stage
            .details(|one| {
                one.switches.uploads = false;
                one.switches.gifts = false;
            })
            .await;
        let mut owner = stage.visitor(&stage.owner);
        for switch in ["uploads", "gifts"] {
            let at = format!("{HOME}/{switch}");
            let off = stage.say(&format!("host-{switch}-off"));
            let action = format!("{HOME}/settings/switches/{switch}");
            let seen = stage.visitor(&stage.coordinator).get(&at).await.with(200);
            assert!(seen.text().contains(&off) && !seen.body.contains(&action));
            let page = owner.get(&at).await.with(200);
            assert!(page.text().contains(&off), "{}", page.text());
            let done = owner.submit(&page, &page.form(&action)).await.with(303);
            let after = owner.follow(done).await.with(200);
            assert!(!after.text().contains(&off), "{}", after.text());
        }
        let other = format!("{HOME}/settings/switches/undecided");
        owner.post(&other, &[]).await.expect(404);
    });
}

#[test]
fn a_table_has_its_own_field_and_is_kept_as_a_tag() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let edit = format!("{HOME}/invites/{id}/edit");
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&edit).await.with(200);
        let mut form = page.form(&edit);
        form.fill("tags", "family").fill("table", "4");
        let done = owner.submit(&page, &form).await.with(303);
        let shown = owner.follow(done).await.with(200);
        assert!(shown.text().contains("Table 4"), "{}", shown.text());
        let found = owner.get(&format!("/api/v1/invitations/id/{id}")).await;
        assert_eq!(found.json()["tags"], json!(["family", "Table 4"]));
        let form = owner.get(&edit).await.form(&edit);
        assert_eq!(form.value("table"), Some("Table 4"));
        assert_eq!(form.value("tags"), Some("family"));
    });
}

#[test]
fn what_guests_see_is_one_page_with_one_name() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let name = stage.say("host-menu-see");
        let see = format!("{HOME}/see");
        for page in ["", "/help", "/settings/events", "/send"] {
            let shown = owner.get(&format!("{HOME}{page}")).await.with(200);
            let links = shown.links().into_iter();
            let named: Vec<_> = links.filter(|link| link.text.contains(&*name)).collect();
            assert!(!named.is_empty(), "{page}");
            for link in named {
                assert_eq!(link.href, see, "{page}");
            }
        }
        let home = owner.get(HOME).await.with(200);
        assert!(!home.body.contains("href=\"/o/aisyah-daniel\""));
    });
}

#[test]
fn an_owner_removes_the_occasion_by_typing_its_title() {
    on_default(async |stage| {
        let end = format!("{HOME}/settings/end");
        stage
            .visitor(&stage.coordinator)
            .get(&end)
            .await
            .expect(403);
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&end).await.with(200);
        for id in ["host-remove-occasion", "host-remove-occasion-stays"] {
            assert!(page.text().contains(&stage.say(id)), "{id}");
        }
        assert!(page.text().contains("40 households"), "{}", page.text());
        let forms = page.forms().into_iter();
        let mut offers = forms.filter(|form| form.fields.iter().any(|one| one.name == "remove"));
        let mut form = offers.next().unwrap();
        form.press("remove", "1").fill("confirm", "Aisyah");
        let refused = owner.submit(&page, &form).await.with(422);
        assert!(
            refused
                .text()
                .contains(&stage.say("field-confirmation-wrong"))
        );
        owner.get(HOME).await.expect(200);
        form.fill("confirm", "aisyah-daniel");
        let done = owner.submit(&page, &form).await.with(303);
        assert_eq!(done.location(), Some("/admin?done=removed"));
        owner.get(HOME).await.expect(404);
        stage.nobody().get("/o/aisyah-daniel").await.expect(404);
        assert!(
            stage
                .actions()
                .await
                .contains(&"occasion.deleted".to_owned())
        );
    });
}
