//! A connection to a server, driven by the task that waits for its response.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::{Method, Request};
use http_body::Frame;
use http1::{BadAnswer, Decoded, Head, LARGEST_HEAD, Left, Read};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::time::Instant;

use super::connect::Stream;
use super::error::ProxyError;
use super::request_head;
use super::response_buffer::PIECE;
use super::retry::{Failure, RetryState};
use super::settings::Times;
use super::upload::{Piece, Upload};
use crate::body::poll_piece;
use crate::client_info::ClientInfo;
use crate::deadline::Deadline;

/// Up to this size, copying a body to its head is faster than sending two buffers.
const MAX_COPIED_BYTES: usize = 4 << 10;

pub(super) struct UpstreamConnection {
    stream: Stream,
    /// When the current wait for the server or the client began.
    since: Instant,
    deadline: Deadline,
    reused: bool,
    /// Whether the connection can be used again after the response.
    lasting: bool,
    unsent: Unsent,
    /// The streamed request body, which is sent after `unsent`.
    upload: Option<Box<Upload>>,
    /// Whether bytes were sent since this flag was last cleared.
    has_moved: bool,
    /// When the connection last returned to the pool.
    pub(super) rested: Instant,
}

#[derive(Default)]
struct Unsent {
    head: Vec<u8>,
    /// The number of sent bytes of the head.
    sent: usize,
    body: Bytes,
    tail: &'static [u8],
}

impl Unsent {
    fn of(mut head: Vec<u8>, mut body: Bytes, mut tail: &'static [u8]) -> Self {
        if body.len() <= MAX_COPIED_BYTES {
            head.extend_from_slice(&body);
            head.extend_from_slice(tail);
            (body, tail) = (Bytes::new(), b"");
        }
        Self {
            head,
            sent: 0,
            body,
            tail,
        }
    }

    fn length(&self) -> usize {
        self.head.len() - self.sent + self.body.len() + self.tail.len()
    }

    fn slices(&self) -> [IoSlice<'_>; 3] {
        let head = self.head.get(self.sent..).unwrap_or_default();
        [head, &self.body, self.tail].map(IoSlice::new)
    }

    fn advance(&mut self, written: usize) {
        let of_head = written.min(self.head.len() - self.sent);
        self.sent += of_head;
        let of_body = (written - of_head).min(self.body.len());
        self.body.advance(of_body);
        self.tail = &self.tail[written - of_head - of_body..];
        if self.length() == 0 {
            // The memory is freed, because the connection may be idle for a while.
            *self = Self::default();
        }
    }
}

pub(super) enum Outgoing<'a> {
    Here(Option<&'a Bytes>),
    Streamed(&'a mut Option<Box<Upload>>),
}

enum Step {
    Answer(Head),
    /// The server closed the connection before anything was sent.
    Unsent(io::Error),
    Broken(io::Error),
    /// The request must not be sent again.
    Over(ProxyError),
}

enum Unwritten {
    Server(io::Error),
    Client(ProxyError),
}

impl UpstreamConnection {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            since: Instant::now(),
            deadline: Deadline::default(),
            reused: false,
            lasting: false,
            unsent: Unsent::default(),
            upload: None,
            has_moved: false,
            rested: Instant::now(),
        }
    }

    pub(super) fn reused(&self) -> bool {
        self.reused
    }

    /// Sends a request and waits for the response head. Leaves the request intact if the server has
    /// closed the connection.
    ///
    /// If `care` is true, this function first asks the kernel whether the connection is still open.
    /// If `raw` is set, `request` still contains the client's own headers.
    pub(super) async fn ask(
        &mut self,
        request: &mut Request<()>,
        raw: &mut Option<&ClientInfo>,
        body: Outgoing<'_>,
        times: &Times,
        care: bool,
    ) -> Result<Head, Failure> {
        if care && self.reused {
            self.stream.look();
        }
        let (whole, streamed) = match body {
            Outgoing::Here(whole) => (whole, None),
            Outgoing::Streamed(upload) => {
                self.upload = upload.take();
                (None, Some(upload))
            }
        };
        let head = request_head::of(request, raw, whole);
        self.unsent = Unsent::of(head, whole.cloned().unwrap_or_default(), b"");
        let has_body = whole.is_some() || streamed.is_some();
        let is_head = *request.method() == Method::HEAD;
        self.waits();
        let mut received = Bytes::new();
        let mut is_looked_at = !self.reused && streamed.is_none();
        let step = std::future::poll_fn(|context| {
            if !is_looked_at {
                is_looked_at = true;
                // Bytes that arrive before the request is sent cannot be a response to it.
                match self.poll_read(context, &mut received) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(_)) => return Poll::Ready(Step::Unsent(closed())),
                    Poll::Ready(Err(error)) => return Poll::Ready(Step::Unsent(error)),
                }
            }
            match self.poll_write(context) {
                Poll::Ready(Err(Unwritten::Server(error))) => {
                    return Poll::Ready(Step::Broken(error));
                }
                Poll::Ready(Err(Unwritten::Client(error))) => {
                    return Poll::Ready(Step::Over(error));
                }
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            if std::mem::take(&mut self.has_moved) && has_body {
                self.waits();
            }
            while let Poll::Ready(read) = self.poll_read(context, &mut received) {
                match read {
                    Ok(0) => return Poll::Ready(Step::Broken(closed())),
                    Ok(_) => {}
                    Err(error) => return Poll::Ready(Step::Broken(error)),
                }
                let bad = match read_final_head(&mut received, is_head, request) {
                    Read::Whole(head) => return Poll::Ready(Step::Answer(head)),
                    Read::Part if received.len() <= LARGEST_HEAD => continue,
                    Read::Part | Read::Interim(_) => BadAnswer::Head,
                    Read::Bad(bad) => bad,
                };
                return Poll::Ready(Step::Over(bad.into()));
            }
            let (limit, late) = self.current_timeout(times);
            self.poll_late(context, limit).map(|()| Step::Over(late))
        })
        .await;
        let (error, left) = match step {
            Step::Answer(head) => {
                self.lasting = head.lasting;
                return Ok(head);
            }
            Step::Unsent(error) => (ProxyError::Closed(error.into()), RetryState::Unbegun),
            Step::Broken(error) => {
                let left = match error.kind() {
                    _ if !received.is_empty() || streamed.is_some() => RetryState::Nothing,
                    io::ErrorKind::ConnectionReset => RetryState::Unread,
                    _ => RetryState::Untouched,
                };
                (ProxyError::Closed(error.into()), left)
            }
            Step::Over(error) => (error, RetryState::Nothing),
        };
        if let Some(streamed) = streamed {
            *streamed = self.upload.take();
        }
        Err(Failure { error, left })
    }

    /// Also returns the error if it passes.
    fn current_timeout(&self, times: &Times) -> (Duration, ProxyError) {
        match &self.upload {
            Some(upload) if upload.awaits_client && self.unsent.length() == 0 => {
                (times.idle, ProxyError::BodyTime)
            }
            None if self.unsent.length() == 0 => (times.first_byte, ProxyError::FirstByteTime),
            _ => (times.idle, ProxyError::SendTime),
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Unwritten>> {
        let polled = self.poll_unsent(context);
        if let Poll::Ready(Err(_)) = &polled {
            self.upload = None;
            self.lasting = false;
        }
        polled
    }

    fn poll_unsent(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Unwritten>> {
        loop {
            while self.unsent.length() > 0 {
                let stream = Pin::new(&mut self.stream);
                let written = match self.unsent.slices() {
                    [head, body, _] if body.is_empty() => stream.poll_write(context, &head),
                    all => stream.poll_write_vectored(context, &all),
                };
                match ready!(written).map_err(Unwritten::Server)? {
                    0 => {
                        let error = io::ErrorKind::WriteZero.into();
                        return Poll::Ready(Err(Unwritten::Server(error)));
                    }
                    written => self.unsent.advance(written),
                }
                self.has_moved = true;
            }
            if self.stream.is_deaf() {
                // The server accepts no more data. It may have sent a response, and that response
                // must still be read.
                self.upload = None;
            }
            let Some(upload) = &mut self.upload else {
                return Poll::Ready(Ok(()));
            };
            self.unsent = match ready!(upload.poll_next(context)) {
                Ok(Some(Piece { head, data, tail })) => Unsent::of(head, data, tail),
                Ok(None) => {
                    self.upload = None;
                    Unsent::default()
                }
                Err(error) => return Poll::Ready(Err(Unwritten::Client(error))),
            };
            self.has_moved = true;
        }
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        received: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        #[expect(
            clippy::large_stack_arrays,
            reason = "on the heap, each read would cost an allocation"
        )]
        let mut piece = [const { MaybeUninit::uninit() }; PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
        let piece = piece.filled();
        *received = if received.is_empty() {
            Bytes::copy_from_slice(piece)
        } else {
            [&received[..], piece].concat().into()
        };
        Poll::Ready(Ok(piece.len()))
    }

    /// Returns the next part of a response body, of which `left` remains; `None` at the end.
    pub(super) fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        left: &mut Left,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        // A write error is ignored, because only the response shows whether the server needs the
        // rest of the request.
        if let Poll::Ready(Err(Unwritten::Client(error))) = self.poll_write(context) {
            return Poll::Ready(Some(Err(io::Error::other(error))));
        }
        let next = match left {
            Left::Length(0) => return Poll::Ready(None),
            Left::Length(length) => {
                let most = usize::try_from(*length).unwrap_or(usize::MAX);
                match ready!(poll_piece(&mut self.stream, context, most.min(PIECE))) {
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
                let (chunks, received) = &mut **chunks;
                match chunks.next(received) {
                    Ok(None) => {}
                    Ok(Some(Decoded::Data(data))) => break Ok(Frame::data(data)),
                    Ok(Some(Decoded::End(trailers))) => {
                        self.lasting &= received.is_empty();
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
                    Ok(piece) => *received = piece,
                    Err(error) => break Err(error),
                }
            },
        };
        Poll::Ready(Some(next))
    }

    pub(super) fn waits(&mut self) {
        self.since = Instant::now();
    }

    /// `Ready` once the current wait is longer than `limit`.
    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        self.deadline.poll(context, self.since + limit)
    }

    /// Ends a response. Returns the connection if it can be used again.
    pub(super) fn rest(mut self: Box<Self>) -> Option<Box<Self>> {
        let is_sent = self.unsent.length() == 0 && self.upload.is_none();
        if !self.lasting || !is_sent || self.stream.is_deaf() {
            return None;
        }
        self.reused = true;
        self.rested = Instant::now();
        Some(self)
    }
}

fn read_final_head(received: &mut Bytes, is_head: bool, request: &mut Request<()>) -> Read {
    loop {
        match http1::read(received, is_head, request.headers_mut()) {
            Read::Interim(length) => received.advance(length),
            read => return read,
        }
        if received.is_empty() {
            return Read::Part;
        }
    }
}

fn closed() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl UpstreamConnection {
    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }
}

impl std::fmt::Debug for UpstreamConnection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("UpstreamConnection")
            .finish_non_exhaustive()
    }
}
