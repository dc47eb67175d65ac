//! What operators ask: whether it lives, whether it is ready, and its figures.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use platform::Store;
use tokio_util::sync::CancellationToken;
use web::{Facts, Problem, Site, masking};

use crate::figures::Figures;

/// Where all of it is answered.
pub(crate) const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// How long the store may take to show that it can be written to.
const READY_TIME: Duration = Duration::from_secs(5);

/// Among the app's own pages.
pub(crate) fn routes(figures: Figures, ending: CancellationToken) -> Router<Site> {
    Router::new()
        .route("/healthz", get(ALIVE))
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

/// Where none of the app runs: there is no store that could be not ready.
pub(crate) fn without_the_app(figures: Figures, ending: CancellationToken) -> Router {
    Router::new()
        .route("/healthz", get(ALIVE))
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
            get(async move |Extension(facts): Extension<Facts>| {
                if facts.is_from_here() {
                    text(figures.render().await).into_response()
                } else {
                    not_found()
                }
            }),
        )
        .fallback(async || not_found())
        .layer(from_fn(logged))
}

/// `/metrics` alone, for a listener of its own.
pub(crate) fn figures_alone(figures: Figures) -> Router {
    Router::new().route("/metrics", get(async move || text(figures.render().await)))
}

const ALIVE: &str = "alive\n";
const READY: &str = "ready\n";

async fn ready(store: &Store, ending: &CancellationToken) -> Response {
    let writable = tokio::time::timeout(READY_TIME, store.is_writable());
    if ending.is_cancelled() {
        stopping()
    } else if writable.await.unwrap_or(false) {
        READY.into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store takes no changes\n",
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

/// Writes the line that the app writes of its requests, and the front door does not.
async fn logged(Extension(facts): Extension<Facts>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = masking::mask(request.uri().path()).into_owned();
    let response = next.run(request).await;
    tracing::info!(
        target: web::ACCESS_LOG,
        request_id = %facts.request_id,
        %method,
        path,
        status = response.status().as_u16(),
        duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}
