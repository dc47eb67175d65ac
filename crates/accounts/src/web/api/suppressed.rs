//! The JSON API for administering suppressed email addresses, to which no mail is sent.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use platform::Tx;
use platform::mail::suppression::{After, Listed, Place};
use serde::Serialize;
use utoipa::ToSchema;
use web::cursor::{List, PageQuery};
use web::described::Routes;
use web::{Json, Problem, routes};

use identity::grant::administrator::{self, PeopleError};
use identity::person::suppressed;
use site::Callers::People;
use site::asking::Caller;
use site::{Context, call};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People))
        .routes(routes!(lift: People))
}

/// An email address that gets no mail, or no mail of one stream.
#[derive(Serialize, ToSchema)]
struct SuppressionView {
    /// The entry's id.
    id: String,
    /// The email address, if the installation still knows it.
    address: Option<String>,
    /// The first characters of the email address's hash.
    hash: String,
    /// The cause: `soft_bounce`, `unsubscribe`, `hard_bounce`, `complaint` or `manual`.
    cause: &'static str,
    /// The only stream that is stopped, `notification` or `marketing`; null for all mail.
    stream: Option<&'static str>,
    /// The time at which the entry was recorded; for soft bounces, the time of the last bounce.
    since: Timestamp,
}

impl From<Listed> for SuppressionView {
    fn from(listed: Listed) -> Self {
        let Listed {
            suppression,
            recipient,
        } = listed;
        Self {
            id: suppression.place.to_string(),
            address: recipient,
            hash: suppression.place.short(),
            cause: suppression.cause.word(),
            stream: suppression.place.stream().map(platform::mail::Stream::word),
            since: suppression.last_at,
        }
    }
}

/// List email addresses that get no mail.
///
/// The newest entries come first.
#[utoipa::path(
    get, path = "/api/v1/admin/suppressions", tag = "suppressions",
    params(PageQuery),
    responses(
        (status = 200, description = "The entries", body = List<SuppressionView>),
        (status = 400, description = "`cursor_invalid`"),
        (status = 403, description = "`role_required`: administrators of the installation"),
    ),
)]
async fn list(
    State(accounts): State<Context>,
    paging: PageQuery,
    caller: Caller,
) -> Result<Json<List<SuppressionView>>, Problem> {
    let after: Option<After> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &caller.who, &caller.request)?;
        Ok::<_, PeopleError>(suppressed::list(tx, &by, after.as_ref(), rows)?)
    };
    let found = accounts.site.store.read(look).await?;
    Ok(Json(
        paging.list(found, After::of).map(SuppressionView::from),
    ))
}

/// Let an email address get mail again.
///
/// Only owners of the installation may remove an entry that the recipient caused (`unsubscribe`,
/// `complaint`).
#[utoipa::path(
    delete, path = "/api/v1/admin/suppressions/{id}", tag = "suppressions",
    params(("id" = String, Path, description = "The entry's id")),
    responses(
        (status = 204, description = "Mail goes there again"),
        (status = 403, description = "`role_required`"),
        (status = 404, description = "`not_found`"),
    ),
)]
async fn lift(
    State(accounts): State<Context>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let place: Place = call::id(&id)?;
    let change = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &caller.who, &caller.request)?;
        suppressed::lift(tx, &by, &place)
    };
    accounts.site.store.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
