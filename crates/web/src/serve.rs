//! The processing around every request. It determines the request's facts, runs the handler,
//! renders a refusal as JSON or a page, adds the common headers, and counts the request, in this
//! order. Then it reports to the edge what logs may show and whether the response may be
//! compressed.
//!
//! All of this is a single layer, because each layer costs every request about as much as a
//! database look-up.

mod redirect;
mod security_headers;
mod sent_form;

pub use security_headers::{EMBED_POLICY, policy_with_forms_to};

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCEPT, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use platform::request;
use tower::ServiceExt as _;

use crate::client_info::{Facts, Peer, REQUEST_ID};
use crate::codes::{FIELD_CODES, message_id};
use crate::compression::{self, Compressible};
use crate::cookie::{self, Life, Reader};
use crate::language::{self, Wishes};
use crate::page::OwnFrame;
use crate::problem::{Carried, Problem};
use crate::shared::{self, Anonymous};
use crate::state::Site;
use crate::text::Text;
use crate::{media_type, problems};
use redirect::{is_short_form, leading_back, see_other, send_on, sent_from};
use sent_form::SentForm;

/// The largest accepted header section, in bytes.
pub const HEADER_LIMIT: usize = 16 * 1024;

/// 180 days.
const REMEMBER_LANGUAGE: Life = Life::Seconds(180 * 24 * 60 * 60);

/// Response extension with the request's path for logs, without codes and tokens. Only this crate
/// knows which paths contain secrets.
#[derive(Debug, Clone)]
pub struct LoggedPath(pub Box<str>);

/// Response extension with the [outcome](crate::Outcome) that the handler reported, for the edge's
/// rate limits.
#[derive(Debug, Clone, Copy)]
pub struct Reported(pub &'static str);

/// Wraps `router` with the shared routes and the processing around every request.
pub fn serve(site: &Site, router: Router<Site>) -> Router {
    router
        .merge(crate::assets::routes())
        .merge(problems::routes())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        })
        .layer(from_fn_with_state(site.clone(), around))
        .with_state(site.clone())
}

/// Sends a request to another page of the site and returns its response.
pub async fn ask_inside(router: Router, request: Request) -> Response {
    router.oneshot(request).await.into_response()
}

async fn around(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let told = request.extensions().get::<Facts>().cloned();
    let facts = told.unwrap_or_else(|| read(&site, &mut request));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let asked = Asked {
        method: request.method().clone(),
        uri: request.uri().clone(),
        headers: cookies(request.headers()),
        wants_json: wants_json(request.uri(), request.headers()),
        wishes: Wishes::read(request.uri(), request.headers()),
        sent_from: sent_from(&site, request.headers()),
        is_short_form: is_short_form(&request),
        facts,
    };
    if let Some(anonymous) = Anonymous::of(&site, &asked.method, &asked.uri, request.headers()) {
        request.extensions_mut().insert(anonymous);
    }

    let sent_form = if asked.wants_json {
        None
    } else {
        SentForm::copy(&site, &mut request)
    };
    let mut response = if headers_fit(&request) {
        let cause = asked.facts.request_id.clone().into();
        match caught(request::caused_by(Some(cause), next.run(request))).await {
            Ok(response) => response,
            Err(panic) => {
                let said = format!("a handler panicked: {}", panicked(&*panic));
                Problem::internal(said).into_response()
            }
        }
    } else {
        Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
        )
        .into_response()
    };
    let path = asked.uri.path();
    let masked = match &route {
        Some(_) => site.declared.secret_paths.mask(path),
        // No route matched the path, so any of its segments may be a secret.
        None => site.declared.secret_paths.mask_unknown(path),
    };
    if let Some(mut problem) = refusal(&mut response) {
        if let (Some(may_repeat), Some(form)) = (sent_form::is_kept(&problem), sent_form) {
            Arc::make_mut(&mut problem).kept = form.keep(may_repeat).await;
        }
        let allow = response.headers().get("allow").cloned();
        response = asked.render(&site, &problem, &masked).await;
        if let Some(allow) = allow {
            response.headers_mut().insert("allow", allow);
        }
    }
    asked.remember_language(&site, &mut response);
    asked.add_headers(&site, &mut response);
    count(route.as_ref(), response.status(), started.elapsed());
    if compression::is_safe(&asked.method, &asked.uri, &response) {
        response.extensions_mut().insert(Compressible);
    }
    response.extensions_mut().insert(LoggedPath(masked.into()));
    if let Some(word) = asked.facts.outcome.reported() {
        response.extensions_mut().insert(Reported(word));
    }
    response
}

fn read(site: &Site, request: &mut Request) -> Facts {
    let peer = request.extensions().get::<Peer>().copied();
    let facts = Facts::read(
        request.headers(),
        peer.unwrap_or(Peer::UNKNOWN),
        &site.settings.proxies,
        &site.random,
    );
    request.extensions_mut().insert(facts.clone());
    facts
}

/// An error page, which is rendered after the handler has run, needs no other headers.
fn cookies(headers: &HeaderMap) -> HeaderMap {
    let all = headers.get_all(COOKIE).iter();
    all.map(|value| (COOKIE, value.clone())).collect()
}

/// hyper itself rejects only much larger header sections, and without an error page.
fn headers_fit(request: &Request) -> bool {
    let headers = request.headers().iter();
    let length: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    length + request.uri().path().len() <= HEADER_LIMIT
}

fn count(route: Option<&MatchedPath>, status: StatusCode, taken: Duration) {
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let class = match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    };
    metrics::counter!("kenduri_requests_total", "route" => route.clone(), "status" => class)
        .increment(1);
    metrics::histogram!("kenduri_request_seconds", "route" => route).record(taken);
}

/// The path of the sign-in page, with a parameter that makes it lead to the path `here` after
/// signing in.
pub fn way_in(here: &str) -> String {
    leading_back("/login", here)
}

struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    wants_json: bool,
    wishes: Wishes,
    sent_from: Option<String>,
    is_short_form: bool,
    facts: Facts,
}

impl Asked {
    async fn render(&self, site: &Site, problem: &Problem, masked: &str) -> Response {
        debug_assert!(
            problem.detail_alias.is_some()
                || site.declared.status_of(problem.code) == Some(problem.status.as_u16()),
            "nobody declares {} with this status",
            problem.code
        );
        debug_assert!(
            problem.errors.iter().all(|error| {
                FIELD_CODES.contains(&error.code) || site.declared.status_of(error.code).is_some()
            }),
            "nobody declares one of {:?}",
            problem.errors
        );
        let text = match &problem.text {
            Some(text) => text.clone(),
            None => site.speak_public(&self.wishes),
        };
        // The page must have a single language. If the reader's language lacks the explanation of
        // this error, the whole page is in English.
        let text = if text.says(&message_id("problem", problem.code)) {
            text
        } else {
            site.speak(&self.wishes)
        };
        let is_get = self.is_get();
        let wants_json = self.wants_json || problem.detail_alias.is_some();
        let mut response = if wants_json {
            problems::json(problem, &text, masked, &self.facts)
        } else if problem.code == "unauthenticated" && is_get {
            see_other(&way_in(self.here()))
        } else if problem.code == "mfa_enrolment_required" && is_get {
            see_other("/me/security")
        } else if problem.code == "sudo_required" {
            let page = if is_get {
                Some(self.here())
            } else {
                self.sent_from.as_deref()
            };
            let page = page.unwrap_or_default();
            if self.is_short_form {
                send_on("/sudo", page, self.here())
            } else {
                see_other(&leading_back("/sudo", page))
            }
        } else {
            let frame = self.own_frame(site, problem).await;
            let text = frame.as_ref().map_or(&text, |(text, _)| text);
            let frame = frame.as_ref().map(|(_, frame)| frame);
            problems::page(problem, text, site, &self.facts, self.here(), frame)
        };
        let headers = response.headers_mut();
        if let Some(seconds) = problem.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if problem.status == StatusCode::UNAUTHORIZED && wants_json {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// The frame of the signed-in person who requested a page, with its language. Guests' pages
    /// keep their own frame. A form may come from another site, so the response to a form does not
    /// get this frame.
    async fn own_frame(&self, site: &Site, problem: &Problem) -> Option<(Text, OwnFrame)> {
        if !self.is_get() || problem.text.is_some() {
            return None;
        }
        let find = site.declared.find_frame?;
        let text = site.speak(&self.wishes);
        let frame = find(site.clone(), self.headers.clone(), text.clone()).await?;
        Some((text, frame))
    }

    fn is_get(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    fn here(&self) -> &str {
        self.uri.path_and_query().map_or("/", |here| here.as_str())
    }

    fn remember_language(&self, site: &Site, response: &mut Response) {
        let spoken = response.headers().get(CONTENT_LANGUAGE);
        let spoken = spoken.and_then(|tag| tag.to_str().ok());
        if let Some(tag) = spoken.filter(|tag| self.wishes.granted(tag)) {
            let set = cookie::set(
                site.url(),
                language::COOKIE,
                tag,
                REMEMBER_LANGUAGE,
                Reader::Server,
            );
            response.headers_mut().append(SET_COOKIE, set);
        }
    }

    fn add_headers(&self, site: &Site, response: &mut Response) {
        let headers = response.headers_mut();
        let is_secret = site.declared.secret_paths.hides(self.uri.path());
        security_headers::add(headers, is_secret);
        // A cache would send the id of this request with the responses to others.
        if shared::is_public(headers) {
            return;
        }
        if let Ok(id) = HeaderValue::from_str(self.facts.request_id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
    }
}

/// Whether to respond in JSON. This is so for requests under `/api`, except forms sent by a
/// browser, and for scripts that accept JSON.
fn wants_json(uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let accept = accept.unwrap_or_default().to_ascii_lowercase();
    if uri.path().starts_with("/api/") {
        return !media_type::is_form_of_a_browser(headers);
    }
    accept.contains("json") && !accept.contains("text/html")
}

/// Modifies the refusal in a response before the refusal is rendered.
pub fn change_refusal(mut response: Response, change: impl FnOnce(&mut Problem)) -> Response {
    if let Some(problem) = refusal(&mut response) {
        let mut problem = Arc::unwrap_or_clone(problem);
        change(&mut problem);
        *response.status_mut() = problem.status;
        response.extensions_mut().insert(Carried(Arc::new(problem)));
    }
    response
}

/// Returns the problem in a response: either the handler's own problem, or one that replaces axum's
/// plain-text rejection.
pub(crate) fn refusal(response: &mut Response) -> Option<Arc<Problem>> {
    if let Some(Carried(problem)) = response.extensions_mut().remove::<Carried>() {
        return Some(problem);
    }
    let plain = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    (response.status().is_client_error() && plain).then(|| {
        Arc::new(match response.status() {
            StatusCode::NOT_FOUND => Problem::not_found(),
            _ => Problem::new(StatusCode::BAD_REQUEST, "request_invalid"),
        })
    })
}

/// Runs a handler and catches its panic, so that other requests are not affected.
async fn caught<T>(answer: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut answer = std::pin::pin!(answer);
    std::future::poll_fn(|context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// The part of a panic's message that may be logged. A message formatted at run time may contain
/// user input; a literal cannot.
pub fn panicked(payload: &(dyn Any + Send)) -> &'static str {
    let words = payload.downcast_ref::<&'static str>();
    words.copied().unwrap_or("(its words are not logged)")
}

#[cfg(test)]
mod tests;
