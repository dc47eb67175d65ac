//! Tests of the questions that offers ask, and of their answers.

use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};

use crate::hours::{BOOKINGS, book, listed, offer, tuesdays, wish};
use crate::newcomers;
use crate::stage::{
    Booking, LINK, Person, Stage, count, erase, errors, exported, go_to, on_both, on_default,
    provider,
};

const QUESTIONS: &str = "/api/v1/me/questions";
const REQUESTS: &str = "/api/v1/requests";

/// Adds a question to an offer. Returns its id.
async fn ask(farah: &mut Person, offer: &Value, question: &Value) -> String {
    let mut body = question.clone();
    body["offer_id"] = offer["id"].clone();
    let made = farah.call("POST", QUESTIONS, &body).await;
    made.with(201).json()["id"].as_str().unwrap().to_owned()
}

fn language() -> Value {
    json!({"label": "Which language?", "kind": "one_of", "options": ["Go", "Rust"],
        "is_required": true})
}

#[test]
fn an_offer_asks_in_its_form_and_both_sides_read_the_answers() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let lesson = offer(&mut farah, &hours, &json!({})).await;
        // In the provider's form, each line is an option.
        let list = "/me/questions";
        let page = farah.browser.get(list).await;
        let mut links = page.expect(200).links().into_iter();
        let new = links.find(|link| link.href.starts_with("/me/questions/new"));
        let page = farah.browser.get(&new.unwrap().href).await;
        let path = "/me/questions/new";
        let mut form = page.expect(200).form(path);
        assert_eq!(form.value("offer_id"), lesson["id"].as_str());
        form.fill("label", "Which language?").fill("kind", "one_of");
        form.fill("options", "Go");
        let refused = farah.browser.submit(&page, &form).await;
        let mut form = refused.expect(422).form(path);
        form.fill("options", "Go\r\n\r\nC, or C++\r\nRust")
            .tick("is_required", "1");
        farah.browser.submit(&refused, &form).await.expect(303);
        farah.sees(list, "Which language?").await;
        let next = json!({"label": "Where next?", "kind": "text"});
        let next = ask(&mut farah, &lesson, &next).await;

        let mut aina = stage.person("Aina Yusof").await;
        let slots = listed(&mut aina).await;
        let path = format!("/book/{}", slots[3]["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill(&format!("answers.{next}"), "At a bank");
        let refused = aina.browser.submit(&page, &form).await;
        let said = stage.say("field-required");
        assert!(refused.expect(422).text().contains(&said));
        let mut form = refused.form(&path);
        let asked = form.entries().into_iter().map(|(name, _)| name.to_owned());
        assert!(
            asked
                .collect::<Vec<_>>()
                .contains(&format!("answers.{next}"))
        );
        assert_eq!(form.value(&format!("answers.{next}")), Some("At a bank"));
        let all = farah.call("GET", QUESTIONS, &Value::Null).await.json();
        let language = all["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            all["items"][0]["options"],
            json!(["Go", "C, or C++", "Rust"])
        );
        form.fill(&format!("answers.{language}"), "C, or C++");
        aina.browser.submit(&refused, &form).await.expect(303);

        // A question that is changed or removed stays as it was asked.
        let one = format!("{QUESTIONS}/{language}");
        let change = json!({"label": "Which one?", "options": ["Java", "Go"], "version": 1});
        farah.call("PATCH", &one, &change).await.expect(200);
        let one = format!("{QUESTIONS}/{next}");
        farah.call("DELETE", &one, &Value::Null).await.expect(204);
        let booking = aina.coming().await;
        let expected = json!([
            {"question_id": language, "label": "Which language?", "kind": "one_of",
             "answer": ["C, or C++"]},
            {"question_id": next, "label": "Where next?", "kind": "text", "answer": ["At a bank"]},
        ]);
        assert_eq!(booking["answers"], expected);
        let id = booking["id"].as_str().unwrap();
        let moved = format!("{BOOKINGS}/{id}/reschedule");
        let page = aina.call("POST", &moved, &wish(&slots[4])).await;
        assert_eq!(page.with(200).json()["answers"], expected);
        let path = format!("/me/bookings/{id}");
        for words in ["Which language?", "C, or C++", "At a bank"] {
            aina.sees(&path, words).await;
            farah.sees(&path, words).await;
            farah.sees("/me/slots/bookings", words).await;
        }
        go_to(stage, "2026-11-30T02:30:00Z").await;
        let mails = stage.world.mails().await;
        let mut theirs = mails
            .iter()
            .filter(|one| one.recipient.starts_with("Farah"));
        let said = "Which language?\nC, or C++";
        assert!(theirs.any(|mail| mail.text.contains(said)), "{mails:?}");

        let copy = exported(stage, &aina).await;
        assert_eq!(copy["bookings"][0]["answers"], expected);
        let copy = exported(stage, &farah).await;
        assert_eq!(copy["questions"][0]["label"], "Which one?");
        let left = || sql!("SELECT COUNT(*) FROM booking WHERE answers <> '[]'");
        assert_eq!(count(stage, left()).await, 1);
        erase(stage, &aina).await;
        stage.work().await;
        assert_eq!(count(stage, left()).await, 0);
        // The provider is told that she does not come.
        stage.work().await;
        erase(stage, &farah).await;
        let questions = sql!("SELECT COUNT(*) FROM offer_question");
        assert_eq!(count(stage, questions).await, 0);
    });
}

#[test]
fn programs_answer_what_a_time_or_a_date_of_a_class_asks() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let hours = tuesdays(&mut farah).await;
        for (title, seats) in [("Lesson", 1), ("Class", 5)] {
            let more = json!({"title": title, "seats": seats});
            let offered = offer(&mut farah, &hours, &more).await;
            let id = ask(&mut farah, &offered, &language()).await;
            stage.work().await;
            let slots = listed(&mut aina).await;
            let slot = slots.iter().find(|slot| slot["title"] == title).unwrap();
            let one = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
            let shown = aina.call("GET", &one, &Value::Null).await.json();
            assert_eq!(shown["questions"][0]["label"], "Which language?");
            let refused = book(&mut aina, slot).await;
            let at = format!("/answers/{id}");
            let missing = (at.clone(), "required".to_owned());
            assert_eq!(errors(refused.expect(422)), [missing]);
            for (answers, pointer, code) in [
                (json!({&id: "Java"}), at.as_str(), "unknown_option"),
                (
                    json!({&id: "Go", "other": "x"}),
                    "/answers",
                    "unknown_option",
                ),
            ] {
                let mut body = wish(slot);
                body["answers"] = answers;
                let refused = aina.call("POST", BOOKINGS, &body).await;
                let expected = (pointer.to_owned(), code.to_owned());
                assert_eq!(errors(refused.expect(422)), [expected], "{body}");
            }
            let mut body = wish(slot);
            body["answers"] = json!({&id: ["Rust"]});
            let made = aina.call("POST", BOOKINGS, &body).await;
            let made = made.with(201).json();
            assert_eq!(made["answers"][0]["answer"], json!(["Rust"]));
            // The next round has the hours for itself.
            aina.cancel(&format!("/me/bookings/{}", made["id"].as_str().unwrap()))
                .await;
            let off = format!("/api/v1/me/offers/{}", offered["id"].as_str().unwrap());
            farah.call("DELETE", &off, &Value::Null).await.expect(200);
        }
    });
}

#[test]
fn who_comes_to_a_class_is_listed_with_their_answers() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let class = offer(&mut farah, &hours, &json!({"seats": 5})).await;
        let knows = json!({"label": "=Have you read the rules?", "kind": "tick"});
        let knows = ask(&mut farah, &class, &knows).await;
        let language = ask(&mut farah, &class, &language()).await;
        stage.work().await;
        let slot = listed(&mut farah).await[0].clone();
        for (name, answers) in [
            ("Aina Yusof", json!({&language: "Rust", &knows: true})),
            ("Mei Lin", json!({&language: "=Go"})),
        ] {
            // The provider has since offered other languages.
            let mut body = wish(&slot);
            body["answers"] = answers;
            if name == "Mei Lin" {
                let one = format!("{QUESTIONS}/{language}");
                let others = json!({"options": ["=Go", "Rust"], "version": 1});
                farah.call("PATCH", &one, &others).await.expect(200);
            }
            let mut person = stage.person(name).await;
            person.call("POST", BOOKINGS, &body).await.expect(201);
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        let path = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        let page = farah.browser.get(&path).await;
        for said in [
            "=Have you read the rules? : Yes",
            "Which language? : Rust",
            "Which language? : =Go",
        ] {
            assert!(page.expect(200).text().contains(said), "{}", page.text());
        }
        let file = farah.browser.get(&format!("{path}/people.csv")).await;
        let lines: Vec<&str> = file.expect(200).body.lines().collect();
        for (line, end) in [
            (
                lines[0],
                ",booking_id,refunded,'=Have you read the rules?,Which language?",
            ),
            (lines[1], ",yes,Rust"),
            (lines[2], ",,'=Go"),
        ] {
            assert!(line.ends_with(end), "{line}");
        }
        assert!(lines[1].starts_with("Aina Yusof,"), "{lines:?}");
    });
}

#[test]
fn a_newcomer_answers_too() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = newcomers::open(stage).await;
        let mut farah = provider(&stage).await;
        let hours = tuesdays(&mut farah).await;
        let lesson = offer(&mut farah, &hours, &json!({})).await;
        let id = ask(&mut farah, &lesson, &language()).await;
        let slot = listed(&mut farah).await[0].clone();
        let mut siti = stage.visitor();
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = siti.get(&path).await;
        let mut form = page.expect(200).form(&format!("{path}/newcomer"));
        form.fill("display_name", "Siti Aminah")
            .fill("email", "siti@example.com");
        let refused = siti.submit(&page, &form).await;
        let mut form = refused.expect(422).form(&format!("{path}/newcomer"));
        form.fill(&format!("answers.{id}"), "Rust");
        siti.submit(&refused, &form).await.expect(202);
        let kept = sql!("SELECT COUNT(*) FROM booking WHERE answers LIKE '%Rust%'");
        assert_eq!(count(&stage, kept).await, 1);
    });
}

#[test]
fn questions_that_cannot_be_answered_are_refused_and_ten_are_asked_at_most() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let lesson = offer(&mut farah, &hours, &json!({})).await;
        let mut mei = stage
            .person_as("Mei Lin", bookings::provider::PROVIDER)
            .await;
        for (body, pointer, code) in [
            (json!({"label": "", "kind": "line"}), "/label", "required"),
            (
                json!({"label": "A", "kind": "one_of"}),
                "/options",
                "too_few",
            ),
            (
                json!({"label": "A", "kind": "some_of", "options": ["x", "x", "y"]}),
                "/options",
                "not_unique",
            ),
            (
                json!({"label": "A", "kind": "some_of",
                    "options": (0..13).map(|one| one.to_string()).collect::<Vec<_>>()}),
                "/options",
                "too_many",
            ),
            (
                json!({"label": "A", "kind": "tick", "options": ["x"]}),
                "/options",
                "not_allowed",
            ),
        ] {
            let mut body = body.clone();
            body["offer_id"] = lesson["id"].clone();
            let page = farah.call("POST", QUESTIONS, &body).await;
            let expected = (pointer.to_owned(), code.to_owned());
            assert_eq!(errors(page.expect(422)), [expected], "{body}");
        }
        let theirs = json!({"offer_id": lesson["id"], "label": "A", "kind": "line"});
        let page = mei.call("POST", QUESTIONS, &theirs).await;
        let expected = ("/offer_id".to_owned(), "unknown_option".to_owned());
        assert_eq!(errors(page.expect(422)), [expected]);
        let mut last = String::new();
        for _ in 0..10 {
            last = ask(&mut farah, &lesson, &theirs).await;
        }
        let page = farah.call("POST", QUESTIONS, &theirs).await;
        assert_eq!(page.expect(409).json()["code"], "limit_reached");
        let one = format!("{QUESTIONS}/{last}");
        let off = json!({"active": false, "version": 1});
        farah.call("PATCH", &one, &off).await.expect(200);
        ask(&mut farah, &lesson, &theirs).await;
        let on = json!({"active": true, "version": 2});
        farah.call("PATCH", &one, &on).await.expect(409);
    });
}

#[test]
fn who_asks_for_times_answers_what_their_offers_ask_and_the_booking_keeps_it() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let lesson = offer(&mut farah, &hours, &json!({})).await;
        let id = ask(&mut farah, &lesson, &language()).await;
        let single = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[3].clone();
        let path = "/me/requests/new";
        let begin = format!("{path}?slot={}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&begin).await;
        let mut form = page.expect(200).form(path);
        form.fill("slot_2", single["id"].as_str().unwrap());
        let refused = aina.browser.submit(&page, &form).await;
        let link = format!("href=\"#answers.{id}\"");
        assert!(refused.expect(422).body.contains(&link), "{}", refused.body);
        let made = sql!("SELECT COUNT(*) FROM booking_request");
        assert_eq!(count(stage, made).await, 0);
        let mut form = refused.form(path);
        form.fill(&format!("answers.{id}"), "Rust");
        aina.browser.submit(&refused, &form).await.expect(303);
        for words in ["Which language?", "Rust"] {
            aina.sees("/me/requests", words).await;
            farah.sees("/me/slots/requests", words).await;
        }
        let all = aina.call("GET", REQUESTS, &Value::Null).await.json();
        let request = &all["items"][0];
        assert_eq!(request["slots"][0]["answers"][0]["answer"], json!(["Rust"]));
        // Nothing is asked about single times.
        assert_eq!(request["slots"][1]["answers"], json!([]));
        let confirm = format!("{REQUESTS}/{}/confirm", request["id"].as_str().unwrap());
        let body = json!({"slot_id": slot["id"]});
        farah.call("POST", &confirm, &body).await.expect(200);
        assert_eq!(aina.coming().await["answers"][0]["answer"], json!(["Rust"]));
        let left = || sql!("SELECT COUNT(*) FROM booking_request_slot WHERE answers <> '[]'");
        assert_eq!(count(stage, left()).await, 1);
        erase(stage, &aina).await;
        assert_eq!(count(stage, left()).await, 0);
        stage.work().await;
    });
}

#[test]
fn what_cannot_be_read_as_a_length_is_said_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        tuesdays(&mut farah).await;
        let path = "/me/offers/new";
        for typed in ["an hour", "2000"] {
            let page = farah.browser.get(path).await;
            let mut form = page.expect(200).form(path);
            form.fill("title", "Lesson")
                .fill("location", LINK)
                .fill("lengths.0.minutes", typed)
                .fill("lengths.0.minutes.unit", "minutes");
            let refused = farah.browser.submit(&page, &form).await;
            let links = refused.expect(422).links().into_iter();
            let links = links.filter(|link| link.href.starts_with("#lengths"));
            assert_eq!(links.count(), 1, "{typed}: {}", refused.text());
        }
    });
}
