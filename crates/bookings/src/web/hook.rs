//! The endpoint to which payment gateways send events.

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use platform::Tx;
use platform::text_cleaning::hexadecimal;
use sha2::{Digest as _, Sha256};
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
    let gateway = GatewayName::find(&gateway).filter(|gateway| gateway.is_remote(&site));
    let gateway = gateway.ok_or_else(Problem::not_found)?;
    let (parts, body) = request.into_parts();
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    let body = to_bytes(body, LONGEST).await.map_err(too_large)?;
    let Some(event) = gateway.read_event(&site, &parts.headers, &body)? else {
        return Ok(StatusCode::OK);
    };
    let hash = hexadecimal(&Sha256::digest(&body));
    let write = move |tx: &mut Tx<'_>| gateway_event::receive(tx, gateway, &event, &hash);
    site.store.write(write).await?;
    Ok(StatusCode::OK)
}
