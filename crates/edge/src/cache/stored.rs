use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::rules::{Freshness, vary};

const NOT_STORED: [&str; 10] = [
    "age",
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

/// The primary cache key: the route's target, a newline, and the URL. Several responses may have
/// the same key. Then the request headers named in `Vary` determine which one is selected.
pub(crate) type Key = Arc<str>;

/// The request headers named in `Vary`, with their values.
pub(crate) type Variation = Vec<(HeaderName, Option<Vec<u8>>)>;

#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) head: Arc<StoredHead>,
    pub(crate) body: Bytes,
    /// Whether the response was used since the cache last considered evicting it.
    pub(super) used: AtomicBool,
    gone: AtomicBool,
}

impl Stored {
    pub(super) fn new(head: Arc<StoredHead>, body: Bytes) -> Self {
        Self {
            head,
            body,
            used: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        }
    }

    /// An upper estimate of the memory that the stored response occupies, in bytes.
    pub(super) fn weight(&self) -> u64 {
        const EACH: usize = 64;
        let headers = self.head.headers.iter();
        let headers: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len() + EACH)
            .sum();
        let vary: usize = self
            .head
            .vary
            .iter()
            .map(|(name, value)| name.as_str().len() + value.as_ref().map_or(0, Vec::len) + EACH)
            .sum();
        (size_of::<Self>()
            + size_of::<StoredHead>()
            + 2 * EACH
            + 2 * self.head.key.len()
            + headers
            + vary
            + self.body.len()) as u64
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(super) fn leave(&self) {
        self.gone.store(true, Ordering::Release);
    }
}

/// A stored response without its body.
#[derive(Debug, Clone)]
pub(crate) struct StoredHead {
    pub(crate) key: Key,
    pub(crate) vary: Variation,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) freshness: Freshness,
    /// How often the response's key had been purged when the request for the response began.
    pub(crate) began: u64,
    /// The app's number of changes when the request for the response arrived; 0 for all other
    /// targets.
    pub(crate) changes: u64,
}

impl StoredHead {
    /// Makes the stored head. Omits `Age`, and headers that apply to a single request or
    /// connection.
    pub(crate) fn new(
        key: Key,
        request: &HeaderMap,
        status: StatusCode,
        mut headers: HeaderMap,
        freshness: Freshness,
        began: u64,
    ) -> Self {
        for name in NOT_STORED {
            headers.remove(name);
        }
        // If there is no `Date`, the time of receipt is added, because clients compute the
        // response's age from this header.
        if !headers.contains_key(DATE)
            && let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(freshness.received()))
        {
            headers.insert(DATE, date);
        }
        for value in headers.values_mut() {
            *value = own(value);
        }
        Self {
            key,
            vary: variation(vary(&headers), request),
            status,
            headers,
            freshness,
            began,
            changes: 0,
        }
    }

    /// Whether the stored response matches a request with these headers (RFC 9111, section 4.1).
    pub(crate) fn answers(&self, request: &HeaderMap) -> bool {
        let mut vary = self.vary.iter();
        vary.all(|(name, value)| *value == joined_values(request, name))
    }
}

/// Copies a header value. The original may keep alive the whole buffer into which it was read.
fn own(value: &HeaderValue) -> HeaderValue {
    let mut own = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
    own.set_sensitive(value.is_sensitive());
    own
}

/// The values of these headers in a request. `Accept-Encoding` is omitted, because stored responses
/// have no content coding.
pub(crate) fn variation(names: Vec<HeaderName>, request: &HeaderMap) -> Variation {
    let told_apart = names.into_iter().filter(|name| *name != ACCEPT_ENCODING);
    told_apart
        .map(|name| {
            let value = joined_values(request, &name);
            (name, value)
        })
        .collect()
}

fn joined_values(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let mut lines = headers.get_all(name).iter();
    let mut whole = lines.next()?.as_bytes().trim_ascii().to_vec();
    for line in lines {
        whole.extend_from_slice(b", ");
        whole.extend_from_slice(line.as_bytes().trim_ascii());
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use http::header::{CACHE_CONTROL, ETAG};

    use super::*;
    use crate::cache::{DefaultLifetimes, TimedResponse};

    #[test]
    fn what_is_kept_holds_nothing_else_that_was_read_with_it() {
        let read = Bytes::from(b"max-age=60 \"v1\" and a megabyte more".to_vec());
        let mut headers = HeaderMap::new();
        for (name, part) in [(CACHE_CONTROL, 0..10), (ETAG, 11..15)] {
            let value = HeaderValue::from_maybe_shared(read.slice(part)).unwrap();
            headers.insert(name, value);
        }
        assert!(!read.is_unique());
        let kept = TimedResponse {
            status: StatusCode::OK,
            headers: &headers,
            asked: SystemTime::UNIX_EPOCH,
            received: SystemTime::UNIX_EPOCH,
        };
        let freshness = kept.freshness(&DefaultLifetimes::default()).unwrap();
        let request = HeaderMap::new();
        let head = StoredHead::new("k".into(), &request, StatusCode::OK, headers, freshness, 0);
        assert!(read.is_unique(), "{read:?} is still held");
        assert_eq!(head.headers[CACHE_CONTROL], "max-age=60");
        assert_eq!(head.headers[ETAG], "\"v1\"");
    }
}
