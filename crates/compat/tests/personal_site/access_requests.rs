//! Tests of requests for roles: who may make them, who decides, and what is stored.

use identity::grant::{ADMIN, OWNER, Scope};
use identity::person::erasure;
use platform::Tx;
use serde_json::{Value, json};
use site::domains::for_identity;
use testkit::{Page, together};

use crate::stage::{
    DOMAINS, PASSWORD, Person, Stage, browser, front_end_of, give, on_both, on_default, post,
    registration, with_backend,
};

const REQUESTS: &str = "/backend/protected/access-requests";
const PENDING: &str = "/backend/protected/admin/access-requests";

async fn ask(person: &mut Person, role: &str) -> Page {
    let body = json!({"requested_role": role, "message": "I know Farah."});
    person.call("POST", REQUESTS, &body).await
}

/// Signs in an owner of the installation in a browser.
async fn owner(stage: &Stage<'_>) -> Person {
    let mut owner = front_end_of(stage, "An Owner").await;
    let id = owner.who.account().id.clone();
    give(stage.world, &id, OWNER, &Scope::site()).await;
    owner.browser = browser(stage.world, stage, &id).await;
    owner
}

fn decision(request: &Value, what: &str) -> String {
    format!("{PENDING}/{}/{what}", request["id"].as_str().unwrap())
}

#[test]
fn a_role_is_asked_for_and_given() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut owner = owner(&stage).await;
        let mut mei = front_end_of(&stage, "Mei Lin").await;
        let made = ask(&mut mei, "trusted-contact").await.with(201).json();
        assert_eq!(made["user_id"], mei.who.account().id.to_string());
        assert_eq!(
            (&made["requested_role"], &made["message"], &made["status"]),
            (
                &json!("trusted-contact"),
                &json!("I know Farah."),
                &json!("pending")
            )
        );
        let again = ask(&mut mei, "trusted-contact").await.with(409).json();
        assert_eq!(again["code"], "request_pending");
        assert_eq!(again["error"], again["detail"]);

        let stats = "/backend/protected/admin/stats";
        let figures = owner.program.get(stats).await.with(200).json();
        assert_eq!(
            (
                &figures["pending_access_requests"],
                &figures["total_access_requests"]
            ),
            (&json!(1), &json!(1))
        );
        mei.program.get(PENDING).await.expect(403);
        let waiting = owner.program.get(PENDING).await.with(200).json();
        assert_eq!(waiting["total"], 1);
        let one = &waiting["requests"][0];
        assert_eq!(
            (&one["id"], &one["user_display_name"], &one["user_email"]),
            (&made["id"], &json!("Mei Lin"), &json!("Mei.Lin@example.my"))
        );

        // An access token does not suffice. Granting a role requires a session in which the person
        // confirmed their identity recently.
        let approve = decision(one, "approve");
        let token = owner.call("POST", &approve, &Value::Null).await.with(403);
        assert_eq!(token.json()["code"], "sudo_required");
        post(&mut mei.browser, &approve, Value::Null)
            .await
            .expect(403);
        let reason = json!({"admin_reason": "Welcome"});
        let done = post(&mut owner.browser, &approve, reason).await.with(200);
        assert_eq!(done.json(), json!({"message": "done"}));
        let me = mei.program.get("/backend/protected/auth/me").await.json();
        assert_eq!(
            me["roles"],
            json!(["user", "email-verified", "trusted-contact"])
        );
        let own = mei.program.get(REQUESTS).await.with(200).json();
        let one = &own["requests"][0];
        assert_eq!(
            (&one["status"], &one["admin_reason"], &own["total"]),
            (&json!("approved"), &json!("Welcome"), &json!(1))
        );
        let late = post(&mut owner.browser, &approve, Value::Null).await;
        assert_eq!(late.with(409).json()["code"], "request_decided");
        let waiting = owner.program.get(PENDING).await.json();
        assert_eq!(waiting, json!({"requests": [], "total": 0}));
    });
}

#[test]
fn a_request_is_turned_down_and_may_be_made_again() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut owner = owner(&stage).await;
        let mut mei = front_end_of(&stage, "Mei Lin").await;
        let made = ask(&mut mei, "trusted-contact").await.with(201).json();
        let reject = decision(&made, "reject");
        mei.call("POST", &reject, &Value::Null).await.expect(403);
        let long = json!({"admin_reason": "x".repeat(501)});
        let refused = owner.call("POST", &reject, &long).await.with(400).json();
        assert_eq!(refused["errors"][0]["pointer"], "/admin_reason");
        owner.call("POST", &reject, &Value::Null).await.expect(200);
        let me = mei.program.get("/backend/protected/auth/me").await.json();
        assert_eq!(me["roles"], json!(["user", "email-verified"]));
        ask(&mut mei, "trusted-contact").await.expect(201);
        let nothing = format!("{PENDING}/nothing/reject");
        owner.call("POST", &nothing, &Value::Null).await.expect(404);
    });
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut mei = front_end_of(&stage, "Mei Lin").await;
        for role in ["owner", "email-verified", ""] {
            let refused = ask(&mut mei, role).await.with(400).json();
            assert_eq!(refused["code"], "role_unknown", "{role}");
        }
        for message in [String::new(), " ".to_owned(), "x".repeat(1001)] {
            let body = json!({"message": message});
            let refused = mei.call("POST", REQUESTS, &body).await.with(400).json();
            assert_eq!(refused["errors"][0]["pointer"], "/message");
        }
        let own = mei.program.get(REQUESTS).await.json();
        assert_eq!(own, json!({"requests": [], "total": 0}));
        stage.visitor().get(REQUESTS).await.expect(401);

        let mut newcomer = stage.visitor();
        newcomer.header("sec-fetch-site", "same-origin");
        let (email, subject) = ("new@example.my", "Confirm your address for Kenduri Kami");
        stage.world.expect_mail(email, subject);
        let path = "/api/auth/register";
        post(&mut newcomer, path, registration(email))
            .await
            .with(202);
        let body = json!({"email": email, "password": PASSWORD});
        post(&mut newcomer, "/api/auth/login", body).await.with(200);
        let refused = post(&mut newcomer, REQUESTS, json!({"message": "Me"})).await;
        assert_eq!(refused.with(403).json()["code"], "email_unverified");
    });
}

#[test]
fn administrators_give_no_role_that_only_owners_give() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let admin = front_end_of(&stage, "An Admin").await;
        let id = admin.who.account().id.clone();
        give(stage.world, &id, ADMIN, &Scope::site()).await;
        let mut admin = browser(stage.world, &stage, &id).await;
        let mut owner = owner(&stage).await;
        let mut mei = front_end_of(&stage, "Mei Lin").await;
        let made = ask(&mut mei, "admin").await.with(201).json();
        let approve = decision(&made, "approve");
        post(&mut admin, &approve, Value::Null).await.expect(403);
        let waiting = owner.program.get(PENDING).await.json();
        assert_eq!(waiting["total"], 1, "it waits for an owner");
        post(&mut owner.browser, &approve, Value::Null)
            .await
            .expect(200);
        let me = mei.program.get("/backend/protected/auth/me").await.json();
        assert_eq!(me["roles"], json!(["user", "email-verified", "admin"]));
    });
}

#[test]
fn of_two_at_once_one_is_kept_and_one_decides() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let owner = owner(&stage).await;
        let mei = front_end_of(&stage, "Mei Lin").await;
        let asking = || {
            let mut program = mei.program.clone();
            async move {
                let body = json!({"message": "I know Farah."});
                post(&mut program, REQUESTS, body).await.status.as_u16()
            }
        };
        let (one, other) = together(asking(), asking()).await;
        assert_eq!((one.min(other), one.max(other)), (201, 409));
        let waiting = owner.program.clone().get(PENDING).await.json();
        let deciding = |what| {
            let mut browser = owner.browser.clone();
            let path = decision(&waiting["requests"][0], what);
            async move { post(&mut browser, &path, Value::Null).await.status.as_u16() }
        };
        let (one, other) = together(deciding("approve"), deciding("reject")).await;
        assert_eq!((one.min(other), one.max(other)), (200, 409));
    });
}

#[test]
fn they_are_exported_and_erased_with_the_account() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, true);
        let mut owner = owner(&stage).await;
        let mut mei = front_end_of(&stage, "Mei Lin").await;
        let made = ask(&mut mei, "trusted-contact").await.with(201).json();
        let reject = decision(&made, "reject");
        owner.call("POST", &reject, &Value::Null).await.expect(200);
        let export = "/backend/protected/auth/export-data";
        let copy = mei.browser.get(export).await.with(200);
        assert!(copy.body.contains("I know Farah."), "{}", copy.body);
        let erase = "/backend/protected/auth/delete-account";
        let method = axum::http::Method::DELETE;
        mei.browser
            .call(method, erase, &Value::Null)
            .await
            .expect(200);
        stage
            .world
            .clock
            .advance(jiff::SignedDuration::from_hours(8 * 24));
        erasure::run(for_identity(DOMAINS).leak(), stage.world.store())
            .await
            .unwrap();
        let id = mei.who.account().id.clone();
        let look = move |tx: &mut Tx<'_>| identity::account::find(tx, &id);
        assert!(stage.world.store().read(look).await.unwrap().is_none());
        let stats = "/backend/protected/admin/stats";
        let mut owner = browser(stage.world, &stage, &owner.who.account().id).await;
        let figures = owner.get(stats).await.with(200).json();
        assert_eq!(figures["total_access_requests"], 0);
    });
}
