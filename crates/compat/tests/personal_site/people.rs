//! Tests of the older personal site's account routes, called by its front end.

use axum::http::Method;
use identity::grant::{ADMIN, OWNER, Scope};
use identity::session::token::PROFILE_READ;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Visitor;

use crate::stage::{
    ALONE, EMAIL, OTHER_PASSWORD, OWN, PASSWORD, PUBLIC, USERS, WITH_TOKENS, browser, each_engine,
    expect, expect_sign_in_mails, front_end, give, in_world, link, login, older, person, post, put,
    registration, role, sign_in, signed_in, usual_hash, without,
};

#[test]
fn nothing_answers_unless_it_is_switched_on() {
    in_world(async |world| {
        let mut visitor = without(world).visitor();
        for path in ["/backend/public/auth/login", "/api/auth/login"] {
            post(&mut visitor, path, json!({})).await.with(404);
        }
        for path in ["/backend/protected/auth/me", USERS, "/api/auth/me"] {
            visitor.get(path).await.with(404);
        }
        let mut alone = older(world, ALONE).visitor();
        alone.get(&format!("{OWN}/me")).await.with(401);
        alone.get("/api/auth/me").await.with(404);
    });
}

#[test]
fn a_refusal_says_its_sentence_as_error_too() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let refused = login(&accounts, EMAIL, PASSWORD).await.with(401);
        let body = refused.json();
        assert_eq!(body["code"], "credentials_invalid");
        assert_eq!(body["error"], body["detail"]);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        // In this API, invalid fields get the status 400.
        let mut wrong = registration("nowhere");
        wrong["password"] = "short".into();
        let path = format!("{PUBLIC}/register");
        let refused = post(&mut accounts.visitor(), &path, wrong).await.with(400);
        let body = refused.json();
        assert_eq!(
            (&body["code"], &body["status"]),
            (&json!("validation_failed"), &json!(400))
        );
        assert_eq!(body["errors"][0]["pointer"], "/email");
        let none = post(&mut accounts.visitor(), &path, json!({})).await;
        assert_eq!(none.with(400).json()["code"], "validation_failed");
        let refused = accounts.visitor().get(&path).await.with(405);
        assert!(refused.json()["error"].is_string());
        assert_eq!(refused.header("allow"), "POST");
        // Routes outside of this API do not have the field `error`.
        let refused = accounts.visitor().get("/api/v1/me").await.with(401);
        assert!(refused.json().get("error").is_none());
    });
}

#[test]
fn a_front_end_signs_in_and_goes_on() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let (mut front, first) = signed_in(world, &accounts, EMAIL).await;
        let user = &first["user"];
        assert_eq!(user["email"], EMAIL);
        assert_eq!(user["display_name"], "Farah binti Ali");
        assert_eq!(user["slug"], "farah-binti-ali");
        assert_eq!(user["roles"], json!(["user", "email-verified"]));
        assert_eq!(user["email_verified"], true);
        assert_eq!(user["has_credentials"], true);
        assert!(user["id"].is_string() && user["created_at"].is_string());
        assert_eq!(
            (&user["profile"]["bio"], &user["external_accounts"]),
            (&Value::Null, &json!([]))
        );
        assert!(user["preferences"].is_object());
        let me = front.get(&format!("{OWN}/me")).await.with(200);
        assert_eq!(&me.json(), user);

        let refresh = format!("{PUBLIC}/refresh");
        let shown = json!({"refresh_token": first["refresh_token"]});
        let second = post(&mut accounts.visitor(), &refresh, shown.clone()).await;
        let second = second.with(200).json();
        assert_ne!(second["refresh_token"], first["refresh_token"]);
        assert_eq!(&second["user"], user);
        // If a refresh token is used a second time more than a minute later, it counts as stolen,
        // so the session ends.
        world.clock.advance(SignedDuration::from_secs(60));
        expect(world, EMAIL, "mail-reuse-subject");
        let reused = post(&mut accounts.visitor(), &refresh, shown)
            .await
            .with(401);
        assert_eq!(reused.json()["code"], "refresh_reused");
        let mut late = front_end(&accounts, &second);
        late.get(&format!("{OWN}/me")).await.with(401);
    });
}

#[test]
fn only_one_s_own_sessions_are_ended() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let (mut farah, first) = signed_in(world, &accounts, EMAIL).await;
        let (mut other, _) = signed_in(world, &accounts, "mei@example.my").await;
        let revoke = format!("{OWN}/revoke");
        let body = json!({"refresh_token": first["refresh_token"]});
        post(&mut accounts.visitor(), &revoke, body.clone())
            .await
            .with(401);
        post(&mut other, &revoke, body.clone()).await.with(404);
        let (mut second, _) = sign_in(world, &accounts, EMAIL).await;
        let (_, _) = sign_in(world, &accounts, EMAIL).await;
        post(&mut second, &revoke, body).await.with(200);
        farah.get(&format!("{OWN}/me")).await.with(401);
        let all = format!("{OWN}/revoke-all");
        let ended = second
            .call(Method::POST, &all, &Value::Null)
            .await
            .with(200);
        assert_eq!(ended.json()["revoked"], 2);
        second.get(&format!("{OWN}/me")).await.with(401);
    });
}

#[test]
fn registering_tells_nobody_which_addresses_are_known() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let path = format!("{PUBLIC}/register");
        expect(world, EMAIL, "mail-verify-subject");
        let mut front = accounts.visitor();
        let new = post(&mut front, &path, registration(EMAIL)).await.with(202);
        world.clock.advance(SignedDuration::from_mins(10));
        expect(world, EMAIL, "mail-known-subject");
        let known = post(&mut front, &path, registration(EMAIL)).await.with(202);
        assert_eq!((&new.body, new.header("set-cookie")), (&known.body, ""));
        // The hidden field is filled in, so neither an account nor a mail is created.
        world.clock.advance(SignedDuration::from_mins(10));
        let mut robot = registration("robot@example.my");
        robot["honeypot"] = "x".into();
        let same = post(&mut front, &path, robot).await.with(202);
        assert_eq!(same.body, new.body);
        // After registering, the person can sign in, but the email address is not confirmed.
        expect_sign_in_mails(world, EMAIL, 0);
        let user = login(&accounts, EMAIL, PASSWORD).await.with(200).json()["user"].take();
        assert_eq!(user["roles"], json!(["user"]));
        assert_eq!(user["email_verified"], false);
    });
}

#[test]
fn registering_may_be_answered_with_tokens() {
    in_world(async |world| {
        let accounts = older(world, WITH_TOKENS);
        let path = format!("{PUBLIC}/register");
        expect(world, EMAIL, "mail-verify-subject");
        let mut front = accounts.visitor();
        let made = post(&mut front, &path, registration(EMAIL)).await.with(201);
        let made = made.json();
        assert_eq!(made["user"]["email"], EMAIL);
        let mut own = front_end(&accounts, &made);
        own.get(&format!("{OWN}/me")).await.with(200);
        world.clock.advance(SignedDuration::from_mins(10));
        expect(world, EMAIL, "mail-known-subject");
        let taken = post(&mut front, &path, registration(EMAIL)).await.with(409);
        assert_eq!(taken.json()["code"], "email_taken");
    });
}

#[test]
fn a_name_and_a_slug_are_changed_together() {
    each_engine(async |world| {
        let accounts = older(world, ALONE);
        let (mut farah, _) = signed_in(world, &accounts, EMAIL).await;
        let (mut other, tokens) = signed_in(world, &accounts, "mei@example.my").await;
        assert_eq!(tokens["user"]["slug"], "farah-binti-ali-2");

        let preview = format!("{PUBLIC}/preview-slug");
        let body = json!({"display_name": "Farah binti Ali"});
        let previewed = post(&mut accounts.visitor(), &preview, body)
            .await
            .with(200);
        let expected = json!({
            "slug": "farah-binti-ali", "available": false, "final_slug": "farah-binti-ali-3",
        });
        assert_eq!(previewed.json(), expected);

        let profile = format!("{OWN}/profile");
        let wish = |slug: &str| json!({"display_name": "Mei Lin", "slug": slug});
        let changed = put(&mut other, &profile, wish("mei-lin"))
            .await
            .with(200)
            .json();
        assert_eq!(
            (&changed["display_name"], &changed["slug"]),
            (&json!("Mei Lin"), &json!("mei-lin"))
        );
        // A slug cannot be taken if another account has it or recently had it.
        for slug in ["mei-lin", "farah-binti-ali-2"] {
            let taken = put(&mut farah, &profile, wish(slug)).await.with(409);
            assert_eq!(taken.json()["code"], "slug_taken");
            let valid = farah.get(&format!("{OWN}/validate-slug?slug={slug}")).await;
            let expected = json!({"slug": slug, "valid": true, "available": false});
            assert_eq!(valid.with(200).json(), expected);
        }
        for slug in ["Mei", "admin", "a--b"] {
            put(&mut other, &profile, wish(slug)).await.with(400);
            let valid = other.get(&format!("{OWN}/validate-slug?slug={slug}")).await;
            assert_eq!(valid.with(200).json()["valid"], false);
        }
        // People may take back their own former slug. A change of only the name does not change the
        // slug.
        put(&mut other, &profile, wish("farah-binti-ali-2"))
            .await
            .with(200);
        put(&mut other, &profile, wish("mei-two")).await.with(200);
        let refused = put(&mut other, &profile, wish("mei-three")).await.with(409);
        assert_eq!(refused.json()["code"], "limit_reached");
        put(
            &mut other,
            &profile,
            json!({"display_name": "Mei", "slug": "mei-two"}),
        )
        .await
        .with(200);
        // All other fields of the profile are stored. Unsupported fields are ignored.
        let written = json!({"display_name": "Mei", "real_name": "Mei Lin Tan", "bio": "Teh",
            "website": "https://mei.example", "avatar_url": "https://mei.example/me.png"});
        let changed = put(&mut other, &profile, written).await.with(200).json();
        let expected = json!({"real_name": "Mei Lin Tan", "bio": "Teh", "avatar_url": null,
            "location": null, "website": "https://mei.example"});
        assert_eq!(
            (&changed["profile"], &changed["slug"]),
            (&expected, &json!("mei-two"))
        );
        let wrong = json!({"display_name": "Mi", "bio": "x".repeat(501)});
        let refused = put(&mut other, &profile, wrong).await.with(400);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/bio");
        let me = other.get(&format!("{OWN}/me")).await.json();
        assert_eq!(
            (&me["profile"], &me["display_name"]),
            (&expected, &json!("Mei"))
        );
        // No part of the refused change was stored.
        let me = farah.get(&format!("{OWN}/me")).await.json();
        assert_eq!(me["display_name"], "Farah binti Ali");
        // A released slug becomes available again after a waiting period.
        world.clock.advance(SignedDuration::from_hours(91 * 24));
        let (mut farah, _) = sign_in(world, &accounts, EMAIL).await;
        put(&mut farah, &profile, wish("mei-one")).await.with(200);
    });
}

#[test]
fn a_password_is_changed_with_the_present_one() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let (mut farah, tokens) = signed_in(world, &accounts, EMAIL).await;
        let (mut elsewhere, _) = sign_in(world, &accounts, EMAIL).await;
        let change = format!("{OWN}/change-password");
        let wish = |now: &str, new: &str| json!({"current_password": now, "new_password": new});
        let wrong = put(&mut farah, &change, wish("wrong", OTHER_PASSWORD))
            .await
            .with(400);
        assert_eq!(wrong.json()["code"], "current_password_wrong");
        let weak = put(&mut farah, &change, wish(PASSWORD, "short"))
            .await
            .with(400);
        assert_eq!(weak.json()["errors"][0]["pointer"], "/new_password");
        let set = json!({"new_password": OTHER_PASSWORD});
        let exists = put(&mut farah, &format!("{OWN}/set-password"), set)
            .await
            .with(400);
        assert_eq!(exists.json()["code"], "password_exists");
        let done = put(&mut farah, &change, wish(PASSWORD, OTHER_PASSWORD))
            .await
            .with(200);
        assert_eq!(done.header("set-cookie"), "");
        // The session gets a new token, and all other sessions end.
        let me = format!("{OWN}/me");
        farah.get(&me).await.with(401);
        elsewhere.get(&me).await.with(401);
        front_end(&accounts, &done.json()).get(&me).await.with(200);
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let (mut front, path) = (accounts.visitor(), format!("{PUBLIC}/refresh"));
        let next = post(&mut front, &path, body).await.with(200).json();
        front_end(&accounts, &next).get(&me).await.with(200);
    });
}

#[test]
fn a_forgotten_password_is_set_by_a_link() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let hash = usual_hash(world).await;
        person(world, EMAIL, Some(&hash)).await;
        world.expect_jobs("accounts.mail_link");
        let forgot = format!("{PUBLIC}/forgot-password");
        let mut front = accounts.visitor();
        let known = post(&mut front, &forgot, json!({"email": EMAIL}))
            .await
            .with(200);
        let unknown = json!({"email": "nobody@example.my"});
        let unknown = post(&mut front, &forgot, unknown).await.with(200);
        assert_eq!(known.body, unknown.body);
        let body = json!({"token": "x", "new_password": OTHER_PASSWORD});
        let gone = post(&mut front, &format!("{PUBLIC}/reset-password"), body)
            .await
            .with(400);
        assert_eq!(gone.json()["code"], "token_expired_or_used");
    });
}

#[test]
fn a_new_password_that_is_not_taken_is_named_as_the_front_end_sent_it() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        person(world, EMAIL, None).await;
        world.clock.advance(SignedDuration::from_secs(1));
        let forgot = format!("{PUBLIC}/forgot-password");
        let asked = post(&mut accounts.visitor(), &forgot, json!({"email": EMAIL})).await;
        asked.with(200);
        accounts.work().await;
        let sent = link(world, "/reset/").await;
        let token = sent.rsplit('/').next().unwrap();
        let body = json!({"token": token, "new_password": "short"});
        let path = format!("{PUBLIC}/reset-password");
        let weak = post(&mut accounts.visitor(), &path, body).await.with(400);
        assert_eq!(weak.json()["errors"][0]["pointer"], "/new_password");
        expect(world, EMAIL, "mail-reset-subject");
    });
}

#[test]
fn a_token_made_for_programs_is_refused() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let id = person(world, EMAIL, None).await;
        let scopes = [PROFILE_READ];
        let mut program = accounts.program(&id, &scopes).await;
        let refused = program.get(&format!("{OWN}/me")).await.with(403);
        assert_eq!(refused.json()["code"], "token_not_permitted");
    });
}

#[test]
fn people_are_administered_by_those_who_may() {
    in_world(async |world| {
        let accounts = older(world, ALONE);
        let hash = usual_hash(world).await;
        let site = Scope::site();
        let owner = person(world, "owner@example.my", Some(&hash)).await;
        give(world, &owner, OWNER, &site).await;
        let farah = person(world, EMAIL, Some(&hash)).await;
        let (mut front, _) = sign_in(world, &accounts, EMAIL).await;
        let refused = front.get(USERS).await.with(403);
        assert_eq!(refused.json()["code"], "role_required");

        let (mut front, tokens) = sign_in(world, &accounts, "owner@example.my").await;
        assert_eq!(
            tokens["user"]["roles"],
            json!(["user", "email-verified", "admin"])
        );
        let all = front
            .get(&format!("{USERS}?search=&limit=100&offset=0"))
            .await;
        let all = all.with(200).json();
        let found = all.as_array().unwrap();
        assert_eq!(found.len(), 2);
        let line = found.iter().find(|one| one["email"] == EMAIL).unwrap();
        for member in [
            "id",
            "display_name",
            "slug",
            "active",
            "created_at",
            "updated_at",
            "roles",
            "email_verified",
            "has_credentials",
            "external_accounts",
        ] {
            assert!(!line[member].is_null(), "{member} of {line}");
        }
        let one = front
            .get(&format!("{USERS}?search=OWNER&limit=1"))
            .await
            .json();
        assert_eq!(one.as_array().unwrap().len(), 1);
        let none = front.get(&format!("{USERS}?limit=1&offset=2")).await.json();
        assert_eq!(none, json!([]));

        // Changes to other accounts require the session cookie instead of an access token.
        let token = front;
        let mut front = browser(world, &accounts, &owner).await;
        let at = |what: &str| format!("{USERS}/{farah}/{what}");
        let act = async |front: &mut Visitor, method: Method, path: String| {
            front.call(method, &path, &Value::Null).await
        };
        act(&mut front, Method::POST, at("promote")).await.with(200);
        assert_eq!(role(world, &farah, &site).await, Some(ADMIN));
        act(&mut front, Method::DELETE, at("roles/admin"))
            .await
            .with(200);
        assert_eq!(role(world, &farah, &site).await, None);
        act(&mut front, Method::POST, at("roles/admin"))
            .await
            .with(200);
        act(&mut front, Method::DELETE, at("roles/admin"))
            .await
            .with(200);
        let trusted = at("roles/trusted-contact");
        for (method, roles) in [
            (
                Method::POST,
                json!(["user", "email-verified", "trusted-contact"]),
            ),
            (Method::DELETE, json!(["user", "email-verified"])),
        ] {
            act(&mut front, method, trusted.clone()).await.with(200);
            let found = front.get(&format!("{USERS}?search={EMAIL}")).await;
            assert_eq!(found.json()[0]["roles"], roles);
        }
        for role in ["user", "email-verified", "king"] {
            let refused = act(&mut front, Method::POST, at(&format!("roles/{role}"))).await;
            assert_eq!(refused.with(400).json()["code"], "role_unknown");
        }
        // Owners are listed as administrators, and keep their rank.
        let promoted = format!("{USERS}/{owner}/promote");
        act(&mut front, Method::POST, promoted).await.with(200);
        let removed = format!("{USERS}/{owner}/roles/admin");
        let refused = act(&mut front, Method::DELETE, removed).await.with(403);
        assert_eq!(refused.json()["code"], "role_above_own");
        assert_eq!(role(world, &owner, &site).await, Some(OWNER));

        world.expect_jobs("accounts.mail_link");
        let sent = act(&mut front, Method::POST, at("reset-password"))
            .await
            .with(200);
        let sent = sent.json();
        assert_eq!(
            (&sent["new_password"], &sent["reset_link_sent"]),
            (&Value::Null, &json!(true))
        );

        act(&mut front, Method::POST, at("deactivate"))
            .await
            .with(200);
        login(&accounts, EMAIL, PASSWORD).await.with(401);
        act(&mut front, Method::POST, at("activate"))
            .await
            .with(200);
        sign_in(world, &accounts, EMAIL).await;
        world.clock.advance(SignedDuration::from_mins(11));
        let refused = act(&mut front, Method::POST, at("deactivate"))
            .await
            .with(403);
        assert_eq!(refused.json()["code"], "sudo_required");
        front.get(USERS).await.with(200);
        { token }.get(USERS).await.with(200);
    });
}
