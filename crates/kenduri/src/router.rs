//! Kenduri's router, with the routes of all domains and the endpoints for operators.

use axum::{Extension, Router};
use compat::{booking_site, kadkahwin, personal_site};
use countdowns::entry_limit::EntryLimit;
use occasions::web::guest::CodeGate;
use occasions::web::own_domain::OwnDomains;
use operate::metrics::Metrics;
use operate::operators;
use operate::public_status::{self, PublicStatus};
use operate::server::{self, AdminParts};
use site::{Context, domains};
use tokio_util::sync::CancellationToken;
use web::mailbox::Access;

use crate::api;

pub(crate) struct Parts {
    /// The site and its account settings, which are needed to identify callers.
    pub(crate) accounts: Context,
    /// Limits how often clients may guess guests' codes.
    pub(crate) gate: CodeGate,
    /// The occasions' own host names, if occasions may have any.
    pub(crate) own_domains: Option<OwnDomains>,
    /// Who may read the built-in mailbox; `None` if there is no mailbox.
    pub(crate) mailbox: Option<Access>,
    /// The occasion that is served at the paths of older wedding cards, if any.
    pub(crate) kadkahwin: Option<kadkahwin::ServedOccasion>,
    /// The policy for the paths of an older personal site; `None` if they are not served.
    pub(crate) personal_site: Option<personal_site::Policy>,
    /// The policy for the paths of an older booking site; `None` if they are not served.
    pub(crate) booking_site: Option<booking_site::Policy>,
    pub(crate) figures: Metrics,
    pub(crate) admin: AdminParts,
    pub(crate) public_status: Option<PublicStatus>,
    pub(crate) stop: CancellationToken,
    /// This token is cancelled when Kenduri as a whole stops, not only this worker.
    pub(crate) ending: CancellationToken,
}

pub(crate) fn router(parts: Parts) -> Router {
    let site = parts.accounts.site.clone();
    let membership = parts.admin.membership.clone();
    let kadkahwin = parts
        .kadkahwin
        .map(|served| kadkahwin::routes(served, &site, &parts.gate, parts.stop.clone()));
    let personal_site = parts
        .personal_site
        .map(|policy| personal_site::routes(&parts.accounts, policy));
    let booking_site = parts
        .booking_site
        .map(|policy| booking_site::routes(&parts.accounts, policy));
    let router = domains::routes(&parts.accounts)
        .merge(kadkahwin.unwrap_or_default())
        .merge(personal_site.unwrap_or_default())
        .merge(booking_site.unwrap_or_default());
    // One layer, because the router boxes each for every request.
    let extensions = (
        Extension(EntryLimit::of(&site.limits)),
        Extension(parts.gate),
    );
    let router = match parts.own_domains {
        Some(domains) => router.layer((extensions, Extension(domains))),
        None => router.layer(extensions),
    };
    let router = router
        .merge(parts.mailbox.map_or_else(Router::new, web::mailbox::routes))
        .merge(server::routes(parts.admin))
        .merge(
            parts
                .public_status
                .map_or_else(Router::new, public_status::routes),
        )
        .merge(api::routes());
    // What asks whether Kenduri lives never waits for the store, as the frame of pages does.
    let router = accounts::web::around(&parts.accounts, router).merge(operators::routes(
        parts.figures,
        membership,
        parts.ending,
    ));
    web::serve(&site, router)
}
