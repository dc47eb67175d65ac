//! The way to a server: a connection, with an engine where a request needs one.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use http1::Left;
use hyper::body::Incoming;

use super::connect::Stream;
use super::error::ProxyError;
use super::http_connection::Wire;
use super::raw_connection::{Heard, RawConnection};
use super::request_body::{Flow, Sending, tame};
use super::retry::Failure;
use super::settings::Times;
use crate::body::{Body, with_more};
use crate::client_info::ClientInfo;

/// How one request reaches a server.
#[derive(Debug)]
pub(super) enum Way {
    /// On a connection that has no engine, or needs none.
    RawConnection(Box<RawConnection>),
    /// On one that has an engine.
    Own(Box<Wire>),
}

/// How the body of a request is sent.
#[derive(Clone, Copy)]
pub(super) enum Outgoing<'a> {
    /// All of it is here, or there is none.
    Here(Option<&'a Bytes>),
    /// As it comes.
    Streamed(&'a Arc<Flow>),
    /// Nothing, and what follows the answer may be of another protocol.
    Upgrade,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Came {
    /// As an engine reads it.
    Engine(Incoming),
    /// These bytes, and what is left.
    RawConnection(Bytes, Left),
}

impl Came {
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Engine(incoming) => incoming.is_end_stream(),
            Self::RawConnection(first, left) => first.is_empty() && matches!(left, Left::Length(0)),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Engine(incoming) => incoming.size_hint(),
            Self::RawConnection(first, Left::Length(left)) => {
                SizeHint::with_exact(first.len() as u64 + left)
            }
            Self::RawConnection(first, _) => with_more(SizeHint::default(), first.len() as u64),
        }
    }
}

impl RawConnection {
    /// Sends a request and waits for the head of its answer; `care` as for [`Wire`]. With a
    /// flow, or where another protocol is asked for, an engine sends it.
    /// With facts the headers are the client's own.
    pub(super) async fn ask(
        self: Box<Self>,
        request: &mut Request<Sending>,
        raw: &mut Option<&ClientInfo>,
        body: Outgoing<'_>,
        times: &Times,
        care: bool,
    ) -> Result<(Way, Response<Came>), Failure> {
        let (mut bare, mut care) = (self, care);
        let mut flow = None;
        match body {
            Outgoing::Here(whole) => {
                bare = match bare.send(request, raw, whole, times, care).await? {
                    Heard::Answer(bare, head) => {
                        let came = Came::RawConnection(head.first, head.left);
                        let answer = Response::from_parts(head.parts, came);
                        return Ok((Way::RawConnection(bare), answer));
                    }
                    Heard::Other(bare) => bare,
                };
                // It was sent, and what came is to be read.
                care = false;
                if let Some(whole) = whole {
                    let sent = flow.insert(Arc::default());
                    let body = Body::full(whole.clone());
                    *request.body_mut() = Sending::new(body, Arc::clone(sent));
                }
            }
            Outgoing::Streamed(streamed) => flow = Some(Arc::clone(streamed)),
            Outgoing::Upgrade => {}
        }
        let whole = match body {
            Outgoing::Here(whole) => whole,
            Outgoing::Streamed(_) | Outgoing::Upgrade => None,
        };
        tame(request, raw, whole);
        let request = std::mem::replace(request, Request::new(Sending::nothing()));
        // Requests that need no engine do not carry it about.
        let sending = Box::pin(async {
            let wire = Wire::new(*bare).await.map_err(Failure::last)?;
            wire.send(request, flow.as_deref(), times, care).await
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

    /// The next part of a body that no engine reads, of which so much is left.
    pub(super) fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        left: &mut Left,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
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
