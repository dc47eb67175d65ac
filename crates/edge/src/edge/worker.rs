//! A worker: a thread with its own Tokio runtime, which accepts and serves connections.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use rustls::ProtocolVersion;
use tokio::io::AsyncRead;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::client_info::Scheme;
use crate::connection::{self, ConnectionContext, Transport};
use crate::context::{EdgeState, Peer, WorkerContext};
use crate::listener::proxy_protocol::{self, Announced};
use crate::listener::{ConnectionPermit, ListenAddress, ListenerKind, Origin, Socket};
use crate::metrics::set_worker;
use crate::quic::{self, PendingConnection, UdpListener};
use crate::tls::Expiry;

use super::server_figures::ServerFigures;

/// The pause after `accept` failed, for example because file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
const ACCEPTS_PER_TURN: usize = 16;

#[derive(Debug)]
pub(super) struct Worker {
    orders: mpsc::UnboundedSender<Command>,
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

pub(super) enum Command {
    Listen {
        kind: ListenerKind,
        at: ListenAddress,
        socket: Socket,
        close: CancellationToken,
    },
    /// Accept HTTP/3 connections and distribute them round-robin to these workers.
    Datagrams(UdpListener, Vec<CommandSender>),
    /// Serve an HTTP/3 connection that another worker has accepted.
    PendingConnection(Box<PendingConnection>),
}

/// Sends commands to a worker without keeping the worker alive.
pub(super) type CommandSender = mpsc::WeakUnboundedSender<Command>;

impl Worker {
    pub(super) fn start(number: usize, here: WorkerContext) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (orders, received) = mpsc::unbounded_channel();
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(format!("edge-{number}"))
            .spawn(move || {
                set_worker(number);
                runtime.block_on(async {
                    if number == 0 {
                        tokio::spawn(look_after(Arc::clone(&here.shared)));
                    }
                    run(received, Arc::new(here)).await;
                });
                // Tasks that the app left running are not awaited.
                runtime.shutdown_background();
                let _ = end.send(());
            })?;
        Ok(Self {
            orders,
            ended,
            thread,
        })
    }

    pub(super) fn listen(
        &self,
        kind: ListenerKind,
        at: &ListenAddress,
        socket: Socket,
        close: CancellationToken,
    ) {
        self.order(Command::Listen {
            kind,
            at: at.clone(),
            socket,
            close,
        });
    }

    pub(super) fn listen_for_datagrams(
        &self,
        udp_listener: UdpListener,
        workers: Vec<CommandSender>,
    ) {
        self.order(Command::Datagrams(udp_listener, workers));
    }

    pub(super) fn line(&self) -> CommandSender {
        self.orders.downgrade()
    }

    fn order(&self, order: Command) {
        if self.orders.send(order).is_err() {
            tracing::error!(
                "a worker thread of the edge has ended, and its connections with it; restart Kenduri, and report what “the program panicked” in the log says"
            );
        }
    }

    /// Stops the worker and everything that runs on it.
    pub(super) async fn stop(self) {
        drop(self.orders);
        let _ = self.ended.await;
        // The thread is about to end, so `join` does not block.
        let _ = self.thread.join();
    }
}

async fn run(mut orders: mpsc::UnboundedReceiver<Command>, here: Arc<WorkerContext>) {
    while let Some(order) = orders.recv().await {
        let (kind, at, socket, close) = match order {
            Command::Listen {
                kind,
                at,
                socket,
                close,
            } => (kind, at, socket, close),
            Command::Datagrams(udp_listener, workers) => {
                let shared = Arc::clone(&here.shared);
                tokio::spawn(async move {
                    quic::listen(udp_listener, shared, round_robin(workers)).await;
                });
                continue;
            }
            Command::PendingConnection(guest) => {
                tokio::spawn(quic::welcome(*guest, Arc::clone(&here)));
                continue;
            }
        };
        let listener = match socket {
            Socket::Tcp(socket) => TcpListener::from_std(socket).map(Listener::Tcp),
            Socket::Unix(socket) => UnixListener::from_std(socket).map(Listener::Unix),
        };
        match listener {
            Ok(listener) => {
                let here = Arc::clone(&here);
                tokio::spawn(accept_connections(listener, kind, at, here, close));
            }
            Err(error) => {
                tracing::error!(%error, "cannot use a listening socket, so its connections are not accepted; restart Kenduri");
            }
        }
    }
}

fn round_robin(workers: Vec<CommandSender>) -> impl Fn(PendingConnection) {
    let turn = AtomicUsize::new(0);
    move |guest| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let worker = workers
            .iter()
            .cycle()
            .skip(turn % workers.len().max(1))
            .take(workers.len())
            .find_map(CommandSender::upgrade);
        if let Some(worker) = worker {
            // An error means that the worker has ended because the edge stops.
            let _ = worker.send(Command::PendingConnection(Box::new(guest)));
        }
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

enum Stream {
    Tcp(TcpStream, IpAddr),
    Unix(UnixStream),
}

impl Listener {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok(Stream::Tcp(stream, peer.ip().to_canonical()))
            }
            Self::Unix(listener) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

/// Once `close` is cancelled, still accepts the connections that wait in the backlog.
async fn accept_connections(
    listener: Listener,
    kind: ListenerKind,
    at: ListenAddress,
    here: Arc<WorkerContext>,
    close: CancellationToken,
) {
    let shared = &here.shared;
    // Draining waits for this loop too. Otherwise it could end between the acceptance of a connection
    // and its permit.
    let _accepting = shared.connection_limits.keep_open();
    let front = (kind == ListenerKind::Front).then(|| Arc::new(at.clone()));
    let is_inside = kind == ListenerKind::Front && at.is_loopback();
    let mut taken = 0_usize;
    loop {
        taken = taken.wrapping_add(1);
        if taken.is_multiple_of(ACCEPTS_PER_TURN) {
            tokio::task::yield_now().await;
        }
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            () = close.cancelled() => return,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection; it is tried again; if too many files are open, raise LimitNOFILE= in the systemd unit");
                tokio::select! {
                    () = tokio::time::sleep(ACCEPT_PAUSE) => continue,
                    () = close.cancelled() => return,
                }
            }
        };
        let address = match &stream {
            Stream::Tcp(_, address) => Some(*address),
            Stream::Unix(_) => None,
        };
        let (is_announced, origin, most) = {
            let running = shared.running();
            let listen = running.plan.listen();
            // A Unix socket has no client address, but its client is on this machine.
            let peer = address.unwrap_or(Ipv4Addr::LOCALHOST.into());
            let most = listen.connections_per_address;
            let is_announced = listen.is_announced(&at, peer);
            let origin = match address {
                Some(address) if !is_announced => listen.origin(address),
                _ => Origin::Unknown,
            };
            (is_announced, origin, most)
        };
        // If no permit is free and no other connection can be evicted, this connection and the
        // whole backlog wait.
        let permit = tokio::select! {
            // An accepted connection is served even if `close` was cancelled meanwhile.
            biased;
            // A connection to a service's loopback address must not wait for a permit. Another
            // service may have opened it while serving a request that already holds a permit.
            permit = shared.connection_limits.acquire_inside(), if is_inside => permit,
            permit = shared.connection_limits.acquire(origin, most), if !is_inside => permit,
            () = close.cancelled() => return,
        };
        let permit = match permit {
            Ok(permit) => permit,
            Err(why) => {
                tracing::debug!(?address, ?why, "no place for a connection");
                why.count_in(&shared.figures);
                continue;
            }
        };
        let here = Arc::clone(&here);
        let address = address.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let coming = AcceptedConnection {
            address,
            is_announced,
            kind,
            front: front.clone(),
            permit,
        };
        match stream {
            Stream::Tcp(stream, _) => {
                tokio::spawn(welcome(stream, coming, here));
            }
            Stream::Unix(stream) => {
                tokio::spawn(welcome(stream, coming, here));
            }
        }
    }
}

struct AcceptedConnection {
    address: IpAddr,
    /// Whether a PROXY protocol header is expected on the connection.
    is_announced: bool,
    kind: ListenerKind,
    front: Option<Arc<ListenAddress>>,
    permit: ConnectionPermit,
}

async fn welcome<S>(stream: S, coming: AcceptedConnection, here: Arc<WorkerContext>)
where
    S: Transport,
{
    let handle = Arc::clone(coming.permit.handle());
    let _counted = here.shared.figures.connection();
    tokio::select! {
        // A response that is finished at the moment of eviction is still written.
        biased;
        () = serve_connection(stream, coming, here) => {}
        () = handle.evicted() => tracing::debug!("a connection made room for another"),
    }
}

/// The futures are boxed. Otherwise, a connection would occupy the memory for the largest protocol
/// and for the handshake until the connection ends.
async fn serve_connection<S>(stream: S, coming: AcceptedConnection, here: Arc<WorkerContext>)
where
    S: Transport,
{
    if let Some(serving) = Box::pin(prepare(stream, coming, here)).await {
        serving.await;
    }
}

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// `None` if the connection ends before its first request.
async fn prepare<S>(
    mut stream: S,
    coming: AcceptedConnection,
    here: Arc<WorkerContext>,
) -> Option<Serving>
where
    S: Transport,
{
    let AcceptedConnection {
        mut address,
        is_announced,
        kind,
        front,
        mut permit,
    } = coming;
    let mut scheme = Scheme::Http;
    let mut local = stream.local();
    if is_announced {
        let said = announced(&mut stream, address, &here.shared).await?;
        if let Some(client) = said.client {
            (address, local) = (client, said.local);
            let (origin, most) = {
                let running = here.shared.running();
                let listen = running.plan.listen();
                (listen.origin(address), listen.connections_per_address)
            };
            if let Err(why) = here
                .shared
                .connection_limits
                .give(&mut permit, origin, most)
            {
                tracing::debug!(?address, ?why, "no place for a connection");
                why.count_in(&here.shared.figures);
                return None;
            }
        }
        if said.is_secure {
            scheme = Scheme::Https;
        }
    }
    let mut context = ConnectionContext {
        peer: Peer {
            address,
            scheme,
            server_name: None,
            tls: "",
            front,
        },
        permit,
        here,
    };
    if kind != ListenerKind::Https {
        return Some(Box::pin(connection::http1(stream, context)));
    }
    let shaken = match context.here.shared.tls() {
        Ok(tls) => tls.accept(stream, local).await,
        Err(error) => Err(io::Error::other(error)),
    };
    context.here.shared.figures.handshake(shaken.is_ok());
    let stream = match shaken {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            return None;
        }
    };
    let session = stream.get_ref().1;
    context.peer.scheme = Scheme::Https;
    context.peer.server_name = session.server_name().map(Into::into);
    context.peer.tls = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "1.2",
        _ => "1.3",
    };
    Some(if session.alpn_protocol() == Some(b"h2") {
        Box::pin(connection::http2(stream, context))
    } else {
        Box::pin(connection::http1(stream, context))
    })
}

/// `None` if the PROXY header was missing, malformed or late.
async fn announced<S>(stream: &mut S, proxy: IpAddr, shared: &EdgeState) -> Option<Announced>
where
    S: AsyncRead + Unpin,
{
    let time = shared.running().plan.listen().header_time;
    let said = tokio::select! {
        said = tokio::time::timeout(time, proxy_protocol::read(stream)) => said,
        () = shared.end.cancelled() => return None,
    };
    let said = match said {
        Ok(Ok(said)) => Some(said),
        Ok(Err(error)) => {
            tracing::debug!(%error, %proxy, "a connection was closed, because the trusted proxy began it with no valid PROXY header; have the proxy send one, or take its listener out of listen.proxy_protocol");
            None
        }
        Err(_) => {
            tracing::debug!(%proxy, "the PROXY header did not arrive in time");
            None
        }
    };
    shared.figures.announcement(said.is_some());
    said
}

/// Files are polled, because polling works on every file system, unlike notifications.
async fn look_after(shared: Arc<EdgeState>) {
    let mut servers = ServerFigures::default();
    let mut expiry = Expiry::default();
    loop {
        servers.update(shared.running().upstreams());
        let now = Timestamp::try_from((shared.clock)()).unwrap_or(Timestamp::UNIX_EPOCH);
        expiry.look(&shared.certificates.in_use(), now);
        tokio::time::sleep(CHECK_INTERVAL).await;
        let certificates = Arc::clone(&shared.certificates);
        let _ = tokio::task::spawn_blocking(move || certificates.refresh()).await;
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    fn size<F>(_: impl FnOnce(TcpStream, AcceptedConnection, Arc<WorkerContext>) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_does_not_occupy_the_memory_of_every_protocol() {
        assert!(size(welcome::<TcpStream>) <= 1_024);
    }
}
