//! Reads a UDP socket, admits new connections, and passes them on to workers.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::crypto::rustls::HandshakeData;
use quinn::{Endpoint, Incoming, Runtime as _, TokioRuntime, VarInt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::alt_svc::UdpStatus;
use crate::client_info::Scheme;
use crate::connection::{ConnectionContext, Windows};
use crate::context::{EdgeState, Peer, WorkerContext};
use crate::listener::{
    ConnectionPermit, Inherited, ListenAddress, Origin, ReadLock, SharedUdp, datagrams,
};
use crate::tls::HANDSHAKE_TIME;

use super::http3::http3;
use super::settings;
use super::socket::StoppableSocket;

/// While another process uses the UDP port.
const BIND_INTERVAL: Duration = Duration::from_secs(1);
/// With this many unfinished handshakes, a new client must prove its address (RFC 9000, section
/// 8.1.2).
const HANDSHAKES_BEFORE_RETRY: usize = 64;
/// How long connections may take to end after GOAWAY. The next process waits until they have ended.
pub(super) const END_TIME: Duration = Duration::from_secs(5);
/// Until the last packets of closed connections have been sent.
const FAREWELL: Duration = Duration::from_secs(1);
/// `H3_NO_ERROR` (RFC 9114, section 8.1).
const NO_ERROR: VarInt = VarInt::from_u32(0x100);

pub(crate) struct UdpListener {
    pub(crate) address: ListenAddress,
    pub(crate) bound: SocketAddr,
    pub(crate) inherited: Arc<Mutex<Inherited>>,
    pub(crate) close: CancellationToken,
}

/// An admitted connection before it is served.
pub(crate) struct PendingConnection {
    incoming: Incoming,
    permit: ConnectionPermit,
    address: ListenAddress,
    close: CancellationToken,
    shaking: UnfinishedHandshake,
    _open: TaskTrackerToken,
}

/// A handshake that counts as unfinished until this value is dropped.
struct UnfinishedHandshake(Arc<AtomicUsize>);

impl UnfinishedHandshake {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for UnfinishedHandshake {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts connections until the edge shuts down, then waits for their end. `hand_on` gives each
/// connection to a worker.
pub(crate) async fn listen(
    listener: UdpListener,
    shared: Arc<EdgeState>,
    hand_on: impl Fn(PendingConnection),
) {
    // Keeps the process running until connections have sent their last packets.
    let _open = shared.connection_limits.keep_open();
    while let Some((udp, lock)) = wait_for_socket(&listener).await {
        let Some((endpoint, socket)) = open_endpoint(&udp, &lock, &listener, &shared).await else {
            return;
        };
        // The endpoint has its own duplicate of the socket.
        drop(udp);
        shared.alt_svc.saw(&listener.address, UdpStatus::Open);
        accept_connections(&endpoint, &listener, &shared, &hand_on).await;
        socket.stop_reading();
        drop(lock);
        let _ = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
        if listener.close.is_cancelled() {
            return;
        }
        tracing::error!(address = %listener.address, "the UDP socket failed; it is opened again, and nothing needs to be done");
        shared.alt_svc.saw(&listener.address, UdpStatus::Closed);
        tokio::time::sleep(BIND_INTERVAL).await;
    }
}

/// Ends when the socket fails or the edge shuts down, after a limited time for the connections.
async fn accept_connections(
    endpoint: &Endpoint,
    listener: &UdpListener,
    shared: &EdgeState,
    hand_on: &impl Fn(PendingConnection),
) {
    let guests = TaskTracker::new();
    let shaking = Arc::new(AtomicUsize::new(0));
    let taken = async {
        while let Some(incoming) = endpoint.accept().await {
            if let Some((incoming, permit)) = admit(incoming, shared, &shaking) {
                hand_on(PendingConnection {
                    incoming,
                    permit,
                    address: listener.address.clone(),
                    close: listener.close.clone(),
                    shaking: UnfinishedHandshake::begin(&shaking),
                    _open: guests.token(),
                });
            }
        }
    };
    tokio::select! {
        () = taken => {}
        () = listener.close.cancelled() => {}
    }
    guests.close();
    // Packets of new clients are dropped. These clients then use TCP, and repeat the packets later,
    // when the next process may read them.
    let dropped = async {
        while let Some(incoming) = endpoint.accept().await {
            incoming.ignore();
        }
    };
    tokio::select! {
        () = guests.wait() => {}
        () = dropped => {}
        () = tokio::time::sleep(END_TIME) => {}
        () = shared.end.cancelled() => {}
    }
    endpoint.close(NO_ERROR, b"");
}

/// This process must hold the socket's lock. `None` if the edge shuts down first.
async fn open_endpoint(
    udp: &SharedUdp,
    lock: &ReadLock,
    listener: &UdpListener,
    shared: &EdgeState,
) -> Option<(Endpoint, Arc<StoppableSocket>)> {
    let tell = |error: &io::Error| {
        tracing::error!(
            address = %listener.address, %error,
            "cannot serve HTTP/3; it is tried again every second; if this goes on, restart Kenduri, or set listen.http3 = false"
        );
    };
    repeat_until_ok(listener, || ready(endpoint(udp, lock, shared)), tell).await
}

/// Every second; reports only the first failure. `None` if the edge shuts down first.
async fn repeat_until_ok<T, F>(
    listener: &UdpListener,
    attempt: impl Fn() -> F,
    tell: impl Fn(&io::Error),
) -> Option<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut is_told = false;
    loop {
        let found = tokio::select! {
            // A result at the moment of a shutdown must not be lost.
            biased;
            found = attempt() => found,
            () = listener.close.cancelled() => return None,
        };
        match found {
            Ok(found) => {
                if is_told {
                    tracing::info!(address = %listener.address, "HTTP/3 is served now");
                }
                return Some(found);
            }
            Err(error) if !is_told => {
                is_told = true;
                tell(&error);
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(BIND_INTERVAL) => {}
            () = listener.close.cancelled() => return None,
        }
    }
}

fn endpoint(
    udp: &SharedUdp,
    lock: &ReadLock,
    shared: &EdgeState,
) -> io::Result<(Endpoint, Arc<StoppableSocket>)> {
    let tls = shared.tls().map_err(io::Error::other)?;
    let server = settings::server(Arc::clone(&tls.quic), Windows::among(1));
    let settings = settings::endpoint(lock.reset_key);
    let runtime = Arc::new(TokioRuntime);
    let socket = StoppableSocket::new(runtime.wrap_udp_socket(udp.socket.try_clone()?)?);
    let own = Arc::clone(&socket);
    let endpoint = Endpoint::new_with_abstract_socket(settings, Some(server), own, runtime)?;
    Ok((endpoint, socket))
}

/// An inherited socket that no other process reads, or a new one. `None` if the edge shuts down
/// first.
async fn wait_for_socket(listener: &UdpListener) -> Option<(SharedUdp, ReadLock)> {
    let find = || async {
        let handed_in = {
            let inherited = listener.inherited.lock();
            let inherited = inherited.unwrap_or_else(PoisonError::into_inner);
            inherited.find_datagrams(&listener.address)?
        };
        let udp = match handed_in {
            Some(udp) => udp,
            None => SharedUdp::new(datagrams(listener.bound)?)?,
        };
        let lock = udp.lock().await?;
        Ok((udp, lock))
    };
    let tell = |error: &io::Error| {
        tracing::warn!(
            address = %listener.address, %error,
            "HTTP/3 waits for its UDP port; it is tried again every second; stop the program that uses the port, or set listen.http3 = false"
        );
    };
    repeat_until_ok(listener, find, tell).await
}

fn admit(
    incoming: Incoming,
    shared: &EdgeState,
    shaking: &AtomicUsize,
) -> Option<(Incoming, ConnectionPermit)> {
    let address = incoming.remote_address().ip().to_canonical();
    let (origin, most) = {
        let running = shared.running();
        let listen = running.plan.listen();
        (listen.origin(address), listen.connections_per_address)
    };
    // Connections from a forged address must not use up the permits of the address's owner.
    let must_prove = most > 0 || shaking.load(Ordering::Relaxed) >= HANDSHAKES_BEFORE_RETRY;
    if must_prove && !incoming.remote_address_validated() && incoming.may_retry() {
        // The client can connect again at once with the token that it gets.
        let _ = incoming.retry();
        return None;
    }
    // An unproven address may be forged, so it must not evict a connection of the address's owner.
    let origin = if incoming.remote_address_validated() {
        origin
    } else {
        Origin::Unknown
    };
    match shared.connection_limits.try_acquire(origin, most) {
        Ok(permit) => Some((incoming, permit)),
        Err(why) => {
            tracing::debug!(%address, ?why, "no place for a connection of HTTP/3");
            why.count_in(&shared.figures);
            incoming.refuse();
            None
        }
    }
}

pub(crate) async fn welcome(guest: PendingConnection, here: Arc<WorkerContext>) {
    let PendingConnection {
        incoming,
        mut permit,
        address,
        close,
        shaking,
        _open,
    } = guest;
    let shared = Arc::clone(&here.shared);
    let _counted = shared.figures.connection();
    let handle = Arc::clone(permit.handle());
    let windows = Windows::among(shared.connection_limits.in_use());
    let shaken = async {
        let connecting = match shared.tls() {
            Ok(tls) if windows != Windows::among(1) => {
                let server = settings::server(Arc::clone(&tls.quic), windows);
                incoming.accept_with(Arc::new(server))?
            }
            _ => incoming.accept()?,
        };
        connecting.await
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIME, shaken) => shaken,
        () = handle.evicted() => return,
    };
    drop(shaking);
    shared.figures.handshake(matches!(shaken, Ok(Ok(_))));
    let connection = match shaken {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return tracing::debug!(%error, "a QUIC handshake failed"),
        Err(error) => return tracing::debug!(%error, "a QUIC handshake took too long"),
    };
    let client = connection.remote_address().ip().to_canonical();
    if !client.is_loopback() || address.is_loopback() {
        shared.alt_svc.saw(&address, UdpStatus::Reached);
    }
    let (origin, most) = {
        let running = shared.running();
        let listen = running.plan.listen();
        (listen.origin(client), listen.connections_per_address)
    };
    if let Err(why) = shared.connection_limits.give(&mut permit, origin, most) {
        tracing::debug!(address = %client, ?why, "no place for a connection of HTTP/3");
        return why.count_in(&shared.figures);
    }
    let server_name = connection
        .handshake_data()
        .and_then(|data| data.downcast::<HandshakeData>().ok())
        .and_then(|data| data.server_name.as_deref().map(Into::into));
    let context = ConnectionContext {
        peer: Peer {
            front: None,
            address: client,
            scheme: Scheme::Https,
            server_name,
            tls: "1.3",
        },
        permit,
        here,
    };
    http3(connection, context, close).await;
}
