//! Tests of what the built-in messages for WhatsApp and SMS say.

use occasions::hosting::HostOf;
use occasions::hosting::occasions as settings;
use platform::{Rows, Tx, sql};
use serde_json::json;
use testkit::Visitor;
use web::Language;

use crate::pages::HOME;
use crate::stage::{Stage, call, on_default};

const LANGUAGES: [&str; 5] = ["en", "ms", "it", "zh-Hans", "ar"];

/// The message of a kind to RAHMA, as hosts see it.
async fn message(stage: &Stage<'_>, host: &mut Visitor, kind: &str) -> String {
    let id = stage.invitation("RAHMA").await;
    let walk = format!("{HOME}/send/walk?kind={kind}&household={id}&by=whatsapp");
    let page = host.get(&walk).await.with(200).body;
    let (_, rest) = page.split_once("id=\"message-text\"").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</p>").unwrap().0.trim().to_owned()
}

async fn speak(stage: &Stage<'_>, tag: &'static str, sent_at: Option<i64>) {
    stage
        .change(move |tx| {
            sql!(
                "UPDATE invitation SET language = :tag, sent_at = :sent_at, phone = '0123456789',
                     version = version + 1 WHERE code = 'RAHMA'",
                tag,
                sent_at
            )
            .run(tx, Rows::Exactly(1))?;
            tx.run(sql!("UPDATE reply SET status = 'pending'"), &[], Rows::Any)
                .map(drop)
        })
        .await;
}

#[test]
fn a_reminder_ends_with_the_hosts_names() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        for tag in LANGUAGES {
            speak(stage, tag, Some(1)).await;
            let text = stage.site.catalogue.speak(&Language::of(tag));
            let occasion = stage.done(settings::load).await;
            let hosts = occasion.hosts.pick(text.language(), "ms").text.to_owned();
            let said = message(stage, &mut host, "reminder").await;
            let last = said.lines().last().unwrap_or_default();
            let close = text.with("send-remind", [("hosts", hosts.into())]);
            assert_eq!(last, close.replace('&', "&#38;"), "{tag}: {said}");
            let (before, _) = said.rsplit_once(last).unwrap();
            assert!(before.contains("?k="), "{tag}: {said}");
            assert!(
                before.contains(&*text.say("send-open-all")),
                "{tag}: {said}"
            );
        }
    });
}

#[test]
fn the_link_that_is_added_to_own_words_stands_before_the_names() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        speak(stage, "en", None).await;
        let own = json!({"version": 1,
            "message": {"en": "Come to us.\n\nWarmly,\n{hosts}"}});
        let at = stage.at("/mail-texts/invitation");
        call(&mut host, "PATCH", &at, &own).await.expect(200);
        let said = message(stage, &mut host, "invitation").await;
        let (before, signed) = said.split_once("Warmly,").unwrap();
        assert!(before.contains("?k=") && !signed.contains("?k="), "{said}");
    });
}

#[test]
fn an_invitation_says_the_hour_and_the_place_where_they_are_known() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        for tag in LANGUAGES {
            speak(stage, tag, None).await;
            let text = stage.site.catalogue.speak(&Language::of(tag));
            let said = message(stage, &mut host, "invitation").await;
            assert!(said.contains("Dewan Seri Melati"), "{tag}: {said}");
            assert!(said.contains("Masjid Wilayah Persekutuan"), "{tag}: {said}");
            let (events, zone) = stage
                .done(|tx: &mut Tx<'_>, host: &HostOf| {
                    let zone = settings::load(tx, host)?.zone();
                    Ok((occasions::event::list(tx, host.occasion())?, zone))
                })
                .await;
            for event in events.iter().filter(|event| event.key != "brunch") {
                let hours = text.hours_in(&zone, event.starts_at, Some(event.ends_at));
                assert!(said.contains(&hours), "{tag}: {hours} is not in {said}");
            }
        }
        // Only what is known, and one event has no name before it.
        stage
            .change(|tx| {
                let unknown = sql!("UPDATE event SET venue = '', address = '', hour_known = 0");
                tx.run(unknown, &[], Rows::Any)?;
                let one = sql!(
                    "DELETE FROM invitation_event
                     WHERE event <> (SELECT id FROM event WHERE key = 'reception')"
                );
                tx.run(one, &[], Rows::Any).map(drop)
            })
            .await;
        speak(stage, "en", None).await;
        let said = message(stage, &mut host, "invitation").await;
        assert!(said.contains("16 January 2027"), "{said}");
        for other in ["Reception", "Dewan", " · ", "Kuala Lumpur"] {
            assert!(!said.contains(other), "{other}: {said}");
        }
    });
}
