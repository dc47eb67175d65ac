//! Tests of the file that a reviewer attaches for the member.

use bookings::DOMAIN;
use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::{StoreError, Tx};
use serde_json::{Value, json};
use testkit::Page;

use crate::reviews::{API, PDF, assessment, files, form, member, reviewer, send, step, submit};
use crate::stage::{Person, Stage, on_default, with_uploads};

/// A better letter, with a marker.
const BETTER: &[u8] = b"%PDF-1.7\nA better letter: Kambing-Perak";

/// Submits a document, and takes its review.
async fn take(aina: &mut Person, farah: &mut Person) -> String {
    let id = submit(aina).await;
    let page = step(farah, &id, "start", &Value::Null).await;
    page.expect(200);
    id
}

/// Completes a review with a file, as the API client.
pub(crate) async fn complete(farah: &mut Person, id: &str, name: &str, content: &[u8]) -> Page {
    let said = assessment();
    let said = said.as_object().unwrap().iter();
    let said: Vec<(String, String)> = said
        .map(|(name, value)| {
            let text = value.as_str().map(ToOwned::to_owned);
            (name.clone(), text.unwrap_or_else(|| value.to_string()))
        })
        .collect();
    let fields: Vec<(&str, &str)> = said
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let path = format!("{API}/{id}/complete");
    send(&mut farah.program, &path, form(&fields, name, content)).await
}

async fn erase(stage: &Stage<'_>, person: &Person) {
    let id = person.who.account().id.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        (DOMAIN.accounts.leave)(tx, &id)?;
        (DOMAIN.accounts.erase)(tx, &id)
    };
    stage.world.store().write(change).await.unwrap();
    stage.world.clock.advance(SignedDuration::from_hours(25));
    stage.work().await;
}

#[test]
fn it_opens_for_the_member_its_author_and_administrators_only() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut lim = stage.person_as("Lim Other", PROVIDER).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let id = take(&mut aina, &mut farah).await;
        let path = format!("{API}/{id}/reference");
        aina.program.get(&path).await.expect(404);
        let done = complete(&mut farah, &id, "Surat <2>.pdf", BETTER).await;
        let file = json!({"file_name": "Surat <2>.pdf", "file_type": "pdf",
            "bytes": BETTER.len(), "has_file": true});
        assert_eq!(done.expect(200).json()["reference"], file);
        for person in [&mut aina, &mut farah] {
            let file = person.program.get(&path).await;
            assert_eq!(file.expect(200).body.as_bytes(), BETTER);
            assert_eq!(file.header("x-content-type-options"), "nosniff");
            assert_eq!(file.header("content-security-policy"), "sandbox");
            assert_eq!(file.header("cache-control"), "private, no-store");
            assert_eq!(
                file.header("content-disposition"),
                "attachment; filename*=UTF-8''Surat%20%3C2%3E.pdf"
            );
            let page = person.browser.get(&format!("/me/reviews/{id}")).await;
            let link = format!("/me/reviews/{id}/reference");
            assert!(page.expect(200).body.contains(&link), "{}", page.body);
            person.browser.get(&link).await.expect(200);
        }
        let page = format!("/me/reviews/{id}/reference");
        siti.browser.get(&page).await.expect(200);
        // A token is no administrator.
        siti.program.get(&path).await.expect(404);
        for stranger in [&mut daniel, &mut lim] {
            stranger.program.get(&path).await.expect(404);
            stranger.browser.get(&page).await.expect(404);
        }
        stage.visitor().get(&path).await.expect(401);
        // Who is no provider any more reads neither file.
        let id = farah.who.account().id.clone();
        let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let site = identity::grant::Scope::site();
            identity::grant::forget(tx, &id, &site).map(drop)
        };
        stage.world.store().write(change).await.unwrap();
        farah.program.get(&path).await.expect(404);
    });
}

#[test]
fn a_file_that_is_refused_leaves_the_review_open_and_is_not_kept() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &with_uploads(stage, 8 << 20);
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let id = take(&mut aina, &mut farah).await;
        let mut large = PDF.to_vec();
        large.resize(5_242_881, b' ');
        for (name, content, status, code) in [
            ("a.pdf", &b"MZ"[..], 415, "unsupported_media_type"),
            ("a.doc", PDF, 415, "unsupported_media_type"),
            ("a.docx", b"PK\x03\x04 junk", 415, "unsupported_media_type"),
            ("a.pdf", &large, 413, "body_too_large"),
        ] {
            let refused = complete(&mut farah, &id, name, content).await;
            assert_eq!(refused.expect(status).json()["code"], code, "{name}");
        }
        let path = format!("{API}/{id}/complete");
        let unknown = form(&[("state", "completed")], "a.pdf", PDF);
        send(&mut farah.program, &path, unknown).await.expect(422);
        // The page keeps what was written, and says what is wrong with the file.
        let at = format!("/me/reviews/{id}/complete");
        let page = farah.browser.get(&format!("/me/reviews/{id}")).await;
        let shown = page.expect(200).form(&at);
        let csrf = shown.value("_csrf").unwrap().to_owned();
        let fields = [("_csrf", csrf.as_str()), ("strengths", "It is short.")];
        let refused = send(&mut farah.browser, &at, form(&fields, "a.pdf", b"MZ")).await;
        let text = refused.expect(415).text();
        let wrong = stage.say("review-file-wrong");
        assert!(
            text.contains(&wrong) && text.contains("It is short."),
            "{text}"
        );
        // Scores are missing, and the file goes.
        let refused = send(&mut farah.browser, &at, form(&fields, "a.pdf", BETTER)).await;
        refused.expect(422);
        assert_eq!(files(stage), 1);
        // Nobody else sends one.
        let refused = complete(&mut aina, &id, "a.pdf", BETTER).await;
        refused.expect(403);
        let fields = ["overall", "content", "structure", "language"];
        let fields = fields.map(|name| format!("score_{name}"));
        let fields = fields.iter().map(|name| (name.as_str(), "80"));
        let fields: Vec<_> = [("_csrf", csrf.as_str())]
            .into_iter()
            .chain(fields)
            .collect();
        let done = send(&mut farah.browser, &at, form(&fields, "a.pdf", BETTER)).await;
        done.expect(303);
        assert_eq!(files(stage), 2);
        let refused = complete(&mut farah, &id, "b.pdf", PDF).await;
        assert_eq!(refused.expect(409).json()["code"], "review_settled");
        assert_eq!(files(stage), 2);
    });
}

#[test]
fn it_is_deleted_as_the_document_is_some_days_after_the_review() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let id = take(&mut aina, &mut farah).await;
        let done = complete(&mut farah, &id, "a.pdf", BETTER).await;
        done.expect(200);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 179));
        stage.work().await;
        assert_eq!(files(stage), 2);
        for _ in 0..3 {
            stage.world.clock.advance(SignedDuration::from_hours(25));
            stage.work().await;
        }
        assert_eq!(files(stage), 0);
        let path = format!("{API}/{id}/reference");
        aina.program.get(&path).await.expect(404);
        let own = aina.call("GET", API, &Value::Null).await.json();
        let file = &own["items"][0]["reference"];
        assert_eq!(
            (&file["has_file"], &file["file_name"]),
            (&json!(false), &json!("a.pdf"))
        );
    });
}

#[test]
fn it_goes_with_the_member_and_with_its_author() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let mut badrul = member(stage, "Badrul Hisham", 2).await;
        for person in [&mut aina, &mut badrul] {
            let id = take(person, &mut farah).await;
            let done = complete(&mut farah, &id, "Kambing-Perak.pdf", BETTER).await;
            done.expect(200);
        }
        assert_eq!(files(stage), 4);
        for person in [&aina, &farah] {
            let id = person.who.account().id.clone();
            let look = move |tx: &mut Tx<'_>| (DOMAIN.accounts.export)(tx, &id);
            let copy = stage.world.store().read(look).await.unwrap()["reviews"].to_string();
            assert!(copy.contains("Kambing-Perak.pdf"), "{copy}");
        }
        erase(stage, &aina).await;
        assert_eq!(files(stage), 2);
        erase(stage, &farah).await;
        assert_eq!(files(stage), 1);
        let left = stage.world.places_of("Kambing-Perak");
        let left: Vec<_> = left
            .iter()
            .filter(|place| place.starts_with("review"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}
