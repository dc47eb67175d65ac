//! The endpoints for operators: `/healthz` and `/livez`, `/readyz` and `/metrics`.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use platform::Store;
use platform::machines::Membership;
use site::domain::Domains;
use tokio_util::sync::CancellationToken;
use web::{Facts, Problem, Site, SiteUrl};

use crate::metrics::Metrics;

/// For proving that the store is writable.
const READY_TIME: Duration = Duration::from_secs(5);

/// Returns the operators' routes, for an installation with the app.
pub fn routes(figures: Metrics, membership: Membership, ending: CancellationToken) -> Router<Site> {
    Router::new()
        .route("/healthz", get(ALIVE))
        .route("/livez", get(ALIVE))
        .route(
            "/readyz",
            get(async move |State(site): State<Site>| {
                ready(&site.store, &membership, &ending).await
            }),
        )
        .route(
            "/metrics",
            get(async move |facts: Facts, headers: HeaderMap| {
                if may_read_metrics(&facts, &headers) {
                    Ok(text(figures.render().await))
                } else {
                    Err(Problem::not_found())
                }
            }),
        )
}

/// Returns the operators' routes for an installation without the app, where `/readyz` does not
/// depend on a store.
pub fn without_the_app(domains: Domains, figures: Metrics, ending: CancellationToken) -> Router {
    Router::new()
        .route("/healthz", get(ALIVE))
        .route("/livez", get(ALIVE))
        .route(
            "/readyz",
            get(async move || {
                if ending.is_cancelled() {
                    stopping()
                } else {
                    READY.into_response()
                }
            }),
        )
        .route(
            "/metrics",
            get(
                async move |Extension(facts): Extension<Facts>, headers: HeaderMap| {
                    if may_read_metrics(&facts, &headers) {
                        text(figures.render().await).into_response()
                    } else {
                        not_found()
                    }
                },
            ),
        )
        .fallback(async || not_found())
        .layer(from_fn_with_state(domains, mask_path))
}

/// Returns a router for a process that cannot serve yet, and says why.
pub fn not_ready(why: &'static str) -> Router {
    let refuse = async move || {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        (status, [(header::RETRY_AFTER, "5")], why).into_response()
    };
    Router::new()
        .route("/healthz", get(ALIVE))
        .route("/livez", get(ALIVE))
        .fallback(refuse)
}

/// Returns a router with only `/metrics`, for the separate metrics listener.
pub fn figures_alone(figures: Metrics) -> Router {
    Router::new().route("/metrics", get(async move || text(figures.render().await)))
}

/// A request through a proxy on this machine also comes from this machine, but names the site's
/// host.
fn may_read_metrics(facts: &Facts, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let named = host.and_then(|host| SiteUrl::parse(&format!("http://{host}")).ok());
    facts.is_from_here() && named.is_some_and(|named| named.is_loopback())
}

const ALIVE: &str = "alive\n";
const READY: &str = "ready\n";

async fn ready(store: &Store, membership: &Membership, ending: &CancellationToken) -> Response {
    let writable = tokio::time::timeout(READY_TIME, store.is_writable());
    if ending.is_cancelled() {
        stopping()
    } else if membership.is_clock_wrong() {
        let seconds = membership.clock_ahead().as_secs().unsigned_abs();
        let why = format!("the clock differs from the database's by {seconds} s; set it by NTP\n");
        (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    } else if membership.is_refused() {
        let why = "this machine's settings differ from another machine's; the log here says in what, and what to do\n";
        (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    } else if !store.may_acknowledge() {
        let why = "nothing is saved without the lease of the backup (follow.automatic); make backup.to reachable, or lead the domain to the machine that has taken over\n";
        (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    } else if writable.await.unwrap_or(false) {
        READY.into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store takes no changes; check its disk or database server\n",
        )
            .into_response()
    }
}

fn stopping() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

fn text(body: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], body)
}

/// For the access log.
async fn mask_path(State(domains): State<Domains>, request: Request, next: Next) -> Response {
    let path = site::domains::secret_paths(domains)
        .mask(request.uri().path())
        .into_owned();
    let mut response = next.run(request).await;
    response
        .extensions_mut()
        .insert(web::LoggedPath(path.into()));
    response
}
