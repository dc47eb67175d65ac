//! Tests of signing in to an account that has a second factor.

use axum::http;
use identity::credential::second_factor::{self, Method};
use identity::sign_in::begin_session::Arrived;
use identity::sign_in::second_step::{self, SecondStepError, SecondStepInput};
use identity::sign_in::{self, Welcome};
use jiff::SignedDuration;
use platform::limits::Wait;
use platform::{Secret, Tx};
use serde_json::{Value, json};
use site::Context;
use testkit::{World, rounds, together};
use web::Network;

use crate::api::csrf_token;
use crate::second_factors::{Enrolled, enrol, expect_mail, sudo};
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, attempt, client, expect_sign_in_mails, find_session,
    in_process, person, usual_hash, visitor, write,
};

const EMAIL: &str = "farah@example.my";

/// Completes the first step of a sign-in. Returns the token for the second step.
async fn token(accounts: &Context, last: u8) -> Secret {
    let signed_in = sign_in::with_password(accounts, attempt(EMAIL, PASSWORD, last));
    match signed_in.await {
        Ok(Welcome::SecondStep(token)) => token,
        other => panic!("{other:?}"),
    }
}

fn shown(token: &Secret, method: Method, code: &str, last: u8) -> SecondStepInput {
    SecondStepInput {
        token: token.clone(),
        method,
        code: Secret::new(code),
        network: Network::of([203, 0, 113, last].into()),
        client: client(last),
    }
}

async fn totp(accounts: &Context, token: &Secret, code: &str) -> Result<Arrived, SecondStepError> {
    second_step::finish(accounts, shown(token, Method::Totp, code, 1)).await
}

/// Creates a person with a password and an authenticator app.
async fn farah(world: &World) -> Enrolled {
    let hash = usual_hash(world).await;
    let id = person(world, EMAIL, Some(&hash)).await;
    enrol(world, &id).await
}

#[test]
fn a_password_alone_is_no_session() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, .. } = farah(world).await;
        let before = accounts.hasher.count();
        let token = token(&accounts, 1).await;
        assert_eq!(accounts.hasher.count() - before, 1, "one hash");
        assert!(find_session(world, &token).await.is_none());
        let wrong = totp(&accounts, &token, "12345").await;
        assert!(matches!(wrong, Err(SecondStepError::CodeInvalid)));
        let arrived = totp(&accounts, &token, &app.code(world.clock.now())).await;
        let session = arrived.unwrap().begun.session;
        assert!(find_session(world, &session).await.is_some());
        let again = totp(&accounts, &token, &app.code(world.clock.now())).await;
        assert!(matches!(again, Err(SecondStepError::TokenGone)));
        let actions = actions(world).await;
        for action in ["second_factor.failed", "second_factor.proved"] {
            assert!(actions.contains(&action.to_owned()), "{actions:?}");
        }
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn a_code_counts_half_a_minute_early_or_late_and_once() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, .. } = farah(world).await;
        let step = SignedDuration::from_secs(30);
        for (offset, is_right) in [(-2, false), (2, false), (-1, true), (0, true), (1, true)] {
            world.clock.advance(SignedDuration::from_mins(20));
            let code = app.code(world.clock.now() + step * offset);
            let once = totp(&accounts, &token(&accounts, 1).await, &code).await;
            assert_eq!(once.is_ok(), is_right, "{offset}");
            if is_right {
                let twice = totp(&accounts, &token(&accounts, 1).await, &code).await;
                assert!(matches!(twice, Err(SecondStepError::CodeInvalid)));
                // A code is refused if it is older than a code that was used.
                let older = app.code(world.clock.now() + step * (offset - 1));
                let older = totp(&accounts, &token(&accounts, 1).await, &older).await;
                assert!(matches!(older, Err(SecondStepError::CodeInvalid)));
            }
        }
        expect_sign_in_mails(world, EMAIL, 3);
    });
}

#[test]
fn a_token_is_good_for_five_minutes_and_five_tries() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, .. } = farah(world).await;
        let late = token(&accounts, 1).await;
        world.clock.advance(second_step::LIFETIME);
        let late = totp(&accounts, &late, &app.code(world.clock.now())).await;
        assert!(matches!(late, Err(SecondStepError::TokenGone)));
        let tried = token(&accounts, 1).await;
        for last in 1..=5 {
            // Each attempt comes from another network, so that no attempt must wait.
            let wrong = shown(&tried, Method::Totp, "12345", last * 20);
            let wrong = second_step::finish(&accounts, wrong).await;
            assert!(matches!(wrong, Err(SecondStepError::CodeInvalid)));
        }
        let right = totp(&accounts, &tried, &app.code(world.clock.now())).await;
        assert!(matches!(right, Err(SecondStepError::TokenGone)));
        let fresh = token(&accounts, 1).await;
        let right = totp(&accounts, &fresh, &app.code(world.clock.now())).await;
        right.unwrap();
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn ten_failures_from_anywhere_keep_all_but_known_browsers_waiting() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, .. } = farah(world).await;
        let now = world.clock.now();
        let known = totp(&accounts, &token(&accounts, 1).await, &app.code(now)).await;
        let known = known.unwrap().begun.device.secret().clone();
        world.clock.advance(SignedDuration::from_mins(2));
        for tries in 0..10 {
            // Each attempt comes from another block of networks.
            let network = Network::of([198, 51, tries, 1].into());
            let mut wrong = shown(&token(&accounts, 1).await, Method::Totp, "12345", 1);
            wrong.network = network;
            let wrong = second_step::finish(&accounts, wrong).await;
            assert!(matches!(wrong, Err(SecondStepError::CodeInvalid)));
        }
        let waiting = token(&accounts, 1).await;
        let code = app.code(world.clock.now());
        let refused = totp(&accounts, &waiting, &code).await;
        let Err(SecondStepError::UsedUp(Wait { seconds })) = refused else {
            panic!("{refused:?}")
        };
        assert!((1..=900).contains(&seconds), "{seconds}");
        let mut of_known = shown(&waiting, Method::Totp, &code, 1);
        of_known.client.device = Some(known.clone());
        let burned = second_step::finish(&accounts, of_known.clone()).await;
        assert!(matches!(burned, Err(SecondStepError::TokenGone)));
        of_known.token = token(&accounts, 1).await;
        second_step::finish(&accounts, of_known).await.unwrap();

        world.clock.advance(SignedDuration::from_mins(16));
        let code = app.code(world.clock.now());
        totp(&accounts, &token(&accounts, 1).await, &code)
            .await
            .unwrap();
        expect_sign_in_mails(world, EMAIL, 2);
    });
}

#[test]
fn a_recovery_code_works_once_and_a_new_set_voids_the_old() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let other = person(world, "mei@example.my", Some(&hash)).await;
        let Enrolled { recovery, .. } = enrol(world, &id).await;
        let foreign = enrol(world, &other).await.recovery;
        let try_code = async |code: &str| {
            let token = token(&accounts, 1).await;
            second_step::finish(&accounts, shown(&token, Method::RecoveryCode, code, 1)).await
        };
        let typed = recovery[0].reveal().to_lowercase().replace('-', " ");
        try_code(&typed).await.unwrap();
        for wrong in [&typed, foreign[0].reveal(), ""] {
            let refused = try_code(wrong).await;
            assert!(matches!(refused, Err(SecondStepError::CodeInvalid)));
        }
        let (site, asking) = (accounts.site.clone(), sudo(world, &id).await);
        let renew = move |tx: &mut Tx<'_>| {
            second_factor::renew_recovery_codes(tx, &site, &asking, &client(1))
        };
        let renewed = world.store().write(renew).await.unwrap();
        let old = try_code(recovery[1].reveal()).await;
        assert!(matches!(old, Err(SecondStepError::CodeInvalid)));
        try_code(renewed[1].reveal()).await.unwrap();
        for _ in 0..2 {
            expect_mail(world, "mail-recovery-code-subject");
        }
        expect_sign_in_mails(world, EMAIL, 2);
    });
}

#[test]
fn the_second_step_is_a_page_of_its_own() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, .. } = farah(world).await;
        let mut visitor = visitor(&accounts);
        let page = visitor.get("/login/mfa").await;
        assert_eq!(page.location(), Some("/login"), "without a first step");
        let page = visitor.get("/login?redirect=%2Fme%2Fsecurity").await;
        let mut form = page.form("/login");
        form.fill("email", EMAIL)
            .fill("password", PASSWORD)
            .tick("remember", "1");
        let led = visitor.submit(&page, &form).await;
        assert_eq!(led.location(), Some("/login/mfa"));
        assert!(visitor.cookie("kd_session").is_none());
        assert!(led.header("set-cookie").contains("HttpOnly"));
        let page = visitor.follow(led).await.with(200);
        let mut form = page.form("/login/mfa");
        form.fill("code", "12345");
        let page = visitor.submit(&page, &form).await.with(401);
        let mut form = page.form("/login/mfa");
        assert_eq!(form.value("code"), Some(""));
        form.fill("code", &app.code(world.clock.now()));
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me/security"));
        assert!(done.header("set-cookie").contains("Max-Age=604800"));
        assert!(visitor.cookie("kd_mfa").is_none_or(str::is_empty));
        visitor.follow(done).await.with(200);
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn a_link_does_not_stand_in_for_the_second_factor() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        let Enrolled { app, .. } = enrol(world, &id).await;
        let link = write(world.store(), move |tx| sign_in::create_link(tx, &id)).await;
        let mut visitor = visitor(&accounts);
        let address = format!("/sign-in/{}", link.reveal());
        let page = visitor.get(&address).await.with(200);
        let form = page.form(&address);
        let led = visitor.submit(&page, &form).await;
        assert_eq!(led.location(), Some("/login/mfa"));
        visitor.submit(&page, &form).await.with(400);
        let page = visitor.follow(led).await.with(200);
        let mut form = page.form("/login/mfa");
        form.fill("code", &app.code(world.clock.now()));
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me/start"));
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn a_script_and_a_program_go_the_second_step() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, recovery } = farah(world).await;
        let (login, mfa) = ("/api/v1/auth/login", "/api/v1/auth/mfa");
        let mut program = visitor(&accounts);
        let first = json!({"email": EMAIL, "password": PASSWORD, "want": "tokens"});
        let required = program.call(http::Method::POST, login, &first).await;
        let required = required.with(200).json();
        assert_eq!(required["status"], "mfa_required");
        assert_eq!(required["methods"], json!(["totp", "recovery_code"]));
        assert_eq!(required["expires_in"], 300);
        let token = required["mfa_token"].as_str().unwrap();
        let step = |method: &str, code: &str, want: &str| -> Value {
            json!({"mfa_token": token, "method": method, "code": code, "want": want})
        };
        let code = app.code(world.clock.now());
        let as_page = step("totp", &code, "cookie");
        let refused = program.call(http::Method::POST, mfa, &as_page).await;
        assert_eq!(refused.with(403).json()["code"], "csrf_failed");
        let mistaken = step("recovery_code", &code, "tokens");
        let refused = program.call(http::Method::POST, mfa, &mistaken).await;
        assert_eq!(refused.with(401).json()["code"], "mfa_code_invalid");
        let right = step("totp", &code, "tokens");
        let done = program.call(http::Method::POST, mfa, &right).await;
        let done = done.with(200).json();
        assert_eq!(done["account"]["email"], EMAIL);
        assert!(
            done["refresh_token"]
                .as_str()
                .unwrap()
                .starts_with("kd_rt_")
        );
        let refused = program.call(http::Method::POST, mfa, &right).await;
        assert_eq!(refused.with(401).json()["code"], "mfa_token_invalid");

        let mut script = visitor(&accounts);
        let page = script.get("/login").await;
        script.header("x-csrf-token", page.form("/login").value("_csrf").unwrap());
        let first = json!({"email": EMAIL, "password": PASSWORD});
        let required = script.call(http::Method::POST, login, &first).await.json();
        let step = json!({"mfa_token": required["mfa_token"], "method": "recovery_code",
            "code": recovery[3].reveal()});
        let me = script.call(http::Method::POST, mfa, &step).await.with(200);
        assert_eq!(me.json()["email"], EMAIL);
        let session = script.cookie("kd_session").unwrap();
        assert!(!csrf_token(session).is_empty());
        script.get("/api/v1/me").await.with(200);
        expect_mail(world, "mail-recovery-code-subject");
        expect_sign_in_mails(world, EMAIL, 2);
    });
}

#[test]
fn a_changed_password_ends_sign_ins_that_are_half_done() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let Enrolled { app, .. } = enrol(world, &id).await;
        let half = token(&accounts, 1).await;
        let who = crate::stage::signed_in(world, &id).await;
        let change = identity::sign_in::own_password::Change {
            current: Secret::new(PASSWORD),
            new: identity::credential::password::Password::choose(
                &Secret::new("pantun yang baharu"),
                &[],
            )
            .unwrap(),
            client: client(1),
        };
        identity::sign_in::own_password::change(&accounts, &who, change)
            .await
            .unwrap();
        let late = totp(&accounts, &half, &app.code(world.clock.now())).await;
        assert!(matches!(late, Err(SecondStepError::TokenGone)));
    });
}

/// Submits both codes at once, in two processes. Returns how many of them sign in.
async fn both_at_once(world: &World, one: SecondStepInput, other: SecondStepInput) -> usize {
    let here = accounts(world);
    let there = in_process(&here, &world.second_store());
    let (one, other) = together(
        async move { second_step::finish(&here, one).await },
        async move { second_step::finish(&there, other).await },
    )
    .await;
    [one, other].iter().filter(|done| done.is_ok()).count()
}

#[test]
fn one_code_at_once_signs_in_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, recovery } = farah(world).await;
        for round in 0..rounds() {
            world.clock.advance(SignedDuration::from_mins(20));
            let code = Secret::new(app.code(world.clock.now()));
            let (method, code) = match recovery.get(round / 2) {
                Some(recovery) if round % 2 == 0 => (Method::RecoveryCode, recovery),
                _ => (Method::Totp, &code),
            };
            let [one, other] = [token(&accounts, 1).await, token(&accounts, 1).await];
            let one = shown(&one, method, code.reveal(), 1);
            let other = shown(&other, method, code.reveal(), 1);
            assert_eq!(both_at_once(world, one, other).await, 1, "round {round}");
            if method == Method::RecoveryCode {
                expect_mail(world, "mail-recovery-code-subject");
            }
        }
        expect_sign_in_mails(world, EMAIL, rounds());
    });
}

#[test]
fn one_token_at_once_signs_in_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let Enrolled { app, .. } = farah(world).await;
        for round in 0..rounds() {
            world.clock.advance(SignedDuration::from_mins(20));
            let now = world.clock.now();
            let later = now + SignedDuration::from_secs(30);
            let token = token(&accounts, 1).await;
            let one = shown(&token, Method::Totp, &app.code(now), 1);
            let other = shown(&token, Method::Totp, &app.code(later), 1);
            assert_eq!(both_at_once(world, one, other).await, 1, "round {round}");
        }
        expect_sign_in_mails(world, EMAIL, rounds());
    });
}
