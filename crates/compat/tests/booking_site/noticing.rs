//! Tests of notifications.

use serde_json::{Value, json};
use testkit::Stage;

use crate::stage::{buy, member, mentor, offer, on_default};

const LIST: &str = "/api/notifications";

#[test]
fn notifications_are_read_and_cleared_by_their_own_person() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        buy(stage, &mut mei, 2).await;
        for date in ["2026-12-01", "2026-12-02"] {
            let slot = offer(&mut farah, date, 0).await;
            let body = json!({"slot_id": slot["id"]});
            mei.call("POST", "/api/mentee/bookings", body)
                .await
                .with(201);
        }
        let count = format!("{LIST}/unread/count");
        assert_eq!(farah.get(&count).await, json!({"count": 2}));
        let all = farah.get(LIST).await;
        let one = &all[0];
        assert!(one["message"].as_str().unwrap().len() > 5 && one["is_read"] == false);
        let path = format!("{LIST}/{}/read", one["id"].as_str().unwrap());
        mei.refused("PUT", &path, Value::Null, (404, "not_found"))
            .await;
        for _ in 0..2 {
            farah.call("PUT", &path, Value::Null).await.with(200);
        }
        assert_eq!(farah.get(&count).await, json!({"count": 1}));
        let path = format!("{LIST}/mark-all-read");
        farah.call("PUT", &path, Value::Null).await.with(200);
        assert_eq!(farah.get(&count).await, json!({"count": 0}));
        let path = format!("{LIST}/clear-all");
        farah.call("DELETE", &path, Value::Null).await.with(200);
        assert_eq!(farah.get(LIST).await, json!([]));
        assert!(!mei.get(LIST).await.as_array().unwrap().is_empty());
    });
}
