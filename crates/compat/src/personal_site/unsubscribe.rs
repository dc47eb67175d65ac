//! Unsubscribing from a mail stream through the link in a mail. The link can be used any number of
//! times. GET requests have no effect, because mail scanners open every link.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::routing::get;
use platform::mail::suppression::{self, Place};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use site::Context;
use site::asking::Browser;
use web::{Form, Json, Problem, Site};

use super::empty_response::{DONE, Message};

pub(super) fn routes() -> Router<Context> {
    let at = "/backend/public/email/unsubscribe";
    Router::new()
        .route(at, get(look).post(unsubscribe))
        .route(&format!("{at}/{{token}}"), get(look).post(unsubscribe))
}

#[derive(Serialize)]
struct Looked {
    valid: bool,
}

async fn look(
    State(accounts): State<Context>,
    path: Option<Path<String>>,
    uri: Uri,
) -> Result<Json<Looked>, Problem> {
    find(&accounts.site, path, &uri, &Bytes::new())?;
    Ok(Json(Looked { valid: true }))
}

async fn unsubscribe(
    State(accounts): State<Context>,
    path: Option<Path<String>>,
    uri: Uri,
    Browser(client): Browser,
    body: Bytes,
) -> Result<Json<Message>, Problem> {
    let place = find(&accounts.site, path, &uri, &body)?;
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        suppression::unsubscribe(tx, &place, &client.request)
    };
    accounts.site.store.write(change).await?;
    Ok(DONE)
}

#[derive(Deserialize)]
struct Body {
    token: String,
}

/// The link's token is the last part of the path, or `token` in the query or the body.
fn find(
    site: &Site,
    path: Option<Path<String>>,
    uri: &Uri,
    body: &Bytes,
) -> Result<Place, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let link = match (path, query.find("token"), serde_json::from_slice(body)) {
        (Some(Path(link)), ..) => link,
        (None, Some(link), _) => link.to_owned(),
        (None, None, Ok(Body { token })) => token,
        (None, None, Err(_)) => return Err(Problem::not_found()),
    };
    let key = site.keys.key(suppression::PURPOSE);
    suppression::find_unsubscribe(&key, &link).ok_or_else(Problem::not_found)
}
