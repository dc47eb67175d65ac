//! Sealing is encryption with AES-256-GCM. It is used for values that Kenduri must read again but
//! that a copy of the store must not reveal.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::{Key, LENGTH};
use crate::random::Random;

impl Key {
    /// Encrypts `plain` for one `place` (table, column, row). The result can only be decrypted with
    /// the same `place`.
    pub fn seal(&self, random: &Random, place: &[&str], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = plain.to_vec();
        let key = self.0.first().map(cipher);
        let done = key.map(|key| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, associated(place), &mut sealed)
        });
        let Some(Ok(())) = done else {
            unreachable!("there is a key, and texts are shorter than 64 GiB")
        };
        [&nonce[..], &sealed].concat()
    }

    /// Decrypts a value that this key or a predecessor sealed for `place`.
    pub fn open(&self, place: &[&str], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        self.0.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = sealed.to_vec();
            let plain = cipher(key).open_in_place(nonce, associated(place), &mut text);
            plain.ok().map(|plain| plain.to_vec())
        })
    }
}

fn cipher(key: &[u8; LENGTH]) -> LessSafeKey {
    let Ok(key) = UnboundKey::new(&AES_256_GCM, key) else {
        unreachable!("the key has 256 bits")
    };
    LessSafeKey::new(key)
}

/// Encodes `place` as associated data. Each part is prefixed with its length, so that two different
/// lists of parts never give the same bytes.
fn associated(place: &[&str]) -> Aad<Vec<u8>> {
    let parts = place.iter().flat_map(|part| {
        let length = (part.len() as u64).to_be_bytes();
        length.into_iter().chain(part.bytes())
    });
    Aad::from(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keyring;

    #[test]
    fn what_is_sealed_is_opened_in_its_place_with_its_key_alone() {
        let random = Random::seeded(1);
        let (place, plain) = (["totp", "sealed_secret", "7"], b"a secret".as_slice());
        let key = Keyring::new([1; 32], &[]).key("totp");
        let sealed = key.seal(&random, &place, plain);
        assert_eq!(key.open(&place, &sealed).as_deref(), Some(plain));
        assert_ne!(sealed, key.seal(&random, &place, plain), "another nonce");
        assert!(!sealed.windows(plain.len()).any(|part| part == plain));
        assert_eq!(key.open(&["totp", "sealed_secret", "8"], &sealed), None);
        assert_eq!(key.open(&["totpsealed_secret", "7"], &sealed), None);
        assert_eq!(
            Keyring::new([1; 32], &[]).key("x").open(&place, &sealed),
            None
        );
        let renewed = Keyring::new([2; 32], &[[1; 32]]).key("totp");
        assert_eq!(renewed.open(&place, &sealed).as_deref(), Some(plain));
        for (at, _) in sealed.iter().enumerate() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert_eq!(key.open(&place, &other), None, "{at}");
        }
        assert_eq!(key.open(&place, &sealed[..5]), None);
    }
}
