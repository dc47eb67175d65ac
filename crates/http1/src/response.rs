//! Heads of answers, as servers write them.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, response};
use httparse::{ParserConfig, Status};

use super::chunks::{Chunks, Decoded};
use super::request::content_length;

/// The largest head of an answer.
pub const LARGEST_HEAD: usize = 64 << 10;
/// At most this many lines, as the engine takes.
const LINES: usize = 100;
/// Lines that are added to those of an answer on its way to the client.
const ADDED: usize = 6;

/// The head of an answer, and what came of its body.
#[derive(Debug)]
pub struct Head {
    /// Its status and headers.
    pub parts: response::Parts,
    /// What the server calls the status, where that is not what everybody does.
    pub reason: Option<Bytes>,
    /// The first bytes of the body.
    pub first: Bytes,
    /// What comes of it after them.
    pub left: Left,
    /// Whether the connection may take another request after it.
    pub lasting: bool,
}

/// What is still to come of a body.
#[derive(Debug)]
pub enum Left {
    /// So many bytes.
    Length(u64),
    /// Chunks; these bytes of them are here.
    Chunks(Box<(Chunks, Bytes)>),
    /// What is said at its end.
    Trailers(Box<HeaderMap>),
    /// Whatever comes before the connection ends.
    Everything,
}

/// What some bytes are.
#[derive(Debug)]
pub enum Read {
    /// The beginning of a head.
    Part,
    /// The answer.
    Whole(Head),
    /// So many bytes are of an answer that comes before the one to the request (RFC 9110,
    /// section 15.2).
    Interim(usize),
    /// Nothing that is evidently the one answer to a request.
    Other,
}

/// Reads the answer to a request, which was a `HEAD` or not. Its headers take the
/// place of those in `spare`, which nobody needs any more.
pub fn read(came: &Bytes, is_head: bool, spare: &mut HeaderMap) -> Read {
    let mut lines = [const { std::mem::MaybeUninit::uninit() }; LINES];
    let mut answer = httparse::Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut answer, came, &mut lines);
    match parsed {
        Ok(Status::Complete(length)) if is_interim(&answer) => Read::Interim(length),
        Ok(Status::Complete(length)) => {
            whole(came, length, &answer, is_head, spare).map_or(Read::Other, Read::Whole)
        }
        Ok(Status::Partial) => Read::Part,
        Err(_) => Read::Other,
    }
}

/// Whether an answer has no body, whatever its headers say (RFC 9110, section 6.4.1).
pub fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether another answer follows. After a switch of protocols no HTTP does.
fn is_interim(answer: &httparse::Response<'_, '_>) -> bool {
    const SWITCH: u16 = 101;
    let is_interim = |code: u16| code / 100 == 1 && code != SWITCH;
    answer.version == Some(1) && answer.code.is_some_and(is_interim)
}

fn whole(
    came: &Bytes,
    length: usize,
    answer: &httparse::Response<'_, '_>,
    is_head: bool,
    spare: &mut HeaderMap,
) -> Option<Head> {
    let status = StatusCode::from_u16(answer.code?).ok()?;
    if length > LARGEST_HEAD {
        return None;
    }
    let is_http11 = match answer.version? {
        1 => true,
        0 => false,
        _ => return None,
    };
    if status.is_informational() {
        return None;
    }
    let mut headers = std::mem::take(spare);
    headers.clear();
    headers.reserve(answer.headers.len() + ADDED);
    let mut lasting = is_http11;
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
    } else if headers.contains_key(TRANSFER_ENCODING) {
        if !is_http11 || !is_chunked(&headers) {
            return None;
        }
        chunked(rest)?
    } else if headers.contains_key(CONTENT_LENGTH) {
        sized(&rest, said_length(&headers)?)
    } else {
        (rest, Left::Everything, false)
    };
    let mut parts = Response::new(()).into_parts().0;
    parts.status = status;
    parts.headers = headers;
    let reason = answer.reason.filter(|reason| !is_usual(status, reason));
    Some(Head {
        parts,
        reason: reason.map(|reason| came.slice_ref(reason.as_bytes())),
        first,
        left,
        // What nobody asked for may be an answer to the next request.
        lasting: lasting && is_all,
    })
}

/// Whether it is what everybody calls this status. Some write that in capitals.
fn is_usual(status: StatusCode, reason: &str) -> bool {
    let usual = status.canonical_reason().unwrap_or_default();
    reason.is_empty() || reason.eq_ignore_ascii_case(usual)
}

/// What came of a body in chunks, what is left of it, and whether nothing else came.
fn chunked(mut rest: Bytes) -> Option<(Bytes, Left, bool)> {
    let mut chunks = Chunks::of_answer();
    let (mut first, mut more) = (Bytes::new(), Vec::new());
    let left = loop {
        match chunks.next(&mut rest).ok()? {
            None => break Left::Chunks(Box::new((chunks, rest))),
            Some(Decoded::Data(data)) if first.is_empty() => first = data,
            Some(Decoded::Data(data)) => {
                if more.is_empty() {
                    more.extend_from_slice(&first);
                }
                more.extend_from_slice(&data);
            }
            Some(Decoded::End(trailers)) => {
                let is_all = rest.is_empty();
                let left = trailers.map_or(Left::Length(0), |all| Left::Trailers(Box::new(all)));
                return Some((joined(first, more), left, is_all));
            }
        }
    };
    Some((joined(first, more), left, true))
}

fn joined(first: Bytes, more: Vec<u8>) -> Bytes {
    if more.is_empty() { first } else { more.into() }
}

/// What came of a body that is so long, how much is left of it, and whether nothing else
/// came.
fn sized(rest: &Bytes, expected: u64) -> (Bytes, Left, bool) {
    let first = usize::try_from(expected).map_or(rest.len(), |expected| expected.min(rest.len()));
    let left = expected - first as u64;
    (rest.slice(..first), Left::Length(left), first == rest.len())
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

    fn head(came: &str) -> Option<Head> {
        match read(
            &Bytes::copy_from_slice(came.as_bytes()),
            false,
            &mut HeaderMap::new(),
        ) {
            Read::Whole(head) => Some(head),
            _ => None,
        }
    }

    #[test]
    fn a_reason_of_a_servers_own_goes_on() {
        for (line, own) in [
            ("404 Not Found", None),
            ("404 NOT FOUND", None),
            ("302 FOUND", None),
            ("404 Nothing here", Some("Nothing here")),
            ("299 Own", Some("Own")),
            ("200", None),
        ] {
            let head = head(&format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n")).unwrap();
            assert_eq!(head.reason.as_deref(), own.map(str::as_bytes), "{line}");
        }
    }

    #[test]
    fn an_answer_ends_where_it_says() {
        for (came, first, left, lasting) in [
            (
                "1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "hello",
                "Length(0)",
                true,
            ),
            (
                "1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                "hel",
                "Length(2)",
                true,
            ),
            (
                "1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!",
                "hello",
                "Length(0)",
                false,
            ),
            (
                "1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "hello",
                "Length(0)",
                false,
            ),
            (
                "1.1 200 OK\r\nContent-Length: 1\r\nConnection: a, Close\r\n\r\nh",
                "h",
                "Length(0)",
                false,
            ),
            ("1.1 200 OK\r\n\r\nhello", "hello", "Everything", false),
            ("1.0 200 OK\r\n\r\n", "", "Everything", false),
            (
                "1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                "hello",
                "Length(0)",
                true,
            ),
            (
                "1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                "hel",
                "Chunks",
                true,
            ),
            (
                "1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n",
                "",
                "Trailers",
                true,
            ),
            ("1.1 204 No Content\r\n\r\n", "", "Length(0)", true),
        ] {
            let head = head(&format!("HTTP/{came}")).expect(came);
            assert_eq!(
                (&head.first[..], head.lasting),
                (first.as_bytes(), lasting),
                "{came}"
            );
            assert!(
                format!("{:?}", head.left).starts_with(left),
                "{came} {:?}",
                head.left
            );
        }
        for other in [
            "1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nh",
            "1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
            "1.1 101 Switching Protocols\r\n\r\n",
            "1.1 100 Continue\r\n\r\n",
        ] {
            assert!(head(&format!("HTTP/{other}")).is_none(), "{other}");
        }
    }
}
