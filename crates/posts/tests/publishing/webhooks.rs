//! Messages to webhooks of editors.

use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};
use serde_json::json;

use crate::stage::{Publishing, Stage, editor, on_default};

const HOOKS: &str = "/api/v1/webhooks";

/// The names of the events in messages to webhooks, oldest first.
async fn events(stage: &Stage<'_>) -> Vec<String> {
    let look = |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, StoreError> {
        tx.all(
            sql!("SELECT event FROM webhook_delivery ORDER BY created_at, id"),
            &[],
        )
    };
    let found = stage.world.store().read(look).await.unwrap();
    found.into_iter().map(|(event,)| event).collect()
}

#[test]
fn editors_webhooks_hear_of_what_is_published_and_withdrawn() {
    on_default(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs("webhook.deliver");
        let hook = json!({"url": "https://hooks.example/",
            "events": ["post.published", "post.withdrawn"]});
        let mut farah = editor(stage).await;
        farah.call("POST", HOOKS, &hook).await.expect(201);
        let mut nobody = stage.person("Daniel Tan").await;
        nobody.call("POST", HOOKS, &hook).await.expect(422);

        let post = farah.publish("Rain", "It rained.").await;
        assert_eq!(events(stage).await, ["post.published"]);
        farah
            .set(&post, json!({"body": "It pours."}))
            .await
            .expect(200);
        assert_eq!(events(stage).await.len(), 1, "everybody could read it");
        stage.world.clock.advance(SignedDuration::from_secs(1));
        farah
            .set(&post, json!({"state": "withdrawn"}))
            .await
            .expect(200);
        assert_eq!(events(stage).await, ["post.published", "post.withdrawn"]);

        // When the scheduled time comes, exactly one message is stored.
        let at = stage.world.clock.now() + SignedDuration::from_hours(1);
        let later = json!({"title": "Sun", "body": "It shines.", "state": "scheduled",
            "published_at": at});
        farah.make(later).await;
        assert_eq!(events(stage).await.len(), 2);
        for _ in 0..3 {
            stage.world.clock.advance(SignedDuration::from_mins(45));
            stage.work().await;
        }
        let told = events(stage).await;
        assert_eq!((told.len(), told[2].as_str()), (3, "post.published"));
    });
}
