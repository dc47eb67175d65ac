//! TLS: performs handshakes, and chooses the certificate for each client.

mod certificates;
mod expiry;
mod files;
mod self_signed;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::acme::ACME_TLS;
use crate::crypto::provider;

pub use self::certificates::TlsError;
pub use self::files::FileCertificate;

pub(crate) use self::certificates::Certificates;
pub(crate) use self::expiry::Expiry;

/// The default duration of `Strict-Transport-Security`. It is short, because browsers remember the
/// header for this time.
pub(crate) const HSTS_TIME: Duration = Duration::from_hours(24);
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Bytes before encryption or sending: several TLS records, which reach the kernel together.
const BUFFER_BYTES: usize = 64 * 1_024;
/// A fatal alert, `unrecognized_name` (RFC 8446, section 6; RFC 6066, section 3).
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsSettings {
    pub certificates: Vec<CertificateFiles>,
    /// The names for which a self-signed certificate is used while no other is available. If empty,
    /// no self-signed certificate is created.
    pub self_signed: BTreeSet<String>,
    /// The duration of `Strict-Transport-Security` on all hosts with a certificate.
    ///
    /// `None` means one day, and only some hosts get the header: those with a certificate from an
    /// authority and with a redirect from clear text to HTTPS.
    pub hsts: Option<Duration>,
}

/// A certificate in files. The edge reloads the files when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The host names, such as `example.org` or `*.example.org`. If empty, the certificate's own
    /// names are used.
    pub hosts: Vec<String>,
    pub chain: PathBuf,
    pub key: PathBuf,
    /// Whether the certificate is used for clients that send no host name.
    pub is_default: bool,
}

#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    /// The settings for HTTP/3.
    pub(crate) quic: Arc<QuicServerConfig>,
    certificates: Arc<Certificates>,
}

impl Tls {
    pub(crate) fn new(certificates: Arc<Certificates>) -> Result<Self, TlsError> {
        let resolver = Arc::new(Resolver(Arc::clone(&certificates)));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Engine)?
            .with_no_client_auth()
            .with_cert_resolver(resolver.clone());
        config.alpn_protocols = [&b"h2"[..], b"http/1.1", b"http/1.0"]
            .map(<[u8]>::to_vec)
            .to_vec();
        // All workers share the ticket keys, which are rotated automatically.
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Engine)?;
        Ok(Self {
            config: Arc::new(config),
            quic: quic_config(resolver)?,
            certificates,
        })
    }

    /// Performs a handshake. A client that requests an unknown host gets an alert and not another
    /// host's certificate. `local` is the address that the client has connected to, if known.
    pub(crate) async fn accept<S>(
        &self,
        stream: S,
        local: Option<IpAddr>,
    ) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        tokio::time::timeout(HANDSHAKE_TIME, self.shake(stream, local))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    async fn shake<S>(&self, stream: S, local: Option<IpAddr>) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = begun.client_hello();
        let name = hello.server_name().map(str::to_owned);
        let proof = name.as_deref().filter(|_| is_acme_challenge(&hello));
        if let Some(proof) = proof.and_then(|name| self.certificates.proof(name)) {
            begun
                .into_stream(proof_config(proof)?)
                .await?
                .shutdown()
                .await?;
            return Err(io::Error::other(
                "the certificate authority checked a challenge",
            ));
        }
        let shown = match &name {
            Some(name) => self.certificates.find(name),
            None => self.certificates.unnamed(local),
        };
        let Some(shown) = shown else {
            begun.io.write_all(&UNRECOGNIZED_NAME).await?;
            begun.io.shutdown().await?;
            let name = name.as_deref().unwrap_or("a client that names no host");
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("no certificate for {name}"),
            ));
        };
        let config = if name.is_some() {
            Arc::clone(&self.config)
        } else {
            let mut config = ServerConfig::clone(&self.config);
            config.cert_resolver = Arc::new(SingleCertAndKey::from(shown));
            Arc::new(config)
        };
        begun
            .into_stream_with(config, |connection: &mut ServerConnection| {
                connection.set_buffer_limit(Some(BUFFER_BYTES));
            })
            .await
    }
}

fn quic_config(
    certificates: Arc<dyn ResolvesServerCert>,
) -> Result<Arc<QuicServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Engine)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h3".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Engine)?;
    // Early data (0-RTT) could be replayed, so it is refused.
    config.max_early_data_size = 0;
    let config = QuicServerConfig::try_from(config)
        .map_err(|error| TlsError::Engine(rustls::Error::General(error.to_string())))?;
    Ok(Arc::new(config))
}

/// TLS-ALPN-01 (RFC 8737, section 3).
fn is_acme_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|offered| offered.eq([ACME_TLS]))
}

fn proof_config(proof: Arc<CertifiedKey>) -> io::Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(proof)));
    config.alpn_protocols = vec![ACME_TLS.to_vec()];
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Resolver(Arc<Certificates>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match hello.server_name() {
            Some(name) => self.0.find(name),
            // Over QUIC, rustls does not know the address that the client has connected to.
            None => self.0.unnamed(None),
        }
    }
}
