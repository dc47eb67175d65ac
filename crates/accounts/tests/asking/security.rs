//! Tests of the page with the security settings of a person's own account.

use axum::http::Method;
use identity::session::{self, Stay, sudo, token};
use identity::sign_in;
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Page, Visitor, World};

use crate::api::csrf_token;
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, attempt, begin, client, english, expect_sign_in_mails,
    find_session, person, read, usual_hash, visitor, write,
};

const NEW: &str = "pantun yang baharu";

async fn change(visitor: &mut Visitor, current: Option<&str>, new: &str) -> Page {
    let page = visitor.get("/me/security").await.with(200);
    let mut form = page.form("/me/security/password");
    if let Some(current) = current {
        form.fill("current_password", current);
    }
    form.fill("password", new);
    visitor.submit(&page, &form).await
}

#[test]
fn a_changed_password_ends_every_other_session_and_renews_this_one() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let here = begin(world, &id, Stay::Remembered, client(1)).await;
        let there = begin(world, &id, Stay::Visit, client(2)).await;
        let of = id.clone();
        let link = write(world.store(), move |tx| sign_in::create_link(tx, &of)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", here.session.reveal());

        let page = change(&mut visitor, Some("something else"), NEW)
            .await
            .with(400);
        assert!(
            page.text()
                .contains(&english(&accounts).say("form-problem"))
        );
        change(&mut visitor, Some(PASSWORD), "short")
            .await
            .with(422);
        change(&mut visitor, Some(PASSWORD), "Farah@Example.MY")
            .await
            .with(422);
        assert!(find_session(world, &there.session).await.is_some());

        let page = change(&mut visitor, Some(PASSWORD), NEW).await;
        assert_eq!(page.location(), Some("/me/security?done=password"));
        assert!(page.header("set-cookie").contains("Max-Age=604800"));
        visitor.follow(page).await.with(200);
        assert!(
            find_session(world, &here.session).await.is_none(),
            "the old secret"
        );
        assert!(find_session(world, &there.session).await.is_none());
        assert!(!read(world.store(), move |tx| sign_in::is_link(tx, &link)).await);
        let old = sign_in::with_password(&accounts, attempt("farah@example.my", PASSWORD, 1));
        assert!(old.await.is_err());
        let new = sign_in::with_password(&accounts, attempt("farah@example.my", NEW, 1));
        assert!(new.await.is_ok());
        let actions = actions(world).await;
        for action in ["password.changed", "session.revoked"] {
            assert!(actions.iter().any(|done| done == action), "{actions:?}");
        }
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn who_came_by_a_link_sets_a_first_password() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let page = visitor.get("/me/security").await.with(200);
        assert!(
            page.text()
                .contains(&english(&accounts).say("account-password-none"))
        );
        change(&mut visitor, None, NEW).await.with(303);
        let new = sign_in::with_password(&accounts, attempt("farah@example.my", NEW, 1));
        assert!(new.await.is_ok());
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn guessing_the_current_password_is_counted() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        for _ in 0..5 {
            change(&mut visitor, Some("something else"), NEW)
                .await
                .with(400);
        }
        change(&mut visitor, Some(PASSWORD), NEW).await.with(429);
        world.clock.advance(SignedDuration::from_mins(20));
        change(&mut visitor, Some(PASSWORD), NEW).await.with(303);
    });
}

#[test]
fn other_sessions_are_ended_one_by_one_or_all() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let here = begin(world, &id, Stay::Visit, client(1)).await;
        let mut others = Vec::new();
        for last in 2..5 {
            others.push(begin(world, &id, Stay::Visit, client(last)).await);
        }
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", here.session.reveal());
        let page = visitor.get("/me/security").await.with(200);
        let one = page
            .forms()
            .into_iter()
            .find(|form| form.fields.iter().any(|field| field.name == "session"))
            .unwrap();
        let mut one = one;
        let ended = one
            .fields
            .iter()
            .find(|field| field.name == "session")
            .unwrap();
        let ended = ended.value.clone();
        one.press("session", &ended);
        let done = visitor.submit(&page, &one).await;
        assert_eq!(done.location(), Some("/me/security?done=session"));
        let of = id.clone();
        let left = read(world.store(), move |tx| session::list(tx, &of)).await;
        assert_eq!(left.len(), 3);
        visitor.submit(&page, &one).await.with(404);
        // A stolen cookie does not suffice to end other sessions, because that requires sudo mode.
        let mut late = visitor.clone();
        world.clock.advance(sudo::LIFETIME);
        let refused = late.submit(&page, &one).await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=&act=%2Fme%2Fsecurity%2Fsessions")
        );
        let here = begin(world, &id, Stay::Visit, client(1)).await;
        visitor.set_cookie("kd_session", here.session.reveal());
        let page = visitor.get("/me/security").await;
        let all = page
            .forms()
            .into_iter()
            .find(|form| {
                form.action == "/me/security/sessions"
                    && form.fields.iter().all(|field| field.name != "session")
            })
            .unwrap();
        visitor.submit_surely(&page, &all).await.with(303);
        assert!(find_session(world, &here.session).await.is_some());
        for other in others {
            assert!(find_session(world, &other.session).await.is_none());
        }
    });
}

#[test]
fn a_token_is_made_by_who_has_just_proved_who_they_are() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
        let page = visitor.get("/me/security").await.with(200);
        let mut form = page.form("/me/security/tokens");
        form.fill("name", "Kitchen screen")
            .tick("scopes", "profile:read");
        world.clock.advance(sudo::LIFETIME);
        let refused = visitor.submit(&page, &form).await;
        assert_eq!(
            refused.location(),
            Some("/sudo?redirect=&act=%2Fme%2Fsecurity%2Ftokens")
        );
        let new = json!({"name": "Kitchen screen", "scopes": ["profile:read"]});
        let refused = visitor.call(Method::POST, "/api/v1/me/tokens", &new).await;
        assert_eq!(refused.with(403).json()["code"], "sudo_required");
        let tokens = read(world.store(), move |tx| token::list(tx, &id)).await;
        assert!(tokens.is_empty());
    });
}

#[test]
fn a_token_is_shown_once_and_taken_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let page = visitor.get("/me/security").await.with(200);
        let mut form = page.form("/me/security/tokens");
        form.fill("name", "Kitchen screen")
            .fill("expires_in_days", "400");
        let page = visitor.submit(&page, &form).await.with(422);
        let mut form = page.form("/me/security/tokens");
        assert_eq!(form.value("name"), Some("Kitchen screen"));
        form.tick("scopes", "profile:read")
            .fill("expires_in_days", "30");
        let page = visitor.submit(&page, &form).await.with(200);
        let at = page.body.find("kd_pat_").unwrap();
        let token = &page.body[at..at + 53];
        let again = visitor.get("/me/security").await.with(200);
        assert!(!again.body.contains("kd_pat_"));
        assert!(again.text().contains("Kitchen screen"));

        let mut program = crate::stage::visitor(&accounts);
        program.header("authorization", &format!("Bearer {token}"));
        let me = program.get("/api/v1/me").await.with(200).json();
        assert_eq!(me["email"], "farah@example.my");

        let mut form = again.form("/me/security/tokens/remove");
        let value = form
            .fields
            .iter()
            .find(|field| field.name == "token")
            .unwrap();
        let value = value.value.clone();
        form.press("token", &value);
        let done = visitor.submit_surely(&again, &form).await;
        assert_eq!(done.location(), Some("/me/security?done=token"));
        program.get("/api/v1/me").await.with(401);
    });
}
