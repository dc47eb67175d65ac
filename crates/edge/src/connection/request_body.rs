//! The body of a request of HTTP/1, which its connection reads while somebody wants it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};
use crate::lock::lock;
use crate::parse_result::BrokenBody;

/// What a connection reads for the reader of a body.
#[derive(Debug)]
pub(super) struct Feed(Arc<Shared>);

/// A body that is read from its connection.
#[derive(Debug)]
struct RequestBody(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    broken: BrokenBody,
}

#[derive(Debug, Default)]
struct State {
    /// Was read and not taken.
    next: Option<Result<Frame<Bytes>, BodyError>>,
    /// How much was not taken, if that was said.
    left: Option<u64>,
    /// Nothing follows.
    is_over: bool,
    is_wanted: bool,
    /// Nobody reads any more.
    is_left: bool,
    reader: Option<Waker>,
    connection: Option<Waker>,
}

/// What the reader of a body wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    More,
    /// Nothing now.
    Nothing,
    /// Nothing any more.
    Left,
}

impl Feed {
    /// Of a body that is so long, if that was said; and the body.
    pub(super) fn new(left: Option<u64>) -> (Self, Body) {
        let state = State {
            left,
            ..State::default()
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            broken: BrokenBody::default(),
        });
        (Self(Arc::clone(&shared)), Body::stream(RequestBody(shared)))
    }

    /// Why the body breaks off, once that is seen.
    pub(super) fn broken(&self) -> &BrokenBody {
        &self.0.broken
    }

    /// What is wanted now. Whoever polls is woken when that changes.
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

    /// Hands the next part to the reader. It is not woken where whoever polls the connection
    /// polls it, too, and does so next.
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
