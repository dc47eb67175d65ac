//! Tests of sending invitations through another app. One page has the message to a household, and
//! another leads through all unsent invitations.

use occasions::hosting::invitations;
use occasions::hosting::occasions as occasion_settings;
use occasions::words::Tone;
use platform::{Rows, sql};
use serde_json::json;
use testkit::Page;
use web::Language;

use crate::pages::HOME;
use crate::parts::sent;
use crate::stage::{Stage, on_default};

const WALK: &str = "/admin/o/aisyah-daniel/invites/send";

/// Presses the page's button that marks the household as sent or unsent, and follows the redirect.
async fn press(visitor: &mut testkit::Visitor, page: &Page, action: &str, sent: &str) -> Page {
    let mut form = page.form(action);
    form.press("sent", sent);
    let done = visitor.submit(page, &form).await;
    done.expect(303);
    visitor.follow(done).await
}

/// Returns the action of the form that marks the page's household as sent.
fn action(page: &Page) -> String {
    let link = page
        .links()
        .into_iter()
        .find(|link| link.href.ends_with("qr.svg"));
    let href = link.unwrap().href;
    let id = href.split('/').nth(5).unwrap();
    format!("{HOME}/invites/{id}/sent")
}

/// Returns the number of households with an unsent invitation.
async fn waiting(stage: &Stage<'_>) -> i64 {
    let count = |tx: &mut platform::Tx<'_>| -> Result<(i64,), platform::StoreError> {
        tx.one(
            sql!("SELECT COUNT(*) FROM invitation WHERE sent_at IS NULL AND archived_at IS NULL"),
            &[],
        )
    };
    stage.site.store.read(count).await.unwrap().0
}

#[test]
fn households_are_sent_one_after_the_other_and_taken_back_with_one_press() {
    on_default(async |stage| {
        let forget = |tx: &mut platform::Tx<'_>| {
            tx.run(sql!("UPDATE invitation SET sent_at = NULL"), &[], Rows::Any)
        };
        stage.site.store.write(forget).await.unwrap();
        let all = waiting(stage).await;
        let mut host = stage.visitor(&stage.coordinator);
        let list = host.get(&format!("{HOME}/invites")).await;
        let first = host.get(&list.link(&stage.say("host-send")).href).await;
        assert!(
            first
                .text()
                .contains(&stage.fill("host-send-left", [("n", all.into())]))
        );
        let second = press(&mut host, &first, &action(&first), "1").await;
        assert_ne!(action(&first), action(&second));
        assert!(
            second
                .text()
                .contains(&stage.fill("host-send-left", [("n", (all - 1).into())]))
        );
        // A skipped household stays unsent.
        let third = host
            .get(&second.link(&stage.say("host-send-skip")).href)
            .await;
        assert!(![action(&first), action(&second)].contains(&action(&third)));
        let fourth = press(&mut host, &third, &action(&third), "1").await;
        assert_eq!(waiting(stage).await, all - 2);
        let again = press(&mut host, &fourth, &action(&third), "0").await;
        assert_eq!(action(&again), action(&third));
        assert_eq!(waiting(stage).await, all - 1);
        // With a filter, the host walks only through the matching households. The walk ends after
        // the last of them.
        let few = host.get(&format!("{WALK}?q=fernandez")).await;
        let end = press(&mut host, &few, &action(&few), "1").await;
        assert!(
            end.text().contains(&stage.say("host-send-none")),
            "{}",
            end.text()
        );
        assert!(end.location().is_none() && end.address.contains("q=fernandez"));
    });
}

#[test]
fn observers_are_offered_nothing_to_send() {
    on_default(async |stage| {
        let mut observer = stage.visitor(&stage.observer);
        observer.get(WALK).await.expect(403);
        let id = stage.invitation("RAHMA").await;
        for page in ["/invites".to_owned(), format!("/invites/{id}")] {
            let page = observer.get(&format!("{HOME}{page}")).await;
            page.expect(200);
            assert!(
                !page.body.contains("wa.me") && !page.body.contains(WALK),
                "{}",
                page.body
            );
        }
    });
}

#[test]
fn a_number_that_cannot_be_read_is_kept_and_its_page_says_so() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        for (typed, is_read, whatsapp) in [
            ("012-345 6789", true, "https://wa.me/60123456789?text="),
            ("ask Mei 12", false, "https://wa.me/?text="),
        ] {
            let of = id.clone();
            stage
                .done(move |tx, host| {
                    let seen = occasions::hosting::portals::load(tx, host, &of)?;
                    let version = seen.household.invitation.version;
                    let change = sent(json!({ "phone": typed }));
                    invitations::change(tx, host, &of, version, &change).map(drop)
                })
                .await;
            let page = owner.get(&format!("{HOME}/invites/{id}")).await;
            let unread = stage.say("host-phone-unread");
            assert_eq!(page.text().contains(&unread), !is_read, "{typed}");
            assert!(page.body.contains(typed));
            let links = page.links();
            assert!(links.iter().any(|link| link.href.starts_with(whatsapp)));
        }
    });
}

#[test]
fn a_message_is_in_the_household_s_language_and_in_the_occasion_s_tone() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        for tone in Tone::ALL {
            let word = tone.word();
            stage
                .done(move |tx, host| {
                    let old = occasion_settings::load(tx, host)?;
                    let change = json!({ "tone": word }).into();
                    occasion_settings::change(tx, host, old.version, &change).map(drop)
                })
                .await;
            for tag in ["ms", "en", "it", "zh-Hans", "ar"] {
                let of = id.clone();
                stage
                    .done(move |tx, host| {
                        let seen = occasions::hosting::portals::load(tx, host, &of)?;
                        let version = seen.household.invitation.version;
                        let change = sent(json!({ "language": tag, "phone": "+60 12-345 6789" }));
                        invitations::change(tx, host, &of, version, &change).map(drop)
                    })
                    .await;
                let page = owner.get(&format!("{HOME}/invites/{id}")).await;
                let text = stage.site.catalogue.speak(&Language::of(tag));
                let shown = page.text();
                let link = page
                    .links()
                    .into_iter()
                    .find(|link| link.text.contains("?k="));
                let link = link.unwrap().href;
                for part in [
                    text.with("send-link", [("link", link.as_str().into())]),
                    text.with("send-code", [("code", "RAHMA".into())]),
                ] {
                    assert!(
                        shown.contains(&part),
                        "{tag} {word}: {part} is not in {shown}"
                    );
                }
                let rest = text.with(&format!("send-invite-{word}"), [("hosts", "|".into())]);
                let rest = rest.split('|').max_by_key(|part| part.len()).unwrap();
                assert!(
                    shown.contains(rest.trim()),
                    "{tag} {word}: {rest} is not in {shown}"
                );
                let ways = [
                    "https://wa.me/60123456789?text=",
                    "sms:+60123456789?body=",
                    "mailto:rahman@example%2Ecom?subject=",
                ];
                for way in ways {
                    let link = page
                        .links()
                        .into_iter()
                        .find(|link| link.href.starts_with(way));
                    assert!(
                        link.is_some_and(|link| link.href.contains("RAHMA%3Fk%3D")),
                        "{way}"
                    );
                }
            }
        }
        assert_eq!(stage.site.catalogue.missing(), [""; 0]);
    });
}
