//! The API for actions on many invitations at once.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, PageQuery, Problem, Site, routes};

use super::call::{Call, Place, answer, id};
use crate::hosting::Permission::{Invite, See};
use crate::hosting::bulk::{self, Action, Bulk, BulkId, Outcome, Request, Target};
use crate::hosting::listing::InvitationFilter;
use crate::hosting::locks::Effect;
use crate::id::InvitationId;
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(start: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(effect: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(show: may(See, Tokens(&[OCCASION_READ]))))
        .routes(routes!(rows: may(See, Tokens(&[OCCASION_READ]))))
}

/// The invitations, and the action to apply to each.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkRequest)]
struct Body {
    /// The invitations' ids, at most 5,000.
    ids: Option<Vec<InvitationId>>,
    /// A filter that finds the invitations. It can be sent instead of `ids`.
    filter: Option<InvitationFilter>,
    /// The action: `tag`, `untag`, `language`, `allowance`, `deadline`, `lock`, `unlock`,
    /// `archive`, `sent`, `unsent` or `invite`.
    action: String,
    /// The arguments of the action, such as `{"tag": "family"}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    args: serde_json::Map<String, Value>,
}

impl Body {
    fn request(self) -> Result<Request, Problem> {
        let target = match (self.ids, self.filter) {
            (Some(ids), None) => Target::Chosen(ids),
            (None, Some(filter)) => Target::Matching(filter),
            _ => return Err(Problem::fields().field("/ids", "required", [])),
        };
        let wanted = json!({"action": self.action, "args": self.args}).to_string();
        let Json(action) = Json::<Action>::parse(wanted.as_bytes())?;
        Ok(Request { target, action })
    }
}

/// Starts an action on many invitations.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/bulk", tag = "bulk", request_body = Body,
    responses((status = 202, body = Bulk))
)]
async fn start(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<Body>,
) -> Result<Response, Problem> {
    let place = Place::occasion(&occasion)?;
    let request = body.value.request()?;
    call.once(place, &body.bytes, StatusCode::ACCEPTED, move |tx, host| {
        bulk::start(tx, host, &request)
    })
    .await
}

/// Returns the number of households whose answers an action would close or reopen. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/bulk/effect", tag = "bulk", request_body = Body,
    responses((status = 200, body = Effect))
)]
async fn effect(
    call: Call,
    Path(occasion): Path<String>,
    Json(body): Json<Body>,
) -> Result<Json<Effect>, Problem> {
    let request = body.request()?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            bulk::effect(tx, host, &request)
        })
        .await?;
    Ok(Json(found))
}

/// The progress of an action.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/bulk/{bulk}", tag = "bulk",
    responses((status = 200, body = Bulk))
)]
async fn show(
    call: Call,
    Path((occasion, bulk)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let bulk: BulkId = id(&bulk)?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            bulk::load(tx, host, &bulk)
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// The outcome for each invitation.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/bulk/{bulk}/rows", tag = "bulk", params(PageQuery),
    responses((status = 200, body = List<Outcome>))
)]
async fn rows(
    call: Call,
    Path((occasion, bulk)): Path<(String, String)>,
    paging: PageQuery,
) -> Result<Json<List<Outcome>>, Problem> {
    let bulk: BulkId = id(&bulk)?;
    let last = i64::try_from(bulk::LIMIT).unwrap_or(i64::MAX);
    let after: i64 = paging.after::<i64>()?.unwrap_or(0).clamp(0, last);
    let limit = paging.rows();
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            bulk::outcomes(tx, host, &bulk, after, limit)
        })
        .await?;
    let places: Vec<(i64, Outcome)> = (after..).zip(found).collect();
    let list = paging.list(places, |(place, _)| place + 1);
    Ok(Json(list.map(|(_, outcome)| outcome)))
}
