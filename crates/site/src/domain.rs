//! A domain as the server sees it: one value with data and plain functions. The server has a list
//! of all domains. The functions in [`domains`](crate::domains) work on this list.
//!
//! A new domain is a crate, and a line in the main program's list; nothing registers itself
//! (CONTRIBUTING.md names what else lists domains). A domain that is switched off has no routes,
//! navigation and jobs, but still exports, erases, masks and deletes
//! ([`domains::in_force`](crate::domains::in_force)). One that was never on has no tables.
//! `accounts/tests/asking/notes/domain.rs` is a whole domain in one file.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;

use axum::Router;
use axum::extract::FromRef;
use jiff::Timestamp;
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
use web::state::{MenuEntry, MenuItem};
use web::{Link, Locale, Site, Text};

use crate::first_page::FirstPage;
use crate::newsletter::Newsletter;
use crate::own_card::OwnCard;
use crate::page_parts::{Part, PublicPage};
use crate::webhook_event::WebhookEvent;
use identity::DomainAccounts;
use identity::account::AccountId;
use identity::session::signed_in::SignedIn;

pub use crate::share::{Share, after_ending};

/// A sentence with a link below the sign-in form.
#[derive(Clone, Copy, Debug)]
pub struct SignInHint {
    pub text: &'static str,
    pub link: Link,
}

/// Everything that the server needs to know about a domain.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    pub migrations: Migrations,
    /// The key in `kenduri.toml` with which the domain can be turned off; `None` if the domain is
    /// always on.
    pub enabled: Option<Flag>,
    /// The settings in the domain's section of `kenduri.toml`, except `enabled`.
    pub settings: &'static [Setting],
    /// Returns the invalid combinations of these settings.
    pub check_settings: fn(&SettingValues) -> Vec<Flaw>,
    /// The roles that people can have in the domain, and the data that the domain stores about
    /// people.
    pub accounts: DomainAccounts,
    pub locales: &'static [Locale],
    /// The domain's error codes. Their messages are in `locales`.
    pub problem_codes: &'static [Code],
    /// Paths of the domain that contain a secret, or that receive a secret in the request body.
    pub secret_paths: &'static [SecretPath],
    /// The first segments of the domain's paths, which nobody can choose as a slug.
    pub reserved_slugs: &'static [&'static str],
    /// Pages of the domain that the site's owner may choose as the page at `/`.
    pub first_pages: &'static [FirstPage],
    /// The content that the domain contributes to the site's first page. The function gets the
    /// account of the site's owner, if there is one.
    pub first_parts: PublicParts,
    /// The content that the domain contributes to a person's public page.
    pub person_parts: PersonParts,
    /// Whether the domain shows public content by a person. If so, the person has a public page.
    pub has_public: fn(&mut Tx<'_>, &AccountId) -> Result<bool, StoreError>,
    /// The domain's entries in the public menu; empty if the domain has nothing to show.
    pub offers: fn(&mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError>,
    /// The domain's links in the footer of public pages, for example a feed or a page on privacy.
    pub foot: fn(&mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError>,
    /// The domain's pages that search engines may find.
    pub public_pages: fn(&mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError>,
    /// The domain's entries in the menu for signed-in people.
    pub menu: &'static [MenuEntry],
    /// The domain's card on the page that a person sees after signing in.
    pub cards: OwnCards,
    /// The domain's events to which webhooks can subscribe.
    pub webhook_events: &'static [WebhookEvent],
    /// The newsletters that the domain offers.
    pub newsletters: &'static [Newsletter],
    /// Hints on the sign-in page for people who need no account.
    pub sign_in_hints: &'static [SignInHint],
    /// The domain's routes for pages and the JSON API.
    pub routes: fn(&Context) -> Router<Site>,
    /// Whether the domain serves the page `/admin`.
    pub has_admin_page: bool,
    pub jobs: fn(&Site) -> Vec<Handler>,
    /// Jobs that delete expired or unused data. They run even while the domain is off.
    pub deletions: fn(&Site) -> Vec<Handler>,
    /// Runs before the server accepts requests, even while the domain is off. For example, it
    /// repeats deletions that the restore of a backup has undone.
    pub before_serving: fn(&Site) -> Preparation,
    /// Lists the items of the domain that a person shares with others and can stop sharing.
    pub shared: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<Share>, StoreError>,
    /// The domain's dates that the account may follow.
    pub dates: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<Date>, StoreError>,
    /// The times of events for which somebody requested a freeze. Around these times, the server is
    /// not restarted or upgraded.
    pub freezes: fn(&mut Tx<'_>) -> Result<Vec<Occurrence>, StoreError>,
    /// Updates the domain's items that follow the date with this id, after the date was changed or
    /// removed.
    pub follow: fn(&mut Tx<'_>, Dates, &str) -> Result<(), StoreError>,
    /// The OpenAPI description of the domain's JSON API. `None` in release builds, because they do
    /// not contain the descriptions ([`debug_only`]).
    pub describe: Option<fn() -> OpenApi>,
    /// Responses that several operations of the domain's API share.
    pub shared_responses: &'static [Shared],
}

/// The future that [`Domain::before_serving`] returns.
pub type Preparation = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

pub type Domains = &'static [Domain];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// The date's id, which is unique across all domains.
    pub id: String,
    /// The name of the event that takes place on the date.
    pub label: String,
    /// The local time in `time_zone`, as `web::calendar::Target` writes it: `2027-01-16T18:00`.
    pub at: String,
    pub time_zone: String,
}

/// The time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    pub from: Timestamp,
    pub until: Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub struct Dates(pub Domains);

impl Dates {
    /// Lists the dates that the account may follow.
    pub fn list(self, tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Date>, StoreError> {
        let mut all = Vec::new();
        for domain in self.0 {
            all.extend((domain.dates)(tx, account)?);
        }
        Ok(all)
    }

    /// Finds the date with this id, if the account may follow it.
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

/// The type of [`Domain::first_parts`].
pub type PublicParts =
    fn(&mut Tx<'_>, &Site, &Text, Option<&AccountId>) -> Result<Vec<Part>, StoreError>;
/// The type of [`Domain::person_parts`].
pub type PersonParts = fn(&mut Tx<'_>, &Site, &Text, &AccountId) -> Result<Vec<Part>, StoreError>;
/// The type of [`Domain::cards`].
pub type OwnCards = fn(&mut Tx<'_>, &Site, &SignedIn, &Text) -> Result<Vec<OwnCard>, StoreError>;

/// Data that domains need to make their routes.
#[derive(Clone)]
pub struct Context {
    identity: identity::Accounts,
    /// The key that signs the mail provider's callbacks; `None` if the provider sends none.
    pub mail_callbacks: Option<WebhookKey>,
    /// The topic through which Amazon SES reports on mails.
    pub ses_topic: Option<SnsTopic>,
    /// All domains of the installation.
    pub domains: Domains,
}

impl Context {
    /// Makes a context for a site that gets no callbacks from a mail provider.
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
    /// Returns a domain with these migrations and empty defaults for everything else.
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
            menu: &[],
            cards: |_, _, _, _| Ok(Vec::new()),
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
            freezes: |_| Ok(Vec::new()),
            follow: |_, _, _| Ok(()),
            describe: None,
            shared_responses: &[],
        }
    }

    /// Whether the domain is enabled in the configuration.
    pub fn is_on(&self, values: &SettingValues) -> bool {
        self.enabled.is_none_or(|flag| flag.of(values))
    }

    /// The domain as it is while turned off. It has no pages and starts no new work, but its data
    /// can still be exported, erased and deleted, and its secret paths are still masked in logs.
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
            menu: &[],
            cards: |_, _, _, _| Ok(Vec::new()),
            newsletters: &[],
            sign_in_hints: &[],
            routes: |_| Router::new(),
            has_admin_page: false,
            jobs: |_| Vec::new(),
            shared: |_, _| Ok(Vec::new()),
            freezes: |_| Ok(Vec::new()),
            ..self
        }
    }

    /// The domain for a store without the domain's tables, because the domain was never turned on.
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

/// Returns the function in debug builds and `None` in release builds. This is for the field
/// [`Domain::describe`].
pub const fn debug_only(describe: fn() -> OpenApi) -> Option<fn() -> OpenApi> {
    if cfg!(debug_assertions) {
        Some(describe)
    } else {
        None
    }
}

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
