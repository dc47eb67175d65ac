//! Tests of second factors: their setup, the accepted codes, and their removal.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, Method};
use identity::account::AccountId;
use identity::credential::require_mfa::RequireMfaFor;
use identity::credential::second_factor::totp::AppSecret;
use identity::credential::second_factor::{self, FactorError};
use identity::grant::{self, Scope};
use identity::session::Stay;
use identity::session::sudo::{LIFETIME, Sudo};
use identity::session::token::PROFILE_READ;
use jiff::SignedDuration;
use platform::{Rows, Secret, Tx, sql};
use serde_json::{Value, json};
use site::asking::Reader;
use site::upstream_access::{self, AllowedUsers, UpstreamAccess};
use site::{Callers, Context};
use testkit::{Visitor, World};
use web::Pages;

use crate::api::csrf_token;
use crate::registering::{expect, open};
use crate::stage::{
    MIGRATIONS, accounts, actions, begin, client, english, find_session, give, person, program,
    read, signed_in, visitor, write,
};
use crate::unconfirmed::make_pending;

/// A person's authenticator app and recovery codes.
pub(crate) struct Enrolled {
    pub(crate) app: AppSecret,
    pub(crate) recovery: Vec<Secret>,
}

pub(crate) async fn sudo(world: &World, id: &AccountId) -> Sudo {
    Sudo::check(signed_in(world, id).await, world.clock.now()).unwrap()
}

/// Sets up an authenticator app, and waits until its first code has expired.
pub(crate) async fn enrol(world: &World, id: &AccountId) -> Enrolled {
    let (site, sudo) = (accounts(world).site.clone(), sudo(world, id).await);
    let app = set_up(world, &sudo).await;
    let code = app.code(world.clock.now());
    let confirm =
        move |tx: &mut Tx<'_>| second_factor::confirm(tx, &site, &sudo, &code, &client(1));
    let recovery = world.store().write(confirm).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(2));
    Enrolled { app, recovery }
}

pub(crate) async fn set_up(world: &World, sudo: &Sudo) -> AppSecret {
    let (site, sudo) = (accounts(world).site.clone(), sudo.clone());
    let begin = move |tx: &mut Tx<'_>| -> Result<_, FactorError> {
        second_factor::begin(tx, &site, &sudo)?;
        Ok(second_factor::pending(tx, &site, &sudo)?)
    };
    world.store().write(begin).await.unwrap().unwrap()
}

pub(crate) async fn is_enrolled(world: &World, id: &AccountId) -> bool {
    let id = id.clone();
    read(world.store(), move |tx| second_factor::is_enrolled(tx, &id)).await
}

pub(crate) fn expect_mail(world: &World, subject: &str) {
    let accounts = accounts(world);
    let values = [("site", accounts.site.settings.name.as_str().into())];
    world.expect_mail(
        "farah@example.my",
        &english(&accounts).fill(subject, values),
    );
}

#[test]
fn a_factor_counts_once_a_code_is_confirmed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let site = accounts(world).site.clone();
        let id = person(world, "farah@example.my", None).await;
        let sudo = sudo(world, &id).await;
        let earlier = set_up(world, &sudo).await;
        let app = set_up(world, &sudo).await;
        assert_ne!(earlier.text(), app.text());
        assert!(!is_enrolled(world, &id).await);
        let confirm = async |code: &str| {
            let (site, sudo, code) = (site.clone(), sudo.clone(), code.to_owned());
            let change =
                move |tx: &mut Tx<'_>| second_factor::confirm(tx, &site, &sudo, &code, &client(1));
            world.store().write(change).await
        };
        let old = earlier.code(world.clock.now());
        assert!(matches!(confirm(&old).await, Err(FactorError::CodeInvalid)));
        assert!(!is_enrolled(world, &id).await);
        let code = app.code(world.clock.now());
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        let codes = confirm(&spaced).await.unwrap();
        assert_eq!(codes.len(), 10);
        for code in &codes {
            // Each character has 5 bits. A recovery code has no slow hash, so it needs at least 112
            // bits.
            let letters = code.reveal().chars().filter(|letter| *letter != '-');
            assert!(letters.count() * 5 >= 112);
        }
        assert!(is_enrolled(world, &id).await);
        assert!(matches!(confirm(&code).await, Err(FactorError::Enrolled)));
        // Once the setup is confirmed, the secret can be neither read nor replaced.
        let (of, asking) = (site.clone(), sudo.clone());
        let again = move |tx: &mut Tx<'_>| second_factor::begin(tx, &of, &asking);
        let again = world.store().write(again).await;
        assert!(matches!(again, Err(FactorError::Enrolled)));
        let pending = move |tx: &mut Tx<'_>| second_factor::pending(tx, &site, &sudo);
        assert!(read(world.store(), pending).await.is_none());
        let actions = actions(world).await;
        assert!(actions.contains(&"second_factor.added".to_owned()));
    });
}

#[test]
fn the_store_holds_neither_secret_nor_codes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let Enrolled { app, recovery } = enrol(world, &id).await;
        let stored: Vec<(Vec<u8>,)> = read(world.store(), |tx| {
            tx.all(
                sql!("SELECT sealed_secret FROM totp UNION ALL SELECT hash FROM recovery_code"),
                &[],
            )
        })
        .await;
        assert_eq!(stored.len(), 11);
        let texts = recovery.iter().map(|code| code.reveal().to_owned());
        for text in texts.chain([app.text()]) {
            let bare = text.replace('-', "");
            for (bytes,) in &stored {
                let kept = String::from_utf8_lossy(bytes);
                assert!(!kept.contains(&text) && !kept.contains(&bare));
            }
        }
        assert_eq!(format!("{app:?}"), "***");
    });
}

/// A browser with a new session of a person.
async fn at_home(world: &World, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Remembered, client(1)).await;
    let mut visitor = visitor(&accounts(world));
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

#[test]
fn a_factor_is_set_up_and_removed_on_the_page() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let elsewhere = begin(world, &id, Stay::Visit, client(2)).await;
        let mut visitor = at_home(world, &id).await;
        let page = visitor.get("/me/security/totp").await;
        assert_eq!(page.location(), Some("/me/security"), "nothing was begun");
        let page = visitor.get("/me/security").await.with(200);
        let done = visitor.submit(&page, &page.form("/me/security/totp")).await;
        assert_eq!(done.location(), Some("/me/security/totp"));
        let page = visitor.follow(done).await.with(200);
        assert!(page.body.contains("<svg role=\"img\""));
        let sudo = sudo(world, &id).await;
        let site = accounts.site.clone();
        let pending = move |tx: &mut Tx<'_>| second_factor::pending(tx, &site, &sudo);
        let app = read(world.store(), pending).await.unwrap();
        assert!(page.body.contains(&app.text()));
        let uri = app.uri(&accounts.site, signed_in(world, &id).await.account());
        assert_eq!(
            uri,
            format!(
                "otpauth://totp/Kenduri%20Kami:farah%40example.my?secret={}&issuer=Kenduri%20Kami",
                app.text()
            )
        );

        let mut form = page.form("/me/security/totp/confirm");
        form.fill("code", "12345");
        let page = visitor.submit(&page, &form).await.with(401);
        let mut form = page.form("/me/security/totp/confirm");
        form.fill("code", &app.code(world.clock.now()));
        let page = visitor.submit(&page, &form).await.with(200);
        let codes = page.body.matches("<li><code>").count();
        assert_eq!(codes, 10, "{}", page.body);
        assert!(find_session(world, &elsewhere.session).await.is_some());

        let page = visitor.get("/me/security").await.with(200);
        let renew = page.form("/me/security/recovery-codes");
        let codes = visitor.submit_surely(&page, &renew).await.with(200);
        assert_eq!(codes.body.matches("<li><code>").count(), 10);
        let remove = page.form("/me/security/totp/remove");
        let before = visitor.cookie("kd_session").unwrap().to_owned();
        let done = visitor.submit_surely(&page, &remove).await;
        assert_eq!(done.location(), Some("/me/security?done=factor"));
        assert!(!is_enrolled(world, &id).await);
        assert!(
            find_session(world, &Secret::new(before)).await.is_none(),
            "the old secret"
        );
        assert!(find_session(world, &elsewhere.session).await.is_none());
        visitor.follow(done).await.with(200);
        let actions = actions(world).await;
        assert!(actions.contains(&"second_factor.removed".to_owned()));
        expect_mail(world, "mail-factor-removed-subject");
    });
}

#[test]
fn a_script_sets_a_factor_up_and_removes_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let mut script = at_home(world, &id).await;
        let (totp, codes) = ("/api/v1/me/totp", "/api/v1/me/recovery-codes");
        let confirm = "/api/v1/me/totp/confirm";
        let off = json!({"confirmed_at": null, "recovery_codes": 0, "reset_at": null});
        assert_eq!(script.get(totp).await.with(200).json(), off);
        for (method, address) in [(Method::DELETE, totp), (Method::POST, codes)] {
            let refused = script.call(method, address, &Value::Null).await.with(409);
            assert_eq!(refused.json()["code"], "mfa_not_enrolled");
        }
        let begun = script.call(Method::POST, totp, &Value::Null).await;
        let begun = begun.with(201).json();
        let sudo = sudo(world, &id).await;
        let site = accounts.site.clone();
        let pending = move |tx: &mut Tx<'_>| second_factor::pending(tx, &site, &sudo);
        let app = read(world.store(), pending).await.unwrap();
        assert_eq!(begun["secret"], app.text());
        let wrong = json!({"code": "12345"});
        let refused = script.call(Method::POST, confirm, &wrong).await.with(401);
        assert_eq!(refused.json()["code"], "mfa_code_invalid");
        let right = json!({"code": app.code(world.clock.now())});
        let made = script.call(Method::POST, confirm, &right).await.with(200);
        assert_eq!(made.json()["codes"].as_array().unwrap().len(), 10);
        let on = script.get(totp).await.with(200).json();
        assert_eq!(
            on,
            json!({
                "confirmed_at": "2026-11-20T08:00:00Z", "recovery_codes": 10, "reset_at": null,
            })
        );
        let refused = script.call(Method::POST, totp, &Value::Null).await;
        assert_eq!(refused.with(409).json()["code"], "mfa_enrolled");
        let renewed = script.call(Method::POST, codes, &Value::Null).await;
        assert_ne!(renewed.with(201).json(), made.json());
        script
            .call(Method::DELETE, totp, &Value::Null)
            .await
            .with(204);
        assert_eq!(script.get(totp).await.with(200).json(), off);
        expect_mail(world, "mail-factor-removed-subject");
    });
}

#[test]
fn factors_are_changed_by_who_proved_a_credential_just_now() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        enrol(world, &id).await;
        let mut visitor = at_home(world, &id).await;
        let page = visitor.get("/me/security").await.with(200);
        world.clock.advance(LIFETIME);
        for (method, address) in [
            (Method::POST, "/api/v1/me/totp"),
            (Method::DELETE, "/api/v1/me/totp"),
            (Method::POST, "/api/v1/me/recovery-codes"),
        ] {
            let refused = visitor.call(method, address, &Value::Null).await.with(403);
            assert_eq!(refused.json()["code"], "sudo_required", "{address}");
        }
        let refused = visitor
            .call(
                Method::POST,
                "/api/v1/me/totp/confirm",
                &json!({"code": ""}),
            )
            .await
            .with(403);
        assert_eq!(refused.json()["code"], "sudo_required");
        for form in ["/me/security/totp/remove", "/me/security/recovery-codes"] {
            let refused = visitor.submit_surely(&page, &page.form(form)).await;
            let act = form.replace('/', "%2F");
            let sudo = format!("/sudo?redirect=&act={act}");
            assert_eq!(refused.location(), Some(sudo.as_str()));
        }
        let refused = visitor.get("/me/security/totp").await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=%2Fme%2Fsecurity%2Ftotp")
        );
        assert!(is_enrolled(world, &id).await);
    });
}

#[test]
fn another_key_file_leaves_no_factor() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        enrol(world, &id).await;
        let count = write(world.store(), second_factor::erase_all).await;
        assert_eq!(count, 1);
        let factors = read(world.store(), move |tx| second_factor::find(tx, &id)).await;
        assert_eq!((factors.totp_since, factors.recovery_codes), (None, 0));
    });
}

#[test]
fn who_needs_a_factor_and_has_none_reaches_nothing_else() {
    World::default_engine(&MIGRATIONS, async |world| {
        for (required, is_admin, is_kept_out) in [
            (RequireMfaFor::None, true, false),
            (RequireMfaFor::Admins, false, false),
            (RequireMfaFor::Admins, true, true),
            (RequireMfaFor::All, false, true),
        ] {
            let email = format!("{required:?}-{is_admin}@example.my");
            let id = person(world, &email, None).await;
            if is_admin {
                give(world, &id, grant::ADMIN, &Scope::site()).await;
            }
            let accounts = {
                let mut changed = accounts(world);
                changed.require_mfa_for = required;
                changed
            };
            let begun = begin(world, &id, Stay::Visit, client(1)).await;
            let mut script = visitor(&accounts);
            script.set_cookie("kd_session", begun.session.reveal());
            script.header("x-csrf-token", &csrf_token(begun.session.reveal()));
            let mut program = program(&accounts, &id, &[PROFILE_READ]).await;
            let tokens = "/api/v1/me/tokens/nonsense";
            let end = script.call(Method::DELETE, tokens, &Value::Null).await;
            let answers = [
                script.get("/api/v1/me").await,
                program.get("/api/v1/me").await,
                end,
            ];
            for answer in answers {
                let refused = answer.status.as_u16() == 403;
                assert_eq!(refused, is_kept_out, "{required:?} {}", answer.body);
                let code = answer.json()["code"].clone();
                assert_eq!(code == "mfa_enrolment_required", is_kept_out);
            }
            let page = script.get("/me/security").await.with(200);
            let says_so = page.text().contains("The other pages open once");
            assert_eq!(says_so, is_kept_out, "{required:?}");
            let remove = script.post("/me/security/tokens/remove", &[]).await;
            assert_eq!(remove.status.as_u16() == 403, is_kept_out);
            let setup = script.submit(&page, &page.form("/me/security/totp")).await;
            assert_eq!(setup.location(), Some("/me/security/totp"));
            script.follow(setup).await.with(200);
            let cookie = cookie_header(&begun.session);
            let seen = upstream_access::check(&accounts, &cookie, AllowedUsers::Hosts);
            let may = matches!(seen.await.unwrap(), UpstreamAccess::Granted(_));
            assert_eq!(may, is_admin && !is_kept_out, "{required:?}");

            enrol(world, &id).await;
            script.get("/api/v1/me").await.with(200);
            program.get("/api/v1/me").await.with(200);
        }
    });
}

#[test]
fn who_may_set_up_no_factor_before_their_address_is_confirmed_has_the_mail_sent_again() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = {
            let mut changed = open(world);
            changed.require_mfa_for = RequireMfaFor::All;
            changed
        };
        let id = person(world, "farah@example.my", None).await;
        make_pending(world, &id).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut farah = visitor(&accounts);
        farah.set_cookie("kd_session", begun.session.reveal());
        farah.header("x-csrf-token", &csrf_token(begun.session.reveal()));
        let page = farah.get("/me/security").await.with(200);
        assert!(page.text().contains("Confirm your email address first"));
        assert!(page.text().contains("needs a second factor here"));
        let form = page.form("/me/email/verify");
        let sent = farah.submit(&page, &form).await.with(303);
        let page = farah.get(sent.location().unwrap()).await.with(200);
        page.form("/me/email");
        world.clock.advance(SignedDuration::from_mins(2));
        let again = "/api/v1/auth/verify/resend";
        farah.call(Method::POST, again, &json!({})).await.with(202);
        for _ in 0..2 {
            expect(world, &accounts, "farah@example.my", "mail-verify-subject");
        }
        // All other routes are refused until the person has a second factor. Once the email address
        // is confirmed, the routes that confirm it are refused too.
        let me = farah.get("/api/v1/me").await.with(403);
        assert_eq!(me.json()["code"], "mfa_enrolment_required");
        write(world.store(), |tx| {
            tx.run(sql!("DELETE FROM registration"), &[], Rows::Exactly(1))
        })
        .await;
        let email = farah.get("/me/email").await;
        assert_eq!(email.location(), Some("/me/security"));
        let page = farah.get("/me/security").await.with(200);
        page.form("/me/security/totp");
    });
}

#[test]
fn a_page_leads_to_where_a_factor_is_set_up() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let accounts = {
            let mut changed = accounts(world);
            changed.require_mfa_for = RequireMfaFor::All;
            changed
        };
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let pages = Pages::<Context, Callers>::default().get(
            "/for-people",
            Callers::People,
            async |_: Reader| "in",
        );
        let site = &accounts.site;
        let router = pages.into_router().with_state(accounts.clone());
        let router = web::serve(site, accounts::web::around(&accounts, router));
        let mut visitor = Visitor::new(router);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let page = visitor.get("/for-people").await;
        assert_eq!(page.location(), Some("/me/security"));
        enrol(world, &id).await;
        visitor.get("/for-people").await.with(200);
    });
}

fn cookie_header(session: &Secret) -> HeaderMap {
    let cookie = format!("kd_session={}", session.reveal());
    HeaderMap::from_iter([(COOKIE, cookie.parse().unwrap())])
}
