//! The JSON API of claims that one side of a session did not come.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use site::Callers::{People, Tokens};
use site::call::Call;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use crate::booking::no_show::{Claim, ClaimId, ClaimState};
use crate::no_show_claim::{self, Answer, ClaimRecord, Decision, PartyToClaim};
use crate::settings::Administrator;
use crate::token_scopes::WRITE;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_claims: People))
        .routes(routes!(answer_claim: Tokens(&[WRITE])))
        .routes(routes!(withdraw_claim: Tokens(&[WRITE])))
        .routes(routes!(decide_claim: People))
}

/// The claims that wait for an administrator's decision, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/admin/claims", tag = "bookings", operation_id = "list_booking_claims",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<ClaimRecord>))
)]
async fn list_claims(call: Call) -> Result<Json<List<ClaimRecord>>, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator, after: Option<&(Timestamp, ClaimId)>, rows| {
        Ok(no_show_claim::list(tx, ClaimState::Disputed, after, rows)?)
    };
    call.list(look, |one| (one.claim.created_at, one.claim.id.clone()))
        .await
}

/// Answers a claim, as the side that is said not to have come. If it agrees to a member's claim,
/// the payment or the credit goes back; otherwise an administrator decides.
#[utoipa::path(
    post, path = "/api/v1/claims/{id}/answer", tag = "bookings",
    operation_id = "answer_booking_claim", request_body = Answer,
    responses((status = 200, body = Claim), (status = 409))
)]
async fn answer_claim(call: Call, body: Received<Answer>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, by: &PartyToClaim| {
        super::check_money(&by.party)?;
        no_show_claim::answer(tx, &site, by, &new)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Withdraws a claim, as its claimant.
#[utoipa::path(
    post, path = "/api/v1/claims/{id}/withdraw", tag = "bookings",
    operation_id = "withdraw_booking_claim", responses((status = 200, body = Claim), (status = 409))
)]
async fn withdraw_claim(call: Call) -> Result<Response, Problem> {
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, by: &PartyToClaim| {
        super::check_money(&by.party)?;
        no_show_claim::withdraw(tx, &site, by)
    };
    call.post(&[], StatusCode::OK, change).await
}

/// Decides a claim, as an administrator. The caller must have proved a credential within the last 10
/// minutes.
#[utoipa::path(
    post, path = "/api/v1/claims/{id}/decide", tag = "bookings",
    operation_id = "decide_booking_claim", request_body = Decision,
    responses((status = 200, body = Claim), (status = 409))
)]
async fn decide_claim(call: Call, body: Received<Decision>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let id: ClaimId = call.id("id")?;
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| no_show_claim::decide(tx, &site, by, &id, &new);
    call.post(&body.bytes, StatusCode::OK, change).await
}
