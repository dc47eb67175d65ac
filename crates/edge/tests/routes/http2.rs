//! An HTTP/2 client for the tests. The edge supports HTTP/2 over TLS only.

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

/// HTTPS on a free port, without HTTP/3.
pub(crate) const HTTPS: &str = "listen.https = [\"127.0.0.1:0\"]\nlisten.http3 = false\n";

/// A verifier that trusts any certificate, because the edge creates its own.
#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = default_provider();
        provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Opens a TLS connection without a server name (SNI). Requests on it may be for any host.
pub(crate) async fn secure(edge: &Edge) -> TlsStream<TcpStream> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.enable_sni = false;
    let stream = TcpStream::connect(edge.https_addresses()[0]).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

pub(crate) async fn client<B>(edge: &Edge) -> SendRequest<B>
where
    B: http_body::Body<Error: std::error::Error + Send + Sync, Data: Send> + Send + Unpin + 'static,
{
    built(edge, &Builder::new(TokioExecutor::new())).await
}

pub(crate) async fn built<B>(edge: &Edge, builder: &Builder<TokioExecutor>) -> SendRequest<B>
where
    B: http_body::Body<Error: std::error::Error + Send + Sync, Data: Send> + Send + Unpin + 'static,
{
    let stream = TokioIo::new(secure(edge).await);
    let (send, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    send
}
