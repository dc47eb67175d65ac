//! Tests of exporting and erasing a person's own account, of cancelling the erasure, and of the
//! data that remains.

use std::io::{Cursor, Read as _};

use axum::http::Method;
use identity::DomainAccounts;
use identity::account::{self, AccountId};
use identity::grant::{self, OWNER, Scope};
use identity::person::erasure::{self, DELAY, SLUG_HELD};
use identity::person::export::{self, DOCUMENT, ExportError, PERIOD};
use identity::person::{profile, slug};
use identity::session::Stay;
use identity::session::sudo::{self, Sudo};
use identity::session::token::PROFILE_READ;
use identity::sign_in::{self, Welcome};
use jiff::SignedDuration;
use platform::audit::chain;
use platform::store::migrate::Migrations;
use platform::{Rows, StoreError, Tx};
use serde_json::{Value, json};
use site::Context;
use site::domain::{Domain, Domains};
use site::domains::for_identity;
use testkit::{Visitor, World};
use web::fields::Input;

use crate::api::csrf_token;
use crate::passkeys::{Device, register as add_passkey};
use crate::people::browser;
use crate::second_factors::enrol;
use crate::stage::{
    CLUB, CLUB_OWNER, MIGRATIONS, PASSWORD, accounts, accounts_of, actions, arrived, attempt,
    begin, client, expect_sign_in_mails, give, new_account, person, program, read, router,
    signed_in, usual_hash, write,
};
use crate::unconfirmed::make_pending;

const FARAH: &str = "farah@example.my";

/// Declares clubs as a test domain. The last owner of a club cannot leave. The export fails if a
/// club is called `broken`.
pub(crate) const STRICT: Domains = &[
    accounts::DOMAIN,
    Domain {
        accounts: DomainAccounts {
            scope_kinds: &[&CLUB],
            export: |tx, id| match grant::owned_alone(tx, id, &CLUB)?.as_slice() {
                [only] if only == "broken" => Err(StoreError::Busy),
                all => Ok(json!(all)),
            },
            obligations: |tx, id| grant::owned_alone(tx, id, &CLUB),
            ..DomainAccounts::new("clubs")
        },
        ..Domain::new(Migrations::new("clubs", &[]))
    },
];

async fn visitor_of(accounts: &Context, world: &World, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut visitor = Visitor::new(router(accounts));
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

pub(crate) fn document(zip: &[u8]) -> Value {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut text = String::new();
    zip.by_name(DOCUMENT)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn write_zip<F>(world: &World, change: F) -> Vec<u8>
where
    F: Fn(&mut Tx<'_>) -> Result<Vec<u8>, ExportError> + Send + 'static,
{
    world.store().write(change).await.unwrap()
}

async fn leave(visitor: &mut Visitor, body: Value) -> (u16, Value) {
    let page = visitor.call(Method::DELETE, "/api/v1/me", &body).await;
    let body = serde_json::from_str(&page.body).unwrap_or(Value::Null);
    (page.status.as_u16(), body)
}

async fn run(accounts: &Context) {
    erasure::run(accounts.domain_accounts, &accounts.site.store)
        .await
        .unwrap();
}

#[test]
fn a_copy_has_all_that_is_one_s_own_and_no_secret() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        let other = person(world, "other@example.my", None).await;
        program(&accounts, &id, &[PROFILE_READ]).await;
        give(world, &id, CLUB_OWNER, &CLUB.scope("choir")).await;
        give(world, &other, CLUB_OWNER, &CLUB.scope("others")).await;
        let of = id.clone();
        write(world.store(), move |tx| slug::of(tx, &of)).await;
        let mut farah = visitor_of(&accounts, world, &id).await;
        let who = signed_in(world, &id).await;
        let written = Input::from(json!({"real_name": "Farah Ali", "bio": "Kopi"}));
        let change =
            move |tx: &mut Tx<'_>| profile::change(tx, &who, &written, None, &client(1).request);
        world.store().write(change).await.unwrap();
        let page = farah.get("/api/v1/me/export").await.with(200);
        assert_eq!(page.header("content-type"), "application/zip");
        let who = Sudo::check(signed_in(world, &id).await, world.clock.now()).unwrap();
        let keys = world.platform.keys.clone();
        let zip = write_zip(world, move |tx| {
            export::create(tx, &for_identity(STRICT), &keys, &who, &client(1).request)
        });
        let copy = document(&zip.await);
        assert_eq!(copy["format_version"], 1);
        let own = &copy["account"];
        assert_eq!(own["profile"]["display_name"], "Farah binti Ali");
        assert_eq!(own["profile"]["real_name"], "Farah Ali");
        assert_eq!(own["profile"]["bio"], "Kopi");
        assert_eq!(own["emails"][0]["address"], FARAH);
        assert_eq!(own["slugs"][0]["slug"], "farah-binti-ali");
        assert_eq!(own["sessions"].as_array().unwrap().len(), 3);
        assert_eq!(own["tokens"].as_array().unwrap().len(), 1);
        assert_eq!(own["grants"][0]["scope_id"], "choir");
        assert!(own["password_changed_at"].is_string());
        let event = |name: &str| {
            let events = own["events"].as_array().unwrap();
            events.iter().any(|event| event["action"] == name)
        };
        assert!(event("sign_in.succeeded"));
        assert_eq!(copy["clubs"], json!(["choir"]));
        let text = copy.to_string();
        for never in ["argon2", "other@example.my", "others", hash.phc()] {
            assert!(!text.contains(never), "{never}: {text}");
        }
        assert!(
            actions(world)
                .await
                .contains(&"account.exported".to_owned())
        );
    });
}

#[test]
fn a_copy_is_whole_or_none_and_two_a_day_are_given() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        let id = person(world, FARAH, None).await;
        give(world, &id, CLUB_OWNER, &CLUB.scope("broken")).await;
        let mut farah = visitor_of(&accounts, world, &id).await;
        for _ in 0..3 {
            farah.get("/api/v1/me/export").await.with(503);
        }
        let of = id.clone();
        write(world.store(), move |tx| {
            grant::remove_scope(tx, &CLUB.scope("broken"))
        })
        .await;
        for _ in 0..2 {
            farah.get("/api/v1/me/export").await.with(200);
        }
        let refused = farah.get("/api/v1/me/export").await.with(429);
        assert_eq!(refused.header("retry-after"), "86400");
        world.clock.advance(PERIOD);
        let mut farah = visitor_of(&accounts, world, &of).await;
        let page = farah.get("/me/data").await.with(200);
        let form = page.form("/me/data/export");
        let page = farah.submit(&page, &form).await.with(200);
        assert_eq!(page.header("content-type"), "application/zip");
    });
}

#[test]
fn whoever_leaves_is_gone_at_once_and_may_come_back_for_a_week() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        let of = id.clone();
        let name = write(world.store(), move |tx| slug::of(tx, &of)).await;
        let mut robot = program(&accounts, &id, &[PROFILE_READ]).await;
        let mut other = browser(world, &id).await;
        let mut farah = browser(world, &id).await;
        let page = farah.get("/me/data").await.with(200);
        let form = page.form("/me/data/erase");
        farah.submit_surely(&page, &form).await.with(303);
        other.get("/api/v1/me").await.with(401);
        robot.get("/api/v1/me").await.with(401);
        let public = name.clone();
        let found = read(world.store(), move |tx| slug::account(tx, &public)).await;
        assert_eq!(found, None);

        // A wrong password gets the same response as for other accounts, and costs one hash too.
        let login = "/api/v1/auth/login";
        let mut script = Visitor::new(router(&accounts));
        let body = |password: &str| json!({"email": FARAH, "password": password, "want": "tokens"});
        let before = accounts.hasher.count();
        let refused = script
            .call(Method::POST, login, &body("something else"))
            .await
            .with(401);
        assert_eq!(refused.json()["code"], "credentials_invalid");
        let offered = script
            .call(Method::POST, login, &body(PASSWORD))
            .await
            .with(200)
            .json();
        assert_eq!(accounts.hasher.count() - before, 2);
        assert_eq!(offered["status"], "restore_offered");
        assert!(offered.get("access_token").is_none());
        world.clock.advance(DELAY - SignedDuration::from_mins(30));
        run(&accounts).await;
        let restore = "/api/v1/auth/restore";
        let late = json!({ "restore_token": offered["restore_token"] });
        script.call(Method::POST, restore, &late).await.with(400);

        // Shortly before the erasure is due, the person cancels it in a browser.
        let mut browser = Visitor::new(router(&accounts));
        let page = browser.get("/login").await.with(200);
        let mut form = page.form("/login");
        form.fill("email", FARAH).fill("password", PASSWORD);
        let page = browser.submit(&page, &form).await.with(303);
        let offer = page.location().unwrap().to_owned();
        assert!(offer.starts_with("/restore/"), "{offer}");
        let page = browser.get(&offer).await.with(200);
        assert!(
            page.text().contains("Keep your account?"),
            "{}",
            page.text()
        );
        let form = page.form(&offer);
        browser.submit(&page, &form).await.with(303);
        browser.get(&offer).await.with(400);
        world.clock.advance(DELAY);
        run(&accounts).await;
        let found = read(world.store(), move |tx| slug::account(tx, &name)).await;
        assert_eq!(found.map(|named| named.id), Some(id));
        robot.get("/api/v1/me").await.with(401);
        let back = sign_in::with_password(&accounts, attempt(FARAH, PASSWORD, 9)).await;
        expect_sign_in_mails(world, FARAH, 1);
        arrived(back.unwrap());
    });
}

#[test]
fn after_a_week_the_address_is_free_and_the_slug_held() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        let granted = person(world, "granted@example.my", None).await;
        let (by, to) = (id.clone(), granted.clone());
        write(world.store(), move |tx| {
            grant::give(tx, &to, CLUB_OWNER, &CLUB.scope("choir"), Some(&by)).unwrap();
            slug::of(tx, &by)
        })
        .await;
        let mut farah = browser(world, &id).await;
        assert_eq!(leave(&mut farah, Value::Null).await.0, 202);
        world.clock.advance(DELAY - SignedDuration::from_secs(1));
        run(&accounts).await;
        let (new, again) = (new_account(FARAH), new_account(FARAH));
        let taken = world
            .store()
            .write(move |tx| account::create(tx, &new))
            .await;
        assert!(taken.is_err());
        world.clock.advance(SignedDuration::from_secs(1));
        for _ in 0..2 {
            run(&accounts).await;
        }
        let next = world
            .store()
            .write(move |tx| account::create(tx, &again))
            .await
            .unwrap();
        let (of, held) = (next.clone(), SLUG_HELD);
        let slug = write(world.store(), move |tx| slug::of(tx, &of)).await;
        assert_eq!(slug, "farah-binti-ali-2");
        let grants = read(world.store(), |tx| {
            tx.all::<(Option<String>,)>(platform::sql!("SELECT granted_by FROM role_grant"), &[])
        })
        .await;
        assert_eq!(grants, [(None,)]);
        world.clock.advance(held);
        run(&accounts).await;
        let slug = write(world.store(), move |tx| slug::of(tx, &granted)).await;
        assert_eq!(slug, "farah-binti-ali");
    });
}

#[test]
fn the_log_keeps_what_was_done_and_nobody_s_name() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, FARAH, None).await;
        program(&accounts, &id, &[PROFILE_READ]).await;
        let mut farah = browser(world, &id).await;
        let seal = async || {
            write(world.store(), |tx| {
                chain::seal(tx)?;
                assert_eq!(chain::verify(tx)?, None);
                Ok(())
            })
            .await;
        };
        seal().await;
        let before = actions(world).await;
        assert_eq!(
            leave(&mut farah, json!({ "immediately": true })).await.0,
            202
        );
        seal().await;
        let after = actions(world).await;
        assert_eq!(after[..before.len()], before[..]);
        world.store().checkpoint().await.unwrap();
        assert_eq!(world.places_of(id.as_str()), [""; 0]);
        let (networks,): (i64,) = read(world.store(), |tx| {
            tx.one(platform::sql!("SELECT COUNT(network) FROM audit"), &[])
        })
        .await;
        assert_eq!(networks, 0);
        farah.get("/api/v1/me").await.with(401);
    });
}

#[test]
fn what_is_one_s_alone_is_settled_first() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        let id = person(world, FARAH, None).await;
        let other = person(world, "other@example.my", None).await;
        give(world, &id, CLUB_OWNER, &CLUB.scope("choir")).await;
        let mut farah = visitor_of(&accounts, world, &id).await;
        let (status, refused) = leave(&mut farah, Value::Null).await;
        assert_eq!(
            (status, &refused["code"]),
            (409, &json!("active_obligations"))
        );
        assert_eq!(refused["obligations"], "choir");
        give(world, &other, CLUB_OWNER, &CLUB.scope("choir")).await;
        assert_eq!(leave(&mut farah, Value::Null).await.0, 202);

        // The other owner is now the only owner, and cannot leave either.
        let mut other = visitor_of(&accounts, world, &other).await;
        assert_eq!(leave(&mut other, Value::Null).await.0, 409);
        world.clock.advance(DELAY);
        run(&accounts).await;
        assert!(actions(world).await.contains(&"account.erased".to_owned()));
    });
}

/// The rows of every table that refers to accounts must be erased with an account. If rows remain,
/// the erasure fails. Each table's data must also be exported, unless it is not about the person.
#[test]
fn every_table_that_refers_to_an_account_is_erased_and_copied() {
    const NOT_COPIED: [&str; 4] = [
        "one_time_token",
        "account_erasure",
        "account_export",
        "site_look",
    ];
    let erased = concat!(
        include_str!("../../../identity/src/person/erasure.rs"),
        include_str!("../../../identity/src/person/group_link.rs"),
        include_str!("../../../identity/src/credential/linked_identity.rs"),
        include_str!("../../../identity/src/credential/passkey.rs"),
        include_str!("../../../identity/src/notification.rs"),
        include_str!("../../../site/src/look.rs"),
        include_str!("../../../site/src/webhook.rs"),
        include_str!("../../../identity/src/session.rs"),
        include_str!("../../../identity/src/account/unconfirmed.rs"),
        include_str!("../../../identity/src/credential/second_factor.rs")
    );
    let copied = concat!(
        include_str!("../../../site/src/webhook.rs"),
        include_str!("../../../identity/src/notification.rs"),
        include_str!("../../../identity/src/credential/planned_reset.rs"),
        include_str!("../../../identity/src/person/export.rs"),
        include_str!("../../../identity/src/credential/linked_identity.rs"),
        include_str!("../../../identity/src/credential/passkey.rs"),
        include_str!("../../../identity/src/credential/second_factor/recovery.rs"),
        include_str!("../../../identity/src/credential/second_factor/totp.rs"),
        include_str!("../../../identity/src/session.rs"),
        include_str!("../../../identity/src/session/token.rs")
    );
    let mut count = 0;
    for step in identity::MIGRATIONS.steps {
        for table in step.text.split("CREATE TABLE ").skip(1) {
            let (name, rest) = table.split_once(' ').unwrap();
            let columns = rest.split(");").next().unwrap();
            if !columns.contains("REFERENCES account (id)") {
                continue;
            }
            count += 1;
            let is_erased = ["DELETE FROM", "UPDATE"]
                .iter()
                .any(|verb| erased.contains(&format!("{verb} {name} ")));
            assert!(is_erased, "{name} is not erased");
            let is_copied = copied.contains(&format!("FROM {name} "));
            assert!(
                is_copied || NOT_COPIED.contains(&name),
                "{name} is not copied"
            );
        }
    }
    assert!(count > 8, "{count}");
}

#[test]
fn keys_and_codes_are_in_the_copy_and_erased() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, FARAH, None).await;
        enrol(world, &id).await;
        let mut farah = browser(world, &id).await;
        add_passkey(&mut farah, &Device::new("one")).await.with(201);
        make_pending(world, &id).await;
        let who = Sudo::check(signed_in(world, &id).await, world.clock.now()).unwrap();
        let keys = world.platform.keys.clone();
        let zip = write_zip(world, move |tx| {
            export::create(
                tx,
                accounts.domain_accounts,
                &keys,
                &who,
                &client(1).request,
            )
        });
        let copy = document(&zip.await);
        let own = &copy["account"];
        assert_eq!(own["passkeys"][0]["name"], "Telefon");
        assert_eq!(own["recovery_codes_left"], 10);
        assert!(own["second_factor_since"].is_string());
        assert!(own["unconfirmed_since"].is_string());
        let now = json!({ "immediately": true });
        assert_eq!(leave(&mut farah, now).await.0, 202);
        let of = id.clone();
        let found = read(world.store(), move |tx| account::find(tx, &of)).await;
        assert!(found.is_none());
    });
}

#[test]
fn accounts_that_cannot_be_erased_keep_no_other_waiting() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        // The first 20 accounts cannot be erased, because they own clubs, and one run of the job
        // handles 20 accounts. The last account must not wait for them.
        for number in 0..=20 {
            let id = person(world, &format!("{number}@example.my"), None).await;
            if number < 20 {
                give(world, &id, CLUB_OWNER, &CLUB.scope(number.to_string())).await;
            }
            write(world.store(), move |tx| {
                platform::sql!(
                    "UPDATE account SET state = 'pending_deletion' WHERE id = :id",
                    id
                )
                .run(tx, Rows::Exactly(1))?;
                platform::sql!(
                    "INSERT INTO account_erasure (account_id, due_at, was_deactivated)
                     VALUES (:id, :due_at, 0)",
                    due_at = tx.now() + SignedDuration::from_secs(number),
                    id
                )
                .run(tx, Rows::Exactly(1))
            })
            .await;
        }
        world.clock.advance(SignedDuration::from_mins(1));
        let erased = async || {
            let done = actions(world).await;
            let erased = done.iter().filter(|action| *action == "account.erased");
            erased.count()
        };
        run(&accounts).await;
        assert_eq!(erased().await, 0);
        run(&accounts).await;
        assert_eq!(erased().await, 1);
    });
}

#[test]
fn a_cookie_alone_gets_no_copy_and_erases_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, FARAH, None).await;
        let mut farah = browser(world, &id).await;
        world.clock.advance(sudo::LIFETIME);
        let refused = farah.get("/api/v1/me/export").await.with(403).json();
        assert_eq!(refused["code"], "sudo_required");
        let (status, refused) = leave(&mut farah, json!({ "immediately": true })).await;
        assert_eq!((status, &refused["code"]), (403, &json!("sudo_required")));
        farah.get("/api/v1/me").await.with(200);
    });
}

#[test]
fn a_link_on_another_site_uses_no_copy_up() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, FARAH, None).await;
        let mut farah = browser(world, &id).await;
        for (sent_from, status) in [
            ("cross-site", 403),
            ("same-site", 403),
            ("same-origin", 200),
            ("none", 200),
        ] {
            farah.header("sec-fetch-site", sent_from);
            farah.get("/api/v1/me/export").await.with(status);
        }
    });
}

#[test]
fn a_restored_account_asks_for_its_second_factor() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        enrol(world, &id).await;
        let mut farah = browser(world, &id).await;
        assert_eq!(leave(&mut farah, Value::Null).await.0, 202);
        let sign_in = async || {
            let tried = attempt(FARAH, PASSWORD, 1);
            sign_in::with_password(&accounts, tried).await.unwrap()
        };
        let Welcome::Leaving(offered) = sign_in().await else {
            panic!("no offer");
        };
        let mut script = Visitor::new(router(&accounts));
        let body = json!({ "restore_token": offered.reveal() });
        let restore = "/api/v1/auth/restore";
        script.call(Method::POST, restore, &body).await.with(204);
        assert_eq!(script.cookie("kd_session"), None);
        assert!(matches!(sign_in().await, Welcome::SecondStep(_)));
    });
}

#[test]
fn the_last_owner_of_the_installation_does_not_leave() {
    World::default_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        let id = person(world, FARAH, Some(&hash)).await;
        give(world, &id, OWNER, &Scope::site()).await;
        let mut farah = browser(world, &id).await;
        let (status, refused) = leave(&mut farah, json!({ "immediately": true })).await;
        assert_eq!((status, &refused["code"]), (409, &json!("last_owner")));
        farah.get("/api/v1/me").await.with(200);
    });
}
