//! The API for an occasion's counters, its answers over time, and its audit log.

use axum::extract::Path;
use jiff::Timestamp;
use platform::news;
use serde::Serialize;
use serde_json::Value;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, List, PageQuery, Problem, Site, routes};

use super::call::{Call, Place};
use crate::hosting::Permission::{ReadLog, See};
use crate::hosting::log::{self, AuditRow};
use crate::hosting::summary::{self, Day, Summary};
use crate::token_scopes::{OCCASION_READ, RSVPS_READ};
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(counters: may(See, Tokens(&[RSVPS_READ]))))
        // The audit log contains guests' answers. So a token also needs the scope for answers.
        .routes(routes!(lines: may(ReadLog, Tokens(&[OCCASION_READ, RSVPS_READ]))))
}

/// The counters of an occasion. `cursor` lets a client continue with the event stream.
#[derive(Serialize, ToSchema)]
struct Report {
    /// The id of the latest event that the counters include. A client can send it to the event
    /// stream as `last_event_id`.
    cursor: i64,
    summary: Summary,
    /// The numbers of answers over time, with one entry per day.
    curve: Vec<Day>,
}

/// All counters of an occasion.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/summary", tag = "reports",
    responses((status = 200, body = Report))
)]
async fn counters(call: Call, Path(occasion): Path<String>) -> Result<Json<Report>, Problem> {
    let found = call
        .read(Place::occasion(&occasion)?, |tx, host| {
            let cursor = news::cursor(tx)?;
            let (summary, curve) = summary::load_with_curve(tx, host)?;
            Ok(Report {
                cursor,
                summary,
                curve,
            })
        })
        .await?;
    Ok(Json(found))
}

/// An entry of the log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLine)]
struct LineView {
    /// The number of this entry. Entries are numbered in the order in which they were written.
    sequence: i64,
    /// When the entry was written.
    at: Timestamp,
    /// The kind of actor: `account`, `household`, `system` or `token`.
    actor_kind: String,
    /// The id of the account, household or token that acted.
    actor_id: Option<String>,
    /// The name of whoever acted, if known.
    actor_name: Option<String>,
    /// The action, such as `invitation.changed`.
    action: String,
    /// The kind of the changed record, such as `invitation`.
    entity_kind: String,
    /// The id of the changed record.
    entity_id: String,
    /// The name of the changed record, if known.
    entity_name: Option<String>,
    /// The changes: `[{field, old, new}]`.
    #[schema(value_type = Vec<Object>)]
    changes: Value,
    /// The id of the request, as in the `X-Request-Id` header of its response.
    request_id: Option<String>,
    /// The network to which the client's IP address belongs.
    network: Option<String>,
}

impl From<AuditRow> for LineView {
    fn from(line: AuditRow) -> Self {
        let record = line.record;
        Self {
            sequence: record.sequence,
            at: record.at,
            actor_kind: record.actor_kind,
            actor_id: record.actor_id,
            actor_name: line.actor,
            action: record.action,
            entity_kind: record.entity_kind,
            entity_id: record.entity_id,
            entity_name: line.entity,
            changes: line.changes,
            request_id: record.request_id,
            network: record.network,
        }
    }
}

/// The audit log, newest entries first.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/audit", tag = "reports",
    params(PageQuery, log::AuditFilter), responses((status = 200, body = List<LineView>))
)]
async fn lines(
    call: Call,
    Path(occasion): Path<String>,
    paging: PageQuery,
) -> Result<Json<List<LineView>>, Problem> {
    let mut filter = log::AuditFilter::default();
    for (name, value) in call.query().iter() {
        match name {
            "actor" => value.clone_into(&mut filter.actor),
            "action" => value.clone_into(&mut filter.action),
            "entity" => value.clone_into(&mut filter.entity),
            "from" => filter.from = instant("/from", value)?,
            "until" => filter.until = instant("/until", value)?,
            _ => {}
        }
    }
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            log::list(tx, host, &filter, &paging)
        })
        .await?;
    Ok(Json(found.map(LineView::from)))
}

fn instant(pointer: &str, text: &str) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Problem::fields().field(pointer, "date_invalid", []);
    text.parse().map(Some).map_err(wrong)
}
