//! Tests of feedback: who says what after a session, who reads it, and the criteria.

use identity::grant::OWNER;
use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{
    Booking, Person, Stage, erase, errors, exported, go_to, on_default, provider, script,
};

const FARAH: &str = "Farah.Ali@example.my";
const AINA: &str = "Aina.Yusof@example.my";

/// Books a free session on this day from 9 to 10 in Kuala Lumpur. Returns the booking's id.
async fn session(farah: &mut Person, member: &mut Person, day: &str) -> String {
    let slot = farah.offer(day, "09:00", 0).await;
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    let booked = member.call("POST", "/api/v1/bookings", &body).await;
    booked.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn give(person: &mut Person, booking: &str, body: &Value) -> Page {
    let path = format!("/api/v1/bookings/{booking}/feedback");
    person.call("POST", &path, body).await
}

async fn read(person: &mut Person, booking: &str) -> Vec<Value> {
    let path = format!("/api/v1/bookings/{booking}/feedback");
    let page = person.call("GET", &path, &Value::Null).await;
    page.expect(200).json()["items"].as_array().unwrap().clone()
}

/// The recipients of mails with this notification's text as the subject, in alphabetical order.
async fn told(stage: &Stage<'_>, subject: &str) -> Vec<String> {
    let subject = stage.start(subject);
    let mails = stage.world.mails().await.into_iter();
    let mails = mails.filter(|mail| mail.subject.starts_with(&subject));
    let mut all: Vec<String> = mails.map(|mail| mail.recipient).collect();
    all.sort();
    all
}

/// Adds a criterion that is answered with a score.
async fn add_criterion(owner: &mut Person, author: &str, label: &str) -> String {
    add_criterion_of(owner, "score", author, label).await
}

async fn add_criterion_of(owner: &mut Person, kind: &str, author: &str, label: &str) -> String {
    let path = "/admin/sessions/rubrics/new";
    let page = owner.browser.get(path).await;
    let mut form = page.expect(200).form(path);
    form.fill("author", author)
        .fill("kind", kind)
        .fill("label", label);
    owner.browser.submit(&page, &form).await.expect(303);
    let page = owner.browser.get("/admin/sessions/rubrics").await;
    let href = page.expect(200).link(label).href;
    href.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn both_sides_say_once_how_it_was() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let depth = add_criterion(&mut owner, "provider", "Technical depth").await;
        let calm = add_criterion(&mut owner, "member", "Calm").await;
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = session(&mut farah, &mut aina, "2026-11-24").await;
        let good = json!({"rating": 5});
        let early = give(&mut aina, &id, &good).await;
        assert_eq!(early.expect(422).json()["code"], "feedback_too_early");
        let form = format!("/me/bookings/{id}/feedback");
        aina.browser.get(&form).await.expect(422);
        go_to(stage, "2026-11-24T02:00:00Z").await;
        // The member writes on the page, as soon as the session is over.
        let booking = aina.browser.get(&format!("/me/bookings/{id}")).await;
        let link = booking.expect(200).link(&stage.say("feedback-give")).href;
        let page = aina.browser.get(&link).await;
        assert!(!page.expect(200).text().contains("Technical depth"));
        let mut written = page.form(&form);
        written
            .fill("rating", "4")
            .fill("verdict", "recommended")
            .fill("text", "A patient teacher")
            .fill("private_note", "Rather late");
        // Each criterion of the page is scored.
        let unscored = aina.browser.submit(&page, &written).await;
        unscored.expect(422);
        written.fill("scores.0.score", "3");
        let done = aina.browser.submit(&page, &written).await;
        assert_eq!(
            done.expect(303).location(),
            Some(&*format!("/me/bookings/{id}?done=marked"))
        );
        let twice = give(&mut aina, &id, &good).await;
        assert_eq!(twice.expect(409).json()["code"], "feedback_exists");
        assert_eq!(told(stage, "feedback-notice-arrived").await, [FARAH]);
        // The provider reads it only after answering, here by the API.
        assert!(read(&mut farah, &id).await.is_empty());
        let page = farah.browser.get(&format!("/me/bookings/{id}")).await;
        assert!(
            !page.text().contains("A patient teacher"),
            "{}",
            page.text()
        );
        for (body, expected) in [
            (json!({}), ("/rating", "required")),
            (json!({"rating": 6}), ("/rating", "out_of_range")),
            (
                json!({"rating": 5, "author": "member"}),
                ("/author", "unknown_field"),
            ),
            (
                json!({"rating": 5, "scores": [{"criterion": calm, "score": 1}]}),
                ("/scores/0/criterion", "unknown_option"),
            ),
        ] {
            let page = give(&mut farah, &id, &body).await;
            let found = errors(page.expect(422));
            assert_eq!(found, [(expected.0.to_owned(), expected.1.to_owned())]);
        }
        let scores = json!([{"criterion": depth, "score": 0}]);
        let body = json!({"rating": 2, "scores": scores, "private_note": "Not prepared"});
        let given = give(&mut farah, &id, &body).await.expect(201).json();
        assert_eq!(
            (&given["private_note"], &given["scores"]),
            (&json!("Not prepared"), &scores)
        );
        // The provider reads the member's without the private note.
        let seen = read(&mut farah, &id).await;
        assert_eq!(seen.len(), 2);
        assert_eq!(
            (&seen[0]["rating"], &seen[0]["text"]),
            (&json!(4), &json!("A patient teacher"))
        );
        assert_eq!(seen[0]["scores"], json!([{"criterion": calm, "score": 3}]));
        assert_eq!(seen[0]["private_note"], "");
        let text = farah
            .browser
            .get(&format!("/me/bookings/{id}"))
            .await
            .text();
        assert!(
            text.contains("A patient teacher") && text.contains("Calm"),
            "{text}"
        );
        assert!(!text.contains("Rather late"), "{text}");
        let by = |author: &'static str| {
            let english = stage.site.catalogue.speak(&web::Language::of("en"));
            english.with("feedback-by", [("author", author.into())])
        };
        assert!(text.contains(&by("member")), "{text}");
        let page = aina.browser.get(&format!("/me/bookings/{id}")).await;
        let own = page.text();
        assert!(
            own.contains(&by("own")) && !own.contains(&by("member")),
            "{own}"
        );
        assert_eq!(told(stage, "feedback-notice-arrived").await, [AINA, FARAH]);
        // Each reads their own private note, administrators both, and nobody else anything.
        let notes = |seen: &[Value]| -> Vec<String> {
            let all = seen
                .iter()
                .map(|one| one["private_note"].as_str().unwrap().to_owned());
            all.collect()
        };
        assert_eq!(notes(&read(&mut aina, &id).await), ["Rather late", ""]);
        assert_eq!(notes(&read(&mut farah, &id).await), ["", "Not prepared"]);
        let path = format!("/api/v1/bookings/{id}/feedback");
        let all = script(stage, &owner).get(&path).await.expect(200).json();
        let all = all["items"].as_array().unwrap().clone();
        assert_eq!(notes(&all), ["Rather late", "Not prepared"]);
        let text = owner
            .browser
            .get(&format!("/me/bookings/{id}"))
            .await
            .text();
        assert!(
            text.contains("Rather late") && text.contains("Not prepared"),
            "{text}"
        );
        owner.browser.get(&form).await.expect(403);
        let mut daniel = stage.person("Daniel Tan").await;
        give(&mut daniel, &id, &good).await.expect(404);
        daniel.browser.get(&form).await.expect(404);
    });
}

#[test]
fn the_author_changes_feedback_for_a_week_and_gives_it_for_a_month() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let calm = add_criterion(&mut owner, "member", "Calm").await;
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = session(&mut farah, &mut aina, "2026-11-24").await;
        go_to(stage, "2026-11-24T02:00:00Z").await;
        let scores = json!([{"criterion": calm, "score": 5}]);
        let body = json!({"rating": 5, "text": "Good", "scores": scores});
        let given = give(&mut aina, &id, &body).await.expect(201).json();
        let path = format!("/api/v1/feedback/{}", given["id"].as_str().unwrap());
        // A criterion by which somebody has scored is not deleted, but not asked for any more.
        let mut admin = script(stage, &owner);
        let at = format!("/api/v1/admin/rubrics/{calm}");
        let kept = admin
            .call("DELETE".parse().unwrap(), &at, &Value::Null)
            .await;
        assert_eq!(kept.expect(200).json()["active"], false);
        let change = json!({"version": 0, "text": "Very good"});
        farah.call("PATCH", &path, &change).await.expect(403);
        aina.call("PATCH", &path, &json!({"text": "No"}))
            .await
            .expect(428);
        let changed = aina.call("PATCH", &path, &change).await.expect(200).json();
        assert_eq!(
            (&changed["text"], &changed["rating"]),
            (&json!("Very good"), &json!(5))
        );
        assert_eq!(
            (&changed["scores"], &changed["revisions"]),
            (&scores, &json!(1))
        );
        aina.call("PATCH", &path, &change).await.expect(409);
        // The page shows what was said, with the criterion that is scored already.
        let form = format!("/me/bookings/{id}/feedback");
        let page = aina.browser.get(&form).await;
        let mut written = page.expect(200).form(&form);
        assert_eq!(written.value("text"), Some("Very good"));
        assert_eq!(written.value("scores.0.score"), Some("5"));
        written.fill("scores.0.score", "4").fill("verdict", "");
        aina.browser.submit(&page, &written).await.expect(303);
        let seen = read(&mut aina, &id).await;
        assert_eq!(seen[0]["scores"], json!([{"criterion": calm, "score": 4}]));
        go_to(stage, "2026-12-01T02:00:00Z").await;
        let last = json!({"version": 2, "text": "Good enough"});
        aina.call("PATCH", &path, &last).await.expect(200);
        go_to(stage, "2026-12-01T02:00:00.001Z").await;
        let late = aina
            .call("PATCH", &path, &json!({"version": 3, "text": "Bad"}))
            .await;
        assert_eq!(late.expect(422).json()["code"], "feedback_closed");
        go_to(stage, "2026-12-24T02:00:00.001Z").await;
        let late = give(&mut farah, &id, &json!({"rating": 3})).await;
        assert_eq!(late.expect(422).json()["code"], "feedback_closed");
    });
}

#[test]
fn a_criterion_may_ask_for_words() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let depth = add_criterion(&mut owner, "provider", "Technical depth").await;
        let strengths = add_criterion_of(&mut owner, "text", "provider", "Strengths").await;
        let steps = add_criterion_of(&mut owner, "text", "provider", "Next steps").await;
        let ours = add_criterion_of(&mut owner, "text", "member", "The best part").await;
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = session(&mut farah, &mut aina, "2026-11-24").await;
        go_to(stage, "2026-11-24T02:00:00Z").await;
        for (list, body, pointer, code) in [
            (
                "score",
                json!({"answers": [{"criterion": depth, "text": "Deep"}]}),
                "/answers/0/criterion",
                "unknown_option",
            ),
            (
                "text",
                json!({"scores": [{"criterion": steps, "score": 3}]}),
                "/scores/0/criterion",
                "unknown_option",
            ),
            (
                "other side",
                json!({"answers": [{"criterion": ours, "text": "All"}]}),
                "/answers/0/criterion",
                "unknown_option",
            ),
            (
                "twice",
                json!({"answers": [{"criterion": steps, "text": "Read"}, {"criterion": steps, "text": "Write"}]}),
                "/answers/1/criterion",
                "unknown_option",
            ),
            (
                "long",
                json!({"answers": [{"criterion": steps, "text": "x".repeat(4_001)}]}),
                "/answers/0/text",
                "too_long",
            ),
        ] {
            let mut body = body;
            body["rating"] = json!(4);
            let page = give(&mut farah, &id, &body).await;
            let found = errors(page.expect(422));
            assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{list}");
        }
        // On the page, words may be left out and scores may not; what was written stays.
        let form = format!("/me/bookings/{id}/feedback");
        let page = farah.browser.get(&form).await;
        let mut written = page.expect(200).form(&form);
        written
            .fill("rating", "4")
            .fill("answers.0.text", "Clear\nand kind");
        let refused = farah.browser.submit(&page, &written).await;
        let mut written = refused.expect(422).form(&form);
        assert_eq!(written.value("answers.0.text"), Some("Clear\nand kind"));
        written.fill("scores.0.score", "3");
        farah.browser.submit(&refused, &written).await.expect(303);
        give(&mut aina, &id, &json!({"rating": 5}))
            .await
            .expect(201);
        let mut seen = read(&mut aina, &id).await;
        seen.retain(|one| one["author"] == "provider");
        let said = json!([{"criterion": strengths, "text": "Clear\nand kind"}]);
        assert_eq!(seen[0]["answers"], said);
        assert_eq!(seen[0]["scores"], json!([{"criterion": depth, "score": 3}]));
        let text = aina.browser.get(&format!("/me/bookings/{id}")).await.text();
        assert!(
            text.contains("Strengths") && text.contains("and kind"),
            "{text}"
        );
        assert!(!text.contains("Next steps"), "{text}");
        // A criterion that is not asked for any more keeps its answers, and a new answer is refused.
        let mut admin = script(stage, &owner);
        for criterion in [&strengths, &steps] {
            let at = format!("/api/v1/admin/rubrics/{criterion}");
            let kept = admin
                .call("DELETE".parse().unwrap(), &at, &Value::Null)
                .await;
            assert_eq!(kept.expect(200).json()["active"], false);
        }
        let page = farah.browser.get(&form).await;
        let mut written = page.expect(200).form(&form);
        assert_eq!(written.value("answers.0.text"), Some("Clear\nand kind"));
        assert_eq!(written.value("answers.1.text"), None);
        written.fill("answers.0.text", "Clear");
        farah.browser.submit(&page, &written).await.expect(303);
        let path = format!("/api/v1/feedback/{}", seen[0]["id"].as_str().unwrap());
        let late = json!({"version": 1, "answers": [{"criterion": steps, "text": "Read"}]});
        let late = farah.call("PATCH", &path, &late).await;
        let found = errors(late.expect(422));
        assert_eq!(found[0].0, "/answers/0/criterion");
        let copy = exported(stage, &aina).await;
        let copied = copy["feedback"].as_array().unwrap().iter();
        let mut theirs = copied.filter(|one| one["author"] == "provider");
        assert_eq!(theirs.next().unwrap()["answers"][0]["text"], "Clear");
        erase(stage, &aina).await;
        let mut seen = read(&mut farah, &id).await;
        seen.retain(|one| one["author"] == "provider");
        assert_eq!(
            (&seen[0]["answers"], &seen[0]["rating"]),
            (&json!([]), &json!(4))
        );
    });
}

#[test]
fn of_a_session_that_did_not_take_place_nobody_says_how_it_was() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let cancelled = session(&mut farah, &mut aina, "2026-11-23").await;
        let missed = session(&mut farah, &mut aina, "2026-11-24").await;
        let left = session(&mut farah, &mut aina, "2026-11-25").await;
        aina.cancel(&format!("/me/bookings/{cancelled}"))
            .await
            .expect(303);
        go_to(stage, "2026-11-25T02:00:00Z").await;
        for (person, booking, outcome) in [
            (&mut farah, &missed, "no_show_member"),
            (&mut aina, &left, "no_show_provider"),
        ] {
            let at = format!("/api/v1/bookings/{booking}/outcome");
            person
                .call("POST", &at, &json!({"outcome": outcome}))
                .await
                .expect(200);
        }
        let path = format!("/api/v1/bookings/{left}");
        let claim = aina.call("GET", &path, &Value::Null).await.json()["claim"]["id"].clone();
        let answer = format!("/api/v1/claims/{}/answer", claim.as_str().unwrap());
        let agrees = json!({"agrees": true});
        let answered = farah.call("POST", &answer, &agrees).await;
        assert_eq!(answered.expect(200).json()["state"], "agreed");
        let good = json!({"rating": 5});
        for booking in [&cancelled, &missed, &left] {
            let closed = give(&mut aina, booking, &good).await;
            assert_eq!(closed.expect(422).json()["code"], "feedback_closed");
        }
        for booking in [&cancelled, &left] {
            let closed = give(&mut farah, booking, &good).await;
            assert_eq!(closed.expect(422).json()["code"], "feedback_closed");
        }
        give(&mut farah, &missed, &good).await.expect(201);
    });
}

#[test]
fn ratings_are_public_from_three_on() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slug = json!({"slug": "farah"});
        let claimed = script(stage, &farah)
            .call("PUT".parse().unwrap(), "/api/v1/me/slug", &slug)
            .await;
        assert!(claimed.status.is_success(), "{}", claimed.body);
        let mut all = Vec::new();
        for day in 23..26 {
            all.push(session(&mut farah, &mut aina, &format!("2026-11-{day}")).await);
        }
        go_to(stage, "2026-11-25T02:00:00Z").await;
        let mean = async || stage.visitor().get("/book/farah").await.expect(200).text();
        for (booking, rating) in all.iter().zip([5, 4, 4]) {
            let text = mean().await;
            assert!(!text.contains(" of 5"), "{text}");
            give(&mut aina, booking, &json!({"rating": rating}))
                .await
                .expect(201);
            // What the provider says about members is not a rating of the provider.
            give(&mut farah, booking, &json!({"rating": 1}))
                .await
                .expect(201);
        }
        let text = mean().await;
        assert!(text.contains("4.3 of 5, from 3 ratings"), "{text}");
    });
}

#[test]
fn who_has_not_said_how_it_was_is_asked_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let first = session(&mut farah, &mut aina, "2026-11-24").await;
        session(&mut farah, &mut aina, "2026-11-25").await;
        let last = session(&mut farah, &mut aina, "2026-11-26").await;
        let end: jiff::Timestamp = "2026-11-24T02:00:00Z".parse().unwrap();
        let now = stage.site.clock.now();
        stage.world.clock.advance(end.duration_since(now));
        give(&mut aina, &first, &json!({"rating": 5}))
            .await
            .expect(201);
        stage.work().await;
        assert_eq!(told(stage, "feedback-notice-ask").await, [FARAH]);
        // A server that was off for more than an hour asks by a notice alone.
        go_to(stage, "2026-11-25T03:00:00.001Z").await;
        assert_eq!(told(stage, "feedback-notice-ask").await, [FARAH]);
        let subject = stage.start("feedback-notice-ask");
        let page = aina.browser.get("/me/notices").await;
        assert!(page.expect(200).text().contains(&subject));
        // A cancelled session is not asked about.
        farah.cancel(&format!("/me/bookings/{last}")).await;
        go_to(stage, "2026-11-26T02:00:00Z").await;
        assert_eq!(told(stage, "feedback-notice-ask").await, [FARAH]);
    });
}

#[test]
fn who_leaves_takes_their_words_along_and_ratings_stay() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = session(&mut farah, &mut aina, "2026-11-24").await;
        go_to(stage, "2026-11-24T02:00:00Z").await;
        let body = json!({"rating": 5, "text": "Mine", "private_note": "My secret"});
        give(&mut aina, &id, &body).await.expect(201);
        let body = json!({"rating": 3, "text": "About Aina", "private_note": "Their secret"});
        give(&mut farah, &id, &body).await.expect(201);
        let copy = exported(stage, &aina).await;
        let text = copy["feedback"].to_string();
        for part in ["Mine", "My secret", "About Aina"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("Their secret"), "{text}");
        erase(stage, &aina).await;
        for part in ["Mine", "My secret", "About Aina", "Their secret"] {
            let places = stage.world.places_of(part);
            let left: Vec<_> = places
                .iter()
                .filter(|place| place.starts_with("feedback"))
                .collect();
            assert!(left.is_empty(), "{part}: {places:?}");
        }
        let seen = read(&mut farah, &id).await;
        assert_eq!(
            (&seen[0]["rating"], &seen[0]["text"]),
            (&json!(5), &json!(""))
        );
    });
}

#[test]
fn after_two_weeks_a_side_reads_what_the_other_said_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = session(&mut farah, &mut aina, "2026-11-24").await;
        go_to(stage, "2026-11-24T02:00:00Z").await;
        give(&mut farah, &id, &json!({"rating": 4}))
            .await
            .expect(201);
        for (at, count) in [("2026-12-08T02:00:00Z", 0), ("2026-12-08T02:00:01Z", 1)] {
            go_to(stage, at).await;
            assert_eq!(read(&mut aina, &id).await.len(), count, "{at}");
            assert_eq!(read(&mut farah, &id).await.len(), 1, "{at}");
        }
    });
}
