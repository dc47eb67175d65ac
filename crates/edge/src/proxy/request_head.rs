//! Heads of requests, as they are written to servers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, HeaderValue};
use http::{HeaderMap, Method, Request};

use crate::client_info::ClientInfo;
use crate::filters::forwarding;

/// A head toward a server is seldom larger.
const USUAL: usize = 1_024;

/// The head of a request. With facts its headers are the client's own, and written as
/// [`toward`](forwarding::toward) would have them, if that takes no map; else they are made ours.
/// Its body is this, if all of one is here.
pub(super) fn of(
    request: &mut Request<()>,
    raw: &mut Option<&ClientInfo>,
    whole: Option<&Bytes>,
) -> Vec<u8> {
    let mut head = Vec::with_capacity(USUAL);
    let target = request.uri().path_and_query();
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.map_or("/", |target| target.as_str()).as_bytes());
    head.extend_from_slice(b" HTTP/1.1\r\n");
    let is_written = raw.is_some_and(|facts| {
        forwarding::write(request.headers(), facts, whole.is_some(), &mut head)
    });
    if !is_written {
        tame(request, raw, whole);
        http1::write_lines(request.headers(), &mut head);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn tame(request: &mut Request<()>, raw: &mut Option<&ClientInfo>, whole: Option<&Bytes>) {
    let Some(facts) = raw.take() else {
        return;
    };
    let method = request.method().clone();
    let headers = request.headers_mut();
    forwarding::toward(headers, facts);
    headers.remove(EXPECT);
    match whole {
        Some(whole) => drop(headers.insert(CONTENT_LENGTH, whole.len().into())),
        None => no_length(&method, headers),
    }
}

/// Nothing is promised that is not sent; where a body is usual, that there is none
/// is said (RFC 9110, section 8.6).
pub(super) fn no_length(method: &Method, headers: &mut HeaderMap) {
    match *method {
        Method::POST | Method::PUT | Method::PATCH => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        _ => drop(headers.remove(CONTENT_LENGTH)),
    }
}
