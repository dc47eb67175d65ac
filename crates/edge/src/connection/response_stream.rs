//! A streamed response on its way to an HTTP/1 client.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http_body::{Body as _, Frame};

use super::answer_head::Framing;
use crate::body::{Body, BodyError};
use crate::proxy::{falling_behind, keeping_up};

const MIN_GATHERED_BYTES: usize = 32 << 10;
const SLICES: usize = 16;

/// The unwritten parts of a response, and the body that supplies more.
pub(super) struct Outgoing {
    body: Body,
    framing: Framing,
    takes_trailers: bool,
    trailers: HeaderMap,
    pieces: VecDeque<Bytes>,
    size: usize,
    is_over: bool,
    /// Whether the body is read ahead because the client is too slow.
    is_ahead: bool,
    failure: Option<BodyError>,
}

impl Outgoing {
    pub(super) fn new(head: &[u8], body: Body, framing: Framing, takes_trailers: bool) -> Self {
        let mut outgoing = Self {
            body,
            framing,
            takes_trailers,
            trailers: HeaderMap::new(),
            pieces: VecDeque::with_capacity(4),
            size: 0,
            is_over: false,
            is_ahead: false,
            failure: None,
        };
        outgoing.push(Bytes::copy_from_slice(head));
        outgoing
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_over && self.size == 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Gathers the available parts of the body. Waits only if there is nothing else to write.
    pub(super) fn poll_gather(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        while !self.is_over && self.size < MIN_GATHERED_BYTES {
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

    /// Begins to read the body ahead of the client, because the client has not accepted all
    /// gathered data.
    pub(super) fn falls_behind(&mut self, context: &mut Context<'_>) {
        if self.is_ahead || self.is_over {
            return;
        }
        self.is_ahead = true;
        let body = Pin::new(&mut self.body);
        if let Poll::Ready(frame) = falling_behind(|| body.poll_frame(context)) {
            self.took(frame);
        }
    }

    fn took(&mut self, frame: Option<Result<Frame<Bytes>, BodyError>>) {
        match frame {
            Some(Ok(frame)) => {
                match frame.into_data() {
                    Ok(data) => self.put(data),
                    Err(frame) => self.trailers = frame.into_trailers().unwrap_or_default(),
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
        match &mut self.framing {
            Framing::Chunked if data.is_empty() => {}
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
                None => self.failure = Some("more received than Content-Length says".into()),
            },
            Framing::Close | Framing::Switch => self.push(data),
        }
    }

    fn end(&mut self) {
        match self.framing {
            Framing::Chunked => {
                let mut end = b"0\r\n".to_vec();
                if self.takes_trailers {
                    http1::write_lines(&self.trailers, &mut end);
                }
                end.extend_from_slice(b"\r\n");
                self.push(end.into());
            }
            Framing::Length(0) | Framing::Close | Framing::Switch => {}
            Framing::Length(_) => {
                self.failure = Some("less received than Content-Length says".into());
                return;
            }
        }
        self.is_over = true;
    }

    fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.size += piece.len();
            self.pieces.push_back(piece);
        }
    }

    pub(super) fn write<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        write(&slices[..count])
    }

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
    use http_body_util::StreamBody;

    use super::*;

    fn written(framing: Framing, pieces: &[&'static str]) -> Result<String, String> {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| Ok::<_, BodyError>(Frame::data(Bytes::from_static(piece.as_bytes()))))
            .collect();
        let body = Body::stream(StreamBody::new(stream::iter(pieces)));
        all_of(Outgoing::new(b"head,", body, framing, false))
    }

    fn all_of(mut outgoing: Outgoing) -> Result<String, String> {
        let (mut all, mut context) = (String::new(), Context::from_waker(Waker::noop()));
        while !outgoing.is_done() {
            match outgoing.poll_gather(&mut context) {
                Poll::Ready(gathered) => gathered.map_err(|error| error.to_string())?,
                Poll::Pending => panic!("nothing is waited for"),
            }
            // The client accepts a single byte in each write.
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
    fn trailers_go_to_clients_that_read_them() {
        let trailers = [("x-sum", "1".parse().unwrap())];
        let trailers = trailers.map(|(name, value)| (name.parse().unwrap(), value));
        let trailers: HeaderMap = trailers.into_iter().collect();
        for (takes_trailers, end) in [(true, "0\r\nx-sum: 1\r\n\r\n"), (false, "0\r\n\r\n")] {
            let frames = vec![Ok::<_, BodyError>(Frame::trailers(trailers.clone()))];
            let body = Body::stream(StreamBody::new(stream::iter(frames)));
            let outgoing = Outgoing::new(b"", body, Framing::Chunked, takes_trailers);
            assert_eq!(all_of(outgoing).unwrap(), end);
        }
    }
}
