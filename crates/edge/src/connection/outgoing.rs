//! An answer that comes piece by piece, on its way to a client of HTTP/1.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http_body::{Body as _, Frame};

use super::fast_path::CLOSE;
use crate::body::{Answer, Body, BodyError, has_no_body};
use crate::proxy::keeping_up;

/// So much is gathered before it is written.
const GATHERED: usize = 64 << 10;
/// Written at once, at most.
const SLICES: usize = 16;

/// How the end of an answer is seen (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

impl Framing {
    /// Of this answer; none if its end can be seen in several places.
    pub(super) fn of(answer: &Answer, is_head: bool) -> Option<Self> {
        let (status, headers) = (answer.status(), answer.headers());
        let length = answer.body().size_hint().exact();
        let said = match headers.get(CONTENT_LENGTH) {
            Some(said) => Some(said.to_str().ok()?.parse().ok()),
            None => None,
        };
        let is_bodiless = is_head || status == StatusCode::NOT_MODIFIED;
        let length = match (said, length) {
            (None, None) => None,
            (Some(_), Some(length)) if is_bodiless => Some(length),
            (Some(said), None) => Some(said?),
            (Some(said), Some(length)) if said == Some(length) => Some(length),
            (None, Some(length)) => Some(length),
            (Some(_), Some(_)) => return None,
        };
        let is_plain = !status.is_informational()
            && (!has_no_body(status) || length == Some(0))
            && !headers.contains_key(TRANSFER_ENCODING)
            && headers.get(CONNECTION).is_none_or(|said| said == CLOSE);
        is_plain.then(|| length.map_or(Self::Chunked, Self::Length))
    }
}

/// What was taken of an answer and is not written yet, and what comes of it.
pub(super) struct Outgoing {
    body: Body,
    framing: Framing,
    pieces: VecDeque<Bytes>,
    /// Bytes in all pieces.
    size: usize,
    is_over: bool,
    /// The client does not keep up, so that what comes is read ahead of it.
    is_ahead: bool,
    failure: Option<BodyError>,
}

impl Outgoing {
    /// A head, and what follows it.
    pub(super) fn new(head: &[u8], body: Body, framing: Framing) -> Self {
        let mut outgoing = Self {
            body,
            framing,
            pieces: VecDeque::with_capacity(4),
            size: 0,
            is_over: false,
            is_ahead: false,
            failure: None,
        };
        outgoing.push(Bytes::copy_from_slice(head));
        outgoing
    }

    /// Whether nothing comes any more and all is written.
    pub(super) fn is_done(&self) -> bool {
        self.is_over && self.size == 0
    }

    /// Whether there is something to write.
    pub(super) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Takes what is there, and waits where that is nothing.
    pub(super) fn poll_gather(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        while !self.is_over && self.size < GATHERED {
            if let Some(failure) = self.failure.take() {
                return Poll::Ready(Err(failure));
            }
            let body = &mut self.body;
            let polled = if self.is_ahead {
                Pin::new(body).poll_frame(context)
            } else {
                keeping_up(|| Pin::new(body).poll_frame(context))
            };
            match polled {
                Poll::Ready(frame) => self.took(frame),
                Poll::Pending if self.size == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The client does not take what was gathered.
    pub(super) fn falls_behind(&mut self, context: &mut Context<'_>) {
        if self.is_ahead || self.is_over {
            return;
        }
        self.is_ahead = true;
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.took(frame);
        }
    }

    fn took(&mut self, frame: Option<Result<Frame<Bytes>, BodyError>>) {
        match frame {
            // Nobody has asked for trailers.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.put(data);
                }
                if self.failure.is_none() && self.body.is_end_stream() {
                    self.end();
                }
            }
            Some(Err(error)) => self.failure = Some(error),
            None => self.end(),
        }
    }

    fn put(&mut self, data: Bytes) {
        if data.is_empty() {
            return;
        }
        match &mut self.framing {
            Framing::Chunked => {
                self.push(format!("{:x}\r\n", data.len()).into());
                self.push(data);
                self.push(Bytes::from_static(b"\r\n"));
            }
            Framing::Length(left) => match left.checked_sub(data.len() as u64) {
                Some(rest) => {
                    *left = rest;
                    self.push(data);
                }
                None => self.failure = Some("more came than was said".into()),
            },
        }
    }

    fn end(&mut self) {
        match self.framing {
            Framing::Chunked => self.push(Bytes::from_static(b"0\r\n\r\n")),
            Framing::Length(0) => {}
            Framing::Length(_) => {
                self.failure = Some("less came than was said".into());
                return;
            }
        }
        self.is_over = true;
    }

    fn push(&mut self, piece: Bytes) {
        self.size += piece.len();
        self.pieces.push_back(piece);
    }

    /// What to write next.
    pub(super) fn write<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        write(&slices[..count])
    }

    /// So many bytes were written.
    pub(super) fn advance(&mut self, mut written: usize) {
        self.size -= written;
        while let Some(piece) = self.pieces.front_mut() {
            if piece.len() > written {
                return piece.advance(written);
            }
            written -= piece.len();
            self.pieces.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::stream;
    use http::Response;
    use http_body_util::StreamBody;

    use super::*;

    /// All that is written of a body in these pieces, or why it breaks off.
    fn written(framing: Framing, pieces: &[&'static str]) -> Result<String, String> {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| Ok::<_, BodyError>(Frame::data(Bytes::from_static(piece.as_bytes()))))
            .collect();
        let body = Body::stream(StreamBody::new(stream::iter(pieces)));
        let mut outgoing = Outgoing::new(b"head,", body, framing);
        let (mut all, mut context) = (String::new(), Context::from_waker(Waker::noop()));
        while !outgoing.is_done() {
            match outgoing.poll_gather(&mut context) {
                Poll::Ready(gathered) => gathered.map_err(|error| error.to_string())?,
                Poll::Pending => panic!("nothing is waited for"),
            }
            // As small as a socket may take it.
            while !outgoing.is_empty() {
                let first = outgoing.write(|slices| slices[0][0]);
                all.push(char::from(first));
                outgoing.advance(1);
            }
        }
        Ok(all)
    }

    #[test]
    fn an_answer_has_one_end() {
        for (framing, pieces, all) in [
            (Framing::Length(0), &[][..], Some("head,")),
            (Framing::Length(5), &["hel", "", "lo"], Some("head,hello")),
            (Framing::Length(5), &["hel"], None),
            (Framing::Length(5), &["hello", "!"], None),
            (Framing::Chunked, &[], Some("head,0\r\n\r\n")),
            (
                Framing::Chunked,
                &["hello", "", "0123456789abcdef"],
                Some("head,5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
            ),
        ] {
            assert_eq!(
                written(framing, pieces).ok().as_deref(),
                all,
                "{framing:?} {pieces:?}"
            );
        }
    }

    #[test]
    fn what_says_its_end_twice_is_written_by_nobody() {
        let known = || Body::full("hello");
        let unknown = || {
            let nothing = stream::iter(Vec::<Result<Frame<Bytes>, BodyError>>::new());
            Body::stream(StreamBody::new(nothing))
        };
        for (status, body, header, framing) in [
            (200, known(), None, Some(Framing::Length(5))),
            (200, unknown(), None, Some(Framing::Chunked)),
            (
                200,
                unknown(),
                Some((CONTENT_LENGTH, "7")),
                Some(Framing::Length(7)),
            ),
            (200, unknown(), Some((CONTENT_LENGTH, "x")), None),
            (200, known(), Some((CONTENT_LENGTH, "7")), None),
            (200, known(), Some((TRANSFER_ENCODING, "chunked")), None),
            (200, known(), Some((CONNECTION, "upgrade")), None),
            (204, known(), None, None),
            (204, Body::Empty, None, Some(Framing::Length(0))),
            (101, Body::Empty, None, None),
        ] {
            let mut answer = Response::new(body);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some((name, value)) = &header {
                answer.headers_mut().insert(name, value.parse().unwrap());
            }
            let found = Framing::of(&answer, false);
            assert_eq!(found, framing, "{status} {header:?}");
        }
    }
}
