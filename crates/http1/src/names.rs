//! Looks up header names. Those that most messages have are known in advance, so they are not
//! copied and need no allocation.

use std::sync::LazyLock;

use http::HeaderName;

/// The names that browsers, proxies and servers send most often. Each needs its own [`slot`].
const USUAL: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "alt-svc",
    "authorization",
    "cache-control",
    "cdn-loop",
    "cf-connecting-ip",
    "cf-ipcountry",
    "cf-ray",
    "cf-visitor",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "cookie",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "dnt",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "origin",
    "permissions-policy",
    "pragma",
    "priority",
    "proxy-connection",
    "range",
    "referer",
    "referrer-policy",
    "retry-after",
    "save-data",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-gpc",
    "sec-purpose",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "server",
    "server-timing",
    "set-cookie",
    "strict-transport-security",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "x-content-type-options",
    "x-csrf-token",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-frame-options",
    "x-powered-by",
    "x-real-ip",
    "x-request-id",
    "x-requested-with",
];
const SLOTS: usize = 512;

struct Known {
    name: HeaderName,
    /// As most clients write it in HTTP/1: `Content-Type`.
    capitalized: Box<[u8]>,
}

static KNOWN: LazyLock<[Option<Known>; SLOTS]> = LazyLock::new(|| {
    let mut known = [const { None }; SLOTS];
    for name in USUAL {
        let mut is_first = true;
        let capitalize = |byte: u8| {
            let written = if is_first {
                byte.to_ascii_uppercase()
            } else {
                byte
            };
            is_first = byte == b'-';
            written
        };
        known[slot(name.as_bytes())] = Some(Known {
            name: HeaderName::from_static(name),
            capitalized: name.bytes().map(capitalize).collect(),
        });
    }
    known
});

/// Returns the name of a header, which may be in any letter case; `None` if it is not valid.
pub(crate) fn header_name(name: &[u8]) -> Option<HeaderName> {
    match &KNOWN[slot(name)] {
        Some(known) if *known.capitalized == *name || known.name.as_str().as_bytes() == name => {
            Some(known.name.clone())
        }
        _ => HeaderName::from_bytes(name).ok(),
    }
}

/// A test finds names of [`USUAL`] that share a slot; other factors part them.
fn slot(name: &[u8]) -> usize {
    let [.., second_last, last] = name else {
        return 0;
    };
    let middle = name[name.len() / 2];
    let letter = |byte: u8| usize::from(byte | 0x20);
    (34 * name.len() + 26 * letter(middle) + 20 * letter(*last) + 43 * letter(*second_last)) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_name_has_a_slot_of_its_own() {
        for name in USUAL {
            let kept = KNOWN[slot(name.as_bytes())].as_ref();
            assert_eq!(kept.map(|known| known.name.as_str()), Some(*name));
        }
    }

    #[test]
    fn a_name_is_found_in_any_letter_case() {
        let others = ["x-unusual", "a", "", "host ", "h\u{f6}st", "ho:st"];
        for name in USUAL.iter().chain(&others) {
            for written in [(*name).to_owned(), name.to_ascii_uppercase()] {
                let found = header_name(written.as_bytes());
                assert_eq!(found, HeaderName::from_bytes(written.as_bytes()).ok());
            }
        }
    }
}
