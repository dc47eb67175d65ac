//! Request and response bodies.

mod file_body;
mod headed_body;
mod kept_file;
mod logged_body;
mod read_permits;

use std::collections::VecDeque;
use std::error::Error;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use tokio::io::{AsyncRead, AsyncReadExt as _};

pub(crate) use file_body::{FileBody, Piece, shorter};
pub(crate) use headed_body::HeadedBody;
pub(crate) use kept_file::KeptFile;
pub(crate) use logged_body::LoggedBody;
pub(crate) use read_permits::{ReadPermit, Readers};

pub(crate) use http1::has_no_body;

pub type BodyError = Box<dyn Error + Send + Sync>;

pub type Answer = http::Response<Body>;

pub(crate) fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Answer {
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// Reads at most `most` bytes, as soon as any are available. Returns no bytes at the end of the
/// stream.
pub(crate) fn poll_piece(
    stream: &mut (impl AsyncRead + Unpin),
    context: &mut Context<'_>,
    most: usize,
) -> Poll<io::Result<Bytes>> {
    let mut piece = BytesMut::with_capacity(most);
    let most = piece.capacity().min(most);
    let mut limited = (&mut piece).limit(most);
    let reading = pin!(stream.read_buf(&mut limited));
    ready!(reading.poll(context))?;
    if piece.len() < piece.capacity() / 2 {
        // A small piece is copied. Otherwise, a slow consumer would keep a mostly empty buffer
        // alive.
        return Poll::Ready(Ok(Bytes::copy_from_slice(&piece)));
    }
    Poll::Ready(Ok(piece.freeze()))
}

/// The size of a body that consists of `held` bytes followed by `rest`.
pub(crate) fn with_more(rest: SizeHint, held: u64) -> SizeHint {
    let mut whole = SizeHint::new();
    // The upper bound must be set first, because the lower bound must never exceed it.
    if let Some(upper) = rest.upper() {
        whole.set_upper(upper.saturating_add(held));
    }
    whole.set_lower(rest.lower().saturating_add(held));
    whole
}

/// The part of a body's file that one `sendfile` call can send.
#[derive(Debug)]
pub(crate) struct SendfileRange<'a> {
    /// `None` if the file has changed, and its old content is sent.
    pub(crate) file: Option<BorrowedFd<'a>>,
    /// The part's content if it is in memory too, otherwise nothing.
    pub(crate) bytes: &'a [u8],
    /// The part's offset in the file.
    pub(crate) place: u64,
    pub(crate) length: usize,
    /// The permit for this `sendfile` call. The permit is released after the call has sent
    /// something. `None` if the call needs no permit.
    pub(crate) turn: Option<ReadPermit>,
}

/// A request or response body. The common kinds are variants, so they need no boxed trait object.
#[derive(Debug, Default)]
pub enum Body {
    #[default]
    Empty,
    Full(Full<Bytes>),
    /// Bytes that stay in memory anyway, such as a cached file.
    Shared(Full<Bytes>),
    /// A cached file, with the head of its response.
    Headed(Box<HeadedBody>),
    /// A file that is kept open and whose content is also in memory.
    KeptFile(KeptFile),
    FileBody(Box<FileBody>),
    /// A body whose end is written to the access log.
    LoggedBody(Box<LoggedBody<Body>>),
    Stream(UnsyncBoxBody<Bytes, BodyError>),
}

impl Body {
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Full(Full::new(bytes))
        }
    }

    /// Like [`Self::full`], for bytes that stay in memory anyway.
    pub(crate) fn shared(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Shared(Full::new(bytes))
        }
    }

    pub(crate) fn pieces(pieces: FileBody) -> Self {
        Self::FileBody(Box::new(pieces))
    }

    /// Whether the whole body is a range of one file, which `sendfile` can send. Must be called
    /// before sending begins.
    pub(crate) fn is_in_file(&self) -> bool {
        match self {
            Self::FileBody(pieces) => pieces.is_one_file(),
            Self::KeptFile(kept) => kept.is_unchanged(),
            Self::LoggedBody(logged) => logged.body().is_in_file(),
            _ => false,
        }
    }

    /// Waits until `sendfile` can send the next part. The body must be [in a
    /// file](Self::is_in_file) and not at its end.
    pub(crate) fn poll_stretch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SendfileRange<'_>>> {
        let nothing = || io::ErrorKind::UnexpectedEof.into();
        match self {
            Self::FileBody(pieces) => pieces.poll_stretch(context),
            Self::KeptFile(kept) => Poll::Ready(Ok(kept.rest())),
            Self::LoggedBody(logged) => logged.poll_stretch(context),
            _ => Poll::Ready(Err(nothing())),
        }
    }

    /// Records that the part from [`Self::poll_stretch`] could not be read from the file.
    pub(crate) fn failed(&mut self, error: &io::Error) {
        if let Self::LoggedBody(logged) = self {
            logged.failed(error);
        }
    }

    /// Records that `sent` bytes of the last part were sent.
    pub(crate) fn advance(&mut self, sent: usize) {
        match self {
            Self::FileBody(pieces) => pieces.advance(sent),
            Self::KeptFile(kept) => kept.advance(sent),
            Self::LoggedBody(logged) => logged.advance(sent),
            _ => {}
        }
    }

    pub(crate) fn is_here(&self) -> bool {
        match self {
            Self::Empty | Self::Full(_) | Self::Shared(_) | Self::Headed(_) | Self::KeptFile(_) => {
                true
            }
            Self::LoggedBody(logged) => logged.body().is_here(),
            Self::FileBody(_) | Self::Stream(_) => false,
        }
    }

    /// Whether the body occupies no memory of its own.
    pub(crate) fn is_shared(&self) -> bool {
        match self {
            Self::Empty | Self::Shared(_) | Self::Headed(_) | Self::KeptFile(_) => true,
            Self::LoggedBody(logged) => logged.body().is_shared(),
            Self::Full(_) | Self::FileBody(_) | Self::Stream(_) => false,
        }
    }

    /// The head of the response, if the body brings it.
    pub(crate) fn headed(&self) -> Option<&HeadedBody> {
        match self {
            Self::Headed(headed) => Some(headed),
            Self::LoggedBody(logged) => logged.body().headed(),
            _ => None,
        }
    }

    /// Returns the bytes of a body that [is in memory](Self::is_here).
    pub(crate) fn into_whole(mut self) -> Bytes {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut self).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            _ => Bytes::new(),
        }
    }

    /// Makes a body from one that has already been read in part. `ahead` contains the frames read
    /// so far, or the error that ended the body. `rest` is the remaining body.
    pub(crate) fn begun(ahead: VecDeque<Result<Frame<Bytes>, BodyError>>, rest: Self) -> Self {
        Self::stream(Begun { ahead, rest })
    }

    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self::Stream(body.map_err(Into::into).boxed_unsync())
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Full(full) | Self::Shared(full) => Pin::new(full)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::Headed(headed) => Pin::new(&mut headed.bytes)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::KeptFile(kept) => Poll::Ready(kept.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::FileBody(pieces) => Pin::new(pieces).poll_frame(context),
            Self::LoggedBody(logged) => Pin::new(logged).poll_frame(context),
            Self::Stream(stream) => Pin::new(stream).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(full) | Self::Shared(full) => full.is_end_stream(),
            Self::Headed(headed) => headed.bytes.is_end_stream(),
            Self::KeptFile(kept) => kept.left() == 0,
            Self::FileBody(pieces) => pieces.is_end_stream(),
            Self::LoggedBody(logged) => logged.is_end_stream(),
            Self::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(full) | Self::Shared(full) => full.size_hint(),
            Self::Headed(headed) => headed.bytes.size_hint(),
            Self::KeptFile(kept) => SizeHint::with_exact(kept.left()),
            Self::FileBody(pieces) => pieces.size_hint(),
            Self::LoggedBody(logged) => logged.size_hint(),
            Self::Stream(stream) => stream.size_hint(),
        }
    }
}

struct Begun {
    ahead: VecDeque<Result<Frame<Bytes>, BodyError>>,
    rest: Body,
}

impl HttpBody for Begun {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.ahead.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.iter().flatten().filter_map(Frame::data_ref);
        let ahead = ahead.map(|bytes| bytes.len() as u64).sum();
        with_more(self.rest.size_hint(), ahead)
    }
}
