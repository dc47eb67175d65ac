//! What asks for a fresh proof of a credential, and how one is given.

use accounts::email_change;
use accounts::erasure::{self, EraseError, When};
use accounts::second_factor::{self, FactorError};
use accounts::session::{self, Stay};
use accounts::sudo::{LIFETIME, Sudo, SudoRequired};
use accounts::token::{self, CreateError, NewToken, PROFILE_READ};
use accounts::verification::ResendError;
use axum::http::Method;
use jiff::SignedDuration;
use platform::Tx;
use serde_json::json;
use testkit::World;
use web::Network;

use crate::api::csrf_token;
use crate::stage::{
    Checked, MIGRATIONS, PASSWORD, accounts, actions, begin, client, english, find_session, person,
    usual_hash, visitor, write,
};

#[test]
fn a_proof_counts_for_ten_minutes() {
    World::each_engine(&MIGRATIONS, async |world| {
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
fn a_proof_ends_with_its_session() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let who = find_session(world, &begun.session).await.unwrap();
        let sudo = Sudo::check(who, world.clock.now()).unwrap();
        // Somebody signs the thief out who has this proof in hand.
        write(world.store(), move |tx| {
            session::end_secret(tx, &begun.session)
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
            let new = NewToken {
                name: "Kitchen screen".to_owned(),
                scopes: vec![PROFILE_READ],
                scope: None,
                days: 1,
            };
            move |tx: &mut Tx<'_>| token::create_own(tx, &sudo, &new, &request)
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
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let begun = begin(world, &id, Stay::Remembered, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let at = "/sudo?redirect=%2Fme%2Fsecurity";
        let page = visitor.get(at).await;
        assert_eq!(
            page.location(),
            Some("/me/security"),
            "who is fresh goes on"
        );

        world.clock.advance(LIFETIME);
        let page = visitor.get(at).await.with(200);
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
        let page = visitor.get(at).await;
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
    World::each_engine(&MIGRATIONS, async |world| {
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

#[test]
fn a_form_that_is_refused_leads_to_the_proof_and_back() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        world.clock.advance(LIFETIME);
        // Who has no password must have signed in just now to set the first one.
        let page = visitor.get("/me/security").await.with(200);
        let mut form = page.form("/me/security/password");
        form.fill("password", PASSWORD);
        let origin = accounts.site.url().origin().to_owned();
        visitor.header("referer", &format!("{origin}/me/security"));
        let refused = visitor.submit(&page, &form).await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=%2Fme%2Fsecurity"),
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
        assert_eq!(refused.location(), Some("/sudo?redirect="));
    });
}
