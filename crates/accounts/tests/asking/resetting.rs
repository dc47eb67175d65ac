//! Tests of regaining access to an account through mailed links.

use axum::http::Method;
use identity::people::invite;
use identity::person::reset::{self, ResetError};
use identity::session::Stay;
use identity::session::token::PROFILE_READ;
use identity::sign_in::Welcome;
use jiff::SignedDuration;
use platform::Secret;
use platform::jobs::Worker;
use serde_json::json;
use site::Context;
use testkit::{Page, Visitor, World, rounds, together};

use crate::grants::manager;
use crate::registering::{expect, link, open, register};
use crate::stage::{
    CLUB, CLUB_OWNER, MIGRATIONS, OBSERVER, PASSWORD, accounts, actions, attempt, begin, client,
    expect_sign_in_mails, find_session, give, in_process, person, program, signed_in, usual_hash,
    visitor, write,
};
use crate::unconfirmed::verify;

const EMAIL: &str = "farah@example.my";
const NEW: &str = "dua pantun lama";

pub(crate) async fn work(world: &World, accounts: &Context) {
    let (store, clock) = (world.store().clone(), world.platform.clock.clone());
    let handlers = (accounts::DOMAIN.jobs)(&accounts.site);
    let worker = Worker::new(store, clock, world.platform.random.clone(), handlers);
    worker.run_due().await.unwrap();
}

/// Requests a link on the page, and runs the job that mails it.
pub(crate) async fn ask(world: &World, accounts: &Context, email: &str, wanted: &str) -> Page {
    // Mails are ordered by time, so the clock must advance between them.
    world.clock.advance(SignedDuration::from_secs(1));
    let mut visitor = visitor(accounts);
    let page = visitor.get("/forgot").await.with(200);
    let mut form = page.form("/forgot");
    form.fill("email", email).press("wanted", wanted);
    let page = visitor.submit(&page, &form).await;
    work(world, accounts).await;
    page
}

async fn sign_in(accounts: &Context, password: &str) -> bool {
    let tried = attempt(EMAIL, password, 1);
    let welcome = identity::sign_in::with_password(accounts, tried).await;
    matches!(welcome, Ok(Welcome::Arrived(_)))
}

/// Opens a password reset link and submits the new password.
pub(crate) async fn reset(visitor: &mut Visitor, link: &str, password: &str) -> Page {
    let page = visitor.get(link).await.with(200);
    let mut form = page.form("");
    form.fill("password", password);
    visitor.submit(&page, &form).await
}

#[test]
fn known_and_unknown_addresses_are_answered_alike() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        person(world, EMAIL, None).await;
        let known = ask(world, &accounts, EMAIL, "reset").await.with(202);
        let unknown = ask(world, &accounts, "nobody@example.my", "reset").await;
        assert_eq!(known.text(), unknown.with(202).text());
        ask(world, &accounts, "nobody", "reset").await.with(422);
        expect(world, &accounts, EMAIL, "mail-reset-subject");
    });
}

#[test]
fn a_link_sets_one_password_within_an_hour_and_ends_everything() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let begun = begin(world, &id, Stay::Remembered, client(9)).await;
        let mut program = program(&accounts, &id, &[PROFILE_READ]).await;
        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let older = link(world, "/reset/").await;
        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let newest = link(world, "/reset/").await;

        let wedding = CLUB.scope("wedding");
        give(world, &id, CLUB_OWNER, &wedding).await;
        let by = manager(world, &signed_in(world, &id).await, &wedding).await;
        let by = by.unwrap();
        let invited = write(world.store(), move |tx| {
            Ok(invite::create(tx, &by, OBSERVER).unwrap())
        })
        .await;
        let invited = format!("/admin/join/{}", invited.reveal());

        let mut farah = visitor(&accounts);
        farah.get(&invited).await.with(200);
        farah.get(&older).await.with(400);
        let page = farah.get(&newest).await.with(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        reset(&mut farah, &newest, "short").await.with(422);
        reset(&mut farah, &newest, EMAIL).await.with(422);
        let page = farah.get(&newest).await;
        let mut form = page.form("");
        farah
            .submit(&page, form.fill("password", NEW))
            .await
            .with(200);
        farah.submit(&page, &form).await.with(400);
        assert!(
            farah.cookie("kd_session").is_none(),
            "nobody is signed in by it"
        );
        assert!(find_session(world, &begun.session).await.is_none());
        visitor(&accounts).get(&invited).await.with(400);
        program.get("/api/v1/me").await.with(401);
        assert!(!sign_in(&accounts, PASSWORD).await);
        assert!(sign_in(&accounts, NEW).await);
        let log = actions(world).await;
        assert!(
            log.iter().any(|action| action == "password.reset"),
            "{log:?}"
        );

        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let late = link(world, "/reset/").await;
        world.clock.advance(reset::LIFETIME);
        farah.get(&late).await.with(400);
        for _ in 0..3 {
            expect(world, &accounts, EMAIL, "mail-reset-subject");
        }
        expect(world, &accounts, EMAIL, "mail-password-subject");
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn tokens_stay_where_their_owner_says_so() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        verify(world, &id).await;
        let mut program = program(&accounts, &id, &[PROFILE_READ]).await;
        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let newest = link(world, "/reset/").await;
        let mut farah = visitor(&accounts);
        let page = farah.get(&newest).await;
        let mut form = page.form("");
        form.fill("password", NEW).untick("revoke_tokens", "1");
        farah.submit(&page, &form).await.with(200);
        let me = program.get("/api/v1/me").await.with(200);
        assert_eq!(me.json()["email"], EMAIL);

        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let token = link(world, "/reset/").await;
        let token = token.rsplit_once('/').unwrap().1;
        let body = json!({"token": token, "password": PASSWORD});
        let address = "/api/v1/auth/reset";
        farah.call(Method::POST, address, &body).await.with(204);
        farah.call(Method::POST, address, &body).await.with(400);
        program.get("/api/v1/me").await.with(401);
        for _ in 0..2 {
            expect(world, &accounts, EMAIL, "mail-reset-subject");
            expect(world, &accounts, EMAIL, "mail-password-subject");
        }
    });
}

#[test]
fn a_link_dies_with_the_password_that_it_was_to_replace() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let sent = link(world, "/reset/").await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let who = find_session(world, &begun.session).await.unwrap();
        let change = identity::sign_in::own_password::Change {
            current: Secret::new(PASSWORD),
            new: identity::credential::password::Password::choose(&Secret::new(NEW), &[]).unwrap(),
            client: client(1),
        };
        identity::sign_in::own_password::change(&accounts, &who, change)
            .await
            .unwrap();
        visitor(&accounts).get(&sent).await.with(400);
        expect(world, &accounts, EMAIL, "mail-reset-subject");
    });
}

#[test]
fn a_reset_confirms_the_address_and_shuts_out_who_registered_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut thief = visitor(&accounts);
        register(world, &mut thief, &[]).await.with(202);
        assert!(sign_in(&accounts, PASSWORD).await);
        // The email address is unconfirmed, so the account may be somebody else's. A reset link is
        // mailed instead of a sign-in link.
        ask(world, &accounts, EMAIL, "sign_in").await.with(202);
        let sent = link(world, "/reset/").await;
        reset(&mut visitor(&accounts), &sent, NEW).await.with(200);
        assert!(!sign_in(&accounts, PASSWORD).await);
        assert!(sign_in(&accounts, NEW).await);
        let verify = link(world, "/verify/").await;
        thief.get(&verify).await.with(400);
        let email = EMAIL.parse().unwrap();
        let is_pending = crate::stage::read(world.store(), move |tx| {
            let account = identity::account::find_by_email(tx, &email)?.unwrap();
            identity::account::unconfirmed::is_pending(tx, &account.id)
        });
        assert!(!is_pending.await);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
        expect(world, &accounts, EMAIL, "mail-reset-subject");
        expect(world, &accounts, EMAIL, "mail-password-subject");
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn a_mailed_link_signs_in_once() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        verify(world, &id).await;
        ask(world, &accounts, EMAIL, "sign_in").await.with(202);
        let sent = link(world, "/sign-in/").await;
        let mut farah = visitor(&accounts);
        let page = farah.get(&sent).await.with(200);
        let form = page.form("");
        farah.submit(&page, &form).await.with(303);
        farah.get("/me/security").await.with(200);
        visitor(&accounts).get(&sent).await.with(400);
        expect(world, &accounts, EMAIL, "mail-link-subject");
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn an_address_gets_three_in_an_hour_and_a_network_asks_ten_times() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        person(world, EMAIL, None).await;
        for _ in 0..10 {
            ask(world, &accounts, EMAIL, "reset").await.with(202);
        }
        ask(world, &accounts, "mei@example.my", "reset")
            .await
            .with(429);
        let mut program = visitor(&accounts);
        let forgot = "/api/v1/auth/forgot";
        let body = json!({"email": EMAIL});
        program.call(Method::POST, forgot, &body).await.with(429);
        world.clock.advance(SignedDuration::from_hours(2));
        program.call(Method::POST, forgot, &body).await.with(202);
        work(world, &accounts).await;
        for _ in 0..4 {
            expect(world, &accounts, EMAIL, "mail-reset-subject");
        }
    });
}

#[test]
fn of_two_resets_with_one_link_one_succeeds_and_its_password_is_in_force() {
    World::each_engine(&MIGRATIONS, async |world| {
        let other = world.second_store();
        for round in 0..rounds() {
            let email = format!("{round}@example.my");
            let accounts = accounts(world);
            person(world, &email, None).await;
            ask(world, &accounts, &email, "reset").await.with(202);
            let sent = link(world, "/reset/").await;
            let secret = Secret::new(sent.rsplit_once('/').unwrap().1);
            let (one, two) = (Secret::new("satu pantun lama"), Secret::new(NEW));
            let kept = reset::Tokens::Kept;
            let finish = |accounts: Context, new: &Secret, from| {
                let (secret, new) = (secret.clone(), new.clone());
                async move { reset::finish(&accounts, secret, &new, kept, client(from)).await }
            };
            let (first, second) = together(
                finish(accounts.clone(), &one, 1),
                finish(in_process(&accounts, &other), &two, 2),
            )
            .await;
            assert!(
                matches!(
                    (&first, &second),
                    (Ok(()), Err(ResetError::LinkGone)) | (Err(ResetError::LinkGone), Ok(()))
                ),
                "round {round}: {first:?} {second:?}"
            );
            let won = if first.is_ok() { one } else { two };
            let tried = attempt(&email, won.reveal(), 1);
            assert!(
                identity::sign_in::with_password(&accounts, tried)
                    .await
                    .is_ok()
            );
            expect(world, &accounts, &email, "mail-reset-subject");
            // Without the pause, the network would exceed its limit on links.
            world.clock.advance(SignedDuration::from_hours(1));
            expect(world, &accounts, &email, "mail-password-subject");
            expect_sign_in_mails(world, &email, 1);
        }
    });
}
