//! Validates the head of an HTTP/2 or HTTP/3 request, after hyper or the crate h3 has accepted it.

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, Request};

use http1::{Refusal, request_length};

use super::list_size;

/// Valid on an HTTP/1 connection only (RFC 9113, section 8.2.2; RFC 9114, section 4.2).
const OF_CONNECTION: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Validates the head. Returns the length of the body, if the head states one.
pub(crate) fn judge<B>(request: &Request<B>, size: usize) -> Result<Option<u64>, Refusal> {
    let headers = request.headers();
    if list_size(request) > size {
        return Err(Refusal::HeadTooLarge);
    }
    if OF_CONNECTION.iter().any(|name| headers.contains_key(name)) {
        return Err(Refusal::OfConnection);
    }
    let speaks_of_trailers = |value: &[u8]| value.eq_ignore_ascii_case(b"trailers");
    if !headers
        .get_all(TE)
        .iter()
        .all(|value| speaks_of_trailers(value.as_bytes()))
    {
        return Err(Refusal::OfConnection);
    }
    if !headers
        .get_all(EXPECT)
        .iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    {
        return Err(Refusal::Expectation);
    }
    length(headers)
}

/// Removes headers that must not occur in an HTTP/2 or HTTP/3 response.
pub(crate) fn release(headers: &mut HeaderMap) {
    for name in OF_CONNECTION {
        headers.remove(name);
    }
}

fn length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let (Some(length), second) = (lengths.next(), lengths.next()) else {
        return Ok(None);
    };
    let length = request_length(length.as_bytes()).filter(|_| second.is_none());
    length.map(Some).ok_or(Refusal::Length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(headers: &[(&'static str, &'static str)]) -> Result<Option<u64>, Refusal> {
        let mut request = Request::get("https://a.example/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        judge(&request.body(()).unwrap(), 1_024)
    }

    #[test]
    fn heads_are_read_in_one_way_only() {
        for (headers, expected) in [
            (&[][..], Ok(None)),
            (&[("te", "trailers")], Ok(None)),
            (&[("te", "gzip")], Err(Refusal::OfConnection)),
            (&[("connection", "close")], Err(Refusal::OfConnection)),
            (&[("keep-alive", "timeout=1")], Err(Refusal::OfConnection)),
            (
                &[("transfer-encoding", "chunked")],
                Err(Refusal::OfConnection),
            ),
            (&[("upgrade", "websocket")], Err(Refusal::OfConnection)),
            (&[("content-length", "12")], Ok(Some(12))),
            (&[("content-length", "+12")], Err(Refusal::Length)),
            (&[("content-length", "012")], Err(Refusal::Length)),
            (&[("content-length", "1, 1")], Err(Refusal::Length)),
            (&[("content-length", "")], Err(Refusal::Length)),
            (
                &[("content-length", "1"), ("content-length", "1")],
                Err(Refusal::Length),
            ),
            (&[("expect", "100-Continue")], Ok(None)),
            (&[("expect", "miracles")], Err(Refusal::Expectation)),
        ] {
            assert_eq!(judged(headers), expected, "{headers:?}");
        }
        let long = Request::get("https://a.example/").header("x", "y".repeat(1_024));
        let refused = judge(&long.body(()).unwrap(), 1_024);
        assert_eq!(refused, Err(Refusal::HeadTooLarge));
    }
}
