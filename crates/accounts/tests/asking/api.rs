//! Tests of the JSON API, called through the router.

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::{self, Scope};
use identity::session::Stay;
use identity::session::token::PROFILE_READ;
use serde_json::{Value, json};
use site::Context;
use testkit::{Visitor, World};
use web::described::Description;

use crate::stage::{
    MIGRATIONS, PASSWORD, SONGS_READ, accounts, begin, client, expect_sign_in_mails, give, person,
    program, usual_hash, visitor,
};

pub(crate) fn csrf_token(session: &str) -> String {
    web::csrf::token(session, &platform::Random::seeded(1))
}

/// A client that calls the API with a person's session cookie, like a script on the site's own
/// pages.
pub(crate) async fn script(world: &World, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut visitor = visitor(&accounts(world));
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

#[test]
fn a_page_s_script_signs_in_and_out() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        give(world, &id, grant::OWNER, &Scope::site()).await;
        let mut visitor = visitor(&accounts);
        let right = json!({"email": "farah@example.my", "password": PASSWORD, "remember": true});
        let login = "/api/v1/auth/login";
        let refused = visitor
            .call(Method::POST, login, &right)
            .await
            .with(403)
            .json();
        assert_eq!(refused["code"], "csrf_failed");
        let page = visitor.get("/login").await;
        visitor.header("x-csrf-token", page.form("/login").value("_csrf").unwrap());
        let wrong = json!({"email": "farah@example.my", "password": "something else"});
        let refused = visitor.call(Method::POST, login, &wrong).await.with(401);
        assert_eq!(refused.json()["code"], "credentials_invalid");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        let odd = json!({"email": "farah@example.my", "password": PASSWORD, "want": "money"});
        visitor.call(Method::POST, login, &odd).await.with(422);
        let sent = visitor
            .send(Method::POST, login, Some("text/plain"), "{}".into())
            .await;
        sent.with(415);
        let me = visitor.call(Method::POST, login, &right).await.with(200);
        assert!(me.header("set-cookie").contains("Max-Age=604800"));
        assert_eq!(
            me.json(),
            json!({
                "id": id.to_string(),
                "display_name": "Farah binti Ali",
                "real_name": "",
                "bio": "",
                "location": "",
                "website": "",
                "email": "farah@example.my",
                "locale": "en",
                "unverified": false,
                "time_zone": "Asia/Kuala_Lumpur",
                "role": "owner",
            })
        );
        assert_eq!(visitor.get("/api/v1/me").await.with(200).json(), me.json());
        let logout = "/api/v1/auth/logout";
        visitor
            .call(Method::POST, logout, &Value::Null)
            .await
            .with(403);
        let token = csrf_token(visitor.cookie("kd_session").unwrap());
        visitor.header("x-csrf-token", &token);
        for _ in 0..2 {
            visitor
                .call(Method::POST, logout, &Value::Null)
                .await
                .with(204);
        }
        let refused = visitor.get("/api/v1/me").await.with(401);
        assert_eq!(refused.json()["code"], "unauthenticated");
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn a_program_does_what_its_token_was_made_for() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let mut reads = program(&accounts(world), &id, &[PROFILE_READ]).await;
        reads.get("/api/v1/me").await.with(200);
        for address in ["/api/v1/me/sessions", "/api/v1/me/tokens"] {
            let refused = reads.get(address).await.with(403).json();
            assert_eq!(refused["code"], "token_not_permitted", "{address}");
        }
        let new = json!({"name": "more", "scopes": ["profile:read"]});
        reads
            .call(Method::POST, "/api/v1/me/tokens", &new)
            .await
            .with(403);
        reads.get("/me/security").await.with(403);

        let other = person(world, "mei@example.my", None).await;
        let mut elsewhere = program(&accounts(world), &other, &[SONGS_READ]).await;
        let refused = elsewhere.get("/api/v1/me").await.with(403).json();
        assert_eq!(refused["code"], "scope_required");
        assert_eq!(refused["scope"], "profile:read");
    });
}

#[test]
fn a_bad_token_is_refused_whatever_cookie_comes_along() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let mut script = script(world, &id).await;
        script.get("/api/v1/me").await.with(200);
        for header in ["Bearer x", "Bearer kd_pat_", "Basic eDp5", "x", ""] {
            script.header("authorization", header);
            let refused = script.get("/api/v1/me").await.with(401).json();
            assert_eq!(refused["code"], "token_invalid", "{header}");
        }
    });
}

#[test]
fn sessions_are_listed_and_ended() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let other = person(world, "mei@example.my", None).await;
        let mut here = script(world, &id).await;
        begin(world, &id, Stay::Visit, client(2)).await;
        let mut stranger = script(world, &other).await;
        let list = here.get("/api/v1/me/sessions").await.with(200).json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        let away = items.iter().find(|item| item["current"] == false).unwrap();
        let address = format!("/api/v1/me/sessions/{}", away["id"].as_str().unwrap());
        stranger
            .call(Method::DELETE, &address, &Value::Null)
            .await
            .with(404);
        here.call(Method::DELETE, &address, &Value::Null)
            .await
            .with(204);
        here.call(Method::DELETE, &address, &Value::Null)
            .await
            .with(404);
        let nonsense = "/api/v1/me/sessions/nonsense";
        here.call(Method::DELETE, nonsense, &Value::Null)
            .await
            .with(404);
        world.clock.advance(identity::session::sudo::LIFETIME);
        let refused = here.call(Method::DELETE, &address, &Value::Null).await;
        assert_eq!(refused.with(403).json()["code"], "sudo_required");
        let list = here.get("/api/v1/me/sessions").await.with(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        assert_eq!(list["next_cursor"], Value::Null);
    });
}

#[test]
fn tokens_are_made_listed_and_taken_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let mut script = script(world, &id).await;
        let tokens = "/api/v1/me/tokens";
        for (body, status) in [
            (json!({}), 422),
            (json!({"name": "x", "scopes": ["everything"]}), 422),
            (json!({"name": "x", "scopes": []}), 422),
            (json!({"name": "", "scopes": ["songs:read"]}), 422),
            (
                json!({"name": "x", "scopes": ["songs:read"], "expires_in_days": 367}),
                422,
            ),
            (
                json!({"name": "x", "scopes": ["songs:read"], "more": 1}),
                422,
            ),
            (
                json!({"name": "x", "scopes": ["songs:read"], "club": "wedding"}),
                201,
            ),
            (json!({"name": "x", "scopes": ["songs:read"]}), 422),
        ] {
            let answer = script.call(Method::POST, tokens, &body).await;
            assert_eq!(answer.status.as_u16(), status, "{body} {}", answer.body);
            if status == 201 {
                assert!(
                    answer.json()["token"]
                        .as_str()
                        .unwrap()
                        .starts_with("kd_pat_")
                );
                assert_eq!(answer.json()["expires_at"], "2027-02-18T08:00:00Z");
            }
        }
        let list = script.get(tokens).await.with(200);
        assert!(!list.body.contains("kd_pat_"));
        let token = &list.json()["items"][0];
        assert_eq!(token["scopes"], json!(["songs:read"]));
        assert_eq!(token["club"], "wedding");
        let address = format!("{tokens}/{}", token["id"].as_str().unwrap());
        script
            .call(Method::DELETE, &address, &Value::Null)
            .await
            .with(204);
        script
            .call(Method::DELETE, &address, &Value::Null)
            .await
            .with(404);
    });
}

#[test]
fn a_signed_in_account_changes_six_hundred_things_in_five_minutes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let mut script = script(world, &id).await;
        let nonsense = "/api/v1/me/sessions/nonsense";
        for _ in 0..600 {
            script
                .call(Method::DELETE, nonsense, &Value::Null)
                .await
                .with(404);
        }
        let refused = script
            .call(Method::DELETE, nonsense, &Value::Null)
            .await
            .with(429);
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
        script.get("/api/v1/me").await.with(200);
    });
}

#[test]
fn what_a_token_may_not_do_counts_for_the_token_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let accounts = accounts(world);
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut script = visitor(&accounts);
        script.set_cookie("kd_session", begun.session.reveal());
        script.header("x-csrf-token", &csrf_token(begun.session.reveal()));
        let mut program = program(&accounts, &id, &[PROFILE_READ]).await;
        let nonsense = "/api/v1/me/sessions/nonsense";
        for _ in 0..600 {
            program
                .call(Method::DELETE, nonsense, &Value::Null)
                .await
                .with(403);
        }
        program
            .call(Method::DELETE, nonsense, &Value::Null)
            .await
            .with(429);
        program.get("/api/v1/me").await.with(200);
        script
            .call(Method::DELETE, nonsense, &Value::Null)
            .await
            .with(404);
    });
}

#[test]
fn the_description_names_every_address() {
    let described = accounts::web::api::routes::<Description<Context>>().into_openapi();
    let paths: Vec<_> = described.paths.paths.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "/api/v1/admin/audit",
            "/api/v1/admin/invites",
            "/api/v1/admin/invites/{id}",
            "/api/v1/admin/stats",
            "/api/v1/admin/suppressions",
            "/api/v1/admin/suppressions/{id}",
            "/api/v1/admin/users",
            "/api/v1/admin/users/{id}",
            "/api/v1/admin/users/{id}/activate",
            "/api/v1/admin/users/{id}/deactivate",
            "/api/v1/admin/users/{id}/duties",
            "/api/v1/admin/users/{id}/export",
            "/api/v1/admin/users/{id}/factor-reset",
            "/api/v1/admin/users/{id}/role",
            "/api/v1/admin/users/{id}/sign-out",
            "/api/v1/auth/email/confirm",
            "/api/v1/auth/email/undo",
            "/api/v1/auth/forgot",
            "/api/v1/auth/login",
            "/api/v1/auth/logout",
            "/api/v1/auth/logout-all",
            "/api/v1/auth/mfa",
            "/api/v1/auth/passkey/options",
            "/api/v1/auth/passkey/verify",
            "/api/v1/auth/refresh",
            "/api/v1/auth/register",
            "/api/v1/auth/reset",
            "/api/v1/auth/restore",
            "/api/v1/auth/revoke",
            "/api/v1/auth/sudo",
            "/api/v1/auth/sudo/options",
            "/api/v1/auth/token",
            "/api/v1/auth/verify",
            "/api/v1/auth/verify/resend",
            "/api/v1/me",
            "/api/v1/me/email",
            "/api/v1/me/export",
            "/api/v1/me/factor-reset",
            "/api/v1/me/group-links",
            "/api/v1/me/group-links/places",
            "/api/v1/me/group-links/{link}",
            "/api/v1/me/identities",
            "/api/v1/me/identities/{id}",
            "/api/v1/me/notices",
            "/api/v1/me/notices/read",
            "/api/v1/me/passkeys",
            "/api/v1/me/passkeys/options",
            "/api/v1/me/passkeys/{id}",
            "/api/v1/me/password",
            "/api/v1/me/recovery-codes",
            "/api/v1/me/sessions",
            "/api/v1/me/sessions/{id}",
            "/api/v1/me/slug",
            "/api/v1/me/tokens",
            "/api/v1/me/tokens/{id}",
            "/api/v1/me/totp",
            "/api/v1/me/totp/confirm",
            "/api/v1/me/trusted-contacts",
            "/api/v1/me/trusted-contacts/{account}",
            "/api/v1/slugs/preview",
            "/api/v1/slugs/{slug}",
            "/api/v1/webhooks",
            "/api/v1/webhooks/{id}",
            "/api/v1/webhooks/{id}/deliveries",
            "/api/v1/webhooks/{id}/rotate",
            "/api/v1/webhooks/{id}/test",
        ]
    );
}
