//! Whether anybody asks for anything on a connection of HTTP/2.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};

/// Requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Busy {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// One of them has become another protocol, whose times are its own.
    tunnels: AtomicBool,
}

impl Busy {
    /// Returns when the first request has not come within `first`, or when there
    /// was none for `idle`.
    pub(super) async fn nobody_asks(&self, first: Duration, idle: Duration) {
        let mut wait = first;
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            tokio::time::sleep(wait).await;
            let is_quiet = begun == self.begun.load(Ordering::Relaxed)
                && begun == self.ended.load(Ordering::Relaxed)
                && !self.tunnels.load(Ordering::Relaxed);
            if is_quiet {
                return;
            }
            wait = idle;
        }
    }
}

/// A request that runs until this is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<Busy>);

impl Running {
    /// Counts one.
    pub(super) fn begin(busy: &Arc<Busy>) -> Self {
        busy.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(busy))
    }

    /// It has become a tunnel.
    pub(super) fn tunnels(&self) {
        self.0.tunnels.store(true, Ordering::Relaxed);
    }

    /// It runs as long as its answer is being sent.
    pub(super) fn until_its_end(self, body: Body) -> Body {
        match body {
            // These leave at once.
            body if body.is_here() => body,
            body => Body::stream(Sending {
                body,
                _running: self,
            }),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

struct Sending {
    body: Body,
    _running: Running,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
