//! Whether a name leads to this machine, seen the way an authority would.
//!
//! The name is looked up, connected to, and asked for a challenge of our own. If
//! we hear our own answer, it leads here: through any address translation, and
//! whatever other addresses the machine has. It can err in one direction: a router
//! that does not let its own network in by its outer address keeps us from
//! ourselves though the world gets through. Then `force` is the answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use thiserror::Error;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::challenges::ACME_TLS;
use super::client::{ClientError, connect, exchange};
use super::proof::{self, ProofError};
use super::{Shared, World};
use crate::description::Challenge;

/// How long the whole look may take.
const TIME: Duration = Duration::from_secs(15);

/// Why a name does not lead here.
#[derive(Debug, Error)]
pub(super) enum ProbeError {
    /// It has no address, or nothing answers there.
    #[error("it does not lead here: {0}")]
    Unreachable(io::Error),
    /// Somebody else answers there.
    #[error("it leads to another server than this one")]
    Stranger,
    /// Nothing came back in time.
    #[error("it does not lead here: no answer within {} s", TIME.as_secs())]
    Slow,
    /// We could not even make a question.
    #[error("{0}")]
    Proof(#[from] ProofError),
}

/// Asks ourselves by this name, by the way the authority will take.
pub(super) async fn leads_here(shared: &Shared, name: &str) -> Result<(), ProbeError> {
    let look = async {
        match shared.settings.challenge {
            Challenge::Http01 => through_http(shared, name).await,
            Challenge::TlsAlpn01 => through_tls(shared, name).await,
        }
    };
    timeout(TIME, look).await.map_err(|_| ProbeError::Slow)?
}

async fn through_http(shared: &Shared, name: &str) -> Result<(), ProbeError> {
    let token = proof::random_token(&shared.provider)?;
    let answer = proof::random_token(&shared.provider)?;
    let _published = shared.challenges.publish_text(&token, &answer);
    let stream = reach(&shared.world, name, 80).await?;
    let request = Request::get(format!("http://{name}/.well-known/acme-challenge/{token}"))
        .body(Empty::<Bytes>::new())
        .map_err(|_| ProbeError::Stranger)?;
    let heard = exchange(stream, request).await.map_err(strange)?;
    let heard = heard
        .into_body()
        .collect()
        .await
        .map_or_else(|never| match never {}, http_body_util::Collected::to_bytes);
    if heard == answer.as_bytes() {
        Ok(())
    } else {
        Err(ProbeError::Stranger)
    }
}

async fn through_tls(shared: &Shared, name: &str) -> Result<(), ProbeError> {
    let digest = proof::random(&shared.provider)?;
    let shown = proof::certificate(name, &digest, &shared.provider)?;
    let _published = shared.challenges.publish_certificate(name, &shown);
    let stream = reach(&shared.world, name, 443).await?;
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&shared.provider))
        .with_safe_default_protocol_versions()
        .map_err(ProofError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OnlyLook(Arc::clone(&shared.provider))))
        .with_no_client_auth();
    config.alpn_protocols = vec![ACME_TLS.to_vec()];
    let host = ServerName::try_from(name.to_owned()).map_err(|_| ProbeError::Stranger)?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(host, stream)
        .await
        .map_err(|_| ProbeError::Stranger)?;
    let (_, connection) = stream.get_ref();
    let seen = connection.peer_certificates().and_then(<[_]>::first);
    if seen.is_some() && seen == shown.cert.first() {
        Ok(())
    } else {
        Err(ProbeError::Stranger)
    }
}

async fn reach(world: &World, name: &str, port: u16) -> Result<tokio::net::TcpStream, ProbeError> {
    connect(world, name, port)
        .await
        .map_err(ProbeError::Unreachable)
}

fn strange(_: ClientError) -> ProbeError {
    ProbeError::Stranger
}

/// Takes any certificate: which one it is, is the question, and only we can have the one we made
/// a moment ago. Nothing is said or believed over the connection.
#[derive(Debug)]
struct OnlyLook(Arc<CryptoProvider>);

impl ServerCertVerifier for OnlyLook {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    // The library's own functions stumble over the critical extension.
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
