//! Reads requests from an HTTP/1 client.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Frame;
use http1::{Decoded, Heads, Refusal, RequestBody, RequestHead};
use tokio::io::ReadBuf;
use tokio::time::Instant;

use crate::body::{Body, BodyError, poll_piece};
use crate::deadline::Deadline;

use super::Bounds;
use super::request_body::{Demand, Feed};
use super::transport::Transport;

const READ_BYTES: usize = 16 * 1_024;
const BODY_READ_BYTES: usize = 64 * 1_024;
/// Larger request bodies are streamed, even if they have arrived.
const LONGEST_WHOLE: u64 = 16 * 1_024;
/// At most this many unread bytes of a request body are discarded to keep the connection open.
const UNWANTED: usize = 64 * 1_024;
/// Asks a client to send the body that it has announced (RFC 9110, section 10.1.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

pub(super) struct Input {
    /// Received bytes that have not been parsed.
    pub(super) received: Bytes,
    heads: Heads,
    /// The body of the current request; `None` after it has arrived.
    body: Option<Incoming>,
    /// Whether no further request may be read.
    is_closed: bool,
    bounds: Bounds,
    waits_since: Option<Instant>,
    timer: Deadline,
}

struct Incoming {
    rest: RequestBody,
    feed: Feed,
    /// The unsent part of `100 Continue`.
    word: &'static [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    Piece,
    /// The client has disconnected.
    Left,
}

impl Input {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            received: Bytes::new(),
            heads: Heads::new(bounds.header_size),
            body: None,
            is_closed: false,
            bounds,
            waits_since: None,
            timer: Deadline::default(),
        }
    }

    /// Parses the next request head; `None` if the head is incomplete.
    pub(super) fn head(&mut self) -> Result<Option<RequestHead>, Refusal> {
        if self.received.is_empty() {
            return Ok(None);
        }
        let head = self.heads.next(&self.received);
        match &head {
            Ok(Some(head)) => {
                self.received.advance(head.length);
                self.waits_since = None;
            }
            Ok(None) => {}
            Err(_) => self.is_closed = true,
        }
        head
    }

    /// When the edge began to wait for the rest of a head; `None` if no head has begun.
    pub(super) fn head_since(&mut self) -> Option<Instant> {
        let has_begun = !self.received.is_empty();
        has_begun.then(|| *self.waits_since.get_or_insert_with(Instant::now))
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Reads more data. Returns `false` at the end of the stream.
    pub(super) fn poll_more(
        &mut self,
        stream: &mut impl Transport,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let mut piece = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(stream).poll_read(context, &mut piece))?;
        let piece = piece.filled();
        if self.received.is_empty() {
            self.received = Bytes::copy_from_slice(piece);
        } else {
            let received = std::mem::take(&mut self.received).try_into_mut();
            let mut received = received.unwrap_or_else(|received| BytesMut::from(&received[..]));
            received.extend_from_slice(piece);
            self.received = received.freeze();
        }
        Poll::Ready(Ok(!piece.is_empty()))
    }

    /// Returns the request body that follows a head. A short body that has arrived is returned
    /// whole.
    pub(super) fn body(&mut self, mut rest: RequestBody, expects_continue: bool) -> Body {
        if rest.is_over() {
            return Body::Empty;
        }
        if rest.length().is_some_and(|length| length <= LONGEST_WHOLE)
            && let Some(whole) = rest.take_whole(&mut self.received)
        {
            return Body::full(whole);
        }
        let (feed, body) = Feed::new(rest.length());
        // A client that has sent part of the body does not wait for `100 Continue`.
        let is_awaited = expects_continue && self.received.is_empty();
        let word = if is_awaited { CONTINUE } else { b"" };
        self.body = Some(Incoming { rest, feed, word });
        body
    }

    pub(super) fn feed(&self) -> Option<Feed> {
        self.body.as_ref().map(|body| body.feed.clone())
    }

    /// Reads the request body when the handler demands it. When the body has ended, returns as soon
    /// as the client sends another request or disconnects.
    pub(super) fn poll_feed(
        &mut self,
        stream: &mut impl Transport,
        context: &mut Context<'_>,
    ) -> Poll<ReadOutcome> {
        let Some(body) = &mut self.body else {
            while self.received.is_empty() && !self.is_closed {
                if !matches!(ready!(self.poll_more(stream, context)), Ok(true)) {
                    return Poll::Ready(ReadOutcome::Left);
                }
            }
            return Poll::Pending;
        };
        if body.feed.demand(context) != Demand::More {
            return Poll::Pending;
        }
        let next = match ready!(self.poll_next(stream, context)) {
            Ok(Decoded::Data(data)) => Some(Ok(Frame::data(data))),
            Ok(Decoded::End(trailers)) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
            Err(error) => Some(Err(error)),
        };
        if let Some(body) = &self.body {
            let is_over = body.rest.is_over() || self.is_closed;
            body.feed.put(context, next, is_over);
            if is_over {
                self.body = None;
            }
        }
        Poll::Ready(ReadOutcome::Piece)
    }

    /// Reads the request body if the handler demands it. Returns whether there was any progress.
    pub(super) fn is_fed(
        &mut self,
        stream: &mut impl Transport,
        context: &mut Context<'_>,
    ) -> bool {
        self.body.is_some() && self.poll_feed(stream, context).is_ready()
    }

    /// Fails after a timeout.
    fn poll_next(
        &mut self,
        stream: &mut impl Transport,
        context: &mut Context<'_>,
    ) -> Poll<Result<Decoded, BodyError>> {
        loop {
            if let Some(next) = self.decoded().transpose() {
                return Poll::Ready(next);
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(Ok(Decoded::End(None)));
            };
            let polled = poll_word(&mut body.word, stream, context);
            let polled = polled.map_ok(|()| Bytes::new());
            let polled = match polled {
                Poll::Ready(Ok(_)) => poll_piece(stream, context, BODY_READ_BYTES),
                unsaid => unsaid,
            };
            match polled {
                Poll::Ready(Ok(piece)) if !piece.is_empty() => {
                    self.waits_since = None;
                    self.received = piece;
                }
                Poll::Ready(ended) => {
                    self.is_closed = true;
                    let error = ended.err();
                    let error = error.unwrap_or_else(|| ErrorKind::UnexpectedEof.into());
                    return Poll::Ready(Err(error.into()));
                }
                Poll::Pending => {
                    let since = *self.waits_since.get_or_insert_with(Instant::now);
                    ready!(self.timer.poll(context, since + self.bounds.body_time));
                    return Poll::Ready(Err(self.breaks(Refusal::BodyTooSlow)));
                }
            }
        }
    }

    fn decoded(&mut self) -> Result<Option<Decoded>, BodyError> {
        let Some(body) = &mut self.body else {
            return Ok(None);
        };
        let decoded = body.rest.next(&mut self.received);
        decoded.map_err(|refusal| self.breaks(refusal))
    }

    fn breaks(&mut self, refusal: Refusal) -> BodyError {
        self.is_closed = true;
        if let Some(body) = &self.body {
            body.feed.broken().record(refusal);
        }
        refusal.into()
    }

    /// Prepares for the response. Cancels an unsent `100 Continue`, and discards the rest of a
    /// small unread body. Returns whether another request may follow.
    pub(super) fn can_go_on(
        &mut self,
        stream: &mut impl Transport,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(body) = &mut self.body else {
            return !self.is_closed;
        };
        if body.feed.demand(context) != Demand::Left {
            body.word = b"";
            return true;
        }
        let mut left = UNWANTED;
        while left > 0 {
            match self.decoded() {
                Ok(Some(Decoded::Data(data))) => left = left.saturating_sub(data.len()),
                Ok(Some(Decoded::End(_))) => {}
                Ok(None) => match poll_piece(stream, context, left) {
                    Poll::Ready(Ok(piece)) if !piece.is_empty() => self.received = piece,
                    _ => return false,
                },
                Err(_) => return false,
            }
            if self.body.take_if(|body| body.rest.is_over()).is_some() {
                return true;
            }
        }
        false
    }

    /// Whether the connection is between two requests. Closing the connection within a request
    /// would reset it, and the client might lose the error response (RFC 9112, section 9.6).
    pub(super) fn is_between(&self) -> bool {
        self.body.is_none() && !self.is_closed
    }
}

fn poll_word(
    word: &mut &'static [u8],
    stream: &mut impl Transport,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    if word.is_empty() {
        return Poll::Ready(Ok(()));
    }
    let mut stream = Pin::new(stream);
    while !word.is_empty() {
        match ready!(stream.as_mut().poll_write(context, word))? {
            0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
            written => *word = &word[written..],
        }
    }
    stream.poll_flush(context)
}
