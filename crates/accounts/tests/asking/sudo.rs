//! Tests of sudo mode: the operations that require it, and how people enter it.

use axum::http::Method;
use identity::credential::second_factor::{self, FactorError};
use identity::grant::{OWNER, Scope};
use identity::person::email_change;
use identity::person::erasure::{self, EraseError, When};
use identity::person::verification::ResendError;
use identity::session::sudo::{self, LIFETIME, Sudo, SudoRequired};
use identity::session::token::{self, CreateError, NewToken, PROFILE_READ};
use identity::session::{self, Stay};
use identity::sign_in::own_password::ChangeError;
use jiff::SignedDuration;
use platform::Tx;
use serde_json::json;
use testkit::{Page, Visitor, World};
use web::Network;

use crate::api::csrf_token;
use crate::people::browser;
use crate::second_factors::{Enrolled, enrol, expect_mail};
use crate::stage::{
    self, MIGRATIONS, PASSWORD, accounts, actions, begin, client, english, find_session, give,
    person, usual_hash, visitor, write,
};

const FARAH: &str = "farah@example.my";
const PAGE: &str = "/sudo?redirect=%2Fme%2Fsecurity";

#[test]
fn a_proof_counts_for_ten_minutes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let who = find_session(world, &begun.session).await.unwrap();
        let check = || Sudo::check(who.clone(), world.clock.now()).map(|sudo| sudo.who().clone());
        world
            .clock
            .advance(LIFETIME - SignedDuration::from_millis(1));
        assert_eq!(check().unwrap(), who);
        world.clock.advance(SignedDuration::from_millis(1));
        assert_eq!(check(), Err(SudoRequired));
    });
}

#[test]
fn what_lets_others_in_asks_whether_the_session_is_still_there() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, FARAH, None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        // The request was authenticated before its body arrived.
        let who = find_session(world, &begun.session).await.unwrap();
        let require = async || {
            let who = who.clone();
            let change = move |tx: &mut Tx<'_>| sudo::require::<ChangeError>(tx, &who);
            world.store().write(change).await
        };
        require().await.unwrap();
        write(world.store(), move |tx| {
            session::sign_out(tx, &begun.session, &client(1).request)
        })
        .await;
        let refused = require().await;
        assert!(
            matches!(refused, Err(ChangeError::SudoRequired(_))),
            "{refused:?}"
        );
    });
}

#[test]
fn a_proof_ends_with_its_session() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let who = find_session(world, &begun.session).await.unwrap();
        let sudo = Sudo::check(who, world.clock.now()).unwrap();
        // The thief's session was in sudo mode. It is ended in the meantime.
        write(world.store(), move |tx| {
            session::sign_out(tx, &begun.session, &client(1).request)
        })
        .await;

        let (site, request) = (accounts.site.clone(), client(1).request);
        let refused = world.store().write({
            let sudo = sudo.clone();
            move |tx: &mut Tx<'_>| second_factor::begin(tx, &site, &sudo)
        });
        assert!(matches!(refused.await, Err(FactorError::NotSignedIn)));
        let refused = world.store().write({
            let (sudo, request) = (sudo.clone(), request.clone());
            let site = accounts.site.clone();
            let new = NewToken {
                name: "Kitchen screen".to_owned(),
                scopes: vec![PROFILE_READ],
                scope: None,
                days: 1,
            };
            move |tx: &mut Tx<'_>| token::create_own(tx, &site, &sudo, &new, &request)
        });
        assert!(matches!(refused.await, Err(CreateError::NoAccount)));
        let refused = world.store().write({
            let sudo = sudo.clone();
            move |tx: &mut Tx<'_>| erasure::ask(tx, &[], &sudo, When::Later, &request)
        });
        assert!(matches!(refused.await, Err(EraseError::NotSignedIn)));
        let to = "thief@example.com".parse().unwrap();
        let network = Network::of([203, 0, 113, 1].into());
        let refused = email_change::ask(&accounts, &sudo, &to, network).await;
        assert!(matches!(refused, Err(ResendError::NotSignedIn)));
    });
}

#[test]
fn a_password_proves_it_on_the_page_and_leads_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let begun = begin(world, &id, Stay::Remembered, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let page = visitor.get(PAGE).await;
        assert_eq!(
            page.location(),
            Some("/me/security"),
            "who is fresh goes on"
        );

        world.clock.advance(LIFETIME);
        let page = visitor.get(PAGE).await.with(200);
        let mut form = page.form("/sudo");
        form.fill("password", "something else");
        let page = visitor.submit(&page, &form).await.with(400);
        let mut form = page.form("/sudo");
        assert_eq!(form.value("password"), Some(""));
        form.fill("password", PASSWORD);
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me/security"));
        assert!(done.header("set-cookie").contains("Max-Age=604800"));
        assert!(
            find_session(world, &begun.session).await.is_none(),
            "the old secret"
        );
        visitor.follow(done).await.with(200);
        let page = visitor.get(PAGE).await;
        assert_eq!(page.location(), Some("/me/security"));
        assert!(actions(world).await.contains(&"sudo.proved".to_owned()));

        world.clock.advance(LIFETIME);
        let page = visitor.get("/sudo?redirect=//evil.example").await.with(200);
        form.fields = page.form("/sudo").fields;
        form.fill("password", PASSWORD);
        assert_eq!(visitor.submit(&page, &form).await.location(), Some("/"));
    });
}

#[test]
fn a_script_proves_it_and_guessing_is_counted() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut script = visitor(&accounts);
        script.set_cookie("kd_session", begun.session.reveal());
        script.header("x-csrf-token", &csrf_token(begun.session.reveal()));
        let address = "/api/v1/auth/sudo";
        let (wrong, right) = (json!({"password": "wrong"}), json!({"password": PASSWORD}));
        for _ in 0..5 {
            let refused = script.call(Method::POST, address, &wrong).await.with(401);
            assert_eq!(refused.json()["code"], "credentials_invalid");
        }
        script.call(Method::POST, address, &right).await.with(429);
        world.clock.advance(SignedDuration::from_mins(16));
        script.call(Method::POST, address, &right).await.with(204);
        let renewed = script.cookie("kd_session").unwrap().to_owned();
        assert_ne!(renewed, begun.session.reveal());
        let who = find_session(world, &platform::Secret::new(renewed)).await;
        assert!(Sudo::check(who.unwrap(), world.clock.now()).is_ok());
    });
}

/// Creates a person with a password and an authenticator app. The session of the returned browser
/// is no longer in sudo mode.
async fn farah_with_app(world: &World) -> (Visitor, Enrolled) {
    let hash = usual_hash(world).await;
    let id = person(world, FARAH, Some(&hash)).await;
    let enrolled = enrol(world, &id).await;
    let browser = browser(world, &id).await;
    world.clock.advance(LIFETIME);
    (browser, enrolled)
}

/// Submits the password and a code on the page that begins sudo mode.
async fn prove(browser: &mut Visitor, password: &str, code: &str) -> Page {
    let page = browser.get(PAGE).await.with(200);
    let mut form = page.form("/sudo");
    form.fill("password", password).fill("code", code);
    browser.submit(&page, &form).await
}

#[test]
fn where_there_is_a_second_factor_a_password_alone_proves_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let (mut farah, Enrolled { app, recovery }) = farah_with_app(world).await;
        let page = farah.get("/me/security").await.with(200);
        let mut form = page.form("/me/security/password");
        form.fill("current_password", PASSWORD)
            .fill("password", "dua pantun lama");
        let refused = farah.submit(&page, &form).await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=&act=%2Fme%2Fsecurity%2Fpassword")
        );
        let code = app.code(world.clock.now());
        for (password, typed, status) in [
            (PASSWORD, "", 422),
            (PASSWORD, "12345", 401),
            ("something else", &code, 401),
        ] {
            let page = prove(&mut farah, password, typed).await.with(status);
            let form = page.form("/sudo");
            assert_eq!(form.value("password"), Some(""));
            assert_eq!(form.value("code"), Some(""));
            assert_eq!(form.value("redirect"), Some("/me/security"));
            let words = english(&accounts(world)).say("problem-password-or-code-wrong");
            assert_eq!(page.text().contains(&words), status == 401);
        }
        for typed in [&code, recovery[0].reveal()] {
            let done = prove(&mut farah, PASSWORD, typed).await;
            assert_eq!(done.location(), Some("/me/security"));
            let page = farah.get(PAGE).await;
            assert_eq!(page.location(), Some("/me/security"));
            world.clock.advance(LIFETIME);
            // Each code works once.
            prove(&mut farah, PASSWORD, typed).await.with(401);
        }
        expect_mail(world, "mail-recovery-code-subject");
        let log = actions(world).await;
        let of = |action: &str| log.iter().filter(|one| *one == action).count();
        assert_eq!((of("second_factor.proved"), of("sudo.proved")), (2, 2));
    });
}

#[test]
fn a_script_shows_both_and_guesses_at_either_are_counted_with_those_of_sign_ins() {
    World::default_engine(&MIGRATIONS, async |world| {
        let (mut script, Enrolled { app, .. }) = farah_with_app(world).await;
        let address = "/api/v1/auth/sudo";
        let missing = json!({"password": PASSWORD});
        let refused = script.call(Method::POST, address, &missing).await.with(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/code");
        let code = app.code(world.clock.now());
        for (password, code) in [(PASSWORD, "12345"), ("wrong", &code), ("wrong", "12345")] {
            let wrong = json!({"password": password, "code": code});
            let refused = script.call(Method::POST, address, &wrong).await.with(401);
            assert_eq!(refused.json()["code"], "password_or_code_wrong");
        }
        let wrong = json!({"password": PASSWORD, "code": "12345"});
        for _ in 0..2 {
            script.call(Method::POST, address, &wrong).await.with(401);
        }
        let right = json!({"password": PASSWORD, "code": code});
        script.call(Method::POST, address, &right).await.with(429);
        // The failed attempts also count towards the limit on sign-ins from that network.
        let (login, mfa) = ("/api/v1/auth/login", "/api/v1/auth/mfa");
        let first = json!({"email": FARAH, "password": PASSWORD, "want": "tokens"});
        let mut program = visitor(&accounts(world));
        let token = program.call(Method::POST, login, &first).await.json();
        let step = json!({"mfa_token": token["mfa_token"], "method": "totp", "code": code,
            "want": "tokens"});
        program.call(Method::POST, mfa, &step).await.with(429);

        world.clock.advance(SignedDuration::from_mins(16));
        let right = json!({"password": PASSWORD, "code": app.code(world.clock.now())});
        script.call(Method::POST, address, &right).await.with(204);
    });
}

#[test]
fn a_form_that_is_refused_leads_to_the_proof_and_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        world.clock.advance(LIFETIME);
        // To set a first password, the person must be in sudo mode, because there is no old
        // password to enter.
        let page = visitor.get("/me/security").await.with(200);
        let mut form = page.form("/me/security/password");
        form.fill("password", PASSWORD);
        let origin = accounts.site.url().origin().to_owned();
        visitor.header("referer", &format!("{origin}/me/security"));
        let refused = visitor.submit(&page, &form).await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=%2Fme%2Fsecurity&act=%2Fme%2Fsecurity%2Fpassword"),
            "{}",
            refused.body
        );
        let page = visitor.follow(refused).await.with(200);
        let words = english(&accounts).say("account-sudo-link");
        assert!(page.text().contains(&words));
        assert!(page.forms().iter().all(|form| form.action != "/sudo"));
        visitor.header("referer", "https://evil.example/me/security");
        let page = visitor.get("/me/security").await.with(200);
        let refused = visitor.submit(&page, &form).await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=&act=%2Fme%2Fsecurity%2Fpassword")
        );
    });
}

#[test]
fn a_form_that_asked_for_a_proof_is_carried_out_after_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut farah = visitor(&accounts);
        farah.set_cookie("kd_session", begun.session.reveal());
        world.clock.advance(LIFETIME);
        let origin = accounts.site.url().origin().to_owned();
        farah.header("referer", &format!("{origin}/me/security"));
        let page = farah.get("/me/security").await.with(200);
        let mut token = page.form("/me/security/tokens");
        token
            .fill("name", "Kitchen screen")
            .tick("scopes", "profile:read");
        let refused = farah.submit(&page, &token).await.with(307);
        let sudo = refused.location().unwrap().to_owned();

        // A browser is redirected with the form to the page that begins sudo mode.
        let sent: Vec<_> = token.entries();
        farah
            .post(&sudo, &[("name", "Kitchen screen")])
            .await
            .with(403);
        let page = farah.post(&sudo, &sent).await.with(200);
        let mut form = page.form("/sudo");
        form.fill("password", "something else");
        let page = farah.submit(&page, &form).await.with(400);
        let mut form = page.form("/sudo");
        form.fill("password", PASSWORD);
        let tokens = async || {
            let id = id.clone();
            stage::read(world.store(), move |tx| token::list(tx, &id))
                .await
                .len()
        };
        assert_eq!(tokens().await, 0);
        let mut again = farah.clone();
        let done = farah.submit(&page, &form).await.with(200);
        assert!(done.body.contains("kd_pat_"), "{}", done.body);
        assert_eq!(tokens().await, 1);
        farah.get("/me/security").await.with(200);
        // The form that was kept can only be submitted in the same session, and only once.
        again.submit(&page, &form).await;
        let fresh = csrf_token(farah.cookie("kd_session").unwrap());
        form.fill("_csrf", &fresh);
        farah.submit(&page, &form).await.with(400);
        assert_eq!(tokens().await, 1);
        let begun = begin(world, &id, Stay::Visit, client(2)).await;
        let mut other = visitor(&accounts);
        other.set_cookie("kd_session", begun.session.reveal());
        form.fill("_csrf", &csrf_token(begun.session.reveal()));
        other.submit(&page, &form).await.with(400);
        assert_eq!(tokens().await, 1);
        farah.set_cookie(
            "kd_session",
            begin(world, &id, Stay::Visit, client(1))
                .await
                .session
                .reveal(),
        );

        // The form's target is always on this site, and the page does not contain the typed
        // password.
        let page = farah.post("/sudo?act=//evil.example", &sent).await;
        assert_ne!(
            page.status, 200,
            "the secret of the form is that of the session before"
        );
        let page = farah.get("/me/security").await.with(200);
        let csrf = page
            .form("/me/security/tokens")
            .value("_csrf")
            .unwrap()
            .to_owned();
        let sent = [("_csrf", csrf.as_str()), ("name", "x")];
        let page = farah
            .post("/sudo?act=//evil.example", &sent)
            .await
            .with(200);
        assert!(page.form("/sudo").value("kept").is_some());
        let sent = [
            ("_csrf", csrf.as_str()),
            ("new_password", "dua pantun lama"),
        ];
        let page = farah.post("/sudo?act=/me/security", &sent).await.with(200);
        assert!(!page.body.contains("dua pantun lama"));
        assert_eq!(page.form("/sudo").value("kept"), None);
    });
}

#[test]
fn a_form_that_waited_too_long_is_shown_as_it_was_typed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut farah = visitor(&accounts);
        farah.set_cookie("kd_session", begun.session.reveal());
        world.clock.advance(LIFETIME);
        let page = farah.get("/me/security").await.with(200);
        let mut token = page.form("/me/security/tokens");
        token
            .fill("name", "Kitchen screen")
            .tick("scopes", "profile:read");
        let asked = farah.submit(&page, &token).await.with(307);
        let sudo = asked.location().unwrap().to_owned();
        let page = farah.post(&sudo, &token.entries()).await.with(200);
        world.clock.advance(LIFETIME);
        let mut form = page.form("/sudo");
        form.fill("password", PASSWORD);
        let page = farah.submit(&page, &form).await.with(200);
        let words = english(&accounts).say("account-sudo-undone-text");
        let what = english(&accounts).say("account-token-create");
        assert!(page.text().contains(&words) && page.text().contains(&*what));
        let of = id.clone();
        let tokens = stage::read(world.store(), move |tx| token::list(tx, &of)).await;
        assert!(tokens.is_empty());
        let form = page.form("/me/security/tokens");
        assert_eq!(form.value("name"), Some("Kitchen screen"));
        let done = farah.submit(&page, &form).await.with(200);
        assert!(done.body.contains("kd_pat_"));
    });
}

#[test]
fn the_proof_says_what_comes_next_in_words() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        give(world, &id, OWNER, &Scope::site()).await;
        let other = person(world, "mei@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut farah = visitor(&accounts);
        farah.set_cookie("kd_session", begun.session.reveal());
        world.clock.advance(LIFETIME);
        let english = english(&accounts);
        let next = english.say("account-sudo-next");
        let at = format!("/admin/people/{other}");
        for (page, form, what) in [
            ("/me/security", "/me/security/totp", "account-totp"),
            (
                "/me/security",
                "/me/security/tokens",
                "account-token-create",
            ),
            ("/me/data", "/me/data/export", "account-export-get"),
            ("/me/webhooks", "/me/webhooks", "webhook-new"),
            ("/me/trusted", "/me/trusted", "trusted-add"),
            ("/admin/invites", "/admin/invites", "account-invites-create"),
            (&at, &at, "people-rank-save"),
        ] {
            let page = farah.get(page).await.with(200);
            let filled = page.form(form);
            let sent = filled.entries();
            let asked = farah.post("/sudo?act=/me/security", &sent).await.with(200);
            let text = asked.text();
            assert!(text.contains(&*next), "{form}: {text}");
            assert!(text.contains(&*english.say(what)), "{form}: {text}");
        }
        // Where nobody says it, nothing is said: the values alone say nothing.
        let page = farah.get("/me/security").await.with(200);
        let csrf = page
            .form("/me/security/totp")
            .value("_csrf")
            .unwrap()
            .to_owned();
        let sent = [("_csrf", csrf.as_str()), ("unit", "hours")];
        let page = farah.post("/sudo?act=/me/security", &sent).await.with(200);
        assert!(!page.text().contains(&*next) && !page.text().contains("hours"));

        // Who proves it has used the session at that moment.
        let mut form = page.form("/sudo");
        form.fill("password", PASSWORD);
        world.clock.advance(SignedDuration::from_mins(1));
        farah.submit(&page, &form).await;
        let now = world.clock.now();
        let of = id.clone();
        let all = stage::read(world.store(), move |tx| session::list(tx, &of)).await;
        let mut proved = all.iter().filter(|one| one.authenticated_at == now);
        assert!(proved.next().is_some_and(|one| one.last_seen_at == now));
    });
}

#[test]
fn a_person_is_blocked_by_the_question_and_the_proof_without_a_third_press() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let boss = person(world, "boss@example.my", Some(&hash)).await;
        give(world, &boss, OWNER, &Scope::site()).await;
        let id = person(world, FARAH, None).await;
        let begun = begin(world, &boss, Stay::Visit, client(1)).await;
        let mut browser = visitor(&accounts);
        browser.set_cookie("kd_session", begun.session.reveal());
        world.clock.advance(LIFETIME);
        let at = format!("/admin/people/{id}");
        let page = browser.get(&at).await.with(200);
        let csrf = page.form(&at).value("_csrf").unwrap().to_owned();
        let action = [("_csrf", csrf.as_str()), ("action", "deactivate")];
        let question = browser.post(&at, &action).await.with(200);
        let surely = question.form(&at);
        let asked = browser.submit(&question, &surely).await.with(307);
        let sudo = asked.location().unwrap().to_owned();
        let page = browser.post(&sudo, &surely.entries()).await.with(200);
        let english = english(&accounts);
        assert!(page.text().contains(&english.say("question-block-confirm")));
        let mut form = page.form("/sudo");
        form.fill("password", PASSWORD);
        let done = browser.submit(&page, &form).await;
        assert_eq!(done.location(), Some(format!("{at}?done=1").as_str()));
        let page = browser.follow(done).await.with(200);
        assert!(page.text().contains(&english.say("people-deactivated")));
    });
}
