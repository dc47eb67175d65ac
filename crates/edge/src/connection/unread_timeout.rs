//! A connection that fails when its client has read nothing for too long.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::deadline::Deadline;
use crate::listener::ConnectionPermit;

use super::Bounds;

type EndSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that fails when its client has read nothing for too long. It holds a connection
/// permit.
pub(super) struct WatchedStream<S> {
    stream: S,
    /// Received data that is returned before the stream is read.
    received: Bytes,
    bounds: Bounds,
    stuck_since: Option<Instant>,
    writing: Deadline,
    cutting: Option<EndSignal>,
    permit: ConnectionPermit,
}

impl<S> WatchedStream<S> {
    pub(super) fn new(stream: S, bounds: Bounds, permit: ConnectionPermit) -> Self {
        Self {
            stream,
            received: Bytes::new(),
            bounds,
            stuck_since: None,
            writing: Deadline::default(),
            cutting: None,
            permit,
        }
    }

    /// Wraps a connection that has switched to another protocol. `received` is data of that
    /// protocol that has already been read. The connection ends when `cut` is cancelled or the
    /// connection is evicted.
    pub(super) fn switched(self, received: Bytes, cut: CancellationToken) -> Self {
        let handle = self.permit.handle().clone();
        let cutting = async move {
            tokio::select! {
                () = cut.cancelled() => {}
                () = handle.evicted() => {}
            }
        };
        Self {
            received,
            cutting: Some(Box::pin(cutting)),
            ..self
        }
    }

    fn mind<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stuck_since = None;
            return polled;
        }
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        ready!(self.writing.poll(context, since + self.bounds.body_time));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let minded = self.get_mut();
        if !minded.received.is_empty() {
            let count = minded.received.len().min(out.remaining());
            out.put_slice(&minded.received.split_to(count));
            return Poll::Ready(Ok(()));
        }
        if let Some(cutting) = &mut minded.cutting
            && cutting.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut minded.stream).poll_read(context, out)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let minded = self.get_mut();
        let polled = Pin::new(&mut minded.stream).poll_write(context, bytes);
        minded.mind(context, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let minded = self.get_mut();
        let polled = Pin::new(&mut minded.stream).poll_write_vectored(context, slices);
        minded.mind(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let minded = self.get_mut();
        let polled = Pin::new(&mut minded.stream).poll_flush(context);
        minded.mind(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let minded = self.get_mut();
        let polled = Pin::new(&mut minded.stream).poll_shutdown(context);
        minded.mind(context, polled)
    }
}
