//! The API of the older personal site, for its front end. It offers Kenduri's operations in the
//! formats that the front end expects.
//!
//! Before a handler runs, [`session`] turns the front end's access token into a session, so that
//! the usual extractors and rules apply. [`refusals`] gives refusals their older format. The main
//! program adds these routes if the settings want them.

mod access_request;
mod access_requests;
mod browser;
mod empty_response;
mod fields;
mod health;
pub mod import;
mod moderation;
mod own;
mod people;
mod person;
mod phrase_list;
mod phrases;
mod posts;
mod primary_countdown;
mod refusals;
mod role;
mod session;
mod sign_in;
mod timers;
mod unsubscribe;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use identity::DomainAccounts;
use platform::store::migrate::{Kind, Migrations, Step};
use site::{Callers, Context, Domain};
use web::codes::Code;
use web::masking::SecretPath;
use web::{Pages, Site};

/// A domain that contains only the messages and error codes of this API. The main program adds the
/// routes separately.
pub const DOMAIN: Domain = Domain {
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    secret_paths: &[SecretPath::token("/backend/public/email/unsubscribe/")],
    reserved_slugs: &["backend"],
    accounts: DomainAccounts {
        export: access_request::export,
        erase: access_request::erase,
        ..DomainAccounts::new("personal_site")
    },
    ..Domain::new(Migrations::new(
        "personal_site",
        &[Step {
            name: "0001_access_requests",
            kind: Kind::Contracting,
            text: include_str!("migrations/0001_access_requests.sql"),
        }],
    ))
};

const PROBLEM_CODES: &[Code] = &[
    Code::new(409, "request_pending"),
    Code::new(409, "request_decided"),
];

const LOCALES: &[web::Locale] = &[
    ("en", include_str!("locales/en.ftl")),
    ("ms", include_str!("locales/ms.ftl")),
    ("it", include_str!("locales/it.ftl")),
    ("zh-Hans", include_str!("locales/zh-Hans.ftl")),
    ("ar", include_str!("locales/ar.ftl")),
];

/// The configuration of this API.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// Whether `/api/auth` and `/api/user` use the older site's format.
    pub has_auth: bool,
    /// Whether the response to a registration contains tokens, or reports that the email address is
    /// taken. If so, anybody can find out which addresses have an account.
    pub register_tokens: bool,
}

/// All routes of this API, except those of disabled domains.
pub fn routes(accounts: &Context, policy: Policy) -> Router<Site> {
    let site = &accounts.site;
    let (mut public, mut own) = (
        pages(policy).into_router().merge(unsubscribe::routes()),
        own::routes()
            .merge(people::routes())
            .merge(access_requests::routes()),
    );
    if policy.has_auth {
        own = own.merge(browser::routes());
    }
    if is_on(site, &countdowns::DOMAIN) {
        public = public.merge(timers::public()).merge(phrases::public());
        own = own
            .merge(timers::routes(policy))
            .merge(phrases::routes())
            .merge(moderation::routes());
    }
    let public = public.route_layer(Extension(Callers::Anybody));
    let own = own
        .route_layer(from_fn_with_state(site.clone(), session::find))
        .route_layer(Extension(Callers::People));
    let mut routes = public.merge(own).with_state(accounts.clone());
    if is_on(site, &::posts::DOMAIN) {
        routes = routes.merge(posts::routes());
    }
    refusals::around(routes.merge(health::routes()))
}

fn is_on(site: &Site, domain: &Domain) -> bool {
    domain.is_on(&site.declared.settings)
}

/// The routes for registering and signing in.
pub fn pages(policy: Policy) -> Pages<Context, Callers> {
    let pages = sign_in::pages(policy);
    if policy.has_auth {
        pages.nest("", browser::pages(policy))
    } else {
        pages
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_has_its_sentence() {
        let found = web::codes::mismatches(super::PROBLEM_CODES, &[], super::LOCALES);
        assert_eq!(found, [""; 0]);
    }
}
