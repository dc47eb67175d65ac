//! Describes the client of a request, with regard to trusted proxies.

use std::fmt::{self, Debug, Display};
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderName, HeaderValue};

/// The client of a request, and how the request reached the edge.
#[derive(Debug, Clone)]
pub struct ClientInfo {
    /// The IP address of the client: the peer's address, or the address reported by a trusted
    /// proxy.
    pub client: IpAddr,
    /// Whether no header, trusted or not, claims that the request was forwarded for another client.
    pub is_direct: bool,
    /// Whether the peer may set `Forwarded` and `X-Forwarded-*`.
    pub peer_is_trusted: bool,
    /// How the client reached the first proxy.
    pub scheme: Scheme,
    /// The requested host in lower case, with its port if one was given; empty if there is none.
    pub host: Arc<str>,
    /// The request id, which is passed to upstreams.
    pub id: RequestId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The header with the request id, in the request to the upstream and in the response.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `X-Request-Id`: 1 to 64 characters, each a letter, a digit, `-`, `_` or `.`.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl RequestId {
    /// The longest id accepted from a trusted proxy.
    const LONGEST: usize = 64;

    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let (mut id, length) = ([0; Self::LONGEST], text.len());
        id.get_mut(..length)?.copy_from_slice(text.as_bytes());
        fits.then_some(Self { text: id, length })
    }

    /// Makes an id of 32 hexadecimal digits from these bits.
    pub(crate) fn of_bits(bits: u128) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        const LENGTH: usize = 32;
        let mut text = [0; Self::LONGEST];
        for (byte, two) in bits.to_be_bytes().into_iter().zip(text.chunks_exact_mut(2)) {
            two[0] = DIGITS[usize::from(byte >> 4)];
            two[1] = DIGITS[usize::from(byte & 0xf)];
        }
        Self {
            text,
            length: LENGTH,
        }
    }

    /// Returns the header value. It is marked sensitive, because every id is unique and so must not
    /// take space in the HPACK table (RFC 7541, section 7.1.3).
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_bytes(self.as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    pub fn as_str(&self) -> &str {
        // The id is always ASCII.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

impl Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Debug for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), out)
    }
}

/// Generates request ids that are unique and unpredictable.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    keys: RandomState,
    made: AtomicU64,
}

impl Ids {
    pub(crate) fn make(&self) -> RequestId {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let high = self.keys.hash_one(number);
        let low = self.keys.hash_one((number, high));
        RequestId::of_bits(u128::from(high) << 64 | u128::from(low))
    }
}
