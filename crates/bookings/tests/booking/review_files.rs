//! Tests of the files of reviews that are sent again and again.

use jiff::SignedDuration;
use serde_json::Value;

use crate::reviews::{API, PDF, files, form, member, reviewer, send, step, submit};
use crate::stage::{Stage, on_default};

#[test]
fn a_repeated_submission_or_completion_leaves_no_second_file() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let fields = [("goal", "A job as a cook")];
        aina.program.header("idempotency-key", "a-letter");
        let mut answers = Vec::new();
        for _ in 0..5 {
            let made = send(&mut aina.program, API, form(&fields, "letter.pdf", PDF)).await;
            answers.push(made.expect(201).json());
            assert_eq!(files(stage), 1);
        }
        assert!(answers.iter().all(|one| *one == answers[0]));
        let review = answers[0]["id"].as_str().unwrap();
        step(&mut farah, review, "start", &Value::Null)
            .await
            .expect(200);
        let said = [
            ("score_overall", "80"),
            ("score_content", "70"),
            ("score_structure", "90"),
            ("score_language", "100"),
            ("strengths", "It is short."),
            ("improvements", "The last paragraph."),
            ("recommendations", "Send it."),
        ];
        farah.program.header("idempotency-key", "a-review");
        let path = format!("{API}/{review}/complete");
        for _ in 0..5 {
            let body = form(&said, "notes.pdf", PDF);
            send(&mut farah.program, &path, body).await.expect(200);
            assert_eq!(files(stage), 2);
        }
        // A form of a page, which the browser sends twice.
        let page = aina.browser.get("/me/reviews/new").await;
        let shown = page.expect(200).form("/me/reviews/new");
        let fields = [
            ("_csrf", shown.value("_csrf").unwrap()),
            ("submission_id", shown.value("submission_id").unwrap()),
            ("goal", "Another job"),
        ];
        for _ in 0..2 {
            let body = form(&fields, "letter.pdf", PDF);
            let made = send(&mut aina.browser, "/me/reviews/new", body).await;
            made.expect(303);
            assert_eq!(files(stage), 3);
        }
    });
}

#[test]
fn somebody_sends_so_many_files_a_day() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = member(stage, "Aina Yusof", 1).await;
        for _ in 0..90 {
            let body = form(&[("goal", "A job")], "letter.pdf", b"no document");
            send(&mut aina.program, API, body).await.expect(415);
        }
        let body = form(&[("goal", "A job")], "letter.pdf", PDF);
        let refused = send(&mut aina.program, API, body.clone()).await;
        assert_eq!(refused.expect(429).json()["code"], "rate_limited");
        stage.world.clock.advance(SignedDuration::from_hours(27));
        submit(&mut aina).await;
    });
}
