//! Tests of passkeys with which signed-in people enter sudo mode, or cancel the erasure of their
//! account.

use axum::http::Method;
use identity::account::AccountId;
use identity::person::erasure::DELAY;
use identity::session::sudo;
use jiff::SignedDuration;
use platform::{Rows, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, World, rounds, together};

use crate::api::csrf_token;
use crate::passkeys::{Device, OPTIONS, ask, newcomer, register, sign_in};
use crate::people::browser;
use crate::registering::{expect, link};
use crate::resetting;
use crate::stage::{
    MIGRATIONS, accounts, accounts_at, actions, english, expect_sign_in_mails, person, program,
    visitor, write,
};

const FARAH: &str = "farah@example.my";
const SUDO: &str = "/api/v1/auth/sudo";
const ASK: &str = "/api/v1/auth/sudo/options";

/// Creates a signed-in person with a passkey and without a password.
async fn farah(world: &World) -> (AccountId, Visitor, Device) {
    let id = person(world, FARAH, None).await;
    let mut own = browser(world, &id).await;
    let device = Device::new("one");
    register(&mut own, &device).await.with(201);
    (id, own, device)
}

async fn prove(browser: &mut Visitor, credential: &Value) -> Page {
    let body = json!({ "credential": credential });
    browser.call(Method::POST, SUDO, &body).await
}

/// Makes the script send the CSRF token for the session's new cookie.
fn renew(browser: &mut Visitor) {
    let token = csrf_token(browser.cookie("kd_session").unwrap());
    browser.header("x-csrf-token", &token);
}

async fn is_proved(browser: &mut Visitor) -> bool {
    let page = browser
        .call(Method::POST, "/api/v1/me/passkeys/options", &Value::Null)
        .await;
    page.status.as_u16() == 200
}

#[test]
fn a_passkey_proves_who_one_is_for_ten_minutes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let (_, mut own, mut device) = farah(world).await;
        world.clock.advance(sudo::LIFETIME);
        assert!(!is_proved(&mut own).await);
        // A site at an address of numbers can have no passkeys.
        let page = own.get("/sudo?redirect=%2Fme%2Fdata").await.with(200);
        assert!(!page.body.contains("data-passkey"));
        let page = own.get("/me/security").await.with(200);
        assert!(!page.body.contains("data-passkey"));
        let why = english(&accounts(world)).say("account-passkeys-address");
        assert!(page.text().contains(&why), "{}", page.text());
        let mut named = visitor(&accounts_at(world, "http://localhost:8080"));
        let login = named.get("/login").await.with(200);
        assert!(login.body.contains("data-passkey=\"sign-in\""));
        named.set_cookie("kd_session", own.cookie("kd_session").unwrap());
        // The script comes back from here with the name that was typed for a new one.
        let page = named.get("/me/security?passkey_name=Kitchen+tablet").await;
        assert!(page.with(200).body.contains("value=\"Kitchen tablet\""));
        let page = named.get("/sudo?redirect=%2Fme%2Fdata").await.with(200);
        assert!(
            page.body.contains("data-passkey=\"prove\"")
                && page.form("/sudo").value("redirect") == Some("/me/data")
        );
        assert!(!page.body.contains("type=\"password\""));

        let options = own.call(Method::POST, ASK, &Value::Null).await.with(200);
        let allowed = options.json()["allowCredentials"].clone();
        assert_eq!(allowed.as_array().unwrap().len(), 1);
        let challenge = options.json()["challenge"].as_str().unwrap().to_owned();
        let credential = device.sign(&challenge);
        let mut before = own.clone();
        prove(&mut own, &credential).await.with(204);
        renew(&mut own);
        assert!(is_proved(&mut own).await);
        before.get("/api/v1/me").await.with(401);
        // The response of a passkey works only once.
        prove(&mut own, &credential).await.with(401);
        world.clock.advance(sudo::LIFETIME);
        assert!(!is_proved(&mut own).await);
        for body in [
            json!({}),
            json!({ "password": "x", "credential": credential }),
        ] {
            own.call(Method::POST, SUDO, &body).await.with(422);
        }
        assert!(actions(world).await.contains(&"sudo.proved".to_owned()));
    });
}

#[test]
fn another_s_key_and_another_s_challenge_prove_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, mut own, mut device) = farah(world).await;
        let mei = person(world, "mei@example.my", None).await;
        let mut theirs = browser(world, &mei).await;
        let mut key = Device::new("two");
        register(&mut theirs, &key).await.with(201);
        world.clock.advance(sudo::LIFETIME);
        let challenge = ask(&mut own, ASK).await;
        prove(&mut own, &key.sign(&challenge)).await.with(401);
        let other_session = ask(&mut browser(world, &id).await, ASK).await;
        prove(&mut own, &device.sign(&other_session))
            .await
            .with(401);
        let sign_in_s = ask(&mut newcomer(&accounts).await, OPTIONS).await;
        prove(&mut own, &device.sign(&sign_in_s)).await.with(401);
        assert!(!is_proved(&mut own).await);
        let late = device.sign(&challenge);
        world.clock.advance(SignedDuration::from_mins(5));
        prove(&mut own, &late).await.with(401);

        let scopes = [identity::session::token::PROFILE_READ];
        let mut robot = program(&accounts, &id, &scopes).await;
        let refused = robot.call(Method::POST, ASK, &Value::Null).await.with(403);
        assert_eq!(refused.json()["code"], "token_not_permitted");
        visitor(&accounts)
            .call(Method::POST, ASK, &Value::Null)
            .await
            .with(401);
    });
}

#[test]
fn of_two_proofs_with_one_signature_one_counts() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (_, mut own, mut device) = farah(world).await;
        for _ in 0..rounds() {
            let credential = device.sign(&ask(&mut own, ASK).await);
            let [one, other] = [own.clone(), own].map(|mut browser| {
                let credential = credential.clone();
                async move {
                    let page = prove(&mut browser, &credential).await;
                    (page.status.as_u16(), browser)
                }
            });
            let (one, other) = together(one, other).await;
            let won = if one.0 == 204 { &one } else { &other };
            assert_eq!(won.0, 204, "{} {}", one.0, other.0);
            assert_eq!(one.0.max(other.0), 401);
            own = won.1.clone();
            renew(&mut own);
        }
    });
}

async fn confirm(world: &World, id: &AccountId) {
    let id = id.clone();
    write(world.store(), move |tx| {
        sql!(
            "UPDATE email SET verified_by = 'mail' WHERE account_id = :id",
            id
        )
        .run(tx, Rows::Exactly(1))
    })
    .await;
}

async fn leave(own: &mut Visitor) {
    own.call(Method::DELETE, "/api/v1/me", &Value::Null)
        .await
        .with(202);
    own.get("/api/v1/me").await.with(401);
}

#[test]
fn a_passkey_and_a_mailed_link_offer_to_keep_an_account_that_is_to_be_erased() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, mut own, mut device) = farah(world).await;
        confirm(world, &id).await;
        leave(&mut own).await;
        let mut back = newcomer(&accounts).await;
        let credential = device.sign(&ask(&mut back, OPTIONS).await);
        let offered = sign_in(&mut back, &credential).await.with(200).json();
        assert_eq!(offered["status"], "restore_offered");
        back.get("/api/v1/me").await.with(401);
        let restore = json!({ "restore_token": offered["restore_token"] });
        back.call(Method::POST, "/api/v1/auth/restore", &restore)
            .await
            .with(204);
        let credential = device.sign(&ask(&mut back, OPTIONS).await);
        sign_in(&mut back, &credential).await.with(200);
        expect_sign_in_mails(world, FARAH, 1);
        renew(&mut back);

        leave(&mut back).await;
        for wanted in ["sign_in", "reset"] {
            resetting::ask(world, &accounts, FARAH, wanted)
                .await
                .with(202);
            expect(world, &accounts, FARAH, "mail-link-subject");
        }
        let link = link(world, "/sign-in/").await;
        let mut browser = visitor(&accounts);
        let page = browser.get(&link).await.with(200);
        let form = page.form("");
        let page = browser.submit(&page, &form).await.with(303);
        let offer = page.location().unwrap().to_owned();
        assert!(offer.starts_with("/restore/"), "{offer}");
        browser.get("/api/v1/me").await.with(401);
        let page = browser.get(&offer).await.with(200);
        let form = page.form(&offer);
        browser.submit(&page, &form).await.with(303);
        world.clock.advance(DELAY);
        identity::person::erasure::run(accounts.domain_accounts, world.store())
            .await
            .unwrap();
        let mut last = newcomer(&accounts).await;
        let credential = device.sign(&ask(&mut last, OPTIONS).await);
        sign_in(&mut last, &credential).await.with(200);
        expect_sign_in_mails(world, FARAH, 1);
    });
}

#[test]
fn whom_an_administrator_had_kept_out_is_offered_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, mut own, mut device) = farah(world).await;
        confirm(world, &id).await;
        leave(&mut own).await;
        write(world.store(), move |tx| {
            sql!(
                "UPDATE account_erasure SET was_deactivated = 1 WHERE account_id = :id",
                id
            )
            .run(tx, Rows::Exactly(1))
        })
        .await;
        let mut back = newcomer(&accounts).await;
        let credential = device.sign(&ask(&mut back, OPTIONS).await);
        sign_in(&mut back, &credential).await.with(401);
        resetting::ask(world, &accounts, FARAH, "sign_in")
            .await
            .with(202);
    });
}
