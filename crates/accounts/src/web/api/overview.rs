//! The JSON API for the installation's figures and log.

use axum::extract::State;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use utoipa::ToSchema;
use web::cursor::{List, PageQuery};
use web::described::Routes;
use web::{Json, Problem, routes};

use identity::grant::administrator::{self, PeopleError};
use identity::people::overview::{self, Figures, Line};
use site::Callers::People;
use site::Context;
use site::asking::Caller;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(stats: People))
        .routes(routes!(audit: People))
}

/// The figures of the installation.
#[derive(Serialize, ToSchema)]
struct FiguresView {
    /// The number of accounts.
    people: i64,
    /// The number of people who signed in within the last 30 days.
    signed_in: i64,
    /// The number of accounts whose email address is unconfirmed.
    unverified: i64,
    /// The number of deactivated accounts.
    deactivated: i64,
    /// The number of accounts that are about to be erased.
    leaving: i64,
    /// The number of people with a role in the installation.
    administrators: i64,
    /// The number of open sessions.
    sessions: i64,
    /// The number of valid tokens.
    tokens: i64,
    /// The number of email addresses that get no mail.
    suppressed: i64,
}

impl From<Figures> for FiguresView {
    fn from(figures: Figures) -> Self {
        Self {
            people: figures.people,
            signed_in: figures.signed_in,
            unverified: figures.unverified,
            deactivated: figures.deactivated,
            leaving: figures.leaving,
            administrators: figures.administrators,
            sessions: figures.sessions,
            tokens: figures.tokens,
            suppressed: figures.suppressed,
        }
    }
}

/// A line of the installation's log.
#[derive(Serialize, ToSchema)]
struct LineView {
    /// The number of the line.
    sequence: i64,
    /// The time of the action.
    at: Timestamp,
    /// The name of the action.
    action: String,
    /// The kind of actor, such as `account`, `token` or `system`.
    actor_kind: String,
    /// The actor's id.
    actor_id: Option<String>,
    /// The name of the account that acted.
    actor_name: Option<String>,
    /// The kind of thing that was acted on.
    entity_kind: String,
    /// The id of the thing that was acted on.
    entity_id: String,
    /// The name of the account that was acted on.
    entity_name: Option<String>,
    /// The network from which the request came.
    network: Option<String>,
}

impl From<Line> for LineView {
    fn from(line: Line) -> Self {
        let record = line.record;
        Self {
            sequence: record.sequence,
            at: record.at,
            action: record.action,
            actor_kind: record.actor_kind,
            actor_id: record.actor_id,
            actor_name: line.actor,
            entity_kind: record.entity_kind,
            entity_id: record.entity_id,
            entity_name: line.subject,
            network: record.network,
        }
    }
}

/// Get the figures of the installation.
#[utoipa::path(
    get, path = "/api/v1/admin/stats", tag = "people",
    responses(
        (status = 200, description = "The figures", body = FiguresView),
        (status = 403, description = "`role_required`: administrators of the installation"),
    ),
)]
async fn stats(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<FiguresView>, Problem> {
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &caller.who, &caller.request)?;
        Ok::<_, PeopleError>(overview::figures(tx, &by)?)
    };
    Ok(Json(accounts.site.store.read(look).await?.into()))
}

/// List what happened to accounts and to the installation.
///
/// The newest lines come first.
#[utoipa::path(
    get, path = "/api/v1/admin/audit", tag = "people",
    params(PageQuery),
    responses(
        (status = 200, description = "The lines", body = List<LineView>),
        (status = 400, description = "`cursor_invalid`"),
        (status = 403, description = "`role_required`: administrators of the installation"),
    ),
)]
async fn audit(
    State(accounts): State<Context>,
    paging: PageQuery,
    caller: Caller,
) -> Result<Json<List<LineView>>, Problem> {
    let before: Option<i64> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &caller.who, &caller.request)?;
        Ok::<_, PeopleError>(overview::log(tx, &by, before, rows)?)
    };
    let found = accounts.site.store.read(look).await?;
    let list = paging.list(found, |line| line.record.sequence);
    Ok(Json(list.map(LineView::from)))
}
