//! The API for the list of background jobs.

use axum::extract::Path;
use occasions::hosting::Permission::See;
use occasions::hosting::bulk::{self, Bulk};
use occasions::token_scopes::OCCASION_READ;
use occasions::web::access::may;
use occasions::web::api::host::call::{Call, Place};
use serde::Serialize;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, Problem, Site, routes};

use crate::export::{self, Export};

const LATEST: i64 = 50;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default().routes(routes!(list: may(See, Tokens(&[OCCASION_READ]))))
}

/// Background jobs that are running or have run recently.
#[derive(Serialize, ToSchema)]
struct Jobs {
    /// Bulk actions, newest first.
    bulk: Vec<Bulk>,
    /// Exports, newest first.
    exports: Vec<Export>,
}

/// Background jobs that are running or have run recently.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/jobs", tag = "bulk", responses((status = 200, body = Jobs))
)]
async fn list(call: Call, Path(occasion): Path<String>) -> Result<Json<Jobs>, Problem> {
    let found = call
        .read(Place::occasion(&occasion)?, |tx, host| {
            Ok(Jobs {
                bulk: bulk::list(tx, host, LATEST)?,
                exports: export::list(tx, host, LATEST)?,
            })
        })
        .await?;
    Ok(Json(found))
}
