//! A connection to a server without an engine around it: as it rests in the pool, and
//! for exchanges that need none.
//!
//! That is a request whose body is here, or has none, and an answer that says in one place how
//! it ends. With whatever else comes the connection goes to the engine, to which it looks as if
//! the engine had asked.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::{Method, Request};
use http_body::Frame;
use http1::{Decoded, Head, LARGEST_HEAD, Left, Read};
use hyper::ext::ReasonPhrase;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::time::Instant;

use super::connect::Stream;
use super::error::ProxyError;
use super::head;
use super::http_connection::Waiting;
use super::request_body::{Sending, tame};
use super::retry::{Failure, RetryState};
use super::settings::Times;
use crate::body::poll_piece;
use crate::client_info::ClientInfo;

/// What is read at once while a head is awaited.
const PIECE: usize = 16 << 10;
/// What is read at once of the rest of a body.
const LARGEST_PIECE: usize = 64 << 10;
/// A body that is sooner copied behind its head than sent as a piece beside it.
const SMALL: usize = 4 << 10;

/// A connection to a server.
pub(super) struct RawConnection {
    stream: Stream,
    waiting: Waiting,
    /// Whether it answered before.
    reused: bool,
    /// Whether the last answer allows another request.
    lasting: bool,
    unsent: Unsent,
    /// When it was last put aside.
    pub(super) rested: Instant,
}

/// What is still to be sent of a request.
#[derive(Default)]
struct Unsent {
    head: Vec<u8>,
    /// So much of the head was sent.
    sent: usize,
    body: Bytes,
}

impl Unsent {
    fn of(mut head: Vec<u8>, mut body: Bytes) -> Self {
        if body.len() <= SMALL {
            head.extend_from_slice(&body);
            body.clear();
        }
        let sent = 0;
        Self { head, sent, body }
    }

    fn length(&self) -> usize {
        self.head.len() - self.sent + self.body.len()
    }

    fn slices(&self) -> [IoSlice<'_>; 2] {
        let head = self.head.get(self.sent..).unwrap_or_default();
        [IoSlice::new(head), IoSlice::new(&self.body)]
    }

    fn advance(&mut self, written: usize) {
        let of_head = written.min(self.head.len() - self.sent);
        self.sent += of_head;
        self.body.advance(written - of_head);
        if self.length() == 0 {
            // A connection that waits holds no memory.
            *self = Self::default();
        }
    }
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
    Late(ProxyError),
}

impl RawConnection {
    /// A fresh one.
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            waiting: Waiting::new(),
            reused: false,
            lasting: false,
            unsent: Unsent::default(),
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

    /// Sends a request with a body that is here, or none, and waits for the head of its answer.
    /// At a failure of a connection that had gone stale the request is as it was. With `care`
    /// the system is asked first whether the connection still stands.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: &mut Request<Sending>,
        raw: &mut Option<&ClientInfo>,
        whole: Option<&Bytes>,
        times: &Times,
        care: bool,
    ) -> Result<Heard, Failure> {
        self.stream.marks().begin();
        if care && self.reused {
            self.stream.marks().look();
        }
        let asked = head::of(request, *raw, whole.is_some()).unwrap_or_else(|| {
            tame(request, raw, whole);
            head::of(request, None, whole.is_some()).unwrap_or_default()
        });
        self.unsent = Unsent::of(asked, whole.cloned().unwrap_or_default());
        let is_head = *request.method() == Method::HEAD;
        self.waiting.begin();
        let bare = &mut *self;
        let mut came = Bytes::new();
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
            let unsent = bare.unsent.length();
            if let Poll::Ready(Err(error)) = bare.poll_write(context) {
                return Poll::Ready(Step::Broken(error));
            }
            if bare.unsent.length() < unsent && whole.is_some() {
                bare.waiting.begin();
            }
            while let Poll::Ready(read) = bare.poll_read(context, &mut came) {
                match read {
                    Ok(0) => return Poll::Ready(Step::Broken(closed())),
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Step::Broken(error)),
                }
                match hear(&mut came, is_head, request) {
                    Read::Whole(head) => return Poll::Ready(Step::Answer(head)),
                    Read::Part if came.len() <= LARGEST_HEAD => {}
                    _ => return Poll::Ready(Step::Other),
                }
            }
            let (limit, late) = if bare.unsent.length() > 0 {
                (times.idle, ProxyError::SendTime)
            } else {
                (times.first_byte, ProxyError::FirstByteTime)
            };
            bare.waiting.poll(context, limit).map(|()| Step::Late(late))
        })
        .await;
        let (error, left) = match step {
            Step::Answer(mut head) => {
                if let Some(reason) = head.reason.take()
                    && let Ok(reason) = ReasonPhrase::try_from(reason)
                {
                    head.parts.extensions.insert(reason);
                }
                self.lasting = head.lasting;
                return Ok(Heard::Answer(self, head));
            }
            Step::Other => {
                self.stream = self.stream.resumed(came);
                return Ok(Heard::Other(self));
            }
            Step::Unsent(error) => (ProxyError::Closed(error.into()), RetryState::Unbegun),
            Step::Broken(error) => {
                let left = match error.kind() {
                    _ if !came.is_empty() => RetryState::Nothing,
                    io::ErrorKind::ConnectionReset => RetryState::Unread,
                    _ => RetryState::Untouched,
                };
                (ProxyError::Closed(error.into()), left)
            }
            Step::Late(error) => (error, RetryState::Nothing),
        };
        Err(Failure { error, left })
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unsent.length() > 0 {
            let stream = Pin::new(&mut self.stream);
            let written = match self.unsent.slices() {
                [head, body] if body.is_empty() => stream.poll_write(context, &head),
                both => stream.poll_write_vectored(context, &both),
            };
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.unsent.advance(written),
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

    /// The next part of a body of which so much is left; none at its end.
    pub(super) fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        left: &mut Left,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        // Whether the rest of the request can be sent shows when the answer is read.
        let _ = self.poll_write(context);
        let next = match left {
            Left::Length(0) => return Poll::Ready(None),
            Left::Length(length) => {
                let most = usize::try_from(*length).unwrap_or(usize::MAX);
                let piece = ready!(poll_piece(
                    &mut self.stream,
                    context,
                    most.min(LARGEST_PIECE)
                ));
                match piece {
                    Ok(piece) if piece.is_empty() => Err(closed()),
                    Ok(piece) => {
                        *length -= piece.len() as u64;
                        Ok(Frame::data(piece))
                    }
                    Err(error) => Err(error),
                }
            }
            Left::Everything => match ready!(poll_piece(&mut self.stream, context, PIECE)) {
                Ok(piece) if piece.is_empty() => {
                    *left = Left::Length(0);
                    return Poll::Ready(None);
                }
                piece => piece.map(Frame::data),
            },
            Left::Trailers(trailers) => {
                let trailers = std::mem::take(&mut **trailers);
                *left = Left::Length(0);
                Ok(Frame::trailers(trailers))
            }
            Left::Chunks(chunks) => loop {
                let (chunks, came) = &mut **chunks;
                match chunks.next(came) {
                    Ok(None) => {}
                    Ok(Some(Decoded::Data(data))) => break Ok(Frame::data(data)),
                    Ok(Some(Decoded::End(trailers))) => {
                        self.lasting &= came.is_empty();
                        *left = Left::Length(0);
                        match trailers {
                            Some(trailers) => break Ok(Frame::trailers(trailers)),
                            None => return Poll::Ready(None),
                        }
                    }
                    Err(bad) => break Err(io::Error::new(io::ErrorKind::InvalidData, bad)),
                }
                match ready!(poll_piece(&mut self.stream, context, PIECE)) {
                    Ok(piece) if piece.is_empty() => break Err(closed()),
                    Ok(piece) => *came = piece,
                    Err(error) => break Err(error),
                }
            },
        };
        Poll::Ready(Some(next))
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
        if !self.lasting || self.unsent.length() > 0 || self.stream.marks().deaf() {
            return None;
        }
        self.reused = true;
        self.rested = Instant::now();
        Some(self)
    }
}

/// Reads what came, past what comes before the answer.
fn hear(came: &mut Bytes, is_head: bool, request: &mut Request<Sending>) -> Read {
    loop {
        match http1::read(came, is_head, request.headers_mut()) {
            Read::Interim(length) => came.advance(length),
            read => return read,
        }
        if came.is_empty() {
            return Read::Part;
        }
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
