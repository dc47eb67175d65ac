//! Listening sockets that were handed in: by systemd, by a keeper, at an upgrade.

use std::io;
use std::net::TcpListener;
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
    /// A descriptor is no socket that streams can be accepted from.
    #[error(
        "a descriptor that was handed in is not a listening socket\n  hand in stream sockets that listen: ListenStream= in systemd"
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
        let sockets: Result<_, _> = descriptors.into_iter().map(listening).collect();
        Ok(Self { sockets: sockets? })
    }

    /// How many nobody has used yet.
    pub fn left(&self) -> usize {
        self.sockets.len()
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

fn listening(descriptor: OwnedFd) -> Result<Socket, InheritedError> {
    let socket = socket2::Socket::from(descriptor);
    // Programs that are started from here have no business with it.
    let kept = fcntl_setfd(&socket, FdFlags::CLOEXEC).is_ok();
    let is_stream = socket
        .r#type()
        .is_ok_and(|kind| kind == socket2::Type::STREAM);
    if !kept || !is_stream || !socket.is_listener().unwrap_or(false) {
        return Err(InheritedError::NotListening);
    }
    match socket.local_addr() {
        Ok(address) if address.is_unix() => {
            Ok(Socket::Unix(UnixListener::from(OwnedFd::from(socket))))
        }
        Ok(address) if address.as_socket().is_some() => {
            // Those we open ourselves have it from the beginning.
            let _ = socket.set_tcp_nodelay(true);
            Ok(Socket::Tcp(TcpListener::from(OwnedFd::from(socket))))
        }
        _ => Err(InheritedError::NotListening),
    }
}

fn is_at(socket: &Socket, wanted: &ListenAddress) -> bool {
    match (socket, wanted) {
        (Socket::Tcp(listener), ListenAddress::Tcp(address)) => {
            listener.local_addr().is_ok_and(|found| found == *address)
        }
        (Socket::Tcp(listener), ListenAddress::Everywhere(port)) => listener
            .local_addr()
            .is_ok_and(|found| found.ip().is_unspecified() && found.port() == *port),
        (Socket::Unix(listener), ListenAddress::Unix(path)) => listener
            .local_addr()
            .is_ok_and(|found| found.as_pathname() == Some(path)),
        _ => false,
    }
}
