//! Tests of the dates of sessions, which countdowns follow.

use bookings::DOMAIN;
use platform::{StoreError, Tx};
use serde_json::json;
use site::dates::Date;

use crate::stage::{Booking, Person, Stage, go_to, on_default, provider};

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
