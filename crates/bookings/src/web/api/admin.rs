//! The JSON API of administrators: all bookings, figures, members' credits, and findings.

use axum::http::StatusCode;
use axum::response::Response;
use identity::account::AccountId;
use platform::Tx;
use site::Callers::People;
use site::call::Call;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, PageQuery, Problem, Site, routes};

use crate::booking::search::{self, BookingRecord, Search};
use crate::booking::{After, BookingId, BookingView};
use crate::credit::adjustment::{self, AccountCredits, NewAdjustment};
use crate::day_range::Days;
use crate::figures::{self, Figures};
use crate::finding::{self, Finding, FindingId, FindingState, Newest};
use crate::room_release::{self, RoomRelease};
use crate::settings::Administrator;
use crate::{Refusal, reconcile};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_all: People))
        .routes(routes!(release_room: People))
        .routes(routes!(show_figures: People))
        .routes(routes!(adjust_credits: People))
        .routes(routes!(show_credits: People))
        .routes(routes!(list_findings: People))
        .routes(routes!(apply_finding: People))
}

/// All bookings, the latest session first. Days are those of the site's time zone.
#[utoipa::path(
    get, path = "/api/v1/admin/bookings", tag = "bookings", operation_id = "list_all_bookings",
    params(("state" = Option<String>, Query,), ("provider" = Option<String>, Query,),
        ("member" = Option<String>, Query,), ("session_type" = Option<String>, Query,),
        ("date_from" = Option<String>, Query,), ("date_to" = Option<String>, Query,),
        ("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<BookingRecord>))
)]
async fn list_all(call: Call) -> Result<Json<List<BookingRecord>>, Problem> {
    let search = Search::read(&call.query())?;
    let zone = call.site.settings.time_zone.clone();
    let look = move |tx: &mut Tx<'_>, _: &Administrator, after: Option<&After>, rows| {
        Ok(search::list(tx, &search, &zone, after, rows)?)
    };
    call.list(look, |one| (one.starts_at, one.id.clone())).await
}

/// Releases the room of a booking whose session ended or was cancelled. Does nothing if the booking
/// has no room.
#[utoipa::path(
    post, path = "/api/v1/admin/bookings/{id}/release-room", tag = "rooms",
    operation_id = "release_room", request_body = RoomRelease,
    responses((status = 200, body = BookingView), (status = 409))
)]
async fn release_room(call: Call, body: Received<RoomRelease>) -> Result<Response, Problem> {
    let (id, new): (BookingId, _) = (call.id("id")?, body.value);
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| room_release::release(tx, by, &id, &new);
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The figures of a range of days in the site's time zone; without a range, the figures of all
/// time.
#[utoipa::path(
    get, path = "/api/v1/admin/figures", tag = "bookings", operation_id = "show_booking_figures",
    params(("date_from" = Option<String>, Query,), ("date_to" = Option<String>, Query,)),
    responses((status = 200, body = Figures), (status = 422))
)]
async fn show_figures(call: Call) -> Result<Json<Figures>, Problem> {
    let days = Days::read(&call.query())?;
    let zone = call.site.settings.time_zone.clone();
    let look =
        move |tx: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(figures::find(tx, days, &zone)?);
    Ok(Json(call.read(look).await?))
}

/// All credits of an account, and a page of the changes to them.
#[utoipa::path(
    get, path = "/api/v1/admin/credits/{account}", tag = "bookings",
    operation_id = "show_account_credits", params(PageQuery),
    responses((status = 200, body = AccountCredits))
)]
async fn show_credits(call: Call) -> Result<Json<AccountCredits>, Problem> {
    let (id, paging): (AccountId, _) = (call.id("account")?, call.page_query()?);
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        adjustment::find(tx, &id, &paging)?.ok_or(Refusal::NotFound)
    };
    Ok(Json(call.read(look).await?))
}

/// Adds credits to an account, or takes unused ones away. The caller must have proved a credential
/// within the last 10 minutes.
#[utoipa::path(
    post, path = "/api/v1/admin/credits", tag = "bookings", operation_id = "adjust_credits",
    request_body = NewAdjustment, responses((status = 201, body = AccountCredits), (status = 404))
)]
async fn adjust_credits(call: Call, body: Received<NewAdjustment>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, by: &Administrator| adjustment::adjust(tx, by, &new);
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Findings, newest first. A finding is a disagreement between the site's records and a gateway's,
/// or between two of the site's own records. Without `state`, only the open ones are listed.
#[utoipa::path(
    get, path = "/api/v1/admin/reconcile", tag = "bookings", operation_id = "list_findings",
    params(("state" = Option<FindingState>, Query,), ("cursor" = Option<String>, Query,),
        ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<Finding>), (status = 404))
)]
async fn list_findings(call: Call) -> Result<Json<List<Finding>>, Problem> {
    let state = match call.query().text("state") {
        "" => FindingState::Open,
        word => FindingState::find(word).ok_or_else(Problem::not_found)?,
    };
    let look = move |tx: &mut Tx<'_>, _: &Administrator, before: Option<&Newest>, rows| {
        Ok(finding::list(tx, state, before, rows)?)
    };
    call.list(look, |one| (one.found_at, one.id.clone())).await
}

/// Applies the remedy of an open finding. The caller must have proved a credential within the last
/// 10 minutes. A remedy that calls a gateway does so shortly after the response.
#[utoipa::path(
    post, path = "/api/v1/admin/reconcile/{id}/apply", tag = "bookings",
    operation_id = "apply_finding", responses((status = 202, body = Finding), (status = 409))
)]
async fn apply_finding(call: Call) -> Result<Response, Problem> {
    let id: FindingId = call.id("id")?;
    let change = move |tx: &mut Tx<'_>, by: &Administrator| reconcile::apply(tx, by, &id);
    call.post(b"", StatusCode::ACCEPTED, change).await
}
