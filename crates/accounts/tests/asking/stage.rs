//! The common setup of the tests: a site with clubs as a test domain, and people on it.

use identity::DomainAccounts;
use identity::account::AccountId;
use identity::grant::{Role, ScopeKind};
use identity::session::Stay;
use identity::session::signed_in::SignedIn;
use identity::session::token::TokenScope;
use identity::sign_in::begin_session::Arrived;
use identity::sign_in::{Attempt, Welcome};
use platform::audit::{self, Filter};
use platform::store::migrate::Migrations;
use platform::{Secret, sql};
use site::Context;
use site::domain::{Domain, Domains};
use testkit::stage::settings;
use testkit::{Stage, Visitor, World, clock_times};
use web::{Network, Settings, SiteUrl};

pub(crate) use testkit::people::{
    PASSWORD, begin, client, expect_sign_in_mails, find_session, give, hash, new_account, person,
    read, role, usual_hash, write,
};
pub(crate) use testkit::stage::{english, in_process, program, router};

pub(crate) const MIGRATIONS: [Migrations; 2] = [platform::MIGRATIONS, identity::MIGRATIONS];
/// A kind of scope of the test domain.
pub(crate) static CLUB: ScopeKind = ScopeKind {
    name: "club",
    top: CLUB_OWNER,
    below: &[COORDINATOR, OBSERVER],
    duties: &[COOK, SINGER],
    only: "only-one-test",
    home: "/admin",
    makes_hosts: true,
    invites_newcomers: true,
};
pub(crate) const CLUB_OWNER: Role = Role::new("club_owner", "join-as-test");
pub(crate) const COORDINATOR: Role = Role::new("coordinator", "join-as-test");
pub(crate) const OBSERVER: Role = Role::new("observer", "join-as-test");
pub(crate) const COOK: Role = Role::new("cook", "join-as-test");
pub(crate) const SINGER: Role = Role::new("singer", "join-as-test");
/// Duties in the installation that the test domain declares.
pub(crate) const EDITOR: Role = Role::new("editor", "join-as-test");
pub(crate) const MODERATOR: Role = Role::new("moderator", "join-as-test");
/// The token scopes of the test domain.
pub(crate) const SONGS_READ: TokenScope = TokenScope::new("songs:read", "scope-test");
pub(crate) const SONGS_WRITE: TokenScope = TokenScope::new("songs:write", "scope-test");
pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    Domain {
        locales: LABELS,
        accounts: DomainAccounts {
            scope_kinds: &[&CLUB],
            site_duties: &[EDITOR, MODERATOR],
            token_scopes: &[SONGS_READ, SONGS_WRITE],
            ..DomainAccounts::new("clubs")
        },
        ..Domain::new(Migrations::new("clubs", &[]))
    },
];
const LABELS: &[web::Locale] = &[
    (
        "en",
        "join-as-test = coordinator: you look after it\nonly-one-test = One club only\n\
         scope-test = hear songs\n",
    ),
    (
        "ms",
        "join-as-test = penyelaras: menguruskannya\nonly-one-test = Satu kelab\n\
         scope-test = mendengar lagu\n",
    ),
];

/// A local site on the test world's store.
pub(crate) fn accounts(world: &World) -> Context {
    accounts_of(world, DOMAINS)
}

pub(crate) fn accounts_of(world: &World, domains: Domains) -> Context {
    Context::clone(&Stage::new(world, domains))
}

pub(crate) fn accounts_at(world: &World, url: &str) -> Context {
    let settings = Settings {
        url: SiteUrl::parse(url).unwrap(),
        ..settings()
    };
    Context::clone(&Stage::with(
        world,
        DOMAINS,
        world.platform.clone(),
        settings,
    ))
}

pub(crate) fn visitor(accounts: &Context) -> Visitor {
    testkit::stage::visitor(accounts).checked_by(Some(clock_times::check))
}

/// The result of a completed sign-in.
pub(crate) fn arrived(welcome: Welcome) -> Arrived {
    match welcome {
        Welcome::Arrived(arrived) => arrived,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn attempt(email: &str, password: &str, last: u8) -> Attempt {
    Attempt {
        email: email.to_owned(),
        password: Secret::new(password),
        stay: Stay::Visit,
        network: Network::of([203, 0, 113, last].into()),
        client: client(last),
        to: String::new(),
    }
}

pub(crate) async fn signed_in(world: &World, id: &AccountId) -> SignedIn {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    find_session(world, &begun.session).await.unwrap()
}

pub(crate) async fn actions(world: &World) -> Vec<String> {
    let records = read(world.store(), |tx| {
        audit::list(tx, &Filter::default(), None, 200)
    })
    .await;
    let mut actions: Vec<_> = records.into_iter().map(|record| record.action).collect();
    actions.reverse();
    actions
}

pub(crate) async fn count_actions(world: &World, action: &'static str) -> usize {
    let (count,): (i64,) = read(world.store(), move |tx| {
        sql!("SELECT COUNT(*) FROM audit WHERE action = :action", action).one(tx)
    })
    .await;
    usize::try_from(count).unwrap()
}
