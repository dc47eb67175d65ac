//! The API for the list of points that hosts still have to resolve before the events.

use axum::extract::Path;
use site::Callers::Tokens;
use web::described::Routes;
use web::{Json, Problem, Site, routes};

use super::call::{Call, Place};
use crate::hosting::Permission::See;
use crate::hosting::ready::{self, Ready};
use crate::token_scopes::RSVPS_READ;
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default().routes(routes!(points: may(See, Tokens(&[RSVPS_READ]))))
}

/// The points that hosts still have to resolve before the events, with counts.
///
/// Households that cannot get mail are counted only for callers who may see addresses.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/ready", tag = "reports",
    responses((status = 200, body = Ready))
)]
async fn points(call: Call, Path(occasion): Path<String>) -> Result<Json<Ready>, Problem> {
    let site = call.site.clone();
    let look = move |tx: &mut platform::Tx<'_>, host: &crate::hosting::HostOf| {
        ready::load(tx, &site, host)
    };
    let found = call.read(Place::occasion(&occasion)?, look).await?;
    Ok(Json(found))
}
