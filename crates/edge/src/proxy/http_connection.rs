//! One connection to a server, driven by whoever waits for its answer.
//!
//! hyper would have its connection run in a task of its own; here the waiting
//! request polls it, so that no bytes pass from task to task.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http1::LARGEST_HEAD;
use bytes::Bytes;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::connect::{Marks, Stream};
use super::error::ProxyError;
use super::raw_connection::RawConnection;
use super::request_body::{Flow, Sending};
use super::retry::{Failure, RetryState};
use super::settings::Times;
use crate::deadline::Deadline;

/// One connection to a server.
pub(super) struct Wire {
    sender: SendRequest<Sending>,
    connection: Connection<TokioIo<Stream>, Sending>,
    marks: Arc<Marks>,
    waiting: Waiting,
    /// Whether it answered before.
    reused: bool,
    /// Whether the last answer allows another request.
    lasting: bool,
}

impl Wire {
    /// An engine around a connection.
    pub(super) async fn new(bare: RawConnection) -> Result<Box<Self>, ProxyError> {
        let (stream, waiting, reused) = bare.into_parts();
        let marks = Arc::clone(stream.marks());
        let (sender, connection) = Builder::new()
            .max_buf_size(LARGEST_HEAD)
            .max_header_size(LARGEST_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ProxyError::Closed(error.into()))?;
        Ok(Box::new(Self {
            sender,
            connection,
            marks,
            waiting,
            reused,
            lasting: false,
        }))
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// With `care` the system is asked first whether the connection still stands.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: Request<Sending>,
        flow: Option<&Flow>,
        times: &Times,
        care: bool,
    ) -> Result<(Box<Self>, Response<Incoming>), Failure> {
        self.marks.begin();
        if care && self.reused {
            self.marks.look();
        }
        let mut answer = pin!(self.sender.try_send_request(request));
        self.waiting.begin();
        let mut pieces = 0;
        let wire = &mut *self;
        let waited = std::future::poll_fn(|context| {
            let driven = wire.connection.poll_without_shutdown(context);
            if let Poll::Ready(answered) = answer.as_mut().poll(context) {
                return Poll::Ready(Waited::Answered(answered));
            }
            if driven.is_ready() {
                return Poll::Ready(Waited::Over);
            }
            let now_sent = flow.map_or(0, Flow::pieces);
            if now_sent != pieces {
                pieces = now_sent;
                wire.waiting.begin();
            }
            let (limit, late) = overdue(flow, times);
            wire.waiting
                .poll(context, limit)
                .map(|()| Waited::Late(late()))
        })
        .await;
        let answered = match waited {
            Waited::Answered(answered) => answered,
            Waited::Late(error) => return Err(self.failure(error, None, flow)),
            Waited::Over => {
                // A connection that is over before the request was begun gives it
                // back when it is dropped.
                let Self {
                    connection, marks, ..
                } = *self;
                drop(connection);
                let Err(mut error) = answer.await else {
                    return Err(Failure::last(ProxyError::Framing));
                };
                let unsent = error.take_message();
                return Err(Failure {
                    error: broken(error.into_error(), flow),
                    left: RetryState::unsent_or(unsent, sent(&marks)),
                });
            }
        };
        match answered {
            Ok(response) => {
                // hyper would go on to speak HTTP/1.0, which drops bodies whose
                // length is not known.
                self.lasting = response.version() == Version::HTTP_11;
                Ok((self, response))
            }
            Err(mut error) => {
                let unsent = error.take_message();
                let error = broken(error.into_error(), flow);
                Err(self.failure(error, unsent, flow))
            }
        }
    }

    fn failure(
        &self,
        error: ProxyError,
        unsent: Option<Request<Sending>>,
        flow: Option<&Flow>,
    ) -> Failure {
        let late = matches!(error, ProxyError::FirstByteTime | ProxyError::SendTime);
        let begun = flow.is_some_and(|flow| flow.pieces() > 0);
        let sent = if late || begun {
            RetryState::Nothing
        } else {
            sent(&self.marks)
        };
        let left = RetryState::unsent_or(unsent, sent);
        Failure { error, left }
    }

    /// Reads and writes what can be.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.connection.poll_without_shutdown(context)
    }

    /// Begins to wait for a server that sends nothing.
    pub(super) fn waits(&mut self) {
        self.waiting.begin();
    }

    /// Ready when that has taken too long.
    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        self.waiting.poll(context, limit)
    }

    /// After the end of an answer: the connection, if it can take another request.
    /// hyper is not ready for one before all of this one was sent.
    pub(super) fn rest(
        mut self: Box<Self>,
        context: &mut Context<'_>,
    ) -> Option<Box<RawConnection>> {
        if !self.lasting || self.drive(context).is_ready() {
            return None;
        }
        if !self.sender.is_ready() || self.marks.deaf() {
            return None;
        }
        let Self {
            connection,
            waiting,
            ..
        } = *self;
        let parts = connection.into_parts();
        let bare = || Box::new(RawConnection::returned(parts.io.into_inner(), waiting));
        parts.read_buf.is_empty().then(bare)
    }

    /// After an answer that switched protocols: the stream, and what was read of it.
    pub(super) async fn into_stream(mut self: Box<Self>) -> Result<(Stream, Bytes), ProxyError> {
        std::future::poll_fn(|context| self.drive(context))
            .await
            .map_err(|error| ProxyError::Closed(error.into()))?;
        let parts = self.connection.into_parts();
        Ok((parts.io.into_inner(), parts.read_buf))
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Wire").finish_non_exhaustive()
    }
}

/// What is left of a request of which something was sent.
fn sent(marks: &Marks) -> RetryState {
    if marks.heard() {
        RetryState::Nothing
    } else {
        RetryState::Unheard
    }
}

enum Waited<T> {
    Answered(T),
    Late(ProxyError),
    Over,
}

/// What is being waited for, and how long.
fn overdue(flow: Option<&Flow>, times: &Times) -> (Duration, fn() -> ProxyError) {
    match flow {
        Some(flow) if !flow.ended() && flow.awaits_client() => {
            (times.idle, || ProxyError::BodyTime)
        }
        Some(flow) if !flow.ended() => (times.idle, || ProxyError::SendTime),
        _ => (times.first_byte, || ProxyError::FirstByteTime),
    }
}

fn broken(error: hyper::Error, flow: Option<&Flow>) -> ProxyError {
    if let Some(cause) = flow.and_then(Flow::failure) {
        ProxyError::Body(cause)
    } else if error.is_parse() || error.is_parse_too_large() {
        ProxyError::Garbled(error)
    } else {
        ProxyError::Closed(error.into())
    }
}

/// The deadline of whatever is being waited for on a connection.
pub(super) struct Waiting {
    since: Instant,
    deadline: Deadline,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            deadline: Deadline::default(),
        }
    }

    pub(super) fn begin(&mut self) {
        self.since = Instant::now();
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        self.deadline.poll(context, self.since + limit)
    }
}
