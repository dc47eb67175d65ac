//! Finds out whether an instance is ready, and whether it stays well.
//!
//! `READY=1` on `NOTIFY_SOCKET` (`sd_notify(3)`) counts at once. Beside it, the
//! first of these that the service has: its health check, that its socket
//! accepts, that it has lived for a second. A part of the program must say it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixDatagram, UnixStream};
use tokio::time::{sleep, timeout};

use crate::fleet::Address;
use crate::plan::{HealthSettings, User};

/// Nobody listens yet: asked again so soon, that a restart costs no more than its own start.
const KNOCK: Duration = Duration::from_millis(10);
/// Somebody listens and is not well yet: asked again so soon.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// How long a connection may take when there is no health check that says so.
const CONNECT: Duration = Duration::from_secs(2);
/// A service that cannot be asked is ready when it lived so long.
const ALIVE: Duration = Duration::from_secs(1);
/// So much of an answer is looked at, in bytes.
const STATUS_LINE: usize = 256;
/// The rest is taken so far, in bytes, and so long: some servers complain of a client that leaves early.
const BODY: u64 = 64 << 10;
const FAREWELL: Duration = Duration::from_millis(500);
/// A message on the notify socket is no longer than this, in bytes.
const MESSAGE: usize = 4 << 10;

/// How an instance is watched.
pub(crate) struct Watch {
    /// Where it listens; none: it cannot be asked.
    pub(crate) address: Option<Address>,
    pub(crate) health: Option<HealthSettings>,
    /// So many passed checks, and there is time until the next.
    pub(crate) rise: u32,
    /// Whether the socket was open before the service was: that it accepts tells nothing.
    pub(crate) activated: bool,
    /// Whether nothing but its word counts.
    pub(crate) says_so_itself: bool,
    pub(crate) notify: Notify,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Finding {
    /// It says that it is ready, or nothing else can be asked of it.
    Ready,
    /// It answered well.
    Passed,
    /// It did not, because.
    Failed(String),
}

impl Watch {
    /// Watches until it is dropped.
    pub(crate) async fn run(self, found: impl AsyncFn(Finding)) {
        let Self {
            address,
            health,
            rise,
            activated,
            says_so_itself,
            notify,
        } = self;
        let listen = async {
            loop {
                notify.ready().await;
                found(Finding::Ready).await;
            }
        };
        let ask = async {
            match (address, health) {
                _ if says_so_itself => {}
                (Some(address), Some(health)) => check(&address, &health, rise, &found).await,
                (Some(address), None) if !activated => {
                    while !accepts(&address).await {
                        sleep(KNOCK).await;
                    }
                    found(Finding::Ready).await;
                }
                _ => {
                    sleep(ALIVE).await;
                    found(Finding::Ready).await;
                }
            }
        };
        tokio::join!(listen, ask);
    }
}

async fn check(
    address: &Address,
    health: &HealthSettings,
    rise: u32,
    found: &impl AsyncFn(Finding),
) {
    let mut passed = 0;
    loop {
        let asked = timeout(health.within, ask(address, &health.path)).await;
        let outcome = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let is_new = passed < rise;
        match outcome {
            Ok(status) if (200..300).contains(&status) => {
                passed += u32::from(is_new);
                found(Finding::Passed).await;
                sleep(if passed < rise {
                    ASK_AGAIN
                } else {
                    health.every
                })
                .await;
            }
            Ok(status) => {
                found(Finding::Failed(format!("it answered {status}"))).await;
                sleep(if is_new { ASK_AGAIN } else { health.every }).await;
            }
            Err(error) => {
                found(Finding::Failed(format!("it gave no answer: {error}"))).await;
                sleep(if is_new { KNOCK } else { health.every }).await;
            }
        }
    }
}

async fn accepts(address: &Address) -> bool {
    let connected = timeout(CONNECT, async {
        match address {
            Address::Unix(path) => UnixStream::connect(path).await.map(drop),
            Address::Tcp(port) => TcpStream::connect(("127.0.0.1", *port)).await.map(drop),
        }
    });
    matches!(connected.await, Ok(Ok(())))
}

/// Asks for a path and reads the status (RFC 9112, section 4), nothing else.
async fn ask(address: &Address, path: &str) -> io::Result<u16> {
    match address {
        Address::Unix(socket) => status(UnixStream::connect(socket).await?, path).await,
        Address::Tcp(port) => status(TcpStream::connect(("127.0.0.1", *port)).await?, path).await,
    }
}

async fn status(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> io::Result<u16> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut line = Vec::with_capacity(STATUS_LINE);
    while !line.contains(&b'\n') && line.len() < STATUS_LINE {
        let mut piece = [0; STATUS_LINE];
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        line.extend_from_slice(&piece[..length]);
    }
    let mut rest = stream.take(BODY);
    let _ = timeout(FAREWELL, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    let text = String::from_utf8_lossy(&line);
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.get(..3)?.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what it says is not HTTP/1.1"))
}

/// The socket on which a service says that it is ready.
pub(crate) struct Notify {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Notify {
    /// Opens the socket, for a user if one is named.
    pub(crate) fn open(path: &Path, user: Option<&User>) -> io::Result<Self> {
        let socket = UnixDatagram::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        if let Some(user) = user {
            std::os::unix::fs::chown(path, Some(user.user), Some(user.group))?;
        }
        Ok(Self {
            socket,
            path: path.to_owned(),
        })
    }

    /// Waits for `READY=1`; everything else that is said is passed over.
    async fn ready(&self) {
        let mut message = vec![0; MESSAGE];
        loop {
            match self.socket.recv(&mut message).await {
                Ok(length) => {
                    if message[..length]
                        .split(|byte| *byte == b'\n')
                        .any(|line| line == b"READY=1")
                    {
                        return;
                    }
                }
                Err(_) => sleep(ALIVE).await,
            }
        }
    }
}

impl Drop for Notify {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
