//! What the tests stand on: a site in a world, and people in it.

use accounts::account::{self, AccountId, NewAccount};
use accounts::client::Client;
use accounts::domain::{self, Domain, Domains};
use accounts::grant::{self, Role, Scope, ScopeKind};
use accounts::password::{self, Password, PasswordHash};
use accounts::session::{self, Begun, Method, Stay};
use accounts::sign_in::Attempt;
use accounts::signed_in::{self, SignedIn};
use accounts::token::{self, NewToken, TokenScope};
use accounts::{Accounts, Hasher};
use axum::Router;
use jiff::tz::TimeZone;
use platform::audit::{self, Filter, RequestFacts};
use platform::store::migrate::Migrations;
use platform::{Platform, Secret, Store, StoreError, Tx, sql};
use testkit::{English, Page, Visitor, World};
use web::client_info::Proxies;
use web::{Network, Settings, SiteUrl};

pub(crate) const MIGRATIONS: [Migrations; 2] = [platform::MIGRATIONS, accounts::MIGRATIONS];
/// A kind of scope, as a domain declares one.
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
/// Duties in the installation.
pub(crate) const EDITOR: Role = Role::new("editor", "join-as-test");
pub(crate) const MODERATOR: Role = Role::new("moderator", "join-as-test");
/// What programs may be allowed to do with a club.
pub(crate) const SONGS_READ: TokenScope = TokenScope::new("songs:read", "scope-test");
pub(crate) const SONGS_WRITE: TokenScope = TokenScope::new("songs:write", "scope-test");
pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    Domain {
        locales: LABELS,
        scope_kinds: &[&CLUB],
        site_duties: &[EDITOR, MODERATOR],
        token_scopes: &[SONGS_READ, SONGS_WRITE],
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

pub(crate) const PASSWORD: &str = "sebuah pantun lama";

/// The accounts of a world, at an address of this machine.
pub(crate) fn accounts(world: &World) -> Accounts {
    accounts_at(world, "http://127.0.0.1:8080")
}

pub(crate) fn accounts_at(world: &World, url: &str) -> Accounts {
    accounts_of(world, url, DOMAINS)
}

pub(crate) fn accounts_of(world: &World, url: &str, domains: Domains) -> Accounts {
    let settings = Settings {
        url: SiteUrl::parse(url).unwrap(),
        name: "Kenduri Kami".to_owned(),
        languages: ["en", "ms", "ar"].map(str::to_owned).into(),
        time_zone: TimeZone::UTC,
        proxies: Proxies::default(),
    };
    let site = domain::site(domains, &[], world.platform.clone(), settings);
    Accounts::new(site, domains)
}

/// The same site in another process, which has opened the store as `store`.
pub(crate) fn in_process(accounts: &Accounts, store: &Store) -> Accounts {
    let platform = Platform {
        store: store.clone(),
        ..accounts.site.platform.clone()
    };
    let settings = (*accounts.site.settings).clone();
    {
        let mut changed = accounts.clone();
        changed.site = domain::site(accounts.domains, &[], platform, settings);
        changed
    }
}

/// What its pages say.
pub(crate) fn english(accounts: &Accounts) -> English {
    English::new(&accounts.site.catalogue)
}

/// The whole site, as the program puts it together.
pub(crate) fn router(accounts: &Accounts) -> Router {
    let router = domain::routes(accounts);
    web::serve(&accounts.site, accounts::web::around(accounts, router))
}

pub(crate) fn visitor(accounts: &Accounts) -> Visitor {
    Visitor::new(router(accounts))
}

/// A program with a token.
pub(crate) async fn program(accounts: &Accounts, id: &AccountId, scopes: &[TokenScope]) -> Visitor {
    let (id, scopes) = (id.clone(), scopes.to_vec());
    let create = move |tx: &mut Tx<'_>| {
        let new = NewToken {
            name: format!("{scopes:?}"),
            scopes: scopes.clone(),
            scope: None,
            days: 1,
        };
        token::create(tx, &id, &new, None)
    };
    let created = accounts.site.store.write(create).await.unwrap();
    let mut visitor = visitor(accounts);
    visitor.header(
        "authorization",
        &format!("Bearer {}", created.secret.reveal()),
    );
    visitor
}

/// A browser at an address of its own.
pub(crate) fn client(last: u8) -> Client {
    Client {
        request: RequestFacts {
            request_id: "test".to_owned(),
            network: Some([203, 0, 113, last].into()),
        },
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
            .to_owned(),
        session: None,
        device: None,
        identity: None,
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

pub(crate) fn new_account(email: &str) -> NewAccount {
    NewAccount {
        name: "Farah binti Ali".parse().unwrap(),
        email: email.parse().unwrap(),
        locale: "en".to_owned(),
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
    }
}

pub(crate) async fn hash(hasher: &Hasher, text: &str) -> PasswordHash {
    let password = Password::choose(&Secret::new(text), &[]).unwrap();
    hasher.hash(&password).await.unwrap()
}

/// The hash of [`PASSWORD`], to give to many without hashing each time.
pub(crate) async fn usual_hash(world: &World) -> PasswordHash {
    hash(&Hasher::new(2, world.platform.random.clone()), PASSWORD).await
}

/// Somebody who signs in with this address and, if there is a hash, a password.
pub(crate) async fn person(world: &World, email: &str, hash: Option<&PasswordHash>) -> AccountId {
    let (new, hash) = (new_account(email), hash.cloned());
    write(world.store(), move |tx| {
        let id = account::create(tx, &new).unwrap();
        if let Some(hash) = &hash {
            password::set(tx, &id, hash)?;
        }
        Ok(id)
    })
    .await
}

/// A session of somebody's, begun by a link.
pub(crate) async fn begin(world: &World, id: &AccountId, stay: Stay, client: Client) -> Begun {
    let id = id.clone();
    write(world.store(), move |tx| {
        session::begin(tx, &id, Method::Link, stay, &client)
    })
    .await
    .unwrap()
}

/// Somebody, signed in.
pub(crate) async fn signed_in(world: &World, id: &AccountId) -> SignedIn {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    find_session(world, &begun.session).await.unwrap()
}

pub(crate) async fn find_session(world: &World, secret: &Secret) -> Option<SignedIn> {
    let secret = secret.clone();
    read(world.store(), move |tx| signed_in::by_session(tx, &secret))
        .await
        .map(|visit| visit.who)
}

pub(crate) async fn give(world: &World, id: &AccountId, role: Role, scope: &Scope) {
    let (id, scope) = (id.clone(), scope.clone());
    write(world.store(), move |tx| {
        grant::give(tx, &id, role, &scope, None).unwrap();
        Ok(())
    })
    .await;
}

pub(crate) async fn role(world: &World, id: &AccountId, scope: &Scope) -> Option<Role> {
    let (id, scope) = (id.clone(), scope.clone());
    read(world.store(), move |tx| grant::rank_of(tx, &id, &scope)).await
}

/// What the audit log says was done, the oldest first.
pub(crate) async fn actions(world: &World) -> Vec<String> {
    let records = read(world.store(), |tx| {
        audit::list(tx, &Filter::default(), None, 200)
    })
    .await;
    let mut actions: Vec<_> = records.into_iter().map(|record| record.action).collect();
    actions.reverse();
    actions
}

/// How often the audit log says that this was done.
pub(crate) async fn count_actions(world: &World, action: &'static str) -> usize {
    let (count,): (i64,) = read(world.store(), move |tx| {
        sql!("SELECT COUNT(*) FROM audit WHERE action = :action", action).one(tx)
    })
    .await;
    usize::try_from(count).unwrap()
}

/// Somebody signs in with so many new browsers in this test, and gets a mail about each.
pub(crate) fn expect_sign_in_mails(world: &World, email: &str, count: usize) {
    let accounts = accounts(world);
    let values = [("site", accounts.site.settings.name.as_str().into())];
    let subject = english(&accounts).fill("mail-sign-in-subject", values);
    for _ in 0..count {
        world.expect_mail(email, &subject);
    }
}

pub(crate) async fn write<T, F>(store: &Store, change: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    store.write(change).await.unwrap()
}

pub(crate) async fn read<T, F>(store: &Store, look: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    store.read(look).await.unwrap()
}

/// A page that must have come with some status, to be read on.
pub(crate) trait Checked {
    fn with(self, status: u16) -> Self;
}

impl Checked for Page {
    #[track_caller]
    fn with(self, status: u16) -> Self {
        self.expect(status);
        self
    }
}
