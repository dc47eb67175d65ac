//! The way to a server: a connection of its own (HTTP/1.1), or a stream of one that
//! many requests share (HTTP/2 in the clear, RFC 9113, section 3.3).

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;

use super::connect::Stream;
use super::error::ProxyError;
use super::sending::{Flow, Sending};
use super::settings::{ServerAddress, Times};
use super::streams::Streamed;
use super::wire::{Failure, Wire};

/// How one request reaches a server.
#[derive(Debug)]
pub(super) enum Way {
    /// On a connection of its own.
    Own(Box<Wire>),
    /// Beside others.
    Shared(Box<Streamed>),
}

impl Way {
    /// A new one, which nobody keeps.
    pub(super) async fn open(address: &ServerAddress) -> Result<Self, ProxyError> {
        let stream = Stream::connect(address)
            .await
            .map_err(ProxyError::Connect)?;
        if address.is_http2() {
            return Streamed::open(stream).await.map(Box::new).map(Self::Shared);
        }
        Wire::new(stream).await.map(Self::Own)
    }

    /// Whether it answered before.
    pub(super) fn reused(&self) -> bool {
        match self {
            Self::Own(wire) => wire.reused(),
            Self::Shared(stream) => stream.reused(),
        }
    }

    /// Sends a request and waits for the head of its answer; `care` as for [`Wire`].
    pub(super) async fn send(
        self,
        request: Request<Sending>,
        flow: Option<&Flow>,
        times: &Times,
        care: bool,
    ) -> Result<(Self, Response<Incoming>), Box<Failure>> {
        match self {
            Self::Own(wire) => {
                let (wire, answer) = wire.send(request, flow, times, care).await?;
                Ok((Self::Own(wire), answer))
            }
            Self::Shared(stream) => {
                let (stream, answer) = stream.send(request, flow, times).await?;
                Ok((Self::Shared(stream), answer))
            }
        }
    }

    /// Reads and writes what can be. A shared connection is driven by its own task.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        match self {
            Self::Own(wire) => wire.drive(context),
            Self::Shared(_) => Poll::Pending,
        }
    }

    /// Begins to wait for a server that sends nothing.
    pub(super) fn waits(&mut self) {
        match self {
            Self::Own(wire) => wire.waits(),
            Self::Shared(stream) => stream.waits(),
        }
    }

    /// Ready when that has taken too long.
    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        match self {
            Self::Own(wire) => wire.poll_late(context, limit),
            Self::Shared(stream) => stream.poll_late(context, limit),
        }
    }

    /// After the end of an answer: a connection of its own that can take another request.
    pub(super) fn rest(self, context: &mut Context<'_>) -> Option<Box<Wire>> {
        match self {
            Self::Own(wire) => wire.rest(context),
            Self::Shared(_) => None,
        }
    }

    /// After an answer that switched protocols, which only HTTP/1.1 can.
    pub(super) async fn into_stream(self) -> Result<(Stream, Bytes), ProxyError> {
        match self {
            Self::Own(wire) => wire.into_stream().await,
            Self::Shared(_) => Err(ProxyError::Upgrade),
        }
    }
}
