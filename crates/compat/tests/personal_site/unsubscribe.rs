//! Tests of unsubscribing through the link in a mail.

use axum::http::Method;
use platform::mail::{Address, Stream, suppression};
use platform::{StoreError, Tx};
use serde_json::{Value, json};

use crate::stage::{Stage, on_default, post, with_backend};

const PATH: &str = "/backend/public/email/unsubscribe";

async fn is_stopped(stage: &Stage<'_>, address: &Address) -> bool {
    let (key, address) = (stage.site.keys.key(suppression::PURPOSE), address.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        suppression::find_for(tx, &key, &address, Stream::Notification, None)
    };
    stage.world.store().read(look).await.unwrap().is_some()
}

/// The last part of the link in a mail.
fn link_for(stage: &Stage<'_>, address: &Address) -> String {
    let key = stage.site.keys.key(suppression::PURPOSE);
    let link = suppression::unsubscribe_link(&key, address, Stream::Notification, None);
    link.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_link_stops_a_stream_however_often_it_is_used() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, false);
        let farah: Address = "farah@example.my".parse().unwrap();
        let link = link_for(&stage, &farah);
        let at = format!("{PATH}/{link}");
        let mut anybody = stage.visitor();
        for path in [&at, &format!("{PATH}?token={link}")] {
            let looked = anybody.get(path).await.with(200);
            assert_eq!(looked.json(), json!({"valid": true}));
        }
        assert!(!is_stopped(&stage, &farah).await, "reading changes nothing");

        for _ in 0..2 {
            let done = post(&mut anybody, &at, Value::Null).await.with(200);
            assert_eq!(done.json(), json!({"message": "done"}));
            assert!(is_stopped(&stage, &farah).await);
        }
        // The request is sent first as a mail program sends it, then as a script does.
        anybody
            .post(&at, &[("List-Unsubscribe", "One-Click")])
            .await
            .expect(200);
        let mei: Address = "mei@example.my".parse().unwrap();
        let link = link_for(&stage, &mei);
        post(&mut anybody, PATH, json!({"token": link}))
            .await
            .with(200);
        assert!(is_stopped(&stage, &mei).await);
    });
}

#[test]
fn a_link_that_is_none_of_ours_stops_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let mut anybody = with_backend(stage, false).visitor();
        for path in [format!("{PATH}/x"), PATH.to_owned()] {
            for method in [Method::GET, Method::POST] {
                let refused = anybody.call(method, &path, &Value::Null).await.with(404);
                assert_eq!(refused.json()["error"], refused.json()["detail"]);
            }
        }
        post(&mut anybody, PATH, json!({"token": "x"}))
            .await
            .with(404);
    });
}
