//! The key from which the names of servers in cookies of sticky sessions are derived.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::crypto;
use crate::durable_file;

const KEY_FILE: &str = "sticky-key";

/// All workers of an installation need the same key, so there is one for the process.
static CURRENT: OnceLock<CookieKey> = OnceLock::new();

/// A random key of the installation. Without it, the name of a server reveals nothing about the
/// server's address.
#[derive(Clone)]
pub struct CookieKey([u8; 32]);

impl std::fmt::Debug for CookieKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

impl CookieKey {
    /// Reads the key from the data folder, or generates and stores one. Blocks.
    pub fn kept_in(data: &Path) -> Self {
        let path = data.join(KEY_FILE);
        let kept = fs::read(&path).ok().and_then(|key| key.try_into().ok());
        if let Some(key) = kept {
            return Self(key);
        }
        let key = Self::random();
        if let Err(error) = durable_file::write(data, KEY_FILE, 0o600, &key.0) {
            tracing::warn!(
                %error, file = %path.display(),
                "cannot store the key of sticky cookies; they lead to other servers after the \
                 next start; the data folder must be writable"
            );
        }
        key
    }

    fn random() -> Self {
        let key = crypto::random().unwrap_or_else(|error| {
            tracing::warn!(%error, "no random bytes for the key of sticky cookies; servers' names \
                                    in them can be guessed; restart Kenduri");
            [0; 32]
        });
        Self(key)
    }

    /// Uses this key in the whole process, if none is used yet.
    pub(crate) fn set(self) {
        let _ = CURRENT.set(self);
    }

    /// Returns the key that was set, or else a random one.
    pub(super) fn current() -> &'static Self {
        CURRENT.get_or_init(Self::random)
    }

    /// The server's name in cookies. It is the same in every worker and after a restart.
    pub(super) fn name(&self, upstream: &str, address: &str) -> String {
        // The hash is cut, so nobody can extend it to the hash of a longer text.
        let hash = Sha256::new().chain_update(self.0).chain_update(upstream);
        let hash = hash.chain_update([0]).chain_update(address).finalize();
        let short = hash
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        format!("{short:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_the_same_and_cannot_be_found_without_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = CookieKey::kept_in(folder.path());
        let name = key.name("node", "127.0.0.1:5000");
        assert_eq!(name.len(), 16);
        let again = CookieKey::kept_in(folder.path());
        assert_eq!(again.name("node", "127.0.0.1:5000"), name);
        assert_ne!(again.name("node", "127.0.0.1:5001"), name);
        let other = tempfile::tempdir().unwrap();
        let other = CookieKey::kept_in(other.path());
        assert_ne!(other.name("node", "127.0.0.1:5000"), name);
        // The algorithm must not change, because visitors would move to other servers.
        let known = CookieKey([7; 32]);
        assert_eq!(known.name("node", "127.0.0.1:5000"), "1a63180ea9f7aaf4");
    }
}
