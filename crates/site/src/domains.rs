//! All domains of a program: what is made of the list of them.

use axum::Router;
use platform::jobs::Handler;
use platform::store::migrate::Migrations;
use platform::{Platform, StoreError, Tx};
use web::masking::SecretPaths;
use web::setting::{Setting, SettingValues};
use web::state::Menu;
use web::{Catalogue, Declared, Locale, Settings, Site};

use crate::domain::{Context, Domain, Domains, Share};
use crate::newsletter::Newsletter;
use crate::{dates, frame, look};
use identity::DomainAccounts;
use identity::account::AccountId;
use identity::person::{erasure, registration};

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
    domains.iter().map(|domain| domain.accounts).collect()
}

/// What every page may need of the domains.
pub fn declared(domains: &[Domain]) -> Declared {
    let codes = domains.iter().flat_map(|domain| domain.problem_codes);
    Declared {
        codes: codes.copied().collect(),
        secret_paths: secret_paths(domains),
        navigation: domains
            .iter()
            .flat_map(|domain| [domain.navigation, domain.duty_navigation])
            .flatten()
            .collect(),
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
