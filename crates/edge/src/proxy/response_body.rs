//! A response body on its way from a server to the client.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http1::Left;

use super::backend::ActiveRequest;
use super::error::{AnswerError, ProxyError};
use super::pool::Idle;
use super::upstream::Upstream;
use super::upstream_connection::UpstreamConnection;
use crate::body::{Body, with_more};

/// Pieces read before the response is returned.
const MAX_PIECES_AHEAD: usize = 2;

/// A response body and its connection.
///
/// Polling the body drives the connection. This also sends the rest of the request body. When the
/// response body ends, the connection returns to the pool.
#[derive(Debug)]
pub(super) struct ResponseBody {
    /// The part of the body that came with the head.
    first: Bytes,
    left: Left,
    ahead: VecDeque<Frame<Bytes>>,
    held: Option<ResponseResources>,
    waiting: bool,
}

#[derive(Debug)]
struct ResponseResources {
    connection: Box<UpstreamConnection>,
    idle: Idle,
    upstream: Arc<Upstream>,
    running: ActiveRequest,
}

impl ResponseBody {
    pub(super) fn new(
        first: Bytes,
        left: Left,
        connection: Box<UpstreamConnection>,
        idle: Idle,
        upstream: Arc<Upstream>,
        running: ActiveRequest,
    ) -> Self {
        Self {
            first,
            left,
            ahead: VecDeque::new(),
            held: Some(ResponseResources {
                connection,
                idle,
                upstream,
                running,
            }),
            waiting: false,
        }
    }

    /// Returns the body for the client. If a short body has already arrived, it becomes a plain
    /// body, and its connection returns to the pool at once. A failure in this function can still
    /// become an error response.
    pub(super) async fn into_body(mut self) -> Result<Body, ProxyError> {
        let ahead = std::future::poll_fn(|context| Poll::Ready(self.look_ahead(context))).await;
        let whole = ahead.map_err(|error| match error {
            AnswerError::Broken(error) => ProxyError::Closed(error),
            AnswerError::IdleTime => ProxyError::FirstByteTime,
        })?;
        if !whole {
            return Ok(Body::stream(self));
        }
        Ok(match self.ahead.pop_front().map(Frame::into_data) {
            None => Body::Empty,
            Some(Ok(bytes)) => Body::full(bytes),
            Some(Err(trailers)) => {
                self.ahead.push_front(trailers);
                Body::stream(self)
            }
        })
    }

    /// `true` if the bytes that have arrived are the whole body and at most one piece.
    fn look_ahead(&mut self, context: &mut Context<'_>) -> Result<bool, AnswerError> {
        while self.ahead.len() < MAX_PIECES_AHEAD {
            if self.has_come() {
                self.rest();
                return Ok(self.ahead.len() < MAX_PIECES_AHEAD);
            }
            match self.poll_came(context) {
                Poll::Ready(Some(Ok(frame))) => self.ahead.push_back(frame),
                Poll::Ready(None) => return Ok(true),
                Poll::Ready(Some(Err(error))) => return Err(error),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(false)
    }

    fn has_come(&self) -> bool {
        self.first.is_empty() && matches!(self.left, Left::Length(0))
    }

    fn poll_came(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let polled = match &mut self.held {
            _ if !self.first.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.first)))))
            }
            Some(held) => held.connection.poll_more(context, &mut self.left),
            None => Poll::Ready(None),
        };
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.rest();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = false;
                if self.has_come() {
                    self.rest();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.held = None;
                Poll::Ready(Some(Err(AnswerError::Broken(error.into()))))
            }
        }
    }

    fn rest(&mut self) {
        let Some(held) = self.held.take() else {
            return;
        };
        if let Some(connection) = held.connection.rest() {
            let (keep, most) = (held.upstream.times.keep, held.upstream.idle_connections);
            held.idle
                .put(held.running.backend(), connection, keep, most);
        }
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let this = self.get_mut();
        if let Some(frame) = this.ahead.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let polled = this.poll_came(context);
        if polled.is_pending()
            && let Some(held) = &mut this.held
        {
            if !this.waiting {
                this.waiting = true;
                held.connection.waits();
            }
            let idle = held.upstream.times.idle;
            if held.connection.poll_late(context, idle).is_ready() {
                this.held = None;
                return Poll::Ready(Some(Err(AnswerError::IdleTime)));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.has_come()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.iter().filter_map(Frame::data_ref);
        let ahead: u64 = ahead.map(|bytes| bytes.len() as u64).sum();
        // A body with trailers is sent in chunks, so its length is not said.
        let has_trailers = self.ahead.iter().any(Frame::is_trailers);
        let rest = match self.left {
            Left::Length(left) if !has_trailers => SizeHint::with_exact(left),
            _ => SizeHint::default(),
        };
        with_more(rest, ahead + self.first.len() as u64)
    }
}
