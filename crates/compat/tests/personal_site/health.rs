//! Tests of the health checks, and of the 404 for all other paths that begin with their path.

use serde_json::json;

use crate::stage::{Stage, on_default, with_backend};

#[test]
fn it_tells_whether_it_lives_and_that_nothing_else_is_there() {
    on_default(&async |stage: &Stage<'_>| {
        let mut on = with_backend(stage, false).visitor();
        let health = on.get("/backend/public/health").await.with(200);
        assert_eq!(health.json(), json!({"status": "healthy"}));
        let store = on.get("/backend/public/health/db").await.with(200);
        let expected = json!({"status": "healthy", "database": "connected"});
        assert_eq!(store.json(), expected);
        for path in ["/backend/public/nothing", "/backend/protected/nothing"] {
            let missing = on.get(path).await.with(404);
            assert_eq!(missing.json()["error"], missing.json()["detail"]);
        }
        let mut off = stage.visitor();
        for path in ["/backend/public/health", "/backend/public/health/db"] {
            off.get(path).await.expect(404);
        }
    });
}
