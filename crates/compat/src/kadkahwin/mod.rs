//! The interface of two older programs, a small Flask server and a Node server behind a wedding
//! card. It serves one occasion, and exists only if `compat.occasion` names that occasion.
//!
//! There is no specification of those programs' requests, so requests are parsed leniently. A reply
//! has the same effect as on the guests' pages, under the same rules, limits and locks.
//!
//! A reply by HTTP or by a live connection becomes the same value ([`read`], [`answer`]). With a
//! code, `occasions::single_answer` turns it into a change of the whole household; without a code,
//! `occasions::open_rsvp` makes an invitation first. A form of a browser without scripts gets a
//! redirect to the guests' pages instead of JSON.

mod answer;
mod connection_limit;
mod lenient_fields;
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
use platform::store::migrate::Migrations;
use platform::{Store, StoreError};
use serde_json::{Map, Value, json};
use site::Domain;
use tokio_util::sync::CancellationToken;
use web::json::Received;
use web::{Facts, Form, Problem, Site, Wishes, media_type};

use self::answer::{Asker, Reply, Taken};
use self::socket::Sockets;
use occasions::occasion;
use occasions::web::guest::{self, CodeGate, keep_private};
use occasions::words::Source;

const HEALTH_TIME: Duration = Duration::from_secs(5);

/// A domain that contains only the messages of this interface. The main program adds the routes
/// separately.
pub const DOMAIN: Domain = Domain {
    locales: LOCALES,
    ..Domain::new(Migrations::new("kadkahwin", &[]))
};

const LOCALES: &[web::Locale] = &[
    ("en", include_str!("locales/en.ftl")),
    ("ms", include_str!("locales/ms.ftl")),
    ("it", include_str!("locales/it.ftl")),
    ("zh-Hans", include_str!("locales/zh-Hans.ftl")),
    ("ar", include_str!("locales/ar.ftl")),
];

#[derive(Clone, Debug)]
pub struct ServedOccasion {
    slug: Arc<str>,
}

impl ServedOccasion {
    /// Serves the occasion with this current or former slug.
    pub fn new(slug: &str) -> Self {
        Self { slug: slug.into() }
    }

    /// Whether the occasion already exists.
    pub async fn finds_occasion(&self, store: &Store) -> Result<bool, StoreError> {
        let slug = Arc::clone(&self.slug);
        let found = store.read(move |tx| occasion::find_by_slug(tx, &slug));
        Ok(found.await?.is_some())
    }
}

/// All routes of this interface. When `stop` is cancelled, live connections end.
pub fn routes(
    served: ServedOccasion,
    site: &Site,
    gate: &CodeGate,
    stop: CancellationToken,
) -> Router<Site> {
    let sockets = Sockets::new(site, gate, &served.slug, stop);
    Router::new()
        .route("/api/flask/health", get(health))
        .route("/api/node/health", get(health))
        .route("/api/flask/hello", get(hello))
        .route("/api/node/hello", get(hello))
        .route("/api/flask/rsvp", post(rsvp))
        .route("/api/node/rsvp", post(rsvp))
        .layer(Extension(served))
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
    let text = site.speak_public(&wishes);
    axum::Json(json!({ "message": text.say("kadkahwin-hello") })).into_response()
}

async fn rsvp(
    State(site): State<Site>,
    Extension(served): Extension<ServedOccasion>,
    Extension(gate): Extension<CodeGate>,
    facts: Facts,
    wishes: Wishes,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let asker = Asker {
        site,
        gate,
        slug: served.slug,
        facts,
        wishes,
        headers,
    };
    let is_browser = media_type::is_form_of_a_browser(&asker.headers);
    match take(&asker, request, is_browser).await {
        Ok((fields, taken)) if is_browser => Ok(lead(&asker, &fields, taken)),
        Ok((_, taken)) => Ok(respond(&asker.thank(&taken))),
        Err(problem) if is_browser => Err(problem),
        Err(problem) => Ok(respond(&asker.refuse(&problem))),
    }
}

/// If the response is a page with errors, it shows the values that the guest typed.
async fn take(
    asker: &Asker,
    request: Request,
    is_browser: bool,
) -> Result<(Map<String, Value>, Taken), Problem> {
    let key = web::idempotency::key(&asker.headers)?.map(str::to_owned);
    let fields = fields(request).await?;
    match asker.take_sent(&fields, key, Source::Api).await {
        Ok(taken) => Ok((fields, taken)),
        Err(problem) if is_browser => Err(problem.keeping(lenient_fields::typed(&fields), None)),
        Err(problem) => Err(problem),
    }
}

/// Without a code always to a page of this site, because no other would show the new code.
fn lead(asker: &Asker, fields: &Map<String, Value>, taken: Taken) -> Response {
    let Some(code) = &taken.code else {
        return guest::thank(&asker.site, &asker.gate, &asker.headers, taken.outcome);
    };
    let Some(next) = next(fields) else {
        return guest::confirm(&asker.gate, code.as_str());
    };
    let mut response = Redirect::to(next).into_response();
    keep_private(&mut response);
    response
}

/// `None` if it is not a path of this site.
fn next(fields: &Map<String, Value>) -> Option<&str> {
    let named = fields.get("next").and_then(Value::as_str)?;
    let is_local = named.starts_with('/')
        && !named.starts_with("//")
        && named
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_local.then_some(named)
}

/// Parses the fields of a request, which may be JSON, a urlencoded form or a multipart form.
async fn fields(request: Request) -> Result<Map<String, Value>, Problem> {
    if media_type::is(request.headers(), "application/json") {
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
