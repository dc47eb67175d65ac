//! Functions over the list of all domains.

use axum::Router;
use platform::jobs::Handler;
use platform::store::migrate::Migrations;
use platform::{Platform, StoreError, Tx};
use web::masking::SecretPaths;
use web::setting::{Setting, SettingValues};
use web::state::Menu;
use web::{Catalogue, Declared, Locale, Settings, Site, SiteParts};

use crate::domain::{Context, Domain, Domains, Share};
use crate::newsletter::Newsletter;
use crate::{dates, frame, look, menu};
use identity::DomainAccounts;
use identity::account::AccountId;
use identity::person::{erasure, registration};

/// Returns the domains as configured. A domain that is off keeps only what its stored data needs. A
/// process must call this function only once, because the memory of the list is never freed.
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

pub fn newsletters(domains: &[Domain]) -> impl Iterator<Item = Newsletter> {
    domains
        .iter()
        .flat_map(|domain| domain.newsletters)
        .copied()
}

/// The migrations of the platform and of all domains, in the order in which they run.
pub fn migrations(domains: &[Domain]) -> Vec<Migrations> {
    migrations_of(domains, |_| true)
}

/// Like [`migrations`], but creates no new tables for a domain that is off. Tables that such a
/// domain already has are still migrated.
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

/// The messages of all domains and of shared pages, together with the messages in `more`.
pub fn catalogue(domains: &[Domain], more: &[Locale]) -> Catalogue {
    let own = domains.iter().map(|domain| domain.locales);
    let all: Vec<_> = [web::LOCALES]
        .into_iter()
        .chain(own)
        .chain([more])
        .collect();
    Catalogue::build(&all)
}

/// The paths of all domains that contain a secret, or that receive a secret in the request body.
pub fn secret_paths(domains: &[Domain]) -> SecretPaths {
    let all = domains.iter().flat_map(|domain| domain.secret_paths);
    SecretPaths(all.copied().collect())
}

/// The slugs that nobody can choose, because domains use them in their paths.
pub fn reserved_slugs(domains: &[Domain]) -> Vec<&'static str> {
    let all = domains.iter().flat_map(|domain| domain.reserved_slugs);
    all.copied().collect()
}

pub fn settings(domains: &[Domain]) -> impl Iterator<Item = Setting> {
    let switches = domains.iter().filter_map(|domain| domain.enabled);
    let all = domains.iter().flat_map(|domain| domain.settings);
    switches.map(Setting::Flag).chain(all.copied())
}

/// Everything that the crate `identity` needs to know about the domains.
pub fn for_identity(domains: &[Domain]) -> Vec<DomainAccounts> {
    domains.iter().map(|domain| domain.accounts).collect()
}

/// Everything that the crate `web` needs to know about the domains.
pub fn declared(domains: &[Domain]) -> Declared {
    let codes = domains.iter().flat_map(|domain| domain.problem_codes);
    Declared {
        codes: codes.copied().collect(),
        secret_paths: secret_paths(domains),
        menu: menu::of(domains),
        settings: SettingValues::default(),
        find_frame: Some(frame::find),
    }
}

/// Combines these domains into a site. `more` contains further messages.
pub fn site(domains: &[Domain], more: &[Locale], platform: Platform, settings: Settings) -> Site {
    let parts = SiteParts {
        platform,
        catalogue: catalogue(domains, more),
        declared: declared(domains).into(),
        settings: settings.into(),
        menu: Menu::default(),
    };
    parts.into()
}

pub fn routes(context: &Context) -> Router<Site> {
    let all = context
        .domains
        .iter()
        .map(|domain| (domain.routes)(context));
    all.fold(Router::new(), Router::merge)
}

/// The background jobs of all domains, and jobs that concern several domains.
pub fn jobs(context: &Context) -> Vec<Handler> {
    let (site, domains, accounts) = (&context.site, context.domains, context.domain_accounts);
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
