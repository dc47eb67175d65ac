//! Opaque secrets: 256 random bits as text. Whoever has a secret gets access. The store contains
//! only its SHA-256, without salt, because nobody can try 2²⁵⁶ inputs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::{Random, Secret};
use sha2::{Digest, Sha256};

/// Creates a secret of 43 characters that need no escaping in cookies and URLs.
pub fn create(random: &Random) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random.token()))
}

/// The hash under which a secret is stored and found.
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
