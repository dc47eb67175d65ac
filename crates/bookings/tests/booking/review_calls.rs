//! Tests of reviews in a call: which bookings can be one, who takes them, and what becomes of them if
//! the booking changes.

use bookings::DOMAIN;
use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, rounds, together};

use crate::credits::credits;
use crate::memberships::{buy, grants, plan};
use crate::reviews::{API, PDF, assessment, files, form, reviewer, send, step};
use crate::stage::{
    Booking, Person, Stage, again, go_to, on_both, on_default, prove, script, wrong,
};

/// An administrator's client.
async fn admin(stage: &Stage<'_>) -> Visitor {
    let owner = stage.person_as("Siti Owner", OWNER).await;
    script(stage, &owner)
}

/// Creates a member with this many credits for reviews, whose plan allows calls or not.
async fn member(
    stage: &Stage<'_>,
    admin: &mut Visitor,
    name: &str,
    (credits, calls): (i64, bool),
) -> Person {
    let more = json!({"grants": grants(0, credits), "months": 2, "review_calls": calls});
    let plan = plan(admin, &format!("Reviews of {name}"), &more).await;
    let mut person = stage.person(name).await;
    buy(&mut person, &plan).await;
    person
}

/// Offers a session of this many minutes that costs nothing.
async fn offer(farah: &mut Person, day: &str, time: &str, minutes: i64) -> Value {
    let body = json!({
        "date": day, "time": time, "minutes": minutes, "title": "A talk",
        "location": "https://meet.jit.si/Veranda", "price_minor": 0,
    });
    let page = farah.call("POST", "/api/v1/me/slots", &body).await;
    page.expect(201).json()
}

/// Books a slot. Returns the booking's id.
async fn book(person: &mut Person, slot: &Value) -> String {
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    let page = person.call("POST", "/api/v1/bookings", &body).await;
    page.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn submit(person: &mut Person, booking: &str) -> Page {
    let fields = [("goal", "A job as a cook"), ("booking_id", booking)];
    send(&mut person.program, API, form(&fields, "letter.pdf", PDF)).await
}

fn id(page: &Page) -> String {
    page.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn cancel(person: &mut Person, booking: &str) -> Page {
    let path = format!("/api/v1/bookings/{booking}/cancel");
    person
        .call("POST", &path, &json!({"reason": "Fever"}))
        .await
}

/// The reviews that a person sees as this party.
async fn list(person: &mut Person, party: &str) -> Value {
    let path = format!("{API}?as={party}");
    let page = person.call("GET", &path, &Value::Null).await;
    page.expect(200).json()["items"].clone()
}

/// Who got a mail whose subject begins as this message.
async fn told(stage: &Stage<'_>, message: &str) -> Vec<String> {
    let subject = stage.start(message);
    let mails = stage.world.mails().await.into_iter();
    let about = mails.filter(|one| one.subject.starts_with(&subject));
    let mut told: Vec<String> = about.map(|one| one.recipient).collect();
    told.sort();
    told
}

#[test]
fn a_document_is_reviewed_by_the_provider_of_the_session_that_the_member_names() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut lim = stage.person_as("Lim Other", PROVIDER).await;
        lim.profile("bio", "I read, too.").await;
        let mut admin = admin(stage).await;
        let mut aina = member(stage, &mut admin, "Aina Yusof", (2, true)).await;
        // Without a booking, the page says which session has to be booked.
        let page = aina.browser.get("/me/reviews/new").await;
        let hint = stage.fill("review-to-book", [("minutes", 30.into())]);
        assert!(page.expect(200).text().contains(&hint));
        let slot = offer(&mut farah, "2026-12-01", "09:00", 30).await;
        let booking = book(&mut aina, &slot).await;
        let long = offer(&mut farah, "2026-12-02", "09:00", 60).await;
        let long = book(&mut aina, &long).await;
        let page = aina.browser.get("/me/reviews/new").await;
        let shown = page.expect(200).form("/me/reviews/new");
        assert!(
            page.text().contains("In a call: A talk, "),
            "{}",
            page.text()
        );
        assert!(page.body.contains(&booking) && !page.body.contains(&long));
        let fields = [
            ("_csrf", shown.value("_csrf").unwrap()),
            ("submission_id", shown.value("submission_id").unwrap()),
            ("goal", "A job as a cook"),
            ("booking_id", booking.as_str()),
        ];
        let body = form(&fields, "letter.pdf", PDF);
        let made = send(&mut aina.browser, "/me/reviews/new", body).await;
        let path = made.expect(303).location().unwrap().to_owned();
        let path = path.split('?').next().unwrap();
        let id = path.rsplit('/').next().unwrap();
        // Only the provider of the session is asked, and only they take it.
        assert_eq!(
            told(stage, "review-notice-submitted").await,
            ["Farah.Ali@example.my"]
        );
        assert_eq!(list(&mut lim, "provider").await, json!([]));
        lim.browser.get(path).await.expect(404);
        let text = lim.browser.get("/me").await.text();
        assert!(!text.contains("A job as a cook"), "{text}");
        let refused = step(&mut lim, id, "start", &Value::Null).await;
        assert_eq!(refused.expect(409).json()["code"], "review_settled");
        // The document is not theirs to read before they take it.
        let waits = list(&mut farah, "provider").await[0].clone();
        assert_eq!(
            (&waits["mode"], &waits["has_file"], &waits["booking"]["id"]),
            (&json!("call"), &json!(false), &json!(booking))
        );
        let file = format!("{API}/{id}/file");
        farah.program.get(&file).await.expect(404);
        step(&mut farah, id, "complete", &assessment())
            .await
            .expect(409);
        let owed = farah.who.account().id.clone();
        let look = move |tx: &mut Tx<'_>| (DOMAIN.accounts.obligations)(tx, &owed);
        let owed = stage.world.store().write(look).await.unwrap();
        assert!(owed.contains(&"A job as a cook".to_owned()), "{owed:?}");
        let page = farah.browser.get(path).await;
        let start = page.expect(200).form(&format!("{path}/start"));
        farah.browser.submit(&page, &start).await.expect(303);
        farah.program.get(&file).await.expect(200);
        // Both sides read on the page of the review which session it is, and the reverse.
        for person in [&mut aina, &mut farah] {
            let page = person.browser.get(path).await;
            let link = format!("/me/bookings/{booking}");
            assert!(page.expect(200).body.contains(&link), "{}", page.body);
            let page = person.browser.get(&link).await;
            assert!(page.expect(200).body.contains(path), "{}", page.body);
        }
        let own = list(&mut aina, "member").await[0]["booking"].clone();
        assert_eq!(
            (&own["starts_at"], &own["state"]),
            (&slot["starts_at"], &json!("confirmed"))
        );
        step(&mut farah, id, "complete", &assessment())
            .await
            .expect(200);
        assert_eq!(credits(&mut aina).await, 1);
    });
}

#[test]
fn a_call_needs_a_plan_that_allows_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut admin = admin(stage).await;
        let mut aina = member(stage, &mut admin, "Aina Yusof", (2, false)).await;
        let slot = offer(&mut farah, "2026-12-01", "09:00", 30).await;
        let booking = book(&mut aina, &slot).await;
        let page = aina.browser.get("/me/reviews/new").await;
        assert!(!page.expect(200).body.contains("booking_id"));
        let refused = submit(&mut aina, &booking).await;
        assert_eq!(
            refused.expect(403).json()["code"],
            "review_call_not_allowed"
        );
        assert_eq!((credits(&mut aina).await, files(stage)), (2, 0));
        // A membership allows it for all credits while it lasts.
        let calls = json!({"tier": 1, "review_calls": true, "name": "Silver"});
        let silver = plan(&mut admin, "Silver", &calls).await;
        let page = stage.visitor().get("/book/plans").await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("plan-has-review-calls"))
        );
        buy(&mut aina, &silver).await;
        let id = id(&submit(&mut aina, &booking).await);
        step(&mut aina, &id, "cancel", &Value::Null)
            .await
            .expect(200);
        // Of credits that allow calls and others, the ones that allow them are taken.
        let mut badrul = member(stage, &mut admin, "Badrul Hisham", (3, false)).await;
        let calls = json!({"grants": grants(0, 1), "review_calls": true, "months": 3});
        let calls = plan(&mut admin, "Calls", &calls).await;
        buy(&mut badrul, &calls).await;
        let slot = offer(&mut farah, "2026-12-06", "09:00", 30).await;
        let booking = book(&mut badrul, &slot).await;
        submit(&mut badrul, &booking).await.expect(201);
        let left = badrul.call("GET", "/api/v1/me/credits", &Value::Null).await;
        let left = left.expect(200).json()["items"].clone();
        assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
        assert_eq!(left[0]["review_calls"], json!(false));
        let slot = offer(&mut farah, "2026-12-07", "09:00", 30).await;
        let booking = book(&mut badrul, &slot).await;
        let refused = submit(&mut badrul, &booking).await;
        assert_eq!(
            refused.expect(403).json()["code"],
            "review_call_not_allowed"
        );
        // The membership ends before Aina's other credits.
        go_to(stage, "2026-12-30T00:00:00Z").await;
        let slot = offer(&mut farah, "2027-01-05", "09:00", 30).await;
        let booking = book(&mut aina, &slot).await;
        let refused = submit(&mut aina, &booking).await;
        assert_eq!(
            refused.expect(403).json()["code"],
            "review_call_not_allowed"
        );
    });
}

#[test]
fn only_an_own_confirmed_session_ahead_of_that_length_can_be_a_call_and_only_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut admin = admin(stage).await;
        let mut aina = member(stage, &mut admin, "Aina Yusof", (9, true)).await;
        let mut badrul = member(stage, &mut admin, "Badrul Hisham", (1, true)).await;
        let slot = offer(&mut farah, "2026-12-01", "08:00", 30).await;
        let others = book(&mut badrul, &slot).await;
        let mut own = Vec::new();
        for (time, minutes) in [("09:00", 30), ("10:00", 60), ("11:00", 45), ("12:00", 30)] {
            let slot = offer(&mut farah, "2026-12-01", time, minutes).await;
            own.push(book(&mut aina, &slot).await);
        }
        let [good, long, short, gone] = own.try_into().unwrap();
        cancel(&mut aina, &gone).await.expect(200);
        for wrong in [&others, &long, &short, &gone, "nothing"] {
            let refused = submit(&mut aina, wrong).await.expect(422).json();
            let error = &refused["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!("/booking_id"), &json!("review_booking_unsuitable")),
                "{wrong}"
            );
        }
        assert_eq!((credits(&mut aina).await, files(stage)), (9, 0));
        let first = id(&submit(&mut aina, &good).await);
        submit(&mut aina, &good).await.expect(422);
        step(&mut aina, &first, "cancel", &Value::Null)
            .await
            .expect(200);
        let second = id(&submit(&mut aina, &good).await);
        // The last word is the index's.
        let written = id(&submit(&mut aina, "").await);
        let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            sql!(
                "UPDATE review SET booking_id =
                     (SELECT booking_id FROM review r WHERE r.id = :second)
                 WHERE id = :written",
                second,
                written
            )
            .run(tx, Rows::Any)
        };
        let refused = stage.world.store().write(change).await.unwrap_err();
        assert_eq!(refused.constraint(), Some("review_booking"));
        // The length is data.
        let mut owner = stage.person_as("Other Owner", OWNER).await;
        prove(stage, &mut owner).await;
        let rules = "/admin/sessions/settings/documents";
        let page = owner.browser.get(rules).await;
        let mut settings = page.expect(200).form(rules);
        settings.fill("review_call_minutes", "60");
        settings.fill("review_call_minutes.unit", "minutes");
        owner.browser.submit(&page, &settings).await.expect(303);
        submit(&mut aina, &long).await.expect(201);
        // A session that has begun is not ahead.
        let page = owner.browser.get(rules).await;
        let mut settings = page.expect(200).form(rules);
        settings.fill("review_call_minutes", "45");
        settings.fill("review_call_minutes.unit", "minutes");
        owner.browser.submit(&page, &settings).await.expect(303);
        go_to(stage, "2026-12-01T03:10:00Z").await;
        submit(&mut aina, &short).await.expect(422);
    });
}

#[test]
fn a_review_goes_on_in_writing_if_its_session_is_cancelled() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut lim = stage.person_as("Lim Other", PROVIDER).await;
        lim.profile("bio", "I read, too.").await;
        let mut admin = admin(stage).await;
        let mut aina = member(stage, &mut admin, "Aina Yusof", (3, true)).await;
        let mut bookings = Vec::new();
        for time in ["09:00", "10:00", "11:00"] {
            let slot = offer(&mut farah, "2026-12-01", time, 30).await;
            bookings.push(book(&mut aina, &slot).await);
        }
        let [waits, taken, done] = bookings.try_into().unwrap();
        let (first, second) = (
            id(&submit(&mut aina, &waits).await),
            id(&submit(&mut aina, &taken).await),
        );
        let third = id(&submit(&mut aina, &done).await);
        for review in [&second, &third] {
            step(&mut farah, review, "start", &Value::Null)
                .await
                .expect(200);
        }
        step(&mut farah, &third, "complete", &assessment())
            .await
            .expect(200);
        assert_eq!(told(stage, "review-notice-submitted").await.len(), 3);
        // Nobody has taken the first one, so that another provider may now.
        cancel(&mut farah, &waits).await.expect(200);
        let aina_and = |more: &[&str]| {
            let all = ["Aina.Yusof@example.my"].iter().chain(more);
            all.map(|one| (*one).to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(told(stage, "review-notice-written").await, aina_and(&[]));
        assert_eq!(told(stage, "review-notice-submitted").await.len(), 5);
        let asked = list(&mut lim, "provider").await;
        assert_eq!(
            (&asked[0]["id"], &asked[0]["mode"], &asked[0]["booking"]),
            (&json!(first), &json!("written"), &Value::Null)
        );
        step(&mut lim, &first, "start", &Value::Null)
            .await
            .expect(200);
        // The second one stays with its reviewer; the third one is done, and says what it was.
        cancel(&mut aina, &taken).await.expect(200);
        let told = told(stage, "review-notice-written").await;
        assert_eq!(
            told,
            aina_and(&["Aina.Yusof@example.my", "Farah.Ali@example.my"])
        );
        step(&mut farah, &second, "complete", &assessment())
            .await
            .expect(200);
        cancel(&mut aina, &done).await.expect(200);
        let own = list(&mut aina, "member").await;
        let own = own.as_array().unwrap();
        let of = |id: &str| own.iter().find(|one| one["id"] == *id).unwrap();
        assert_eq!(of(&first)["state"], "in_review");
        assert_eq!(of(&second)["mode"], "written");
        assert_eq!(
            (&of(&third)["mode"], &of(&third)["booking"]["state"]),
            (&json!("call"), &json!("cancelled"))
        );
        assert_eq!(credits(&mut aina).await, 0);
    });
}

#[test]
fn a_call_is_moved_to_a_session_of_its_length_only() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut admin = admin(stage).await;
        let mut aina = member(stage, &mut admin, "Aina Yusof", (1, true)).await;
        let slot = offer(&mut farah, "2026-12-01", "09:00", 30).await;
        let long = offer(&mut farah, "2026-12-02", "09:00", 60).await;
        let other = offer(&mut farah, "2026-12-03", "09:00", 30).await;
        let booking = book(&mut aina, &slot).await;
        submit(&mut aina, &booking).await.expect(201);
        let path = format!("/api/v1/bookings/{booking}/reschedule");
        let to = |slot: &Value| json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let refused = aina.call("POST", &path, &to(&long)).await;
        assert_eq!(refused.expect(422).json()["code"], "reschedule_not_allowed");
        let page = aina
            .browser
            .get(&format!("/me/bookings/{booking}/move"))
            .await;
        let offers = |slot: &Value| page.body.contains(slot["id"].as_str().unwrap());
        assert!(offers(&other) && !offers(&long), "{}", page.body);
        aina.call("POST", &path, &to(&other)).await.expect(200);
        let own = list(&mut aina, "member").await;
        assert_eq!(own[0]["booking"]["starts_at"], other["starts_at"]);
        // A review that is cancelled binds the booking no more.
        let review = own[0]["id"].as_str().unwrap();
        step(&mut aina, review, "cancel", &Value::Null)
            .await
            .expect(200);
        aina.call("POST", &path, &to(&long)).await.expect(200);
    });
}

async fn post(mut visitor: Visitor, path: String, body: Vec<u8>, kind: &'static str) -> u16 {
    let post = "POST".parse().unwrap();
    let page = visitor.send(post, &path, Some(kind), body.into()).await;
    page.status.as_u16()
}

#[test]
fn two_documents_or_a_cancellation_at_once_leave_one_review_of_a_session_that_takes_place() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = reviewer(stage).await;
        let mut admin = admin(stage).await;
        let mut aina = member(stage, &mut admin, "Aina Yusof", (500, true)).await;
        let free = |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            tx.run(
                sql!("UPDATE booking_setting SET review_day_limit = 1000"),
                &[],
                Rows::Any,
            )
        };
        stage.world.store().write(free).await.unwrap();
        let other = stage.beside();
        let token = aina.token.clone();
        let kind = "multipart/form-data; boundary=b";
        for round in 0..rounds() {
            again(stage).await;
            let day = jiff::civil::date(2026, 12, 1);
            let day = day.checked_add(jiff::Span::new().days(i64::try_from(round).unwrap()));
            let day = day.unwrap().to_string();
            let slot = offer(&mut farah, &day, "09:00", 30).await;
            let booking = book(&mut aina, &slot).await;
            let body = |goal| {
                let fields = [("goal", goal), ("booking_id", booking.as_str())];
                form(&fields, "letter.pdf", PDF)
            };
            let there = || {
                let mut visitor = other.visitor();
                visitor.header("authorization", &token);
                visitor
            };
            let (one, two) = together(
                post(aina.program.clone(), API.to_owned(), body("One"), kind),
                post(there(), API.to_owned(), body("Two"), kind),
            )
            .await;
            let mut answers = [one, two];
            answers.sort_unstable();
            assert_eq!(answers, [201, 422], "round {round}");
            let slot = offer(&mut farah, &day, "10:00", 30).await;
            let booking = book(&mut aina, &slot).await;
            let fields = [("goal", "Three"), ("booking_id", booking.as_str())];
            let body = form(&fields, "letter.pdf", PDF);
            let path = format!("/api/v1/bookings/{booking}/cancel");
            let (one, two) = together(
                post(aina.program.clone(), API.to_owned(), body, kind),
                post(there(), path, b"{}".to_vec(), "application/json"),
            )
            .await;
            assert_eq!(two, 200, "round {round}");
            assert!([201, 422].contains(&one), "round {round}: {one}");
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}
