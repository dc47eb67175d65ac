//! What whoever started the keeper is told, if it wants to know (`sd_notify(3)`).

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The variable that names the socket.
pub(super) const VARIABLE: &str = "NOTIFY_SOCKET";

/// systemd, or whoever speaks like it.
pub(super) struct Manager {
    address: Option<SocketAddr>,
    told: AtomicBool,
}

impl Manager {
    /// The one that the environment names.
    pub(super) fn of(environment: &[(String, String)]) -> Self {
        let named = environment.iter().find(|(name, _)| name == VARIABLE);
        let address = named.and_then(|(_, socket)| match socket.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None => SocketAddr::from_pathname(Path::new(socket)).ok(),
        });
        Self {
            address,
            told: AtomicBool::new(false),
        }
    }

    /// Requests are answered.
    pub(super) fn ready(&self) {
        self.told.store(true, Ordering::Relaxed);
        self.tell("READY=1");
    }

    /// Whether it was told so.
    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Nothing new is begun.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, word: &str) {
        let Some(address) = &self.address else {
            return;
        };
        let told = UnixDatagram::unbound()
            .and_then(|socket| socket.send_to_addr(word.as_bytes(), address));
        if let Err(error) = told {
            tracing::warn!(%error, word, "whoever started Kenduri does not hear it");
        }
    }
}
