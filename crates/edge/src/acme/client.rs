//! The HTTP client for requests to the authority: HTTP/1.1 over TLS, with a new connection for each
//! request.
//!
//! No connection is kept open, because an order needs only a dozen requests every few weeks. The
//! client stores `Retry-After` itself, because instant-acme does not expose that header with
//! errors.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use jiff::{SignedDuration, Timestamp};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::select;
use tokio::time::{error::Elapsed, timeout};
use tokio_rustls::TlsConnector;

use super::World;
use super::schedule::LONGEST_ASKED;
use crate::crypto;
use crate::lock::lock;

const LOOK_UP_TIME: Duration = Duration::from_secs(15);
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// The timeout of a request, from the DNS look-up to the last byte of the response.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Certificate chains are a few KiB.
const MAX_RESPONSE_BYTES: usize = 1 << 20;

#[derive(Debug, Error)]
pub(super) enum ClientError {
    #[error(
        "cannot reach {host}: {cause}; check this machine's network, name servers and firewall, \
         and tls.acme.directory"
    )]
    Unreachable { host: String, cause: io::Error },
    #[error("the TLS handshake with {host} failed: {cause}; {}", tls_remedy(.cause))]
    Tls { host: String, cause: io::Error },
    #[error(
        "the connection to the certificate authority broke off: {0}; if this goes on, look at its \
         status page"
    )]
    Http(#[from] hyper::Error),
    /// The response was too large or incomplete.
    #[error(
        "the certificate authority's response was cut off: {0}; if this goes on, look at its \
         status page, and check tls.acme.directory"
    )]
    Answer(Box<dyn StdError + Send + Sync>),
    /// The response is an error without an ACME problem document, for example a proxy's maintenance
    /// page.
    #[error(
        "the certificate authority answered {0} without a reason; if this goes on, look at its \
         status page, and check tls.acme.directory"
    )]
    Status(StatusCode),
    #[error(
        "the certificate authority did not answer within {} s; if this goes on, look at its \
         status page, and check this machine's network",
        REQUEST_TIME.as_secs()
    )]
    Slow(#[from] Elapsed),
    #[error("an address of the certificate authority is not https: {0}; check tls.acme.directory")]
    Url(Uri),
    #[error("the host in tls.acme.directory is not valid: {0}; correct it")]
    Name(#[from] InvalidDnsNameError),
}

fn tls_remedy(cause: &io::Error) -> &'static str {
    let inner = cause
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(fault)) = inner else {
        return "check that tls.acme.directory leads to its HTTPS port";
    };
    match fault {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "check this machine's clock; if it is right, the authority must renew its certificate"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "correct the host in tls.acme.directory"
        }
        _ => {
            "name its root certificate in tls.acme.ca, if this is your own authority; otherwise a proxy on the way answers in its place"
        }
    }
}

#[derive(Clone)]
pub(super) struct Client {
    tls: TlsConnector,
    world: World,
    asked_to_wait: Arc<Mutex<SignedDuration>>,
}

impl Client {
    /// Creates a client that trusts browsers' usual root certificates and those in `extra`.
    pub(super) fn new(
        extra: &[CertificateDer<'static>],
        world: World,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for root in extra {
            roots.add(root.clone())?;
        }
        let config = ClientConfig::builder_with_provider(crypto::provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            world,
            asked_to_wait: Arc::default(),
        })
    }

    /// Returns the longest `Retry-After` of all responses since the last call of this function.
    pub(super) fn take_asked_to_wait(&self) -> SignedDuration {
        std::mem::take(&mut *lock(&self.asked_to_wait))
    }

    async fn send(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, ClientError> {
        let uri = request.uri().clone();
        let Some(host) = uri.host().filter(|_| uri.scheme() == Some(&Scheme::HTTPS)) else {
            return Err(ClientError::Url(uri));
        };
        let port = uri.port_u16().unwrap_or(443);
        let bare = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(bare.clone())?;
        let stream =
            connect(&self.world, &bare, port)
                .await
                .map_err(|cause| ClientError::Unreachable {
                    host: bare.clone(),
                    cause,
                })?;
        let stream = self
            .tls
            .connect(name, stream)
            .await
            .map_err(|cause| ClientError::Tls { host: bare, cause })?;
        let answer = exchange(stream, request).await?;
        self.hear(&answer);
        let status = answer.status();
        if (status.is_client_error() || status.is_server_error()) && !is_json(answer.headers()) {
            return Err(ClientError::Status(status));
        }
        Ok(answer)
    }

    fn hear(&self, answer: &Response<Full<Bytes>>) {
        let refused = matches!(
            answer.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        if refused && let Some(wait) = read_retry_after(answer.headers(), (self.world.clock)()) {
            let mut asked = lock(&self.asked_to_wait);
            *asked = wait.max(*asked);
        }
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let answer = match timeout(REQUEST_TIME, client.send(request)).await {
                Ok(answer) => answer,
                Err(slow) => Err(slow.into()),
            };
            answer
                .map(BytesResponse::from)
                .map_err(|error| instant_acme::Error::Other(Box::new(error)))
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.contains("json"))
}

/// Seconds or a date (RFC 9110, section 10.2.3).
fn read_retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<u32>() {
        SignedDuration::from_secs(i64::from(seconds))
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        Timestamp::try_from(date)
            .unwrap_or(Timestamp::MAX)
            .duration_since(now)
    };
    Some(wait.clamp(SignedDuration::ZERO, LONGEST_ASKED))
}

/// Resolves a host name. Fails if the host has no address.
pub(super) async fn look_up(world: &World, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let look = (world.look_up)(host.to_owned(), port);
    let addresses = timeout(LOOK_UP_TIME, look).await??;
    if addresses.is_empty() {
        return Err(no_address());
    }
    Ok(addresses)
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the name has no address")
}

async fn connect(world: &World, host: &str, port: u16) -> io::Result<TcpStream> {
    let mut addresses = look_up(world, host, port).await?;
    addresses.sort_by_key(SocketAddr::is_ipv4);
    let mut failure = no_address();
    for address in addresses {
        match timeout(CONNECT_TIME, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = error,
            Err(slow) => failure = slow.into(),
        }
    }
    Err(failure)
}

async fn exchange<S, B>(
    stream: S,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = in_origin_form(request);
    let mut exchange = pin!(async move {
        let answer = sender.send_request(request).await?;
        let (parts, body) = answer.into_parts();
        let bytes = Limited::new(body, MAX_RESPONSE_BYTES)
            .collect()
            .await
            .map_err(ClientError::Answer)?
            .to_bytes();
        Ok(Response::from_parts(parts, Full::new(bytes)))
    });
    let mut connection = pin!(connection);
    select! {
        biased;
        answer = &mut exchange => answer,
        // The connection has ended. The exchange returns the reason.
        _ = &mut connection => exchange.await,
    }
}

/// RFC 9112, section 3.2.1.
fn in_origin_form<B>(mut request: Request<B>) -> Request<B> {
    let uri = std::mem::take(request.uri_mut());
    let host = uri
        .authority()
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    let path = uri
        .path_and_query()
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &'static str) -> Option<i64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
        let now = "2026-02-28T23:59:00Z".parse().unwrap();
        read_retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_absurd() {
        assert_eq!(heard("120"), Some(120));
        assert_eq!(heard("Sun, 01 Mar 2026 00:00:00 GMT"), Some(60));
        assert_eq!(heard("Sat, 28 Feb 2026 00:00:00 GMT"), Some(0));
        assert_eq!(heard("4000000000"), Some(7 * 24 * 3600));
        assert_eq!(heard("Fri, 31 Dec 9999 00:00:00 GMT"), Some(7 * 24 * 3600));
        assert_eq!(heard("soon"), None);
        assert_eq!(heard("-1"), None);
        assert_eq!(heard(""), None);
    }
}
