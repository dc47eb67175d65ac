//! An HTTP/1 request body. Its connection reads more when the consumer of the body demands more.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};
use crate::lock::lock;
use crate::parse_result::BrokenBody;

/// The connection's side of a body.
#[derive(Debug)]
pub(super) struct Feed(Arc<Pipe>);

#[derive(Debug)]
struct RequestBody(Arc<Pipe>);

#[derive(Debug)]
struct Pipe {
    state: Mutex<PipeState>,
    broken: BrokenBody,
}

#[derive(Debug, Default)]
struct PipeState {
    /// A part that was read from the connection but not consumed.
    next: Option<Result<Frame<Bytes>, BodyError>>,
    /// The number of unconsumed bytes; `None` if the length is unknown.
    left: Option<u64>,
    is_over: bool,
    is_wanted: bool,
    /// Whether the consumer's side was dropped.
    is_left: bool,
    reader: Option<Waker>,
    connection: Option<Waker>,
}

/// Whether the consumer of a body wants more data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    More,
    /// No data for now.
    Nothing,
    /// The consumer's side was dropped.
    Left,
}

impl Feed {
    /// Creates both sides of a body. `left` is the body's length, if known.
    pub(super) fn new(left: Option<u64>) -> (Self, Body) {
        let state = PipeState {
            left,
            ..PipeState::default()
        };
        let shared = Arc::new(Pipe {
            state: Mutex::new(state),
            broken: BrokenBody::default(),
        });
        (Self(Arc::clone(&shared)), Body::stream(RequestBody(shared)))
    }

    /// Returns the reason why the body is incomplete; empty if no reason is known.
    pub(super) fn broken(&self) -> &BrokenBody {
        &self.0.broken
    }

    /// Returns the consumer's demand. The calling task is woken when it changes.
    pub(super) fn demand(&self, context: &Context<'_>) -> Demand {
        let mut state = lock(&self.0.state);
        if state.is_left {
            return Demand::Left;
        }
        if state.is_wanted {
            return Demand::More;
        }
        keep_waker(&mut state.connection, context);
        Demand::Nothing
    }

    /// Passes the next part to the consumer. Does not wake a consumer that runs on the connection's
    /// task, because that task polls the consumer next.
    pub(super) fn put(
        &self,
        context: &Context<'_>,
        next: Option<Result<Frame<Bytes>, BodyError>>,
        is_over: bool,
    ) {
        let mut state = lock(&self.0.state);
        state.next = next;
        state.is_over = is_over;
        state.is_wanted = false;
        if let Some(reader) = state.reader.take()
            && !reader.will_wake(context.waker())
        {
            reader.wake();
        }
    }
}

impl Clone for Feed {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn keep_waker(kept: &mut Option<Waker>, context: &Context<'_>) {
    match kept {
        Some(waker) => waker.clone_from(context.waker()),
        None => *kept = Some(context.waker().clone()),
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut state = lock(&self.0.state);
        if let Some(next) = state.next.take() {
            if let (Some(left), Ok(frame)) = (&mut state.left, &next) {
                *left -= frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(Some(next));
        }
        if state.is_over {
            return Poll::Ready(None);
        }
        state.is_wanted = true;
        keep_waker(&mut state.reader, context);
        if let Some(connection) = state.connection.take()
            && !connection.will_wake(context.waker())
        {
            connection.wake();
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let state = lock(&self.0.state);
        state.is_over && state.next.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = lock(&self.0.state).left;
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        lock(&self.0.state).is_left = true;
    }
}
