//! A person's notifications.

use axum::Router;
use axum::extract::State;
use axum::routing::{delete, get, put};
use identity::notification;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use site::Context;
use site::call::Call;
use site::proof::Requester;
use site::refusal::Refusal;
use web::{Json, Language, Problem};

const SHOWN: i64 = 50;

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/api/notifications", get(list))
        .route("/api/notifications/unread/count", get(count_unread))
        .route("/api/notifications/{id}/read", put(read))
        .route("/api/notifications/mark-all-read", put(read_all))
        .route("/api/notifications/clear-all", delete(clear))
}

#[derive(Serialize)]
struct Notice {
    id: String,
    message: String,
    link: String,
    is_read: bool,
    created_at: Timestamp,
}

#[derive(Serialize)]
struct Unread {
    count: i64,
}

#[derive(Serialize)]
struct Success {
    success: bool,
}

const SUCCESS: Json<Success> = Json(Success { success: true });

async fn list(State(accounts): State<Context>, call: Call) -> Result<Json<Vec<Notice>>, Problem> {
    let language = Language::of(&call.who.account().locale);
    let text = accounts.site.catalogue.speak(&language);
    let look = |tx: &mut Tx<'_>, me: &Requester| {
        Ok(notification::list(tx, &me.who.account().id, None, SHOWN)?)
    };
    let all = call.read(look).await?.into_iter();
    let all = all.map(|one| Notice {
        message: text.with(&one.kind, [("about", one.about.as_str().into())]),
        id: one.id,
        link: one.href,
        is_read: one.read_at.is_some(),
        created_at: one.created_at,
    });
    Ok(Json(all.collect()))
}

async fn count_unread(call: Call) -> Result<Json<Unread>, Problem> {
    let look =
        |tx: &mut Tx<'_>, me: &Requester| Ok(notification::count_unread(tx, &me.who.account().id)?);
    let count = call.read(look).await?;
    Ok(Json(Unread { count }))
}

async fn read(call: Call) -> Result<Json<Success>, Problem> {
    let change = |tx: &mut Tx<'_>, me: &Requester| {
        let is_there = notification::read(tx, &me.who.account().id, me.piece("id"))?;
        is_there.then_some(()).ok_or(Refusal::NotFound)
    };
    call.write(change).await?;
    Ok(SUCCESS)
}

async fn read_all(call: Call) -> Result<Json<Success>, Problem> {
    let change = |tx: &mut Tx<'_>, me: &Requester| {
        let now = tx.now();
        Ok(notification::read_all(tx, &me.who.account().id, now)?)
    };
    call.write(change).await?;
    Ok(SUCCESS)
}

async fn clear(call: Call) -> Result<Json<Success>, Problem> {
    let change =
        |tx: &mut Tx<'_>, me: &Requester| Ok(notification::clear(tx, &me.who.account().id)?);
    call.write(change).await?;
    Ok(SUCCESS)
}
