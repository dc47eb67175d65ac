//! A connection to a server without an engine around it: as it rests in the pool, and
//! for exchanges that need none.
//!
//! That is a request without a body, and an answer whose head says how many bytes
//! follow it, or all of whose chunks came with it. With whatever else comes the
//! connection goes to the engine, to which it looks as if the engine had asked: one
//! engine owns every hard case.

use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{Method, Request};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, ReadBuf};
use tokio::time::Instant;

use super::connect::Stream;
use super::error::ProxyError;
use super::head::{self, Head};
use super::http_connection::{LARGEST_HEAD, Waiting};
use super::request_body::{Sending, tame};
use super::retry::{Failure, RetryState};
use super::settings::Times;
use crate::client_info::ClientInfo;

/// What is read at once while a head is awaited.
const PIECE: usize = 16 << 10;
/// What is read at once of the rest of a body.
const LARGEST_PIECE: usize = 64 << 10;

/// A connection to a server.
pub(super) struct RawConnection {
    stream: Stream,
    waiting: Waiting,
    /// Whether it answered before.
    reused: bool,
    /// Whether the last answer allows another request.
    lasting: bool,
    /// When it was last put aside.
    pub(super) rested: Instant,
}

/// What came for a request.
pub(super) enum Heard {
    /// The head of an answer, and as much of its body as came with it.
    Answer(Box<RawConnection>, Head),
    /// Something that the engine must read. The request was sent.
    Other(Box<RawConnection>),
}

/// How an exchange goes.
enum Step {
    Answer(Head),
    Other,
    /// The connection was over before anything was sent.
    Unsent(io::Error),
    Broken(io::Error),
    Late,
}

impl RawConnection {
    /// A fresh one.
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            waiting: Waiting::new(),
            reused: false,
            lasting: false,
            rested: Instant::now(),
        }
    }

    /// One that the engine has used and given back.
    pub(super) fn returned(stream: Stream, waiting: Waiting) -> Self {
        Self {
            reused: true,
            waiting,
            ..Self::new(stream)
        }
    }

    /// Whether it answered before.
    pub(super) fn reused(&self) -> bool {
        self.reused
    }

    /// For the engine.
    pub(super) fn into_parts(self) -> (Stream, Waiting, bool) {
        (self.stream, self.waiting, self.reused)
    }

    /// Sends a request without a body and waits for the head of its answer. At a
    /// failure of a connection that had gone stale the request is as it was.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: &mut Request<Sending>,
        raw: &mut Option<&ClientInfo>,
        times: &Times,
    ) -> Result<Heard, Failure> {
        self.stream.marks().begin();
        let asked = head::of(request, *raw).unwrap_or_else(|| {
            tame(request, raw);
            head::of(request, None).unwrap_or_default()
        });
        let is_head = *request.method() == Method::HEAD;
        self.waiting.begin();
        let bare = &mut *self;
        let (mut left, mut came) = (&asked[..], Bytes::new());
        let mut is_looked_at = !bare.reused;
        let step = std::future::poll_fn(|context| {
            if !is_looked_at {
                is_looked_at = true;
                // What comes before it is asked for is no answer.
                match bare.poll_read(context, &mut came) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(_)) => return Poll::Ready(Step::Unsent(closed())),
                    Poll::Ready(Err(error)) => return Poll::Ready(Step::Unsent(error)),
                }
            }
            if let Poll::Ready(Err(error)) = bare.poll_write(context, &mut left) {
                return Poll::Ready(Step::Broken(error));
            }
            while let Poll::Ready(read) = bare.poll_read(context, &mut came) {
                match read {
                    Ok(0) => return Poll::Ready(Step::Broken(closed())),
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Step::Broken(error)),
                }
                match head::read(&came, is_head, request.headers_mut()) {
                    head::Read::Whole(head) => return Poll::Ready(Step::Answer(head)),
                    head::Read::Part if came.len() <= LARGEST_HEAD => {}
                    head::Read::Part | head::Read::Other => return Poll::Ready(Step::Other),
                }
            }
            let limit = times.first_byte;
            bare.waiting.poll(context, limit).map(|()| Step::Late)
        })
        .await;
        let (error, left) = match step {
            Step::Answer(head) => {
                self.lasting = head.lasting;
                return Ok(Heard::Answer(self, head));
            }
            Step::Other => {
                self.stream = self.stream.resumed(came);
                return Ok(Heard::Other(self));
            }
            Step::Unsent(error) => (ProxyError::Closed(error.into()), RetryState::Unread),
            Step::Broken(error) => {
                let left = match error.kind() {
                    _ if !came.is_empty() => RetryState::Nothing,
                    io::ErrorKind::ConnectionReset => RetryState::Unread,
                    _ => RetryState::Untouched,
                };
                (ProxyError::Closed(error.into()), left)
            }
            Step::Late => (ProxyError::FirstByteTime, RetryState::Nothing),
        };
        Err(Failure { error, left })
    }

    fn poll_write(&mut self, context: &mut Context<'_>, left: &mut &[u8]) -> Poll<io::Result<()>> {
        while !left.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => *left = &left[written..],
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads to the end of what came.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        came: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        let mut piece = [const { MaybeUninit::uninit() }; PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
        let piece = piece.filled();
        *came = if came.is_empty() {
            Bytes::copy_from_slice(piece)
        } else {
            [&came[..], piece].concat().into()
        };
        Poll::Ready(Ok(piece.len()))
    }

    /// The next piece of a body of which so much is left.
    pub(super) fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        left: u64,
    ) -> Poll<io::Result<Bytes>> {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let mut piece = BytesMut::with_capacity(most.min(LARGEST_PIECE));
        let most = piece.capacity().min(most);
        let mut limited = (&mut piece).limit(most);
        let reading = pin!(self.stream.read_buf(&mut limited));
        if ready!(reading.poll(context))? == 0 {
            return Poll::Ready(Err(closed()));
        }
        if piece.len() < piece.capacity() / 2 {
            // Whoever reads slowly need not hold what is empty.
            return Poll::Ready(Ok(Bytes::copy_from_slice(&piece)));
        }
        Poll::Ready(Ok(piece.freeze()))
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
    pub(super) fn rest(mut self: Box<Self>) -> Option<Box<Self>> {
        if !self.lasting || self.stream.marks().deaf() {
            return None;
        }
        self.reused = true;
        self.rested = Instant::now();
        Some(self)
    }
}

fn closed() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl std::fmt::Debug for RawConnection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RawConnection").finish_non_exhaustive()
    }
}
