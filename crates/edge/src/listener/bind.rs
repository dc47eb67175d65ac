//! Opens listening sockets: one for each worker if the kernel can distribute connections among
//! several sockets, and one for all workers if it cannot.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use socket2::{Domain, Protocol, Type};

use super::ListenAddress;

const BACKLOG: i32 = 1_024;

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {fault}\n  {}", fault.mend())]
pub struct ListenError {
    pub address: String,
    pub fault: ListenFault,
}

#[derive(Debug, thiserror::Error)]
pub enum ListenFault {
    #[error("it is in use")]
    InUse,
    #[error("it is not permitted")]
    NotPermitted,
    #[error("this machine has no such address")]
    NotHere,
    /// The path is a file that is not a socket.
    #[error("a file that is not a socket is in the way")]
    FileInTheWay,
    #[error("{0}")]
    Other(io::Error),
}

impl ListenFault {
    pub fn mend(&self) -> &'static str {
        match self {
            Self::InUse => {
                "another program listens there: stop it (`ss -lnp` lists programs), or name another port"
            }
            Self::NotPermitted => {
                "a port below 1024 needs root or CAP_NET_BIND_SERVICE, which `kenduri install` gives; a Unix socket needs a writable folder"
            }
            Self::NotHere => {
                "name one of those that `ip address` lists, or leave it out, as in :8080"
            }
            Self::FileInTheWay => "move it away, or name another file",
            Self::Other(_) => "correct that, or name another address",
        }
    }
}

impl From<io::Error> for ListenFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse,
            io::ErrorKind::PermissionDenied => Self::NotPermitted,
            io::ErrorKind::AddrNotAvailable => Self::NotHere,
            _ => Self::Other(error),
        }
    }
}

/// A listening socket before its registration with Tokio.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    pub(crate) fn share(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(listener) => listener.try_clone().map(Self::Tcp),
            Self::Unix(listener) => listener.try_clone().map(Self::Unix),
        }
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(one), Self::Tcp(two)) => is_same(one, two),
            (Self::Unix(one), Self::Unix(two)) => is_same(one, two),
            _ => false,
        }
    }

    fn nonblocking(self) -> io::Result<Self> {
        match &self {
            Self::Tcp(listener) => listener.set_nonblocking(true)?,
            Self::Unix(listener) => listener.set_nonblocking(true)?,
        }
        Ok(self)
    }
}

impl From<Socket> for OwnedFd {
    fn from(socket: Socket) -> Self {
        match socket {
            Socket::Tcp(listener) => listener.into(),
            Socket::Unix(listener) => listener.into(),
        }
    }
}

pub(crate) fn is_same(one: &impl AsFd, two: &impl AsFd) -> bool {
    let identity = |descriptor: BorrowedFd<'_>| {
        let metadata = File::from(descriptor.try_clone_to_owned()?).metadata()?;
        io::Result::Ok((metadata.dev(), metadata.ino()))
    };
    match (identity(one.as_fd()), identity(two.as_fd())) {
        (Ok(one), Ok(two)) => one == two,
        _ => false,
    }
}

#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) sockets: Vec<Socket>,
    /// The bound address, with the port that the kernel chose; `None` for a Unix socket.
    pub(crate) address: Option<SocketAddr>,
}

impl Bound {
    /// Distributes inherited sockets among the workers. If there are fewer sockets than workers,
    /// duplicates some.
    pub(crate) fn shared(handed_in: Vec<Socket>, workers: usize) -> io::Result<Self> {
        let address = handed_in.first().and_then(Socket::address);
        let mut sockets = Vec::with_capacity(workers);
        let extra = workers.saturating_sub(handed_in.len());
        for index in 0..extra {
            sockets.push(handed_in[index % handed_in.len()].share()?.nonblocking()?);
        }
        for socket in handed_in {
            sockets.push(socket.nonblocking()?);
        }
        Ok(Self { sockets, address })
    }
}

pub(crate) fn open(address: &ListenAddress, workers: usize) -> Result<Bound, ListenError> {
    let opened = match address {
        ListenAddress::Tcp(tcp) => each_worker(*tcp, workers),
        ListenAddress::Everywhere(port) => everywhere(*port, workers),
        ListenAddress::Unix(path) => unix(path, workers),
    };
    opened.map_err(|fault| ListenError {
        address: address.to_string(),
        fault,
    })
}

fn everywhere(port: u16, workers: usize) -> Result<Bound, ListenFault> {
    match each_worker((Ipv6Addr::UNSPECIFIED, port).into(), workers) {
        // These errors mean that the machine has no IPv6, so IPv4 is used alone.
        Err(ListenFault::Other(_) | ListenFault::NotHere) => {
            each_worker((Ipv4Addr::UNSPECIFIED, port).into(), workers)
        }
        bound => bound,
    }
}

fn each_worker(address: SocketAddr, workers: usize) -> Result<Bound, ListenFault> {
    // This trial bind fails if the port is in use. With `SO_REUSEPORT`, another process of the same
    // user could share the port unnoticed.
    if address.port() != 0 {
        drop(tcp(address, Sharing::Alone)?);
    }
    let first = tcp(address, Sharing::Workers)?;
    let bound = first.local_addr().map_err(ListenFault::from)?;
    let mut sockets = vec![Socket::Tcp(first)];
    while sockets.len() < workers {
        sockets.push(Socket::Tcp(tcp(bound, Sharing::Workers)?));
    }
    Ok(Bound {
        sockets,
        address: Some(bound),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Alone,
    Workers,
}

fn tcp(address: SocketAddr, sharing: Sharing) -> Result<TcpListener, ListenFault> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    // A restart would otherwise fail while old connections are in `TIME_WAIT`.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(sharing == Sharing::Workers)?;
    // With this option, small responses are sent at once. Accepted connections inherit the option.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if sharing == Sharing::Workers {
        socket.listen(BACKLOG)?;
    }
    Ok(socket.into())
}

/// Binds a UDP socket that shares its port with no other socket. With `SO_REUSEPORT` or
/// `SO_REUSEADDR`, a socket could get packets of another socket's connections.
pub(crate) fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn unix(path: &Path, workers: usize) -> Result<Bound, ListenFault> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if let Ok(found) = std::fs::symlink_metadata(path) {
        if !found.file_type().is_socket() {
            return Err(ListenFault::FileInTheWay);
        }
        match UnixStream::connect(path) {
            Ok(_) => return Err(ListenFault::InUse),
            // A killed process left this socket file, on which nobody listens.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    let bound = Bound::shared(vec![Socket::Unix(UnixListener::bind(path)?)], workers)?;
    Ok(bound)
}
