//! Readiness and health checks of an instance.
//!
//! An instance with a health check is ready when the check passes, and not before: some programs
//! send `READY=1` on `NOTIFY_SOCKET` (`sd_notify(3)`) before they have loaded the code that answers
//! requests. The message only makes the check look at once. Any other instance is ready when it
//! sends `READY=1`. Without the message, an instance with a socket is ready when the socket accepts
//! connections (or answers a request, if the supervisor opened the socket), and an instance with
//! neither when its process has lived for some seconds. The program's own service becomes ready only
//! by `READY=1`. A service may also request more start time on `NOTIFY_SOCKET`.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixDatagram};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::address_check::{CheckedAddress, ConnectError};
use crate::folder::Folder;
use crate::plan::HealthSettings;
use crate::ready_instances::Address;
use crate::service_log::WatchPhase;
use crate::state::{Event, RunId};

/// A starting instance is checked again after its current age divided by this number: quickly if it
/// is fast, and not too often if it is slow.
const AGE_DIVISOR: u32 = 16;
/// Between two checks of a starting instance.
const MIN_RETRY_DELAY: Duration = Duration::from_millis(2);
const MAX_RETRY_DELAY: Duration = Duration::from_millis(100);
/// For an instance without a health check.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const PAUSE_AFTER_READ_ERROR: Duration = Duration::from_secs(1);
const MAX_STATUS_LINE: usize = 256;
/// Some servers report an error if the client closes the connection before the end, so this much is
/// read after the status line.
const MAX_BODY_BYTES: u64 = 64 << 10;
const CLOSE_GRACE: Duration = Duration::from_millis(500);
const MAX_MESSAGE_BYTES: usize = 4 << 10;

pub(crate) struct Probe {
    pub(crate) address: Option<CheckedAddress>,
    pub(crate) health: Option<HealthSettings>,
    /// How many health checks in a row must pass before the instance is ready.
    pub(crate) rise: u32,
    /// Whether the supervisor opened the socket before the start. Such a socket accepts connections
    /// even if the instance is not ready.
    pub(crate) activated: bool,
    /// Whether only `READY=1` makes the instance ready.
    pub(crate) needs_notification: bool,
    /// After this time, a process with neither a health check nor a socket counts as ready.
    pub(crate) alive: Duration,
    /// Whether the instance was already ready before this probe started.
    pub(crate) is_ready: bool,
    pub(crate) notify: Arc<NotifySocket>,
    pub(crate) run: RunId,
}

impl Probe {
    /// Checks the instance until the watch phase changes. Messages that the service sent before the
    /// change are still handled.
    pub(crate) async fn run(
        self,
        found: impl AsyncFn(Event),
        mut attention: watch::Receiver<WatchPhase>,
    ) {
        let Self {
            address,
            health,
            rise,
            activated,
            needs_notification,
            alive,
            is_ready,
            notify,
            run,
        } = self;
        let mut until = attention.clone();
        let (has_health, look_now) = (health.is_some(), Notify::new());
        let listen = async {
            let mut is_new = !is_ready;
            loop {
                tokio::select! {
                    said = notify.next_event(run) => {
                        let is_notification = matches!(said, Event::Ready(_));
                        let is_first = is_new && is_notification;
                        is_new &= !is_first;
                        if has_health && is_notification {
                            if is_first {
                                look_now.notify_one();
                            }
                            continue;
                        }
                        let doubted = address.as_ref().filter(|_| is_first);
                        found(verify_listener(said, run, doubted)).await;
                    }
                    () = WatchPhase::ends(&mut attention) => return,
                }
            }
        };
        let begun = Instant::now();
        let ask = async {
            match (&address, health) {
                _ if needs_notification => {}
                (Some(address), Some(health)) => {
                    check(address, &health, run, rise, is_ready, &look_now, &found).await;
                }
                (_, None) if is_ready => {}
                (Some(address), None) => loop {
                    let found_ready = if activated {
                        check_any_answer(address).await
                    } else {
                        try_connect(address).await
                    };
                    match found_ready {
                        Ok(()) => break found(Event::Ready(run)).await,
                        Err(ConnectError::Refused(why)) => {
                            break found(Event::Refused(run, why)).await;
                        }
                        Err(ConnectError::System(_)) => sleep(retry_delay(begun)).await,
                    }
                },
                _ => {
                    sleep(alive).await;
                    found(Event::Ready(run)).await;
                }
            }
        };
        // The health check may be cancelled at any point, because it is repeated later.
        let ask = async {
            tokio::select! {
                () = ask => {}
                () = WatchPhase::ends(&mut until) => {}
            }
        };
        tokio::join!(listen, ask);
    }
}

/// For an instance that was started at `begun` and is not ready yet.
fn retry_delay(begun: Instant) -> Duration {
    (begun.elapsed() / AGE_DIVISOR).clamp(MIN_RETRY_DELAY, MAX_RETRY_DELAY)
}

async fn check(
    address: &CheckedAddress,
    health: &HealthSettings,
    run: RunId,
    rise: u32,
    is_ready: bool,
    look_now: &Notify,
    found: &impl AsyncFn(Event),
) {
    let begun = Instant::now();
    let mut passed = if is_ready { rise } else { 0 };
    loop {
        let asked = timeout(health.within, request_status(address, &health.path)).await;
        let outcome = asked.unwrap_or_else(|_| Err(late()));
        let failed = match outcome.and_then(|status| check_status(status, address, passed < rise)) {
            Ok(failed) => failed,
            Err(ConnectError::Refused(why)) => return found(Event::Refused(run, why)).await,
            Err(error) => Some(format!("it gave no answer: {error}")),
        };
        match failed {
            None => {
                passed = rise.min(passed + 1);
                found(Event::Passed(run)).await;
            }
            // Until a check has passed, failed checks are expected and not reported.
            Some(_) if passed == 0 => {}
            Some(why) => {
                if passed < rise {
                    passed = 0;
                }
                found(Event::Failed(run, why)).await;
            }
        }
        if passed < rise {
            // An error means that the time is over.
            let _ = timeout(retry_delay(begun), look_now.notified()).await;
        } else {
            sleep(health.every).await;
        }
    }
}

/// `None` if the response passes. Until the instance is ready, also checks that the service owns
/// the socket that responded.
fn check_status(
    status: u16,
    address: &CheckedAddress,
    is_new: bool,
) -> Result<Option<String>, ConnectError> {
    if !(200..300).contains(&status) {
        return Ok(Some(format!("it answered {status}")));
    }
    if is_new {
        address.check_listener()?;
    }
    Ok(None)
}

/// [`Event::Refused`] if another process listens at the service's address, otherwise `said`.
fn verify_listener(said: Event, run: RunId, address: Option<&CheckedAddress>) -> Event {
    if let Some(address) = address {
        address.grant_group_access();
    }
    match address.map_or(Ok(()), CheckedAddress::check_listener) {
        Ok(()) => said,
        Err(error) => Event::Refused(run, error.to_string()),
    }
}

fn late() -> ConnectError {
    ConnectError::System(io::ErrorKind::TimedOut.into())
}

async fn try_connect(address: &CheckedAddress) -> Result<(), ConnectError> {
    let connected = timeout(CONNECT_TIMEOUT, async {
        match &address.address {
            Address::Unix(path) => drop(address.connect(path).await?),
            Address::Tcp(port) => drop(TcpStream::connect(("127.0.0.1", *port)).await?),
        }
        address.check_listener()
    });
    connected.await.unwrap_or_else(|_| Err(late()))
}

/// Whatever the answer is. A socket that the supervisor opened accepts connections before the
/// instance does.
async fn check_any_answer(address: &CheckedAddress) -> Result<(), ConnectError> {
    let asked = timeout(CONNECT_TIMEOUT, request_status(address, "/")).await;
    asked.unwrap_or_else(|_| Err(late())).map(drop)
}

/// Only the status line is parsed (RFC 9112, section 4).
async fn request_status(address: &CheckedAddress, path: &str) -> Result<u16, ConnectError> {
    Ok(match &address.address {
        Address::Unix(socket) => status(address.connect(socket).await?, path).await?,
        Address::Tcp(port) => status(TcpStream::connect(("127.0.0.1", *port)).await?, path).await?,
    })
}

async fn status(
    mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    path: &str,
) -> io::Result<u16> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut line = Vec::with_capacity(MAX_STATUS_LINE);
    while !line.contains(&b'\n') && line.len() < MAX_STATUS_LINE {
        let mut piece = [0; MAX_STATUS_LINE];
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        line.extend_from_slice(&piece[..length]);
    }
    // The status is known now, so the rest of the response is read in the background.
    tokio::spawn(async move {
        let mut rest = stream.take(MAX_BODY_BYTES);
        let _ = timeout(
            CLOSE_GRACE,
            tokio::io::copy(&mut rest, &mut tokio::io::sink()),
        )
        .await;
    });
    let text = String::from_utf8_lossy(&line);
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.get(..3)?.parse().ok());
    status.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "its response is not HTTP/1.1; let it answer that, or take `health` out",
        )
    })
}

/// The socket on which a service reports its readiness (`NOTIFY_SOCKET`).
pub(crate) struct NotifySocket {
    socket: UnixDatagram,
    services: Arc<Folder>,
    path: PathBuf,
}

impl NotifySocket {
    /// Opens the socket in the folder `services`. The socket belongs to `owner` (uid and gid), or
    /// to this user if `owner` is `None`.
    pub(crate) fn open(
        services: &Arc<Folder>,
        name: &str,
        owner: Option<(u32, u32)>,
    ) -> io::Result<Self> {
        let socket = UnixDatagram::bind(services.at(name))?;
        services.give(name, owner, 0o600)?;
        Ok(Self {
            socket,
            services: Arc::clone(services),
            path: services.path().join(name),
        })
    }

    /// Wraps a socket that this process opened before an `exec`.
    pub(crate) fn from_descriptor(
        socket: OwnedFd,
        services: &Arc<Folder>,
        path: PathBuf,
    ) -> io::Result<Self> {
        let socket = std::os::unix::net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: UnixDatagram::from_std(socket)?,
            services: Arc::clone(services),
            path,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Ignores invalid messages.
    async fn next_event(&self, run: RunId) -> Event {
        let mut message = vec![0; MAX_MESSAGE_BYTES];
        loop {
            match self.socket.recv(&mut message).await {
                Ok(length) => {
                    if let Some(said) = message.get(..length).and_then(|said| read(said, run)) {
                        return said;
                    }
                }
                Err(_) => sleep(PAUSE_AFTER_READ_ERROR).await,
            }
        }
    }
}

/// `sd_notify(3)`.
fn read(message: &[u8], run: RunId) -> Option<Event> {
    let mut later = None;
    for line in message.split(|byte| *byte == b'\n') {
        if line == b"READY=1" {
            return Some(Event::Ready(run));
        }
        if let Some(time) = line.strip_prefix(b"EXTEND_TIMEOUT_USEC=") {
            let time = std::str::from_utf8(time)
                .ok()
                .and_then(|time| time.parse().ok());
            later = time.map(|time| Event::TimeoutExtended(run, Duration::from_micros(time)));
        }
    }
    later
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.services.through(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_said_two_words_count() {
        let heard = |said: &str| match read(said.as_bytes(), 1) {
            Some(Event::Ready(1)) => "ready".to_owned(),
            Some(Event::TimeoutExtended(1, time)) => format!("{time:?}"),
            Some(_) => "something else".to_owned(),
            None => String::new(),
        };
        for (said, wanted) in [
            ("READY=1", "ready"),
            ("STATUS=here\nREADY=1\n", "ready"),
            ("EXTEND_TIMEOUT_USEC=30000000", "30s"),
            ("EXTEND_TIMEOUT_USEC=5\nREADY=1", "ready"),
            ("EXTEND_TIMEOUT_USEC=soon", ""),
            ("EXTEND_TIMEOUT_USEC=-1", ""),
            ("READY=0\nWATCHDOG=1", ""),
            ("", ""),
        ] {
            assert_eq!(heard(said), wanted, "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_seems_hardly_longer_than_it_is() {
        let begun = Instant::now();
        let mut asked = 0;
        while begun.elapsed() < Duration::from_secs(20) {
            let pause = retry_delay(begun);
            let late = begun.elapsed() / AGE_DIVISOR;
            assert!(
                pause <= late.max(MIN_RETRY_DELAY)
                    && pause <= MAX_RETRY_DELAY
                    && pause >= MIN_RETRY_DELAY
            );
            sleep(pause).await;
            asked += 1;
        }
        assert!((190..300).contains(&asked), "{asked}");
    }

    #[tokio::test(start_paused = true)]
    async fn whether_it_is_well_is_known_before_its_answer_has_ended() {
        let (client, mut server) = tokio::io::duplex(1 << 10);
        let begun = Instant::now();
        server
            .write_all(b"HTTP/1.1 204 No Content\r\n")
            .await
            .unwrap();
        assert_eq!(status(client, "/").await.unwrap(), 204);
        assert_eq!(begun.elapsed(), Duration::ZERO);
        // The server sends the rest of its response late, and the probe still reads it.
        server.write_all(b"\r\n").await.unwrap();
        let mut asked = Vec::new();
        server.read_to_end(&mut asked).await.unwrap();
        assert!(asked.starts_with(b"GET / HTTP/1.1\r\n"));
        assert!(begun.elapsed() >= CLOSE_GRACE);
    }

    #[tokio::test]
    async fn only_successes_in_a_row_make_it_ready() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let serve = async {
            for code in [200, 503, 503, 200, 200, 503, 200] {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert!(stream.read(&mut [0; 256]).await.unwrap() > 0);
                let answer = format!("HTTP/1.1 {code} So\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let health = HealthSettings {
            path: "/".to_owned(),
            every: MIN_RETRY_DELAY,
            within: CONNECT_TIMEOUT,
        };
        let (tell, mut told) = tokio::sync::mpsc::channel(16);
        let found = async move |finding| {
            let word = match finding {
                Event::Failed(..) => "failed",
                _ => "passed",
            };
            tell.send(word).await.unwrap();
        };
        let address = CheckedAddress {
            address: Address::Unix(path),
            owner: None,
            group: None,
        };
        let look_now = Notify::new();
        let ask = check(&address, &health, 1, 2, false, &look_now, &found);
        let hear = async {
            let mut heard = Vec::new();
            for _ in 0..6 {
                heard.extend(told.recv().await);
            }
            heard
        };
        tokio::select! {
            heard = hear => assert_eq!(
                heard,
                ["passed", "failed", "passed", "passed", "failed", "passed"],
                "the second failure of two before it was well is no news"
            ),
            () = async { tokio::join!(serve, ask); } => unreachable!(),
        }
    }
}
