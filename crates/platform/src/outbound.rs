//! HTTP requests to URLs that users have entered. Requests are sent only over TLS and to public
//! networks, and do not follow redirects. Each IP address is checked when the connection is opened,
//! so that a changed DNS answer cannot lead a request to a private network. Hosts that the operator
//! configured may be in private networks.

mod json_call;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub use json_call::{CallBody, CallError, JsonCall};

/// The longest URL, in characters.
pub const LONGEST: usize = 2_000;
/// The timeout of a request, from the DNS look-up to the response's status.
const TIME: Duration = Duration::from_secs(10);
/// The longest response body that is read, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;
const OBJECT_TIME: Duration = Duration::from_mins(2);
/// The usual form of HTTP is one of RFC 2822 (RFC 9110, section 5.6.7).
static HTTP_DATES: DateTimeParser = DateTimeParser::new();
/// The longest object in an S3 bucket that can be read, in bytes.
pub const LONGEST_OBJECT: usize = 256 << 20;
/// Domain names that are never public (RFC 6761, 6762, 8375 and ICANN's `internal`).
const PRIVATE: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "onion"];

/// An HTTP client. Clones share its settings and connections.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    tls: TlsConnector,
    names: Names,
    /// Non-public socket addresses that requests may reach.
    permitted: Vec<SocketAddr>,
    connections: json_call::Connections,
}

/// How host names are resolved.
#[derive(Clone, Debug)]
pub enum Names {
    System,
    /// Host names are looked up in this map. The port in the map replaces the URL's port. For
    /// tests.
    Listed(HashMap<String, Vec<SocketAddr>>),
}

/// The hosts that a request may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Hosts on public networks, over TLS.
    Public,
    /// Any host, because the operator configured it. TLS is required except for hosts on this
    /// machine.
    Private,
}

#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub url: &'a str,
    pub reach: Reach,
    pub headers: &'a [(&'static str, String)],
    /// Form fields for a POST; `None` for a GET.
    pub form: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
    pub etag: Option<String>,
    /// When the server sent the response (RFC 9110, section 6.6.1).
    pub date: Option<Timestamp>,
}

#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL, or an IP address of its host, is not permitted.
    #[error("the URL is not allowed; write one with https, and a host on public networks only")]
    Refused,
    #[error("cannot be reached; check the address, and the network of this machine: {0}")]
    Unreachable(#[from] io::Error),
    /// The host's response is not valid HTTP.
    #[error("the response is not valid HTTP; check the address and its port: {0}")]
    Http(#[from] hyper::Error),
    #[error("the response is too long; check the address")]
    TooLong,
    #[error(
        "no response in time; if this goes on, check the address, and the network of this machine"
    )]
    Slow,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("names", &self.0.names)
            .field("permitted", &self.0.permitted)
            .finish_non_exhaustive()
    }
}

impl Outbound {
    /// Creates a client for public networks that trusts the public certificate authorities.
    pub fn public() -> Result<Self, rustls::Error> {
        Self::new(Names::System, Vec::new(), &[])
    }

    /// Creates a client that may also reach the `permitted` socket addresses, and that trusts
    /// additional authorities.
    pub fn new(
        names: Names,
        permitted: Vec<SocketAddr>,
        trusted: &[CertificateDer<'static>],
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for root in trusted {
            roots.add(root.clone())?;
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(Inner {
            tls: TlsConnector::from(Arc::new(config)),
            names,
            permitted,
            connections: json_call::Connections::default(),
        })))
    }

    /// Posts JSON and returns the response's status.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<StatusCode, OutboundError> {
        let request = Outgoing {
            method: Method::POST,
            media_type: Some("application/json"),
            headers,
            body: body.into(),
            read_up_to: None,
        };
        Ok(self.send(url, Reach::Public, request).await?.status)
    }

    /// Posts JSON to a service that listens on a Unix socket of this machine, and returns the
    /// response's status.
    pub async fn post_to_socket(
        socket: &Path,
        path: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<StatusCode, OutboundError> {
        let request = Outgoing {
            method: Method::POST,
            media_type: Some("application/json"),
            headers,
            body: body.into(),
            read_up_to: None,
        };
        let sending = async {
            let uri = path.parse().map_err(|_| OutboundError::Refused)?;
            let request = request.build(&uri, &Authority::from_static("localhost"))?;
            exchange(UnixStream::connect(socket).await?, request, None).await
        };
        let answer = timeout(TIME, sending).await;
        Ok(answer.map_err(|_| OutboundError::Slow)??.status)
    }

    /// Sends a GET, or posts a form, and returns the response with its body.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, OutboundError> {
        let is_form = call.form.is_some();
        let request = Outgoing {
            method: if is_form { Method::POST } else { Method::GET },
            media_type: is_form.then_some("application/x-www-form-urlencoded"),
            headers: call.headers,
            body: call.form.unwrap_or_default().into(),
            read_up_to: Some(LONGEST_ANSWER),
        };
        self.send(call.url, call.reach, request).await
    }

    /// Sends a GET to a host on public networks, and returns the response with a body of up to
    /// `longest` bytes.
    pub async fn fetch(&self, url: &str, longest: usize) -> Result<Answer, OutboundError> {
        let request = Outgoing {
            method: Method::GET,
            media_type: None,
            headers: &[],
            body: Bytes::new(),
            read_up_to: Some(longest),
        };
        self.send(url, Reach::Public, request).await
    }

    /// Reads, writes or deletes an object in an S3 bucket that the operator configured.
    pub async fn transfer(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, OutboundError> {
        let request = Outgoing {
            method,
            media_type: None,
            headers,
            body,
            read_up_to: Some(LONGEST_OBJECT),
        };
        let sending = self.send_unlimited(url, Reach::Private, request);
        timeout(OBJECT_TIME, sending)
            .await
            .map_err(|_| OutboundError::Slow)?
    }

    async fn send(
        &self,
        url: &str,
        reach: Reach,
        request: Outgoing<'_>,
    ) -> Result<Answer, OutboundError> {
        let sending = self.send_unlimited(url, reach, request);
        timeout(TIME, sending)
            .await
            .map_err(|_| OutboundError::Slow)?
    }

    async fn send_unlimited(
        &self,
        url: &str,
        reach: Reach,
        request: Outgoing<'_>,
    ) -> Result<Answer, OutboundError> {
        let target = Target::of(url, reach)?;
        let read_up_to = request.read_up_to;
        let request = request.build(&target.uri, &target.authority)?;
        let stream = self.connect(&target.host, target.port, reach).await?;
        if !target.is_tls {
            return exchange(stream, request, read_up_to).await;
        }
        let name = ServerName::try_from(target.host).map_err(|_| OutboundError::Refused)?;
        let stream = self.0.tls.connect(name, stream).await?;
        exchange(stream, request, read_up_to).await
    }

    async fn connect(
        &self,
        host: &str,
        port: u16,
        reach: Reach,
    ) -> Result<TcpStream, OutboundError> {
        let addresses: Vec<SocketAddr> = match (&self.0.names, host.parse::<IpAddr>()) {
            (_, Ok(address)) => vec![(address, port).into()],
            (Names::System, Err(_)) => lookup_host((host, port)).await?.collect(),
            (Names::Listed(all), Err(_)) => all.get(host).cloned().unwrap_or_default(),
        };
        let may = |one: &SocketAddr| {
            reach == Reach::Private || is_public(one.ip()) || self.0.permitted.contains(one)
        };
        // A host name is refused if any of its addresses is private.
        if !addresses.iter().all(may) {
            return Err(OutboundError::Refused);
        }
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure.into())
    }
}

struct Target {
    uri: Uri,
    authority: Authority,
    host: String,
    port: u16,
    is_tls: bool,
}

impl Target {
    fn of(url: &str, reach: Reach) -> Result<Self, OutboundError> {
        let (uri, authority) = read(url, reach).ok_or(OutboundError::Refused)?;
        let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let usual = if is_tls { 443 } else { 80 };
        Ok(Self {
            host: bare(&authority).to_owned(),
            port: authority.port_u16().unwrap_or(usual),
            uri,
            authority,
            is_tls,
        })
    }

    fn origin(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

struct Outgoing<'a> {
    method: Method,
    media_type: Option<&'static str>,
    headers: &'a [(&'static str, String)],
    body: Bytes,
    /// The maximum length of the response body in bytes; `None` if the body is not read.
    read_up_to: Option<usize>,
}

impl Outgoing<'_> {
    fn build(
        self,
        uri: &Uri,
        authority: &Authority,
    ) -> Result<Request<Full<Bytes>>, OutboundError> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = path.parse().map_err(|_| OutboundError::Refused)?;
        let media_type = self
            .media_type
            .map(|media_type| (http::header::CONTENT_TYPE, media_type.to_owned()));
        let common = [
            (HOST, authority.to_string()),
            (http::header::USER_AGENT, "Kenduri".to_owned()),
        ];
        let given = self
            .headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.clone()));
        for (name, value) in common.into_iter().chain(media_type).chain(given) {
            let value = HeaderValue::try_from(value).map_err(|_| OutboundError::Refused)?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    read_up_to: Option<usize>,
) -> Result<Answer, OutboundError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answering = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let header = |name| {
            answer
                .headers()
                .get(name)
                .and_then(|text| text.to_str().ok())
        };
        let etag = header(http::header::ETAG).map(str::to_owned);
        let date = header(http::header::DATE);
        let date = date.and_then(|text| HTTP_DATES.parse_timestamp(text).ok());
        let body = if let Some(longest) = read_up_to {
            let body = Limited::new(answer.into_body(), longest).collect().await;
            body.map_err(unread)?.to_bytes()
        } else {
            Bytes::new()
        };
        Ok(Answer {
            status,
            body,
            etag,
            date,
        })
    };
    let mut answering = std::pin::pin!(answering);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut answering => answer,
        // The pending request fails with the connection's error, so the error is ignored here.
        _ = &mut connection => answering.await,
    }
}

fn unread(error: Box<dyn std::error::Error + Send + Sync>) -> OutboundError {
    if error.is::<LengthLimitError>() {
        return OutboundError::TooLong;
    }
    match error.downcast::<hyper::Error>() {
        Ok(error) => OutboundError::Http(*error),
        Err(error) => OutboundError::Unreachable(io::Error::other(error)),
    }
}

/// Whether requests to a URL are permitted. The host name is not resolved yet, so a permitted URL
/// may still be refused later.
pub fn is_permitted(url: &str, reach: Reach) -> bool {
    read(url, reach).is_some()
}

/// Scheme, host and port of a URL.
pub fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?.as_str().to_ascii_lowercase();
    Some(format!("{}://{authority}", uri.scheme_str()?))
}

/// Whether two URLs have the same scheme, host and port.
pub fn is_same_origin(one: &str, other: &str) -> bool {
    let one = origin(one);
    one.is_some() && one == origin(other)
}

fn read(url: &str, reach: Reach) -> Option<(Uri, Authority)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?.clone();
    let host = bare(&authority).trim_end_matches('.').to_ascii_lowercase();
    let is_private = |ending: &str| {
        let before = host.strip_suffix(ending);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let address: Option<IpAddr> = host.parse().ok();
    let is_own = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    let is_reached = match reach {
        Reach::Public => {
            uri.scheme() == Some(&Scheme::HTTPS)
                && !PRIVATE.iter().any(|ending| is_private(ending))
                && address.is_none_or(is_public)
        }
        Reach::Private => {
            uri.scheme() == Some(&Scheme::HTTPS) || uri.scheme() == Some(&Scheme::HTTP) && is_own
        }
    };
    let is_fine =
        url.len() <= LONGEST && !authority.as_str().contains('@') && !host.is_empty() && is_reached;
    is_fine.then_some((uri, authority))
}

fn bare(authority: &Authority) -> &str {
    authority.host().trim_matches(['[', ']'])
}

/// Whether an IP address is public. Addresses of this machine, local networks and reserved ranges
/// (IANA's special-purpose address registries) are not public.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

/// Whether an IPv6 address is in `2000::/3`, except in the ranges for embedded IPv4 addresses,
/// tunnels and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_special = matches!(
        (a, b),
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff)
    );
    a >> 13 == 1 && !is_special
}

#[cfg(test)]
mod tests;
