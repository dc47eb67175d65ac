//! The body of an answer on its way to the client.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::backends::Running;
use super::error::{AnswerError, ProxyError};
use super::pool::Idle;
use super::upstream::Upstream;
use super::upstream_connection::{Came, Way};
use crate::body::Body;
use crate::body::with_more;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Pieces looked for before the answer is handed on.
const AHEAD: usize = 2;

/// The body of an answer, and the connection it comes on.
///
/// Whoever polls it drives the connection, the rest of the request's body too.
/// At its end the connection goes back to the pool.
#[derive(Debug)]
pub(super) struct ResponseBody {
    came: Came,
    ahead: VecDeque<Frame<Bytes>>,
    held: Option<Held>,
    waiting: bool,
}

/// What an answer holds until its end.
#[derive(Debug)]
struct Held {
    wire: Way,
    idle: Idle,
    upstream: Arc<Upstream>,
    running: Running,
}

impl ResponseBody {
    pub(super) fn new(
        came: Came,
        wire: Way,
        idle: Idle,
        upstream: Arc<Upstream>,
        running: Running,
    ) -> Self {
        Self {
            came,
            ahead: VecDeque::new(),
            held: Some(Held {
                wire,
                idle,
                upstream,
                running,
            }),
            waiting: false,
        }
    }

    /// As a body: what is short and there already needs no stream, and gives its
    /// connection back at once. What breaks off this early can still be told.
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

    /// Takes what is there; true if that is one piece or none, and the end.
    fn look_ahead(&mut self, context: &mut Context<'_>) -> Result<bool, AnswerError> {
        while self.ahead.len() < AHEAD {
            if self.came.is_end() {
                self.rest(context);
                return Ok(self.ahead.len() < AHEAD);
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

    /// The next piece, driving the connection for it.
    fn poll_came(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let polled = match &mut self.came {
            Came::Engine(incoming) => {
                let mut polled = Pin::new(&mut *incoming).poll_frame(context);
                if polled.is_pending()
                    && let Some(held) = &mut self.held
                {
                    let over = held.wire.drive(context).is_ready();
                    if over {
                        self.held = None;
                    }
                    polled = Pin::new(incoming).poll_frame(context);
                }
                polled.map_err(Into::into)
            }
            Came::RawConnection(first, _) if !first.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(first)))))
            }
            Came::RawConnection(_, left) => match &mut self.held {
                Some(held) => held.wire.poll_more(context, left).map_err(Into::into),
                None => Poll::Ready(None),
            },
        };
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.rest(context);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = false;
                if self.came.is_end() {
                    self.rest(context);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.held = None;
                Poll::Ready(Some(Err(AnswerError::Broken(error))))
            }
        }
    }

    /// The answer is over: its connection may take the next request.
    fn rest(&mut self, context: &mut Context<'_>) {
        let Some(held) = self.held.take() else {
            return;
        };
        if let Some(wire) = held.wire.rest(context) {
            let (keep, most) = (held.upstream.times.keep, held.upstream.idle_connections);
            held.idle.put(held.running.backend(), wire, keep, most);
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
                held.wire.waits();
            }
            let idle = held.upstream.times.idle;
            if held.wire.poll_late(context, idle).is_ready() {
                this.held = None;
                return Poll::Ready(Some(Err(AnswerError::IdleTime)));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.came.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.iter().filter_map(Frame::data_ref);
        let ahead = ahead.map(|bytes| bytes.len() as u64).sum();
        with_more(self.came.size_hint(), ahead)
    }
}
