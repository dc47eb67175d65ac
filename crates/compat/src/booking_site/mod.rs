//! The API of the older booking site, for its front end. It offers the operations of bookings under
//! the names and in the formats that the front end expects.

mod admin;
mod analytics;
mod bookings;
mod documents;
pub mod import;
mod mentor;
mod mentor_slots;
mod notices;
mod offers;
mod payments;
mod repeated_request;
mod requests;
mod session;
mod sign_in;
mod view;

use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::get;
use axum::{Extension, Router};
use site::{Callers, Context};
use web::{Pages, Site};

/// The configuration of this API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether `/api/auth` uses the older booking site's format.
    pub has_auth: bool,
    /// Whether the response to a registration contains a token, or reports that the email address
    /// is taken. If so, anybody can find out which addresses have an account.
    pub register_tokens: bool,
}

/// All routes of this API.
pub fn routes(accounts: &Context, policy: Policy) -> Router<Site> {
    let public = pages(policy)
        .into_router()
        .route_layer(Extension(Callers::Anybody));
    let mut own = Router::new()
        .merge(offers::routes())
        .merge(bookings::routes())
        .merge(requests::routes())
        .merge(mentor_slots::routes())
        .merge(mentor::routes())
        .merge(payments::routes())
        .merge(documents::routes())
        .merge(notices::routes())
        .merge(admin::routes())
        .merge(analytics::routes());
    if policy.has_auth {
        own = own.merge(sign_in::routes());
    }
    let own = own
        .route_layer(from_fn_with_state(accounts.site.clone(), session::find))
        .route_layer(Extension(Callers::People));
    public
        .merge(own)
        .with_state(accounts.clone())
        .route("/health", get(async || Redirect::permanent("/healthz")))
}

/// The routes that need no token.
pub fn pages(policy: Policy) -> Pages<Context, Callers> {
    let pages = offers::pages();
    if policy.has_auth {
        pages.nest("", sign_in::pages(policy))
    } else {
        pages
    }
}
