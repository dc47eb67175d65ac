//! Requests to addresses that people have typed: over TLS, to public networks alone, and never
//! where an answer leads to. Each address is checked when it is connected to, so that no name
//! can mean another one meanwhile.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a URL may be.
pub const LONGEST: usize = 2_000;
/// How long a request may take, from the look-up of the name to the status.
const TIME: Duration = Duration::from_secs(10);
/// Endings of names that are never of public hosts (RFC 6761, 6762, 8375 and ICANN's `internal`).
const PRIVATE: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "onion"];

/// Sends requests. Clones share the trust.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    tls: TlsConnector,
    names: Names,
    /// Addresses that may be connected to though they are not public.
    permitted: Vec<SocketAddr>,
}

/// How names become addresses.
#[derive(Clone, Debug)]
pub enum Names {
    /// As the system says.
    System,
    /// These, and no others: for tests.
    Listed(HashMap<String, Vec<IpAddr>>),
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL, or an address of its host, is none that may be called.
    #[error("no https URL of a host on public networks alone")]
    Refused,
    /// The host cannot be reached.
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// It does not speak HTTP.
    #[error("no answer of HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer within {} s", TIME.as_secs())]
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
    /// To public networks, trusting whom browsers trust.
    pub fn public() -> Result<Self, rustls::Error> {
        Self::new(Names::System, Vec::new(), &[])
    }

    /// With addresses that are permitted beside public ones, and authorities that are trusted.
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
        })))
    }

    /// Posts JSON, and returns the status of the answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<StatusCode, OutboundError> {
        let sending = self.send(url, headers, body);
        timeout(TIME, sending)
            .await
            .map_err(|_| OutboundError::Slow)?
    }

    async fn send(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<StatusCode, OutboundError> {
        let (uri, authority) = read(url).ok_or(OutboundError::Refused)?;
        let host = bare(&authority).to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| OutboundError::Refused)?;
        let stream = self
            .connect(&host, authority.port_u16().unwrap_or(443))
            .await?;
        let stream = self.0.tls.connect(name, stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse().map_err(|_| OutboundError::Refused)?;
        let common = [
            (HOST, authority.to_string()),
            (http::header::CONTENT_TYPE, "application/json".to_owned()),
            (http::header::USER_AGENT, "Kenduri".to_owned()),
        ];
        let given = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.clone()));
        for (name, value) in common.into_iter().chain(given) {
            let value = HeaderValue::try_from(value).map_err(|_| OutboundError::Refused)?;
            request.headers_mut().insert(name, value);
        }
        let mut answer = std::pin::pin!(sender.send_request(request));
        let mut connection = std::pin::pin!(connection);
        let answer = tokio::select! {
            biased;
            answer = &mut answer => answer,
            // What ended the connection, the request knows of too.
            _ = &mut connection => answer.await,
        };
        Ok(answer?.status())
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, OutboundError> {
        let addresses: Vec<SocketAddr> = match (&self.0.names, host.parse::<IpAddr>()) {
            (_, Ok(address)) => vec![(address, port).into()],
            (Names::System, Err(_)) => lookup_host((host, port)).await?.collect(),
            (Names::Listed(all), Err(_)) => {
                let found = all.get(host).into_iter().flatten();
                found.map(|address| (*address, port).into()).collect()
            }
        };
        let may = |one: &SocketAddr| is_public(one.ip()) || self.0.permitted.contains(one);
        // A name that means our own networks too is no name of a stranger.
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

/// Whether a URL may be called, as far as it can be known without looking its name up.
pub fn is_permitted(url: &str) -> bool {
    read(url).is_some()
}

fn read(url: &str) -> Option<(Uri, Authority)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?.clone();
    let host = bare(&authority).trim_end_matches('.').to_ascii_lowercase();
    let is_private = |ending: &str| {
        let before = host.strip_suffix(ending);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let is_fine = url.len() <= LONGEST
        && uri.scheme() == Some(&Scheme::HTTPS)
        && !authority.as_str().contains('@')
        && !host.is_empty()
        && !PRIVATE.iter().any(|ending| is_private(ending))
        && host.parse().map_or(true, is_public);
    is_fine.then_some((uri, authority))
}

fn bare(authority: &Authority) -> &str {
    authority.host().trim_matches(['[', ']'])
}

/// Whether an address is a stranger's: what is of this machine, of local networks, or of no use
/// to anybody is not (the registries of IANA for special-purpose addresses).
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

/// Of `2000::/3`, but for what stands for other networks, tunnels and examples.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_special = matches!(
        (a, b),
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff)
    );
    a >> 13 == 1 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strangers_are_called() {
        for (address, expected) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1::1", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("169.254.169.254", false),
            ("172.31.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:93.184.216.34", true),
            ("64:ff9b::a00:1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2002:a00:1::", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_url_says_much_before_its_name_is_looked_up() {
        for (url, expected) in [
            ("https://example.org/hook?a=b", true),
            ("https://example.org:8443/", true),
            ("http://example.org/", false),
            ("https://user:word@example.org/", false),
            ("https://localhost/", false),
            ("https://a.LOCALHOST./", false),
            ("https://notlocalhost.org/", true),
            ("https://nas.local/", false),
            ("https://metadata.google.internal/", false),
            ("https://127.0.0.1/", false),
            ("https://[::1]/", false),
            ("https://[fd00::1]:8443/", false),
            ("https://93.184.216.34/", true),
            ("https:///path", false),
            ("/path", false),
            ("", false),
        ] {
            assert_eq!(is_permitted(url), expected, "{url}");
        }
        assert!(!is_permitted(&format!(
            "https://example.org/{}",
            "a".repeat(2_000)
        )));
    }

    #[tokio::test]
    async fn a_name_that_means_a_private_address_is_not_called() {
        let addresses = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
        let names = HashMap::from([
            ("inside.example".to_owned(), addresses(&["10.0.0.1"])),
            (
                "both.example".to_owned(),
                addresses(&["93.184.216.34", "127.0.0.1"]),
            ),
            ("none.example".to_owned(), addresses(&[])),
        ]);
        let outbound = Outbound::new(Names::Listed(names), Vec::new(), &[]).unwrap();
        for (host, is_refused) in [("inside", true), ("both", true), ("none", false)] {
            let url = format!("https://{host}.example/");
            let error = outbound.post(&url, &[], String::new()).await.unwrap_err();
            assert_eq!(
                matches!(error, OutboundError::Refused),
                is_refused,
                "{host}: {error}"
            );
        }
        let system = Outbound::public().unwrap();
        // Forms of 127.0.0.1 that only the look-up understands.
        for host in ["127.1", "2130706433"] {
            let url = format!("https://{host}/");
            let error = system.post(&url, &[], String::new()).await.unwrap_err();
            assert!(
                !matches!(error, OutboundError::Slow | OutboundError::Http(_)),
                "{error}"
            );
        }
    }
}
