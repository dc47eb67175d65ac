//! Tests of changing an account's email address.

use axum::http::Method;
use identity::account::{self, AccountId};
use identity::person::email_change::{self, Confirmation, LIFETIME, UNDO_LIFETIME};
use identity::person::verification::ConfirmError;
use identity::session::Stay;
use identity::sign_in::Welcome;
use jiff::SignedDuration;
use platform::{Rows, Secret, Tx, sql};
use serde_json::json;
use site::Context;
use testkit::{Visitor, World, rounds, together};
use web::Network;

use crate::api::csrf_token;
use crate::passkeys::{Device, register as add_passkey};
use crate::registering::{expect, link, open, register};
use crate::resetting;
use crate::second_factors::{enrol, is_enrolled};
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, attempt, begin, client, expect_sign_in_mails,
    find_session, in_process, person, read, usual_hash, visitor, write,
};
use crate::unconfirmed::make_pending;
use crate::withdrawing::invite;

const OLD: &str = "farah@example.my";
const NEW: &str = "farah@example.com";

/// A browser with a new session of a person.
async fn browser(world: &World, accounts: &Context, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut visitor = visitor(accounts);
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

/// Requests another email address on the page. Returns the path of the mailed link.
async fn ask(world: &World, farah: &mut Visitor, email: &str) -> String {
    world.clock.advance(SignedDuration::from_mins(2));
    let page = farah.get("/me/email").await.with(200);
    let mut form = page.form("/me/email");
    form.fill("email", email);
    farah.submit(&page, &form).await.with(303);
    link(world, "/email/confirm/").await
}

async fn address(world: &World, id: &AccountId) -> String {
    let id = id.clone();
    let found = read(world.store(), move |tx| account::find(tx, &id)).await;
    found.unwrap().email
}

async fn can_sign_in(accounts: &Context, email: &str) -> bool {
    let tried = attempt(email, PASSWORD, 1);
    let welcome = identity::sign_in::with_password(accounts, tried).await;
    matches!(welcome, Ok(Welcome::Arrived(_)))
}

#[test]
fn the_new_address_is_confirmed_and_the_old_one_takes_it_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, OLD, Some(&hash)).await;
        let other = begin(world, &id, Stay::Remembered, client(9)).await;
        let mut farah = browser(world, &accounts, &id).await;
        let older = ask(world, &mut farah, NEW).await;
        let newest = ask(world, &mut farah, NEW).await;
        farah.get(&older).await.with(400);
        let page = farah.get(&newest).await.with(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(address(world, &id).await, OLD, "looking changes nothing");
        let form = page.form("");
        farah.submit(&page, &form).await.with(200);
        farah.submit(&page, &form).await.with(200);
        assert_eq!(address(world, &id).await, NEW);
        assert!(find_session(world, &other.session).await.is_none());
        farah.get("/me/email").await.with(200);
        assert!(!can_sign_in(&accounts, OLD).await && can_sign_in(&accounts, NEW).await);

        world
            .clock
            .advance(UNDO_LIFETIME - SignedDuration::from_mins(1));
        let undo = link(world, "/email/undo/").await;
        let mut old = visitor(&accounts);
        let page = old.get(&undo).await.with(200);
        let form = page.form("");
        old.submit(&page, &form).await.with(200);
        old.submit(&page, &form).await.with(200);
        assert_eq!(address(world, &id).await, OLD);
        farah.get("/me/email").await.with(303);
        let log = actions(world).await;
        let ours = ["email.changed", "email.restored"];
        let log: Vec<_> = log
            .iter()
            .filter(|one| ours.contains(&one.as_str()))
            .collect();
        assert_eq!(log, ours);
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, OLD, "mail-changed-subject");
        expect_sign_in_mails(world, NEW, 1);
    });
}

#[test]
fn a_name_is_no_link_in_a_mail_to_an_address_that_somebody_typed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, OLD, Some(&hash)).await;
        let of = id.clone();
        write(world.store(), move |tx| {
            sql!(
                "UPDATE account SET display_name = 'Visit http://evil.example' WHERE id = :of",
                of
            )
            .run(tx, Rows::Exactly(1))
        })
        .await;
        ask(world, &mut browser(world, &accounts, &id).await, NEW).await;
        let mails = world.mails().await;
        let mail = mails.iter().find(|mail| mail.recipient == NEW).unwrap();
        assert!(mail.text.contains("Visit http: //evil. example"));
        assert!(!mail.text.contains("evil.example"));
        expect(world, &accounts, NEW, "mail-change-subject");
    });
}

#[test]
fn an_address_gets_three_mails_an_hour_whoever_asks() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        for email in [OLD, "mei@example.my"] {
            let id = person(world, email, None).await;
            let mut browser = browser(world, &accounts, &id).await;
            ask(world, &mut browser, NEW).await;
            expect(world, &accounts, NEW, "mail-change-subject");
        }
        let id = person(world, "aisyah@example.my", None).await;
        let mut aisyah = browser(world, &accounts, &id).await;
        ask(world, &mut aisyah, NEW).await;
        expect(world, &accounts, NEW, "mail-change-subject");
        world.clock.advance(SignedDuration::from_mins(2));
        let body = json!({ "email": NEW });
        let change = "/api/v1/me/email";
        aisyah.call(Method::POST, change, &body).await.with(429);
        let other = json!({"email": "other@example.com"});
        aisyah.call(Method::POST, change, &other).await.with(202);
        expect(world, &accounts, "other@example.com", "mail-change-subject");
    });
}

#[test]
fn a_change_needs_a_fresh_proof_and_ends_after_a_day() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, None).await;
        let mut farah = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut farah, NEW).await;
        let body = json!({"email": NEW});
        world.clock.advance(SignedDuration::from_mins(10));
        let answer = farah.call(Method::POST, "/api/v1/me/email", &body).await;
        assert_eq!(answer.with(403).json()["code"], "sudo_required");
        world.clock.advance(LIFETIME);
        visitor(&accounts).get(&sent).await.with(400);
        expect(world, &accounts, NEW, "mail-change-subject");
    });
}

#[test]
fn the_click_of_whoever_owns_the_new_address_alone_changes_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, OLD, Some(&hash)).await;
        let mut farah = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut farah, NEW).await;
        let token = sent.rsplit_once('/').unwrap().1;
        let mut stranger = visitor(&accounts);
        let page = stranger.get(&sent).await.with(200);
        let form = page.form("");
        stranger.submit(&page, &form).await.with(403);
        let confirm = "/api/v1/auth/email/confirm";
        let wrong = json!({"token": token, "current_password": "something else"});
        stranger.call(Method::POST, confirm, &wrong).await.with(400);
        assert_eq!(address(world, &id).await, OLD);
        let right = json!({"token": token, "current_password": PASSWORD});
        stranger.call(Method::POST, confirm, &right).await.with(204);
        assert_eq!(address(world, &id).await, NEW);
        farah.get("/me/email").await.with(303);
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, OLD, "mail-changed-subject");
    });
}

#[test]
fn links_to_a_new_password_die_with_the_address_that_they_went_to() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, None).await;
        let of = id.clone();
        let sign_in = write(world.store(), move |tx| {
            identity::sign_in::create_link(tx, &of)
        })
        .await;
        let mut farah = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut farah, NEW).await;
        let page = farah.get(&sent).await;
        farah.submit(&page, &page.form("")).await.with(200);
        let path = format!("/sign-in/{}", sign_in.reveal());
        visitor(&accounts).get(&path).await.with(400);
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, OLD, "mail-changed-subject");
    });
}

#[test]
fn an_address_that_nobody_confirmed_takes_no_account_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, None).await;
        let mut registrant = browser(world, &accounts, &id).await;
        make_pending(world, &id).await;
        let sent = ask(world, &mut registrant, NEW).await;
        let page = registrant.get(&sent).await;
        registrant.submit(&page, &page.form("")).await.with(200);
        assert_eq!(address(world, &id).await, NEW);
        // The old address gets no mail. It was never confirmed, so it may belong to somebody who
        // never had the account.
        expect(world, &accounts, NEW, "mail-change-subject");
    });
}

#[test]
fn whoever_took_the_account_over_cannot_undo_that_it_was_taken_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, None).await;
        let mut thief = browser(world, &accounts, &id).await;
        for email in [NEW, "thief@example.com"] {
            let sent = ask(world, &mut thief, email).await;
            let page = thief.get(&sent).await;
            thief.submit(&page, &page.form("")).await.with(200);
            expect(world, &accounts, email, "mail-change-subject");
        }
        let mails = world.mails().await;
        let undo_of = |email: &str| {
            let mut ours = mails.iter().filter(|mail| mail.recipient == email);
            let mail = ours
                .find(|mail| mail.text.contains("/email/undo/"))
                .unwrap();
            let at = mail.text.find("/email/undo/").unwrap();
            mail.text[at..]
                .split_whitespace()
                .next()
                .unwrap()
                .to_owned()
        };
        let (of_owner, of_thief) = (undo_of(OLD), undo_of(NEW));
        let mut owner = visitor(&accounts);
        let page = owner.get(&of_owner).await.with(200);
        owner.submit(&page, &page.form("")).await.with(200);
        assert_eq!(address(world, &id).await, OLD);
        owner.get(&of_thief).await.with(400);
        expect(world, &accounts, OLD, "mail-changed-subject");
        expect(world, &accounts, NEW, "mail-changed-subject");
    });
}

#[test]
fn whoever_changed_the_address_twice_cannot_undo_that_the_owner_may_undo_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, None).await;
        let mut thief = browser(world, &accounts, &id).await;
        let mut undo = Vec::new();
        for email in [NEW, "thief@example.com"] {
            let sent = ask(world, &mut thief, email).await;
            let page = thief.get(&sent).await;
            thief.submit(&page, &page.form("")).await.with(200);
            expect(world, &accounts, email, "mail-change-subject");
            undo.push(link(world, "/email/undo/").await);
            world.clock.advance(SignedDuration::from_mins(2));
        }
        let page = thief.get(&undo[1]).await.with(200);
        thief.submit(&page, &page.form("")).await.with(200);
        assert_eq!(address(world, &id).await, NEW);

        let mut owner = visitor(&accounts);
        let page = owner.get(&undo[0]).await.with(200);
        owner.submit(&page, &page.form("")).await.with(200);
        assert_eq!(address(world, &id).await, OLD);
        expect(world, &accounts, OLD, "mail-changed-subject");
        expect(world, &accounts, NEW, "mail-changed-subject");
    });
}

#[test]
fn the_old_address_comes_back_though_somebody_registered_it_and_prepared_a_way_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let id = person(world, OLD, None).await;
        let mut thief = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut thief, NEW).await;
        let page = thief.get(&sent).await;
        thief.submit(&page, &page.form("")).await.with(200);
        add_passkey(&mut thief, &Device::new("thief"))
            .await
            .with(201);
        enrol(world, &id).await;
        let invited = invite(world, &id).await;
        let throwaway = register(world, &mut visitor(&accounts), &[("email", OLD)]).await;
        throwaway.with(202);

        let undo = link(world, "/email/undo/").await;
        let mut owner = visitor(&accounts);
        let page = owner.get(&undo).await.with(200);
        owner.submit(&page, &page.form("")).await.with(200);
        assert_eq!(address(world, &id).await, OLD);
        // The second factor was set up after the change, so it may be a thief's. It was removed.
        assert!(!is_enrolled(world, &id).await);
        let of = id.clone();
        let passkeys = read(world.store(), move |tx| {
            identity::credential::passkey::list(tx, &of)
        })
        .await;
        assert!(passkeys.is_empty());
        visitor(&accounts).get(&invited).await.with(400);
        // Only the new address got a mail. The mail to the removed account was deleted with that
        // account.
        expect(world, &accounts, NEW, "mail-change-subject");
    });
}

#[test]
fn an_undo_removes_a_factor_that_was_new_when_the_address_changed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, Some(&usual_hash(world).await)).await;
        enrol(world, &id).await;
        world.clock.advance(SignedDuration::from_hours(6 * 24));
        let mut thief = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut thief, NEW).await;
        let page = thief.get(&sent).await;
        thief.submit(&page, &page.form("")).await.with(200);
        let undo = link(world, "/email/undo/").await;
        let mut owner = visitor(&accounts);
        let page = owner.get(&undo).await.with(200);
        owner.submit(&page, &page.form("")).await.with(200);
        assert!(!is_enrolled(world, &id).await);
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, OLD, "mail-changed-subject");
    });
}

#[test]
fn a_mailbox_brings_the_address_back_and_not_past_the_second_factor() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, OLD, Some(&usual_hash(world).await)).await;
        enrol(world, &id).await;
        world.clock.advance(SignedDuration::from_hours(7 * 24));
        let mut farah = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut farah, NEW).await;
        let page = farah.get(&sent).await;
        farah.submit(&page, &page.form("")).await.with(200);
        let undo = link(world, "/email/undo/").await;
        let mut thief = visitor(&accounts);
        let page = thief.get(&undo).await.with(200);
        thief.submit(&page, &page.form("")).await.with(200);
        assert!(is_enrolled(world, &id).await);
        resetting::ask(world, &accounts, OLD, "reset").await;
        let sent = link(world, "/reset/").await;
        resetting::reset(&mut thief, &sent, "dua pantun lama")
            .await
            .with(200);
        let tried = attempt(OLD, "dua pantun lama", 1);
        let welcome = identity::sign_in::with_password(&accounts, tried).await;
        assert!(matches!(welcome, Ok(Welcome::SecondStep(_))));
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, OLD, "mail-changed-subject");
        expect(world, &accounts, OLD, "mail-reset-subject");
        expect(world, &accounts, OLD, "mail-password-subject");
    });
}

#[test]
fn an_undo_takes_the_address_from_nobody_who_has_confirmed_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let id = person(world, OLD, None).await;
        let mut farah = browser(world, &accounts, &id).await;
        let sent = ask(world, &mut farah, NEW).await;
        let page = farah.get(&sent).await;
        farah.submit(&page, &page.form("")).await.with(200);
        person(world, OLD, None).await;
        let undo = link(world, "/email/undo/").await;
        let page = farah.get(&undo).await.with(200);
        farah.submit(&page, &page.form("")).await.with(409);
        assert_eq!(address(world, &id).await, NEW);
        expect(world, &accounts, NEW, "mail-change-subject");
        expect(world, &accounts, OLD, "mail-changed-subject");
    });
}

#[test]
fn of_two_accounts_that_confirm_one_address_one_has_it() {
    World::each_engine(&MIGRATIONS, async |world| {
        let other = world.second_store();
        for round in 0..rounds() {
            let accounts = accounts(world);
            let wanted = format!("{round}@example.com");
            let mut asked = Vec::new();
            for name in ["a", "b"] {
                let email = format!("{name}{round}@example.my");
                let id = person(world, &email, None).await;
                let mut browser = browser(world, &accounts, &id).await;
                let sent = ask(world, &mut browser, &wanted).await;
                asked.push(Confirmation {
                    link: Secret::new(sent.rsplit_once('/').unwrap().1),
                    who: Some(crate::stage::signed_in(world, &id).await),
                    password: Secret::new(""),
                    network: Network::of([203, 0, 113, 1].into()),
                    client: client(1),
                });
                expect(world, &accounts, &wanted, "mail-change-subject");
            }
            let (second, first) = (asked.pop().unwrap(), asked.pop().unwrap());
            let (here, there) = (accounts.clone(), in_process(&accounts, &other));
            let results = together(
                async move { email_change::confirm(&here, first).await },
                async move { email_change::confirm(&there, second).await },
            )
            .await;
            let won = match results {
                (Ok(()), Err(ConfirmError::EmailTaken)) => "a",
                (Err(ConfirmError::EmailTaken), Ok(())) => "b",
                other => panic!("round {round}: {other:?}"),
            };
            let old = format!("{won}{round}@example.my");
            expect(world, &accounts, &old, "mail-changed-subject");
            let email = wanted.parse().unwrap();
            let find = move |tx: &mut Tx<'_>| account::find_by_email(tx, &email);
            assert!(read(world.store(), find).await.is_some());
            // Without the pause, the network would exceed its limit on confirmation links.
            world.clock.advance(SignedDuration::from_hours(1));
        }
    });
}
