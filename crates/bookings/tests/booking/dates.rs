//! Tests of the dates of sessions, which countdowns follow.

use bookings::DOMAIN;
use jiff::Timestamp;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::dates::Date;

use crate::stage::{Booking, Person, Stage, copies, go_to, on_default, provider};

async fn dates(stage: &Stage<'_>, person: &Person) -> Vec<Date> {
    let id = person.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { (DOMAIN.dates)(tx, &id) };
    stage.world.store().read(look).await.unwrap()
}

/// What jobs wait that make countdowns look at a date again.
async fn moved(stage: &Stage<'_>) -> Vec<String> {
    let jobs = stage.world.jobs().await.into_iter();
    let moved = jobs.filter(|job| job.kind == "date.moved");
    moved.map(|job| job.payload).collect()
}

#[test]
fn a_countdown_can_follow_a_session_of_the_member_until_it_is_cancelled() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let later = farah.offer("2026-12-01", "11:30", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        assert_eq!(dates(stage, &aina).await, []);
        aina.book(&slot).await.expect(303);
        let id = aina.coming().await["id"].as_str().unwrap().to_owned();
        let date = |at: &str| Date {
            id: id.clone(),
            // It names no provider, because anybody may see a countdown.
            label: "Portrait on the veranda".to_owned(),
            at: at.to_owned(),
            time_zone: "Asia/Kuala_Lumpur".to_owned(),
        };
        assert_eq!(dates(stage, &aina).await, [date("2026-11-24T09:00")]);
        assert_eq!(dates(stage, &farah).await, []);
        assert_eq!(moved(stage).await, [""; 0]);
        let told = [json!({"date": id}).to_string()];
        let at = format!("/api/v1/bookings/{id}");
        let body = json!({"slot_id": later["id"], "slot_version": 1});
        aina.call("POST", &format!("{at}/reschedule"), &body)
            .await
            .expect(200);
        assert_eq!(dates(stage, &aina).await, [date("2026-12-01T11:30")]);
        assert_eq!(moved(stage).await, told);
        stage.work().await;
        assert_eq!(moved(stage).await, [""; 0]);
        aina.cancel(&format!("/me/bookings/{id}")).await.expect(303);
        assert_eq!(dates(stage, &aina).await, []);
        assert_eq!(moved(stage).await, told);
    });
}

#[test]
fn a_session_in_the_second_of_two_equal_hours_is_not_taken_for_the_first() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "11:30", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let (begin, end): (Timestamp, Timestamp) = (
            "2027-10-31T01:30:00Z".parse().unwrap(),
            "2027-10-31T02:30:00Z".parse().unwrap(),
        );
        let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            for change in [
                sql!(
                    "UPDATE booking SET starts_at = $1, ends_at = $2, time_zone = 'Europe/Berlin'"
                ),
                sql!("UPDATE slot SET starts_at = $1, ends_at = $2, time_zone = 'Europe/Berlin'"),
            ] {
                tx.run(change, &[&begin, &end], Rows::Exactly(1))?;
            }
            Ok(0)
        };
        stage.world.store().write(change).await.unwrap();
        let found = dates(stage, &aina).await;
        assert_eq!(found[0].at, "2027-10-31T02:30+01:00");
    });
}

#[test]
fn every_session_to_come_is_a_date() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        copies(stage, 204).await;
        assert_eq!(dates(stage, &aina).await.len(), 205);
        // The member's card counts them, and the provider leaves none of them behind.
        let home = aina.browser.get("/me").await;
        assert!(home.expect(200).body.contains("205"), "{}", home.body);
        let id = farah.who.account().id.clone();
        let look = move |tx: &mut Tx<'_>| (DOMAIN.accounts.obligations)(tx, &id);
        assert_eq!(stage.world.store().write(look).await.unwrap().len(), 205);
    });
}

#[test]
fn what_is_not_paid_or_is_over_is_no_date() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let priced = farah.offer("2026-11-24", "12:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (_, held) = aina.hold(&priced).await;
        assert_eq!(dates(stage, &aina).await, []);
        // Nothing followed it, so nothing has to look again.
        aina.cancel(&held).await.expect(303);
        assert_eq!(moved(stage).await, [""; 0]);
        aina.book(&slot).await.expect(303);
        assert_eq!(dates(stage, &aina).await.len(), 1);
        go_to(stage, "2026-11-24T02:00:00Z").await;
        assert_eq!(dates(stage, &aina).await, []);
    });
}
