//! What the whole program answers at the addresses of the older personal site: whether it lives,
//! and that nothing else is there.

use std::time::Duration;

use accounts::Accounts;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{any, get};
use serde::Serialize;
use web::{Json, Problem, Site};

/// How long the store may take to show that it can be written to.
const READY_TIME: Duration = Duration::from_secs(5);

/// Where the configuration wants these addresses.
pub(crate) fn routes(accounts: &Accounts) -> Router<Site> {
    accounts.backend_routes(|_| {
        Router::new()
            .route("/backend/public/health", get(health))
            .route("/backend/public/health/db", get(store_health))
            .route("/backend/{*rest}", any(async || Problem::not_found()))
    })
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

#[cfg(test)]
mod tests {
    use accounts::{Accounts, BackendPolicy, domain};
    use jiff::tz::TimeZone;
    use serde_json::json;
    use testkit::{Visitor, World};
    use web::client_info::Proxies;
    use web::{Settings, SiteUrl};

    use crate::domains::DOMAINS;

    fn visitor(world: &World, backend: Option<BackendPolicy>) -> Visitor {
        let settings = Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").expect("an address"),
            name: "Kenduri Kami".to_owned(),
            languages: vec!["en".to_owned()],
            time_zone: TimeZone::UTC,
            proxies: Proxies::default(),
        };
        let site = domain::site(DOMAINS, &[], world.platform.clone(), settings);
        let accounts = Accounts {
            backend,
            ..Accounts::new(site, DOMAINS)
        };
        let routes = domain::routes(&accounts).merge(super::routes(&accounts));
        let routes = accounts::web::around(&accounts, routes);
        Visitor::new(web::serve(&accounts.site, routes))
    }

    #[test]
    fn it_tells_whether_it_lives_and_that_nothing_else_is_there() {
        World::each_engine(&domain::migrations(DOMAINS), async |world| {
            let mut on = visitor(world, Some(BackendPolicy::default()));
            let health = on.get("/backend/public/health").await;
            health.expect(200);
            assert_eq!(health.json(), json!({"status": "healthy"}));
            let store = on.get("/backend/public/health/db").await;
            store.expect(200);
            let expected = json!({"status": "healthy", "database": "connected"});
            assert_eq!(store.json(), expected);
            for path in [
                "/backend/public/nothing",
                "/backend/protected/access-requests",
            ] {
                let missing = on.get(path).await;
                missing.expect(404);
                assert_eq!(missing.json()["error"], missing.json()["detail"]);
            }
            let mut off = visitor(world, None);
            for path in ["/backend/public/health", "/backend/public/health/db"] {
                off.get(path).await.expect(404);
            }
        });
    }
}
