//! Writes the head of an HTTP/1 response, and determines how its body is framed.

use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, StatusCode, Version};
use http_body::Body as _;
use http1::{Reason, RequestHead, content_length};

use crate::body::{Answer, has_no_body};
use crate::context::WorkerContext;
use crate::filters::forwarding::names;
use crate::request_id::REQUEST_ID;

/// The properties of a request that determine the head of its response.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestTraits {
    pub(super) is_head: bool,
    version: Version,
    /// Whether the connection is closed after this response.
    pub(super) is_last: bool,
    pub(super) takes_trailers: bool,
}

/// How the end of a response body is marked (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    /// The body ends when the connection is closed.
    Close,
    /// The response has no body, because another protocol follows.
    Switch,
}

/// The properties that are assumed for a request that could not be parsed.
impl Default for RequestTraits {
    fn default() -> Self {
        Self {
            is_head: false,
            version: Version::HTTP_11,
            is_last: false,
            takes_trailers: false,
        }
    }
}

impl Framing {
    /// Determines the framing, and removes headers that contradict it.
    pub(super) fn of(answer: &mut Answer, asked: &mut RequestTraits, is_switch: bool) -> Self {
        if is_switch {
            return Self::Switch;
        }
        let (status, length) = (answer.status(), answer.body().size_hint().exact());
        let headers = answer.headers_mut();
        if let Some(options) = headers.get(CONNECTION) {
            asked.is_last |= says_close(options);
            headers.remove(CONNECTION);
        }
        if headers.contains_key(TRANSFER_ENCODING) {
            headers.remove(TRANSFER_ENCODING);
        }
        if asked.is_head || has_no_body(status) {
            if status == StatusCode::NO_CONTENT {
                // A 204 response must not have a `Content-Length` (RFC 9110, section 8.6).
                headers.remove(CONTENT_LENGTH);
            }
            return Self::Length(0);
        }
        let said = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
        let said = said.map(content_length);
        if said.is_some_and(|said| said.is_none() || (length.is_some() && said != length)) {
            headers.remove(CONTENT_LENGTH);
        }
        match length.or(said.flatten()) {
            Some(length) => Self::Length(length),
            None if asked.version == Version::HTTP_11 => Self::Chunked,
            None => {
                asked.is_last = true;
                Self::Close
            }
        }
    }
}

fn says_close(options: &HeaderValue) -> bool {
    let mut options = options.as_bytes().split(|byte| *byte == b',');
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

impl RequestTraits {
    pub(super) fn of(head: &RequestHead) -> Self {
        Self {
            is_head: *head.request.method() == Method::HEAD,
            version: head.request.version(),
            is_last: head.is_last,
            takes_trailers: names(head.request.headers(), &TE, "trailers"),
        }
    }

    pub(super) fn write_head(
        self,
        head: &mut Vec<u8>,
        answer: &Answer,
        framing: Framing,
        here: &WorkerContext,
    ) {
        let (status, headers) = (answer.status(), answer.headers());
        let headed = answer.body().headed();
        match headed {
            Some(headed) => head.extend_from_slice(&headed.head),
            None => self.write_status_line(head, answer),
        }
        let mut line = |name: &HeaderName, value: &[u8]| {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        };
        if let Some(id) = headed.and_then(|headed| headed.id.as_ref()) {
            line(&REQUEST_ID, id.as_str().as_bytes());
        }
        for (name, value) in headers {
            line(name, value.as_bytes());
        }
        match framing {
            Framing::Chunked => line(&TRANSFER_ENCODING, b"chunked"),
            Framing::Length(length)
                if headed.is_none()
                    && !self.is_head
                    && !has_no_body(status)
                    && !headers.contains_key(CONTENT_LENGTH) =>
            {
                let mut number = itoa::Buffer::new();
                line(&CONTENT_LENGTH, number.format(length).as_bytes());
            }
            Framing::Length(_) | Framing::Close | Framing::Switch => {}
        }
        if !headers.contains_key(DATE) {
            here.with_date(|date| line(&DATE, date.as_bytes()));
        }
        if framing != Framing::Switch && headers.contains_key(UPGRADE) {
            // Whoever sends `Upgrade` must also name it in `Connection` (RFC 9110, section 7.8).
            line(&CONNECTION, b"upgrade");
        }
        if framing == Framing::Switch {
            // The response may have its own `Connection` header.
        } else if self.is_last {
            line(&CONNECTION, b"close");
        } else if self.version != Version::HTTP_11 {
            line(&CONNECTION, b"keep-alive");
        }
        head.extend_from_slice(b"\r\n");
    }

    fn write_status_line(self, head: &mut Vec<u8>, answer: &Answer) {
        let status = answer.status();
        let version = if self.version == Version::HTTP_11 {
            b"HTTP/1.1 "
        } else {
            b"HTTP/1.0 "
        };
        head.extend_from_slice(version);
        head.extend_from_slice(status.as_str().as_bytes());
        head.push(b' ');
        let own = answer.extensions().get::<Reason>();
        let usual = || status.canonical_reason().unwrap_or("Unknown").as_bytes();
        head.extend_from_slice(own.map_or_else(usual, |Reason(own)| own));
        head.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;
    use http::Response;
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;
    use crate::body::{Body, BodyError};

    #[test]
    fn the_end_of_an_answer_is_said_once() {
        let known = || Body::full("hello");
        let unknown = || {
            let nothing = stream::iter(Vec::<Result<Frame<Bytes>, BodyError>>::new());
            Body::stream(StreamBody::new(nothing))
        };
        let coding = ("transfer-encoding", "chunked");
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        for (status, body, header, version, framing, is_kept) in [
            (200, known(), None, new, Framing::Length(5), false),
            (200, unknown(), None, new, Framing::Chunked, false),
            (200, unknown(), None, old, Framing::Close, false),
            (
                200,
                unknown(),
                Some(("content-length", "7")),
                new,
                Framing::Length(7),
                true,
            ),
            (
                200,
                unknown(),
                Some(("content-length", "x")),
                new,
                Framing::Chunked,
                false,
            ),
            (
                200,
                known(),
                Some(("content-length", "7")),
                new,
                Framing::Length(5),
                false,
            ),
            (
                200,
                known(),
                Some(("content-length", "5")),
                old,
                Framing::Length(5),
                true,
            ),
            (200, known(), Some(coding), new, Framing::Length(5), false),
            (200, unknown(), Some(coding), new, Framing::Chunked, false),
            (
                200,
                known(),
                Some(("connection", "x-a, Close")),
                new,
                Framing::Length(5),
                false,
            ),
            (
                204,
                Body::Empty,
                Some(("content-length", "0")),
                new,
                Framing::Length(0),
                false,
            ),
            (
                304,
                Body::Empty,
                Some(("content-length", "9")),
                new,
                Framing::Length(0),
                true,
            ),
        ] {
            let mut answer = Response::new(body);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some((name, value)) = header {
                answer.headers_mut().insert(name, value.parse().unwrap());
            }
            let mut asked = RequestTraits {
                version,
                ..RequestTraits::default()
            };
            let found = Framing::of(&mut answer, &mut asked, false);
            assert_eq!(found, framing, "{status} {header:?}");
            assert_eq!(!answer.headers().is_empty(), is_kept, "{status} {header:?}");
            let closes =
                framing == Framing::Close || header.is_some_and(|(name, _)| name == "connection");
            assert_eq!(asked.is_last, closes, "{status} {header:?}");
        }
    }
}
