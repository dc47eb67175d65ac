//! Copies bytes between a client and a server after a switch from HTTP to another protocol.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{
    AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, copy_bidirectional_with_sizes,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use upgrade::{OnUpgrade, Upgraded};

use super::backend::ActiveRequest;
use super::connect::Stream;
use crate::access_log::{TUNNEL_BROKEN, Tunnelled};
use crate::stalled_peer::ProgressWatch;

const BUFFER: usize = 16 << 10;

/// Reasons in the access log: the client did not complete the upgrade, nothing moved for too long,
/// the client read nothing for too long, or the edge or the server shut down.
const GONE: &str = "client_closed";
const IDLE: &str = "tunnel_idle";
const UNREAD: &str = "tunnel_unread";
const CLOSED: &str = "tunnel_closed";

#[derive(Debug, Clone, Default)]
pub struct Tunnels {
    tracker: TaskTracker,
    stop: CancellationToken,
}

pub(super) struct UpgradedServer {
    pub(super) server: Stream,
    /// Bytes of the new protocol that came with the response head.
    pub(super) early: Bytes,
    pub(super) running: ActiveRequest,
}

impl Tunnels {
    pub fn open(&self) -> usize {
        self.tracker.len()
    }

    /// Waits up to `within` for all tunnels to end, then closes the rest and returns their number.
    pub async fn close(&self, within: Duration) -> usize {
        self.tracker.close();
        let _ = tokio::time::timeout(within, self.tracker.wait()).await;
        let left = self.open();
        self.stop.cancel();
        self.tracker.wait().await;
        left
    }

    /// Copies in both directions once the client has switched protocols. Stops when both sides have
    /// ended, when nothing moves for `idle`, or when the edge closes the tunnel. Records the number
    /// of bytes, and why the tunnel ended, in `told`.
    pub(super) fn run(
        &self,
        client: OnUpgrade,
        far: UpgradedServer,
        idle: Duration,
        told: Arc<Tunnelled>,
    ) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let cut = far.running.backend().cut.clone();
            let closed = async {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = cut.cancelled() => {}
                }
            };
            let mut closed = pin!(closed);
            let client = tokio::select! {
                () = &mut closed => return told.ended(CLOSED),
                client = tokio::time::timeout(idle, client) => client,
            };
            told.ended(match client {
                Ok(Some(client)) => copy_both_ways(client, far, idle, closed, &told).await,
                _ => GONE,
            });
        });
    }
}

/// Returns why the tunnel ended.
async fn copy_both_ways(
    client: Upgraded,
    mut far: UpgradedServer,
    idle: Duration,
    closed: impl Future<Output = ()>,
    told: &Arc<Tunnelled>,
) -> &'static str {
    let (both_ways, reading) = (
        Arc::new(ProgressWatch::default()),
        Arc::new(ProgressWatch::default()),
    );
    both_ways.awaits(true);
    let mut client = Counted {
        io: client,
        both_ways: Arc::clone(&both_ways),
        reading: Arc::clone(&reading),
        told: Arc::clone(told),
    };
    let both = async {
        client.write_all(&far.early).await?;
        copy_bidirectional_with_sizes(&mut client, &mut far.server, BUFFER, BUFFER).await
    };
    tokio::select! {
        // The log does not say which side failed.
        ended = both => if ended.is_ok() { "" } else { TUNNEL_BROKEN },
        () = both_ways.stands_still(idle) => IDLE,
        // A client that sends but never reads would force the server to buffer its responses.
        () = reading.stands_still(idle) => UNREAD,
        () = closed => CLOSED,
    }
}

struct Counted<T> {
    io: T,
    both_ways: Arc<ProgressWatch>,
    reading: Arc<ProgressWatch>,
    told: Arc<Tunnelled>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
        this.told.received(buffer.filled().len() - before);
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
        this.told.sent(written);
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
