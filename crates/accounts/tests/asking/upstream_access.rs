//! Tests of access to upstream services.

use axum::http::{HeaderMap, HeaderValue, header};
use identity::DomainAccounts;
use identity::grant::{self, Scope, ScopeKind};
use identity::people::{invite, setup};
use identity::session::Stay;
use jiff::SignedDuration;
use platform::Secret;
use platform::store::migrate::Migrations;
use site::Context;
use site::domain::{Domain, Domains};
use site::domains::for_identity;
use site::upstream_access::{self, AllowedUsers, UpstreamAccess};
use testkit::World;

use crate::grants::manager;
use crate::stage::{
    CLUB, CLUB_OWNER, DOMAINS, MIGRATIONS, OBSERVER, accounts, accounts_at, begin, client, give,
    new_account, person, signed_in, usual_hash, write,
};

async fn judge(accounts: &Context, cookie: &str, who: AllowedUsers) -> &'static str {
    let cookie = HeaderValue::from_str(cookie).unwrap();
    let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
    match upstream_access::check(accounts, &headers, who)
        .await
        .unwrap()
    {
        UpstreamAccess::Granted(_) => "granted",
        UpstreamAccess::Denied => "denied",
        UpstreamAccess::SignedOut => "signed out",
    }
}

fn session_cookie(secret: &Secret) -> String {
    format!("theme=dark; kd_session={}", secret.reveal())
}

#[test]
fn roles_open_and_the_rest_is_told_apart() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let mut cookies = Vec::new();
        for (name, role) in [
            ("owner", Some((grant::OWNER, Scope::site()))),
            ("admin", Some((grant::ADMIN, Scope::site()))),
            ("host", Some((OBSERVER, CLUB.scope("wedding")))),
            ("none", None),
        ] {
            let id = person(world, &format!("{name}@example.my"), None).await;
            if let Some((role, scope)) = role {
                give(world, &id, role, &scope).await;
            }
            let begun = begin(world, &id, Stay::Visit, client(1)).await;
            cookies.push(session_cookie(&begun.session));
        }
        for (who, expected) in [
            (
                AllowedUsers::Owner,
                ["granted", "denied", "denied", "denied"],
            ),
            (
                AllowedUsers::Hosts,
                ["granted", "granted", "granted", "denied"],
            ),
        ] {
            for (cookie, expected) in cookies.iter().zip(expected) {
                assert_eq!(judge(&accounts, cookie, who).await, expected, "{who:?}");
            }
        }
        for cookie in ["", "kd_session=", "kd_session=made-up", "x=y"] {
            assert_eq!(
                judge(&accounts, cookie, AllowedUsers::Hosts).await,
                "signed out"
            );
        }
        world.clock.advance(SignedDuration::from_hours(13));
        let ended = judge(&accounts, &cookies[0], AllowedUsers::Owner).await;
        assert_eq!(ended, "signed out");
    });
}

#[test]
fn a_rank_that_people_give_themselves_makes_nobody_a_host() {
    static TIMER: ScopeKind = ScopeKind {
        name: "timer",
        makes_hosts: false,
        ..CLUB
    };
    const WITH_TIMERS: Domains = &[Domain {
        accounts: DomainAccounts {
            scope_kinds: &[&CLUB, &TIMER],
            ..DomainAccounts::new("timers")
        },
        ..Domain::new(Migrations::new("timers", &[]))
    }];
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = {
            let mut changed = accounts(world);
            changed.domains = WITH_TIMERS;
            changed
        };
        let id = person(world, "farah@example.my", None).await;
        give(world, &id, CLUB_OWNER, &TIMER.scope("sugar")).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let cookie = session_cookie(&begun.session);
        assert_eq!(
            judge(&accounts, &cookie, AllowedUsers::Hosts).await,
            "denied"
        );
        give(world, &id, OBSERVER, &CLUB.scope("wedding")).await;
        assert_eq!(
            judge(&accounts, &cookie, AllowedUsers::Hosts).await,
            "granted"
        );
    });
}

/// The email address that an upstream service gets for the user of this session.
async fn told_address(accounts: &Context, session: &Secret) -> Option<String> {
    let cookie = HeaderValue::from_str(&session_cookie(session)).unwrap();
    let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
    match upstream_access::check(accounts, &headers, AllowedUsers::Hosts).await {
        Ok(UpstreamAccess::Granted(user)) => user.email,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_address_that_is_not_verified_is_not_passed_to_services() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let host = person(world, "host@example.my", None).await;
        let wedding = CLUB.scope("wedding");
        give(world, &host, CLUB_OWNER, &wedding).await;
        let who = signed_in(world, &host).await;
        let by = manager(world, &who, &wedding).await.unwrap();
        let hash = usual_hash(world).await;
        let joined = write(world.store(), move |tx| {
            let link = invite::create(tx, &by, OBSERVER).unwrap();
            let new = new_account("ceo@victim.example");
            Ok(
                invite::take_new(tx, &for_identity(DOMAINS), &link, &new, &hash)
                    .unwrap()
                    .0,
            )
        })
        .await;
        let begun = begin(world, &joined, Stay::Visit, client(1)).await;
        assert_eq!(told_address(&accounts, &begun.session).await, None);
        // The operator's command also confirms the email address of an existing account. The
        // account's owner must sign in again.
        write(world.store(), |tx| {
            let new = new_account("CEO@victim.example");
            setup::create_owner(tx, &[], &new, &setup::Credential::Link).unwrap();
            Ok(())
        })
        .await;
        let begun = begin(world, &joined, Stay::Visit, client(1)).await;
        let told = told_address(&accounts, &begun.session).await;
        assert_eq!(told.as_deref(), Some("ceo@victim.example"));
    });
}

#[test]
fn a_session_in_use_lives_on_and_its_cookie_stays_with_us() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "owner@example.my", None).await;
        give(world, &id, grant::OWNER, &Scope::site()).await;
        let begun = begin(world, &id, Stay::Remembered, client(1)).await;
        let cookie = HeaderValue::from_str(&session_cookie(&begun.session)).unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, cookie)]);
        for _ in 0..3 {
            world.clock.advance(SignedDuration::from_hours(24 * 6));
            let found = upstream_access::check(&accounts, &headers, AllowedUsers::Owner).await;
            let UpstreamAccess::Granted(user) = found.unwrap() else {
                panic!("the session has ended");
            };
            assert_eq!(user.account, id);
            let renewed = user.renewed.unwrap();
            let renewed = renewed.to_str().unwrap();
            assert!(renewed.contains("Max-Age=604800"), "{renewed}");
        }
        assert_eq!(
            upstream_access::own_cookies(&accounts),
            [
                "kd_session",
                "kd_device",
                "kd_before",
                "kd_registered",
                "kd_group",
                "kd_onward",
                "kd_mfa",
                "kd_oauth"
            ]
        );
        let secure = accounts_at(world, "https://kad.example");
        assert_eq!(
            upstream_access::own_cookies(&secure)[0],
            "__Host-kd_session"
        );
    });
}
