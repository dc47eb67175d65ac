//! Requests that need no engine to be read: a head and a short body, or none.
//!
//! The strictest part of HTTP/1.1, which is most of what is asked. Whatever is not
//! evidently part of it is left to the engine, byte by byte as it came.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};

use super::framing::Section;
use super::request::{self, Framed};

/// Lines that are added to those of a request on its way to a server.
const ADDED: usize = 8;

/// A longer body comes piece by piece.
const LONGEST_BODY: u64 = 16 << 10;

/// Speaks of more than the request: a body of unknown length, another protocol, the connection.
const OTHERS: [HeaderName; 5] = [EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// A request that was read without an engine.
#[derive(Debug)]
pub struct FastRequest {
    /// With its body.
    pub request: Request<Bytes>,
    /// So many bytes are its own.
    pub length: usize,
    /// Whether the client wants no more than this.
    pub is_last: bool,
}

/// What some bytes begin with in place of a brief request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// The head of one perhaps, of which more must come.
    Head,
    /// The head of one, and not all of its body.
    Body,
    /// Something else.
    Other,
}

/// Reads the request that some bytes begin with, if it is a brief one.
pub fn brief(came: &Bytes, header_size: usize) -> Result<FastRequest, Unread> {
    let length = match Section::default().end(came, header_size) {
        Ok(Some(length)) => length,
        Ok(None) => return Err(Unread::Head),
        Err(_) => return Err(Unread::Other),
    };
    let read = request::judge_and(&came[..length], |head, judged| match judged.body {
        Framed::Length(body) => Some((parsed(came, head, body)?, body)),
        Framed::Chunked => None,
    });
    let Ok(Some(((request, is_last), body))) = read else {
        return Err(Unread::Other);
    };
    let end = usize::try_from(body).map_or(usize::MAX, |body| length.saturating_add(body));
    if came.len() < end {
        return Err(Unread::Body);
    }
    Ok(FastRequest {
        request: request.map(|()| came.slice(length..end)),
        length: end,
        is_last,
    })
}

fn parsed(
    came: &Bytes,
    head: &httparse::Request<'_, '_>,
    body: u64,
) -> Option<(Request<()>, bool)> {
    let (method, may_have_body) = match head.method? {
        "GET" => (Method::GET, false),
        "HEAD" => (Method::HEAD, false),
        "POST" => (Method::POST, true),
        "PUT" => (Method::PUT, true),
        "PATCH" => (Method::PATCH, true),
        "DELETE" => (Method::DELETE, true),
        _ => return None,
    };
    let target = head.path?.as_bytes();
    if head.version != Some(1) || !target.starts_with(b"/") || body > LONGEST_BODY {
        return None;
    }
    let target = PathAndQuery::from_maybe_shared(came.slice_ref(target)).ok()?;
    let mut headers = HeaderMap::with_capacity(head.headers.len() + ADDED);
    let mut is_last = false;
    for line in &*head.headers {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        if name == CONNECTION {
            is_last |= line.value.eq_ignore_ascii_case(b"close");
            if !is_last && !line.value.eq_ignore_ascii_case(b"keep-alive") {
                return None;
            }
        } else if OTHERS.contains(&name) || (name == CONTENT_LENGTH && !may_have_body) {
            return None;
        }
        let value = HeaderValue::from_maybe_shared(came.slice_ref(line.value)).ok()?;
        headers.append(name, value);
    }
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(target);
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    Some((request, is_last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Option<FastRequest> {
        brief(&Bytes::copy_from_slice(head.as_bytes()), 16 << 10).ok()
    }

    #[test]
    fn a_short_body_is_part_of_it() {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let head = format!("{method} /a HTTP/1.1\r\nHost: a.example\r\n");
            let whole = format!("{head}Content-Length: 5\r\n\r\nhello");
            let brief = read(&format!("{whole}GET")).expect(method);
            assert_eq!(brief.length, whole.len());
            assert_eq!(brief.request.body(), "hello");
            assert_eq!(brief.request.method(), method);
            let empty = read(&format!("{head}\r\n")).expect(method);
            assert!(empty.request.body().is_empty());
            for end in 0..whole.len() {
                let came = Bytes::copy_from_slice(&whole.as_bytes()[..end]);
                let is_head = end < whole.len() - 5;
                let part = if is_head { Unread::Head } else { Unread::Body };
                let unread = super::brief(&came, 16 << 10).unwrap_err();
                assert_eq!(unread, part, "{:?}", &whole[..end]);
            }
            let too_long = format!("{head}Content-Length: {}\r\n\r\n", LONGEST_BODY + 1);
            for other in [
                too_long,
                format!("{head}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
                format!("{head}Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"),
                format!("{head}Content-Length: 0x5\r\n\r\nhello"),
            ] {
                assert!(read(&other).is_none(), "{other:?}");
            }
        }
    }

    #[test]
    fn only_what_is_evident_is_brief() {
        let plain = "GET /a?b HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n";
        for (more, is_last) in [
            ("", false),
            ("Connection: keep-alive\r\n", false),
            ("Connection: Close\r\n", true),
            ("Range: bytes=0-1\r\nCookie: a=1\r\n", false),
        ] {
            let head = format!("{plain}{more}\r\n");
            let brief = read(&format!("{head}GET")).expect(&head);
            assert_eq!((brief.length, brief.is_last), (head.len(), is_last));
            assert_eq!(brief.request.uri(), "/a?b");
            assert_eq!(brief.request.headers()["host"], "a.example");
        }
        for other in [
            plain.to_owned(),
            format!("\r\n{plain}\r\n"),
            format!("{plain}Connection: upgrade\r\n\r\n"),
            format!("{plain}Connection: close, x-a\r\n\r\n"),
            format!("{plain}Upgrade: websocket\r\n\r\n"),
            format!("{plain}Expect: 100-continue\r\n\r\n"),
            format!("{plain}TE: trailers\r\n\r\n"),
            format!("{plain}Content-Length: 0\r\n\r\n"),
            format!("{plain}Transfer-Encoding: chunked\r\n\r\n"),
            format!("{plain}Host: a.example\r\n\r\n"),
            format!("{plain}A: b\n\r\n"),
            format!("{plain}A: b\r\n c\r\n\r\n"),
            format!("{plain}A: {}\r\n\r\n", "b".repeat(16 << 10)),
            plain.replace("GET", "OPTIONS") + "\r\n",
            format!("{plain}Content-Length: 1\r\n\r\n1"),
            plain.replace("1.1", "1.0") + "\r\n",
            plain.replace("/a", "http://a.example/a") + "\r\n",
        ] {
            assert!(read(&other).is_none(), "{other:?}");
        }
    }
}
