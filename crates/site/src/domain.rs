//! A domain as the program knows it: one value of data and plain functions. The program
//! lists its domains once, and what concerns all of them is made from that list here.

use std::pin::Pin;

use axum::Router;
use platform::jobs::{Handler, JobError};
use platform::store::migrate::Migrations;
use platform::{Platform, StoreError, Tx};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use web::codes::Code;
use web::described::problem_responses::Shared;
use web::masking::{SecretPath, SecretPaths};
use web::setting::{Flag, Setting, SettingValues};
use web::state::{Menu, MenuItem};
use web::{Catalogue, Declared, Form, Link, Locale, Settings, Site, Text};

use crate::Context;
use crate::addresses;
use crate::dates::{self, Date, Dates};
use crate::frame;
use crate::look::{self, FirstPage};
use crate::newsletter::Newsletter;
use crate::webhook::WebhookEvent;
use identity::DomainAccounts;
use identity::account::AccountId;
use identity::grant::{Role, Scope, ScopeKind};
use identity::person::{erasure, registration};
use identity::session::signed_in::SignedIn;
use identity::session::token::TokenScope;

/// What the program has to know of a domain.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// Its tables.
    pub migrations: Migrations,
    /// The key of `kenduri.toml` that turns it off; `None`: it is always on.
    pub enabled: Option<Flag>,
    /// The other keys of its section.
    pub settings: &'static [Setting],
    /// Its messages.
    pub locales: &'static [Locale],
    /// Its error codes; the sentences are messages of its own.
    pub problem_codes: &'static [Code],
    /// In what people have roles, and which.
    pub scope_kinds: &'static [&'static ScopeKind],
    /// Whether a rank in a scope of its kinds makes a host of the site; nobody gives themselves
    /// such a rank.
    pub makes_host: fn(&mut Tx<'_>, &Scope) -> Result<bool, StoreError>,
    /// What people may be in the whole installation, beside their rank.
    pub site_duties: &'static [Role],
    /// What the scope is called where somebody is invited to it.
    pub scope_title: fn(&mut Tx<'_>, &Scope) -> Result<Option<String>, StoreError>,
    /// What programs may be allowed to do.
    pub token_scopes: &'static [TokenScope],
    /// Which of its addresses hold or take a secret.
    pub secret_paths: &'static [SecretPath],
    /// The words that its addresses begin with, which nobody can be called.
    pub reserved_slugs: &'static [&'static str],
    /// Its pages that may stand at `/`.
    pub first_pages: &'static [FirstPage],
    /// What it has on the first page of the site, which belongs to this account, for everybody.
    pub first_cards: FirstCards,
    /// What it offers to everybody in the menu, where there is any of it.
    pub offers: fn(&mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError>,
    /// Its first pages, for people who are signed in.
    pub navigation: &'static [Link],
    /// What it shows to somebody on the page that they land on after signing in.
    pub cards: OwnCards,
    /// What webhooks can hear of.
    pub webhook_events: &'static [WebhookEvent],
    /// Mail that people may choose to get.
    pub newsletters: &'static [Newsletter],
    /// What the sign-in page says to those who need no account.
    pub sign_in_hints: &'static [SignInHint],
    /// Its addresses, of pages and of the JSON interface.
    pub routes: fn(&Context) -> Router<Site>,
    /// Whether `/admin` is one of its addresses.
    pub has_admin_page: bool,
    /// What it does in the background.
    pub jobs: fn(&Site) -> Vec<Handler>,
    /// Jobs that delete what it promised to delete: they go on while it is off.
    pub deletions: fn(&Site) -> Vec<Handler>,
    /// What must be done before anything is served, while it is off as well: a copy of the store
    /// that was put back must not show what had been deleted.
    pub before_serving: fn(&Site) -> Preparation,
    /// What it keeps of a person, for the copy of their data; null: nothing. Never hashes, sealed
    /// secrets or what is others'.
    pub export: fn(&mut Tx<'_>, &AccountId) -> Result<Value, StoreError>,
    /// What somebody has to settle before their account can be erased, by its name. It locks what
    /// others could change about that.
    pub obligations: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<String>, StoreError>,
    /// What of a person's reaches others, or is kept together with them, and can be ended.
    pub shared: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<Share>, StoreError>,
    /// Ends at once what goes on without a person who asks for their account to be erased.
    pub leave: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
    /// Erases what it keeps of a person, and lets go of the account.
    pub erase: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
    /// The dates of its own that somebody may follow.
    pub dates: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<Date>, StoreError>,
    /// Looks again at the date of this id for all that follows it: it was moved, or is gone.
    pub follow: fn(&mut Tx<'_>, Dates, &str) -> Result<(), StoreError>,
    /// The description of its JSON interface; `None` in release builds, which hold nothing of
    /// what it takes to write that ([`debug_only`]).
    pub describe: Option<fn() -> OpenApi>,
    /// The responses that operations of its interface share.
    pub shared_responses: &'static [Shared],
}

/// What [`Domain::before_serving`] does.
pub type Preparation = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// All domains of a program, in the order of their dependencies.
pub type Domains = &'static [Domain];

/// For [`Domain::first_cards`].
pub type FirstCards =
    fn(&mut Tx<'_>, &Site, &Text, Option<&AccountId>) -> Result<Vec<Card>, StoreError>;
/// For [`Domain::cards`].
pub type OwnCards = fn(&mut Tx<'_>, &Site, &SignedIn, &Text) -> Result<Vec<Card>, StoreError>;

/// Something that somebody shares with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The message that says what it is.
    pub kind: &'static str,
    /// What tells it from others of its kind.
    pub label: String,
    /// The address of the form that ends it. It leads back by
    /// [`after_ending`].
    pub end: String,
    /// What that form sends.
    pub fields: Vec<(&'static str, String)>,
}

/// Where a form leads that ended something shared: back to the list of these if it was sent from
/// there.
pub fn after_ending(form: &Form, otherwise: &str) -> String {
    match form.text("from") {
        "shared" => format!("{}?done=ended", addresses::SHARED),
        _ => otherwise.to_owned(),
    }
}

/// A part of the page that people land on after signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The message that heads it.
    pub title: &'static str,
    /// What somebody has.
    pub lines: Vec<CardLine>,
    /// What they can begin or look at.
    pub links: Vec<Link>,
    /// A form with one field.
    pub form: Option<CardForm>,
}

/// A form with one field. Labels are messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardForm {
    /// Where it is sent.
    pub action: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// The field's label.
    pub label: &'static str,
    /// What the button says.
    pub button: &'static str,
}

/// Something that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLine {
    /// What it is called.
    pub label: String,
    /// Where it is.
    pub href: String,
    /// What is to be said of it.
    pub note: String,
}

/// A sentence below the sign-in form, and where it leads.
#[derive(Clone, Copy, Debug)]
pub struct SignInHint {
    /// The message.
    pub text: &'static str,
    /// What it leads to.
    pub link: Link,
}

impl Domain {
    /// A domain that has tables, and nothing else yet.
    pub const fn new(migrations: Migrations) -> Self {
        Self {
            migrations,
            enabled: None,
            settings: &[],
            locales: &[],
            problem_codes: &[],
            scope_kinds: &[],
            makes_host: |_, _| Ok(true),
            site_duties: &[],
            scope_title: |_, _| Ok(None),
            token_scopes: &[],
            secret_paths: &[],
            reserved_slugs: &[],
            first_pages: &[],
            first_cards: |_, _, _, _| Ok(Vec::new()),
            offers: |_| Ok(Vec::new()),
            navigation: &[],
            cards: |_, _, _, _| Ok(Vec::new()),
            webhook_events: &[],
            newsletters: &[],
            sign_in_hints: &[],
            routes: |_| Router::new(),
            has_admin_page: false,
            jobs: |_| Vec::new(),
            deletions: |_| Vec::new(),
            before_serving: |_| Box::pin(async { Ok(()) }),
            export: |_, _| Ok(Value::Null),
            obligations: |_, _| Ok(Vec::new()),
            shared: |_, _| Ok(Vec::new()),
            leave: |_, _| Ok(()),
            erase: |_, _| Ok(()),
            dates: |_, _| Ok(Vec::new()),
            follow: |_, _, _| Ok(()),
            describe: None,
            shared_responses: &[],
        }
    }

    /// Whether the configuration has it on.
    pub fn is_on(&self, values: &SettingValues) -> bool {
        self.enabled.is_none_or(|flag| flag.of(values))
    }

    /// The same domain while it is off: nobody reaches it and it begins nothing. What it keeps is
    /// exported, erased, masked and deleted as before.
    fn turned_off(self) -> Self {
        Self {
            site_duties: &[],
            token_scopes: &[],
            first_pages: &[],
            first_cards: |_, _, _, _| Ok(Vec::new()),
            offers: |_| Ok(Vec::new()),
            navigation: &[],
            cards: |_, _, _, _| Ok(Vec::new()),
            newsletters: &[],
            sign_in_hints: &[],
            routes: |_| Router::new(),
            has_admin_page: false,
            jobs: |_| Vec::new(),
            shared: |_, _| Ok(Vec::new()),
            ..self
        }
    }

    /// The same domain in a store where it was never on: it has no tables.
    fn without_tables(self) -> Self {
        Self {
            enabled: self.enabled,
            settings: self.settings,
            locales: self.locales,
            problem_codes: self.problem_codes,
            scope_kinds: self.scope_kinds,
            secret_paths: self.secret_paths,
            reserved_slugs: self.reserved_slugs,
            describe: self.describe,
            shared_responses: self.shared_responses,
            ..Self::new(self.migrations)
        }
    }
}

/// The domains as a process runs them, by the configuration and by whose tables the store has. It is
/// asked for once, when the process starts, and kept until that ends.
pub fn in_force(domains: Domains, values: &SettingValues, owners: &[String]) -> Domains {
    if domains.iter().all(|domain| domain.is_on(values)) {
        return domains;
    }
    let has_tables = |domain: &Domain| {
        let owner = domain.migrations.owner;
        owners.iter().any(|name| name == owner)
    };
    let all = domains.iter().map(|domain| {
        if domain.is_on(values) {
            *domain
        } else if has_tables(domain) {
            domain.turned_off()
        } else {
            domain.without_tables()
        }
    });
    Vec::leak(all.collect())
}

/// What somebody shares with others, of all domains.
pub fn shared(
    tx: &mut Tx<'_>,
    domains: &[Domain],
    account: &AccountId,
) -> Result<Vec<Share>, StoreError> {
    let mut all = Vec::new();
    for domain in domains {
        all.extend((domain.shared)(tx, account)?);
    }
    Ok(all)
}

/// For [`Domain::describe`].
pub const fn debug_only(describe: fn() -> OpenApi) -> Option<fn() -> OpenApi> {
    if cfg!(debug_assertions) {
        Some(describe)
    } else {
        None
    }
}

/// The mail that people may choose to get.
pub fn newsletters(domains: &[Domain]) -> impl Iterator<Item = Newsletter> {
    domains
        .iter()
        .flat_map(|domain| domain.newsletters)
        .copied()
}

/// The tables of the platform and of the domains, in the order in which they are made.
pub fn migrations(domains: &[Domain]) -> Vec<Migrations> {
    migrations_of(domains, |_| true)
}

/// The same by the configuration: a domain that is off gets no tables, and those that it has are
/// kept up to date.
pub fn migrations_in_force(domains: &[Domain], values: &SettingValues) -> Vec<Migrations> {
    migrations_of(domains, |domain| domain.is_on(values))
}

fn migrations_of(domains: &[Domain], is_on: impl Fn(&Domain) -> bool) -> Vec<Migrations> {
    let own = domains.iter().map(|domain| Migrations {
        only_if_begun: !is_on(domain),
        ..domain.migrations
    });
    [platform::MIGRATIONS].into_iter().chain(own).collect()
}

/// The messages of all pages; `more` are those of the program itself.
pub fn catalogue(domains: &[Domain], more: &[Locale]) -> Catalogue {
    let own = domains.iter().map(|domain| domain.locales);
    let all: Vec<_> = [web::LOCALES]
        .into_iter()
        .chain(own)
        .chain([more])
        .collect();
    Catalogue::build(&all)
}

/// The addresses that hold or take a secret.
pub fn secret_paths(domains: &[Domain]) -> SecretPaths {
    let all = domains.iter().flat_map(|domain| domain.secret_paths);
    SecretPaths(all.copied().collect())
}

/// The words that nobody can be called because of the domains.
pub fn reserved_slugs(domains: &[Domain]) -> Vec<&'static str> {
    let all = domains.iter().flat_map(|domain| domain.reserved_slugs);
    all.copied().collect()
}

/// The keys of `kenduri.toml` that the domains read.
pub fn settings(domains: &[Domain]) -> impl Iterator<Item = Setting> {
    let switches = domains.iter().filter_map(|domain| domain.enabled);
    let all = domains.iter().flat_map(|domain| domain.settings);
    switches.map(Setting::Flag).chain(all.copied())
}

/// What identity has to know of the domains.
pub fn for_identity(domains: &[Domain]) -> Vec<DomainAccounts> {
    let all = domains.iter().map(|domain| DomainAccounts {
        name: domain.migrations.owner,
        scope_kinds: domain.scope_kinds,
        makes_host: domain.makes_host,
        site_duties: domain.site_duties,
        scope_title: domain.scope_title,
        token_scopes: domain.token_scopes,
        export: domain.export,
        obligations: domain.obligations,
        leave: domain.leave,
        erase: domain.erase,
    });
    all.collect()
}

/// What every page may need of the domains.
pub fn declared(domains: &[Domain]) -> Declared {
    let codes = domains.iter().flat_map(|domain| domain.problem_codes);
    let navigation = domains.iter().flat_map(|domain| domain.navigation);
    Declared {
        codes: codes.copied().collect(),
        secret_paths: secret_paths(domains),
        navigation: navigation.copied().collect(),
        settings: SettingValues::default(),
        find_frame: Some(frame::find),
    }
}

/// A site of these domains; `more` are the messages of the program itself.
pub fn site(domains: &[Domain], more: &[Locale], platform: Platform, settings: Settings) -> Site {
    Site {
        platform,
        catalogue: catalogue(domains, more),
        declared: declared(domains).into(),
        settings: settings.into(),
        menu: Menu::default(),
    }
}

/// All addresses of all domains.
pub fn routes(context: &Context) -> Router<Site> {
    let all = context
        .domains
        .iter()
        .map(|domain| (domain.routes)(context));
    all.fold(Router::new(), Router::merge)
}

/// What all domains do in the background, and what is done with all of them.
pub fn jobs(domains: Domains, site: &Site) -> Vec<Handler> {
    let accounts = Vec::leak(for_identity(domains));
    domains
        .iter()
        .flat_map(|domain| [(domain.jobs)(site), (domain.deletions)(site)])
        .flatten()
        .chain([
            erasure::job(accounts, site.store.clone()),
            registration::job(accounts, site.store.clone()),
            dates::job(domains),
            look::job(domains, site.clone()),
        ])
        .collect()
}
