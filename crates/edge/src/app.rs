//! The app: a service that runs inside the edge and handles requests.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::Service;

use crate::body::{Answer, Body, BodyError};
use crate::client_info::ClientInfo;
use crate::pages::{self, Reader};

/// A service that handles requests. Any infallible `tower` service, such as a router, is an app.
/// The app is cloned for each request.
pub trait App: Clone + Send + Sync + 'static {
    /// Handles a request. The request's extensions contain a [`ClientInfo`].
    fn answer(self, request: Request<Body>) -> impl Future<Output = Answer> + Send;

    /// The number of changes since the app started. A cached response of the app is used only while
    /// the number is the same; then the app is asked again. By default, there are no changes.
    fn changes(&self) -> u64 {
        0
    }

    /// Whether the request's cookies may change the response, although the response does not name
    /// `Cookie` in `Vary`. Such a request bypasses the cache. By default, none does.
    fn is_personal(&self, _headers: &HeaderMap) -> bool {
        false
    }

    /// Decides whether a request may reach the target of a route with `access = { sign_in = "…" }`.
    /// By default, every request is refused.
    fn judge(self, question: Question) -> impl Future<Output = AuthDecision> + Send {
        let Question { info, headers, .. } = question;
        let reader = Reader::of(&headers);
        let answer = pages::page(StatusCode::FORBIDDEN, &info.id, &reader, None);
        std::future::ready(AuthDecision::Refuse(answer))
    }
}

/// A request that needs the app's permission.
#[derive(Debug, Clone)]
pub struct Question {
    /// The users whom the route permits, as configured in `sign_in`.
    pub who: Arc<str>,
    pub method: Method,
    /// The path and the query, as the edge parsed them.
    pub target: PathAndQuery,
    pub headers: HeaderMap,
    pub info: ClientInfo,
}

/// The app's answer to a [`Question`].
#[derive(Debug)]
pub enum AuthDecision {
    Pass(Pass),
    Refuse(Answer),
}

/// The changes to an authorized request and its response.
#[derive(Debug, Default)]
pub struct Pass {
    /// The headers that only the app may set. The edge removes them from the client's request.
    pub vouched: Vec<HeaderName>,
    pub headers: HeaderMap,
    /// The names of cookies that the edge removes from the request.
    pub without_cookies: Vec<String>,
    /// Headers to add to the response, such as a renewed cookie.
    pub answer: HeaderMap,
}

impl<S, B> App for S
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    async fn answer(mut self, request: Request<Body>) -> Answer {
        let ready = std::future::poll_fn(|context| self.poll_ready(context)).await;
        let answered = match ready {
            Ok(()) => self.call(request).await,
            Err(never) => match never {},
        };
        match answered {
            Ok(answer) => answer.map(Body::stream),
            Err(never) => match never {},
        }
    }
}

/// An app behind dynamic dispatch. The code that serves connections is therefore compiled only
/// once, in this crate, and not again for each app.
#[derive(Clone)]
pub(crate) struct Mounted(Arc<dyn Kind>);

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

trait Kind: Send + Sync {
    fn answer_later(&self, request: Request<Body>) -> Later<Answer>;
    fn judge_later(&self, question: Question) -> Later<AuthDecision>;
    fn count_changes(&self) -> u64;
    fn is_for_one(&self, headers: &HeaderMap) -> bool;
}

impl<A: App> Kind for A {
    fn answer_later(&self, request: Request<Body>) -> Later<Answer> {
        Box::pin(self.clone().answer(request))
    }

    fn judge_later(&self, question: Question) -> Later<AuthDecision> {
        Box::pin(self.clone().judge(question))
    }

    fn count_changes(&self) -> u64 {
        self.changes()
    }

    fn is_for_one(&self, headers: &HeaderMap) -> bool {
        self.is_personal(headers)
    }
}

impl Mounted {
    pub(crate) fn new<A: App>(app: &A) -> Self {
        Self(Arc::new(app.clone()))
    }

    pub(crate) fn answer(&self, request: Request<Body>) -> Later<Answer> {
        self.0.answer_later(request)
    }

    pub(crate) fn changes(&self) -> u64 {
        self.0.count_changes()
    }

    pub(crate) fn is_personal(&self, headers: &HeaderMap) -> bool {
        self.0.is_for_one(headers)
    }

    pub(crate) fn judge(&self, question: Question) -> Later<AuthDecision> {
        self.0.judge_later(question)
    }
}
