//! Tests of documents that are submitted for review.

use axum::http::Method;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::Value;
use testkit::{Page, Stage, errors};

use crate::stage::{User, buy, member, mentor, on_default, user};

const SUBMIT: &str = "/api/mentee/resume-request";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

async fn submit(person: &mut User, fields: &[(&str, &str)], content: &[u8]) -> Page {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let head =
        "--b\r\ncontent-disposition: form-data; name=\"resume\"; filename=\"me.pdf\"\r\n\r\n";
    body.extend(head.as_bytes());
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    let kind = Some("multipart/form-data; boundary=b");
    person
        .front
        .send(Method::POST, SUBMIT, kind, body.into())
        .await
}

#[test]
fn a_document_is_checked_costs_a_credit_and_is_its_member_s_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut mei = member(stage).await;
        let goal = [
            ("target_role", "A job as a cook"),
            ("additional_notes", "Be honest"),
        ];
        let refused = submit(&mut mei, &goal, PDF).await.with(422);
        assert_eq!(refused.json()["code"], "quota_exhausted");
        let change = |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let set =
                sql!("UPDATE plan SET grants = REPLACE(grants, 'session', 'document_review')");
            tx.run(set, &[], Rows::Any)
        };
        let plan = crate::stage::plan(stage, 1).await;
        stage.world.store().write(change).await.unwrap();
        let report = crate::stage::pay(stage, &mut mei, &plan).await;
        mei.call("POST", "/api/payment/verify", report)
            .await
            .with(200);

        let odd = submit(&mut mei, &goal, b"<html>").await.with(415);
        assert_eq!(odd.json()["code"], "unsupported_media_type");
        let odd = submit(&mut mei, &[("role", "admin")], PDF).await.with(422);
        assert_eq!(
            errors(&odd),
            [("/role".to_owned(), "unknown_field".to_owned())]
        );
        let odd = submit(&mut mei, &[], PDF).await.with(422);
        assert_eq!(errors(&odd)[0].0, "/target_role");
        let made = submit(&mut mei, &goal, PDF).await.with(201).json();
        let again = submit(&mut mei, &goal, PDF).await.with(201).json();
        let kept = stage.world.files();
        let kept = kept
            .iter()
            .filter(|file| file.contains("reviews/") && !file.ends_with('/'));
        assert_eq!(kept.count(), 1);
        assert_eq!(made["id"], again["id"], "a double click submits once");
        let all = mei.get("/api/mentee/resume-requests").await;
        assert_eq!(
            (
                &all[0]["target_role"],
                &all[0]["file_name"],
                &all[0]["feedback"]
            ),
            (&made["target_role"], &Value::from("me.pdf"), &Value::Null)
        );
        let path = format!(
            "/api/mentee/resume-requests/{}/download",
            made["id"].as_str().unwrap()
        );
        let file = mei.front.get(&path).await.with(200);
        assert_eq!(file.body.as_bytes(), PDF);
        assert!(file.header("content-disposition").starts_with("attachment"));
        let (mut aina, mut farah) = (user(stage, "aina", None).await, mentor(stage).await);
        for other in [&mut aina, &mut farah] {
            other.front.get(&path).await.with(404);
        }
        buy(stage, &mut aina, 1).await;
    });
}
