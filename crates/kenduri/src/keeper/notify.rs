//! What whoever started this process is told, if it wants to know (`sd_notify(3)`).

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

/// The variable that names the socket.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Whoever started this process: systemd, or the keeper.
pub(crate) struct Manager(Option<SocketAddr>);

impl Manager {
    /// The one that the environment names.
    pub(crate) fn of(environment: &[(String, String)]) -> Self {
        let named = environment.iter().find(|(name, _)| name == VARIABLE);
        Self(named.and_then(|(_, socket)| match socket.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(Path::new(socket)).ok(),
        }))
    }

    /// Requests are answered.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// Nothing new is begun.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, word: &str) {
        let Some(address) = &self.0 else {
            return;
        };
        let told = UnixDatagram::unbound()
            .and_then(|socket| socket.send_to_addr(word.as_bytes(), address));
        if let Err(error) = told {
            tracing::warn!(%error, word, "whoever started Kenduri does not hear it");
        }
    }
}
