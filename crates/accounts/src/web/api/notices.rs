//! The notifications that an account has received, called notices in the API.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::cursor::List;
use web::described::Routes;
use web::{Json, Language, PageQuery, Problem, routes};

use identity::notification::{self, Before};
use site::Callers::People;
use site::Context;
use site::call::Call;
use site::proof::Requester;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(list: People))
        .routes(routes!(read: People))
}

/// A notice to the signed-in person.
#[derive(Serialize, ToSchema)]
struct Notice {
    /// The text, in your language.
    text: String,
    /// The page on which you can act on the notice.
    href: String,
    /// The time at which the notice was created.
    created_at: Timestamp,
    /// The time at which the notice was read.
    read_at: Option<Timestamp>,
}

/// The account's notices.
#[utoipa::path(
    get, path = "/api/v1/me/notices", tag = "accounts", params(PageQuery),
    responses((status = 200, description = "The newest first", body = List<Notice>),
        (status = 403, description = "`token_not_permitted`"))
)]
async fn list(State(accounts): State<Context>, call: Call) -> Result<Json<List<Notice>>, Problem> {
    let locale = call.who.account().locale.clone();
    let text = accounts.site.catalogue.speak(&Language::of(&locale));
    let paging = call.page_query()?;
    let (before, rows): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, me: &Requester| {
        let id = &me.who.account().id;
        Ok(notification::list(tx, id, before.as_ref(), rows)?)
    };
    let found = paging.list(call.read(look).await?, |one| {
        (one.created_at, one.id.clone())
    });
    Ok(Json(found.map(|one| Notice {
        text: text.with(&one.kind, [("about", one.about.as_str().into())]),
        href: one.href,
        created_at: one.created_at,
        read_at: one.read_at,
    })))
}

/// The notices to mark as read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadNotices {
    /// All notices that were created at this time or earlier.
    until: Timestamp,
}

/// Mark notices as read.
#[utoipa::path(
    post, path = "/api/v1/me/notices/read", tag = "accounts", request_body = ReadNotices,
    responses(
        (status = 204, description = "They are read"),
        (status = 403, description = "`token_not_permitted`"),
    ),
)]
async fn read(call: Call, Json(sent): Json<ReadNotices>) -> Result<StatusCode, Problem> {
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        Ok(notification::read_all(
            tx,
            &me.who.account().id,
            sent.until,
        )?)
    };
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
