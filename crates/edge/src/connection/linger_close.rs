//! Closes an HTTP/2 connection so that the client receives the final GOAWAY. From this frame, the
//! client learns which requests it may retry (RFC 9113, section 6.8).
//!
//! hyper sends GOAWAY only to a client whose preface it has read. If a socket is closed with unread
//! data, the kernel resets the connection, and the client loses GOAWAY.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::CONNECTION_WINDOW;
use crate::listener::Handle;

/// The length of the client preface in bytes (RFC 9113, section 3.4).
const PREFACE: usize = 24;
const MAX_WAIT: Duration = Duration::from_secs(1);
const READ_BYTES: usize = 8 * 1_024;
/// A client that respects its flow-control windows sends no more before it reads GOAWAY.
const MAX_DISCARDED_BYTES: usize = 2 * CONNECTION_WINDOW as usize;

/// A stream that does not close at once when it is dropped. It first shuts down its writing side,
/// and then reads for a limited time until the client has closed the other side.
pub(super) struct LingerClose<S: Stream> {
    stream: Option<S>,
    read: usize,
    begun: CancellationToken,
    handle: Arc<Handle>,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

impl<S: Stream> LingerClose<S> {
    /// Wraps a stream. `begun` is cancelled when the client preface has been read.
    pub(super) fn around(stream: S, begun: CancellationToken, handle: Arc<Handle>) -> Self {
        Self {
            stream: Some(stream),
            read: 0,
            begun,
            handle,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<S: Stream> Drop for LingerClose<S> {
    fn drop(&mut self) {
        let (Some(stream), Ok(runtime)) =
            (self.stream.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        if self.handle.is_evicted() {
            // Another connection waits for this connection's permit, so the stream does not linger.
            return;
        }
        runtime.spawn(async move {
            // A timeout resets the connection.
            let _ = tokio::time::timeout(MAX_WAIT, last_words(stream)).await;
        });
    }
}

async fn last_words(mut stream: impl Stream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut piece = vec![0; READ_BYTES];
    let mut read = 0;
    while read < MAX_DISCARDED_BYTES {
        match stream.read(&mut piece).await? {
            0 => break,
            count => read += count,
        }
    }
    Ok(())
}

impl<S: Stream> AsyncRead for LingerClose<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.stream()?.poll_read(context, buffer);
        if self.read < PREFACE {
            self.read += buffer.filled().len() - before;
            if self.read >= PREFACE {
                self.begun.cancel();
            }
        }
        polled
    }
}

impl<S: Stream> AsyncWrite for LingerClose<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream
            .as_ref()
            .is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}
