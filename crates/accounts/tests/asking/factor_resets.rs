//! Tests of second factors that people have lost: the removal that an administrator requests, who
//! can cancel it, and the account afterwards.

use axum::http::Method;
use identity::account::AccountId;
use identity::credential::planned_reset;
use identity::grant::{ADMIN, OWNER};
use identity::people::factor_reset::{self, DELAY, Reset};
use identity::session::{Stay, sudo};
use identity::sign_in;
use jiff::SignedDuration;
use platform::mail::suppression::{self, Cause};
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use site::Context;
use testkit::{Visitor, World, rounds, together};

use crate::api::csrf_token;
use crate::passkeys::{Device, register};
use crate::people::{API, administrator, browser, post, press};
use crate::registering::{expect, link};
use crate::second_factors::{enrol, is_enrolled};
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, arrived, attempt, begin, client, expect_sign_in_mails,
    person, read, usual_hash, visitor, write,
};

const FARAH: &str = "farah@example.my";
const ASKED: &str = "mail-factor-reset-subject";
const DONE: &str = "mail-factors-reset-subject";

/// A browser with a session that lasts for weeks.
async fn lasting(world: &World, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Remembered, client(2)).await;
    let mut visitor = visitor(&accounts(world));
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

/// Creates a person with a password, an authenticator app and a passkey.
async fn farah(world: &World) -> AccountId {
    let id = person(world, FARAH, Some(&usual_hash(world).await)).await;
    enrol(world, &id).await;
    let mut own = browser(world, &id).await;
    register(&mut own, &Device::new("one")).await.with(201);
    id
}

async fn passkeys(world: &World, id: &AccountId) -> usize {
    let id = id.clone();
    let look = move |tx: &mut Tx<'_>| identity::credential::passkey::list(tx, &id);
    read(world.store(), look).await.len()
}

async fn pass(world: &World, accounts: &Context, time: SignedDuration) {
    world.clock.advance(time);
    factor_reset::run(&accounts.site).await.unwrap();
}

#[test]
fn factors_are_removed_a_day_after_the_person_was_told() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let boss = administrator(world, "boss@example.my", ADMIN).await;
        let mut theirs = lasting(world, &id).await;
        let mut boss = browser(world, &boss).await;
        let reset = [("action", "reset-factors")];
        press(&mut boss, &id, &reset).await.with(303);
        expect(world, &accounts, FARAH, ASKED);
        // A second request neither postpones the removal nor sends another mail.
        let path = format!("{API}/{id}/factor-reset");
        let again = boss.call(Method::POST, &path, &Value::Null).await.with(202);
        let due = world.clock.now() + DELAY;
        assert_eq!(again.json()["due_at"], due.to_string());
        let shown = boss.get(&format!("{API}/{id}")).await.with(200).json();
        assert_eq!(shown["factors_reset_at"], due.to_string());

        pass(world, &accounts, DELAY - SignedDuration::from_secs(1)).await;
        assert!(is_enrolled(world, &id).await);
        theirs.get("/api/v1/me").await.with(200);
        let welcome = sign_in::with_password(&accounts, attempt(FARAH, PASSWORD, 9)).await;
        assert!(matches!(welcome, Ok(sign_in::Welcome::SecondStep(_))));

        for _ in 0..2 {
            pass(world, &accounts, SignedDuration::from_secs(1)).await;
        }
        expect(world, &accounts, FARAH, DONE);
        assert!(!is_enrolled(world, &id).await);
        assert_eq!(passkeys(world, &id).await, 0);
        theirs.get("/api/v1/me").await.with(401);
        let link = link(world, "/factors/keep/").await;
        visitor(&accounts).get(&link).await.with(400);
        let back = sign_in::with_password(&accounts, attempt(FARAH, PASSWORD, 9)).await;
        expect_sign_in_mails(world, FARAH, 1);
        arrived(back.unwrap());
        let told = actions(world).await;
        let told = told.iter().filter(|one| one.starts_with("factor_reset."));
        assert_eq!(
            told.collect::<Vec<_>>(),
            ["factor_reset.asked", "factor_reset.done"]
        );
    });
}

#[test]
fn the_link_in_the_mail_and_any_session_keep_them() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let owner = administrator(world, "owner@example.my", OWNER).await;
        let path = format!("{API}/{id}/factor-reset");
        let mut count = 0;
        for way in ["link", "page", "api", "administrator"] {
            let mut boss = browser(world, &owner).await;
            boss.call(Method::POST, &path, &Value::Null).await.with(202);
            expect(world, &accounts, FARAH, ASKED);
            let mut theirs = lasting(world, &id).await;
            let seen = theirs.get("/api/v1/me/totp").await.with(200).json();
            assert!(seen["reset_at"].is_string());
            match way {
                "link" => {
                    let link = link(world, "/factors/keep/").await;
                    let mut stranger = visitor(&accounts);
                    let page = stranger.get(&link).await.with(200);
                    let seen = theirs.get("/api/v1/me/totp").await.with(200).json();
                    assert!(seen["reset_at"].is_string(), "opening it changes nothing");
                    let form = page.form("");
                    stranger.submit(&page, &form).await.with(200);
                    stranger.submit(&page, &form).await.with(400);
                }
                "page" => {
                    // Keeping the factors requires no sudo mode, so that nothing delays the person.
                    world.clock.advance(sudo::LIFETIME);
                    let page = theirs.get("/me/data").await.with(200);
                    let form = page.form("/me/security/factors/keep");
                    let done = theirs.submit(&page, &form).await.with(303);
                    theirs.follow(done).await.with(200);
                    theirs.submit(&page, &form).await.with(303);
                }
                "api" => {
                    let own = "/api/v1/me/factor-reset";
                    theirs
                        .call(Method::DELETE, own, &Value::Null)
                        .await
                        .with(204);
                    theirs
                        .call(Method::DELETE, own, &Value::Null)
                        .await
                        .with(404);
                }
                _ => {
                    boss.call(Method::DELETE, &path, &Value::Null)
                        .await
                        .with(204);
                    boss.call(Method::DELETE, &path, &Value::Null)
                        .await
                        .with(404);
                }
            }
            count += 1;
            pass(world, &accounts, DELAY).await;
            assert!(is_enrolled(world, &id).await, "{way}");
            assert_eq!(passkeys(world, &id).await, 1, "{way}");
            theirs.get("/api/v1/me").await.with(200);
            let done = actions(world).await;
            let kept = done.iter().filter(|one| *one == "factor_reset.cancelled");
            assert_eq!(kept.count(), count, "{way}");
        }
    });
}

#[test]
fn who_may_ask_for_it_and_for_whom() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = farah(world).await;
        let owner = administrator(world, "owner@example.my", OWNER).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        enrol(world, &owner).await;
        let reset = "factor-reset";
        let mut nobody = browser(world, &id).await;
        let refused = post(&mut nobody, &admin, reset).await;
        assert_eq!(refused, (403, json!("role_required")));
        let mut boss = browser(world, &admin).await;
        let refused = post(&mut boss, &owner, reset).await;
        assert_eq!(refused, (403, json!("role_above_own")));
        let none = person(world, "none@example.my", None).await;
        let refused = post(&mut boss, &none, reset).await;
        assert_eq!(refused, (409, json!("account_without_factors")));
        world.clock.advance(sudo::LIFETIME);
        let refused = post(&mut boss, &id, reset).await;
        assert_eq!(refused, (403, json!("sudo_required")));

        let mut boss = browser(world, &admin).await;
        assert_eq!(post(&mut boss, &id, "deactivate").await.0, 204);
        let refused = post(&mut boss, &id, reset).await;
        assert_eq!(refused, (409, json!("account_deactivated")));
        assert_eq!(post(&mut boss, &id, "activate").await.0, 204);
        let path = format!("{API}/{id}");
        boss.call(Method::DELETE, &path, &Value::Null)
            .await
            .with(202);
        let refused = post(&mut boss, &id, reset).await;
        assert_eq!(refused, (409, json!("account_leaving")));
    });
}

#[test]
fn whoever_is_kept_out_meanwhile_keeps_what_they_have() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        assert_eq!(post(&mut boss, &id, "factor-reset").await.0, 202);
        expect(world, &accounts, FARAH, ASKED);
        assert_eq!(post(&mut boss, &id, "deactivate").await.0, 204);
        pass(world, &accounts, DELAY).await;
        assert_eq!(passkeys(world, &id).await, 1);
        let of = id.clone();
        let due = read(world.store(), move |tx| planned_reset::due(tx, &of)).await;
        assert_eq!(due, None);
    });
}

#[test]
fn a_passkey_that_is_added_meanwhile_is_not_removed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        assert_eq!(post(&mut boss, &id, "factor-reset").await.0, 202);
        expect(world, &accounts, FARAH, ASKED);
        let mut own = browser(world, &id).await;
        register(&mut own, &Device::new("two")).await.with(201);
        pass(world, &accounts, DELAY).await;
        assert_eq!(passkeys(world, &id).await, 2);
        assert!(is_enrolled(world, &id).await);
    });
}

#[test]
fn what_an_administrator_asked_for_ends_with_the_role() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        assert_eq!(post(&mut boss, &id, "factor-reset").await.0, 202);
        expect(world, &accounts, FARAH, ASKED);
        write(world.store(), move |tx| {
            sql!("DELETE FROM role_grant WHERE account_id = :admin", admin).run(tx, Rows::Any)
        })
        .await;
        pass(world, &accounts, DELAY).await;
        assert_eq!(passkeys(world, &id).await, 1);
    });
}

#[test]
fn somebody_who_cannot_be_told_is_not_waited_for() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let key = accounts.site.keys.key(suppression::PURPOSE);
        write(world.store(), move |tx| {
            let address = FARAH.parse().unwrap();
            suppression::record(tx, &key, &address, Cause::HardBounce)
        })
        .await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        let refused = post(&mut boss, &id, "factor-reset").await;
        assert_eq!(refused, (409, json!("address_suppressed")));
    });
}

#[test]
fn on_the_server_s_console_it_is_done_at_once() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let mut theirs = lasting(world, &id).await;
        let reset = async |email: &str| {
            let (site, email) = (accounts.site.clone(), email.parse().unwrap());
            write(world.store(), move |tx| {
                factor_reset::reset_now(tx, &site, &email)
            })
            .await
        };
        assert_eq!(reset("nobody@example.my").await, Reset::Nobody);
        assert_eq!(reset("Farah@Example.my").await, Reset::Done);
        expect(world, &accounts, FARAH, DONE);
        assert_eq!(reset(FARAH).await, Reset::Nothing);
        theirs.get("/api/v1/me").await.with(401);
        assert!(!is_enrolled(world, &id).await);
        assert_eq!(passkeys(world, &id).await, 0);
    });
}

#[test]
fn of_the_job_and_the_person_one_is_first() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = farah(world).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        for _ in 0..rounds() {
            if !is_enrolled(world, &id).await {
                enrol(world, &id).await;
            }
            let mut boss = browser(world, &admin).await;
            assert_eq!(post(&mut boss, &id, "factor-reset").await.0, 202);
            expect(world, &accounts, FARAH, ASKED);
            let mut theirs = lasting(world, &id).await;
            world.clock.advance(DELAY);
            let own = "/api/v1/me/factor-reset";
            let (status, done) = together(
                async move {
                    let page = theirs.call(Method::DELETE, own, &Value::Null).await;
                    page.status.as_u16()
                },
                {
                    let site = accounts.site.clone();
                    async move { factor_reset::run(&site).await }
                },
            )
            .await;
            done.unwrap();
            assert_eq!(status == 204, is_enrolled(world, &id).await, "{status}");
            if status != 204 {
                expect(world, &accounts, FARAH, DONE);
            }
            let (left,): (i64,) = read(world.store(), |tx| {
                tx.one(sql!("SELECT COUNT(*) FROM factor_reset"), &[])
            })
            .await;
            assert_eq!(left, 0);
        }
    });
}
