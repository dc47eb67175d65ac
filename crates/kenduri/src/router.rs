//! Every address of the program on one page: the domains' own, and what
//! operators ask.

use std::sync::Arc;

use accounts::{Accounts, domain};
use axum::{Extension, Router};
use compat::{kadkahwin, personal_site};
use countdowns::entry_limit::EntryLimit;
use occasions::web::guest::CodeGate;
use tokio_util::sync::CancellationToken;
use web::mailbox::Access;

use crate::api;
use crate::metrics::Metrics;
use crate::operators;
use crate::server::{self, ServerStatus};
use crate::updates::Source;

/// What the router hands to the domains.
pub(crate) struct Parts {
    /// Who is asking.
    pub(crate) accounts: Accounts,
    /// Who may look at which household.
    pub(crate) gate: CodeGate,
    /// Whom the mailbox answers, if there is one.
    pub(crate) mailbox: Option<Access>,
    /// Which occasion answers at the addresses of older wedding cards, if any does.
    pub(crate) kadkahwin: Option<kadkahwin::ServedOccasion>,
    /// What is said of the addresses of the older personal site, if they are there.
    pub(crate) personal_site: Option<personal_site::Policy>,
    /// What `/metrics` says.
    pub(crate) figures: Metrics,
    /// Whom the operator's page asks.
    pub(crate) server_status: ServerStatus,
    /// Where somebody looks for newer versions.
    pub(crate) updates: Arc<[Source]>,
    /// Says that this process stops.
    pub(crate) stop: CancellationToken,
    /// Says that all of Kenduri stops.
    pub(crate) ending: CancellationToken,
}

/// The whole site.
pub(crate) fn router(parts: Parts) -> Router {
    let site = parts.accounts.site.clone();
    let kadkahwin = parts
        .kadkahwin
        .map(|served| kadkahwin::routes(served, &site, &parts.gate, parts.stop.clone()));
    let personal_site = parts
        .personal_site
        .map(|policy| personal_site::routes(&parts.accounts, policy));
    let router = domain::routes(&parts.accounts)
        .merge(kadkahwin.unwrap_or_default())
        .merge(personal_site.unwrap_or_default())
        .layer(Extension(EntryLimit::default()))
        .layer(Extension(parts.gate))
        .merge(parts.mailbox.map_or_else(Router::new, web::mailbox::routes))
        .merge(server::routes(parts.server_status, parts.updates))
        .merge(api::routes())
        .merge(operators::routes(parts.figures, parts.ending));
    let router = accounts::web::around(&parts.accounts, router);
    web::serve(&site, router)
}
