//! What a client sends on a connection of HTTP/1.

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
use crate::listener::{Activity, Handle};

use super::Bounds;
use super::body_rate::Pace;
use super::request_body::{Demand, Feed};
use super::transport::Carrier;

/// Read at once while a head is awaited, and of a body.
const PIECE: usize = 16 * 1_024;
const BODY_PIECE: usize = 64 * 1_024;
/// A longer body comes piece by piece even if all of it is here.
const LONGEST_WHOLE: u64 = 16 * 1_024;
/// So much of a body that nobody wants is put away.
const UNWANTED: usize = 64 * 1_024;
/// Tells a client to send the body that it has announced (RFC 9110, section 10.1.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What came and what is awaited.
pub(super) struct Input<'a> {
    /// Came and was not read yet. A connection that waits holds no buffer.
    pub(super) came: Bytes,
    heads: Heads,
    /// Of the request that is served, as long as some of it has not come.
    body: Option<Incoming>,
    /// What comes is no request any more.
    is_closed: bool,
    bounds: Bounds,
    handle: &'a Handle,
    waits_since: Option<Instant>,
    timer: Deadline,
    pace: Pace,
}

/// A body that is coming.
struct Incoming {
    rest: RequestBody,
    feed: Feed,
    /// What is still to be said to the client before it sends it.
    word: &'static [u8],
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fed {
    /// Whoever reads the body can go on.
    Piece,
    /// The client has gone.
    Left,
}

impl<'a> Input<'a> {
    pub(super) fn new(bounds: Bounds, handle: &'a Handle) -> Self {
        Self {
            came: Bytes::new(),
            heads: Heads::new(bounds.header_size),
            body: None,
            is_closed: false,
            bounds,
            handle,
            waits_since: None,
            timer: Deadline::default(),
            pace: Pace::default(),
        }
    }

    /// The head of the next request, if it has come.
    pub(super) fn head(&mut self) -> Result<Option<RequestHead>, Refusal> {
        if self.came.is_empty() {
            return Ok(None);
        }
        let head = self.heads.next(&self.came);
        match &head {
            Ok(Some(head)) => {
                self.came.advance(head.length);
                self.waits_since = None;
            }
            Ok(None) => {}
            Err(_) => self.is_closed = true,
        }
        head
    }

    /// Since when a head is awaited that has begun.
    pub(super) fn head_since(&mut self) -> Option<Instant> {
        let has_begun = !self.came.is_empty();
        has_begun.then(|| *self.waits_since.get_or_insert_with(Instant::now))
    }

    /// Takes nothing in any more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// More of a head; false at the end.
    pub(super) fn poll_more(
        &mut self,
        stream: &mut impl Carrier,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let mut piece = [const { MaybeUninit::uninit() }; PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(stream).poll_read(context, &mut piece))?;
        let piece = piece.filled();
        if self.came.is_empty() {
            self.came = Bytes::copy_from_slice(piece);
        } else {
            let came = std::mem::take(&mut self.came).try_into_mut();
            let mut came = came.unwrap_or_else(|came| BytesMut::from(&came[..]));
            came.extend_from_slice(piece);
            self.came = came.freeze();
        }
        Poll::Ready(Ok(!piece.is_empty()))
    }

    /// The body that follows a head. What is short and here already needs nobody to read it.
    pub(super) fn body(&mut self, mut rest: RequestBody, expects_continue: bool) -> Body {
        if rest.is_over() {
            return Body::Empty;
        }
        if rest.length().is_some_and(|length| length <= LONGEST_WHOLE)
            && let Some(whole) = rest.take_whole(&mut self.came)
        {
            return Body::full(whole);
        }
        let (feed, body) = Feed::new(rest.length());
        // Who sends at once waits for nothing.
        let is_awaited = expects_continue && self.came.is_empty();
        let word = if is_awaited { CONTINUE } else { b"" };
        self.body = Some(Incoming { rest, feed, word });
        body
    }

    /// What the body is fed by.
    pub(super) fn feed(&self) -> Option<Feed> {
        self.body.as_ref().map(|body| body.feed.clone())
    }

    /// Reads what is wanted of the body; behind it, whether the client asks for more or leaves.
    pub(super) fn poll_feed(
        &mut self,
        stream: &mut impl Carrier,
        context: &mut Context<'_>,
    ) -> Poll<Fed> {
        let Some(body) = &mut self.body else {
            while self.came.is_empty() && !self.is_closed {
                if !matches!(ready!(self.poll_more(stream, context)), Ok(true)) {
                    return Poll::Ready(Fed::Left);
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
        Poll::Ready(Fed::Piece)
    }

    /// Whether there was something that the reader of the body wanted.
    pub(super) fn is_fed(&mut self, stream: &mut impl Carrier, context: &mut Context<'_>) -> bool {
        self.body.is_some() && self.poll_feed(stream, context).is_ready()
    }

    /// The next part of the body, waiting for it as long as it may take.
    fn poll_next(
        &mut self,
        stream: &mut impl Carrier,
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
                Poll::Ready(Ok(_)) => poll_piece(stream, context, BODY_PIECE),
                unsaid => unsaid,
            };
            match polled {
                Poll::Ready(Ok(piece)) if !piece.is_empty() => {
                    self.waits_since = None;
                    self.pace.came(piece.len());
                    self.came = piece;
                    if !self.handle.set(Activity::Serving) {
                        // Whoever serves the connection closes it, and no program answers a body
                        // that breaks off.
                        return Poll::Pending;
                    }
                }
                Poll::Ready(ended) => {
                    self.is_closed = true;
                    let error = ended.err();
                    let error = error.unwrap_or_else(|| ErrorKind::UnexpectedEof.into());
                    return Poll::Ready(Err(error.into()));
                }
                Poll::Pending => {
                    let slow_from = self.pace.slow_from(self.bounds.slow_time());
                    self.handle.set(Activity::SlowFrom(slow_from));
                    let since = *self.waits_since.get_or_insert_with(Instant::now);
                    ready!(self.timer.poll(context, since + self.bounds.body_time));
                    return Poll::Ready(Err(self.breaks(Refusal::BodyTooSlow)));
                }
            }
        }
    }

    /// The next part of the body that is here.
    fn decoded(&mut self) -> Result<Option<Decoded>, BodyError> {
        let Some(body) = &mut self.body else {
            return Ok(None);
        };
        let decoded = body.rest.next(&mut self.came);
        decoded.map_err(|refusal| self.breaks(refusal))
    }

    fn breaks(&mut self, refusal: Refusal) -> BodyError {
        self.is_closed = true;
        if let Some(body) = &self.body {
            body.feed.broken().note(refusal);
        }
        refusal.into()
    }

    /// An answer begins: nothing else is said before it. Whether another one can follow, as far
    /// as can be told: what is left of a body that nobody wants is put away where that is cheap.
    pub(super) fn can_go_on(
        &mut self,
        stream: &mut impl Carrier,
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
                    Poll::Ready(Ok(piece)) if !piece.is_empty() => self.came = piece,
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

    /// Whether nothing is half read: a connection closed with bytes unread would take back the
    /// answer that says what was wrong with them (RFC 9112, section 9.6).
    pub(super) fn is_between(&self) -> bool {
        self.body.is_none() && !self.is_closed
    }
}

fn poll_word(
    word: &mut &'static [u8],
    stream: &mut impl Carrier,
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
