//! Heads of HTTP/1.1 as they are written to servers and read from them.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, response};
use httparse::{ParserConfig, Status};

use super::chunks;
use crate::body::has_no_body;
use crate::client_info::ClientInfo;
use crate::filters::forwarding;
use crate::http1::content_length;

/// A head toward a server is seldom larger.
const USUAL: usize = 1_024;
/// At most this many lines, as the engine takes.
const LINES: usize = 100;
/// Lines that are added to those of an answer on its way to the client.
const ADDED: usize = 6;

/// The head of an answer, and what came of its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) parts: response::Parts,
    /// The first bytes of the body.
    pub(super) first: Bytes,
    /// So many more will come.
    pub(super) left: u64,
    /// Whether the connection may take another request after it.
    pub(super) lasting: bool,
}

/// What some bytes are.
#[derive(Debug)]
pub(super) enum Read {
    /// The beginning of a head.
    Part,
    Whole(Head),
    /// Nothing that is evidently the one answer to a request, and says how long it is or
    /// is whole.
    Other,
}

/// The head of a request without a body. With facts it is the client's own, and written
/// as [`toward`](forwarding::toward) would have it, if that takes no map.
pub(super) fn of<B>(request: &Request<B>, raw: Option<&ClientInfo>) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(USUAL);
    let target = request.uri().path_and_query();
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.map_or("/", |target| target.as_str()).as_bytes());
    head.extend_from_slice(b" HTTP/1.1\r\n");
    match raw {
        Some(facts) if forwarding::write(request.headers(), facts, &mut head) => {}
        Some(_) => return None,
        None => lines(request.headers(), &mut head),
    }
    head.extend_from_slice(b"\r\n");
    Some(head)
}

fn lines(headers: &HeaderMap, head: &mut Vec<u8>) {
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
}

/// Reads the answer to a request, which was a `HEAD` or not. Its headers take the
/// place of those in `spare`, which nobody needs any more.
pub(super) fn read(came: &Bytes, is_head: bool, spare: &mut HeaderMap) -> Read {
    let mut lines = [const { std::mem::MaybeUninit::uninit() }; LINES];
    let mut answer = httparse::Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut answer, came, &mut lines);
    match parsed {
        Ok(Status::Complete(length)) => {
            whole(came, length, &answer, is_head, spare).map_or(Read::Other, Read::Whole)
        }
        Ok(Status::Partial) => Read::Part,
        Err(_) => Read::Other,
    }
}

fn whole(
    came: &Bytes,
    length: usize,
    answer: &httparse::Response<'_, '_>,
    is_head: bool,
    spare: &mut HeaderMap,
) -> Option<Head> {
    let status = StatusCode::from_u16(answer.code?).ok()?;
    // Reasons of servers' own are for the engine to remember. Some write the usual ones in
    // capitals.
    let is_usual = match (answer.reason, status.canonical_reason()) {
        (Some(reason), Some(usual)) => reason.eq_ignore_ascii_case(usual),
        (reason, usual) => reason == usual,
    };
    if answer.version != Some(1) || status.is_informational() || !is_usual {
        return None;
    }
    let mut headers = std::mem::take(spare);
    headers.clear();
    headers.reserve(answer.headers.len() + ADDED);
    let mut lasting = true;
    for line in &*answer.headers {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        if name == CONNECTION {
            lasting &= !says_close(line.value);
        }
        let value = HeaderValue::from_maybe_shared(came.slice_ref(line.value)).ok()?;
        headers.append(name, value);
    }
    let rest = came.slice(length..);
    let (first, left, is_all) = if is_head || has_no_body(status) {
        sized(&rest, 0)
    } else if is_chunked(&headers) {
        (chunks::joined(&rest)?, 0, true)
    } else {
        sized(&rest, said_length(&headers)?)
    };
    let mut parts = Response::new(()).into_parts().0;
    parts.status = status;
    parts.headers = headers;
    Some(Head {
        parts,
        first,
        left,
        // What nobody asked for may be an answer to the next request.
        lasting: lasting && is_all,
    })
}

/// What came of a body that is so long, how much is left of it, and whether nothing else
/// came.
fn sized(rest: &Bytes, expected: u64) -> (Bytes, u64, bool) {
    let first = usize::try_from(expected).map_or(rest.len(), |expected| expected.min(rest.len()));
    let left = expected - first as u64;
    (rest.slice(..first), left, first == rest.len())
}

/// Whether it is in chunks, and nothing else is said of its end.
fn is_chunked(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    codings.next().is_some_and(is_chunked)
        && codings.next().is_none()
        && !headers.contains_key(CONTENT_LENGTH)
}

fn says_close(value: &[u8]) -> bool {
    let mut options = value.split(|byte| *byte == b',');
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// The one length that is said, and nothing else is of the body's end.
fn said_length(headers: &HeaderMap) -> Option<u64> {
    let mut said = headers.get_all(CONTENT_LENGTH).iter();
    let (length, None) = (said.next()?.as_bytes(), said.next()) else {
        return None;
    };
    let is_alone = !headers.contains_key(TRANSFER_ENCODING);
    content_length(length).filter(|_| is_alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_reasons_are_known_in_any_case() {
        for (line, is_usual) in [
            ("404 Not Found", true),
            ("404 NOT FOUND", true),
            ("302 FOUND", true),
            ("404 Nothing here", false),
            ("299 Own", false),
        ] {
            let came = Bytes::from(format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n"));
            let read = read(&came, false, &mut HeaderMap::new());
            assert_eq!(matches!(read, Read::Whole(_)), is_usual, "{line}");
        }
    }
}
