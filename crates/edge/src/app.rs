//! The service that is mounted in the edge.

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

/// A service that answers requests: any `tower` service that cannot fail, such as
/// a router, which is cloned for each request.
pub trait App: Clone + Send + Sync + 'static {
    /// Answers one request. What the edge knows of it is a [`ClientInfo`]
    /// in its extensions.
    fn answer(self, request: Request<Body>) -> impl Future<Output = Answer> + Send;

    /// Whether a request for somebody else may go on there, whose route has
    /// `access = { sign_in = "…" }`. An app without people of its own lets
    /// nobody in.
    fn judge(self, question: Question) -> impl Future<Output = Verdict> + Send {
        let Question { facts, headers, .. } = question;
        let reader = Reader::of(&headers);
        let answer = pages::page(StatusCode::FORBIDDEN, &facts.id, &reader, None);
        std::future::ready(Verdict::Refuse(answer))
    }
}

/// A request that somebody else is to answer.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who may come in there, as the route says.
    pub who: Arc<str>,
    /// What is asked.
    pub method: Method,
    /// For what, as the edge understood it.
    pub target: PathAndQuery,
    /// With what.
    pub headers: HeaderMap,
    /// By whom.
    pub facts: ClientInfo,
}

/// What the app says to it.
#[derive(Debug)]
pub enum Verdict {
    /// It may go on.
    Pass(Pass),
    /// It may not, and this is said to it.
    Refuse(Answer),
}

/// What changes for a request that may go on.
#[derive(Debug, Default)]
pub struct Pass {
    /// Headers that the app alone may set: what the client wrote by these names
    /// is removed.
    pub vouched: Vec<HeaderName>,
    /// The values of those that are set.
    pub headers: HeaderMap,
    /// Cookies that it is not to carry on.
    pub without_cookies: Vec<String>,
    /// What the answer is given beside its own, such as a renewed cookie.
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

/// An app of whatever kind. Behind it the code that serves connections is made once,
/// in this crate, and not anew for every kind of app in the crate that mounts it.
#[derive(Clone)]
pub(crate) struct Mounted(Arc<dyn Kind>);

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An [`App`] that is called by what it does alone.
trait Kind: Send + Sync {
    fn answer_later(&self, request: Request<Body>) -> Later<Answer>;
    fn judge_later(&self, question: Question) -> Later<Verdict>;
}

impl<A: App> Kind for A {
    fn answer_later(&self, request: Request<Body>) -> Later<Answer> {
        Box::pin(self.clone().answer(request))
    }

    fn judge_later(&self, question: Question) -> Later<Verdict> {
        Box::pin(self.clone().judge(question))
    }
}

impl Mounted {
    pub(crate) fn new<A: App>(app: &A) -> Self {
        Self(Arc::new(app.clone()))
    }

    pub(crate) fn answer(&self, request: Request<Body>) -> Later<Answer> {
        self.0.answer_later(request)
    }

    pub(crate) fn judge(&self, question: Question) -> Later<Verdict> {
        self.0.judge_later(question)
    }
}
