//! Listening sockets that were handed in: by systemd, by a keeper, at an upgrade.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{FdFlags, fcntl_setfd};

use super::ListenAddress;
use super::bind::Socket;

/// The first descriptor that is handed in (`sd_listen_fds(3)`).
const FIRST: RawFd = 3;
/// Nobody hands in more.
const MOST: RawFd = 256;

/// Sockets that were handed in; each is used by the address it is bound to.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<Socket>,
    /// For HTTP/3, and whether somebody uses it. They are kept, for whoever handed
    /// them in keeps them too: no other can be bound in their place.
    datagrams: Vec<(UdpSocket, bool)>,
}

/// Why what was handed in cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InheritedError {
    /// The count is not one.
    #[error("LISTEN_FDS is {said}\n  it must be a number up to {MOST}")]
    Count {
        /// What it is.
        said: String,
    },
    /// A descriptor is not open.
    #[error(
        "LISTEN_FDS promises descriptor {number}, which is not open\n  who starts this program must hand it in"
    )]
    Missing {
        /// Its number.
        number: RawFd,
    },
    /// A descriptor is no socket that streams can be accepted from, nor one of UDP.
    #[error(
        "a descriptor that was handed in is not a listening socket\n  hand in sockets that listen: ListenStream= in systemd, and ListenDatagram= for HTTP/3"
    )]
    NotListening,
    /// They were taken before.
    #[error("the sockets that were handed in were taken already")]
    TakenBefore,
}

impl Inherited {
    /// What `LISTEN_FDS` and `LISTEN_PID` of the environment say was handed in; empty
    /// when they are absent or meant for another process. Once in a process.
    pub fn receive(count: Option<&str>, process: Option<&str>) -> Result<Self, InheritedError> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        let (Some(count), Some(process)) = (count, process) else {
            return Ok(Self::default());
        };
        if process.parse() != Ok(std::process::id()) {
            return Ok(Self::default());
        }
        let count: RawFd = count
            .parse()
            .ok()
            .filter(|count| (0..=MOST).contains(count))
            .ok_or_else(|| InheritedError::Count {
                said: count.to_owned(),
            })?;
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Err(InheritedError::TakenBefore);
        }
        let numbers = FIRST..FIRST + count;
        for number in numbers.clone() {
            if !Path::new("/proc/self/fd").join(number.to_string()).exists() {
                return Err(InheritedError::Missing { number });
            }
        }
        Self::new(numbers.map(own).collect())
    }

    /// Sockets that came another way.
    pub fn new(descriptors: Vec<OwnedFd>) -> Result<Self, InheritedError> {
        let mut inherited = Self::default();
        for descriptor in descriptors {
            match listening(descriptor)? {
                Listening::Stream(socket) => inherited.sockets.push(socket),
                Listening::Datagrams(socket) => inherited.datagrams.push((socket, false)),
            }
        }
        Ok(inherited)
    }

    /// All of them once more, for whoever hands them on.
    pub(crate) fn share(&self) -> io::Result<Vec<OwnedFd>> {
        let streams = self.sockets.iter();
        let streams = streams.map(|socket| socket.share().map(OwnedFd::from));
        let datagrams = self.datagrams.iter();
        let datagrams = datagrams.map(|(socket, _)| socket.try_clone().map(OwnedFd::from));
        streams.chain(datagrams).collect()
    }

    /// Another one that came another way.
    pub(crate) fn keep(&mut self, socket: Socket) {
        self.sockets.push(socket);
    }

    /// Those of somebody else, too.
    pub(crate) fn extend(&mut self, other: Self) {
        self.sockets.extend(other.sockets);
        self.datagrams.extend(other.datagrams);
    }

    /// How many nobody has used yet.
    pub fn left(&self) -> usize {
        let datagrams = self.datagrams.iter().filter(|(_, is_used)| !is_used);
        self.sockets.len() + datagrams.count()
    }

    /// Those that are bound to this address; they are kept until they are forgotten,
    /// for whoever asks may yet find that it cannot use them.
    pub(crate) fn find(&self, address: &ListenAddress) -> io::Result<Vec<Socket>> {
        let all = self.sockets.iter();
        all.filter(|socket| is_at(socket, address))
            .map(Socket::share)
            .collect()
    }

    /// Those that are bound to this address are in use.
    pub(crate) fn forget(&mut self, address: &ListenAddress) {
        self.sockets.retain(|socket| !is_at(socket, address));
    }

    /// The one for datagrams that is bound to this address. Whoever hands in several
    /// for one address is told that datagrams to the others are lost.
    pub(crate) fn find_datagrams(&mut self, address: &ListenAddress) -> Option<UdpSocket> {
        let all = self.datagrams.iter_mut();
        let mut found = all.filter(|(socket, _)| is_bound(socket.local_addr(), address));
        let (socket, is_used) = found.next()?;
        if found.next().is_some() {
            tracing::error!(%address, "hand in one UDP socket for an address: others are not read");
        }
        *is_used = true;
        match socket.try_clone() {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::error!(%address, %error, "the UDP socket that was handed in cannot be used");
                None
            }
        }
    }
}

/// What was handed in.
enum Listening {
    Stream(Socket),
    Datagrams(UdpSocket),
}

#[expect(
    unsafe_code,
    reason = "the protocol hands descriptors over as plain numbers"
)]
fn own(number: RawFd) -> OwnedFd {
    // SAFETY: the caller has seen that the number is open. By the protocol it is
    // ours: it was opened for this process, which is the one LISTEN_PID names,
    // before it began, so nothing in this process has opened or owns it; and
    // `TAKEN` lets this happen once only, so nothing owns it twice.
    unsafe { OwnedFd::from_raw_fd(number) }
}

fn listening(descriptor: OwnedFd) -> Result<Listening, InheritedError> {
    let socket = socket2::Socket::from(descriptor);
    // Programs that are started from here have no business with it.
    let kept = fcntl_setfd(&socket, FdFlags::CLOEXEC).is_ok();
    let kind = socket.r#type().ok();
    let is_on_network = |socket: &socket2::Socket| {
        let address = socket.local_addr().ok();
        address.is_some_and(|address| address.as_socket().is_some())
    };
    if kept && kind == Some(socket2::Type::DGRAM) && is_on_network(&socket) {
        return Ok(Listening::Datagrams(socket.into()));
    }
    if !kept || kind != Some(socket2::Type::STREAM) || !socket.is_listener().unwrap_or(false) {
        return Err(InheritedError::NotListening);
    }
    match socket.local_addr() {
        Ok(address) if address.is_unix() => {
            let socket = UnixListener::from(OwnedFd::from(socket));
            Ok(Listening::Stream(Socket::Unix(socket)))
        }
        Ok(address) if address.as_socket().is_some() => {
            // Those we open ourselves have it from the beginning.
            let _ = socket.set_tcp_nodelay(true);
            let socket = TcpListener::from(OwnedFd::from(socket));
            Ok(Listening::Stream(Socket::Tcp(socket)))
        }
        _ => Err(InheritedError::NotListening),
    }
}

fn is_at(socket: &Socket, wanted: &ListenAddress) -> bool {
    match (socket, wanted) {
        (Socket::Tcp(listener), _) => is_bound(listener.local_addr(), wanted),
        (Socket::Unix(listener), ListenAddress::Unix(path)) => listener
            .local_addr()
            .is_ok_and(|found| found.as_pathname() == Some(path)),
        _ => false,
    }
}

fn is_bound(found: io::Result<SocketAddr>, wanted: &ListenAddress) -> bool {
    found.is_ok_and(|found| match wanted {
        ListenAddress::Tcp(address) => found == *address,
        ListenAddress::Everywhere(port) => found.ip().is_unspecified() && found.port() == *port,
        ListenAddress::Unix(_) => false,
    })
}
