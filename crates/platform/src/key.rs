//! Cryptographic keys, each for one purpose, so that a signature made for one purpose is invalid
//! for any other. Nearly all keys are derived from the key file ([`crate::key_file`]). The file is
//! kept outside the store, so that a copy of the store cannot sign anything. The key for printed
//! codes is in the store, because printed codes must remain valid even if the key file is lost.

mod seal;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret;
use crate::sql;
use crate::store::{Rows, StoreError, Tx};
use crate::text_cleaning::hexadecimal;

pub(crate) const LENGTH: usize = 32;

/// The secrets in the key file, of which there is at least one. Keys are derived from them. `Debug`
/// prints `***`.
#[derive(Clone)]
pub struct Keyring(Arc<[[u8; LENGTH]]>);

/// A key for one purpose, together with its predecessors. The first key signs; every key verifies.
/// `Debug` prints `***`.
#[derive(Clone)]
pub struct Key(Arc<[[u8; LENGTH]]>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Keyring {
    /// Creates a keyring whose first secret signs, while the older secrets only verify.
    pub fn new(first: [u8; LENGTH], older: &[[u8; LENGTH]]) -> Self {
        Self(
            std::iter::once(first)
                .chain(older.iter().copied())
                .collect(),
        )
    }

    pub fn key(&self, purpose: &str) -> Key {
        let keys = self.0.iter().map(|secret| derive(secret, purpose));
        Key(keys.collect())
    }

    /// The fingerprints of all secrets, in order, with spaces in between.
    pub fn fingerprint_list(&self) -> String {
        let all: Vec<String> = self.fingerprints().collect();
        all.join(" ")
    }

    /// A fingerprint for each secret, in order. A fingerprint reveals nothing about its secret.
    fn fingerprints(&self) -> impl Iterator<Item = String> {
        let derived = self.0.iter().map(|secret| derive(secret, "fingerprint"));
        derived.map(|bytes| hexadecimal(&bytes[..16]))
    }
}

impl Key {
    /// HMAC-SHA-256 over `parts`. Each part is prefixed with its length, so that two different
    /// lists of parts never produce the same input.
    pub fn mac(&self, parts: &[&str]) -> [u8; LENGTH] {
        // A key always has at least one secret.
        self.0.first().map_or([0; LENGTH], |key| mac(key, parts))
    }

    /// The MACs of `parts` under this key and each of its predecessors.
    pub fn macs(&self, parts: &[&str]) -> impl Iterator<Item = [u8; LENGTH]> {
        self.0.iter().map(|key| mac(key, parts))
    }

    /// A 128-bit signature over `parts`, as text for cookies and links.
    pub fn sign(&self, parts: &[&str]) -> String {
        signature(&self.mac(parts))
    }

    /// Whether `given` is a signature over `parts` by this key or a predecessor.
    pub fn verify(&self, parts: &[&str], given: &str) -> bool {
        self.macs(parts)
            .any(|mac| secret::same(signature(&mac).as_bytes(), given.as_bytes()))
    }
}

/// Returns the key for printed codes, or `None` if the store has never been opened with a key file.
pub fn printed(tx: &mut Tx<'_>, purpose: &str) -> Result<Option<Key>, StoreError> {
    let stored: Option<(Vec<u8>,)> = tx.maybe(
        sql!("SELECT printed_key FROM installation WHERE id = 1"),
        &[],
    )?;
    Ok(stored.map(|(key,)| Key([mac(&key, &[purpose])].into())))
}

/// Returns the fingerprint of the key file's first secret, as recorded in the store.
pub(crate) fn fingerprint(tx: &mut Tx<'_>) -> Result<Option<String>, StoreError> {
    let stored: Option<(String,)> = tx.maybe(
        sql!("SELECT key_fingerprint FROM installation WHERE id = 1"),
        &[],
    )?;
    Ok(stored.map(|(fingerprint,)| fingerprint))
}

/// Returns whether these secrets belong to this store. A new store records the fingerprint of the
/// first secret. If the store has recorded the fingerprint of an older secret, the first secret's
/// fingerprint replaces it.
pub fn adopt(tx: &mut Tx<'_>, keys: &Keyring) -> Result<bool, StoreError> {
    let all: Vec<String> = keys.fingerprints().collect();
    let Some(known) = fingerprint(tx)? else {
        note(tx, keys)?;
        // Another process may have stored its own secrets first.
        return Ok(fingerprint(tx)?.is_some_and(|known| all.contains(&known)));
    };
    let fits = all.contains(&known);
    if fits && all.first() != Some(&known) {
        replace(tx, keys)?;
    }
    Ok(fits)
}

/// Records the first secret's fingerprint in the store, replacing the fingerprint that was recorded
/// before.
pub fn replace(tx: &mut Tx<'_>, keys: &Keyring) -> Result<(), StoreError> {
    note(tx, keys)?;
    sql!(
        "UPDATE installation SET key_fingerprint = :fingerprint WHERE id = 1",
        fingerprint = keys.fingerprints().next()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn note(tx: &mut Tx<'_>, keys: &Keyring) -> Result<(), StoreError> {
    let printed = tx.random().token();
    sql!(
        "INSERT INTO installation (id, printed_key, key_fingerprint)
         VALUES (1, :printed, :fingerprint)
         ON CONFLICT (id) DO NOTHING",
        printed,
        fingerprint = keys.fingerprints().next()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

fn derive(secret: &[u8], purpose: &str) -> [u8; LENGTH] {
    hkdf(b"kenduri key file 1", secret, purpose.as_bytes())
}

/// HKDF with SHA-256 (RFC 5869), limited to one output block.
fn hkdf(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; LENGTH] {
    hmac(&hmac(salt, &[secret]), &[info, &[1]])
}

fn mac(key: &[u8], parts: &[&str]) -> [u8; LENGTH] {
    let lengths: Vec<[u8; 8]> = parts
        .iter()
        .map(|part| (part.len() as u64).to_be_bytes())
        .collect();
    let parts = lengths.iter().zip(parts);
    let message: Vec<&[u8]> = parts
        .flat_map(|(length, part)| [length.as_slice(), part.as_bytes()])
        .collect();
    hmac(key, &message)
}

/// HMAC-SHA-256 (RFC 2104) over the concatenated parts, for external interfaces that require plain
/// concatenation.
pub fn hmac(key: &[u8], message: &[&[u8]]) -> [u8; LENGTH] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    for part in message {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn signature(mac: &[u8; LENGTH]) -> String {
    URL_SAFE_NO_PAD.encode(&mac[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_purpose_and_parts_alone() {
        let keys = Keyring::new([1; 32], &[]);
        let (key, other) = (keys.key("guest"), keys.key("host"));
        let signature = key.sign(&["ab", "c"]);
        assert!(key.verify(&["ab", "c"], &signature));
        assert!(!key.verify(&["a", "bc"], &signature));
        assert!(!other.verify(&["ab", "c"], &signature));
        assert!(
            !Keyring::new([2; 32], &[])
                .key("guest")
                .verify(&["ab", "c"], &signature)
        );
        assert_eq!(format!("{keys:?} {key:?}"), "*** ***");
    }

    #[test]
    fn the_first_key_signs_and_all_of_them_verify() {
        let (before, parts) = (Keyring::new([1; 32], &[]), ["a"]);
        let after = Keyring::new([2; 32], &[[1; 32]]).key("guest");
        let old = before.key("guest").sign(&parts);
        assert!(after.verify(&parts, &old));
        assert_ne!(after.sign(&parts), old);
        assert!(!before.key("guest").verify(&parts, &after.sign(&parts)));
    }

    #[test]
    fn keys_are_derived_as_rfc_5869_says() {
        let (salt, info): (Vec<u8>, Vec<u8>) = ((0..=0x0c).collect(), (0xf0..=0xf9).collect());
        // RFC 5869, appendix A.1. The test compares only the first block of the 42 bytes.
        assert_eq!(
            hexadecimal(&hkdf(&salt, &[0x0b; 22], &info)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
    }

    #[test]
    fn a_fingerprint_tells_secrets_apart_and_is_no_key() {
        let all = |first: u8| {
            Keyring::new([first; 32], &[[9; 32]])
                .fingerprints()
                .collect()
        };
        let (one, two): (Vec<String>, Vec<String>) = (all(1), all(2));
        assert_ne!(one[0], two[0]);
        assert_eq!(one[1], two[1]);
        assert_ne!(one[0], hexadecimal(&[1; 16]));
    }
}
