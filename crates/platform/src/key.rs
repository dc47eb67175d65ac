//! The installation's own secret: made once, kept in the store, and never used
//! itself. Each purpose has a key derived from it, so that a signature made for
//! one can never serve another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret;
use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// A key for one purpose. Prints as `***`.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The key for `purpose`; the first call of all makes the installation's secret.
pub fn load(tx: &mut Tx<'_>, purpose: &'static str) -> Result<Key, StoreError> {
    let fresh = tx.random().token();
    tx.run(
        sql!("INSERT INTO installation (id, key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING"),
        &[&fresh],
        Rows::AtMostOne,
    )?;
    let (stored,): (Vec<u8>,) = tx.one(sql!("SELECT key FROM installation WHERE id = 1"), &[])?;
    Ok(Key(mac(&stored, &[purpose])))
}

/// As [`load`] in a look-up; `None`: no secret was made yet.
pub fn find(tx: &mut Tx<'_>, purpose: &'static str) -> Result<Option<Key>, StoreError> {
    let stored: Option<(Vec<u8>,)> =
        tx.maybe(sql!("SELECT key FROM installation WHERE id = 1"), &[])?;
    Ok(stored.map(|(key,)| Key(mac(&key, &[purpose]))))
}

impl Key {
    /// HMAC-SHA-256 over `parts`, each with its length, so that no two lists of
    /// parts give the same.
    pub fn mac(&self, parts: &[&str]) -> [u8; 32] {
        mac(&self.0, parts)
    }

    /// A signature of 128 bits over `parts`, as text for cookies and links.
    pub fn sign(&self, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac(parts)[..16])
    }

    /// Whether `signature` was made by [`Key::sign`] over the same parts.
    pub fn verify(&self, parts: &[&str], signature: &str) -> bool {
        secret::same(self.sign(parts).as_bytes(), signature.as_bytes())
    }
}

fn mac(key: &[u8], parts: &[&str]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_purpose_and_parts_alone() {
        let key = Key(mac(b"installation", &["guest"]));
        let other = Key(mac(b"installation", &["host"]));
        let signature = key.sign(&["ab", "c"]);
        assert!(key.verify(&["ab", "c"], &signature));
        assert!(!key.verify(&["a", "bc"], &signature));
        assert!(!other.verify(&["ab", "c"], &signature));
        assert_eq!(format!("{key:?}"), "***");
    }
}
