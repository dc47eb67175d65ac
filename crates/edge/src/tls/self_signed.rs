//! Self-signed certificates, for `localhost` and for names without a trusted certificate.

use std::collections::BTreeSet;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::certificates::TlsError;
use super::provider;

pub(super) fn self_signed(names: &BTreeSet<String>) -> Result<Arc<CertifiedKey>, TlsError> {
    let made = || -> Result<_, rcgen::Error> {
        let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "self-signed");
        for address in [
            std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::Ipv6Addr::LOCALHOST.into(),
        ] {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        let key = KeyPair::generate()?;
        Ok((params.self_signed(&key)?, key))
    };
    let (certificate, key) = made().map_err(|error| TlsError::SelfSigned(error.to_string()))?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    CertifiedKey::from_der(vec![certificate.der().clone()], key, &provider())
        .map(Arc::new)
        .map_err(TlsError::Engine)
}
