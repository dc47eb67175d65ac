//! Tests of the redirects to an identity provider and back: state values, ID tokens and keys.

use identity::credential::provider::Providers;
use identity::person::provider_sign_in;
use identity::session::Stay;
use jiff::SignedDuration;
use serde_json::{Value, json};
use site::Context;
use testkit::{Page, Visitor, World, rounds, together};

use crate::provider::{CALLBACK, Provider, Signed, UNNAMED, base64, leave};
use crate::stage::{MIGRATIONS, accounts as accounts_of, actions, english, visitor};

/// The claims about a person who has no account.
fn farah() -> Value {
    json!({"sub": "farah-1", "email": "farah@example.my", "email_verified": true, "name": "Farah"})
}

/// Asserts that the page is a refusal with the message of this error code.
#[track_caller]
fn refused(accounts: &Context, page: &Page, status: u16, code: &str) {
    page.expect(status);
    let words = english(accounts).say(&format!("problem-{}", code.replace('_', "-")));
    assert!(page.text().contains(&words), "{code}\n{}", page.text());
}

async fn is_signed_in(browser: &mut Visitor) -> bool {
    browser.get("/api/v1/me").await.status.as_u16() == 200
}

#[test]
fn every_kind_of_signature_that_is_known_signs_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        for (number, signed) in [Signed::Edwards, Signed::Elliptic, Signed::Rsa]
            .into_iter()
            .enumerate()
        {
            provider.sign(signed);
            let mut browser = visitor(&accounts);
            let email = format!("farah{number}@example.my");
            let claims = json!({"sub": email, "email": email, "email_verified": "true"});
            let page = provider
                .sign_in(world, &mut browser, &claims)
                .await
                .with(303);
            assert_eq!(page.location(), Some("/me/start"), "{signed:?}");
            let me = browser.get("/api/v1/me").await.with(200).json();
            assert_eq!(
                (&me["email"], &me["unverified"]),
                (&json!(email), &json!(false))
            );
            assert_eq!(me["display_name"], format!("farah{number}"));
            assert!(browser.cookie("kd_oauth").is_none());
        }
        assert_eq!(provider.keys_asked(), 1);
    });
}

#[test]
fn odd_values_that_are_not_needed_keep_nobody_out() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let nothing = json!({
            "token_endpoint_auth_methods_supported": null, "userinfo_endpoint": 7,
            "authorization_response_iss_parameter_supported": null,
        });
        let odd = json!({
            "token_endpoint_auth_methods_supported": ["client_secret_basic", 1, null],
            "authorization_response_iss_parameter_supported": "true",
        });
        for (number, (metadata, kid)) in [(&nothing, "one"), (&odd, UNNAMED)].iter().enumerate() {
            provider.say_of_itself((*metadata).clone());
            provider.rename_keys(kid);
            world.clock.advance(SignedDuration::from_hours(2));
            let email = format!("odd{number}@example.my");
            let claims = json!({
                "sub": email, "email": email, "email_verified": "True", "name": {"given": "Farah"},
            });
            let mut browser = visitor(&accounts);
            let page = provider
                .sign_in(world, &mut browser, &claims)
                .await
                .with(303);
            assert_eq!(page.location(), Some("/me/start"), "{metadata}");
        }
        // An address that is no text, or that nobody surely vouches for, is asked for.
        for (sub, email, verified) in [
            ("a", json!(7), json!(true)),
            ("b", json!("b@example.my"), json!(1)),
        ] {
            let claims = json!({"sub": sub, "email": email, "email_verified": verified});
            let mut browser = visitor(&accounts);
            let page = provider.sign_in(world, &mut browser, &claims).await;
            assert_ne!(page.location(), Some("/me/start"), "{email}");
            assert!(!is_signed_in(&mut browser).await, "{email}");
        }
    });
}

#[test]
fn what_is_not_true_signs_nobody_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let past = world.clock.now().as_second() - 61;
        let wrong = [
            json!({"iss": "https://accounts.google.com"}),
            json!({"iss": format!("{}/", provider.issuer)}),
            json!({"aud": "another"}),
            json!({"aud": ["kenduri&co", "another"]}),
            json!({"aud": ["kenduri&co", "another"], "azp": "another"}),
            json!({"aud": []}),
            json!({"azp": "another"}),
            json!({"exp": past}),
            json!({"exp": null}),
            json!({"nonce": "another"}),
            json!({"nonce": null}),
            json!({"sub": ""}),
            json!({"sub": "x".repeat(256)}),
        ];
        let mut tries: Vec<(Signed, Value)> = wrong
            .into_iter()
            .map(|claims| (Signed::Edwards, claims))
            .collect();
        for signed in [Signed::None, Signed::PublicAsSecret, Signed::Unpublished] {
            tries.push((signed, json!({})));
        }
        for (signed, changed) in tries {
            // Each round has a new site, so that no rate limit is reached.
            let mut browser = visitor(&provider.site(world, true));
            provider.sign(signed);
            let mut claims = farah();
            for (name, value) in changed.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let page = provider.sign_in(world, &mut browser, &claims).await;
            refused(&accounts, &page, 502, "oauth_provider_failed");
            assert!(!is_signed_in(&mut browser).await, "{signed:?} {changed}");
        }
        provider.sign(Signed::Edwards);
        let mut claims = farah();
        claims["aud"] = json!(["kenduri&co", "another"]);
        claims["azp"] = json!("kenduri&co");
        claims["exp"] = json!(past + 2);
        let mut browser = visitor(&accounts);
        provider
            .sign_in(world, &mut browser, &claims)
            .await
            .with(303);
        assert!(is_signed_in(&mut browser).await);
    });
}

#[test]
fn keys_that_are_not_known_are_asked_for_once_a_minute() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        provider
            .sign_in(world, &mut visitor(&accounts), &farah())
            .await
            .with(303);
        provider.rename_keys("two");
        for _ in 0..3 {
            let page = provider
                .sign_in(world, &mut visitor(&accounts), &farah())
                .await;
            refused(&accounts, &page, 502, "oauth_provider_failed");
        }
        assert_eq!(provider.keys_asked(), 1);
        world.clock.advance(SignedDuration::from_mins(1));
        for _ in 0..2 {
            provider
                .sign_in(world, &mut visitor(&accounts), &farah())
                .await
                .with(303);
        }
        assert_eq!(provider.keys_asked(), 2);
        crate::stage::expect_sign_in_mails(world, "farah@example.my", 2);
    });
}

#[test]
fn a_state_works_once_in_its_browser_and_for_its_time() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let mut other = provider.settings(true);
        (other.name, other.issuer) = ("other".to_owned(), "https://other.example".to_owned());
        let accounts = {
            let mut changed = provider.site(world, true);
            changed.providers = Providers::new([provider.settings(true), other]);
            changed
        };
        let mut browser = visitor(&accounts);
        let location = leave(&mut browser, "/login").await;
        let back = provider.agree(&location, world.clock.now(), &farah());
        // Another browser cannot use the state value, whether it has begun a sign-in of its own or
        // not.
        let mut stranger = visitor(&accounts);
        refused(
            &accounts,
            &stranger.get(&back).await,
            400,
            "oauth_state_invalid",
        );
        leave(&mut stranger, "/login").await;
        refused(
            &accounts,
            &stranger.get(&back).await,
            400,
            "oauth_state_invalid",
        );
        let elsewhere = back.replace("/oauth/id/", "/oauth/other/");
        refused(
            &accounts,
            &browser.get(&elsewhere).await,
            400,
            "oauth_state_invalid",
        );
        browser
            .get(&back.replace("/oauth/id/", "/oauth/none/"))
            .await
            .with(404);
        assert!(!is_signed_in(&mut browser).await && !is_signed_in(&mut stranger).await);
        browser.get(&back).await.with(303);
        assert!(is_signed_in(&mut browser).await);
        let page = browser.get(&back).await;
        refused(&accounts, &page, 400, "oauth_state_invalid");
        refused(
            &accounts,
            &browser.get(CALLBACK).await,
            400,
            "oauth_state_invalid",
        );

        let mut slow = visitor(&accounts);
        let location = leave(&mut slow, "/login").await;
        world.clock.advance(provider_sign_in::LIFETIME);
        let back = provider.agree(&location, world.clock.now(), &farah());
        refused(
            &accounts,
            &slow.get(&back).await,
            400,
            "oauth_state_invalid",
        );
    });
}

#[test]
fn an_answer_of_another_provider_or_without_a_code_is_refused() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let mut browser = visitor(&accounts);
        for (from, to, status, code) in [
            ("&iss=http", "&iss=https", 400, "oauth_state_invalid"),
            ("&iss=", "&is=", 400, "oauth_state_invalid"),
            ("?code=", "?error=access_denied&x=", 400, "oauth_denied"),
            ("?code=", "?code=x", 502, "oauth_provider_failed"),
        ] {
            let location = leave(&mut browser, "/login").await;
            let back = provider.agree(&location, world.clock.now(), &farah());
            let page = browser.get(&back.replace(from, to)).await;
            refused(&accounts, &page, status, code);
            // A state value works only once.
            refused(
                &accounts,
                &browser.get(&back).await,
                400,
                "oauth_state_invalid",
            );
        }
        assert!(!is_signed_in(&mut browser).await);
        assert_eq!(actions(world).await, [""; 0]);
    });
}

#[test]
fn a_provider_that_is_somebody_else_or_does_not_answer_is_not_used() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        for metadata in [
            json!({"issuer": "https://accounts.google.com"}),
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            json!({"authorization_endpoint": "http://example.org/authorize"}),
            json!({"token_endpoint": null}),
        ] {
            provider.say_of_itself(metadata);
            let page = start(&mut visitor(&provider.site(world, true))).await;
            refused(&accounts, &page, 502, "oauth_provider_failed");
        }
        // In a private network, the site requests only URLs of the issuer's own host.
        let private = Provider::start().await;
        let keys = json!({"jwks_uri": format!("{}/keys", private.issuer)});
        provider.say_of_itself(keys);
        let mut browser = visitor(&provider.site(world, true));
        let page = provider.sign_in(world, &mut browser, &farah()).await;
        refused(&accounts, &page, 502, "oauth_provider_failed");
        assert_eq!(private.keys_asked(), 0);

        provider.say_of_itself(json!({}));
        let mut settings = provider.settings(true);
        settings.is_private = false;
        let public = {
            let mut changed = provider.site(world, true);
            changed.providers = Providers::new([settings]);
            changed
        };
        let page = start(&mut visitor(&public)).await;
        refused(&accounts, &page, 502, "oauth_provider_failed");
        start(&mut visitor(&accounts)).await.with(303);
    });
}

/// Presses the provider's button on the sign-in page.
async fn start(browser: &mut Visitor) -> Page {
    let page = browser.get("/login").await.with(200);
    let form = page.form("/oauth/id/start");
    browser.submit(&page, &form).await
}

#[test]
fn forms_lead_to_providers_and_nowhere_else() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let mut browser = visitor(&accounts);
        for address in ["/login", "/register"] {
            let page = browser.get(address).await.with(200);
            let policy = page.header("content-security-policy");
            let forms = format!("; form-action 'self' {};", provider.issuer);
            assert!(policy.contains(&forms), "{policy}");
            assert!(page.text().contains("Rumah ID"), "{address}");
        }
        let page = browser.get("/forgot").await.with(200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("; form-action 'self';"), "{policy}");
        browser.post("/oauth/id/start", &[]).await.with(403);

        // If the provider's sign-in page is on another origin than its issuer, the site shows a
        // page with a link.
        provider.say_of_itself(json!({"authorization_endpoint": "https://login.example/?a=b"}));
        let page = start(&mut visitor(&provider.site(world, true)))
            .await
            .with(200);
        let link = page
            .links()
            .into_iter()
            .find(|link| link.href.starts_with("https://login.example/"));
        assert!(
            link.unwrap()
                .href
                .starts_with("https://login.example/?a=b&response_type=code&")
        );

        let without = visitor(&accounts_of(world)).get("/login").await.with(200);
        assert!(!without.header("content-security-policy").contains("http:"));
    });
}

#[test]
fn a_network_begins_thirty_sign_ins_in_five_minutes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let mut browser = visitor(&accounts);
        for _ in 0..30 {
            start(&mut browser).await.with(303);
        }
        start(&mut browser).await.with(429);
        world.clock.advance(SignedDuration::from_mins(6));
        start(&mut browser).await.with(303);
    });
}

#[test]
fn where_somebody_wanted_to_go_they_come_to() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        for (redirect, to) in [("/me/data", "/me/data"), ("https://evil.example", "/")] {
            let mut browser = visitor(&accounts);
            let location = leave(&mut browser, &format!("/login?redirect={redirect}")).await;
            let back = provider.agree(&location, world.clock.now(), &farah());
            let page = browser.get(&back).await.with(303);
            assert_eq!(page.location(), Some(to));
        }
        crate::stage::expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn of_two_uses_of_one_state_one_signs_in() {
    World::each_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        for round in 0..rounds() {
            let accounts = provider.site(world, true);
            let mut browser = visitor(&accounts);
            let email = format!("{round}@example.my");
            let claims = json!({"sub": email, "email": email, "email_verified": true});
            let location = leave(&mut browser, "/login").await;
            let back = provider.agree(&location, world.clock.now(), &claims);
            let [one, other] = [browser.clone(), browser].map(|mut browser| {
                let back = back.clone();
                async move { browser.get(&back).await.status.as_u16() }
            });
            let (one, other) = together(one, other).await;
            assert_eq!(
                [one.min(other), one.max(other)],
                [303, 400],
                "round {round}"
            );
        }
    });
}

#[test]
fn what_a_provider_gives_is_not_kept_and_its_session_ends_like_any_other() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let mut browser = visitor(&accounts);
        provider.sign_in(world, &mut browser, &farah()).await;
        assert!(is_signed_in(&mut browser).await);
        let id_token = base64(r#"{"alg":"EdDSA","#);
        for given in ["for-userinfo", &id_token] {
            assert_eq!(world.places_of(given), [""; 0], "{given}");
        }
        world.clock.advance(Stay::Visit.idle());
        assert!(!is_signed_in(&mut browser).await);
        provider.sign_in(world, &mut browser, &farah()).await;
        let page = browser.get("/me/security").await.with(200);
        let page = browser.submit(&page, &page.form("/logout")).await;
        assert_eq!(page.location(), Some("/login"), "not to the provider");
        assert!(!is_signed_in(&mut browser).await);
    });
}
