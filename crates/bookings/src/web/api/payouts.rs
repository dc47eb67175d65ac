//! The JSON API of payouts.

use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use serde::{Deserialize, Serialize};
use site::Callers::{People, Tokens};
use site::call::{Call, Maybe, answer};
use utoipa::ToSchema;
use web::described::Routes;
use web::json::{Members, Received};
use web::{Input, Json, List, PageQuery, Problem, Site, routes};

use super::change_body;
use crate::Refusal;
use crate::payout::batch::{self, Batch, BatchId, BatchStep, BatchStepValues, BatchView, NewBatch};
use crate::payout::{
    self, After, Before, Payout, PayoutId, PayoutState, PayoutStep, PayoutView, RATE_FIELDS, Rate,
    RatedProvider, StepValues, Total,
};
use crate::provider::{Provider, ProviderId};
use crate::settings::Administrator;
use crate::token_scopes::READ;
use crate::web::payouts::download;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_own: Tokens(&[READ]), set_reference: People))
        .routes(routes!(list_items: People))
        .routes(routes!(step_item: People))
        .routes(routes!(list_batches: People, create_batch: People))
        .routes(routes!(show_batch: People))
        .routes(routes!(batch_file: People))
        .routes(routes!(step_batch: People))
        .routes(routes!(list_rates: People))
        .routes(routes!(change_rate: People))
}

/// What a provider is owed.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnPayouts)]
struct Own {
    totals: Vec<Total>,
    /// The items of this page.
    items: Vec<PayoutView>,
    /// The `cursor` of the next page; absent on the last page.
    next_cursor: Option<String>,
    /// Whether the destination of the payouts is set.
    has_reference: bool,
}

/// The amounts that the caller is owed for their sessions: totals, and a page of the items, the
/// latest sessions first.
#[utoipa::path(
    get, path = "/api/v1/me/payouts", tag = "bookings", operation_id = "list_own_payouts",
    params(PageQuery), responses((status = 200, body = Own))
)]
async fn list_own(call: Call) -> Result<Json<Own>, Problem> {
    let paging = call.page_query()?;
    let (before, rows): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let id = &provider.profile.id;
        let items = payout::list_of(tx, id, before.as_ref(), rows)?;
        let totals = payout::totals(tx, id)?;
        Ok::<_, Refusal>((totals, items, payout::has_reference(tx, id)?))
    };
    let (totals, items, has_reference) = call.read(look).await?;
    let list = paging.list(items, PayoutView::key);
    Ok(Json(Own {
        totals,
        items: list.items,
        next_cursor: list.next_cursor,
        has_reference,
    }))
}

/// The destination of a provider's payouts.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PayoutReference)]
struct Reference {
    /// A bank account or the like, up to 200 characters; empty removes it. No response contains it.
    reference: String,
}

/// Sets the destination of the caller's payouts. It is stored encrypted.
#[utoipa::path(
    put, path = "/api/v1/me/payouts", tag = "bookings", operation_id = "set_payout_reference",
    request_body = Reference, responses((status = 204))
)]
async fn set_reference(call: Call, Json(body): Json<Reference>) -> Result<StatusCode, Problem> {
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        payout::set_reference(tx, &site, provider, &body.reference)
    };
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The payout items in one state, oldest first.
#[utoipa::path(
    get, path = "/api/v1/admin/payout-items", tag = "bookings", operation_id = "list_payout_items",
    params(("state" = Option<PayoutState>, Query,), ("cursor" = Option<String>, Query,),
        ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<PayoutView>), (status = 404))
)]
async fn list_items(call: Call) -> Result<Json<List<PayoutView>>, Problem> {
    let state = match call.query().text("state") {
        "" => PayoutState::Pending,
        word => PayoutState::find(word).ok_or_else(Problem::not_found)?,
    };
    let look = move |tx: &mut Tx<'_>, _: &Administrator, after: Option<&After<PayoutId>>, rows| {
        Ok(payout::list(tx, state, after, rows)?)
    };
    call.list(look, |one| (one.item.created_at, one.item.id.clone()))
        .await
}

/// Approves, rejects or reopens a payout item, or corrects a paid item by adding a negative one. A
/// correction returns the item that was added.
#[utoipa::path(
    post, path = "/api/v1/admin/payout-items/{id}/{step}", tag = "bookings",
    operation_id = "step_payout_item", params(("step" = inline(PayoutStep), Path,)),
    request_body = Option<StepValues>, responses((status = 200, body = Payout), (status = 409))
)]
async fn step_item(call: Call, body: Maybe<StepValues>) -> Result<Response, Problem> {
    let id: PayoutId = call.id("id")?;
    let step = PayoutStep::find(call.piece("step")).ok_or_else(Problem::not_found)?;
    let values = body.value;
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| payout::step(tx, by, &id, step, &values);
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The batches of payouts, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/payout-batches", tag = "bookings",
    operation_id = "list_payout_batches",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<Batch>))
)]
async fn list_batches(call: Call) -> Result<Json<List<Batch>>, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator, before: Option<&After<BatchId>>, rows| {
        Ok(batch::list(tx, before, rows)?)
    };
    call.list(look, |one| (one.created_at, one.id.clone()))
        .await
}

/// Creates a batch of all approved items in a currency that are due.
#[utoipa::path(
    post, path = "/api/v1/admin/payout-batches", tag = "bookings",
    operation_id = "create_payout_batch", request_body = NewBatch,
    responses((status = 201, body = BatchView), (status = 409))
)]
async fn create_batch(call: Call, body: Received<NewBatch>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, by: &Administrator| batch::create(tx, by, &new);
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// A batch of payouts, with a line for each provider.
#[utoipa::path(
    get, path = "/api/v1/admin/payout-batches/{id}", tag = "bookings",
    operation_id = "show_payout_batch", responses((status = 200, body = BatchView))
)]
async fn show_batch(call: Call) -> Result<Json<BatchView>, Problem> {
    let id: BatchId = call.id("id")?;
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let batch = batch::find(tx, &id)?.ok_or(Refusal::NotFound)?;
        batch::view(tx, batch)
    };
    Ok(Json(call.read(look).await?))
}

/// The lines of a batch as a file for the bank, with each provider's bank reference.
#[utoipa::path(
    get, path = "/api/v1/admin/payout-batches/{id}/lines.csv", tag = "bookings",
    operation_id = "show_payout_batch_file",
    responses((status = 200, description = "The file.", content_type = "text/csv", body = String))
)]
async fn batch_file(call: Call) -> Result<Response, Problem> {
    let (id, site): (BatchId, _) = (call.id("id")?, call.site.clone());
    let write = move |tx: &mut Tx<'_>, by: &Administrator| batch::file(tx, &site, by, &id);
    Ok(download(call.write(write).await?))
}

/// Performs a step on a batch, or gives the batch up. The states of its items change accordingly.
#[utoipa::path(
    post, path = "/api/v1/admin/payout-batches/{id}/{step}", tag = "bookings",
    operation_id = "step_payout_batch", params(("step" = inline(BatchStep), Path,)),
    request_body = Option<BatchStepValues>,
    responses((status = 200, body = BatchView), (status = 409))
)]
async fn step_batch(call: Call, body: Maybe<BatchStepValues>) -> Result<Response, Problem> {
    let (id, site): (BatchId, _) = (call.id("id")?, call.site.clone());
    let step = BatchStep::find(call.piece("step")).ok_or_else(Problem::not_found)?;
    let values = body.value;
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| batch::step(tx, &site, by, &id, step, &values);
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The amount that each provider is owed for a session.
#[utoipa::path(
    get, path = "/api/v1/admin/payout-rates", tag = "bookings", operation_id = "list_payout_rates",
    responses((status = 200, body = List<RatedProvider>))
)]
async fn list_rates(call: Call) -> Result<Json<List<RatedProvider>>, Problem> {
    let look =
        |tx: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(List::whole(payout::list_rates(tx)?));
    Ok(Json(call.read(look).await?))
}

change_body! {
    PayoutRateChange: Rate, RATE_FIELDS,
    "What a provider is owed for a session; what is left out stays."
}

/// Changes the amount that a provider is owed for a session. Bookings that were made before keep
/// their rate.
#[utoipa::path(
    put, path = "/api/v1/admin/payout-rates/{id}", tag = "bookings",
    operation_id = "change_payout_rate", request_body = PayoutRateChange,
    responses((status = 200, body = RatedProvider))
)]
async fn change_rate(call: Call, Json(body): Json<Members>) -> Result<Response, Problem> {
    let id: ProviderId = call.id("id")?;
    let (input, _) = Input::of_json(body)?;
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| payout::change_rate(tx, by, &id, &input);
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}
