//! The way to a server: a connection, with an engine where a request needs one.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body as _, SizeHint};
use hyper::body::Incoming;

use super::connect::Stream;
use super::error::ProxyError;
use super::http_connection::Wire;
use super::raw_connection::{Heard, RawConnection};
use super::request_body::{Flow, Sending, tame};
use super::retry::Failure;
use super::settings::Times;
use crate::client_info::ClientInfo;

/// How one request reaches a server.
#[derive(Debug)]
pub(super) enum Way {
    /// On a connection that has no engine, or needs none.
    RawConnection(Box<RawConnection>),
    /// On one that has an engine.
    Own(Box<Wire>),
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Came {
    /// As an engine reads it.
    Engine(Incoming),
    /// These bytes, and so many more.
    RawConnection(Bytes, u64),
}

impl Came {
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Engine(incoming) => incoming.is_end_stream(),
            Self::RawConnection(first, left) => first.is_empty() && *left == 0,
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Engine(incoming) => incoming.size_hint(),
            Self::RawConnection(first, left) => SizeHint::with_exact(first.len() as u64 + left),
        }
    }
}

/// Whether no engine is needed to send such a request, which then stays as it is as long as it
/// may have to be sent again.
pub(super) fn leaves_be(method: &Method, flow: Option<&Flow>) -> bool {
    [Method::GET, Method::HEAD].contains(method) && flow.is_none()
}

impl RawConnection {
    /// Sends a request and waits for the head of its answer; `care` as for [`Wire`].
    /// With facts the headers are the client's own, as a connection may take them that leaves
    /// them be.
    pub(super) async fn ask(
        self: Box<Self>,
        request: &mut Request<Sending>,
        raw: &mut Option<&ClientInfo>,
        flow: Option<&Flow>,
        times: &Times,
        care: bool,
    ) -> Result<(Way, Response<Came>), Failure> {
        let mut bare = self;
        if !care && leaves_be(request.method(), flow) {
            bare = match bare.send(request, raw, times).await? {
                Heard::Answer(bare, head) => {
                    let came = Came::RawConnection(head.first, head.left);
                    let answer = Response::from_parts(head.parts, came);
                    return Ok((Way::RawConnection(bare), answer));
                }
                Heard::Other(bare) => bare,
            };
        }
        tame(request, raw);
        let request = std::mem::replace(request, Request::new(Sending::nothing()));
        // Requests that need no engine do not carry it about.
        let sending = Box::pin(async {
            let wire = Wire::new(*bare).await.map_err(Failure::last)?;
            wire.send(request, flow, times, care).await
        });
        let (wire, answer) = sending.await?;
        Ok((Way::Own(wire), answer.map(Came::Engine)))
    }
}

impl Way {
    /// Reads and writes what can be.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        match self {
            Self::Own(wire) => wire.drive(context),
            Self::RawConnection(_) => Poll::Pending,
        }
    }

    /// The next piece of a body that no engine reads, of which so much is left.
    pub(super) fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        left: u64,
    ) -> Poll<io::Result<Bytes>> {
        match self {
            Self::RawConnection(bare) => bare.poll_more(context, left),
            Self::Own(_) => Poll::Pending,
        }
    }

    /// Begins to wait for a server that sends nothing.
    pub(super) fn waits(&mut self) {
        match self {
            Self::RawConnection(bare) => bare.waits(),
            Self::Own(wire) => wire.waits(),
        }
    }

    /// Ready when that has taken too long.
    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        match self {
            Self::RawConnection(bare) => bare.poll_late(context, limit),
            Self::Own(wire) => wire.poll_late(context, limit),
        }
    }

    /// After the end of an answer: a connection that can take another request.
    pub(super) fn rest(self, context: &mut Context<'_>) -> Option<Box<RawConnection>> {
        match self {
            Self::RawConnection(bare) => bare.rest(),
            Self::Own(wire) => wire.rest(context),
        }
    }

    /// After an answer that switched protocols.
    pub(super) async fn into_stream(self) -> Result<(Stream, Bytes), ProxyError> {
        match self {
            Self::Own(wire) => wire.into_stream().await,
            Self::RawConnection(_) => Err(ProxyError::Upgrade),
        }
    }
}
