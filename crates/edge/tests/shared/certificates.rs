//! Test certificates in files, and clients that trust them.

use std::path::Path;
use std::sync::Arc;

use edge::CertificateFiles;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

pub(crate) fn files(folder: &Path, name: &str, hosts: &[&str]) -> CertificateFiles {
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(hosts)
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let written = CertificateFiles {
        hosts: Vec::new(),
        chain: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
        is_default: false,
    };
    std::fs::write(&written.chain, certificate.pem()).unwrap();
    std::fs::write(&written.key, key.serialize_pem()).unwrap();
    written
}

/// A client configuration that trusts only the certificate in `chain`, and offers this ALPN
/// protocol.
pub(crate) fn trusting(chain: &Path, protocol: &[u8]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(chain).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}
