//! A domain as the program knows it: one value of data and plain functions. The program
//! lists its domains once, and [`domains`](crate::domains) makes of that list what concerns all of
//! them.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;

use axum::Router;
use axum::extract::FromRef;
use platform::jobs::{Handler, JobError};
use platform::mail::SnsTopic;
use platform::store::migrate::Migrations;
use platform::webhook_key::WebhookKey;
use platform::{StoreError, Tx};
use utoipa::openapi::OpenApi;
use web::codes::Code;
use web::described::problem_responses::Shared;
use web::masking::SecretPath;
use web::setting::{Flag, Flaw, Setting, SettingValues};
use web::state::{MenuItem, NavigationGroup};
use web::{Link, Locale, Site, Text};

use crate::first_page::FirstPage;
use crate::newsletter::Newsletter;
use crate::own_card::OwnCard;
use crate::part::{Part, PublicPage};
use crate::webhook_event::WebhookEvent;
use identity::DomainAccounts;
use identity::account::AccountId;
use identity::session::signed_in::SignedIn;

pub use crate::share::{Share, after_ending};

/// A sentence below the sign-in form, and where it leads.
#[derive(Clone, Copy, Debug)]
pub struct SignInHint {
    /// The message.
    pub text: &'static str,
    /// What it leads to.
    pub link: Link,
}

/// What the program has to know of a domain.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// Its tables.
    pub migrations: Migrations,
    /// The key of `kenduri.toml` that turns it off; `None`: it is always on.
    pub enabled: Option<Flag>,
    /// The other keys of its section.
    pub settings: &'static [Setting],
    /// The combinations of their values that are invalid.
    pub check_settings: fn(&SettingValues) -> Vec<Flaw>,
    /// What it has to do with people: what they may be in it, and what it keeps of them.
    pub accounts: DomainAccounts,
    /// Its messages.
    pub locales: &'static [Locale],
    /// Its error codes; the sentences are messages of its own.
    pub problem_codes: &'static [Code],
    /// Which of its addresses hold or take a secret.
    pub secret_paths: &'static [SecretPath],
    /// The words that its addresses begin with, which nobody can be called.
    pub reserved_slugs: &'static [&'static str],
    /// Its pages that may stand at `/`.
    pub first_pages: &'static [FirstPage],
    /// What it has on the first page of the site, which belongs to this account, for everybody.
    pub first_parts: PublicParts,
    /// What it has of somebody on their own page, for everybody.
    pub person_parts: PersonParts,
    /// Whether it has something of somebody that everybody may see, which makes a page of theirs.
    pub has_public: fn(&mut Tx<'_>, &AccountId) -> Result<bool, StoreError>,
    /// What it offers to everybody in the menu, where there is any of it.
    pub offers: fn(&mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError>,
    /// What the foot of public pages leads to: a feed, a page on privacy.
    pub foot: fn(&mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError>,
    /// All pages that search engines may find.
    pub public_pages: fn(&mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError>,
    /// Its pages, for people who are signed in.
    pub navigation: Option<NavigationGroup>,
    /// Those for people with a duty in it, in the same group.
    pub duty_navigation: Option<NavigationGroup>,
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
    /// What of a person's reaches others, or is kept together with them, and can be ended.
    pub shared: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<Share>, StoreError>,
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

/// A date that somebody may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// What it is known by, in all domains.
    pub id: String,
    /// What happens then.
    pub label: String,
    /// By the clock in its zone, as `2027-01-16T18:00`.
    pub at: String,
    /// An IANA zone.
    pub time_zone: String,
}

/// The dates of all domains.
#[derive(Clone, Copy, Debug)]
pub struct Dates(pub Domains);

impl Dates {
    /// Those that somebody may follow.
    pub fn list(self, tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Date>, StoreError> {
        let mut all = Vec::new();
        for domain in self.0 {
            all.extend((domain.dates)(tx, account)?);
        }
        Ok(all)
    }

    /// The one of this id, if the person may follow it.
    pub fn find(
        self,
        tx: &mut Tx<'_>,
        account: &AccountId,
        id: &str,
    ) -> Result<Option<Date>, StoreError> {
        let all = self.list(tx, account)?;
        Ok(all.into_iter().find(|date| date.id == id))
    }
}

/// For [`Domain::first_parts`].
pub type PublicParts =
    fn(&mut Tx<'_>, &Site, &Text, Option<&AccountId>) -> Result<Vec<Part>, StoreError>;
/// For [`Domain::person_parts`].
pub type PersonParts = fn(&mut Tx<'_>, &Site, &Text, &AccountId) -> Result<Vec<Part>, StoreError>;
/// For [`Domain::cards`].
pub type OwnCards = fn(&mut Tx<'_>, &Site, &SignedIn, &Text) -> Result<Option<OwnCard>, StoreError>;

/// What the routes of domains are made with. It leads to what identity works with.
#[derive(Clone)]
pub struct Context {
    identity: identity::Accounts,
    /// What signs the callbacks of the mail's provider; none: there are none.
    pub mail_callbacks: Option<WebhookKey>,
    /// By which topic Amazon SES says what became of mails.
    pub ses_topic: Option<SnsTopic>,
    /// What the program consists of.
    pub domains: Domains,
}

impl Context {
    /// For a site on this machine.
    pub fn new(site: Site, domains: Domains) -> Self {
        let accounts = domains.iter().map(|domain| domain.accounts).collect();
        Self {
            identity: identity::Accounts::new(site, Vec::leak(accounts)),
            mail_callbacks: None,
            ses_topic: None,
            domains,
        }
    }
}

impl Deref for Context {
    type Target = identity::Accounts;

    fn deref(&self) -> &Self::Target {
        &self.identity
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.identity
    }
}

impl FromRef<Context> for Site {
    fn from_ref(context: &Context) -> Self {
        context.site.clone()
    }
}

impl Domain {
    /// A domain that has tables, and nothing else yet.
    pub const fn new(migrations: Migrations) -> Self {
        Self {
            migrations,
            enabled: None,
            settings: &[],
            check_settings: |_| Vec::new(),
            accounts: DomainAccounts::new(migrations.owner),
            locales: &[],
            problem_codes: &[],
            secret_paths: &[],
            reserved_slugs: &[],
            first_pages: &[],
            first_parts: |_, _, _, _| Ok(Vec::new()),
            person_parts: |_, _, _, _| Ok(Vec::new()),
            has_public: |_, _| Ok(false),
            offers: |_| Ok(Vec::new()),
            foot: |_| Ok(Vec::new()),
            public_pages: |_| Ok(Vec::new()),
            navigation: None,
            duty_navigation: None,
            cards: |_, _, _, _| Ok(None),
            webhook_events: &[],
            newsletters: &[],
            sign_in_hints: &[],
            routes: |_| Router::new(),
            has_admin_page: false,
            jobs: |_| Vec::new(),
            deletions: |_| Vec::new(),
            before_serving: |_| Box::pin(async { Ok(()) }),
            shared: |_, _| Ok(Vec::new()),
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
    pub(crate) fn turned_off(self) -> Self {
        Self {
            accounts: DomainAccounts {
                site_duties: &[],
                token_scopes: &[],
                ..self.accounts
            },
            first_pages: &[],
            first_parts: |_, _, _, _| Ok(Vec::new()),
            person_parts: |_, _, _, _| Ok(Vec::new()),
            has_public: |_, _| Ok(false),
            offers: |_| Ok(Vec::new()),
            foot: |_| Ok(Vec::new()),
            public_pages: |_| Ok(Vec::new()),
            navigation: None,
            duty_navigation: None,
            cards: |_, _, _, _| Ok(None),
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
    pub(crate) fn without_tables(self) -> Self {
        Self {
            enabled: self.enabled,
            settings: self.settings,
            accounts: DomainAccounts {
                scope_kinds: self.accounts.scope_kinds,
                ..DomainAccounts::new(self.migrations.owner)
            },
            locales: self.locales,
            problem_codes: self.problem_codes,
            secret_paths: self.secret_paths,
            reserved_slugs: self.reserved_slugs,
            describe: self.describe,
            shared_responses: self.shared_responses,
            ..Self::new(self.migrations)
        }
    }
}

/// For [`Domain::describe`].
pub const fn debug_only(describe: fn() -> OpenApi) -> Option<fn() -> OpenApi> {
    if cfg!(debug_assertions) {
        Some(describe)
    } else {
        None
    }
}

/// Whether somebody has a page that everybody may see.
pub fn has_public_page(
    tx: &mut Tx<'_>,
    domains: &[Domain],
    account: &AccountId,
) -> Result<bool, StoreError> {
    for domain in domains {
        if (domain.has_public)(tx, account)? {
            return Ok(true);
        }
    }
    Ok(false)
}
