//! Notifies the service manager that started this process (`sd_notify(3)`).

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

const VARIABLE: &str = "NOTIFY_SOCKET";

/// Requested each time by a slow startup.
const MORE_TIME: Duration = Duration::from_secs(30);
const REQUEST_INTERVAL: Duration = Duration::from_secs(10);

/// The service manager's socket. The service manager is systemd or Kenduri's own supervisor
/// process.
pub(crate) struct SdNotify(Option<SocketAddr>);

impl SdNotify {
    /// Returns the socket from the environment, if there is one.
    pub(crate) fn of(environment: &[(String, String)]) -> Self {
        let named = environment.iter().find(|(name, _)| name == VARIABLE);
        Self(
            named.and_then(|(_, socket)| match socket.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name).ok(),
                None => SocketAddr::from_pathname(Path::new(socket)).ok(),
            }),
        )
    }

    pub(crate) fn ready(&self) {
        self.send("READY=1");
    }

    /// Waits for a future that startup needs. While it waits, it regularly requests more time from
    /// the service manager, which would stop this process otherwise.
    pub(crate) async fn wait_for<T>(&self, needed: impl Future<Output = T>) -> T {
        let mut needed = std::pin::pin!(needed);
        let mut again = interval_at(Instant::now() + REQUEST_INTERVAL, REQUEST_INTERVAL);
        loop {
            tokio::select! {
                there = &mut needed => return there,
                _ = again.tick() => {
                    self.send(&format!("EXTEND_TIMEOUT_USEC={}", MORE_TIME.as_micros()));
                }
            }
        }
    }

    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    fn send(&self, word: &str) {
        let Some(address) = &self.0 else {
            return;
        };
        let told = UnixDatagram::unbound()
            .and_then(|socket| socket.send_to_addr(word.as_bytes(), address));
        if let Err(error) = told {
            tracing::warn!(%error, word, "cannot notify the service manager, which may therefore stop this process; if it does, start Kenduri again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_started_it_hears_that_it_takes_longer() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let heard = UnixDatagram::bind(&path).expect("a socket");
        heard.set_nonblocking(true).expect("a socket");
        let named = path.to_string_lossy().into_owned();
        let manager = SdNotify::of(&[(VARIABLE.to_owned(), named)]);
        let work = tokio::time::sleep(2 * MORE_TIME);
        manager.wait_for(work).await;
        let mut times = 0;
        let mut word = [0; 64];
        while let Ok(length) = heard.recv(&mut word) {
            assert_eq!(&word[..length], b"EXTEND_TIMEOUT_USEC=30000000");
            times += 1;
        }
        assert!(times >= 5, "{times}");
    }
}
