//! What programs that came before Kenduri ask for (§6.3): the addresses of a
//! small Flask and Node pair, for one occasion. Nothing of it is there unless
//! `compat.occasion` names that occasion.
//!
//! No description of what such programs send is at hand, so it is read
//! leniently; what it does is an ordinary answer, under the same rules, limits
//! and locks as a page's.

mod answer;
mod places;
mod read;
mod socket;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use platform::{Store, StoreError};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use web::json::Received;
use web::{Facts, Form, Problem, Site, Wishes, kinds};

use self::answer::{Asker, Reply};
use self::socket::Sockets;
use super::guest::{Door, keep_private};
use crate::occasion;
use crate::words::Source;

/// How long the store may take to show that it can be written to.
const HEALTH_TIME: Duration = Duration::from_secs(5);

/// What this surface is switched on for.
#[derive(Clone, Debug)]
pub struct Compat {
    slug: Arc<str>,
}

impl Compat {
    /// For the occasion with this slug, present or former.
    pub fn new(slug: &str) -> Self {
        Self { slug: slug.into() }
    }

    /// Whether its occasion is there by now.
    pub async fn finds_occasion(&self, store: &Store) -> Result<bool, StoreError> {
        let slug = Arc::clone(&self.slug);
        let found = store.read(move |tx| occasion::find_by_slug(tx, &slug));
        Ok(found.await?.is_some())
    }
}

/// All addresses of this surface. Live connections end at `stop`.
pub fn routes(compat: Compat, site: &Site, door: &Door, stop: CancellationToken) -> Router<Site> {
    let sockets = Sockets::new(site, door, &compat.slug, stop);
    Router::new()
        .route("/api/flask/health", get(health))
        .route("/api/node/health", get(health))
        .route("/api/flask/hello", get(hello))
        .route("/api/node/hello", get(hello))
        .route("/api/flask/rsvp", post(rsvp))
        .layer(Extension(compat))
        .merge(sockets.routes())
}

async fn health(State(site): State<Site>) -> Response {
    let writable = tokio::time::timeout(HEALTH_TIME, site.store.is_writable());
    let (status, word) = if writable.await.unwrap_or(false) {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "degraded")
    };
    (status, axum::Json(json!({ "status": word }))).into_response()
}

async fn hello(State(site): State<Site>, wishes: Wishes) -> Response {
    let text = site.speak(&wishes);
    axum::Json(json!({ "message": text.say("compat-hello") })).into_response()
}

async fn rsvp(
    State(site): State<Site>,
    Extension(compat): Extension<Compat>,
    Extension(door): Extension<Door>,
    facts: Facts,
    wishes: Wishes,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let asker = Asker {
        site,
        door,
        slug: compat.slug,
        facts,
        wishes,
        headers,
    };
    let key = match web::idempotency::key(&asker.headers) {
        Ok(key) => key.map(str::to_owned),
        Err(problem) => return respond(&asker.refuse(&problem)),
    };
    let is_browser = is_form_of_a_browser(&asker.headers);
    match fields(request).await {
        Ok(fields) if is_browser => match asker.take_sent(&fields, key, Source::Api).await {
            Ok(_) => Redirect::to(next(&fields)).into_response(),
            Err(problem) => respond(&asker.refuse(&problem)),
        },
        Ok(fields) => respond(&asker.answer(&fields, key, Source::Api).await),
        Err(problem) => respond(&asker.refuse(&problem)),
    }
}

/// Whether somebody without scripts looks at what comes of it.
fn is_form_of_a_browser(headers: &HeaderMap) -> bool {
    let mut forms = ["application/x-www-form-urlencoded", "multipart/form-data"].iter();
    forms.any(|form| kinds::is(headers, form)) && kinds::is_wanted(headers, "text/html")
}

/// Where a browser goes after its form: only ever a page of this site.
fn next(fields: &Map<String, Value>) -> &str {
    let named = fields.get("next").and_then(Value::as_str).unwrap_or("/");
    let is_local = named.starts_with('/')
        && !named.starts_with("//")
        && named
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_local { named } else { "/" }
}

/// What was sent, by name, as JSON or as a form of either kind.
async fn fields(request: Request) -> Result<Map<String, Value>, Problem> {
    if kinds::is(request.headers(), "application/json") {
        let received: Received<Map<String, Value>> = Received::from_request(request, &()).await?;
        return Ok(received.value);
    }
    let form = Form::of_either_kind(request).await?;
    let fields = form.iter();
    Ok(fields
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect())
}

fn respond(reply: &Reply) -> Response {
    let mut response = (reply.status, axum::Json(reply.told.over_http())).into_response();
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    keep_private(&mut response);
    response
}
