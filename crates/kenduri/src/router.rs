//! Every address of the program on one page: the rooms' own pages, and what
//! operators ask.

use std::time::{Duration, Instant};

use accounts::Accounts;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use occasions::web::guest::Door;
use platform::Store;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use web::mailbox::Access;
use web::{Facts, Problem, Site};

use crate::api;
use crate::figures::Figures;
use crate::listener::HEADER_LIMIT;

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
    /// What `/metrics` says.
    pub(crate) figures: Figures,
    /// Says that Kenduri stops.
    pub(crate) stop: CancellationToken,
}

/// The whole site.
pub(crate) fn router(parts: Parts) -> Router {
    let site = parts.accounts.site.clone();
    let (rooms, description) = rooms(&parts.accounts);
    let router = rooms
        .layer(Extension(parts.door))
        .merge(parts.mailbox.map_or_else(Router::new, web::mailbox::routes))
        .merge(api::routes(&description))
        .merge(operators(parts.figures, parts.stop))
        .layer(from_fn(headers_fit));
    let router = accounts::web::around(&parts.accounts, router);
    web::serve(&site, router).layer(from_fn(count))
}

/// The rooms and the description of their API.
fn rooms(accounts: &Accounts) -> (Router<Site>, OpenApi) {
    let (router, description) = api::router()
        .merge(accounts::web::routes(accounts))
        .merge(occasions::web::api::routes())
        .split_for_parts();
    let pages = occasions::web::guest::routes().merge(occasions::web::host::routes());
    (router.merge(pages), description)
}

/// `/metrics` alone, for a listener of its own.
pub(crate) fn figures_alone(figures: Figures) -> Router {
    Router::new().route("/metrics", get(async move || text(figures.render().await)))
}

fn operators(figures: Figures, stop: CancellationToken) -> Router<Site> {
    Router::new()
        .route("/healthz", get("alive\n"))
        .route(
            "/readyz",
            get(async move |State(site): State<Site>| ready(&site.store, &stop).await),
        )
        .route(
            "/metrics",
            get(async move |facts: Facts, headers: HeaderMap| {
                if facts.is_from_here(&headers) {
                    Ok(text(figures.render().await))
                } else {
                    Err(Problem::not_found())
                }
            }),
        )
}

async fn ready(store: &Store, stop: &CancellationToken) -> Response {
    let writable = tokio::time::timeout(READY_TIME, store.is_writable());
    if stop.is_cancelled() {
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

/// Refuses a header section that is too large in words; the engine's own
/// refusal has none.
async fn headers_fit(request: Request, next: Next) -> Response {
    let headers = request.headers().iter();
    let length: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    if length + request.uri().path().len() > HEADER_LIMIT {
        return Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
        )
        .into_response();
    }
    next.run(request).await
}

/// Counts the request by route and class of status.
async fn count(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route
        .as_ref()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let class = match response.status().as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    };
    metrics::counter!("kenduri_requests_total", "route" => route.clone(), "status" => class)
        .increment(1);
    metrics::histogram!("kenduri_request_seconds", "route" => route).record(began.elapsed());
    response
}
