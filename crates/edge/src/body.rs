//! What streams through the door, in either direction.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use crate::files::{Held, Pages};
use crate::log::Logged;

/// Why a body ended before its end.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// What is sent back.
pub type Answer = http::Response<Body>;

/// Whether an answer has no body, whatever its headers say (RFC 9110, section 6.4.1).
pub(crate) fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// A body, by what it comes from: no boxed trait on the way of most requests.
#[derive(Debug, Default)]
pub enum Body {
    /// No bytes.
    #[default]
    Empty,
    /// All bytes, in memory.
    Full(Full<Bytes>),
    /// All bytes of a file, in memory.
    Held(Held),
    /// What a client or an upstream sends.
    Incoming(Incoming),
    /// One of these whose end is written into the access log.
    Logged(Box<Logged<Body>>),
    /// What something else makes, piece by piece.
    Stream(UnsyncBoxBody<Bytes, BodyError>),
}

impl Body {
    /// These bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Full(Full::new(bytes))
        }
    }

    /// The bytes of a file.
    pub(crate) fn held(held: Held) -> Self {
        if held.len() == 0 {
            Self::Empty
        } else {
            Self::Held(held)
        }
    }

    /// Where the kernel may have all of it too.
    pub(crate) fn pages(&self) -> Option<&Arc<Pages>> {
        match self {
            Self::Held(held) => held.pages(),
            Self::Logged(logged) => logged.body().pages(),
            _ => None,
        }
    }

    /// Whether all of it is in memory.
    pub(crate) fn is_here(&self) -> bool {
        match self {
            Self::Empty | Self::Full(_) | Self::Held(_) => true,
            Self::Logged(logged) => logged.body().is_here(),
            Self::Incoming(_) | Self::Stream(_) => false,
        }
    }

    /// A stream of another kind.
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
            Self::Full(full) => Pin::new(full)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::Held(held) => Poll::Ready(held.next().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Incoming(incoming) => Pin::new(incoming).poll_frame(context).map_err(Into::into),
            Self::Logged(logged) => Pin::new(logged).poll_frame(context),
            Self::Stream(stream) => Pin::new(stream).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(full) => full.is_end_stream(),
            Self::Held(held) => held.len() == 0,
            Self::Incoming(incoming) => incoming.is_end_stream(),
            Self::Logged(logged) => logged.is_end_stream(),
            Self::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(full) => full.size_hint(),
            Self::Held(held) => SizeHint::with_exact(held.len() as u64),
            Self::Incoming(incoming) => incoming.size_hint(),
            Self::Logged(logged) => logged.size_hint(),
            Self::Stream(stream) => stream.size_hint(),
        }
    }
}
