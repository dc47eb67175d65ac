//! Tests of the health check while the store refuses writes.

use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

use platform::{Rows, StoreError, sql};
use serde_json::json;

use crate::stage::on_sqlite;

#[test]
fn health_says_that_nothing_can_be_saved() {
    on_sqlite(async |stage| {
        // A second process locks the database file until the test has seen that the store is busy.
        let (held, is_held) = channel();
        let (release, released) = channel::<()>();
        let released = Mutex::new(released);
        let other = stage.world.second_store();
        let holding = tokio::spawn(async move {
            other
                .write(move |tx| {
                    let hold = sql!("UPDATE occasion SET version = version");
                    tx.run(hold, &[], Rows::Any)?;
                    held.send(()).unwrap();
                    let released = released.lock().unwrap_or_else(PoisonError::into_inner);
                    released.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
                .await
        });
        tokio::task::block_in_place(|| is_held.recv()).unwrap();
        let mut watcher = stage.visitor();
        let health = watcher.get("/api/flask/health").await;
        release.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert_eq!(health.expect(503).json(), json!({ "status": "degraded" }));
        let health = watcher.get("/api/flask/health").await;
        assert_eq!(health.expect(200).json(), json!({ "status": "ok" }));
    });
}
