//! Serializes request heads for servers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, HeaderValue};
use http::{HeaderMap, Method, Request};

use crate::client_info::ClientInfo;
use crate::filters::forwarding;

/// Suffices for most heads.
const INITIAL_CAPACITY: usize = 1_024;

/// Serializes the head of a request, followed by the body `whole`.
///
/// If `raw` is set, `request` contains the client's own headers. This function then writes the
/// headers that [`forwarding::request`] would make from them. If this requires a header map, the
/// headers in `request` are changed first.
pub(super) fn of(
    request: &mut Request<()>,
    raw: &mut Option<&ClientInfo>,
    whole: Option<&Bytes>,
) -> Vec<u8> {
    let mut head = Vec::with_capacity(INITIAL_CAPACITY);
    let target = request.uri().path_and_query();
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.map_or("/", |target| target.as_str()).as_bytes());
    head.extend_from_slice(b" HTTP/1.1\r\n");
    let is_written = raw
        .is_some_and(|info| forwarding::write(request.headers(), info, whole.is_some(), &mut head));
    if !is_written {
        tame(request, raw, whole);
        http1::write_lines(request.headers(), &mut head);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn tame(request: &mut Request<()>, raw: &mut Option<&ClientInfo>, whole: Option<&Bytes>) {
    let Some(info) = raw.take() else {
        return;
    };
    let method = request.method().clone();
    let headers = request.headers_mut();
    forwarding::request(headers, info);
    headers.remove(EXPECT);
    match whole {
        Some(whole) => drop(headers.insert(CONTENT_LENGTH, whole.len().into())),
        None => no_length(&method, headers),
    }
}

/// Removes `Content-Length` from a request without a body. Sets it to 0 for methods that usually
/// have a body (RFC 9110, section 8.6).
pub(super) fn no_length(method: &Method, headers: &mut HeaderMap) {
    match *method {
        Method::POST | Method::PUT | Method::PATCH => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        _ => drop(headers.remove(CONTENT_LENGTH)),
    }
}
