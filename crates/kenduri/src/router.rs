//! Kenduri's router, with the domains' routes and the operators' endpoints.

use ::backup::Agent;
use std::sync::Arc;

use axum::{Extension, Router};
use compat::{kadkahwin, personal_site};
use countdowns::entry_limit::EntryLimit;
use occasions::web::guest::CodeGate;
use occasions::web::own_domain::OwnDomains;
use site::{Context, domains};
use tokio_util::sync::CancellationToken;
use web::mailbox::Access;

use crate::api;
use crate::metrics::Metrics;
use crate::operators;
use crate::server::{self, MailFacts, ServerStatus};
use crate::updates::Source;

/// The parts that the router is built from.
pub(crate) struct Parts {
    /// Identifies the caller of a request.
    pub(crate) accounts: Context,
    /// Decides which visitors may see which household of an occasion.
    pub(crate) gate: CodeGate,
    /// The host names of occasions' own, if hosts may have any.
    pub(crate) own_domains: Option<OwnDomains>,
    /// The mailbox's access rule, if a mailbox exists.
    pub(crate) mailbox: Option<Access>,
    /// The occasion at the addresses of older wedding cards, if any.
    pub(crate) kadkahwin: Option<kadkahwin::ServedOccasion>,
    /// The policy of the older personal site's paths, if these are enabled.
    pub(crate) personal_site: Option<personal_site::Policy>,
    pub(crate) figures: Metrics,
    /// The state of the server, for the operator's page.
    pub(crate) server_status: ServerStatus,
    /// The facts about outgoing mail, for the admin page.
    pub(crate) mail: Arc<MailFacts>,
    /// The sources of releases and advisories.
    pub(crate) updates: Arc<[Source]>,
    pub(crate) backup: Option<Arc<Agent>>,
    pub(crate) stop: CancellationToken,
    /// Cancelled when all of Kenduri stops.
    pub(crate) ending: CancellationToken,
}

/// Returns the router of the whole site.
pub(crate) fn router(parts: Parts) -> Router {
    let site = parts.accounts.site.clone();
    let kadkahwin = parts
        .kadkahwin
        .map(|served| kadkahwin::routes(served, &site, &parts.gate, parts.stop.clone()));
    let personal_site = parts
        .personal_site
        .map(|policy| personal_site::routes(&parts.accounts, policy));
    let router = domains::routes(&parts.accounts)
        .merge(kadkahwin.unwrap_or_default())
        .merge(personal_site.unwrap_or_default())
        .layer(Extension(EntryLimit::default()))
        .layer(Extension(parts.gate));
    let router = match parts.own_domains {
        Some(domains) => router.layer(Extension(domains)),
        None => router,
    };
    let router = router
        .merge(parts.mailbox.map_or_else(Router::new, web::mailbox::routes))
        .merge(server::routes(
            parts.server_status,
            parts.updates,
            parts.mail,
            parts.backup,
        ))
        .merge(api::routes())
        .merge(operators::routes(parts.figures, parts.ending));
    let router = accounts::web::around(&parts.accounts, router);
    web::serve(&site, router)
}
