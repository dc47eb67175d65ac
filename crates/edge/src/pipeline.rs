//! Serves a request of any protocol version in steps: ID, host, ACME challenge, TLS, maintenance,
//! route, CORS, limit, access, cache, target, compression, headers, log.

mod access;
mod cache_fill;
mod event_stream;
mod finish;
mod from_cache;
mod real_ip;
mod service_listener;
mod target;
mod unread;
mod upload;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION, REFERER,
    USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, request};
use http_body::Body as _;
use hyper::ext::Protocol;
use percent_encoding::utf8_percent_encode;
use tokio::time::Instant;

use crate::access_log::{Entry, Log, LoggedPath, PathOwner, Pending, Tunnelled, Upload};
use crate::body::{Answer, Body, LoggedBody, has_no_body};
use crate::client_info::ClientInfo;
use crate::context::{EdgeState, Peer, Running, WorkerContext};
use crate::filters::compression::CodingPreferences;
use crate::filters::cors::CorsAnswer;
use crate::filters::rate_limit::{Admitted, take_outcome};
use crate::maintenance::take_pass;
use crate::pages::{self, Reader};
use crate::parse_result::{LoggedHead, ParseResult};
use crate::route::{BadPath, NormalPath, Route, Target};
use finish::{completion, finish};
use http1::{Refusal, is_host};
use target::ask_and_purge;

/// Challenge responses (RFC 8555, section 8.3).
const ACME_CHALLENGES: &str = "/.well-known/acme-challenge/";

#[derive(Default)]
struct RequestOutcome {
    route: Option<Arc<Route>>,
    /// `None` if the route has no `cors`.
    cors: Option<CorsAnswer>,
    admitted: Option<Admitted>,
    /// From the arrival of the request head until the request was passed to the target.
    queue: Option<Duration>,
    upstream: Option<Arc<str>>,
    upstream_time: Option<Duration>,
    upload: Option<Arc<Upload>>,
    /// The result of the cache lookup; empty if the route has no cache.
    cache: &'static str,
    is_of_app: bool,
    /// Whether the visitor may see the site while it is closed for maintenance.
    has_pass: bool,
    /// The text that the log shows instead of the path, if the app has supplied one.
    shown: Option<LoggedPath>,
    /// Whether the edge itself made the response in place of the route's target.
    is_instead: bool,
    why: &'static str,
}

impl RequestOutcome {
    /// `None` unless the edge aborted the request body.
    fn body_too_slow(&self) -> Option<Refusal> {
        let upload = self.upload.as_ref()?;
        let is_too_slow = upload.is_too_slow.load(Ordering::Relaxed);
        is_too_slow.then_some(Refusal::BodyTooSlow)
    }
}

/// A request that is being served. It is passed by reference, because moving it is expensive.
struct Exchange<'a> {
    here: &'a Arc<WorkerContext>,
    /// `None` if the response is for everybody.
    peer: Option<&'a Peer>,
    running: &'a Arc<Running>,
    info: &'a ClientInfo,
    /// Taken by the target that answers it.
    request: &'a mut Request<Body>,
    outcome: &'a mut RequestOutcome,
}

/// Serves a request, or responds to a request that the parser refused.
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an `async fn` holds its parameters twice"
)]
pub(crate) fn serve_request(
    here: &Arc<WorkerContext>,
    peer: &Peer,
    mut request: Request<Body>,
    mut parsed: ParseResult<'_>,
) -> impl Future<Output = Answer> {
    async move {
        let began = Instant::now();
        let shared = &*here.shared;
        let running = Arc::clone(&shared.running());
        let (version, is_head) = (request.version(), *request.method() == Method::HEAD);
        let host = host_of(&request);
        let info = real_ip::info(
            peer,
            request.headers_mut(),
            host.clone().unwrap_or_default(),
            running.plan.listen(),
            &shared.ids,
        );
        let entry = here.log.as_ref().map(|log| {
            let head = parsed.take_head();
            let head = head.map_or_else(|| LoggedHead::of(&request, &info.host), |head| *head);
            Box::new(log_entry(log, shared, &info, peer, &request, head, began))
        });
        let pending = Pending::new(entry);
        let mut outcome = RequestOutcome::default();
        let reader = Reader::of(request.headers());
        let mut answer = match parsed.refusal().map_or(host.map(drop), Err) {
            Err(refusal) => refused(refusal, &mut outcome),
            Ok(()) if here.cdn_id.has_passed_too_often(request.headers()) => {
                outcome.why = "loop";
                bare(StatusCode::LOOP_DETECTED)
            }
            Ok(()) => {
                let mut exchange = Exchange {
                    here,
                    peer: Some(peer),
                    running: &running,
                    info: &info,
                    request: &mut request,
                    outcome: &mut outcome,
                };
                match &peer.front {
                    None => answer_by_route(&mut exchange, peer, began).await,
                    Some(front) => {
                        Box::pin(service_listener::answer(&mut exchange, front, began)).await
                    }
                }
            }
        };
        if let Some(broken) = parsed.broken().or_else(|| outcome.body_too_slow()) {
            // The response is replaced, because the client must learn about the error in the request
            // body.
            outcome.is_instead = true;
            answer = refused(broken, &mut outcome);
        }
        if let Some(PageDue(retry_after)) = answer.extensions().get().copied() {
            let page = pages::page(answer.status(), &info.id, &reader, retry_after);
            answer = with_headers_of(answer, page);
            let route = outcome.route.as_ref();
            let leads_here = route.is_some_and(|route| matches!(route.target, Target::Status(_)));
            outcome.is_instead |= !leads_here;
        }
        finish(here, peer, &info, version, &mut answer, &outcome);
        if is_head || has_no_body(answer.status()) {
            answer = without_body(answer);
        }
        let figures = outcome
            .route
            .as_ref()
            .map_or(&shared.nowhere, |route| &*route.figures);
        match pending.answered() {
            None => {
                figures.answered(answer.status(), began.elapsed());
                answer
            }
            Some(entry) => {
                if outcome.route.is_none() {
                    shared.nowhere.answered(answer.status(), began.elapsed());
                }
                logged(answer, entry, outcome)
            }
        }
    }
}

/// With its line of the log, which is written once the body has been sent.
fn logged(mut answer: Answer, mut entry: Box<Entry>, outcome: RequestOutcome) -> Answer {
    entry.status = answer.status();
    entry.received = outcome.upload;
    entry.queue = outcome.queue;
    entry.upstream = outcome.upstream;
    entry.upstream_time = outcome.upstream_time;
    entry.cache = outcome.cache;
    entry.shown = outcome.shown;
    entry.why = outcome.why;
    if let Some(route) = outcome.route {
        if matches!(route.target, Target::Files(_) | Target::Proxy(_)) && !route.falls_back {
            entry.whose = PathOwner::Other;
        }
        if let Some(name) = route.log.as_deref() {
            entry.log = entry.log.of_site(name);
        }
        entry.route = Some(Arc::clone(&route.figures));
    }
    match answer.extensions_mut().remove::<Arc<Tunnelled>>() {
        None => answer.map(|body| Body::LoggedBody(Box::new(LoggedBody::new(body, entry)))),
        Some(tunnel) => {
            tunnel.answered(entry);
            answer
        }
    }
}

async fn answer_by_route(exchange: &mut Exchange<'_>, peer: &Peer, began: Instant) -> Answer {
    let Exchange {
        here,
        running,
        info,
        ..
    } = *exchange;
    let shared = &*here.shared;
    if !shared.may_serve(peer, &info.host) {
        return bare(StatusCode::MISDIRECTED_REQUEST);
    }
    if let Some(answer) = answer_without_route(exchange.request) {
        return answer;
    }
    encode_target(exchange.request.uri_mut());
    // A target takes the request, whose path is needed still.
    let asked = exchange.request.uri().path_and_query().cloned();
    let sent = asked.as_ref().map_or("", PathAndQuery::path);
    let query = asked.as_ref().and_then(PathAndQuery::query);
    let path = match NormalPath::parse(sent) {
        Ok(path) => path,
        Err(bad) => return unclear(bad, exchange.outcome),
    };
    if let Some(proof) = sent
        .strip_prefix(ACME_CHALLENGES)
        .and_then(|token| shared.certificates.proof_text(token))
    {
        return text(StatusCode::OK, proof.to_string());
    }
    if let Some(location) = shared.moved_to(info, exchange.request.uri()) {
        return permanent_redirect(location);
    }
    if let Some(maintenance) = &shared.maintenance
        && let Some(answer) = maintenance.answer(info, exchange.request.headers(), &path, query)
    {
        exchange.outcome.why = "maintenance";
        return answer;
    }
    exchange.outcome.has_pass = take_pass(exchange.request.headers_mut());
    let Some(route) = running.plan.find(&info.host, &path) else {
        return bare(StatusCode::NOT_FOUND);
    };
    if running.plan.routes().is_unclear(&info.host, &path, route) {
        return unclear(BadPath::OtherRoute, exchange.outcome);
    }
    exchange.outcome.route = Some(Arc::clone(route));
    if let Some(cors) = &route.cors {
        let granted = cors.admit(exchange.request, info);
        let is_preflight = granted.is_preflight;
        exchange.outcome.cors = Some(granted);
        // Browsers send no credentials with a preflight, and give up if it fails. So neither
        // `limit` nor `access` may refuse it.
        if is_preflight {
            exchange.outcome.is_instead = true;
            return nothing();
        }
    }
    if let Some(limit) = &route.limit {
        match limit.admit(info.client, exchange.request.headers()) {
            Ok(admitted) => exchange.outcome.admitted = Some(admitted),
            Err(refused) => {
                route.figures.refused();
                exchange.outcome.why = "limit";
                exchange.outcome.is_instead = true;
                return later(StatusCode::TOO_MANY_REQUESTS, refused.retry_after);
            }
        }
    }
    // Only responses of the app and of upstreams may be compressed. A response to a request with
    // credentials counts as personal. The credentials are checked here, because a later step may
    // remove them.
    let wishes = (route.leads_to_app() || matches!(route.target, Target::Proxy(_)))
        .then(|| CodingPreferences::of(exchange.request.headers()));
    let answer_gets = match route.access.as_deref() {
        None => None,
        Some(access) => match Box::pin(access::admit(exchange, access, &path)).await {
            Ok(answer_gets) => answer_gets,
            Err(refusal) => {
                exchange.outcome.why = "access";
                exchange.outcome.is_instead = true;
                if let (Some(limit), Some(admitted)) = (&route.limit, exchange.outcome.admitted) {
                    refusal.report(limit, admitted);
                }
                return refusal.answer;
            }
        },
    };
    if route.path.is_bare(&path) {
        exchange.outcome.is_instead = true;
        let query = query.map(|query| format!("?{query}"));
        let location = format!("{}/{}", path.as_str(), query.unwrap_or_default());
        return HeaderValue::try_from(location)
            .map_or_else(|_| bare(StatusCode::BAD_REQUEST), permanent_redirect);
    }
    route.withheld.take_from(exchange.request.headers_mut());
    exchange.outcome.queue = Some(began.elapsed());
    let mut answer = match &route.shared_cache {
        None => ask_and_purge(exchange, route, &path).await,
        Some(policy) => Box::pin(from_cache::answer(exchange, policy, route, &path)).await,
    };
    if let Some(wishes) = wishes
        && (exchange.outcome.is_of_app || !route.falls_back)
    {
        answer = wishes.compress(answer, here.memory.encoders());
    }
    if let Some(reported) = take_outcome(answer.headers_mut())
        && let (Some(limit), Some(admitted)) = (&route.limit, exchange.outcome.admitted)
    {
        limit.report(admitted, &reported);
    }
    if let Some(headers) = answer_gets {
        access::give(&mut answer, &headers);
    }
    answer
}

/// `CONNECT` to another server, `TRACE`, and `OPTIONS *` (RFC 9110, section 9.3.7).
fn answer_without_route(request: &Request<Body>) -> Option<Answer> {
    const ALLOWED: HeaderValue =
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    let protocol = request.extensions().get::<Protocol>();
    if *request.method() == Method::CONNECT
        && let Some(protocol) = protocol
    {
        // A request for another protocol must not be treated as a WebSocket (RFC 8441, section 4).
        let is_known = protocol.as_str().eq_ignore_ascii_case("websocket");
        return (!is_known).then(|| bare(StatusCode::NOT_IMPLEMENTED));
    }
    let mut answer = match *request.method() {
        Method::CONNECT | Method::TRACE => bare(StatusCode::METHOD_NOT_ALLOWED),
        Method::OPTIONS if request.uri().path() == "*" => nothing(),
        _ => return None,
    };
    answer.headers_mut().insert(ALLOW, ALLOWED);
    Some(answer)
}

/// On HTTP/1, the connection is closed afterwards.
fn refused(refusal: Refusal, outcome: &mut RequestOutcome) -> Answer {
    outcome.why = refusal.why();
    let status = refusal.status();
    let mut answer = text(status, format!("{status}\n{refusal}\n"));
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Servers may interpret the path in different ways. The response is a page, because people mistype
/// paths. On HTTP/1, the connection is closed afterwards.
fn unclear(bad: BadPath, outcome: &mut RequestOutcome) -> Answer {
    outcome.why = bad.why();
    let mut answer = bare(StatusCode::BAD_REQUEST);
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    answer
}

fn text(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Body::full(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}

fn nothing() -> Answer {
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

/// A later step adds one of the edge's own pages to it.
fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = status;
    answer.extensions_mut().insert(PageDue(None));
    answer
}

fn later(status: StatusCode, retry_after: Duration) -> Answer {
    let mut answer = bare(status);
    answer.extensions_mut().insert(PageDue(Some(retry_after)));
    answer
}

/// A later step adds one of the edge's own pages; contains the time for `Retry-After`.
#[derive(Clone, Copy)]
struct PageDue(Option<Duration>);

fn with_headers_of(answer: Answer, mut page: Answer) -> Answer {
    let mut headers = answer.into_parts().0.headers;
    headers.remove(CONTENT_LENGTH);
    for (name, value) in page.headers() {
        headers.insert(name, value.clone());
    }
    *page.headers_mut() = headers;
    page
}

/// The length stays in the head. Over HTTP/2, hyper sends every body that it gets, and clients
/// report an error if the response must not have one (RFC 9110, section 6.4.1).
fn without_body(answer: Answer) -> Answer {
    if answer.body().is_end_stream() {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    if let Some(length) = body.size_hint().exact()
        && !has_no_body(head.status)
    {
        head.headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    Response::from_parts(head, Body::Empty)
}

/// The client must repeat the request with the same method.
fn permanent_redirect(location: HeaderValue) -> Answer {
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    answer.headers_mut().insert(LOCATION, location);
    answer
}

/// In HTTP/2 and HTTP/3, it is in `:authority`, in `Host`, or in
/// both with the same value (RFC 9113, section 8.3.1).
fn host_of(request: &Request<Body>) -> Result<Arc<str>, Refusal> {
    let mut named = request.headers().get_all(HOST).iter();
    let (header, second) = (named.next(), named.next());
    let authority = request.uri().authority();
    let host = match (authority, header) {
        _ if second.is_some() => return Err(Refusal::Host),
        (Some(authority), Some(header))
            if !header
                .as_bytes()
                .eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            return Err(Refusal::HostDiffers);
        }
        (Some(authority), _) => authority.as_str(),
        (None, Some(header)) => header.to_str().map_err(|_| Refusal::Host)?,
        (None, None) if request.version() == Version::HTTP_10 => return Ok(Arc::default()),
        (None, None) => return Err(Refusal::Host),
    };
    // The parser of HTTP/1 has checked the header.
    let is_checked = authority.is_none() && request.version() <= Version::HTTP_11;
    if !is_checked && !is_host(host.as_bytes()) {
        return Err(Refusal::Host);
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Ok(host.to_ascii_lowercase().into());
    }
    Ok(host.into())
}

fn log_entry(
    log: &Log,
    shared: &EdgeState,
    info: &ClientInfo,
    peer: &Peer,
    request: &Request<Body>,
    head: LoggedHead,
    began: Instant,
) -> Entry {
    Entry {
        log: log.clone(),
        time: (shared.clock)(),
        began,
        id: info.id.clone(),
        client: Some(info.client),
        method: head.method,
        host: head.host,
        target: head.target,
        whose: PathOwner::App,
        shown: None,
        referrer: request.headers().get(REFERER).cloned(),
        agent: request.headers().get(USER_AGENT).cloned(),
        version: request.version(),
        tls: peer.tls,
        status: StatusCode::OK,
        received: None,
        queue: None,
        upstream_time: None,
        route: None,
        upstream: None,
        cache: "",
        why: "",
    }
}

/// RFC 3987, section 3.1. Browsers do that themselves, some other clients do not.
fn encode_target(uri: &mut http::Uri) {
    let target = uri.path_and_query().map_or("", PathAndQuery::as_str);
    if target.is_ascii() {
        return;
    }
    let encoded = utf8_percent_encode(target, percent_encoding::CONTROLS).to_string();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(encoded).ok();
    if let (true, Ok(encoded)) = (parts.path_and_query.is_some(), http::Uri::from_parts(parts)) {
        *uri = encoded;
    }
}

/// The URI contains only path and query, and `Host` contains the host.
fn in_one_shape(parts: &mut request::Parts, info: &ClientInfo) {
    if parts.uri.authority().is_some() {
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path.map_or_else(http::Uri::default, http::Uri::from);
    }
    let is_said = parts
        .headers
        .get(HOST)
        .is_some_and(|said| *said == *info.host);
    if !is_said
        && let Ok(host) = HeaderValue::from_str(&info.host)
        && !host.is_empty()
    {
        parts.headers.insert(HOST, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future_size<'a, F: Future<Output = Answer>>(
        _: impl Fn(&'a Arc<WorkerContext>, &'a Peer, Request<Body>, ParseResult<'a>) -> F,
    ) -> usize {
        size_of::<F>()
    }

    /// Each request copies it into a box. What is rare is boxed where it begins.
    #[test]
    fn the_future_of_a_request_is_small() {
        assert!(future_size(serve_request) <= 1_400);
    }
}
