//! Facts about a request that are known before its handler runs: the client's IP address, the
//! request id, and whether the connection uses TLS.
//!
//! Only a trusted proxy may report another client. From everybody else, `X-Forwarded-For`,
//! `X-Forwarded-Proto` and `X-Request-Id` are ignored.
//!
//! A server in the same process puts [`Facts`] into the request itself; otherwise they are read
//! from the headers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderName, request};
use platform::Random;

use crate::problem::Problem;

/// The header with the request id, on requests and responses.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The peer's IP address, as an extension that the listener sets. For a Unix socket, it is
/// [`Peer::LOOPBACK`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    pub const LOOPBACK: Self = Self(IpAddr::V4(Ipv4Addr::LOCALHOST));

    /// The value for a missing peer address, which counts neither as a trusted proxy nor as this
    /// machine.
    pub(crate) const UNKNOWN: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
}

#[derive(Clone, Debug)]
pub struct Facts {
    /// The id under which the request is logged, and which error pages show.
    pub request_id: RequestId,
    /// The client's IP address, as far as trusted proxies report it.
    pub client: IpAddr,
    /// Whether the client's own connection is over TLS.
    pub https: bool,
    /// Whether the request carries no forwarding headers, trusted or not.
    pub is_direct: bool,
    /// The outcome that the handler reports.
    pub outcome: Outcome,
}

#[derive(Clone, Debug, Default)]
pub struct Outcome(Arc<OnceLock<&'static str>>);

impl Outcome {
    /// The client used an invalid code.
    pub const WRONG_CODE: &'static str = "wrong-code";

    /// Reports the outcome; only the first report counts.
    pub fn report(&self, word: &'static str) {
        let _ = self.0.set(word);
    }

    pub fn reported(&self) -> Option<&'static str> {
        self.0.get().copied()
    }
}

impl Facts {
    /// Reads the facts of a request from `peer`.
    pub fn read(headers: &HeaderMap, peer: Peer, proxies: &Proxies, random: &Random) -> Self {
        let trusted = proxies.trust(peer.0);
        let given = |name: &str| {
            headers
                .get(name)
                .filter(|_| trusted)
                .and_then(|value| value.to_str().ok())
        };
        Self {
            request_id: given(REQUEST_ID.as_str())
                .and_then(RequestId::parse)
                .unwrap_or_else(|| RequestId::new(random)),
            client: if trusted {
                proxies.client(headers, peer.0)
            } else {
                plain(peer.0)
            },
            https: given("x-forwarded-proto").is_some_and(|scheme| scheme.trim() == "https"),
            is_direct: !["x-forwarded-for", "forwarded"]
                .iter()
                .any(|name| headers.contains_key(*name)),
            outcome: Outcome::default(),
        }
    }

    /// Whether the request comes from this machine and has no forwarding headers. With such
    /// headers, it may come through a local proxy that is not trusted.
    pub fn is_from_here(&self) -> bool {
        self.client.is_loopback() && self.is_direct
    }

    /// The client's network, which is the unit of rate limits.
    pub fn network(&self) -> Network {
        Network::of(self.client)
    }
}

impl<S: Sync> FromRequestParts<S> for Facts {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::internal("a handler stands outside web::serve"))
    }
}

/// A request id, generated here or by a trusted proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl From<RequestId> for Arc<str> {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

impl RequestId {
    pub fn new(random: &Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)).into())
    }

    /// Parses another program's id: 1 to 64 letters, digits, `-`, `_` and `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let sane = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        sane.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The unit of rate limits: an IPv4 address, or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    pub fn of(address: IpAddr) -> Self {
        Self(match plain(address) {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 @ IpAddr::V4(_) => v4,
        })
    }

    /// The first IP address of the network.
    pub fn address(&self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

/// The trusted proxies, as IP addresses and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

/// An entry of `trusted_proxies` is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network like 10.0.0.0/8")]
pub struct NotANetwork(String);

impl Proxies {
    /// Parses a list of addresses and networks.
    pub fn parse<S: AsRef<str>>(list: &[S]) -> Result<Self, NotANetwork> {
        list.iter()
            .map(|text| network(text.as_ref()).ok_or_else(|| NotANetwork(text.as_ref().to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub fn trust(&self, address: IpAddr) -> bool {
        let address = plain(address);
        self.0
            .iter()
            .any(|&(network, length)| match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    same_start(mapped(network), mapped(address), 96 + u32::from(length))
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    same_start(network.to_bits(), address.to_bits(), u32::from(length))
                }
                _ => false,
            })
    }

    /// The client's IP address, which is the rightmost address that is not a trusted proxy. The
    /// search stops at an unreadable entry, because any client can forge the entries to its left.
    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut client = plain(peer);
        let hops = headers.get_all("x-forwarded-for").iter().rev();
        let hops = hops.flat_map(|header| header.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            let Some(address) = hop_address(hop.trim_ascii()) else {
                break;
            };
            client = plain(address);
            if !self.trust(client) {
                break;
            }
        }
        client
    }
}

/// Parses `10.1.2.3`, `10.1.2.3:80`, `2001:db8::1` or `[2001:db8::1]:80`.
fn hop_address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    text.parse()
        .or_else(|_| text.parse().map(|socket: std::net::SocketAddr| socket.ip()))
        .ok()
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(longest);
    (length <= longest).then_some((address, length))
}

fn mapped(address: Ipv4Addr) -> u128 {
    address.to_ipv6_mapped().to_bits()
}

fn same_start(left: u128, right: u128, length: u32) -> bool {
    (left ^ right).leading_zeros() >= length
}

/// Converts the IPv6 form of an IPv4 address (dual-stack sockets) back to IPv4.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;
    use proptest::string::bytes_regex;

    use super::*;

    fn proxies() -> Proxies {
        Proxies::parse(&["127.0.0.1", "10.0.0.0/8", "fd00::/8"]).unwrap()
    }

    fn facts(peer: &str, headers: &[(&'static str, impl AsRef<[u8]>)]) -> Facts {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        }
        let peer = Peer(peer.parse().unwrap());
        Facts::read(&map, peer, &proxies(), &Random::seeded(1))
    }

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        for (peer, forwarded, client) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
            (
                "127.0.0.1",
                "6.6.6.6, 198.51.100.1, 10.1.1.1",
                "198.51.100.1",
            ),
            ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
            ("127.0.0.1", "6.6.6.6, unknown, 10.1.1.1", "10.1.1.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1"),
        ] {
            let facts = facts(peer, &[("x-forwarded-for", forwarded)]);
            assert_eq!(facts.client.to_string(), client, "{peer} {forwarded}");
        }
    }

    #[test]
    fn what_a_client_wrote_does_not_make_it_pass_as_the_proxy() {
        let header = b"\xff, 198.51.100.1";
        let facts = facts("127.0.0.1", &[("x-forwarded-for", header)]);
        assert_eq!(facts.client.to_string(), "198.51.100.1");
    }

    #[test]
    fn several_headers_are_one_list() {
        let facts = facts(
            "10.0.0.1",
            &[
                ("x-forwarded-for", "6.6.6.6"),
                ("x-forwarded-for", "198.51.100.1, 10.0.0.9"),
            ],
        );
        assert_eq!(facts.client.to_string(), "198.51.100.1");
    }

    #[test]
    fn ids_and_schemes_are_taken_from_trusted_proxies_only() {
        let headers = [("x-request-id", "abc-1"), ("x-forwarded-proto", "https")];
        let trusted = facts("10.9.9.9", &headers);
        assert_eq!(trusted.request_id.as_str(), "abc-1");
        assert!(trusted.https);
        let stranger = facts("203.0.113.9", &headers);
        assert_eq!(stranger.request_id.as_str().len(), 32);
        assert!(!stranger.https);
        for odd in ["", "a b", "<script>", &"x".repeat(65)] {
            let facts = facts("10.9.9.9", &[("x-request-id", odd)]);
            assert_eq!(facts.request_id.as_str().len(), 32, "{odd}");
        }
    }

    #[test]
    fn a_network_is_one_address_or_a_64() {
        for (address, network) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(Network::of(address.parse().unwrap()).to_string(), network);
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "localhost", "::/129"] {
            assert!(Proxies::parse(&[text]).is_err(), "{text}");
        }
        assert!(
            Proxies::parse(&["0.0.0.0/0"])
                .unwrap()
                .trust([8, 8, 8, 8].into())
        );
    }

    proptest! {
        #[test]
        fn nothing_on_the_left_changes_what_a_proxy_appended(
            theirs in bytes_regex(r"(?-u:[\t -~\x80-\xff]{0,60})").unwrap()
        ) {
            let header = [&*theirs, b", 198.51.100.1"].concat();
            let facts = facts("10.0.0.1", &[("x-forwarded-for", header)]);
            prop_assert_eq!(facts.client.to_string(), "198.51.100.1");
        }
    }
}
