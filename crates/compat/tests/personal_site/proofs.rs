//! Tests of the credentials that the older personal site's routes accept: a session's cookie and,
//! for the caller's own credentials and sessions, also an access token from the sign-in.

use axum::http::Method;
use identity::grant::{OWNER, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::stage::{
    ALONE, EMAIL, OWN, PASSWORD, PUBLIC, Stage, USERS, WITH_AUTH, browser, expect_sign_in_mails,
    front_end, give, in_world, login, older, person, post, put, sign_in, usual_hash,
};

const ADDRESS: &str = "owner@example.my";

/// Asserts that each of these requests is refused, because the person has not confirmed their
/// identity recently.
async fn expect_refusals(front: &mut Visitor, acts: &[(Method, String)]) {
    for (method, path) in acts {
        let refused = front.call(method.clone(), path, &Value::Null).await;
        let refused = refused.with(403).json();
        assert_eq!(refused["code"], "sudo_required", "{path}");
    }
}

fn own(path: &str) -> String {
    format!("{OWN}/{path}")
}

/// Requests that delete data or change other accounts.
fn beyond_one_s_own(other: &str) -> Vec<(Method, String)> {
    let of_other = |what| (Method::POST, format!("{USERS}/{other}/{what}"));
    let roles = format!("{USERS}/{other}/roles/trusted-contact");
    vec![
        (Method::GET, own("export-data")),
        (Method::DELETE, own("delete-account")),
        of_other("promote"),
        of_other("deactivate"),
        (Method::POST, roles.clone()),
        (Method::DELETE, roles),
    ]
}

/// Signs in through Kenduri's own API, as an API client does.
async fn program_tokens(accounts: &Stage<'_>) -> Value {
    let body = json!({"email": ADDRESS, "password": PASSWORD, "want": "tokens"});
    let page: Page = post(&mut accounts.visitor(), "/api/v1/auth/login", body).await;
    page.with(200).json()
}

#[test]
fn an_access_token_proves_no_recent_sign_in() {
    in_world(async |world| {
        let accounts = older(world, WITH_AUTH);
        let hash = usual_hash(world).await;
        let owner = person(world, ADDRESS, Some(&hash)).await;
        give(world, &owner, OWNER, &Scope::site()).await;
        let farah = person(world, EMAIL, None).await;

        // From here on, requests are sent shortly after the sign-in.
        let mut page = browser(world, &accounts, &owner).await;
        let jwt = page.get("/api/auth/jwt").await.with(200).json();
        let session = page.cookie("kd_session").unwrap();
        let csrf = web::csrf::token(session, &accounts.site.random);
        page.header("x-csrf-token", &csrf);
        let script = post(&mut page, "/api/v1/auth/token", Value::Null).await;
        let script = json!({"token": script.with(200).json()["access_token"]});
        expect_sign_in_mails(world, ADDRESS, 2);
        let program = program_tokens(&accounts).await;
        let program = json!({"token": program["access_token"]});
        let first = login(&accounts, ADDRESS, PASSWORD).await.with(200).json();
        let shown = json!({"refresh_token": first["refresh_token"]});
        let refresh = format!("{PUBLIC}/refresh");
        let refreshed = post(&mut accounts.visitor(), &refresh, shown).await;
        let refreshed = refreshed.with(200).json();

        let mut acts = beyond_one_s_own(farah.as_str());
        acts.push((Method::POST, own("revoke-all")));
        for tokens in [&jwt, &script, &program, &refreshed] {
            let mut front = front_end(&accounts, tokens);
            front.get(&own("me")).await.with(200);
            expect_refusals(&mut front, &acts).await;
        }
        // The session still exists, so no request had an effect.
        page.get(&own("me")).await.with(200);
    });
}

#[test]
fn the_token_of_a_sign_in_proves_it_for_one_s_own_credentials_and_sessions() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let hash = usual_hash(world).await;
        let owner = person(world, ADDRESS, Some(&hash)).await;
        give(world, &owner, OWNER, &Scope::site()).await;
        let farah = person(world, EMAIL, None).await;
        let (mut front, _) = sign_in(world, &accounts, ADDRESS).await;
        expect_refusals(&mut front, &beyond_one_s_own(farah.as_str())).await;

        let all = own("revoke-all");
        world.clock.advance(SignedDuration::from_mins(10));
        expect_refusals(&mut front, &[(Method::POST, all.clone())]).await;
        let (mut front, _) = sign_in(world, &accounts, ADDRESS).await;
        let new = "seekor kancil di tepi sungai";
        let wish = json!({"current_password": PASSWORD, "new_password": new});
        let changed = put(&mut front, &own("change-password"), wish).await;
        // This access token was issued after a password change, not after a sign-in.
        let mut front = front_end(&accounts, &changed.with(200).json());
        expect_refusals(&mut front, &[(Method::POST, all.clone())]).await;
        expect_sign_in_mails(world, ADDRESS, 1);
        let tokens = login(&accounts, ADDRESS, new).await.with(200).json();
        let mut front = front_end(&accounts, &tokens);
        let ended = front.call(Method::POST, &all, &Value::Null).await;
        assert_eq!(ended.with(200).json()["revoked"], 2);
    });
}

#[test]
fn what_cannot_be_undone_asks_for_a_fresh_sign_in() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let mut farah = browser(world, &accounts, &id).await;
        let (export, delete) = (own("export-data"), own("delete-account"));
        let copy = farah.get(&export).await.with(200);
        assert_eq!(copy.header("content-type"), "application/json");
        assert!(copy.header("content-disposition").starts_with("attachment"));
        assert!(copy.json()["format_version"].is_number(), "{}", copy.body);
        world.clock.advance(SignedDuration::from_mins(11));
        let late = [(Method::GET, export), (Method::DELETE, delete.clone())];
        expect_refusals(&mut farah, &late).await;
        let mut farah = browser(world, &accounts, &id).await;
        farah
            .call(Method::DELETE, &delete, &Value::Null)
            .await
            .with(200);
        farah.get(&own("me")).await.with(401);
        // The erasure can only be cancelled on Kenduri's own page, so the front end gets an error.
        let leaving = login(&accounts, EMAIL, PASSWORD).await.with(403);
        assert_eq!(leaving.json()["code"], "sign_in_page_required");
    });
}
