//! A certificate with its key, parsed from PEM.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use super::schedule::Life;
use crate::crypto;

#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) life: Life,
}

#[derive(Debug, Error)]
pub enum CertificateFault {
    #[error("its private key cannot be read: {0}")]
    Key(pem::Error),
    #[error("its certificates cannot be read: {0}")]
    Chain(pem::Error),
    #[error("it holds no certificate")]
    Empty,
    /// The key and the certificate do not match, or rustls does not support the key type.
    #[error("its private key does not belong to its certificate: {0}")]
    Pair(rustls::Error),
    #[error("its certificate is not X.509")]
    Leaf,
    #[error("it does not cover the name {0}")]
    Name(String),
}

impl Certificate {
    /// Parses a key and a certificate chain in PEM. Checks that they match and that the certificate
    /// covers `name`.
    pub(super) fn read(name: &str, pem: &str) -> Result<Self, CertificateFault> {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(CertificateFault::Key)?;
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(CertificateFault::Chain)?;
        let leaf = chain.first().ok_or(CertificateFault::Empty)?;
        let life = read_leaf(name, leaf)?;
        let key = CertifiedKey::from_der(chain, key, &crypto::provider())
            .map_err(CertificateFault::Pair)?;
        Ok(Self {
            key: Arc::new(key),
            life,
        })
    }

    pub(super) fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.key.cert.first()
    }
}

fn read_leaf(name: &str, leaf: &CertificateDer<'_>) -> Result<Life, CertificateFault> {
    let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| CertificateFault::Leaf)?;
    let names = leaf
        .subject_alternative_name()
        .map_err(|_| CertificateFault::Leaf)?;
    let is_for_name = names.is_some_and(|names| {
        names.value.general_names.iter().any(
            |found| matches!(found, GeneralName::DNSName(found) if found.eq_ignore_ascii_case(name)),
        )
    });
    if !is_for_name {
        return Err(CertificateFault::Name(name.to_owned()));
    }
    Life::of(&leaf).ok_or(CertificateFault::Leaf)
}

impl Life {
    /// Reads the validity period; `None` if its dates cannot be represented.
    pub(crate) fn of(leaf: &X509Certificate<'_>) -> Option<Self> {
        let validity = leaf.validity();
        let instant = |seconds: i64| Timestamp::from_second(seconds).ok();
        Some(Self {
            from: instant(validity.not_before.timestamp())?,
            until: instant(validity.not_after.timestamp())?,
        })
    }
}
