//! Tests of reminders. The member and the provider each get one reminder for every time to which a
//! booking was moved.

use platform::sql;

use crate::stage::{Booking, Stage, go_to, on_both, provider, rows};

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
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.profile("time_zone", "Europe/London").await;
        // The session begins at 08:30 UTC, on the day on which clocks go forward.
        let slot = farah.offer("2027-03-28", "09:30", 0).await;
        assert_eq!(slot["starts_at"], "2027-03-28T08:30:00Z");
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        go_to(stage, "2027-03-27T08:29:59Z").await;
        assert_eq!(outcomes(stage).await, []);
        go_to(stage, "2027-03-27T08:30:00Z").await;
        assert_eq!(outcomes(stage).await, told(0, "queued"));
        let reminder = stage.start("booking-mail-reminder");
        let mails = stage.world.mails().await;
        let count = mails
            .iter()
            .filter(|mail| mail.subject.starts_with(&reminder))
            .count();
        assert_eq!(count, 2);
        go_to(stage, "2027-03-28T12:00:00Z").await;
        assert_eq!(outcomes(stage).await, told(0, "queued"));
    });
}

#[test]
fn after_an_outage_it_comes_late_or_is_told_as_missed() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        // The job runs two hours late, but before the session, so it still sends the reminders.
        go_to(stage, "2026-11-23T03:00:00Z").await;
        assert_eq!(outcomes(stage).await, told(0, "queued"));
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
fn what_is_moved_or_cancelled_is_not_reminded_of() {
    on_both(&async |stage: &Stage<'_>| {
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
