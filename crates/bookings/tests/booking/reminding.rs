//! Tests of reminders. The member and the provider each get one reminder for every time to which a
//! booking was moved.

use platform::sql;
use serde_json::json;
use web::Language;

use crate::stage::{Booking, LINK, Stage, go_to, on_default, provider, rows, run};

async fn outcomes(stage: &Stage<'_>) -> Vec<(i64, String, String)> {
    rows(
        stage,
        sql!("SELECT sequence, party, outcome FROM session_reminder ORDER BY sequence, party"),
    )
    .await
}

fn told(sequence: i64, outcome: &str) -> Vec<(i64, String, String)> {
    let of = |party: &str| (sequence, party.to_owned(), outcome.to_owned());
    vec![of("member"), of("provider")]
}

#[test]
fn each_side_is_reminded_once_24_hours_before_over_a_change_of_the_clock() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.zone("Europe/London").await;
        // The session begins at 08:30 UTC, on the day on which clocks go forward.
        let slot = farah.offer("2027-03-28", "09:30", 0).await;
        assert_eq!(slot["starts_at"], "2027-03-28T08:30:00Z");
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        go_to(stage, "2027-03-27T08:29:59Z").await;
        assert_eq!(outcomes(stage).await, []);
        go_to(stage, "2027-03-27T08:30:00Z").await;
        assert_eq!(outcomes(stage).await, told(0, "queued"));
        let mails = stage.world.mails().await;
        let count = mails
            .iter()
            .filter(|mail| mail.subject.starts_with("Tomorrow: "))
            .count();
        assert_eq!(count, 2);
        go_to(stage, "2027-03-28T12:00:00Z").await;
        assert_eq!(outcomes(stage).await, told(0, "queued"));
    });
}

#[test]
fn after_an_outage_it_comes_late_or_is_told_as_missed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        // The job runs two hours late, but before the session, so it still sends the reminders.
        go_to(stage, "2026-11-23T03:00:00Z").await;
        assert_eq!(outcomes(stage).await, told(0, "queued"));
        // It is still the evening before in New York, and 90 minutes before the session.
        aina.zone("America/New_York").await;
        let slot = farah.offer("2026-11-25", "10:00", 0).await;
        aina.book(&slot).await.expect(303);
        go_to(stage, "2026-11-25T00:30:00Z").await;
        let mails = stage.world.mails().await;
        let to = |name: &str| {
            let mut mails = mails.iter().rev();
            let mail = mails.find(|mail| mail.recipient.starts_with(name));
            mail.unwrap().subject.clone()
        };
        let title = "Portrait on the veranda";
        let member = format!("Today: {title}, Tue 24 Nov, 9 pm (New York)");
        let provider = format!("Today: {title}, Wed 25 Nov, 10 am (Kuala Lumpur)");
        assert_eq!([to("Aina"), to("Farah")], [member, provider]);
        let slot = farah.offer("2026-11-26", "09:00", 0).await;
        aina.book(&slot).await.expect(303);
        go_to(stage, "2026-11-26T00:30:00Z").await;
        let all = outcomes(stage).await;
        assert!(
            all.iter().any(|(_, _, outcome)| outcome == "skipped_late"),
            "{all:?}"
        );
        aina.sees("/me/notices", &stage.start("booking-notice-late"))
            .await;
    });
}

#[test]
fn tomorrow_is_the_reader_s_also_where_the_time_is_that_of_the_place() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let sent = json!({
            "date": "2026-11-26", "time": "00:30", "minutes": 60, "title": "Portrait",
            "location_kind": "in_person", "area": "Bangsar", "location": "No. 1",
        });
        let page = farah.call("POST", "/api/v1/me/slots", &sent).await;
        let slot = page.expect(201).json();
        let mut aina = stage.person("Aina Yusof").await;
        aina.zone("America/New_York").await;
        aina.book(&slot).await.expect(303);
        // It is 2 pm of the day before in Kuala Lumpur, and 1 am of the same day in New York.
        go_to(stage, "2026-11-25T06:00:00Z").await;
        let mails = stage.world.mails().await;
        for (name, day) in [("Aina", "Today"), ("Farah", "Tomorrow")] {
            let subject = format!("{day}: Portrait, Thu 26 Nov, 12:30 am (Kuala Lumpur)");
            let mail = mails.iter().find(|mail| mail.subject == subject);
            assert!(
                mail.is_some_and(|mail| mail.recipient.starts_with(name)),
                "{mails:?}"
            );
        }
    });
}

#[test]
fn what_is_moved_or_cancelled_is_not_reminded_of() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let later = farah.offer("2026-11-26", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let at = format!(
            "/api/v1/bookings/{}",
            aina.coming().await["id"].as_str().unwrap()
        );
        let body = serde_json::json!({"slot_id": later["id"], "slot_version": 1});
        aina.call("POST", &format!("{at}/reschedule"), &body)
            .await
            .expect(200);
        go_to(stage, "2026-11-24T02:00:00Z").await;
        assert_eq!(outcomes(stage).await, []);
        go_to(stage, "2026-11-25T01:00:00Z").await;
        assert_eq!(outcomes(stage).await, told(1, "queued"));
    });
}

#[test]
fn each_side_reads_what_it_is_to_prepare_in_its_language_and_zone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let offer = json!({"date": "2026-11-24", "time": "09:00", "minutes": 60, "title": "Call",
            "location": LINK, "public_note": "In the garden", "prep_note": "Bring a hat"});
        let slot = farah.call("POST", "/api/v1/me/slots", &offer).await;
        let slot = slot.expect(201).json();
        let mut aina = stage.person("Aina Yusof").await;
        let new = json!({"slot_id": slot["id"], "slot_version": 1, "topics": ["Roses", "Lilies"],
            "note": "I am early"});
        aina.call("POST", "/api/v1/bookings", &new)
            .await
            .expect(201);
        run(
            stage,
            sql!(
                "UPDATE account SET locale = 'ms', time_zone = 'Europe/Rome'
                 WHERE display_name = 'Aina Yusof'"
            ),
        )
        .await;
        run(stage, sql!("DELETE FROM mail")).await;
        go_to(stage, "2026-11-23T01:00:00Z").await;
        let mails = stage.world.mails().await;
        let to = |name: &str| {
            let mut mails = mails.iter();
            let mail = mails.find(|mail| mail.recipient.starts_with(name));
            mail.unwrap_or_else(|| panic!("{name}: {mails:?}"))
                .text
                .clone()
        };
        let malay = stage.site.catalogue.speak(&Language::of("ms"));
        let (member, provider) = (to("Aina"), to("Farah"));
        for said in [
            "In the garden",
            "Bring a hat",
            LINK,
            "24 November 2026, 2–3 pagi",
            &malay.say("slot-prep-note"),
            &malay.say("booking-said-tips"),
        ] {
            assert!(member.contains(said), "{said}: {member}");
        }
        let topics = format!("{}\nRoses\nLilies\n", stage.say("booking-topics"));
        let note = format!("{}\nI am early\n", stage.say("booking-own-note"));
        for said in [&*topics, &*note, LINK, "9–10 am"] {
            assert!(provider.contains(said), "{said}: {provider}");
        }
        assert!(!member.contains("I am early"), "{member}");
        assert!(!provider.contains("Bring a hat"), "{provider}");
    });
}
