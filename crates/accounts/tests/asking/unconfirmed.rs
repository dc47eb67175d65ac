//! Tests of accounts with an unconfirmed email address. Somebody who does not own the address may
//! have prepared access to the account for later.

use axum::http::Method;
use identity::DomainAccounts;
use identity::account::AccountId;
use identity::credential::passkey;
use identity::credential::second_factor::{self, FactorError, Method as Factor};
use identity::grant::{self, Scope};
use identity::people::setup::{self, Credential};
use identity::person::registration;
use identity::session::device;
use identity::sign_in::second_step::{self, SecondStepError, SecondStepInput};
use identity::sign_in::{self, SignInError, Welcome};
use platform::store::migrate::Migrations;
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde_json::{Value, json};
use site::domain::{Domain, Domains};
use site::domains::for_identity;
use testkit::{Visitor, World};
use web::Network;

use crate::passkeys::{Device, register as add_passkey};
use crate::people::browser;
use crate::registering::{EMAIL, expect, link, open, register};
use crate::resetting::{ask as ask_for_link, reset};
use crate::second_factors::{Enrolled, enrol, is_enrolled, set_up, sudo};
use crate::stage::{
    CLUB, MIGRATIONS, OBSERVER, PASSWORD, accounts, accounts_of, arrived, attempt, client,
    find_session, give, new_account, person, program, read, role, usual_hash, visitor, write,
};

const NEW: &str = "dua pantun lama";

/// Marks the account as registered by a stranger, with an unconfirmed email address.
pub(crate) async fn make_pending(world: &World, id: &AccountId) {
    let id = id.clone();
    write(world.store(), move |tx| {
        sql!(
            "INSERT INTO registration (account_id, browser_hash, registered_at)
             VALUES (:id, :none, :now)",
            none = vec![0_u8; 32],
            now = tx.now(),
            id
        )
        .run(tx, Rows::Exactly(1))
    })
    .await;
}

/// Records that a link mailed to the account's email address was used.
pub(crate) async fn verify(world: &World, id: &AccountId) {
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

/// Creates a person with a password, an authenticator app, a passkey and an API token.
async fn prepared(world: &World, email: &str) -> (AccountId, Enrolled) {
    let hash = usual_hash(world).await;
    let id = person(world, email, Some(&hash)).await;
    let enrolled = enrol(world, &id).await;
    let mut browser = browser(world, &id).await;
    let added = add_passkey(&mut browser, &Device::new(email)).await;
    added.with(201);
    (id, enrolled)
}

async fn passkeys(world: &World, id: &AccountId) -> usize {
    let id = id.clone();
    let list = read(world.store(), move |tx| passkey::list(tx, &id)).await;
    list.len()
}

#[test]
fn neither_passkey_nor_second_factor_is_set_up_before_the_address_is_confirmed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let site = accounts(world).site.clone();
        let id = person(world, EMAIL, None).await;
        let sudo = sudo(world, &id).await;
        let app = set_up(world, &sudo).await;
        make_pending(world, &id).await;
        let (of, asking) = (site.clone(), sudo.clone());
        let begin = move |tx: &mut Tx<'_>| second_factor::begin(tx, &of, &asking);
        let refused = world.store().write(begin).await;
        assert!(matches!(refused, Err(FactorError::EmailUnverified)));
        let code = app.code(world.clock.now());
        let confirm =
            move |tx: &mut Tx<'_>| second_factor::confirm(tx, &site, &sudo, &code, &client(1));
        let refused = world.store().write(confirm).await;
        assert!(matches!(refused, Err(FactorError::EmailUnverified)));
        let mut browser = browser(world, &id).await;
        let refused = add_passkey(&mut browser, &Device::new("one")).await;
        assert_eq!(refused.with(403).json()["code"], "email_unverified");
        assert_eq!(passkeys(world, &id).await, 0);
    });
}

#[test]
fn a_new_password_at_the_confirmation_removes_all_that_was_prepared() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let (id, _) = prepared(world, EMAIL).await;
        make_pending(world, &id).await;
        let resend = "/api/v1/auth/verify/resend";
        let mut thief = browser(world, &id).await;
        let sent = thief.call(Method::POST, resend, &json!({})).await;
        sent.with(202);
        let sent = link(world, "/verify/").await;
        let mut owner = visitor(&accounts);
        let page = owner.get(&sent).await.with(200);
        let mut form = page.form("");
        form.fill("new_password", NEW);
        owner.submit(&page, &form).await.with(200);
        assert!(!is_enrolled(world, &id).await);
        assert_eq!(passkeys(world, &id).await, 0);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}

#[test]
fn a_reset_that_confirms_the_address_removes_all_that_was_prepared() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, _) = prepared(world, EMAIL).await;
        // The account was not registered on this site, but its email address is unconfirmed too. It
        // may be somebody else's, so no sign-in link is sent.
        let asked = ask_for_link(world, &accounts, EMAIL, "sign_in").await;
        asked.with(202);
        let sent = link(world, "/reset/").await;
        reset(&mut visitor(&accounts), &sent, NEW).await.with(200);
        assert!(!is_enrolled(world, &id).await);
        assert_eq!(passkeys(world, &id).await, 0);
        expect(world, &accounts, EMAIL, "mail-reset-subject");
        expect(world, &accounts, EMAIL, "mail-password-subject");
    });
}

#[test]
fn a_reset_of_a_confirmed_account_keeps_the_second_factor_and_asks_about_passkeys() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, Enrolled { app, .. }) = prepared(world, EMAIL).await;
        verify(world, &id).await;
        let first = sign_in::with_password(&accounts, attempt(EMAIL, PASSWORD, 1)).await;
        let Ok(Welcome::SecondStep(token)) = first else {
            panic!("{first:?}");
        };
        for (is_ticked, left) in [(false, 1), (true, 0)] {
            ask_for_link(world, &accounts, EMAIL, "reset").await;
            let sent = link(world, "/reset/").await;
            let mut farah = visitor(&accounts);
            let page = farah.get(&sent).await.with(200);
            let mut form = page.form("");
            form.fill("password", NEW);
            if !is_ticked {
                form.untick("revoke_tokens", "1");
            }
            farah.submit(&page, &form).await.with(200);
            assert!(is_enrolled(world, &id).await);
            assert_eq!(passkeys(world, &id).await, left);
            expect(world, &accounts, EMAIL, "mail-reset-subject");
            expect(world, &accounts, EMAIL, "mail-password-subject");
        }
        // The password was changed after the first step, so the token for the second step is no
        // longer valid.
        let shown = SecondStepInput {
            token,
            method: Factor::Totp,
            code: Secret::new(app.code(world.clock.now())),
            network: Network::of([203, 0, 113, 1].into()),
            client: client(1),
        };
        let refused = second_step::finish(&accounts, shown).await;
        assert!(matches!(refused, Err(SecondStepError::TokenGone)));
    });
}

#[test]
fn signing_in_mails_nothing_to_an_address_that_is_not_confirmed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        make_pending(world, &id).await;
        let signed_in = sign_in::with_password(&accounts, attempt(EMAIL, PASSWORD, 1)).await;
        arrived(signed_in.unwrap());
        assert!(world.mails().await.is_empty());
    });
}

#[test]
fn an_account_knows_fifty_browsers() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, EMAIL, None).await;
        let mut secrets = Vec::new();
        for _ in 0..=device::LIMIT {
            world.clock.advance(jiff::SignedDuration::from_secs(1));
            let of = id.clone();
            let remember = write(world.store(), move |tx| device::remember(tx, &of, None)).await;
            secrets.push(remember.secret().clone());
        }
        let mut known = Vec::new();
        for secret in secrets {
            let of = id.clone();
            let look = move |tx: &mut Tx<'_>| device::is_known(tx, &of, &secret);
            known.push(read(world.store(), look).await);
        }
        assert!(!known[0] && known[1..].iter().all(|known| *known));
    });
}

#[test]
fn an_owner_made_on_the_server_takes_the_account_from_who_had_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, _) = prepared(world, EMAIL).await;
        make_pending(world, &id).await;
        let mut thief = browser(world, &id).await;
        let mut robot = program_of(world, &id).await;
        let of = id.clone();
        write(world.store(), move |tx| {
            sql!(
                "INSERT INTO linked_identity (id, account_id, issuer, subject, linked_at)
                 VALUES ('1', :of, 'https://accounts.example', 'thief', 0)",
                of
            )
            .run(tx, Rows::Exactly(1))
        })
        .await;
        let new = new_account(EMAIL);
        let change = move |tx: &mut Tx<'_>| setup::create_owner(tx, &[], &new, &Credential::Link);
        let (made, link) = world.store().write(change).await.unwrap();
        assert_eq!(made, id);
        let of = id.clone();
        let linked = read(world.store(), move |tx| {
            identity::credential::linked_identity::list(tx, &of)
        })
        .await;
        assert!(linked.is_empty());
        thief.get("/api/v1/me").await.with(401);
        robot.get("/api/v1/me").await.with(401);
        assert!(!is_enrolled(world, &id).await);
        assert_eq!(passkeys(world, &id).await, 0);
        let tried = sign_in::with_password(&accounts, attempt(EMAIL, PASSWORD, 1)).await;
        assert!(matches!(tried, Err(SignInError::Wrong)));
        let welcome = sign_in::with_link(&accounts, link.unwrap(), client(1)).await;
        assert_eq!(arrived(welcome.unwrap()).account.id, id);
        crate::stage::expect_sign_in_mails(world, EMAIL, 1);
    });
}

/// An API client with the token of a person with an unconfirmed email address. The token was
/// created while the person was a member of a scope.
async fn program_of(world: &World, id: &AccountId) -> Visitor {
    let of = id.clone();
    write(world.store(), move |tx| {
        sql!("DELETE FROM registration WHERE account_id = :of", of).run(tx, Rows::Exactly(1))
    })
    .await;
    let scopes = [identity::session::token::PROFILE_READ];
    let program = program(&accounts(world), id, &scopes).await;
    make_pending(world, id).await;
    program
}

#[test]
fn no_role_is_given_to_an_address_that_is_not_confirmed_and_it_is_seen() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "owner@example.my", None).await;
        give(world, &owner, grant::OWNER, &Scope::site()).await;
        let id = person(world, EMAIL, None).await;
        make_pending(world, &id).await;
        let mut owner = browser(world, &owner).await;
        let path = format!("/api/v1/admin/users/{id}");
        let role_path = format!("{path}/role");
        let body = json!({ "role": "admin" });
        let refused = owner.call(Method::PUT, &role_path, &body).await.with(409);
        assert_eq!(refused.json()["code"], "account_unverified");
        assert_eq!(role(world, &id, &Scope::site()).await, None);
        let none = json!({ "role": null });
        owner.call(Method::PUT, &role_path, &none).await.with(204);

        assert_eq!(owner.get(&path).await.with(200).json()["unverified"], true);
        let list = owner.get("/api/v1/admin/users").await.with(200).json();
        let seen = |one: &Value| one["unverified"].as_bool().unwrap();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.iter().filter(|one| seen(one)).count(), 1);
        for page in ["/admin/people".to_owned(), format!("/admin/people/{id}")] {
            let page = owner.get(&page).await.with(200);
            assert!(page.text().contains("Address not confirmed"));
        }
    });
}

/// A test domain that leaves a visible trace when it erases data.
const SEEN: Domains = &[
    accounts::DOMAIN,
    Domain {
        accounts: DomainAccounts {
            scope_kinds: &[&CLUB],
            erase: |tx, id| {
                sql!("UPDATE account SET location = 'erased' WHERE id = :id", id)
                    .run(tx, Rows::Exactly(1))
                    .map(drop)
            },
            ..DomainAccounts::new("clubs")
        },
        ..Domain::new(Migrations::new("clubs", &[]))
    },
];

async fn is_erased(world: &World, id: &AccountId) -> bool {
    let id = id.clone();
    let profile = read(world.store(), move |tx| {
        identity::person::profile::find(tx, &id)
    })
    .await;
    profile.location == "erased"
}

#[test]
fn what_a_registrant_made_goes_when_the_owner_of_the_address_comes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, SEEN);
        let pending = async |email: &str| {
            let id = person(world, email, None).await;
            make_pending(world, &id).await;
            id
        };
        // One account waits for its confirmation. The other account has become a member of a scope.
        // This does not confirm its email address.
        let waiting = pending("waiting@example.my").await;
        let admitted = pending("admitted@example.my").await;
        give(world, &admitted, OBSERVER, &CLUB.scope("choir")).await;
        // Neither of these accounts was registered on this site: the first was invited, the second
        // imported.
        let invited = person(world, "invited@example.my", None).await;
        let imported = pending("imported@example.my").await;
        let of = imported.clone();
        write(world.store(), move |tx| {
            sql!(
                "UPDATE registration SET is_kept = 1 WHERE account_id = :of",
                of
            )
            .run(tx, Rows::Exactly(1))
        })
        .await;
        for (id, email, goes) in [
            (waiting, "waiting@example.my", true),
            (admitted, "admitted@example.my", true),
            (invited, "invited@example.my", false),
            (imported, "imported@example.my", false),
        ] {
            ask_for_link(world, &accounts, email, "reset").await;
            let sent = link(world, "/reset/").await;
            reset(&mut visitor(&accounts), &sent, NEW).await.with(200);
            assert_eq!(is_erased(world, &id).await, goes, "{email}");
            expect(world, &accounts, email, "mail-reset-subject");
            expect(world, &accounts, email, "mail-password-subject");
        }

        let owned = pending("owner@example.my").await;
        let new = new_account("owner@example.my");
        let change = move |tx: &mut Tx<'_>| {
            setup::create_owner(tx, &for_identity(SEEN), &new, &Credential::Link)
        };
        world.store().write(change).await.unwrap();
        assert!(is_erased(world, &owned).await);
    });
}

/// A test domain that cannot erase the data of one person.
const BROKEN: Domains = &[
    accounts::DOMAIN,
    Domain {
        accounts: DomainAccounts {
            scope_kinds: &[&CLUB],
            erase: |tx, id| {
                let (count,): (i64,) = sql!(
                    "SELECT COUNT(*) FROM email WHERE account_id = :id AND address LIKE 'broken%'",
                    id
                )
                .one(tx)?;
                if count == 0 {
                    return Ok(());
                }
                Err(StoreError::Constraint {
                    name: None,
                    reason: "a test".to_owned(),
                })
            },
            ..DomainAccounts::new("clubs")
        },
        ..Domain::new(Migrations::new("clubs", &[]))
    },
];

#[test]
fn an_account_that_cannot_be_removed_keeps_no_other_and_nothing_is_left() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts_of(world, BROKEN);
        accounts.policy = open(world).policy;
        let broken = person(world, "broken@example.my", None).await;
        make_pending(world, &broken).await;
        let (id, _) = prepared(world, EMAIL).await;
        make_pending(world, &id).await;
        let other = [("email", "mei@example.my"), ("slug", "mei")];
        register(world, &mut visitor(&accounts), &other)
            .await
            .with(202);
        world.clock.advance(registration::LIFETIME);
        let done = registration::purge(accounts.domain_accounts, world.store()).await;
        done.unwrap();
        let left: Vec<(String,)> = read(world.store(), |tx| {
            tx.all(sql!("SELECT address FROM email"), &[])
        })
        .await;
        assert_eq!(left, [("broken@example.my".to_owned(),)]);
        assert!(world.mails().await.is_empty(), "nor mail to them");
        let free = read(world.store(), |tx| {
            identity::person::slug::availability(tx, "mei")
        })
        .await;
        assert_eq!(free, identity::person::slug::Availability::Free);

        // Once the person is a member of a scope, the account is no longer removed.
        give(world, &broken, OBSERVER, &CLUB.scope("choir")).await;
        let begun =
            crate::stage::begin(world, &broken, identity::session::Stay::Visit, client(1)).await;
        assert!(find_session(world, &begun.session).await.is_some());
    });
}
