//! The ID of a request, which its log lines, its responses and the requests to upstreams have.

use std::fmt::{self, Debug, Display};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderName, HeaderValue};

/// The header with the request's ID, in requests to upstreams and in responses.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The ID in `X-Request-Id`: 1 to 64 characters, each a letter, a digit, `-`, `_` or `.`.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId {
    text: [u8; Self::MAX_LENGTH],
    length: usize,
}

impl RequestId {
    const MAX_LENGTH: usize = 64;

    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let (mut id, length) = ([0; Self::MAX_LENGTH], text.len());
        id.get_mut(..length)?.copy_from_slice(text.as_bytes());
        fits.then_some(Self { text: id, length })
    }

    pub(crate) fn of_bits(bits: u128) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        const LENGTH: usize = 32;
        let mut text = [0; Self::MAX_LENGTH];
        for (byte, two) in bits.to_be_bytes().into_iter().zip(text.chunks_exact_mut(2)) {
            two[0] = DIGITS[usize::from(byte >> 4)];
            two[1] = DIGITS[usize::from(byte & 0xf)];
        }
        Self {
            text,
            length: LENGTH,
        }
    }

    /// The ID as a header value. It is marked sensitive, because a unique ID should take no space
    /// in the HPACK table (RFC 7541, section 7.1.3).
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_bytes(self.as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    pub fn as_str(&self) -> &str {
        // An ID is ASCII, so the default is never used.
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
