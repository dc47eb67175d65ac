//! One UDP socket, the connections that come to it, and how they are let in.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use quinn::crypto::rustls::HandshakeData;
use quinn::{Endpoint, Incoming, TokioRuntime};
use socket2::{Domain, Protocol, Type};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::connection::{self, Peer, Visit};
use crate::edge::Shared;
use crate::facts::Scheme;
use crate::listen::{ListenAddress, Place};
use crate::serve::Here;
use crate::tls::HANDSHAKE_TIME;

use super::reach::Standing;
use super::{probe, settings};

/// How often a port that somebody else has is asked for.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a socket that answered is asked whether it still does.
const LOOK: Duration = Duration::from_mins(1);
/// So many times in a row it may not, before it counts as silent.
const MISSES: u32 = 3;
/// Handshakes under way from which on a newcomer must show that its address is its
/// own (Retry, RFC 9000, section 8.1.2).
const UNPROVEN: usize = 64;
/// How long the last words of connections that were closed may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where to listen.
pub(crate) struct UdpDoor {
    /// As the plan has it.
    pub(crate) address: ListenAddress,
    /// Where the TCP side is.
    pub(crate) bound: SocketAddr,
    /// A socket that was handed in.
    pub(crate) socket: Option<UdpSocket>,
    pub(crate) close: CancellationToken,
}

/// A newcomer that was let in, on the way to the worker that serves it.
pub(crate) struct Guest {
    incoming: Incoming,
    place: Place,
    address: ListenAddress,
    close: CancellationToken,
    shaking: Shaking,
    _open: TaskTrackerToken,
}

/// A handshake that is under way.
struct Shaking(Arc<AtomicUsize>);

impl Shaking {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Shaking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Takes connections until the door closes, and then until they have ended. `lead`
/// takes each to a worker.
pub(crate) async fn listen(mut door: UdpDoor, shared: Arc<Shared>, lead: impl Fn(Guest)) {
    // The last words of connections must leave before the program does.
    let _open = shared.places.keep_open();
    while let Some(socket) = bound(&mut door).await {
        match endpoint(socket, &shared) {
            Ok(endpoint) => take(&door, &endpoint, &shared, &lead).await,
            Err(error) => {
                tracing::error!(address = %door.address, %error, "HTTP/3 is not served");
                return;
            }
        }
        if door.close.is_cancelled() {
            return;
        }
        tracing::error!(address = %door.address, "the UDP socket has failed: another is opened");
        shared.reach.saw(&door.address, Standing::Silent);
        tokio::time::sleep(AGAIN).await;
    }
}

/// Takes connections from a socket until it fails or the door closes, and then waits
/// until they have ended.
async fn take(door: &UdpDoor, endpoint: &Endpoint, shared: &Shared, lead: &impl Fn(Guest)) {
    let watched = watch(door, shared);
    let guests = TaskTracker::new();
    let shaking = Arc::new(AtomicUsize::new(0));
    let taken = async {
        while let Some(incoming) = endpoint.accept().await {
            let admitted = admit(incoming, shared, shaking.load(Ordering::Relaxed));
            if let Some((incoming, place)) = admitted {
                lead(Guest {
                    incoming,
                    place,
                    address: door.address.clone(),
                    close: door.close.clone(),
                    shaking: Shaking::begin(&shaking),
                    _open: guests.token(),
                });
            }
        }
    };
    tokio::select! {
        () = taken => {}
        () = watched => {}
        () = door.close.cancelled() => {}
    }
    guests.close();
    let refused = async {
        while let Some(incoming) = endpoint.accept().await {
            // The client tries over TCP, where somebody may answer.
            incoming.refuse();
        }
    };
    tokio::select! {
        () = guests.wait() => {}
        () = refused => {}
    }
    let _ = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
}

fn endpoint(socket: UdpSocket, shared: &Shared) -> io::Result<Endpoint> {
    let tls = shared.tls().map_err(io::Error::other)?;
    let server = settings::server(Arc::clone(&tls.quic));
    let runtime = Arc::new(TokioRuntime);
    Endpoint::new(settings::endpoint(), Some(server), socket, runtime)
}

/// The socket: the one that was handed in, or one that is bound for us alone, as soon
/// as nobody else has the port. None: the door closes before.
async fn bound(door: &mut UdpDoor) -> Option<UdpSocket> {
    if let Some(socket) = door.socket.take() {
        return Some(socket);
    }
    let mut is_told = false;
    loop {
        match udp(door.bound) {
            Ok(socket) => {
                if is_told {
                    tracing::info!(address = %door.address, "HTTP/3 is served now");
                }
                return Some(socket);
            }
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(
                    address = %door.address, %error,
                    "HTTP/3 waits for its UDP port, which is asked for every second"
                );
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = door.close.cancelled() => return None,
        }
    }
}

fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    // Shared with nobody: neither SO_REUSEPORT nor SO_REUSEADDR.
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Looks whether the socket answers, until the door closes.
async fn watch(door: &UdpDoor, shared: &Shared) {
    let mut misses = 0;
    let mut has_answered = false;
    loop {
        if probe::answers(door.bound).await {
            (misses, has_answered) = (0, true);
            shared.reach.saw(&door.address, Standing::Answers);
        } else {
            misses += 1;
            if misses == MISSES {
                tracing::warn!(address = %door.address, "HTTP/3 does not answer over UDP");
                shared.reach.saw(&door.address, Standing::Silent);
            }
        }
        let wait = if has_answered { LOOK } else { AGAIN };
        tokio::time::sleep(wait).await;
    }
}

/// Lets a newcomer in, if there is a place for it.
fn admit(incoming: Incoming, shared: &Shared, shaking: usize) -> Option<(Incoming, Place)> {
    let most = shared.running().plan.listen().connections_per_address;
    // Where addresses are counted, nobody may use up the places of another.
    let must_prove = most > 0 || shaking >= UNPROVEN;
    if must_prove && !incoming.remote_address_validated() && incoming.may_retry() {
        // It may ask again at once, with a proof.
        let _ = incoming.retry();
        return None;
    }
    let address = incoming.remote_address().ip().to_canonical();
    let Some(place) = shared.places.take_free(address, most) else {
        tracing::debug!(%address, "no place for a connection of HTTP/3");
        incoming.refuse();
        return None;
    };
    Some((incoming, place))
}

/// Makes the handshake with a guest, and serves it.
pub(crate) async fn welcome(guest: Guest, here: Arc<Here>) {
    let Guest {
        incoming,
        place,
        address,
        close,
        shaking,
        _open,
    } = guest;
    let shared = Arc::clone(&here.shared);
    let _counted = shared.figures.connection();
    let shaken = async {
        let connecting = incoming.accept()?;
        connecting.await
    };
    let shaken = tokio::time::timeout(HANDSHAKE_TIME, shaken).await;
    drop(shaking);
    shared.figures.handshake(matches!(shaken, Ok(Ok(_))));
    let connection = match shaken {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return tracing::debug!(%error, "a handshake failed"),
        Err(error) => return tracing::debug!(%error, "a handshake took too long"),
    };
    let client = connection.remote_address().ip().to_canonical();
    if !client.is_loopback() || address.is_loopback() {
        shared.reach.saw(&address, Standing::Reached);
    }
    let server_name = connection
        .handshake_data()
        .and_then(|data| data.downcast::<HandshakeData>().ok())
        .and_then(|data| data.server_name.as_deref().map(Into::into));
    let visit = Visit {
        peer: Peer {
            front: None,
            address: client,
            scheme: Scheme::Https,
            server_name,
            tls: "1.3",
        },
        place,
        here,
        came: Bytes::new(),
    };
    connection::http3(connection, visit, close).await;
}
