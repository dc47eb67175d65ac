//! Makes the self-signed certificates that respond to `tls-alpn-01` challenges.

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivatePkcs8KeyDer;
use thiserror::Error;

use crate::crypto;

#[derive(Debug, Error)]
pub(super) enum ProofError {
    #[error(
        "cannot make the certificate that proves control of the name; set tls.acme.challenge = \"http-01\", and report this: {0}"
    )]
    Certificate(#[from] rcgen::Error),
    #[error(
        "cannot use the certificate that proves control of the name; set tls.acme.challenge = \"http-01\", and report this: {0}"
    )]
    Tls(#[from] rustls::Error),
}

/// Makes a self-signed certificate that contains the digest of the challenge (RFC 8737, section 3).
pub(super) fn certificate(name: &str, digest: &[u8; 32]) -> Result<Arc<CertifiedKey>, ProofError> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let made = params.self_signed(&key)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let key = crypto::provider().key_provider.load_private_key(key)?;
    // `CertifiedKey::from_der` cannot be used, because its parser rejects the critical extension.
    Ok(Arc::new(CertifiedKey::new(vec![made.der().clone()], key)))
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;

    #[test]
    fn the_certificate_carries_the_digest_in_a_critical_extension() {
        let made = certificate("a.example", &[7; 32]).unwrap();
        let (_, leaf) = X509Certificate::from_der(&made.cert[0]).unwrap();
        let identifier = leaf
            .extensions()
            .iter()
            .find(|it| it.oid.to_id_string() == "1.3.6.1.5.5.7.1.31")
            .unwrap();
        assert!(identifier.critical);
        // The extension's value is an ASN.1 octet string of 32 bytes.
        assert_eq!(identifier.value[..2], [0x04, 0x20]);
        assert_eq!(identifier.value[2..], [7; 32]);
        let names = leaf.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names.len(), 1);
    }
}
