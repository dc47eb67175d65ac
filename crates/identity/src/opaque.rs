//! Opaque secrets: 256 random bits as text. Whoever holds the text is let in;
//! the store keeps only its SHA-256, which needs no salt because nobody can try
//! 2²⁵⁶ inputs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::{Random, Secret};
use sha2::{Digest, Sha256};

/// A new secret, 43 letters that stand in a cookie or an address as they are.
pub fn create(random: &Random) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random.token()))
}

/// What is kept of a secret, and looked up.
pub(crate) fn hash(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.reveal().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_fits_into_a_cookie_and_differs_each_time() {
        let random = Random::seeded(1);
        let (one, two) = (create(&random), create(&random));
        assert_eq!(one.reveal().len(), 43);
        assert!(one != two);
        assert_ne!(hash(&one), hash(&two));
        assert!(
            one.reveal()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
    }
}
