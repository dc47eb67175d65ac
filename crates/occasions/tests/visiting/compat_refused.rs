//! What programs that came before Kenduri are refused, in which order, and in
//! which words (§4, §6.3).

use platform::sql;
use serde_json::json;

use crate::compat::{assert_refused, send};
use crate::stage::{on_both, state};

#[test]
fn a_message_is_kept_or_refused_and_never_dropped() {
    on_both(async |stage| {
        stage.switch(|switches| switches.notes = false).await;
        let mut program = stage.visitor();
        for body in [
            json!({ "code": "RAHMA", "attending": true, "message": "Tahniah!" }),
            json!({ "code": "RAHMA", "attending": false, "wish": 7 }),
            json!({ "name": "Mei", "attending": true, "wish": "Tahniah!" }),
        ] {
            let page = send(&mut program, &body).await;
            let words = assert_refused(&page, 404, "feature_disabled");
            assert!(words.contains("message"), "{words}");
        }
        assert_eq!(state(&mut program, "RAHMA").await["version"], 1);
        let made = sql!("SELECT COUNT(*) FROM open_answer WHERE invitation <> $1");
        assert_eq!(stage.count(made, "").await, 0);
        // Nothing, or nothing that anybody could read, is no message.
        for (body, status) in [
            (
                json!({ "code": "RAHMA", "attending": true, "message": " " }),
                201,
            ),
            (
                json!({ "code": "RAHMA", "attending": false, "wish": "\u{7}" }),
                200,
            ),
            (
                json!({ "name": "Mei", "attending": true, "wish": null }),
                201,
            ),
            (
                json!({ "name": "Lim", "attending": true, "message": "\u{7}" }),
                201,
            ),
        ] {
            send(&mut program, &body).await.expect(status);
        }
        // Nor does it take back what was written before.
        stage.switch(|switches| switches.notes = true).await;
        let body = json!({ "code": "RAHMA", "attending": true, "message": "Tahniah!" });
        send(&mut program, &body).await.expect(200);
        let body = json!({ "code": "RAHMA", "attending": true, "message": "\u{7}" });
        send(&mut program, &body).await.expect(200);
        let after = state(&mut program, "RAHMA").await;
        assert_eq!(after["note"]["text"], "Tahniah!");
    });
}
