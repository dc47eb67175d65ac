//! Tests of the older personal site's timer routes, called by its front end.

use countdowns::countdown::{self, READ, WRITE};
use countdowns::phrase::MODERATOR;
use identity::grant::{ADMIN, Role, Scope};
use jiff::SignedDuration;
use platform::Tx;
use serde_json::{Value, json};
use testkit::{Visitor, rounds, together};

use crate::stage::{
    self, PASSWORD, Person, Stage, errors, front_end_of, on_both, on_default, post, registration,
    with_backend,
};

const API: &str = "/api/v1/countdowns";
const TIMERS: &str = "/backend/protected/incident-timers";
const PREFERENCES: &str = "/backend/protected/auth/preferences";
const PHRASES: &str = "/backend/protected/phrases";
const ADMIN_PHRASES: &str = "/backend/protected/admin/phrases";
const PENDING: &str = "/backend/protected/admin/suggestions";

async fn give(stage: &Stage<'_>, person: &Person, role: Role) {
    stage::give(stage.world, &person.who.account().id, role, &Scope::site()).await;
}

fn expect_decision(stage: &Stage<'_>, person: &Person, became: &str) {
    let subject = format!("Your phrase was {became} – Kenduri Kami");
    let email = &person.who.account().email;
    stage.world.expect_mail(email, &subject);
}

async fn get(person: &mut Person, path: &str) -> Value {
    let page = person.program.get(path).await;
    page.expect(200);
    page.json()
}

async fn reset(person: &mut Person, body: Value) -> Value {
    let page = person.call("POST", TIMERS, &body).await;
    page.expect(201);
    page.json()
}

async fn show(person: &mut Person, is_public: bool, is_listed: bool) -> Value {
    let body = json!({"timer_is_public": is_public, "timer_show_in_list": is_listed});
    let page = person.call("PUT", PREFERENCES, &body).await;
    page.expect(200);
    page.json()
}

#[test]
fn nothing_answers_unless_it_is_switched_on() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let paths = [TIMERS, PHRASES, PENDING, "/backend/public/public-timers"];
        for path in paths {
            farah.browser.get(path).await.expect(404);
        }
        let mut alone = with_backend(stage, false).visitor();
        alone.get("/backend/public/public-timers").await.expect(200);
        let body = json!({"timer_is_public": true, "timer_show_in_list": true});
        let put = axum::http::Method::PUT;
        alone
            .call(put, "/api/user/preferences", &body)
            .await
            .expect(404);
    });
}

#[test]
fn timers_are_resets_of_the_primary_countdown() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut farah = front_end_of(&stage, "Farah Ali").await;
        let mut other = front_end_of(&stage, "Mei Lin").await;
        assert_eq!(get(&mut farah, TIMERS).await, json!([]));
        let stats = format!("{TIMERS}/stats");
        assert_eq!(get(&mut farah, &stats).await, json!({"streak_stats": null}));
        assert_eq!(
            get(&mut farah, API).await["total"],
            0,
            "reading makes nothing"
        );

        let first = reset(&mut farah, json!({"notes": "Coffee"})).await;
        assert_eq!(first["notes"], "Coffee");
        for member in ["id", "reset_timestamp", "created_at", "updated_at"] {
            assert!(first[member].is_string(), "{first}");
        }
        stage.world.clock.advance(SignedDuration::from_secs(100));
        let second = reset(&mut farah, json!({"reset_timestamp": null, "notes": null})).await;
        assert_eq!(second["notes"], Value::Null);
        stage.world.clock.advance(SignedDuration::from_secs(20));
        let all = get(&mut farah, TIMERS).await;
        assert_eq!(all, json!([second, first]));
        let made = get(&mut farah, API).await;
        assert_eq!(made["total"], 1, "the second reset makes no other one");
        let made = &made["items"][0];
        assert_eq!(made["title"], "Since the last incident");
        assert_eq!(
            (&made["kind"], &made["is_primary"]),
            (&json!("since"), &json!(true))
        );
        assert_eq!(made["visibility"], "private");
        let expected = json!({
            "longest_streak_seconds": 100, "average_streak_seconds": 60,
            "total_completed_streaks": 2,
        });
        assert_eq!(get(&mut farah, &stats).await["streak_stats"], expected);

        let at = format!("{TIMERS}/{}", first["id"].as_str().unwrap());
        let kept = farah
            .call(
                "PUT",
                &at,
                &json!({"reset_timestamp": first["reset_timestamp"]}),
            )
            .await;
        kept.expect(200);
        assert_eq!(kept.json()["notes"], "Coffee", "what is left out stays");
        let cleared = farah.call("PUT", &at, &json!({"notes": null})).await;
        cleared.expect(200);
        assert_eq!(cleared.json()["notes"], Value::Null);

        // Another person's timer gets a 404, like a timer that does not exist.
        reset(&mut other, json!({})).await;
        for path in [at.as_str(), "/backend/protected/incident-timers/nothing"] {
            let refused = other.call("PUT", path, &json!({"notes": "x"})).await;
            refused.expect(404);
            assert_eq!(refused.json()["error"], refused.json()["detail"]);
            other.call("DELETE", path, &Value::Null).await.expect(404);
        }
        farah.call("DELETE", &at, &Value::Null).await.expect(204);
        assert_eq!(get(&mut farah, TIMERS).await, json!([second]));
    });
}

#[test]
fn a_timer_lies_behind_and_says_what_is_wrong() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut farah = front_end_of(&stage, "Farah Ali").await;
        let late = json!({"reset_timestamp": "2999-01-01T00:00:00Z", "notes": "x".repeat(501)});
        let refused = farah.call("POST", TIMERS, &late).await;
        refused.expect(400);
        let expected = [
            ("/reset_timestamp", "reset_in_future"),
            ("/notes", "too_long"),
        ];
        assert_eq!(
            errors(&refused),
            expected.map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
        assert_eq!(
            get(&mut farah, API).await["total"],
            0,
            "a refusal makes nothing"
        );
        // If a person's primary countdown counts down, it is not replaced.
        let body =
            json!({"title": "Raya", "kind": "until", "target": "2999-01-01", "is_primary": true});
        let mut mei = front_end_of(&stage, "Mei Lin").await;
        let mut counts = stage.program(&mei.who.account().id, &[READ, WRITE]).await;
        post(&mut counts, API, body).await.with(201);
        let refused = mei.call("POST", TIMERS, &json!({})).await;
        refused.expect(400);
        assert_eq!(refused.json()["code"], "wrong_kind");
        assert_eq!(get(&mut mei, TIMERS).await, json!([]));
    });
}

#[test]
fn somebody_who_is_not_confirmed_resets_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut browser = stage.visitor();
        browser.header("sec-fetch-site", "same-origin");
        let (email, path) = ("mei@example.my", "/api/auth/register");
        let subject = "Confirm your address for Kenduri Kami";
        stage.world.expect_mail(email, subject);
        post(&mut browser, path, registration(email))
            .await
            .with(202);
        let body = json!({"email": email, "password": PASSWORD});
        post(&mut browser, "/api/auth/login", body).await.with(200);
        let post = axum::http::Method::POST;
        let refused = browser.call(post.clone(), TIMERS, &json!({})).await;
        refused.expect(403);
        assert_eq!(refused.json()["code"], "email_unverified");
        let suggestions = format!("{PHRASES}/suggestions");
        let body = json!({"phrase_text": "Keep going"});
        browser.call(post, &suggestions, &body).await.expect(403);
        let put = axum::http::Method::PUT;
        let body = json!({"timer_is_public": true, "timer_show_in_list": false});
        browser.call(put, PREFERENCES, &body).await.expect(403);
    });
}

#[test]
fn a_timer_is_seen_by_those_who_may() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut farah = front_end_of(&stage, "Farah Ali").await;
        let mut anybody = stage.visitor();
        let path = "/backend/public/farah-ali/incident-timer";
        let missing = anybody.get("/backend/public/nobody/incident-timer").await;
        missing.expect(404);
        let newest = reset(&mut farah, json!({"notes": "Tea"})).await;
        let hidden = anybody.get(path).await;
        hidden.expect(404);
        let told = |page: &testkit::Page| {
            let mut body = page.json();
            body["request_id"].take();
            body["instance"].take();
            body
        };
        assert_eq!(told(&hidden), told(&missing), "one answer for all");
        farah.browser.get(path).await.expect(404);

        let user = show(&mut farah, true, false).await;
        assert_eq!(user["slug"], "farah-ali");
        let preferences = json!({
            "timer_is_public": true, "timer_show_in_list": false, "notify_blog_posts": false,
        });
        assert_eq!(user["preferences"], preferences);
        stage.world.clock.advance(SignedDuration::from_secs(30));
        let page = anybody.get(path).await;
        page.expect(200);
        let seen = page.json();
        for member in ["id", "reset_timestamp", "notes", "created_at", "updated_at"] {
            assert_eq!(seen[member], newest[member], "{member}");
        }
        assert_eq!(seen["user_display_name"], "Farah Ali");
        assert_eq!(seen["streak_stats"]["average_streak_seconds"], 30);
        let list = "/backend/public/public-timers";
        assert_eq!(anybody.get(list).await.json(), json!([]));

        show(&mut farah, true, true).await;
        let found = anybody
            .get(&format!("{list}?page=1&page_size=900&search=FARAH"))
            .await
            .json();
        let line = &found[0];
        assert_eq!(
            (&line["slug"], &line["display_name"]),
            (&json!("farah-ali"), &json!("Farah Ali"))
        );
        assert_eq!(
            (&line["notes"], &line["reset_timestamp"]),
            (&json!("Tea"), &newest["reset_timestamp"])
        );
        assert!(line["id"].is_string() && line["created_at"].is_string());
        assert_eq!(
            anybody.get(&format!("{list}?search=mei")).await.json(),
            json!([])
        );
        assert_eq!(
            anybody.get(&format!("{list}?page=2")).await.json(),
            json!([])
        );

        // The combination of the two settings is invalid, so neither is changed.
        let wrong = json!({"timer_is_public": false, "timer_show_in_list": true});
        show(&mut farah, false, false).await;
        let refused = farah.call("PUT", PREFERENCES, &wrong).await;
        refused.expect(400);
        let expected = [(
            "/timer_show_in_list".to_owned(),
            "listed_requires_public".to_owned(),
        )];
        assert_eq!(errors(&refused), expected);
        anybody.get(path).await.expect(404);

        let body =
            json!({"timer_is_public": true, "timer_show_in_list": true, "notify_blog_posts": true});
        let put = axum::http::Method::PUT;
        let done = farah
            .browser
            .call(put, "/api/user/preferences", &body)
            .await;
        done.expect(200);
        assert_eq!(done.json(), json!({"message": "done"}));
        anybody.get(path).await.expect(200);
    });
}

#[test]
fn phrases_are_listed_hidden_and_drawn() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut admin = front_end_of(&stage, "An Admin").await;
        give(&stage, &admin, ADMIN).await;
        let mut farah = front_end_of(&stage, "Farah Ali").await;
        let body = json!({"phrase_text": "Keep going"});
        farah.call("POST", ADMIN_PHRASES, &body).await.expect(403);
        let made = admin.call("POST", ADMIN_PHRASES, &body).await;
        made.expect(201);
        let first = made.json();
        assert_eq!(
            (&first["phrase_text"], &first["active"]),
            (&json!("Keep going"), &json!(true))
        );
        assert_eq!(first["created_by"], admin.who.account().id.to_string());
        admin.call("POST", ADMIN_PHRASES, &body).await.expect(409);
        let short = admin
            .call("POST", ADMIN_PHRASES, &json!({"phrase_text": "no"}))
            .await;
        short.expect(400);
        assert_eq!(errors(&short)[0].0, "/phrase_text");
        let body = json!({"phrase_text": "Never mind", "active": false});
        let second = admin.call("POST", ADMIN_PHRASES, &body).await;
        second.expect(201);
        let second = second.json();
        assert_eq!(second["active"], false);

        for path in [
            PHRASES.to_owned(),
            format!("{PHRASES}/user?limit=5&search=KEEP"),
        ] {
            let list = get(&mut farah, &path).await;
            assert_eq!(
                (&list["total"], list["phrases"].as_array().unwrap().len()),
                (&json!(1), 1)
            );
            let one = &list["phrases"][0];
            assert_eq!(
                (&one["id"], &one["is_excluded"]),
                (&first["id"], &json!(false))
            );
            assert_eq!(
                one["created_by"],
                Value::Null,
                "whose it is, is not theirs to know"
            );
            assert!(one["created_at"].is_string() && one["updated_at"].is_string());
        }
        let none = get(&mut farah, &format!("{PHRASES}/user?offset=1")).await;
        assert_eq!((&none["total"], &none["phrases"]), (&json!(1), &json!([])));
        assert_eq!(
            get(&mut farah, &format!("{PHRASES}/random")).await,
            "Keep going"
        );

        let exclude = format!("{PHRASES}/exclude/{}", first["id"].as_str().unwrap());
        for _ in 0..2 {
            farah.call("POST", &exclude, &Value::Null).await.expect(200);
        }
        assert_eq!(
            get(&mut farah, &format!("{PHRASES}/random")).await,
            Value::Null
        );
        let hidden = get(&mut farah, &format!("{PHRASES}/excluded")).await;
        assert_eq!(hidden["total"], 1);
        assert_eq!(hidden["excluded_phrases"][0]["phrase_id"], first["id"]);
        assert_eq!(hidden["excluded_phrases"][0]["phrase_text"], "Keep going");
        farah
            .call("DELETE", &exclude, &Value::Null)
            .await
            .expect(200);
        let nothing = format!("{PHRASES}/exclude/nothing");
        farah.call("POST", &nothing, &Value::Null).await.expect(404);

        let mut anybody = stage.visitor();
        let public = "/backend/public/farah-ali/phrase";
        anybody.get(public).await.expect(404);
        reset(&mut farah, json!({})).await;
        show(&mut farah, true, false).await;
        let drawn = anybody.get(public).await;
        drawn.expect(200);
        assert_eq!(drawn.json(), "Keep going");

        let all = get(
            &mut admin,
            &format!("{ADMIN_PHRASES}?include_inactive=true"),
        )
        .await;
        assert_eq!(all["total"], 2);
        assert_eq!(get(&mut admin, ADMIN_PHRASES).await["total"], 1);
        let at = format!("{ADMIN_PHRASES}/{}", second["id"].as_str().unwrap());
        let shown = admin.call("PUT", &at, &json!({"active": true})).await;
        shown.expect(200);
        assert_eq!(shown.json()["active"], true);
        let other = json!({"phrase_text": "Other words"});
        admin.call("PUT", &at, &other).await.expect(400);
        admin.call("DELETE", &at, &Value::Null).await.expect(200);
        assert_eq!(get(&mut admin, ADMIN_PHRASES).await["total"], 1);
    });
}

#[test]
fn suggestions_are_made_and_decided_on() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut admin = front_end_of(&stage, "An Admin").await;
        give(&stage, &admin, ADMIN).await;
        let mut moderator = front_end_of(&stage, "A Moderator").await;
        give(&stage, &moderator, MODERATOR).await;
        let mut farah = front_end_of(&stage, "Farah Ali").await;
        let suggestions = format!("{PHRASES}/suggestions");
        let mut ids = Vec::new();
        for text in ["Keep going", "Never mind"] {
            let made = farah
                .call("POST", &suggestions, &json!({"phrase_text": text}))
                .await;
            made.expect(201);
            assert_eq!(
                (&made.json()["phrase_text"], &made.json()["status"]),
                (&json!(text), &json!("pending"))
            );
            ids.push(made.json()["id"].as_str().unwrap().to_owned());
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        farah.program.get(PENDING).await.expect(403);
        let pending = get(&mut admin, PENDING).await;
        assert_eq!(pending["total"], 2);
        let one = &pending["suggestions"][0];
        assert_eq!(
            (&one["phrase_text"], &one["user_display_name"]),
            (&json!("Keep going"), &json!("Farah Ali"))
        );
        assert_eq!(one["user_email"], "Farah.Ali@example.my");
        let pending = get(&mut moderator, PENDING).await;
        assert_eq!(pending["suggestions"][0]["user_email"], Value::Null);

        let stats = "/backend/protected/admin/stats";
        moderator.program.get(stats).await.expect(403);
        let figures = get(&mut admin, stats).await;
        let expected = json!({
            "total_users": 3, "active_users": 3, "pending_suggestions": 2, "total_phrases": 0,
            "pending_access_requests": 0, "total_access_requests": 0,
        });
        assert_eq!(figures, expected);

        let decide = |id: &str, what: &str| format!("{PENDING}/{id}/{what}");
        let reason = json!({"admin_reason": "Said before"});
        admin
            .call("POST", &decide(&ids[0], "approve"), &reason)
            .await
            .expect(200);
        admin
            .call("POST", &decide(&ids[0], "approve"), &Value::Null)
            .await
            .expect(409);
        moderator
            .call("POST", &decide(&ids[1], "reject"), &reason)
            .await
            .expect(200);
        expect_decision(&stage, &farah, "accepted");
        expect_decision(&stage, &farah, "not accepted");
        let own = get(&mut farah, &suggestions).await;
        assert_eq!(own["total"], 2);
        let told: Vec<_> = own["suggestions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["status"].clone(), one["admin_reason"].clone()))
            .collect();
        let expected = [
            (json!("rejected"), json!("Said before")),
            (json!("approved"), Value::Null),
        ];
        assert_eq!(told, expected);
        assert_eq!(
            own["suggestions"][0]["user_id"],
            farah.who.account().id.to_string()
        );
    });
}

#[test]
fn two_first_resets_make_one_primary_countdown() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let other = stage.beside();
        for round in 0..rounds() {
            let mut farah = front_end_of(&stage, &format!("Farah Ali {round}")).await;
            let first = |mut program: Visitor| {
                let token = farah.token.clone();
                async move {
                    program.header("authorization", &token);
                    let body = json!({"notes": "Coffee"});
                    let made = post(&mut program, TIMERS, body).await;
                    made.status.as_u16()
                }
            };
            let (one, two) = together(first(stage.visitor()), first(other.visitor())).await;
            assert_eq!((one, two), (201, 201), "round {round}");
            let who = farah.who.clone();
            let look = move |tx: &mut Tx<'_>| countdown::list(tx, &who);
            let all = stage.world.store().read(look).await.unwrap();
            let [one] = &all[..] else { panic!("{all:?}") };
            assert!(one.is_primary);
            assert_eq!(get(&mut farah, TIMERS).await.as_array().unwrap().len(), 2);
        }
    });
}
