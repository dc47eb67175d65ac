//! Passes a request to its route's target.

use std::pin::Pin;
use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use http_body::Body as _;
use tokio::time::Instant;

use crate::body::{Answer, Body};
use crate::cache::{Purge, taken_purges};
use crate::client_info::ClientInfo;
use crate::filters::forwarding;
use crate::panic;
use crate::proxy::{ProxyError, Side, fill, read_ahead};
use crate::request_id::REQUEST_ID;
use crate::route::{NormalPath, Redirect, Route, Target};
use crate::static_files::{self, Folder, RequestParts};

use super::event_stream::ending_at;
use super::unread::{LentBody, put_away};
use super::upload::{Measured, TooLarge};
use super::{Exchange, RequestOutcome, bare, completion, in_one_shape, later, permanent_redirect};
use crate::context::WorkerContext;

/// Forwards the request to the target. Then purges the cached responses that the target's response
/// names.
pub(super) async fn ask_and_purge(
    exchange: &mut Exchange<'_>,
    route: &Route,
    path: &NormalPath<'_>,
) -> Answer {
    let mut answer = ask(exchange, route, path).await;
    let is_of_app = exchange.outcome.is_of_app;
    if is_of_app || matches!(route.target, Target::Proxy(_)) {
        let scope = if is_of_app { "app" } else { &route.to };
        for name in taken_purges(answer.headers_mut()) {
            let purge = Purge {
                scope: Some(scope),
                name: &name,
            };
            exchange.here.shared.cache.purge(&purge);
        }
    }
    answer
}

/// Passes the request to the route's target. The target consumes the request.
pub(super) async fn ask(
    exchange: &mut Exchange<'_>,
    route: &Route,
    path: &NormalPath<'_>,
) -> Answer {
    if let Some(most) = route.body_size
        && says_more_than(exchange.request.headers(), most)
    {
        exchange.outcome.why = "body too large";
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match &route.target {
        Target::App => {
            let Ok(target) = route.forwarded(path, exchange.request.uri()) else {
                return bare(StatusCode::URI_TOO_LONG);
            };
            Box::pin(of_app(exchange, route, target)).await
        }
        Target::Files(folder) => {
            let reads = matches!(*exchange.request.method(), Method::GET | Method::HEAD);
            if reads || !route.falls_back {
                let place = route.rewrite(path);
                let answer = 'answer: {
                    let waiting = match of_file(exchange, route, folder, &place) {
                        Ok(answer) => break 'answer answer,
                        Err(waiting) => waiting,
                    };
                    waiting.await
                };
                if !route.falls_back || answer.status() != StatusCode::NOT_FOUND {
                    let answer = with_page_due(answer);
                    if exchange.request.body().is_end_stream() {
                        return answer;
                    }
                    let body = std::mem::take(exchange.request.body_mut());
                    let body = Measured::around(body, route, &mut exchange.outcome.upload);
                    return Box::pin(after_body(body, answer)).await;
                }
            }
            let Ok(target) = Route::fallen_back(path, exchange.request.uri()) else {
                return bare(StatusCode::URI_TOO_LONG);
            };
            Box::pin(of_app(exchange, route, target)).await
        }
        Target::Proxy(name) => {
            let Ok(target) = route.forwarded(path, exchange.request.uri()) else {
                return bare(StatusCode::URI_TOO_LONG);
            };
            Box::pin(proxied(exchange, route, name, target)).await
        }
        Target::Redirect(redirect) => {
            redirected(redirect, route, path, exchange.request.uri().query())
        }
        Target::Status(status) => bare(*status),
    }
}

/// The error is what must be awaited for the answer.
fn of_file<'a>(
    exchange: &'a Exchange<'_>,
    route: &'a Route,
    folder: &Arc<Folder>,
    place: &str,
) -> Result<Answer, Pin<Box<impl Future<Output = Answer> + Send + use<'a>>>> {
    let Exchange { here, info, .. } = *exchange;
    let request = &*exchange.request;
    let now = (here.shared.clock)();
    let head = RequestParts::of(request);
    let peer = exchange.peer.filter(|_| has_same_headers(request, route));
    let complete = peer.map(|peer| move || completion(here, peer, info, Some(&route.headers)));
    let complete = complete.as_ref().map(|complete| complete as _);
    static_files::answer(folder, &here.memory, head, place, now, &info.id, complete)
}

/// Whether the headers of each response to such a request are the same, but for the ID.
fn has_same_headers(request: &Request<Body>, route: &Route) -> bool {
    route.cors.is_none()
        && route.access.is_none()
        && route.shared_cache.is_none()
        && request.version() == Version::HTTP_11
        && *request.method() == Method::GET
}

async fn proxied(
    exchange: &mut Exchange<'_>,
    route: &Route,
    name: &Arc<str>,
    target: PathAndQuery,
) -> Answer {
    let Exchange {
        here,
        running,
        info,
        ..
    } = *exchange;
    let (request, outcome) = (&mut *exchange.request, &mut *exchange.outcome);
    let Some(upstream) = running.upstream(name) else {
        return bare(StatusCode::BAD_GATEWAY);
    };
    outcome.upstream = Some(Arc::clone(name));
    let buffer_memory = &running.buffer_memory;
    if !request.body().is_end_stream() {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Measured::around(body, route, &mut outcome.upload);
        // The future is large, so it is boxed.
        let filled = fill(request, route.buffer_request, buffer_memory, info.client);
        if let Err(error) = Box::pin(filled).await {
            return failed(&error, name, info, outcome);
        }
    }
    let (mut parts, body) = std::mem::take(request).into_parts();
    in_one_shape(&mut parts, info);
    here.cdn_id.mark(&mut parts.headers);
    let asked = Instant::now();
    let version = parts.version;
    let request = Request::from_parts(parts, body);
    let answered = here.pool.forward(upstream, request, info, target).await;
    outcome.upstream_time = Some(asked.elapsed());
    match answered {
        Ok(answer) => {
            let answer = ending_at(&here.shared.idle, answer);
            read_ahead(answer, buffer_memory, version)
        }
        Err(error) => failed(&error, name, info, outcome),
    }
}

async fn of_app(exchange: &mut Exchange<'_>, route: &Route, target: PathAndQuery) -> Answer {
    let Exchange { here, info, .. } = *exchange;
    let outcome = &mut *exchange.outcome;
    let (mut parts, body) = std::mem::take(exchange.request).into_parts();
    parts.uri = Uri::from(target);
    let mut body = Measured::around(body, route, &mut outcome.upload);
    let lent = LentBody::lend(&parts, &mut body);
    let asked = Instant::now();
    let mut answer = app(here, info, Request::from_parts(parts, body)).await;
    outcome.is_of_app = true;
    outcome.upstream_time = Some(asked.elapsed());
    if let Some(lent) = lent {
        Box::pin(lent.put_away()).await;
    }
    outcome.shown = answer.extensions_mut().remove();
    answer
}

/// Headers that could contradict the client information are removed, so it cannot be forged.
async fn app(here: &WorkerContext, info: &ClientInfo, request: Request<Body>) -> Answer {
    let Some(app) = &here.app else {
        return bare(StatusCode::SERVICE_UNAVAILABLE);
    };
    let (mut parts, body) = request.into_parts();
    in_one_shape(&mut parts, info);
    forwarding::silence(&mut parts.headers);
    parts.headers.remove(REQUEST_ID);
    parts.extensions.insert(info.clone());
    let answering = app.answer(Request::from_parts(parts, body));
    panic::caught(answering).await.unwrap_or_else(|| {
        tracing::error!(
            request_id = %info.id,
            "the app panicked while it answered a request, which got 500; “the program panicked” in the log says where: please report it"
        );
        bare(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

fn redirected(
    redirect: &Redirect,
    route: &Route,
    path: &NormalPath<'_>,
    query: Option<&str>,
) -> Answer {
    let location = redirect.location(&route.rewrite(path), query);
    match HeaderValue::try_from(location) {
        Ok(location) => permanent_redirect(location),
        Err(_) => bare(StatusCode::BAD_REQUEST),
    }
}

/// Or the error with which the body ended.
async fn after_body(body: Body, answer: Answer) -> Answer {
    put_away(body).await.map_or_else(bare, |()| answer)
}

/// A later step adds an error page to the response about a missing or failed file.
fn with_page_due(mut answer: Answer) -> Answer {
    let status = answer.status();
    if (status.is_client_error() || status.is_server_error()) && answer.body().is_end_stream() {
        answer.extensions_mut().insert(super::PageDue(None));
    }
    answer
}

fn failed(
    error: &ProxyError,
    upstream: &str,
    info: &ClientInfo,
    outcome: &mut RequestOutcome,
) -> Answer {
    outcome.why = error.why();
    if let ProxyError::Body(cause) = error
        && cause.is::<TooLarge>()
    {
        outcome.why = "body too large";
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match error.side() {
        Side::Client => {
            tracing::debug!(request_id = %info.id, %error, upstream, "a client broke off its request");
        }
        Side::Upstream | Side::Us => {
            tracing::warn!(request_id = %info.id, %error, upstream, "a request failed");
        }
    }
    match error.retry_after() {
        Some(time) => later(error.status(), time),
        None => bare(error.status()),
    }
}

fn says_more_than(headers: &HeaderMap, most: u64) -> bool {
    headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .is_some_and(|length| length > most)
}
