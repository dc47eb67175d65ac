//! Remembers recently verified passwords, so that the many requests of one page need only one
//! expensive verification.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::time::Instant;

const LIFETIME: Duration = Duration::from_mins(5);
const MOST: usize = 1_024;

/// Digests of verified passwords. The digests depend on a key that is generated at each start, so
/// they are useless elsewhere.
#[derive(Debug)]
pub(super) struct Verified {
    key: Option<[u8; 32]>,
    until: Mutex<HashMap<Digest, Instant>>,
}

/// A digest of a user name, a password and the stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Verified {
    /// Creates an empty memory of passwords. Without a key, no password is remembered.
    pub(super) fn new(key: Option<[u8; 32]>) -> Self {
        Self {
            key,
            until: Mutex::default(),
        }
    }

    /// Computes a digest that is no longer valid when the hash in the password file changes.
    pub(super) fn digest(&self, name: &str, password: &str, hash: &[u8]) -> Option<Digest> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_ref()?).ok()?;
        for part in [hash, name.as_bytes(), password.as_bytes()] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        Some(Digest(mac.finalize().into_bytes().into()))
    }

    pub(super) fn knows(&self, digest: Option<Digest>) -> bool {
        let Some(digest) = digest else {
            return false;
        };
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until
            .get(&digest)
            .is_some_and(|until| *until > Instant::now())
    }

    /// Remembers a verified password, and forgets the oldest one if there are too many.
    pub(super) fn remember(&self, digest: Option<Digest>) {
        let Some(digest) = digest else {
            return;
        };
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if until.len() >= MOST && !until.contains_key(&digest) {
            until.retain(|_, until| *until > now);
            let oldest = until.iter().min_by_key(|(_, until)| **until);
            if let Some(oldest) = oldest.map(|(digest, _)| *digest)
                && until.len() >= MOST
            {
                until.remove(&oldest);
            }
        }
        until.insert(digest, now + LIFETIME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_right_is_known_for_a_while() {
        let verified = Verified::new(Some([7; 32]));
        let digest = verified.digest("a", "b", b"hash");
        assert!(!verified.knows(digest));
        verified.remember(digest);
        assert!(verified.knows(verified.digest("a", "b", b"hash")));
        for (name, password, hash) in [("a", "c", "hash"), ("ab", "", "hash"), ("a", "b", "other")]
        {
            assert!(!verified.knows(verified.digest(name, password, hash.as_bytes())));
        }
        let other = Verified::new(Some([8; 32]));
        assert_ne!(
            digest,
            other.digest("a", "b", b"hash"),
            "each has its own key"
        );
        tokio::time::advance(LIFETIME).await;
        assert!(!verified.knows(digest));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_is_forgotten_first() {
        let verified = Verified::new(Some([7; 32]));
        let digest = |number: usize| verified.digest(&number.to_string(), "", b"");
        for number in 0..=MOST {
            tokio::time::advance(Duration::from_millis(1)).await;
            verified.remember(digest(number));
        }
        assert_eq!(verified.until.lock().unwrap().len(), MOST);
        assert!(!verified.knows(digest(0)));
        assert!(verified.knows(digest(1)) && verified.knows(digest(MOST)));
    }

    #[test]
    fn without_a_key_nothing_is_remembered() {
        let verified = Verified::new(None);
        let digest = verified.digest("a", "b", b"hash");
        verified.remember(digest);
        assert!(digest.is_none() && !verified.knows(digest));
    }
}
