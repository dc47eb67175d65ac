//! The app as a service of the edge. This module converts the edge's requests and the app's
//! responses. No other module depends on both the edge and the router.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use occasions::web::own_domain::OwnDomains;
use site::Context;
use site::upstream_access::{self, GrantedUser, UpstreamAccess};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{Instrument as _, Span};
use web::client_info::RequestId;

use crate::body_deadlines::{CancellableBody, DeadlineBody};

/// For a whole request body: the app reads only small bodies, and a slow client occupies a slot.
/// The edge limits how long the client may pause, and that limit is shorter.
const BODY_TIME: Duration = Duration::from_mins(1);
/// Responses up to this size are passed on in one piece.
const MAX_PIECE_BYTES: u64 = 256 << 10;

const USER: HeaderName = HeaderName::from_static("x-forwarded-user");
const EMAIL: HeaderName = HeaderName::from_static("x-forwarded-email");

/// The router, wrapped as a service of the edge.
#[derive(Clone)]
pub(crate) struct AppService {
    router: Router,
    /// They decide who may reach upstream servers that require a sign-in. If `None`, nobody may.
    accounts: Option<Arc<Context>>,
    own_domains: Option<OwnDomains>,
    /// When this token is cancelled, response streams that would never end are ended.
    stop: CancellationToken,
}

impl AppService {
    pub(crate) fn new(router: Router, stop: CancellationToken) -> Self {
        Self {
            router,
            accounts: None,
            own_domains: None,
            stop,
        }
    }

    pub(crate) fn with_own_domains(self, own_domains: Option<OwnDomains>) -> Self {
        Self {
            own_domains,
            ..self
        }
    }

    pub(crate) fn knowing(self, accounts: Context) -> Self {
        Self {
            accounts: Some(Arc::new(accounts)),
            ..self
        }
    }
}

impl edge::App for AppService {
    async fn answer(self, request: Request<edge::Body>) -> edge::Answer {
        let (mut parts, body) = request.into_parts();
        let facts: Option<edge::ClientInfo> = parts.extensions.remove();
        let span = facts.as_ref().map_or_else(Span::none, request_span);
        let own = self.own_domains.as_ref().zip(facts.as_ref());
        let own = own.and_then(|(domains, facts)| domains.router_for(&facts.host));
        let router = own.unwrap_or(self.router);
        if let Some(facts) = facts.as_ref().and_then(request_facts) {
            parts.extensions.insert(facts);
        }
        let request = Request::from_parts(parts, DeadlineBody::around(body, BODY_TIME));
        let answering = async {
            let mut answer = match router.oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let shown = answer.extensions_mut().remove();
            let compressible = answer.extensions_mut().remove();
            let reported = answer.extensions_mut().remove();
            let mut answer = hand_over(answer, self.stop).await;
            if let Some(web::LoggedPath(path)) = shown {
                answer
                    .extensions_mut()
                    .insert(edge::access_log::LoggedPath(path));
            }
            if let Some(web::Compressible) = compressible {
                answer
                    .extensions_mut()
                    .insert(edge::compression::Compressible);
            }
            if let Some(web::Reported(word)) = reported {
                let word = HeaderValue::from_static(word);
                answer.headers_mut().insert(edge::rate_limit::OUTCOME, word);
            }
            answer
        };
        answering.instrument(span).await
    }

    fn changes(&self) -> u64 {
        let site = self.accounts.as_ref().map(|accounts| &accounts.site);
        site.map_or(0, |site| site.store.counts().commits)
    }

    fn is_personal(&self, headers: &HeaderMap) -> bool {
        web::shared::has_own_cookie(headers)
    }

    async fn judge(self, question: edge::Question) -> edge::AuthDecision {
        // `question.who` was already parsed when the settings were read, so parsing cannot fail
        // here.
        let (Some(accounts), Ok(who)) = (&self.accounts, question.who.parse()) else {
            return refuse(&question, StatusCode::FORBIDDEN);
        };
        let judging = upstream_access::check(accounts, &question.headers, who);
        match judging.instrument(request_span(&question.info)).await {
            Ok(UpstreamAccess::Granted(user)) => {
                edge::AuthDecision::Pass(vouch_for(upstream_access::own_cookies(accounts), user))
            }
            Ok(UpstreamAccess::Denied) => refuse(&question, StatusCode::FORBIDDEN),
            Ok(UpstreamAccess::SignedOut) => ask_to_sign_in(accounts, &question),
            Err(error) => {
                tracing::error!(
                    request_id = %question.info.id,
                    %error,
                    "the session of a request for a service could not be checked, so it got 503; check the store's disk or database server"
                );
                refuse(&question, StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}

/// Also removes Kenduri's cookies, and identity headers that the client sent, so that the client
/// cannot impersonate a user.
fn vouch_for(without_cookies: Vec<String>, user: GrantedUser) -> edge::Pass {
    let mut pass = edge::Pass {
        vouched: vec![USER, EMAIL],
        without_cookies,
        ..edge::Pass::default()
    };
    if let Ok(id) = HeaderValue::try_from(user.account.to_string()) {
        pass.headers.insert(USER, id);
    }
    // An unconfirmed address may belong to somebody else, so only a confirmed address is sent.
    let email = user.email.map(HeaderValue::try_from);
    if let Some(Ok(email)) = email {
        pass.headers.insert(EMAIL, email);
    }
    if let Some(cookie) = user.renewed {
        pass.answer.append(SET_COOKIE, cookie);
    }
    pass
}

/// Requests for pages; all others get 401. The sign-in page is always at the site's own URL, and
/// leads back afterwards.
fn ask_to_sign_in(accounts: &Context, question: &edge::Question) -> edge::AuthDecision {
    let accept = question.headers.get_all(ACCEPT).iter();
    let reads_pages = accept
        .filter_map(|line| line.to_str().ok())
        .any(|line| line.contains("text/html"));
    if !reads_pages || !matches!(question.method, Method::GET | Method::HEAD) {
        let mut answer = page(question, StatusCode::UNAUTHORIZED);
        let challenge =
            HeaderValue::from_static("Cookie realm=\"Kenduri\", form-action=\"/login\"");
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        return edge::AuthDecision::Refuse(answer);
    }
    let here = question.target.as_str();
    let location = accounts.site.url().join(&web::way_in(here));
    let Ok(location) = HeaderValue::try_from(location) else {
        return refuse(question, StatusCode::BAD_REQUEST);
    };
    let mut answer = Response::new(edge::Body::Empty);
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let headers = answer.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    edge::AuthDecision::Refuse(answer)
}

fn refuse(question: &edge::Question, status: StatusCode) -> edge::AuthDecision {
    edge::AuthDecision::Refuse(page(question, status))
}

fn page(question: &edge::Question, status: StatusCode) -> edge::Answer {
    let reader = edge::pages::Reader::of(&question.headers);
    edge::pages::page(status, &question.info.id, &reader, None)
}

/// The span has the highest level, so that no log filter drops the request id.
fn request_span(facts: &edge::ClientInfo) -> Span {
    tracing::error_span!("request", request_id = %facts.id)
}

fn request_facts(facts: &edge::ClientInfo) -> Option<web::Facts> {
    Some(web::Facts {
        request_id: RequestId::parse(facts.id.as_str())?,
        client: facts.client,
        https: facts.scheme == edge::Scheme::Https,
        is_direct: facts.is_direct,
        outcome: web::Outcome::default(),
    })
}

async fn hand_over(answer: Response<Body>, stop: CancellationToken) -> edge::Answer {
    let (parts, body) = answer.into_parts();
    let is_stream = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let body = match body.size_hint().exact() {
        Some(0) => edge::Body::Empty,
        Some(size) if size <= MAX_PIECE_BYTES => match to_bytes(body, usize::MAX).await {
            Ok(bytes) => edge::Body::full(bytes),
            Err(error) => return broken_body(&error),
        },
        _ if is_stream => edge::Body::stream(CancellableBody::new(body, stop)),
        _ => edge::Body::stream(body),
    };
    Response::from_parts(parts, body)
}

fn broken_body(error: &axum::Error) -> edge::Answer {
    tracing::error!(%error, "the body of an answer broke off, so the request got 500; please report this");
    let mut answer = Response::new(edge::Body::Empty);
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    answer
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use edge::App as _;

    use super::*;

    async fn ask(mounted: &AppService, path: &str, body: edge::Body) -> edge::Answer {
        let mut request = Request::post(path).body(body).expect("a request");
        if path == "/get" {
            *request.method_mut() = axum::http::Method::GET;
        }
        mounted.clone().answer(request).await
    }

    #[tokio::test]
    async fn answers_of_known_size_are_in_one_piece_and_streams_end_with_the_program() {
        let endless = || {
            let mut answer = Response::new(Body::new(Endless));
            let kind = axum::http::HeaderValue::from_static("text/event-stream");
            answer.headers_mut().insert(CONTENT_TYPE, kind);
            answer
        };
        let router = Router::new()
            .route("/get", get("hello"))
            .route("/nothing", post(async || StatusCode::NO_CONTENT))
            .route("/stream", post(async move || endless()));
        let stop = CancellationToken::new();
        let mounted = AppService::new(router, stop.clone());
        let full = ask(&mounted, "/get", edge::Body::Empty).await.into_body();
        assert!(matches!(full, edge::Body::Full(_)));
        let none = ask(&mounted, "/nothing", edge::Body::Empty).await;
        assert!(matches!(none.into_body(), edge::Body::Empty));
        let stream = ask(&mounted, "/stream", edge::Body::Empty).await;
        let read = to_bytes(Body::new(stream.into_body()), usize::MAX);
        stop.cancel();
        assert_eq!(read.await.expect("an orderly end").len(), 0);
    }

    #[tokio::test]
    async fn the_app_says_which_pages_may_be_compressed() {
        let router = Router::new()
            .route("/a", post((axum::Extension(web::Compressible), "a page")))
            .route("/b", post("a secret"));
        let mounted = AppService::new(router, CancellationToken::new());
        for (path, expected) in [("/a", true), ("/b", false)] {
            let answer = ask(&mounted, path, edge::Body::Empty).await;
            let request_facts: Option<&edge::compression::Compressible> = answer.extensions().get();
            assert_eq!(request_facts.is_some(), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn the_log_shows_of_a_path_what_the_app_says() {
        let shown = |path: &str| axum::Extension(web::LoggedPath(path.into()));
        let router = Router::new()
            .route("/known", post(async move || (shown("/k***"), "answered")))
            .route("/unknown", post("answered"));
        let mounted = AppService::new(router, CancellationToken::new());
        let known = ask(&mounted, "/known", edge::Body::Empty).await;
        let request_facts: Option<&edge::access_log::LoggedPath> = known.extensions().get();
        assert_eq!(request_facts.map(|shown| &*shown.0), Some("/k***"));
        let unknown = ask(&mounted, "/unknown", edge::Body::Empty).await;
        assert!(
            unknown
                .extensions()
                .get::<edge::access_log::LoggedPath>()
                .is_none()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_not_waited_for() {
        let router = Router::new().route("/", post(async |body: axum::body::Bytes| body));
        let mounted = AppService::new(router, CancellationToken::new());
        let began = tokio::time::Instant::now();
        let answer = ask(&mounted, "/", edge::Body::stream(Dripping::default())).await;
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert_eq!(began.elapsed(), BODY_TIME);
    }

    #[test]
    fn an_upstream_gets_an_address_only_where_it_is_verified() {
        let user = |email: Option<&str>| GrantedUser {
            account: platform::id::Id::from_text("7".to_owned()),
            email: email.map(str::to_owned),
            renewed: None,
        };
        for (email, header) in [(None, None), (Some("a@b.example"), Some("a@b.example"))] {
            let pass = vouch_for(Vec::new(), user(email));
            assert_eq!(pass.vouched, [USER, EMAIL]);
            assert_eq!(pass.headers[USER], "7");
            let request_facts = pass.headers.get(EMAIL).map(|value| value.to_str().ok());
            assert_eq!(request_facts.flatten(), header);
        }
    }

    /// A response body that never sends anything and never ends.
    struct Endless;

    impl axum::body::HttpBody for Endless {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }

    /// A response body that sends a byte each second and never ends.
    struct Dripping(std::pin::Pin<Box<tokio::time::Sleep>>);

    impl Default for Dripping {
        fn default() -> Self {
            Self(Box::pin(tokio::time::sleep(Duration::from_secs(1))))
        }
    }

    impl axum::body::HttpBody for Dripping {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            self.0.as_mut().poll(context).map(|()| {
                self.0 = Box::pin(tokio::time::sleep(Duration::from_secs(1)));
                let byte = axum::body::Bytes::from_static(b"x");
                Some(Ok(http_body::Frame::data(byte)))
            })
        }
    }
}
