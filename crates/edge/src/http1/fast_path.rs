//! Requests that need no engine to be read: a head that is here whole, and no body.
//!
//! The strictest part of HTTP/1.1, which is most of what is asked. Whatever is not
//! evidently part of it is left to the engine, byte by byte as it came.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};

use super::framing::Section;
use super::head::{self, Framed};

/// Lines that are added to those of a request on its way to a server.
const ADDED: usize = 8;

/// Speaks of more than the request: a body, another protocol, the connection.
const OTHERS: [HeaderName; 6] = [
    CONTENT_LENGTH,
    EXPECT,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// A request that was read without an engine.
#[derive(Debug)]
pub(crate) struct FastRequest {
    pub(crate) request: Request<()>,
    /// So many bytes are its head.
    pub(crate) length: usize,
    /// Whether the client wants no more than this.
    pub(crate) is_last: bool,
}

/// The request that some bytes begin with, if it is a brief one.
pub(crate) fn brief(came: &Bytes, header_size: usize) -> Option<FastRequest> {
    let length = Section::default().end(came, header_size).ok()??;
    let head = &came[..length];
    let (request, is_last) = head::judge_and(head, |head, judged| {
        (judged.body == Framed::Length(0)).then(|| request(came, head))?
    })
    .ok()??;
    Some(FastRequest {
        request,
        length,
        is_last,
    })
}

fn request(came: &Bytes, head: &httparse::Request<'_, '_>) -> Option<(Request<()>, bool)> {
    let method = match head.method? {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        _ => return None,
    };
    let target = head.path?.as_bytes();
    if head.version != Some(1) || !target.starts_with(b"/") {
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
        } else if OTHERS.contains(&name) {
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
        brief(&Bytes::copy_from_slice(head.as_bytes()), 16 << 10)
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
            plain.replace("GET", "POST") + "\r\n",
            plain.replace("1.1", "1.0") + "\r\n",
            plain.replace("/a", "http://a.example/a") + "\r\n",
        ] {
            assert!(read(&other).is_none(), "{other:?}");
        }
    }
}
