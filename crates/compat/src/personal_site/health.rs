//! Health checks, and a 404 for every path below `/backend/` that no route serves.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{any, get};
use serde::Serialize;
use web::{Json, Problem, Site};

const READY_TIME: Duration = Duration::from_secs(5);

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/backend/public/health", get(health))
        .route("/backend/public/health/db", get(store_health))
        .route("/backend/{*rest}", any(async || Problem::not_found()))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn health() -> Json<Health> {
    Json(Health { status: "healthy" })
}

#[derive(Serialize)]
struct StoreHealth {
    status: &'static str,
    database: &'static str,
}

async fn store_health(State(site): State<Site>) -> (StatusCode, Json<StoreHealth>) {
    let writable = tokio::time::timeout(READY_TIME, site.store.is_writable());
    if writable.await.unwrap_or(false) {
        let health = StoreHealth {
            status: "healthy",
            database: "connected",
        };
        (StatusCode::OK, Json(health))
    } else {
        let health = StoreHealth {
            status: "unhealthy",
            database: "disconnected",
        };
        (StatusCode::SERVICE_UNAVAILABLE, Json(health))
    }
}
