//! The door until the edge is built: plain HTTP/1.1 with time and size limits,
//! and an orderly stop.
//!
//! Knows sockets and a `Router`, nothing of what is served.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;
use web::Peer;

use crate::bodies::{self, Timed};
use crate::configuration::{ListenAddress, link_to};

/// A client has this long to finish the headers of a request.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// A header section above this is told so by a problem, see [`crate::router`];
/// above twice as much the answer is a bare 431.
pub(crate) const HEADER_LIMIT: usize = 16 * 1024;
/// A request may have this many header lines.
const HEADER_LINES: usize = 100;
/// Running requests get this long when Kenduri stops.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(30);
/// How long to wait when the system has no more descriptors.
const BREATH: Duration = Duration::from_millis(100);
/// How many ports after the asked one are tried for a demonstration.
const PORTS_TRIED: u16 = 100;

/// A bound socket.
#[derive(Debug)]
pub(crate) enum Door {
    /// On the network.
    Tcp(TcpListener),
    /// In the file system.
    Unix(UnixListener),
}

impl Door {
    /// Binds an address; the error says what to do about it.
    pub(crate) async fn open(address: &ListenAddress) -> Result<Self> {
        match address {
            ListenAddress::Tcp(tcp) => TcpListener::bind(tcp).await.map(Self::Tcp),
            ListenAddress::Everywhere(port) => everywhere(*port).await.map(Self::Tcp),
            ListenAddress::Unix(path) => unix(path).map(Self::Unix),
        }
        .map_err(|error| {
            let mend = match error.kind() {
                io::ErrorKind::AddrInUse => "another program listens there: name another port with --listen or listen.http",
                io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege: take one above, or let a front door listen there",
                io::ErrorKind::AddrNotAvailable => "no card of this machine has this address: `ip address` lists those there are",
                _ => "listen.http and --listen name it",
            };
            anyhow::Error::new(error).context(format!("cannot listen on {address}\n  {mend}"))
        })
    }

    /// Binds an address, or the same with the next port that is free.
    pub(crate) async fn open_near(address: &ListenAddress) -> Result<Self> {
        let mut tried = address.clone();
        for _ in 0..PORTS_TRIED {
            let in_use = match Self::open(&tried).await {
                Ok(door) => return Ok(door),
                Err(error) => error
                    .downcast_ref::<io::Error>()
                    .is_some_and(|cause| cause.kind() == io::ErrorKind::AddrInUse),
            };
            match &mut tried {
                ListenAddress::Tcp(tcp) if in_use && tcp.port() < u16::MAX => {
                    tcp.set_port(tcp.port() + 1);
                }
                _ => break,
            }
        }
        Self::open(address).await
    }

    /// The address it got, if it is on the network.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// What people and messages call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Tcp(_) => self.address().map_or_else(String::new, link_to),
            Self::Unix(listener) => listener
                .local_addr()
                .ok()
                .and_then(|address| Some(format!("unix:{}", address.as_pathname()?.display())))
                .unwrap_or_default(),
        }
    }

    /// Serves connections until `stop`; each runs in `connections` until it is done.
    pub(crate) async fn serve(
        self,
        app: Router,
        stop: CancellationToken,
        connections: TaskTracker,
    ) {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.accept(&app, &stop, &connections) => accepted,
            };
            if let Err(error) = accepted {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }

    async fn accept(
        &self,
        app: &Router,
        stop: &CancellationToken,
        connections: &TaskTracker,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Small answers leave at once; a refusal here only costs time.
                let _ = stream.set_nodelay(true);
                let peer = Peer(peer.ip().to_canonical());
                connections.spawn(connection(stream, peer, app.clone(), stop.clone()));
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                connections.spawn(connection(
                    stream,
                    Peer::LOOPBACK,
                    app.clone(),
                    stop.clone(),
                ));
            }
        }
        Ok(())
    }
}

async fn everywhere(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        // Machines without IPv6 have no such address family.
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
        }
        bound => bound,
    }
}

fn unix(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A socket that nobody answers was left behind by a killed process.
    if std::os::unix::net::UnixStream::connect(path).is_err()
        && std::fs::symlink_metadata(path).is_ok_and(|found| is_socket(&found))
    {
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}

fn is_socket(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_socket()
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    app: Router,
    stop: CancellationToken,
) {
    let streams_end = stop.clone();
    let service =
        hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut app = app.clone();
            let streams_end = streams_end.clone();
            async move {
                let mut request = request.map(Timed::around);
                request.extensions_mut().insert(peer);
                let answer = app.call(request).await?;
                Ok::<_, std::convert::Infallible>(bodies::ending_with(answer, streams_end))
            }
        });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADER_LINES)
        .max_header_size(2 * HEADER_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // Broken by the client or the network: nobody here can do anything.
        tracing::debug!(%error, "a connection ended early");
    }
}
