//! Combines the small writes of an HTTP/2 connection.
//!
//! hyper writes and flushes each response separately, and each write costs a TLS record and a
//! system call. Writes are therefore buffered until hyper has nothing more to do.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::lock::lock;

/// The maximum content of a TLS record, in bytes (RFC 8446, section 5.1).
const MOST: usize = 16 * 1_024;
/// How long data may stay in the buffer while hyper makes more responses.
const LONGEST: Duration = Duration::from_micros(500);

/// A stream with an output buffer. hyper shares it with the task that runs hyper.
pub(super) struct Coalesced<S>(Arc<Mutex<Output<S>>>);

struct Output<S> {
    stream: S,
    held: BytesMut,
    held_since: Option<Instant>,
    /// A write error that hyper gets at its next use of the stream.
    failure: Option<io::Error>,
}

impl<S> Clone for Coalesced<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncWrite + Unpin> Coalesced<S> {
    pub(super) fn around(stream: S) -> Self {
        Self(Arc::new(Mutex::new(Output {
            stream,
            held: BytesMut::new(),
            held_since: None,
            failure: None,
        })))
    }

    fn output(&self) -> MutexGuard<'_, Output<S>> {
        lock(&self.0)
    }

    /// Runs hyper, and sends the buffered data whenever hyper returns.
    pub(super) async fn flushed_after<F: Future>(&self, engine: F) -> F::Output {
        let mut engine = pin!(engine);
        poll_fn(|context| {
            let polled = engine.as_mut().poll(context);
            let mut output = self.output();
            if let Poll::Ready(Err(error)) = output.poll_flush(context) {
                output.failure = Some(error);
                context.waker().wake_by_ref();
            }
            polled
        })
        .await
    }
}

impl<S: AsyncWrite + Unpin> Output<S> {
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, &self.held))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.advance(sent);
        }
        // The empty buffer is freed, because the connection may now be idle.
        self.held = BytesMut::new();
        self.held_since = None;
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_buffer(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(error) = self.failure.take() {
            return Poll::Ready(Err(error));
        }
        if self.held.len() == MOST {
            ready!(self.poll_send(context))?;
        }
        if self.held_since.is_none() {
            self.held_since = Some(Instant::now());
            self.held.reserve(MOST);
        }
        let before = self.held.len();
        for slice in slices {
            let count = slice.len().min(MOST - self.held.len());
            self.held.extend_from_slice(&slice[..count]);
        }
        Poll::Ready(Ok(self.held.len() - before))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Coalesced<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut output = self.output();
        if let Some(error) = output.failure.take() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut output.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Coalesced<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.output().poll_buffer(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.output().poll_buffer(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Sends only what has waited for too long. The rest is sent when hyper returns.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut output = self.output();
        let since = output.held_since;
        if since.is_some_and(|since| since.elapsed() >= LONGEST) {
            return output.poll_flush(context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut output = self.output();
        ready!(output.poll_send(context))?;
        Pin::new(&mut output.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    /// The number of bytes that one read returns.
    async fn read_at_once(peer: &mut (impl AsyncRead + Unpin)) -> usize {
        let mut piece = vec![0; 2 * MOST];
        peer.read(&mut piece).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_engine_writes_in_one_run_is_sent_as_one() {
        let (near, mut far) = duplex(2 * MOST);
        let output = Coalesced::around(near);
        let mut stream = output.clone();
        let engine = async {
            for _ in 0..100 {
                stream.write_all(b"ten bytes.").await.unwrap();
                stream.flush().await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = output.flushed_after(engine) => unreachable!(),
            read = read_at_once(&mut far) => assert_eq!(read, 1_000),
        }
        assert_eq!(output.output().held.capacity(), 0, "nothing is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_waited_for_long_is_sent_while_the_engine_runs() {
        let (near, mut far) = duplex(MOST);
        let output = Coalesced::around(near);
        let mut stream = output.clone();
        stream.write_all(b"one").await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(stream.output().held.len(), 3);
        tokio::time::advance(LONGEST).await;
        stream.write_all(b"two").await.unwrap();
        stream.flush().await.unwrap();
        assert_eq!(read_at_once(&mut far).await, 6);
    }

    #[tokio::test]
    async fn only_so_much_is_held_for_a_slow_reader() {
        let (near, mut far) = duplex(1);
        let output = Coalesced::around(near);
        let mut stream = output.clone();
        let whole = vec![b'a'; 10 * MOST];
        let engine = async {
            for piece in whole.chunks(1_000) {
                stream.write_all(piece).await.unwrap();
                assert!(stream.output().held.len() <= MOST);
            }
            stream.shutdown().await.unwrap();
        };
        let mut read = Vec::new();
        let reading = far.read_to_end(&mut read);
        let ((), count) = tokio::join!(output.flushed_after(engine), reading);
        assert_eq!(count.unwrap(), whole.len());
        assert_eq!(read, whole);
    }

    #[tokio::test]
    async fn what_fails_when_the_engine_has_run_is_told_to_it() {
        let (near, far) = duplex(MOST);
        drop(far);
        let output = Coalesced::around(near);
        let mut stream = output.clone();
        let engine = async {
            stream.write_all(b"for nobody").await.unwrap();
            tokio::task::yield_now().await;
            stream.write_all(b"for nobody").await.unwrap_err().kind()
        };
        let failure = output.flushed_after(engine).await;
        assert_eq!(failure, io::ErrorKind::BrokenPipe);
    }
}
