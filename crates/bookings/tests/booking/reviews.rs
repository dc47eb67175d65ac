//! Tests of reviews of documents: submitting, taking, completing, cancelling, and who reads what.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bookings::DOMAIN;
use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, together};

use crate::credits::{credits, offer, order};
use crate::stage::{
    Booking, Person, Stage, each_round, erase, exported, on_both, on_default, provider, rows,
    with_uploads, wrong,
};

pub(crate) const PDF: &[u8] = b"%PDF-1.7\nA letter with a marker: Kerbau-Emas";
const DOC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 a letter";
pub(crate) const API: &str = "/api/v1/reviews";
const KIND: Option<&str> = Some("multipart/form-data; boundary=b");
/// Two files with the parts of a DOCX file; the second one names a macro under another name.
const DOCX: &str = include_str!("reviews/letter.docx.base64");
const DOCX_WITH_MACRO: &str = include_str!("reviews/letter_with_macro.docx.base64");

/// Returns the body of a form with these fields and a file, as a browser sends it.
pub(crate) fn form(fields: &[(&str, &str)], name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let head = format!(
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    body
}

pub(crate) async fn send(visitor: &mut Visitor, path: &str, body: Vec<u8>) -> Page {
    let post = "POST".parse().unwrap();
    visitor.send(post, path, KIND, body.into()).await
}

/// Submits a document as the API client. Returns the review's id.
pub(crate) async fn submit(person: &mut Person) -> String {
    let fields = [("goal", "A job as a cook"), ("note", "Please be honest")];
    let page = send(&mut person.program, API, form(&fields, "letter.pdf", PDF)).await;
    page.expect(201).json()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn step(person: &mut Person, id: &str, step: &str, body: &Value) -> Page {
    person
        .call("POST", &format!("{API}/{id}/{step}"), body)
        .await
}

pub(crate) fn assessment() -> Value {
    json!({
        "score_overall": 80, "score_content": 70, "score_structure": 90, "score_language": 100,
        "strengths": "It is short.", "improvements": "The last paragraph.",
        "recommendations": "Send it.",
    })
}

/// Creates a member with this many credits for reviews.
pub(crate) async fn member(stage: &Stage<'_>, name: &str, count: i64) -> Person {
    let owner = format!("Owner of {name}");
    let mut owner = stage.person_as(&owner, OWNER).await;
    let page = owner.browser.get("/admin/plans/new").await;
    let mut form = page.expect(200).form("/admin/plans/new");
    form.fill("name", "Reviews")
        .fill("grants.0.quantity", "0")
        .fill("grants.1.quantity", &count.to_string());
    form.fill("months", "1").fill("price_minor", "300.00");
    owner.browser.submit(&page, &form).await.expect(303);
    let all = owner.browser.get("/api/v1/plans").await.json();
    let plan = all["items"].as_array().unwrap().last().unwrap()["id"].clone();
    let mut person = stage.person(name).await;
    let pay = order(&mut person, plan.as_str().unwrap()).await;
    person.pay(&pay, "pay").await.expect(200);
    person
}

/// Creates a provider who has saved their profile.
pub(crate) async fn reviewer(stage: &Stage<'_>) -> Person {
    let mut farah = provider(stage).await;
    farah.profile("bio", "I read letters.").await;
    farah
}

async fn set(stage: &Stage<'_>, column: &'static str, value: i64) {
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        if column == "review_day_limit" {
            sql!(
                "UPDATE booking_setting SET review_day_limit = :value",
                value
            )
            .run(tx, Rows::Any)
        } else {
            sql!(
                "UPDATE booking_setting SET review_file_days = :value",
                value
            )
            .run(tx, Rows::Any)
        }
    };
    stage.world.store().write(change).await.unwrap();
}

/// The documents in the file store.
pub(crate) fn files(stage: &Stage<'_>) -> usize {
    let all = stage.world.files();
    let kept = all.iter().filter(|file| !file.ends_with('/'));
    kept.filter(|file| file.contains("reviews/")).count()
}

async fn state_of(person: &mut Person, id: &str) -> String {
    let all = person.call("GET", API, &Value::Null).await.json();
    let all = all["items"].as_array().unwrap().clone();
    let found = all.iter().find(|one| one["id"] == *id).unwrap();
    found["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_document_is_submitted_taken_and_reviewed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        // These credits pay for no session.
        let slot = offer(&mut farah, "2026-12-01").await;
        let new = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let refused = aina.call("POST", "/api/v1/bookings", &new).await;
        assert_eq!(refused.expect(422).json()["code"], "quota_exhausted");
        // A form that is sent twice submits one document.
        let page = aina.browser.get("/me/reviews/new").await;
        let shown = page.expect(200).form("/me/reviews/new");
        let fields = [
            ("_csrf", shown.value("_csrf").unwrap()),
            ("submission_id", shown.value("submission_id").unwrap()),
            ("goal", "A job as a cook"),
            ("focus", "The beginning"),
            ("note", "Please be honest"),
        ];
        let body = form(&fields, "Surat <1>.pdf", PDF);
        let made = send(&mut aina.browser, "/me/reviews/new", body.clone()).await;
        let at = made.expect(303).location().unwrap().to_owned();
        let again = send(&mut aina.browser, "/me/reviews/new", body).await;
        assert_eq!(again.expect(303).location(), Some(at.as_str()));
        assert_eq!(credits(&mut aina).await, 1);
        let path = at.split('?').next().unwrap();
        let id = path.rsplit('/').next().unwrap();
        let subject = stage.start("review-notice-submitted");
        let mails = stage.world.mails().await;
        let told = mails.iter().filter(|one| one.subject.starts_with(&subject));
        let told: Vec<&str> = told.map(|one| one.recipient.as_str()).collect();
        assert_eq!(told, ["Farah.Ali@example.my"]);
        for (person, title) in [(&mut aina, "review-mine"), (&mut farah, "review-asked")] {
            person.sees("/me", &stage.say(title)).await;
        }
        // Before the provider takes it, the document and the note are hidden.
        let asked = farah
            .call("GET", &format!("{API}?as=provider"), &Value::Null)
            .await;
        let one = asked.expect(200).json()["items"][0].clone();
        assert_eq!(
            (&one["goal"], &one["note"]),
            (&json!("A job as a cook"), &json!(""))
        );
        assert_eq!(
            (&one["member"], &one["file_name"]),
            (&json!(""), &json!(""))
        );
        farah
            .program
            .get(&format!("{API}/{id}/file"))
            .await
            .expect(404);
        step(&mut farah, id, "complete", &assessment())
            .await
            .expect(403);
        let page = farah.browser.get(path).await;
        let start = page.expect(200).form(&format!("{path}/start"));
        farah.browser.submit(&page, &start).await.expect(303);
        step(&mut farah, id, "start", &Value::Null)
            .await
            .expect(200);
        let file = farah.program.get(&format!("{API}/{id}/file")).await;
        assert_eq!(file.expect(200).body.as_bytes(), PDF);
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(file.header("content-security-policy"), "sandbox");
        assert_eq!(file.header("cache-control"), "private, no-store");
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename*=UTF-8''Surat%20%3C1%3E.pdf"
        );
        // A review has all scores, each of 100.
        let mut less = assessment();
        less["score_content"] = json!(101);
        step(&mut farah, id, "complete", &less).await.expect(422);
        step(&mut farah, id, "complete", &json!({}))
            .await
            .expect(422);
        let page = farah.browser.get(path).await;
        let mut written = page.expect(200).form(&format!("{path}/complete"));
        for name in [
            "score_overall",
            "score_content",
            "score_structure",
            "score_language",
        ] {
            written.fill(name, "75");
        }
        written.fill("strengths", "It is short.");
        // No file is chosen.
        let body = form(&written.entries(), "", b"");
        let done = send(&mut farah.browser, &written.action, body).await;
        done.expect(303);
        let again = step(&mut farah, id, "complete", &assessment()).await;
        assert_eq!(again.expect(409).json()["code"], "review_settled");
        let again = step(&mut aina, id, "cancel", &Value::Null).await;
        assert_eq!(again.expect(409).json()["code"], "review_settled");
        let text = aina.browser.get(path).await.expect(200).text();
        assert!(
            text.contains("It is short.") && text.contains("75"),
            "{text}"
        );
        aina.browser.get("/me/reviews").await.expect(200);
        farah.browser.get("/me/slots/reviews").await.expect(200);
        let subject = stage.start("review-notice-done");
        let mails = stage.world.mails().await;
        let told = mails.iter().filter(|one| one.subject.starts_with(&subject));
        let told: Vec<&str> = told.map(|one| one.recipient.as_str()).collect();
        assert_eq!(told, ["Aina.Yusof@example.my"]);
    });
}

#[test]
fn a_credit_comes_back_once_and_only_before_a_provider_takes_the_review() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let mut siti = stage.person_as("Siti Owner", OWNER).await;
        let id = submit(&mut aina).await;
        assert_eq!((credits(&mut aina).await, files(stage)), (1, 1));
        step(&mut aina, &id, "cancel", &Value::Null)
            .await
            .expect(200);
        step(&mut aina, &id, "cancel", &Value::Null)
            .await
            .expect(200);
        assert_eq!(credits(&mut aina).await, 2);
        let taken = step(&mut farah, &id, "start", &Value::Null).await;
        assert_eq!(taken.expect(409).json()["code"], "review_settled");
        aina.program
            .get(&format!("{API}/{id}/file"))
            .await
            .expect(404);
        // The file is deleted a day later.
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.work().await;
        assert_eq!(files(stage), 0);
        let id = submit(&mut aina).await;
        step(&mut farah, &id, "start", &Value::Null)
            .await
            .expect(200);
        let refused = step(&mut aina, &id, "cancel", &Value::Null).await;
        assert_eq!(refused.expect(409).json()["code"], "review_settled");
        step(&mut farah, &id, "cancel", &Value::Null)
            .await
            .expect(403);
        // A token is no administrator.
        step(&mut siti, &id, "cancel", &Value::Null)
            .await
            .expect(404);
        siti.browser
            .get("/admin/sessions/reviews")
            .await
            .expect(200);
        farah
            .browser
            .get("/admin/sessions/reviews")
            .await
            .expect(403);
        let path = format!("/me/reviews/{id}");
        let page = siti.browser.get(&path).await;
        let cancel = page.expect(200).form(&format!("{path}/cancel"));
        siti.browser.submit(&page, &cancel).await.expect(303);
        assert_eq!(state_of(&mut aina, &id).await, "cancelled");
        assert_eq!(credits(&mut aina).await, 1);
        step(&mut farah, &id, "complete", &assessment())
            .await
            .expect(409);
    });
}

#[test]
fn of_two_reviewers_one_takes_a_review_and_a_cancellation_wins_or_loses_whole() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = reviewer(stage).await;
        let daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        let mut aina = member(stage, "Aina Yusof", 500).await;
        set(stage, "review_day_limit", 1_000).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let id = submit(&mut aina).await;
            let (mut one, mut two) = (farah.program.clone(), other.visitor());
            two.header("authorization", &daniel.token);
            let path = format!("{API}/{id}/start");
            let there = path.clone();
            let (one, two) = together(
                async move { one.post(&path, &[]).await.status },
                async move { two.post(&there, &[]).await.status },
            )
            .await;
            let mut answers = [one.as_u16(), two.as_u16()];
            answers.sort_unstable();
            assert_eq!(answers, [200, 409], "round {round}");
            let id = submit(&mut aina).await;
            let (mut one, mut two) = (farah.program.clone(), other.visitor());
            two.header("authorization", &aina.token);
            let (start, cancel) = (format!("{API}/{id}/start"), format!("{API}/{id}/cancel"));
            let (one, two) = together(
                async move { one.post(&start, &[]).await.status },
                async move { two.post(&cancel, &[]).await.status },
            )
            .await;
            assert_ne!(
                one.is_success(),
                two.is_success(),
                "round {round}: {one} {two}"
            );
        })
        .await;
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn a_file_that_is_not_what_its_name_says_costs_nothing_and_is_not_kept() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &with_uploads(stage, 8 << 20);
        let mut aina = member(stage, "Aina Yusof", 3).await;
        let (docx, macros) = (
            STANDARD.decode(DOCX).unwrap(),
            STANDARD.decode(DOCX_WITH_MACRO).unwrap(),
        );
        let mut large = PDF.to_vec();
        large.resize(5_242_881, b' ');
        let fields = [("goal", "A job as a cook")];
        for (name, content, status, code) in [
            ("a.pdf", &b"MZ"[..], 415, "unsupported_media_type"),
            ("a.doc", PDF, 415, "unsupported_media_type"),
            ("a.pdf.exe", PDF, 415, "unsupported_media_type"),
            ("pdf", PDF, 415, "unsupported_media_type"),
            ("a.docx", b"PK\x03\x04 junk", 415, "unsupported_media_type"),
            ("a.docx", &macros, 415, "unsupported_media_type"),
            ("a.zip", &docx, 415, "unsupported_media_type"),
            ("a.pdf", &large, 413, "body_too_large"),
            ("a.pdf", b"", 422, "validation_failed"),
        ] {
            let refused = send(&mut aina.program, API, form(&fields, name, content)).await;
            assert_eq!(refused.expect(status).json()["code"], code, "{name}");
        }
        let nameless = form(&[], "a.pdf", PDF);
        send(&mut aina.program, API, nameless).await.expect(422);
        let with_state = form(&[("goal", "A"), ("state", "completed")], "a.pdf", PDF);
        send(&mut aina.program, API, with_state).await.expect(422);
        assert_eq!((credits(&mut aina).await, files(stage)), (3, 0));
        large.truncate(5_242_880);
        for (name, content) in [("a.PDF", &large[..]), ("a.doc", DOC), ("a.docx", &docx)] {
            let made = send(&mut aina.program, API, form(&fields, name, content)).await;
            made.expect(201);
        }
        assert_eq!((credits(&mut aina).await, files(stage)), (0, 3));
        let refused = send(&mut aina.program, API, form(&fields, "a.pdf", PDF)).await;
        assert_eq!(refused.expect(422).json()["code"], "quota_exhausted");
        // The page shows the form again.
        let page = aina.browser.get("/me/reviews/new").await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("review-no-credit"))
        );
        assert_eq!(files(stage), 3);
    });
}

#[test]
fn nobody_else_reads_a_document_or_changes_its_review() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut lim = stage.person_as("Lim Other", PROVIDER).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        let id = submit(&mut aina).await;
        let file = format!("{API}/{id}/file");
        for stranger in [&mut daniel, &mut lim] {
            stranger.program.get(&file).await.expect(404);
            stranger
                .browser
                .get(&format!("/me/reviews/{id}/file"))
                .await
                .expect(404);
        }
        step(&mut farah, &id, "start", &Value::Null)
            .await
            .expect(200);
        for stranger in [&mut daniel, &mut lim] {
            stranger.program.get(&file).await.expect(404);
            stranger
                .browser
                .get(&format!("/me/reviews/{id}"))
                .await
                .expect(404);
            step(stranger, &id, "cancel", &Value::Null)
                .await
                .expect(404);
            step(stranger, &id, "complete", &assessment())
                .await
                .expect(404);
            let own = stranger.call("GET", API, &Value::Null).await;
            assert_eq!(own.expect(200).json()["items"], json!([]));
        }
        step(&mut daniel, &id, "start", &Value::Null)
            .await
            .expect(403);
        step(&mut lim, &id, "start", &Value::Null).await.expect(409);
        let all = daniel
            .call("GET", &format!("{API}?as=provider"), &Value::Null)
            .await;
        all.expect(403);
        let all = lim
            .call("GET", &format!("{API}?as=provider"), &Value::Null)
            .await;
        assert_eq!(all.expect(200).json()["items"], json!([]));
        let all = siti
            .call("GET", &format!("{API}?as=administrator"), &Value::Null)
            .await;
        all.expect(403);
        stage.visitor().get(&file).await.expect(401);
        siti.program.get(&file).await.expect(404);
        siti.browser
            .get(&format!("/me/reviews/{id}/file"))
            .await
            .expect(200);
        aina.program.get(&file).await.expect(200);
        // A form without the token of the member's page is not received.
        let forged = form(&[("goal", "A job")], "a.pdf", PDF);
        send(&mut aina.browser, "/me/reviews/new", forged)
            .await
            .expect(403);
        assert_eq!((credits(&mut aina).await, files(stage)), (1, 1));
        // Nobody reviews their own document.
        let mut both = member(stage, "Both Sides", 1).await;
        let id = both.who.account().id.clone();
        let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let site = identity::grant::Scope::site();
            identity::grant::give(tx, &id, PROVIDER, &site, None).unwrap();
            Ok(())
        };
        stage.world.store().write(change).await.unwrap();
        let id = submit(&mut both).await;
        step(&mut both, &id, "start", &Value::Null)
            .await
            .expect(403);
    });
}

#[test]
fn a_member_submits_so_many_documents_a_day() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = member(stage, "Aina Yusof", 12).await;
        for _ in 0..10 {
            let id = submit(&mut aina).await;
            step(&mut aina, &id, "cancel", &Value::Null)
                .await
                .expect(200);
        }
        let fields = [("goal", "A job as a cook")];
        let refused = send(&mut aina.program, API, form(&fields, "a.pdf", PDF)).await;
        assert_eq!(refused.expect(429).json()["code"], "too_many_reviews");
        assert_eq!(credits(&mut aina).await, 12);
        stage.world.clock.advance(SignedDuration::from_hours(24));
        submit(&mut aina).await;
    });
}

#[test]
fn a_document_goes_some_days_after_its_review_and_its_hash_stays() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 2).await;
        set(stage, "review_file_days", 30).await;
        let id = submit(&mut aina).await;
        let open = submit(&mut aina).await;
        step(&mut farah, &id, "start", &Value::Null)
            .await
            .expect(200);
        step(&mut farah, &id, "complete", &assessment())
            .await
            .expect(200);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 29));
        stage.work().await;
        aina.program
            .get(&format!("{API}/{id}/file"))
            .await
            .expect(200);
        for _ in 0..3 {
            stage.world.clock.advance(SignedDuration::from_hours(25));
            stage.work().await;
        }
        aina.program
            .get(&format!("{API}/{id}/file"))
            .await
            .expect(404);
        aina.program
            .get(&format!("{API}/{open}/file"))
            .await
            .expect(200);
        assert_eq!(files(stage), 1);
        let hashes: Vec<(String,)> = rows(stage, sql!("SELECT sha256 FROM review")).await;
        assert!(hashes.iter().all(|(hash,)| hash.len() == 64), "{hashes:?}");
    });
}

#[test]
fn who_leaves_takes_their_documents_and_words_along() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut aina = member(stage, "Aina Yusof", 3).await;
        let done = submit(&mut aina).await;
        step(&mut farah, &done, "start", &Value::Null)
            .await
            .expect(200);
        let obligations = async |person: &Person| {
            let id = person.who.account().id.clone();
            let look = move |tx: &mut Tx<'_>| (DOMAIN.accounts.obligations)(tx, &id);
            stage.world.store().write(look).await.unwrap()
        };
        assert_eq!(obligations(&farah).await, ["A job as a cook"]);
        step(&mut farah, &done, "complete", &assessment())
            .await
            .expect(200);
        assert_eq!(obligations(&farah).await, [""; 0]);
        submit(&mut aina).await;
        let taken = submit(&mut aina).await;
        step(&mut farah, &taken, "start", &Value::Null)
            .await
            .expect(200);
        for (person, shown, hidden) in [
            (&aina, "Please be honest", "nothing"),
            (&farah, "It is short.", "Please be honest"),
        ] {
            let copy = exported(stage, person).await["reviews"].to_string();
            assert!(copy.contains(shown) && !copy.contains(hidden), "{copy}");
        }
        erase(stage, &aina).await;
        assert_eq!(obligations(&farah).await, [""; 0]);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.work().await;
        assert_eq!(files(stage), 0);
        for words in [
            "Please be honest",
            "letter.pdf",
            "It is short.",
            "Kerbau-Emas",
        ] {
            let left = stage.world.places_of(words);
            let left: Vec<_> = left
                .iter()
                .filter(|place| place.starts_with("review"))
                .collect();
            assert!(left.is_empty(), "{words}: {left:?}");
        }
    });
}
