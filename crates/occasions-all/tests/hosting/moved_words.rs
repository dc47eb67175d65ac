//! Tests of the message that an event has moved: what it names, in our words and in the hosts' own.

use jiff::SignedDuration;
use occasions::id::EventId;
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use testkit::Visitor;

use crate::moved::{change, four_households, on};
use crate::pages::HOME;
use crate::stage::{Stage, call, on_default};

/// The message to RAHMA about the event, in English.
async fn message(stage: &Stage<'_>, host: &mut Visitor, event: &EventId) -> String {
    let english = |tx: &mut Tx<'_>| {
        let all = sql!("UPDATE invitation SET language = 'en', version = version + 1");
        tx.run(all, &[], Rows::Any)
    };
    stage.site.store.write(english).await.unwrap();
    let walk = format!("{HOME}/send/walk?kind=moved&about={event}&by=whatsapp");
    let page = host.get(&walk).await.with(200).body;
    let (_, rest) = page.split_once("id=\"message-text\"").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</p>").unwrap().0.to_owned()
}

#[test]
fn a_message_names_only_what_has_changed() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        change(stage, json!({"venue": "Dewan Lama", "address": ""})).await;
        four_households(stage).await;
        // What the sample's households were told of is not what this test changes.
        stage
            .change(|tx| {
                tx.run(sql!("DELETE FROM event_told"), &[], Rows::Any)
                    .map(drop)
            })
            .await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, on("01-17")).await;
        let day = message(stage, &mut host, &event).await;
        assert!(
            day.contains("16 January 2027") && day.contains("17 January 2027"),
            "{day}"
        );
        assert!(day.contains("is now on "), "{day}");
        for other in ["Dewan Lama", "noon", "Kuala Lumpur", "UTC", "moved"] {
            assert!(!day.contains(other), "{other}: {day}");
        }
        change(stage, on("01-16")).await;
        change(stage, json!({"venue": "Dewan Baharu"})).await;
        let place = message(stage, &mut host, &event).await;
        assert!(
            place.contains("Dewan Lama") && place.contains("Dewan Baharu"),
            "{place}"
        );
        assert!(place.contains("has moved to another place."), "{place}");
        assert!(
            !place.contains("January") && !place.contains("noon"),
            "{place}"
        );
        // A place that is gone is said to be open.
        change(stage, json!({"venue": ""})).await;
        let place = message(stage, &mut host, &event).await;
        assert!(place.contains(&stage.say("event-place-open")), "{place}");
        change(stage, json!({"venue": "Dewan Lama"})).await;
        let hours = json!({"starts_at": "2027-01-16T14:00:00+08:00", "ends_at": "2027-01-16T16:00:00+08:00"});
        change(stage, hours).await;
        let hours = message(stage, &mut host, &event).await;
        assert!(
            hours.contains("12 noon") && hours.contains("2\u{2013}4 pm"),
            "{hours}"
        );
        assert!(
            !hours.contains("Dewan Lama") && hours.contains("Kuala Lumpur"),
            "{hours}"
        );
        assert!(
            hours.contains("is now at 2 pm (was 12 noon), Kuala Lumpur (UTC+8).")
                && !hours.contains("moved"),
            "{hours}"
        );
    });
}

#[test]
fn hosts_tell_of_a_change_in_their_own_words() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, on("01-17")).await;
        let way = format!("kind=moved&about={event}&by=whatsapp");
        let turn = host.get(&format!("{HOME}/send/walk?{way}")).await.with(200);
        let texts = turn.link(&stage.say("host-send-words")).href;
        let page = host.get(&texts).await.with(200);
        let at = format!("{HOME}/mail/texts/moved");
        let mut form = page.form(&at);
        let begun = form.value("message.ms").unwrap_or_default().to_owned();
        assert!(
            begun.contains("{change}") && begun.contains("{rsvp_link}"),
            "{begun}"
        );
        form.fill("message.ms", "Banjir! {event}: {now}\n{rsvp_link}");
        form.fill("body.en", "A flood.\n\n{change}\n\n{rsvp_link}");
        let saved = host.submit(&page, &form).await;
        let turn = host.follow(saved).await.with(200);
        assert!(
            turn.body.contains("/send/hand"),
            "the way back: {}",
            turn.text()
        );
        assert!(turn.text().contains("Banjir! "), "{}", turn.text());
        assert!(turn.text().contains("17 Januari 2027"), "{}", turn.text());
        let preview = host
            .get(&format!("{at}/preview?language=ms"))
            .await
            .with(200);
        assert!(preview.text().contains("Banjir! "), "{}", preview.text());
        let order = json!({"kind": "moved", "about": event});
        let ordered = call(&mut host, "POST", &stage.at("/sending/mail"), &order).await;
        let body = ordered.with(202).json()["body"].clone();
        let english = body["en"].as_str().unwrap();
        assert!(english.starts_with("A flood.\n\n"), "{english}");
        assert!(english.contains("17 January 2027"), "{english}");
        // Where hosts wrote nothing, the built-in text stays.
        assert!(
            body["it"].as_str().unwrap().contains("17 gennaio 2027"),
            "{body}"
        );
        // Other kinds know nothing of an event that has moved.
        let at = stage.at("/mail-texts/reminder");
        let wrong = json!({"version": 1, "body": {"en": "{change}"}});
        call(&mut host, "PATCH", &at, &wrong).await.expect(422);
        stage.expect_work();
    });
}

/// The sample's households have been told of nothing.
async fn forget(stage: &Stage<'_>) {
    stage
        .change(|tx| {
            tx.run(sql!("DELETE FROM event_told"), &[], Rows::Any)
                .map(drop)
        })
        .await;
}

#[test]
fn a_cancelled_event_is_named_whole_also_in_own_words_on_one_line() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        forget(stage).await;
        let mut host = stage.public(&stage.owner);
        stage
            .change(|tx| {
                let seats = sql!(
                    "UPDATE event SET seats_taken = (SELECT COUNT(*) FROM reply
                         WHERE reply.event = event.id AND reply.status = 'yes')"
                );
                tx.run(seats, &[], Rows::Any).map(drop)
            })
            .await;
        let event = change(stage, json!({"cancelled": true})).await;
        let built_in = message(stage, &mut host, &event).await;
        for words in ["is cancelled", "Until now: ", "16 January 2027"] {
            assert!(built_in.contains(words), "{words}: {built_in}");
        }
        // Nobody can answer, so `{answer}` is empty.
        let at = stage.at("/mail-texts/moved");
        let own = json!({"version": 1, "message": {"en": "Alas! {change} {answer} {rsvp_link}"}});
        call(&mut host, "PATCH", &at, &own).await.expect(200);
        let said = message(stage, &mut host, &event).await;
        assert!(
            said.contains("Alas! ") && said.contains("is cancelled"),
            "{said}"
        );
    });
}

#[test]
fn own_words_say_what_has_changed_and_lead_to_the_page() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, on("01-17")).await;
        let at = stage.at("/mail-texts/moved");
        for field in ["body", "message"] {
            let old_news = json!({"version": 1, field: {"en": "It is on the 17th. {rsvp_link}"}});
            let refused = call(&mut host, "PATCH", &at, &old_news).await.with(422);
            assert_eq!(refused.json()["errors"][0]["code"], "invalid");
        }
        let own = json!({"version": 1, "body": {"en": "A flood.\n\n{change}",
            "it": "Un’alluvione.\n\n{change}\n\nCon affetto,\n{hosts}"}});
        call(&mut host, "PATCH", &at, &own).await.expect(200);
        let order = json!({"kind": "moved", "about": event});
        let ordered = call(&mut host, "POST", &stage.at("/sending/mail"), &order).await;
        let body = ordered.with(202).json()["body"].clone();
        let english = body["en"].as_str().unwrap();
        assert!(english.ends_with("\n\n{rsvp_link}"), "{english}");
        let signed = body["it"].as_str().unwrap();
        assert!(
            signed.ends_with("\n\n{rsvp_link}\n\nCon affetto,\n{hosts}"),
            "{signed}"
        );
        stage.expect_work();
    });
}

#[test]
fn whoever_missed_an_earlier_change_reads_everything() {
    on_default(async |stage| {
        change(stage, on("01-16")).await;
        four_households(stage).await;
        forget(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, on("01-17")).await;
        // TANWE is told of the day, and RAHMA is not.
        let id = stage.invitation("TANWE").await;
        let handed = json!({"kind": "moved", "about": event, "channel": "other"});
        let at = format!("/api/v1/invitations/id/{id}/handed");
        call(&mut host, "POST", &at, &handed).await.expect(200);
        stage.world.clock.advance(SignedDuration::from_mins(1));
        change(stage, json!({"venue": "Dewan Baharu"})).await;
        let said = message(stage, &mut host, &event).await;
        for words in ["17 January 2027", "12 noon", "Dewan Baharu"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("Until now"), "{said}");
    });
}

#[test]
fn an_end_that_changes_is_said_and_never_made_up() {
    on_default(async |stage| {
        let days = |last: &str| {
            json!({"hour_known": false, "starts_at": "2027-01-16T00:00:00+08:00",
                   "ends_at": format!("2027-01-{last}T00:00:00+08:00")})
        };
        change(stage, days("18")).await;
        four_households(stage).await;
        forget(stage).await;
        let mut host = stage.public(&stage.owner);
        let event = change(stage, days("19")).await;
        let said = message(stage, &mut host, &event).await;
        for words in ["The end time of", "17 January", "18 January"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let mut hours = on("01-16");
        hours["hour_known"] = json!(true);
        change(stage, hours).await;
        forget(stage).await;
        change(stage, json!({"ends_at": null})).await;
        let said = message(stage, &mut host, &event).await;
        for words in ["The end time of", "no set end time"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let found = host.get(&stage.at("/sending")).await.with(200).json();
        let moved = &found["moved"][0];
        assert!(moved["was"]["ends_at"].is_string(), "{moved}");
        assert_eq!(moved["now"]["ends_at"], Value::Null);
    });
}
