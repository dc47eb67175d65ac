//! The endpoint to which payment gateways send events.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use web::{Problem, Site};

use crate::gateway_event;
use crate::order::GatewayName;

/// The maximum size of an event, in bytes.
const LONGEST: usize = 256 * 1024;

/// Handles `POST /hooks/pay/{gateway}`. The event is stored durably before it is acknowledged.
pub(super) async fn take(
    State(site): State<Site>,
    Path(gateway): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let gateway = GatewayName::find(&gateway).filter(|gateway| gateway.is_usable(&site));
    let gateway = gateway.ok_or_else(Problem::not_found)?;
    let (parts, body) = request.into_parts();
    let body = web::read_body(body, LONGEST).await?;
    gateway_event::accept(&site, gateway, &parts.headers, &body).await?;
    Ok(StatusCode::OK)
}
