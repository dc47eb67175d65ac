//! The service that is mounted in the edge.

use std::convert::Infallible;

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
