//! The service that is mounted in the edge.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use tower::Service;

use crate::body::{Answer, Body, BodyError};

/// A service that answers requests: any `tower` service that cannot fail, such as
/// a router, which is cloned for each request.
pub trait App: Clone + Send + Sync + 'static {
    /// Answers one request. What the door knows of it is a [`Facts`](crate::Facts)
    /// in its extensions.
    fn answer(self, request: Request<Body>) -> impl Future<Output = Answer> + Send;
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
pub(crate) struct Mounted(Arc<dyn Fn(Request<Body>) -> Answering + Send + Sync>);

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Mounted {
    pub(crate) fn new<A: App>(app: &A) -> Self {
        let app = app.clone();
        Self(Arc::new(move |request| {
            Box::pin(app.clone().answer(request))
        }))
    }

    pub(crate) fn answer(&self, request: Request<Body>) -> Answering {
        (self.0)(request)
    }
}
