//! Stands before the HTTP/1 engine and judges the bytes that it will read.
//!
//! The engine is lenient where being so is dangerous: it takes a
//! `Content-Length` beside a `Transfer-Encoding` and a bare LF. The gate reads
//! the same bytes first, follows the messages, and hands on only what can be
//! understood in one way. In place of a head that is refused, the engine gets one
//! of our own, so that a refusal is answered in its turn, and logged, like
//! everything else.

mod body_rate;
mod connection_state;
mod rejected_request_log;
#[cfg(test)]
mod tests;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use http1::{Followed, Framing, Refusal};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use self::connection_state::{ConnectionState, Verdict};
pub(crate) use self::rejected_request_log::Seen;

use crate::deadline::Deadline;
use crate::listener::{Activity, Place};

use self::body_rate::Pace;

/// What the engine reads in place of a head that is refused.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
/// Read at once while a message is incomplete.
const PIECE: usize = 8 * 1_024;
/// What still comes after a refusal is read for so long.
const LINGER: Duration = Duration::from_secs(2);

/// Resolves when a connection of another protocol must end.
type Cutting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How large and how slow a client may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) header_size: usize,
    pub(crate) header_time: Duration,
    pub(crate) idle_time: Duration,
    pub(crate) body_time: Duration,
}

impl Bounds {
    /// After how long a client that sends or reads nothing is slow.
    pub(crate) fn slow_time(&self) -> Duration {
        self.body_time / 4
    }
}

/// A connection, of which only judged bytes can be read.
pub(crate) struct Gate<S> {
    stream: S,
    bounds: Bounds,
    ledger: Arc<ConnectionState>,
    framing: Framing,
    /// Bytes that came and were not handed on; so many of them may be.
    held: BytesMut,
    cleared: usize,
    refusal: Option<Refusal>,
    /// Whether one message came on this connection.
    is_known: bool,
    /// When the head that is being read began, or the wait for anything else.
    waits_since: Option<Instant>,
    reading: Deadline,
    stuck_since: Option<Instant>,
    writing: Deadline,
    /// When a connection of another protocol is cut.
    cut: CancellationToken,
    cutting: Option<Cutting>,
    /// How fast bodies come.
    pace: Pace,
    /// Given back when the socket closes, whichever protocol it ends with.
    place: Option<Place>,
    lingers_until: Option<Instant>,
}

impl<S> Gate<S> {
    /// Before a connection of HTTP/1.
    pub(crate) fn new(
        stream: S,
        bounds: Bounds,
        ledger: Arc<ConnectionState>,
        cut: CancellationToken,
    ) -> Self {
        Self {
            stream,
            bounds,
            ledger,
            framing: Framing::new(bounds.header_size),
            held: BytesMut::new(),
            cleared: 0,
            refusal: None,
            is_known: false,
            waits_since: None,
            reading: Deadline::default(),
            stuck_since: None,
            writing: Deadline::default(),
            cut,
            cutting: None,
            pace: Pace::default(),
            place: None,
            lingers_until: None,
        }
    }

    /// Before a connection of another protocol: only slow readers are minded.
    pub(crate) fn open(stream: S, bounds: Bounds) -> Self {
        Self {
            framing: Framing::through(),
            ..Self::new(stream, bounds, Arc::default(), CancellationToken::new())
        }
    }

    /// Goes on where these bytes came and were not answered yet.
    pub(crate) fn after(mut self, came: &[u8]) -> Self {
        self.held.extend_from_slice(came);
        let followed = self.framing.follow(&self.held);
        self.cleared = followed.cleared;
        self.note(followed);
        self
    }

    /// Keeps a place as long as the socket is open.
    pub(crate) fn keeping(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    /// Says what the connection does. False: it is evicted.
    fn tell(&self, activity: Activity) -> bool {
        let handle = self.place.as_ref().map(Place::handle);
        handle.is_none_or(|handle| handle.set(activity))
    }

    /// So many bytes came. False: the connection is evicted.
    fn goes_on(&mut self, came: usize) -> bool {
        self.pace.came(came);
        self.framing.is_through() || self.tell(Activity::Serving)
    }

    /// Nothing more has come yet.
    fn waits(&mut self) {
        if self.framing.is_through() {
            return;
        }
        let activity = if !self.framing.is_between() {
            Activity::SlowFrom(self.pace.slow_from(self.bounds.slow_time()))
        } else if !self.held.is_empty() || !self.is_known {
            Activity::Opening
        } else if self.ledger.idle_since().is_some() {
            Activity::Idle
        } else {
            Activity::Serving
        };
        self.tell(activity);
    }

    /// Notes what was found in some bytes.
    fn note(&mut self, followed: Followed) {
        self.ledger.came(followed.heads);
        self.is_known |= followed.heads > 0;
        self.refusal = self.refusal.or(followed.refusal);
        // A head that has begun keeps the time at which it did.
        if followed.cleared > 0 || !self.framing.is_between() {
            self.waits_since = None;
        }
    }

    /// Until when the client must have sent something; none: that is not our business.
    fn deadline(&mut self) -> Option<Instant> {
        let time = if self.framing.is_through() {
            return None;
        } else if !self.framing.is_between() {
            self.bounds.body_time
        } else if !self.held.is_empty() || !self.is_known {
            self.bounds.header_time
        } else {
            // While an answer is owed nobody waits for the client; whether that is
            // still so is looked at when the timer rings, not at every answer.
            let since = self.ledger.idle_since().unwrap_or_else(Instant::now);
            return Some(since + self.bounds.idle_time);
        };
        Some(*self.waits_since.get_or_insert_with(Instant::now) + time)
    }

    /// The client sent nothing in time. An error is for the body that is being read.
    fn too_slow(&mut self) -> io::Result<Waited> {
        if !self.framing.is_between() {
            self.framing.refuse();
            return Err(self.broken(Refusal::BodyTooSlow));
        }
        if self.held.is_empty() {
            return Ok(Waited::Enough);
        }
        self.framing.refuse();
        self.refusal = Some(Refusal::HeadTooSlow);
        Ok(Waited::Refused)
    }

    fn broken(&self, refusal: Refusal) -> io::Error {
        self.ledger.broke(refusal);
        io::Error::new(io::ErrorKind::InvalidData, refusal)
    }

    fn hand_on(&mut self, out: &mut ReadBuf<'_>) {
        let count = self.cleared.min(out.remaining());
        out.put_slice(&self.held[..count]);
        self.held.advance(count);
        self.cleared -= count;
        if self.held.is_empty() {
            // A connection that waits holds no memory.
            self.held = BytesMut::new();
        }
    }
}

/// What a wait that was too long leads to.
enum Waited {
    /// Nobody asked anything: the connection ends.
    Enough,
    /// Something was begun: it is refused.
    Refused,
}

impl<S: AsyncRead + Unpin> Gate<S> {
    fn poll_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let cutting = self.cutting.get_or_insert_with(|| {
            let cut = self.cut.clone();
            let handle = self.place.as_ref().map(Place::handle).cloned();
            Box::pin(async move {
                match handle {
                    Some(handle) => tokio::select! {
                        () = cut.cancelled() => {}
                        () = handle.evicted() => {}
                    },
                    None => cut.cancelled().await,
                }
            })
        });
        match cutting.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// More bytes; those that may go on at once are read where they belong.
    fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.held.is_empty() {
            let before = out.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, out))?;
            let came = out.filled().len() - before;
            let followed = self.framing.follow(&out.filled()[before..]);
            let kept = before + followed.cleared;
            if followed.cleared < came {
                self.held.extend_from_slice(&out.filled()[kept..]);
                out.set_filled(kept);
                self.waits_since = None;
            }
            self.note(followed);
            return Poll::Ready(Ok(came));
        }
        let mut piece = [const { std::mem::MaybeUninit::uninit() }; PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
        self.held.extend_from_slice(piece.filled());
        let followed = self.framing.follow(&self.held);
        self.cleared = followed.cleared;
        self.note(followed);
        Poll::Ready(Ok(piece.filled().len()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let before = out.filled().len();
        loop {
            if gate.cleared > 0 {
                gate.hand_on(out);
                return Poll::Ready(Ok(()));
            }
            if let Some(refusal) = gate.refusal.take() {
                if refusal.is_of_body() {
                    return Poll::Ready(Err(gate.broken(refusal)));
                }
                gate.ledger.refused(refusal, Seen::of_head(&gate.held));
                gate.held = BytesMut::from(STAND_IN);
                gate.cleared = STAND_IN.len();
                continue;
            }
            if gate.framing.is_refused() {
                // The engine closes once it has answered.
                return Poll::Pending;
            }
            if gate.framing.is_undecided() {
                let upgraded = ready!(gate.ledger.poll_upgrade(context));
                gate.framing.decide(upgraded);
                let followed = gate.framing.follow(&gate.held);
                gate.cleared = followed.cleared;
                gate.note(followed);
                continue;
            }
            // A connection of HTTP/2 is ended where it is served.
            if gate.framing.is_through() && gate.is_known {
                gate.poll_cut(context)?;
            }
            match gate.poll_more(context, out) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(came)) => {
                    if !gate.goes_on(came) {
                        // Whoever serves the connection closes it, and no program answers a body
                        // that breaks off.
                        return Poll::Pending;
                    }
                    if out.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    gate.waits();
                    let Some(deadline) = gate.deadline() else {
                        return Poll::Pending;
                    };
                    ready!(gate.reading.poll(context, deadline));
                    if let Waited::Enough = gate.too_slow()? {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl<S> Gate<S> {
    /// A stream waits for nobody to read it for longer than it may.
    fn mind<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let handle = self.place.as_ref().map(Place::handle);
        if polled.is_ready() {
            if let (Some(_), Some(handle)) = (self.stuck_since.take(), handle) {
                handle.set_unread(None);
            }
            return polled;
        }
        let since = *self.stuck_since.get_or_insert_with(|| {
            let now = Instant::now();
            if let Some(handle) = handle {
                handle.set_unread(Some(now + self.bounds.slow_time()));
            }
            now
        });
        ready!(self.writing.poll(context, since + self.bounds.body_time));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Gate<S> {
    /// Reads what still comes, for a while: a socket closed with bytes unread would
    /// take back the answer that says what was wrong with them (RFC 9112, section 9.6).
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let deadline = *self
            .lingers_until
            .get_or_insert_with(|| Instant::now() + LINGER);
        let mut piece = [const { std::mem::MaybeUninit::uninit() }; PIECE];
        loop {
            let mut piece = ReadBuf::uninit(&mut piece);
            match Pin::new(&mut self.stream).poll_read(context, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    ready!(self.reading.poll(context, deadline));
                    return Poll::Ready(Ok(()));
                }
            }
            if Instant::now() >= deadline {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_write(context, bytes);
        gate.mind(context, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_write_vectored(context, slices);
        gate.mind(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_flush(context);
        gate.mind(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        if gate.lingers_until.is_none() {
            let polled = Pin::new(&mut gate.stream).poll_shutdown(context);
            ready!(gate.mind(context, polled))?;
        }
        if gate.framing.is_through() || gate.framing.is_between() {
            return Poll::Ready(Ok(()));
        }
        gate.poll_linger(context)
    }
}
