//! Bytes between a client and a server that no longer speak HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{
    AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, copy_bidirectional_with_sizes,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect::Stream;
use super::upstream::Running;
use crate::motion::Motion;

/// What is read at once, in each direction.
const PIECE: usize = 16 << 10;

/// All tunnels of the edge; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tunnels {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tunnels {
    /// How many are open.
    pub fn open(&self) -> usize {
        self.tracker.len()
    }

    /// Waits so long for them to end, then ends them. How many had to be ended.
    pub async fn close(&self, within: Duration) -> usize {
        self.tracker.close();
        let _ = tokio::time::timeout(within, self.tracker.wait()).await;
        let left = self.open();
        self.stop.cancel();
        self.tracker.wait().await;
        left
    }

    /// Copies both ways once the client has switched, until both sides have
    /// ended, nothing moves for `idle`, or all tunnels are closed.
    pub(super) fn run(
        &self,
        client: OnUpgrade,
        server: Stream,
        early: Bytes,
        running: Running,
        idle: Duration,
    ) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let work = async {
                if let Ok(Ok(client)) = tokio::time::timeout(idle, client).await {
                    copy(client, server, early, idle).await;
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
            drop(running);
        });
    }
}

async fn copy(client: Upgraded, mut server: Stream, early: Bytes, idle: Duration) {
    let (both_ways, reading) = (Arc::new(Motion::default()), Arc::new(Motion::default()));
    both_ways.awaits(true);
    let mut client = Counted {
        io: TokioIo::new(client),
        both_ways: Arc::clone(&both_ways),
        reading: Arc::clone(&reading),
    };
    let both = async {
        client.write_all(&early).await?;
        copy_bidirectional_with_sizes(&mut client, &mut server, PIECE, PIECE).await
    };
    tokio::select! {
        // Which side broke off tells nobody anything.
        _ = both => {}
        () = both_ways.stands_still(idle) => {}
        // A client that sends and never reads would fill the server.
        () = reading.stands_still(idle) => {}
    }
}

/// A client, of whom is counted what it sends and reads.
struct Counted<T> {
    io: T,
    both_ways: Arc<Motion>,
    reading: Arc<Motion>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
        this.both_ways.moved();
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write(context, bytes);
        this.reading.awaits(polled.is_pending());
        let written = ready!(polled)?;
        this.both_ways.moved();
        this.reading.moved();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}
