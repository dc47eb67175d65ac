//! Tests with a busy store. Nothing is saved, and the page keeps all typed values and says when to
//! try again.

use serde_json::json;

use crate::answering::form;
use crate::stage::{answer, assert_private, assert_problem, id, on_sqlite, put, state};

#[test]
fn what_cannot_be_kept_now_comes_back() {
    on_sqlite(async |stage| {
        let (mut guest, mut program) = (stage.guest(), stage.visitor());
        let rahman = id(&state(&mut program, "RAHMA").await, "Rahman");
        let field = format!("reply.{rahman}.nikah");
        let (page, mut filled) = form(&mut guest, "RAHMA").await;
        filled.fill(&field, "yes").fill("note", "Kept");

        let body = answer(1, &rahman, &json!({ "nikah": "yes" }));
        let sending = async {
            tokio::join!(
                guest.submit(&page, &filled),
                put(&mut program, "RAHMA", &body)
            )
        };
        let (shown, answered) = stage.while_locked(sending).await;

        assert_private(shown.expect(503));
        assert_eq!(shown.header("retry-after"), "5");
        assert!(shown.text().contains(&stage.say("answer-failed")));
        let kept = shown.form("/invite/RAHMA/rsvp");
        assert_eq!(
            (kept.value(&field), kept.value("note")),
            (Some("yes"), Some("Kept"))
        );
        let problem = assert_problem(&answered, 503, "store_busy");
        assert_eq!(problem["retry_after"], 5);
        assert_eq!(answered.header("retry-after"), "5");
        assert_eq!(state(&mut program, "RAHMA").await["version"], 1);
        // The same form can be saved a moment later.
        guest.submit(&shown, &kept).await.expect(303);
    });
}
