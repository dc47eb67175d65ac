//! Parses the heads of servers' responses.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Response, StatusCode, response};
use httparse::{ParserConfig, Status};

use super::chunks::{Chunks, Decoded};
use super::head::value_of;
use super::names::header_name;
use super::refusal::Refusal;
use super::request::content_length;
use super::size_limits::LARGEST_HEAD;

/// Most responses have no more header lines.
const USUAL_LINES: usize = 100;
/// For a head with more header lines.
const MAX_LONG_HEAD_BYTES: usize = 32 << 10;
/// Header lines that the edge adds to a response at most.
const ADDED: usize = 6;

/// The head of a response, and what arrived with it.
#[derive(Debug)]
pub struct Head {
    /// The extensions contain a [`Reason`] if the reason phrase is not the standard one.
    pub parts: response::Parts,
    /// The part of the body that arrived with the head.
    pub first: Bytes,
    /// The part of the body that has not arrived.
    pub left: Left,
    /// Whether the connection can be used again after this response.
    pub lasting: bool,
}

/// A non-standard reason phrase.
#[derive(Debug, Clone)]
pub struct Reason(pub Bytes);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    #[error("the head of the response is not valid")]
    Head,
    /// The end of the message is ambiguous (RFC 9112, section 6.3).
    #[error("the length of the response is ambiguous")]
    Framing,
    /// The head is valid, but the chunks after it are not.
    #[error("a chunk of the response is not valid")]
    Body,
}

#[derive(Debug)]
pub enum Left {
    Length(u64),
    /// A chunked body. The `Bytes` have been received but not decoded.
    Chunks(Box<(Chunks, Bytes)>),
    /// The trailers have arrived, and no data follows.
    Trailers(Box<HeaderMap>),
    /// The body ends when the connection is closed.
    Everything,
}

#[derive(Debug)]
pub enum Read {
    Part,
    Whole(Head),
    /// An interim response of this many bytes. The final response follows (RFC 9110, section 15.2).
    Interim(usize),
    Bad(BadAnswer),
}

/// Parses a response. `is_head` is true if the method of the request was `HEAD`. The headers of the
/// response reuse the allocation of `spare`, whose content is discarded.
pub fn read(came: &Bytes, is_head: bool, spare: &mut HeaderMap) -> Read {
    let mut lines = [const { MaybeUninit::uninit() }; USUAL_LINES];
    match read_into(came, is_head, spare, &mut lines) {
        Err(httparse::Error::TooManyHeaders) => {
            let beginning = &came[..came.len().min(MAX_LONG_HEAD_BYTES)];
            let lines = beginning.split(|byte| *byte == b'\n').count();
            let mut lines = vec![MaybeUninit::uninit(); lines];
            read_into(came, is_head, spare, &mut lines)
        }
        read => read,
    }
    .unwrap_or(Read::Bad(BadAnswer::Head))
}

/// At most as many header lines as `lines` has room for.
fn read_into<'a>(
    came: &'a Bytes,
    is_head: bool,
    spare: &mut HeaderMap,
    lines: &mut [MaybeUninit<httparse::Header<'a>>],
) -> Result<Read, httparse::Error> {
    let mut answer = httparse::Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut answer, came, lines)?;
    Ok(match parsed {
        Status::Complete(length) if is_interim(&answer) => Read::Interim(length),
        Status::Complete(length) => {
            whole(came, length, &answer, is_head, spare).map_or_else(Read::Bad, Read::Whole)
        }
        Status::Partial => Read::Part,
    })
}

/// Whether a response never has a body, whatever its headers are (RFC 9110, section 6.4.1).
pub fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// A 101 (switching protocols) is final.
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
) -> Result<Head, BadAnswer> {
    let code = answer.code.ok_or(BadAnswer::Head)?;
    let status = StatusCode::from_u16(code).map_err(|_| BadAnswer::Head)?;
    let is_http11 = answer.version == Some(1);
    if length > LARGEST_HEAD || (status.is_informational() && !is_http11) {
        return Err(BadAnswer::Head);
    }
    let mut headers = std::mem::take(spare);
    headers.clear();
    headers.reserve(answer.headers.len() + ADDED);
    let mut lasting = is_http11;
    for line in &*answer.headers {
        let name = header_name(line.name.as_bytes()).ok_or(BadAnswer::Head)?;
        if name == CONNECTION {
            lasting &= !says_close(line.value);
        }
        headers.append(name, value_of(came, line));
    }
    let rest = came.slice(length..);
    let (first, left, is_all) = if status == StatusCode::SWITCHING_PROTOCOLS {
        (rest, Left::Everything, false)
    } else if is_head || has_no_body(status) {
        sized(&rest, 0)
    } else if headers.contains_key(TRANSFER_ENCODING) {
        if !is_http11 {
            return Err(BadAnswer::Head);
        }
        if !is_chunked(&headers) {
            return Err(BadAnswer::Framing);
        }
        chunked(rest).map_err(|_| BadAnswer::Body)?
    } else if headers.contains_key(CONTENT_LENGTH) {
        sized(&rest, said_length(&headers)?)
    } else {
        (rest, Left::Everything, false)
    };
    let mut parts = Response::new(()).into_parts().0;
    parts.status = status;
    parts.headers = headers;
    let reason = answer.reason.filter(|reason| !is_usual(status, reason));
    if let Some(reason) = reason {
        parts
            .extensions
            .insert(Reason(came.slice_ref(reason.as_bytes())));
    }
    Ok(Head {
        parts,
        first,
        left,
        // Surplus bytes could be mistaken for the next response.
        lasting: lasting && is_all,
    })
}

/// Some servers write the phrase in capitals.
fn is_usual(status: StatusCode, reason: &str) -> bool {
    let usual = status.canonical_reason().unwrap_or_default();
    reason.is_empty() || reason.eq_ignore_ascii_case(usual)
}

/// The `bool` is `true` if no bytes follow the body.
fn chunked(mut rest: Bytes) -> Result<(Bytes, Left, bool), Refusal> {
    let mut chunks = Chunks::of_answer();
    let (mut first, mut more) = (Bytes::new(), Vec::new());
    let left = loop {
        match chunks.next(&mut rest)? {
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
                return Ok((joined(first, more), left, is_all));
            }
        }
    };
    Ok((joined(first, more), left, true))
}

fn joined(first: Bytes, more: Vec<u8>) -> Bytes {
    if more.is_empty() { first } else { more.into() }
}

/// The number of missing bytes is in `Left`. The `bool` is as in [`chunked`].
fn sized(rest: &Bytes, expected: u64) -> (Bytes, Left, bool) {
    let first = usize::try_from(expected).map_or(rest.len(), |expected| expected.min(rest.len()));
    let left = expected - first as u64;
    (rest.slice(..first), Left::Length(left), first == rest.len())
}

/// As the only transfer coding.
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

/// Fails if `Content-Length` is missing, repeated or not a number.
fn said_length(headers: &HeaderMap) -> Result<u64, BadAnswer> {
    let mut said = headers.get_all(CONTENT_LENGTH).iter();
    if let (Some(length), None) = (said.next(), said.next())
        && let Some(length) = content_length(length.as_bytes())
    {
        return Ok(length);
    }
    // Several equal lengths are unambiguous, but are refused too. Their error differs from the
    // error for different lengths.
    let said = headers.get_all(CONTENT_LENGTH).iter();
    let said = said.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut said = said.map(|length| content_length(length.trim_ascii()));
    let first = said.next().flatten().ok_or(BadAnswer::Head)?;
    let is_one = said.all(|length| length == Some(first));
    Err(if is_one {
        BadAnswer::Framing
    } else {
        BadAnswer::Head
    })
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
            let reason = head.parts.extensions.get::<Reason>();
            let reason = reason.map(|Reason(reason)| &reason[..]);
            assert_eq!(reason, own.map(str::as_bytes), "{line}");
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
            (
                "1.1 101 Switching Protocols\r\n\r\nx",
                "x",
                "Everything",
                false,
            ),
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
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        use BadAnswer::{Body, Framing, Head};
        for (came, why) in [
            ("1.1 200 OK\r\nContent-Length: x\r\n\r\n", Head),
            (
                "1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhe",
                Head,
            ),
            (
                "1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nh",
                Framing,
            ),
            ("1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nh", Framing),
            (
                "1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                Framing,
            ),
            ("1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Framing),
            ("1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Head),
            ("1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", Body),
            ("1.0 101 Switching Protocols\r\n\r\n", Head),
            ("1.1 099 Odd\r\n\r\n", Head),
            ("2.0 200 OK\r\n\r\n", Head),
        ] {
            let came = Bytes::from(format!("HTTP/{came}"));
            match read(&came, false, &mut HeaderMap::new()) {
                Read::Bad(bad) => assert_eq!(bad, why, "{came:?}"),
                other => panic!("{came:?}: {other:?}"),
            }
        }
        assert!(head("HTTP/1.1 100 Continue\r\n\r\n").is_none());
    }
}
