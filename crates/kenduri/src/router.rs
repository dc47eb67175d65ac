//! Every address of the program on one page: the rooms' own pages, and what
//! operators ask.

use std::time::Duration;

use accounts::Accounts;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use occasions::web::compat::Compat;
use occasions::web::guest::Door;
use platform::Store;
use tokio_util::sync::CancellationToken;
use web::mailbox::Access;
use web::{Facts, Problem, Site};

use crate::api;
use crate::figures::Figures;
use crate::server::{self, House};

/// How long the store may take to show that it can be written to.
const READY_TIME: Duration = Duration::from_secs(5);

/// What the router hands to the rooms.
pub(crate) struct Parts {
    /// Who is asking.
    pub(crate) accounts: Accounts,
    /// Who may look at which household.
    pub(crate) door: Door,
    /// Whom the mailbox answers, if there is one.
    pub(crate) mailbox: Option<Access>,
    /// Which occasion answers at the addresses of older programs, if any does.
    pub(crate) compat: Option<Compat>,
    /// What `/metrics` says.
    pub(crate) figures: Figures,
    /// Whom the operator's page asks.
    pub(crate) house: House,
    /// Says that this process stops.
    pub(crate) stop: CancellationToken,
    /// Says that all of Kenduri stops.
    pub(crate) ending: CancellationToken,
}

/// The whole site.
pub(crate) fn router(parts: Parts) -> Router {
    let site = parts.accounts.site.clone();
    let compat = parts.compat.map(|compat| {
        occasions::web::compat::routes(compat, &site, &parts.door, parts.stop.clone())
    });
    let router = rooms(&parts.accounts)
        .merge(compat.unwrap_or_default())
        .layer(Extension(parts.door))
        .merge(parts.mailbox.map_or_else(Router::new, web::mailbox::routes))
        .merge(server::routes(parts.house))
        .merge(api::routes())
        .merge(operators(parts.figures, parts.ending));
    let router = accounts::web::around(&parts.accounts, router);
    web::serve(&site, router)
}

fn rooms(accounts: &Accounts) -> Router<Site> {
    accounts::web::routes(accounts)
        .merge(occasions::web::api::routes::<Router<_>>())
        .merge(occasions::web::guest::routes())
        .merge(occasions::web::host::routes())
}

/// `/metrics` alone, for a listener of its own.
pub(crate) fn figures_alone(figures: Figures) -> Router {
    Router::new().route("/metrics", get(async move || text(figures.render().await)))
}

fn operators(figures: Figures, ending: CancellationToken) -> Router<Site> {
    Router::new()
        .route("/healthz", get("alive\n"))
        .route(
            "/readyz",
            get(async move |State(site): State<Site>| ready(&site.store, &ending).await),
        )
        .route(
            "/metrics",
            get(async move |facts: Facts| {
                if facts.is_from_here() {
                    Ok(text(figures.render().await))
                } else {
                    Err(Problem::not_found())
                }
            }),
        )
}

async fn ready(store: &Store, ending: &CancellationToken) -> Response {
    let writable = tokio::time::timeout(READY_TIME, store.is_writable());
    if ending.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
    } else if writable.await.unwrap_or(false) {
        "ready\n".into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store takes no changes\n",
        )
            .into_response()
    }
}

fn text(body: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], body)
}
