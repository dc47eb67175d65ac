//! Streams a request body to a server.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HeaderValue, TRAILER};
use http_body::Body as _;
use http1::{content_length, write_lines};

use super::error::ProxyError;
use crate::body::{Body, BodyError};
use crate::filters::forwarding::names;

pub(super) struct Upload {
    body: Body,
    /// The number of unsent bytes; `None` if it is unknown. The body is then sent in chunks.
    left: Option<u64>,
    /// The `Trailer` headers of the request, which name the trailers that may be sent.
    announced: HeaderMap,
    is_over: bool,
    /// Whether the edge waits for the next piece from the client.
    pub(super) awaits_client: bool,
}

pub(super) struct Piece {
    pub(super) head: Vec<u8>,
    pub(super) data: Bytes,
    pub(super) tail: &'static [u8],
}

impl Upload {
    /// Prepares a body. If `headers` states no length, the body is sent in chunks.
    pub(super) fn new(body: Body, headers: &HeaderMap) -> Self {
        let said = headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
        let trailers = headers.get_all(TRAILER).iter();
        Self {
            body,
            left: said.and_then(content_length),
            announced: trailers.map(|names| (TRAILER, names.clone())).collect(),
            is_over: false,
            awaits_client: false,
        }
    }

    /// Returns the next piece to send; `None` after the last piece.
    pub(super) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Piece>, ProxyError>> {
        loop {
            if self.is_over {
                return Poll::Ready(Ok(None));
            }
            let polled = Pin::new(&mut self.body).poll_frame(context);
            self.awaits_client = polled.is_pending();
            let Some(frame) = ready!(polled) else {
                return Poll::Ready(self.end(&HeaderMap::new()).map(Some));
            };
            match frame.map_err(ProxyError::Body)?.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(self.piece(data).map(Some)),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    return Poll::Ready(self.end(&trailers).map(Some));
                }
            }
        }
    }

    fn piece(&mut self, data: Bytes) -> Result<Piece, ProxyError> {
        let Some(left) = &mut self.left else {
            return Ok(Piece {
                head: format!("{:x}\r\n", data.len()).into(),
                data,
                tail: b"\r\n",
            });
        };
        let rest = left.checked_sub(data.len() as u64);
        *left = rest.ok_or_else(|| broken("more of it received than Content-Length says"))?;
        Ok(Piece {
            head: Vec::new(),
            data,
            tail: b"",
        })
    }

    /// Sends only those trailers that the request's `Trailer` headers name.
    fn end(&mut self, trailers: &HeaderMap) -> Result<Piece, ProxyError> {
        self.is_over = true;
        let mut head = Vec::new();
        match self.left {
            Some(0) => {}
            Some(_) => return Err(broken("less of it received than Content-Length says")),
            None => {
                head.extend_from_slice(b"0\r\n");
                let sent = trailers.iter();
                let sent = sent.filter(|(name, _)| names(&self.announced, &TRAILER, name.as_str()));
                let sent = sent.map(|(name, value)| (name.clone(), value.clone()));
                write_lines(&sent.collect(), &mut head);
                head.extend_from_slice(b"\r\n");
            }
        }
        Ok(Piece {
            head,
            data: Bytes::new(),
            tail: b"",
        })
    }
}

fn broken(why: &'static str) -> ProxyError {
    ProxyError::Body(BodyError::from(why))
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    /// The bytes that the edge sends for a request with these headers and frames.
    fn sent(lines: &[(&'static str, &'static str)], frames: Vec<Frame<Bytes>>) -> Option<String> {
        let frames = frames.into_iter().map(Ok::<_, BodyError>);
        let body = Body::stream(StreamBody::new(stream::iter(frames)));
        let lines = lines.iter();
        let lines = lines.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let mut upload = Upload::new(body, &lines.collect());
        let mut context = Context::from_waker(Waker::noop());
        let mut all = Vec::new();
        loop {
            match upload.poll_next(&mut context) {
                Poll::Ready(Ok(None)) => return String::from_utf8(all).ok(),
                Poll::Ready(Ok(Some(piece))) => {
                    all.extend([&piece.head, &piece.data[..], piece.tail].concat());
                }
                Poll::Ready(Err(error)) => {
                    assert_eq!(error.why(), "client_body");
                    return None;
                }
                Poll::Pending => panic!("nothing is waited for"),
            }
        }
    }

    fn data(bytes: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(bytes.as_bytes()))
    }

    #[test]
    fn a_body_ends_where_its_head_says() {
        let five = [("content-length", "5")];
        let two = || vec![data("hel"), data(""), data("lo")];
        assert_eq!(sent(&five, two()).as_deref(), Some("hello"));
        assert_eq!(sent(&five, vec![data("hel")]), None);
        assert_eq!(sent(&five, vec![data("hello"), data("!")]), None);
        assert_eq!(
            sent(&[], two()).unwrap(),
            "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        );
    }

    #[test]
    fn only_trailers_that_were_announced_are_sent() {
        let trailers = || {
            let names = ["x-sum", "x-other"];
            let trailers = names.map(|name| (name.parse().unwrap(), "1".parse().unwrap()));
            vec![Frame::trailers(trailers.into_iter().collect())]
        };
        assert_eq!(sent(&[], trailers()).unwrap(), "0\r\n\r\n");
        let announced = [("trailer", "a, X-Sum")];
        assert_eq!(
            sent(&announced, trailers()).unwrap(),
            "0\r\nx-sum: 1\r\n\r\n"
        );
    }
}
