//! Bytes between a client and a server that no longer speak HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// What is read at once, in each direction.
const PIECE: usize = 16 << 10;
/// How often within the idle time somebody looks whether anything moved.
const LOOKS: u32 = 4;

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
    let moved = Arc::new(AtomicUsize::new(0));
    let mut client = Counted {
        io: TokioIo::new(client),
        moved: Arc::clone(&moved),
    };
    let both = async {
        client.write_all(&early).await?;
        copy_bidirectional_with_sizes(&mut client, &mut server, PIECE, PIECE).await
    };
    tokio::select! {
        // Which side broke off tells nobody anything.
        _ = both => {}
        () = quiet(&moved, idle) => {}
    }
}

/// Ends when nothing has moved for this long.
async fn quiet(moved: &AtomicUsize, idle: Duration) {
    let mut seen = moved.load(Ordering::Relaxed);
    let mut looks = 0;
    while looks < LOOKS {
        tokio::time::sleep(idle / LOOKS).await;
        let now = moved.load(Ordering::Relaxed);
        looks = if now == seen { looks + 1 } else { 0 };
        seen = now;
    }
}

/// Counts reads and writes.
struct Counted<T> {
    io: T,
    moved: Arc<AtomicUsize>,
}

impl<T> Counted<T> {
    fn count(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
        this.count();
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
        let written = ready!(Pin::new(&mut this.io).poll_write(context, bytes))?;
        this.count();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}
