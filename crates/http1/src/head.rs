//! Reads the requests of a connection one after another.

use bytes::{Buf as _, Bytes};
use http::header::CONNECTION;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderValue, Method, Request, Version};

use super::chunks::{Chunks, Decoded};
use super::names::header_name;
use super::refusal::Refusal;
use super::request::{self, Framed, Judged};
use super::section::Section;

/// Header lines that the edge adds to a request at most.
const ADDED: usize = 8;

#[derive(Debug)]
pub struct Heads {
    section: Section,
    limit: usize,
}

#[derive(Debug)]
pub struct RequestHead {
    pub request: Request<()>,
    /// The length of the head in bytes.
    pub length: usize,
    pub body: RequestBody,
    /// Whether no further request may follow on the connection.
    pub is_last: bool,
    /// Whether the client may wait for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// Whether the request asks for another protocol. The response may refuse the switch.
    pub asks_upgrade: bool,
}

/// The unread part of a request's body.
#[derive(Debug)]
pub enum RequestBody {
    /// The number of bytes that have not been read yet.
    Length(u64),
    Chunked(Box<Chunks>),
}

impl Heads {
    /// Creates a reader for request heads of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            section: Section::default(),
            limit,
        }
    }

    /// Parses the request head at the beginning of `came`. Returns `None` if the head is
    /// incomplete. The caller must then pass the same bytes again, followed by more.
    pub fn next(&mut self, came: &Bytes) -> Result<Option<RequestHead>, Refusal> {
        let Some(length) = self.section.head_end(came, self.limit)? else {
            return Ok(None);
        };
        let skipped = std::mem::take(&mut self.section).skipped();
        request::judge_and(&came[skipped..length], |head, judged| {
            parsed(came, length, head, judged)
        })?
        .map(Some)
    }
}

fn parsed(
    came: &Bytes,
    length: usize,
    head: &httparse::Request<'_, '_>,
    judged: Judged,
) -> Result<RequestHead, Refusal> {
    let (Some(method), Some(target), Some(minor)) = (head.method, head.path, head.version) else {
        return Err(Refusal::RequestLine);
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::Method)?;
    let target = came.slice_ref(target.as_bytes());
    let uri = if target.starts_with(b"/") {
        PathAndQuery::from_maybe_shared(target).map(Uri::from)
    } else {
        Uri::from_maybe_shared(target)
    };
    let mut headers = HeaderMap::with_capacity(head.headers.len() + ADDED);
    let (mut says_close, mut says_keep_alive) = (false, false);
    for line in &*head.headers {
        let name = header_name(line.name.as_bytes()).ok_or(Refusal::Header)?;
        if name == CONNECTION {
            says_close |= contains_token(line.value, b"close");
            says_keep_alive |= contains_token(line.value, b"keep-alive");
        }
        headers.append(name, value_of(came, line));
    }
    let is_http11 = minor == 1;
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri.map_err(|_| Refusal::Target)?;
    *request.version_mut() = if is_http11 {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    *request.headers_mut() = headers;
    Ok(RequestHead {
        request,
        length,
        body: match judged.body {
            Framed::Length(length) => RequestBody::Length(length),
            Framed::Chunked => RequestBody::Chunked(Box::new(Chunks::of_request())),
        },
        is_last: says_close || !(is_http11 || says_keep_alive),
        expects_continue: judged.expects_continue && is_http11,
        asks_upgrade: judged.asks_upgrade,
    })
}

/// The value of a line that `httparse` has found in `came`.
#[expect(unsafe_code, reason = "a value is not to be checked twice")]
pub(super) fn value_of(came: &Bytes, line: &httparse::Header<'_>) -> HeaderValue {
    // SAFETY: `httparse` accepts exactly the bytes that a `HeaderValue` may contain: a tab, and all
    // from the space on but DEL (RFC 9110, section 5.5). A test compares both for each byte.
    unsafe { HeaderValue::from_maybe_shared_unchecked(came.slice_ref(line.value)) }
}

/// In any letter case.
fn contains_token(list: &[u8], token: &[u8]) -> bool {
    let mut options = list.split(|byte| *byte == b',');
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(token))
}

impl RequestBody {
    /// The number of body bytes left; `None` if it is unknown, as for a chunked body.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(*length),
            Self::Chunked(_) => None,
        }
    }

    pub fn is_over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_over(),
        }
    }

    /// Takes the next part of the body from `came`. Returns `None` if more bytes are needed.
    pub fn next(&mut self, came: &mut Bytes) -> Result<Option<Decoded>, Refusal> {
        match self {
            Self::Length(0) => Ok(Some(Decoded::End(None))),
            Self::Length(_) if came.is_empty() => Ok(None),
            Self::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let data = came.split_to(most.min(came.len()));
                *left -= data.len() as u64;
                Ok(Some(Decoded::Data(data)))
            }
            Self::Chunked(chunks) => chunks.next(came),
        }
    }

    /// Takes the whole body, if its length is known and all of it is in `came`.
    pub fn take_whole(&mut self, came: &mut Bytes) -> Option<Bytes> {
        let Self::Length(left) = self else {
            return None;
        };
        let length = usize::try_from(*left)
            .ok()
            .filter(|length| *length <= came.len())?;
        *left = 0;
        let whole = came.slice(..length);
        came.advance(length);
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> RequestHead {
        let came = Bytes::copy_from_slice(head.as_bytes());
        let read = Heads::new(16 << 10).next(&came);
        read.unwrap().expect("a whole head")
    }

    #[test]
    fn a_head_says_what_follows_it() {
        let plain = "GET /a?b HTTP/1.1\r\nHost: a.example\r\n";
        for (lines, is_last, expects_continue, asks_upgrade) in [
            ("", false, false, false),
            ("Connection: keep-alive\r\n", false, false, false),
            ("Connection: x, Close\r\n", true, false, false),
            ("Expect: 100-Continue\r\n", false, true, false),
            ("Connection: Upgrade\r\nUpgrade: x\r\n", false, false, true),
            ("Upgrade: x\r\n", false, false, false),
        ] {
            let head = read(&format!("{plain}{lines}\r\nmore"));
            assert_eq!(head.request.uri(), "/a?b");
            assert_eq!(head.request.headers()["host"], "a.example");
            assert_eq!(head.length, plain.len() + lines.len() + 2);
            let said = (head.is_last, head.expects_continue, head.asks_upgrade);
            assert_eq!(said, (is_last, expects_continue, asks_upgrade), "{lines}");
        }
        for (lines, is_last) in [("", true), ("Connection: Keep-Alive\r\n", false)] {
            let head = read(&format!(
                "GET / HTTP/1.0\r\nExpect: 100-continue\r\n{lines}\r\n"
            ));
            assert_eq!((head.is_last, head.expects_continue), (is_last, false));
        }
    }

    #[test]
    fn a_value_has_no_byte_that_is_not_permitted() {
        for byte in 0..=u8::MAX {
            let value = [b'a', byte, b'b'];
            let line = [&b"Name: "[..], &value, b"\r\n\r\n"].concat();
            let mut lines = [httparse::EMPTY_HEADER; 1];
            let is_read = matches!(
                httparse::parse_headers(&line, &mut lines),
                Ok(httparse::Status::Complete((_, [line]))) if line.value == value
            );
            assert_eq!(is_read, HeaderValue::from_bytes(&value).is_ok(), "{byte}");
        }
    }

    #[test]
    fn what_came_with_its_head_is_taken_whole() {
        let mut head = read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
        assert_eq!(head.body.take_whole(&mut Bytes::from_static(b"hell")), None);
        let mut came = Bytes::from_static(b"hello, you");
        assert_eq!(
            head.body.take_whole(&mut came).as_deref(),
            Some(&b"hello"[..])
        );
        assert!(head.body.is_over());
        assert_eq!(came, ", you");
    }
}
