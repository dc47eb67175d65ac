//! Bytes between a client and a server that no longer speak HTTP.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf,
    copy_bidirectional_with_sizes,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect::Stream;
use super::crew::Running;
use super::frames::{Frames, going_away};
use crate::log::{TUNNEL_BROKEN, Tunnelled};
use crate::motion::Motion;

/// What is read at once, in each direction.
const PIECE: usize = 16 << 10;
/// A message that is under way when its time is over may come to its end within
/// this, and a goodbye may be answered within it.
const GOODBYE: Duration = Duration::from_secs(1);

/// Words for the log, the same for ever: why a tunnel ended before both its sides had
/// nothing more to say. The client never switched; nothing moved for too long; the client
/// read nothing for too long; we, or its server, had to go.
const GONE: &str = "client_closed";
const IDLE: &str = "tunnel_idle";
const UNREAD: &str = "tunnel_unread";
const CLOSED: &str = "tunnel_closed";

/// All tunnels of the edge; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tunnels {
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// What is spoken in a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// Frames, between which a goodbye can be said (RFC 6455).
    Websocket,
    /// Nobody knows.
    Other,
}

/// The far end of a tunnel.
pub(super) struct Far {
    pub(super) server: Stream,
    /// What it said already.
    pub(super) early: Bytes,
    pub(super) running: Running,
}

impl Tunnels {
    /// How many are open.
    pub fn open(&self) -> usize {
        self.tracker.len()
    }

    /// Waits so long for them to end, then ends them: websockets hear that we go
    /// away. How many had to be ended.
    pub async fn close(&self, within: Duration) -> usize {
        self.tracker.close();
        let _ = tokio::time::timeout(within, self.tracker.wait()).await;
        let left = self.open();
        self.stop.cancel();
        self.tracker.wait().await;
        left
    }

    /// Copies both ways once the client has switched, until both sides have
    /// ended, nothing moves for `idle`, all tunnels are closed, or those of a server
    /// that was removed. What passes is `told`, and why it ended.
    pub(super) fn run(
        &self,
        client: OnUpgrade,
        far: Far,
        spoken: Spoken,
        idle: Duration,
        told: Arc<Tunnelled>,
    ) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let cut = far.running.member().cut.clone();
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
                Ok(Ok(client)) => carry(client, far, spoken, idle, closed, &told).await,
                _ => GONE,
            });
        });
    }
}

/// Copies both ways, and says goodbye if it is `closed` before it ends; why it ended.
async fn carry(
    client: Upgraded,
    far: Far,
    spoken: Spoken,
    idle: Duration,
    closed: impl Future<Output = ()>,
    told: &Arc<Tunnelled>,
) -> &'static str {
    let (both_ways, reading) = (Arc::new(Motion::default()), Arc::new(Motion::default()));
    both_ways.awaits(true);
    let to_client = Arc::new(Direction::default());
    let to_server = Arc::new(Direction::default());
    let client = Counted {
        io: TokioIo::new(client),
        both_ways: Arc::clone(&both_ways),
        reading: Arc::clone(&reading),
        told: Arc::clone(told),
    };
    let mut client = Followed::new(client, spoken, &to_client);
    let mut server = Followed::new(far.server, spoken, &to_server);
    {
        let both = async {
            client.write_all(&far.early).await?;
            copy_bidirectional_with_sizes(&mut client, &mut server, PIECE, PIECE).await
        };
        let mut both = pin!(both);
        tokio::select! {
            // Which side broke off tells nobody anything.
            ended = &mut both => return if ended.is_ok() { "" } else { TUNNEL_BROKEN },
            () = both_ways.stands_still(idle) => return IDLE,
            // A client that sends and never reads would fill the server.
            () = reading.stands_still(idle) => return UNREAD,
            () = closed => {}
        }
        if spoken == Spoken::Other {
            return CLOSED;
        }
        let between = std::future::poll_fn(|context| {
            let is_over = both.as_mut().poll(context).is_ready();
            if is_over || (to_client.is_between() && to_server.is_between()) {
                return Poll::Ready(());
            }
            Poll::Pending
        });
        to_client.closing.store(true, Ordering::Relaxed);
        to_server.closing.store(true, Ordering::Relaxed);
        let _ = tokio::time::timeout(GOODBYE, between).await;
    }
    // Keeps old caches from being fooled, and protects no secret (section 10.3).
    let mask = RandomState::new().hash_one(()).to_ne_bytes();
    let mask = [mask[0], mask[1], mask[2], mask[3]];
    let goodbyes = async {
        tokio::join!(
            client.goodbye(going_away(None)),
            server.goodbye(going_away(Some(mask)))
        );
    };
    let _ = tokio::time::timeout(GOODBYE, goodbyes).await;
    CLOSED
}

/// What passes in one direction, for whoever does not hold it.
#[derive(Debug, Default)]
struct Direction {
    /// Nothing more than the frame that has begun may pass.
    closing: AtomicBool,
    /// A frame has begun.
    within: AtomicBool,
}

impl Direction {
    fn is_between(&self) -> bool {
        !self.within.load(Ordering::Relaxed)
    }
}

/// An end of a tunnel, and where in its frames stands what is written to it.
struct Followed<T> {
    io: T,
    frames: Option<Frames>,
    direction: Arc<Direction>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Followed<T> {
    fn new(io: T, spoken: Spoken, direction: &Arc<Direction>) -> Self {
        Self {
            io,
            frames: (spoken == Spoken::Websocket).then(Frames::default),
            direction: Arc::clone(direction),
        }
    }

    /// Says the last word, if it can be understood and was not said yet, and waits
    /// until the other end has nothing more to say.
    async fn goodbye(&mut self, word: Vec<u8>) {
        let can_be_said = self
            .frames
            .as_ref()
            .is_some_and(|frames| frames.is_between() && !frames.is_closed());
        if can_be_said && self.io.write_all(&word).await.is_err() {
            return;
        }
        if self.io.shutdown().await.is_err() {
            return;
        }
        let mut unheard = vec![0; PIECE];
        while matches!(self.io.read(&mut unheard).await, Ok(1..)) {}
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Followed<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Followed<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let Some(frames) = &mut this.frames else {
            return Pin::new(&mut this.io).poll_write(context, bytes);
        };
        let mut most = bytes.len();
        if this.direction.closing.load(Ordering::Relaxed) {
            most = frames.rest_of_frame(bytes);
            if most == 0 {
                // Whoever polls this looks for just that, and does so no more.
                return Poll::Pending;
            }
        }
        let written = ready!(Pin::new(&mut this.io).poll_write(context, &bytes[..most]))?;
        frames.follow(&bytes[..written]);
        let within = !frames.is_between();
        this.direction.within.store(within, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

/// A client, of whom is counted what it sends and reads.
struct Counted<T> {
    io: T,
    both_ways: Arc<Motion>,
    reading: Arc<Motion>,
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
