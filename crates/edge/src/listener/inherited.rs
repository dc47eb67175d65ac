//! Listening sockets that the process has inherited: from systemd, from the supervisor process, or
//! from the previous process during an upgrade.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{FdFlags, fcntl_setfd};

use super::bind::{Socket, is_same};
use super::shared_udp::SharedUdp;
use super::{ListenAddress, ListenSettings};

/// The first inherited descriptor (`sd_listen_fds(3)`).
const FIRST: RawFd = 3;
/// The maximum number of inherited descriptors.
const MOST: RawFd = 256;

/// Inherited sockets. Each of them serves the address that it is bound to.
///
/// A socket stays open while a plan names its address for any protocol. The process that passed the
/// socket also has it open, so no other socket could be bound to the address anyway.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<InheritedSocket<Socket>>,
    datagrams: Vec<InheritedSocket<SharedUdp>>,
}

#[derive(Debug)]
struct InheritedSocket<T> {
    socket: T,
    /// Whether an earlier plan, the current plan or the next plan names the socket's address.
    is_used: bool,
}

impl<T> From<T> for InheritedSocket<T> {
    fn from(socket: T) -> Self {
        Self {
            socket,
            is_used: false,
        }
    }
}

impl<T> InheritedSocket<T> {
    fn used(socket: T) -> Self {
        Self {
            socket,
            is_used: true,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum InheritedError {
    /// `LISTEN_FDS` is not a number within the limit.
    #[error(
        "LISTEN_FDS is {said}\n  let what starts this program set it to the number of sockets, up to {MOST}"
    )]
    Count {
        /// The value of `LISTEN_FDS`.
        said: String,
    },
    /// An announced descriptor is not open.
    #[error(
        "LISTEN_FDS announces descriptor {number}, which is not open\n  the program that starts this one must pass it"
    )]
    Missing {
        /// The descriptor that is not open.
        number: RawFd,
    },
    /// An inherited descriptor is neither a listening stream socket nor a UDP socket.
    #[error(
        "an inherited descriptor is not a listening socket\n  \
         pass sockets that listen: ListenStream= in systemd, and ListenDatagram= for HTTP/3"
    )]
    NotListening,
    #[error(
        "cannot lock a UDP socket for HTTP/3: {0}\n  free memory, or raise LimitNOFILE= in the systemd unit"
    )]
    Lock(io::Error),
    #[error(
        "the inherited sockets are already in use\n  this is a mistake in Kenduri: please report it"
    )]
    TakenBefore,
}

impl Inherited {
    /// Returns the sockets that `LISTEN_FDS` and `LISTEN_PID` announce. Returns none if the
    /// variables are missing or meant for another process. A second call fails.
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

    /// Takes sockets that did not come through `LISTEN_FDS`.
    pub fn new(descriptors: Vec<OwnedFd>) -> Result<Self, InheritedError> {
        let mut inherited = Self::default();
        for descriptor in descriptors {
            match listening(descriptor)? {
                Listening::Stream(socket) => inherited.sockets.push(socket.into()),
                Listening::Datagrams(socket) => {
                    let udp = SharedUdp::new(socket).map_err(InheritedError::Lock)?;
                    inherited.datagrams.push(udp.into());
                }
                // A lock file comes directly after the socket to which it belongs.
                Listening::Lock(file) => {
                    let entry = inherited.datagrams.pop();
                    let entry = entry.ok_or(InheritedError::NotListening)?;
                    let udp = entry.socket.with_file(file);
                    inherited.datagrams.push(udp.into());
                }
            }
        }
        Ok(inherited)
    }

    /// Duplicates of the descriptors.
    pub fn share(&self) -> io::Result<Vec<OwnedFd>> {
        let mut all = Vec::new();
        for entry in &self.sockets {
            all.push(OwnedFd::from(entry.socket.share()?));
        }
        for entry in &self.datagrams {
            all.extend(entry.socket.share()?.into_descriptors());
        }
        Ok(all)
    }

    /// Adds a socket for an address of the next plan.
    pub(crate) fn add(&mut self, socket: Socket) {
        self.sockets.push(InheritedSocket::used(socket));
    }

    pub(crate) fn keep_datagrams(&mut self, socket: SharedUdp) {
        self.datagrams.push(InheritedSocket::used(socket));
    }

    /// Adds sockets for the next plan, except those already present.
    pub(crate) fn extend(&mut self, other: Self) {
        for entry in other.sockets {
            let is_new = |known: &InheritedSocket<Socket>| !known.socket.is_same(&entry.socket);
            if self.sockets.iter().all(is_new) {
                self.sockets.push(InheritedSocket::used(entry.socket));
            }
        }
        for entry in other.datagrams {
            let is_new = |known: &InheritedSocket<SharedUdp>| {
                !is_same(&known.socket.socket, &entry.socket.socket)
            };
            if self.datagrams.iter().all(is_new) {
                self.datagrams.push(InheritedSocket::used(entry.socket));
            }
        }
    }

    /// The number of sockets that no plan has used.
    pub fn left(&self) -> usize {
        let streams = self.sockets.iter().filter(|entry| !entry.is_used);
        let datagrams = self.datagrams.iter().filter(|entry| !entry.is_used);
        streams.count() + datagrams.count()
    }

    pub(crate) fn find(&self, address: &ListenAddress) -> io::Result<Vec<Socket>> {
        let all = self.sockets.iter().map(|entry| &entry.socket);
        all.filter(|socket| is_at(socket, address))
            .map(Socket::share)
            .collect()
    }

    /// Marks the sockets that the current plan names as used. Closes sockets that only earlier
    /// plans named, because the process that passed them may have closed them too.
    pub(crate) fn settle(&mut self, settings: &ListenSettings) {
        let named: Vec<_> = settings.all().map(|(_, address)| address).collect();
        self.sockets.retain_mut(|entry| {
            let is_named = named.iter().any(|address| is_at(&entry.socket, address));
            let stays = is_named || !entry.is_used;
            entry.is_used |= is_named;
            stays
        });
        self.datagrams.retain_mut(|entry| {
            let socket = &entry.socket.socket;
            let mut all = settings.https.iter();
            let is_named = all.any(|address| is_bound(socket.local_addr(), address));
            let stays = is_named || !entry.is_used;
            entry.is_used |= is_named;
            stays
        });
    }

    /// Returns one UDP socket at this address. If there are several, logs that packets to the
    /// others are lost.
    pub(crate) fn find_datagrams(&self, address: &ListenAddress) -> io::Result<Option<SharedUdp>> {
        let all = self.datagrams.iter().map(|entry| &entry.socket);
        let mut found = all.filter(|entry| is_bound(entry.socket.local_addr(), address));
        let first = found.next();
        if found.next().is_some() {
            tracing::error!(%address, "several inherited UDP sockets have this address and only \
                                       the first is read; write one ListenDatagram= for it in the systemd socket unit");
        }
        first.map(SharedUdp::share).transpose()
    }
}

enum Listening {
    Stream(Socket),
    Datagrams(UdpSocket),
    Lock(File),
}

#[expect(
    unsafe_code,
    reason = "the protocol hands descriptors over as plain numbers"
)]
fn own(number: RawFd) -> OwnedFd {
    // SAFETY: the caller has checked that the descriptor is open. By the protocol, the descriptor
    // was opened for the process in LISTEN_PID before that process began. This process is the one
    // in LISTEN_PID, so nothing in it owns the descriptor yet. `TAKEN` ensures that each descriptor
    // is taken only once.
    unsafe { OwnedFd::from_raw_fd(number) }
}

fn listening(descriptor: OwnedFd) -> Result<Listening, InheritedError> {
    let socket = socket2::Socket::from(descriptor);
    // Child processes must not inherit the descriptor.
    let kept = fcntl_setfd(&socket, FdFlags::CLOEXEC).is_ok();
    let kind = socket.r#type().ok();
    let is_on_network = |socket: &socket2::Socket| {
        let address = socket.local_addr().ok();
        address.is_some_and(|address| address.as_socket().is_some())
    };
    if kept && kind == Some(socket2::Type::DGRAM) && is_on_network(&socket) {
        return Ok(Listening::Datagrams(socket.into()));
    }
    if kept && kind.is_none() {
        let file = File::from(OwnedFd::from(socket));
        let is_file = file.metadata().is_ok_and(|found| found.is_file());
        return is_file
            .then_some(Listening::Lock(file))
            .ok_or(InheritedError::NotListening);
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
            // The edge's own sockets also have this option.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn local() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0").unwrap()
    }

    fn settings(https: &[SocketAddr]) -> ListenSettings {
        let addresses = https.iter().map(|address| ListenAddress::Tcp(*address));
        ListenSettings {
            https: addresses.collect(),
            ..ListenSettings::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_for_datagrams_has_one_reader_after_the_other() {
        let socket = local();
        let address = ListenAddress::Tcp(socket.local_addr().unwrap());
        let inherited = Inherited::new(vec![socket.into()]).unwrap();
        let mut last = Vec::new();
        let first = inherited.find_datagrams(&address).unwrap().unwrap();
        let reads = first.lock().await.unwrap();
        // While one reader holds the lock, other readers in any process wait.
        let elsewhere = Inherited::new(inherited.share().unwrap()).unwrap();
        for inherited in [inherited, elsewhere] {
            let second = inherited.find_datagrams(&address).unwrap().unwrap();
            let waits = tokio::time::timeout(Duration::from_secs(1), second.lock());
            assert!(waits.await.is_err());
            last.push(second);
        }
        let reset_key = reads.reset_key;
        drop(reads);
        for next in last {
            assert_eq!(next.lock().await.unwrap().reset_key, reset_key);
        }
    }

    #[test]
    fn what_plans_name_stays_and_goes_when_they_no_longer_do() {
        let (first, second) = (local(), local());
        let (at_first, at_second) = (first.local_addr().unwrap(), second.local_addr().unwrap());
        let stream = TcpListener::bind("127.0.0.1:0").unwrap();
        let at_stream = stream.local_addr().unwrap();
        let sockets = vec![first.into(), second.into(), stream.into()];
        let mut inherited = Inherited::new(sockets).unwrap();
        inherited.settle(&settings(&[at_first, at_stream]));
        assert_eq!(inherited.left(), 1);
        let at = |address| ListenAddress::Tcp(address);
        let find = |inherited: &Inherited, address| inherited.find_datagrams(&at(address)).unwrap();
        assert!(find(&inherited, at_first).is_some());
        assert_eq!(inherited.find(&at(at_stream)).unwrap().len(), 1);
        inherited.settle(&settings(&[at_second]));
        assert!(find(&inherited, at_first).is_none());
        assert!(find(&inherited, at_second).is_some());
        assert!(inherited.find(&at(at_stream)).unwrap().is_empty());
        // Other sockets can be bound to the address after every duplicate was closed.
        drop(UdpSocket::bind(at_first).unwrap());
        drop(TcpListener::bind(at_stream).unwrap());
    }

    #[test]
    fn what_comes_twice_is_one() {
        let (udp, tcp) = (local(), TcpListener::bind("127.0.0.1:0").unwrap());
        let handed_in = || {
            let sockets = vec![
                OwnedFd::from(udp.try_clone().unwrap()),
                OwnedFd::from(tcp.try_clone().unwrap()),
            ];
            Inherited::new(sockets).unwrap()
        };
        let mut inherited = handed_in();
        inherited.extend(handed_in());
        assert_eq!(inherited.left(), 2);
        let more = vec![OwnedFd::from(local())];
        inherited.extend(Inherited::new(more).unwrap());
        assert_eq!(inherited.share().unwrap().len(), 5);
        // These sockets were for a plan that was rejected, and the next plan does not name their
        // addresses.
        inherited.settle(&settings(&[]));
        assert_eq!(inherited.share().unwrap().len(), 3);
    }
}
