//! Tests of the older personal site's routes for browsers with a session cookie.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{
    ALONE, EMAIL, OTHER_PASSWORD, OWN, PASSWORD, PUBLIC, WITH_AUTH, browser, enrol, expect,
    expect_sign_in_mails, front_end, in_world, link, login, older, person, post, put, registration,
    usual_hash,
};

#[test]
fn a_browser_keeps_a_cookie_for_pages_of_its_own_origin() {
    in_world(async |world| {
        let accounts = older(world, WITH_AUTH);
        let hash = usual_hash(world).await;
        person(world, EMAIL, Some(&hash)).await;
        let mut browser = accounts.visitor();
        let body = json!({"email": EMAIL, "password": PASSWORD});
        browser.header("sec-fetch-site", "cross-site");
        let refused = post(&mut browser, "/api/auth/login", body.clone())
            .await
            .with(403);
        assert_eq!(refused.json()["code"], "csrf_failed");
        assert!(refused.json()["error"].is_string());
        browser.header("sec-fetch-site", "same-origin");
        expect_sign_in_mails(world, EMAIL, 1);
        let done = post(&mut browser, "/api/auth/login", body).await.with(200);
        assert_eq!(done.json(), json!({"success": true}));
        let me = browser.get("/api/auth/me").await.with(200).json();
        assert_eq!(me["email"], EMAIL);
        let wish = json!({"display_name": "Farah", "slug": me["slug"]});
        let changed = put(&mut browser, "/api/auth/profile", wish.clone())
            .await
            .with(200);
        assert_eq!(changed.json()["display_name"], "Farah");

        let jwt = browser.get("/api/auth/jwt").await.with(200);
        assert_eq!(jwt.header("cache-control"), "no-store");
        assert_eq!(jwt.header("set-cookie"), "");
        assert!(jwt.json()["expiresAt"].is_string());
        let mut script = front_end(&accounts, &jwt.json());
        script.get(&format!("{OWN}/me")).await.with(200);
        // An access token cannot be used to get another one, whatever the request claims.
        script.header("sec-fetch-site", "same-origin");
        let refused = script.get("/api/auth/jwt").await.with(403);
        assert_eq!(refused.json()["code"], "token_not_permitted");
        for site in ["same-site", "cross-site", "none"] {
            browser.header("sec-fetch-site", site);
            browser.get("/api/auth/jwt").await.with(403);
            put(&mut browser, "/api/auth/profile", wish.clone())
                .await
                .with(403);
        }
        browser.header("sec-fetch-site", "same-origin");
        let out = browser
            .call(Method::POST, "/api/auth/logout", &Value::Null)
            .await
            .with(200);
        assert_eq!(out.json(), json!({"success": true}));
        browser.get("/api/auth/me").await.with(401);
        browser
            .call(Method::POST, "/api/auth/logout", &Value::Null)
            .await
            .with(200);
        script.get(&format!("{OWN}/me")).await.with(401);
    });
}

#[test]
fn an_address_is_confirmed_by_the_browser_that_registered() {
    in_world(async |world| {
        let accounts = older(world, WITH_AUTH);
        let mut browser = accounts.visitor();
        browser.header("sec-fetch-site", "same-origin");
        expect(world, EMAIL, "mail-verify-subject");
        let done = post(&mut browser, "/api/auth/register", registration(EMAIL))
            .await
            .with(202);
        assert_eq!(done.json(), json!({"success": true}));
        let body = json!({"email": EMAIL, "password": PASSWORD});
        post(&mut browser, "/api/auth/login", body).await.with(200);
        world.clock.advance(SignedDuration::from_mins(2));
        expect(world, EMAIL, "mail-verify-subject");
        let again = browser
            .call(Method::POST, "/api/auth/send-verification", &Value::Null)
            .await;
        again.with(200);
        let link = link(world, "/verify/").await;
        let token = link.rsplit('/').next().unwrap();
        let verify = format!("{PUBLIC}/verify-email?token={token}");
        let refused = accounts.visitor().get(&verify).await.with(403);
        assert_eq!(refused.json()["code"], "password_required");
        let done = browser.get(&verify).await.with(200);
        assert_eq!(
            done.json(),
            json!({"message": "done", "email_verified": true})
        );
        let me = browser.get("/api/auth/me").await.json();
        assert_eq!(me["roles"], json!(["user", "email-verified"]));
    });
}

#[test]
fn a_person_without_a_password_sets_the_first_one() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let id = person(world, EMAIL, None).await;
        let mut browser = browser(world, &accounts, &id).await;
        let me = browser.get(&format!("{OWN}/me")).await.with(200).json();
        assert_eq!(me["has_credentials"], false);
        let body = json!({"new_password": OTHER_PASSWORD});
        let set = put(&mut browser, &format!("{OWN}/set-password"), body)
            .await
            .with(200);
        assert!(set.header("set-cookie").starts_with("kd_session="));
        browser.get(&format!("{OWN}/me")).await.with(200);
    });
}

#[test]
fn a_second_factor_is_proved_on_our_own_page() {
    in_world(async |world| {
        let accounts = older(world, WITH_AUTH);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        enrol(&accounts, &id).await;
        let refused = login(&accounts, EMAIL, PASSWORD).await.with(403);
        assert_eq!(refused.json()["code"], "sign_in_page_required");
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let twin = post(&mut accounts.visitor(), "/api/auth/login", body).await;
        assert_eq!(twin.with(403).header("set-cookie"), "");
    });
}
