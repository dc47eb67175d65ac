//! The heads of a connection of HTTP/2 that never reach the service.
//!
//! The engine resets the stream of a head that it cannot read, and tells nobody. So
//! heads are counted on their way to the engine, and again when the service gets them:
//! once the engine has read all that there is, what is missing was refused.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes with which a client begins (RFC 9113, section 3.4).
pub(super) const PREFACE: usize = 24;
/// The head of a frame, and what is kept of its payload (section 4.1).
const HEAD: usize = 9;
const KEPT: usize = 8;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const NO_ERROR: u32 = 0;
const REFUSED_STREAM: u32 = 7;
/// What a server that goes names first: no stream is beyond it (section 6.8).
const LAST_STREAM: u32 = 0x7fff_ffff;

/// What became of the heads of one connection. One task counts and reckons.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// Those that went to the engine whole.
    came: AtomicU64,
    /// Those that it told somebody of.
    told: AtomicU64,
    /// One has begun that is not whole.
    is_begun: AtomicBool,
    /// The engine wants more than came, so it has read all of it.
    is_read: AtomicBool,
    /// Something that it says waits to be written.
    is_stuck: AtomicBool,
    /// What comes from now on is asked again elsewhere.
    parts: AtomicBool,
    /// The engine ends the connection for a fault of the client's.
    is_broken: AtomicBool,
}

impl Heads {
    /// The service was given one.
    pub(super) fn told(&self) {
        self.told.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether one has begun that is not whole.
    pub(super) fn is_begun(&self) -> bool {
        self.is_begun.load(Ordering::Relaxed)
    }

    /// Runs the engine for a while, and calls `refused` for each head that it refused.
    pub(super) async fn minded<F: Future>(
        &self,
        mut served: Pin<&mut F>,
        refused: impl Fn(),
    ) -> F::Output {
        std::future::poll_fn(|context| {
            let polled = served.as_mut().poll(context);
            for _ in 0..self.refused() {
                refused();
            }
            polled
        })
        .await
    }

    /// How many were refused that were not reckoned yet. Between two runs of the
    /// engine nothing waits to be given to the service.
    fn refused(&self) -> u64 {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let came = self.came.load(Ordering::Relaxed);
        let missing = came.saturating_sub(self.told.load(Ordering::Relaxed));
        let refused = if is(&self.is_broken) {
            // Those behind the one that broke it were not looked at.
            missing.min(1)
        } else if is(&self.is_read) && !is(&self.is_stuck) && !is(&self.parts) {
            missing
        } else {
            return 0;
        };
        self.told.store(came, Ordering::Relaxed);
        refused
    }

    /// The engine said something.
    fn said(&self, frame: &Frame) {
        match frame.kind {
            // Its client may ask again: the engine was not ready for more.
            RST_STREAM if frame.number(0) == REFUSED_STREAM => self.told(),
            GOAWAY if frame.number(1) != NO_ERROR => self.is_broken.store(true, Ordering::Relaxed),
            GOAWAY if frame.number(0) != LAST_STREAM => self.parts.store(true, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// A stream whose frames are followed both ways.
pub(super) struct Counted<S> {
    stream: S,
    heads: Arc<Heads>,
    coming: Frames,
    going: Frames,
    /// The latest stream that a head has opened.
    latest: u32,
    /// Its head is not whole.
    is_begun: bool,
}

impl<S> Counted<S> {
    /// Counts the heads that come from now on, beginning with the preface.
    pub(super) fn around(stream: S, heads: Arc<Heads>) -> Self {
        Self {
            stream,
            heads,
            coming: Frames {
                rest: PREFACE,
                ..Frames::default()
            },
            going: Frames::default(),
            latest: 0,
            is_begun: false,
        }
    }

    fn came(&mut self, mut bytes: &[u8]) {
        while let Some(frame) = self.coming.next(&mut bytes) {
            match frame.kind {
                HEADERS if frame.stream > self.latest => {
                    self.latest = frame.stream;
                    self.is_begun = true;
                }
                CONTINUATION => {}
                _ => continue,
            }
            if self.is_begun && frame.flags & END_HEADERS != 0 {
                self.is_begun = false;
                self.heads.came.fetch_add(1, Ordering::Relaxed);
            }
        }
        let is_begun = self.is_begun || self.coming.kind() == Some(HEADERS);
        self.heads.is_begun.store(is_begun, Ordering::Relaxed);
    }

    fn went(&mut self, mut bytes: &[u8]) {
        while let Some(frame) = self.going.next(&mut bytes) {
            self.heads.said(&frame);
        }
    }

    fn noted<T>(&self, polled: Poll<T>) -> Poll<T> {
        let is_stuck = polled.is_pending();
        self.heads.is_stuck.store(is_stuck, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = &buffer.filled()[before..];
        self.heads.is_read.store(came.is_empty(), Ordering::Relaxed);
        if !came.is_empty() {
            self.came(came);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = polled {
            self.went(&bytes[..count]);
        }
        self.noted(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        if let Poll::Ready(Ok(mut count)) = polled {
            for piece in pieces {
                let went = count.min(piece.len());
                self.went(&piece[..went]);
                count -= went;
            }
        }
        self.noted(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.noted(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Where one side of a connection is in its frames.
#[derive(Debug, Default)]
struct Frames {
    /// The beginning of the present frame, as far as it came.
    begin: [u8; HEAD + KEPT],
    held: usize,
    /// What is still to come of the payload, or of the preface.
    rest: usize,
}

/// A frame that came whole.
#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: [u8; KEPT],
}

impl Frame {
    /// One of the first numbers of the payload.
    fn number(&self, place: usize) -> u32 {
        let (numbers, _) = self.payload.as_chunks();
        u32::from_be_bytes(numbers.get(place).copied().unwrap_or_default())
    }
}

impl Frames {
    /// The next frame that ends in these bytes, which go on behind it.
    fn next(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        while !bytes.is_empty() {
            let is_head = self.rest == 0;
            let wanted = if is_head { HEAD - self.held } else { self.rest };
            let (piece, others) = bytes.split_at(wanted.min(bytes.len()));
            *bytes = others;
            if is_head {
                self.keep(piece);
                if self.held == HEAD {
                    let [a, b, c, ..] = self.begin;
                    self.rest = u32::from_be_bytes([0, a, b, c]) as usize;
                }
            } else {
                self.rest -= piece.len();
                if self.held >= HEAD {
                    self.keep(piece);
                }
            }
            if self.held >= HEAD && self.rest == 0 {
                return Some(self.take());
            }
        }
        None
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = &mut self.begin[self.held..];
        let count = room.len().min(piece.len());
        room[..count].copy_from_slice(&piece[..count]);
        self.held += count;
    }

    fn take(&mut self) -> Frame {
        let [_, _, _, kind, flags, a, b, c, d, payload @ ..] = std::mem::take(&mut self.begin);
        self.held = 0;
        Frame {
            kind,
            flags,
            stream: u32::from_be_bytes([a, b, c, d]) & LAST_STREAM,
            payload,
        }
    }

    /// What the frame is that came in part.
    fn kind(&self) -> Option<u8> {
        (self.held >= HEAD).then_some(self.begin[3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        [&head, payload].concat()
    }

    fn goaway(last: u32, code: u32) -> Vec<u8> {
        let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
        frame(GOAWAY, 0, 0, &[&payload[..], b"why"].concat())
    }

    /// What was refused of these frames, in whatever pieces they come.
    fn refused(came: &[Vec<u8>], told: u64, said: &[Vec<u8>]) -> u64 {
        let came = [vec![b'p'; PREFACE], came.concat()].concat();
        let refused = [1, 7, 4_096].map(|size| {
            let heads = Arc::new(Heads::default());
            let mut counted = Counted::around((), Arc::clone(&heads));
            came.chunks(size).for_each(|piece| counted.came(piece));
            said.concat()
                .chunks(size)
                .for_each(|piece| counted.went(piece));
            (0..told).for_each(|_| heads.told());
            assert_eq!(heads.refused(), 0, "not all of it was read");
            heads.is_read.store(true, Ordering::Relaxed);
            let refused = heads.refused();
            assert_eq!(heads.refused(), 0, "reckoned twice");
            refused
        });
        assert!(
            refused.iter().all(|some| *some == refused[0]),
            "{refused:?}"
        );
        refused[0]
    }

    #[test]
    fn what_the_service_never_saw_was_refused() {
        let head = |stream| frame(HEADERS, END_HEADERS, stream, &[b'h'; 30]);
        let two = [head(1), frame(0, 1, 1, b""), head(3)];
        assert_eq!(refused(&two, 2, &[]), 0);
        assert_eq!(refused(&two, 1, &[]), 1);
        let reset = |code: u32| frame(RST_STREAM, 0, 3, &code.to_be_bytes());
        assert_eq!(refused(&two, 1, &[reset(1)]), 1);
        assert_eq!(refused(&two, 1, &[reset(REFUSED_STREAM)]), 0);
        assert_eq!(refused(&two, 1, &[goaway(LAST_STREAM, NO_ERROR)]), 1);
        assert_eq!(refused(&two, 1, &[goaway(1, NO_ERROR)]), 0);
    }

    #[test]
    fn what_breaks_the_connection_was_refused() {
        let heads = Arc::new(Heads::default());
        let mut counted = Counted::around((), Arc::clone(&heads));
        let head = |stream| frame(HEADERS, END_HEADERS, stream, b"h");
        counted.came(&[vec![0; PREFACE], head(1), head(3)].concat());
        counted.went(&goaway(0, 1));
        assert_eq!(heads.refused(), 1, "the second was not looked at");
        assert_eq!(heads.refused(), 0);
    }

    #[test]
    fn trailers_and_pieces_are_no_heads() {
        let begun = frame(HEADERS, 0, 1, b"h");
        let rest = frame(CONTINUATION, END_HEADERS, 1, b"");
        let trailers = frame(HEADERS, END_HEADERS | 1, 1, b"t");
        assert_eq!(refused(std::slice::from_ref(&begun), 0, &[]), 0);
        assert_eq!(refused(&[begun, rest, trailers], 0, &[]), 1);
    }

    #[test]
    fn a_head_that_is_not_whole_is_known() {
        let heads = Arc::new(Heads::default());
        let mut counted = Counted::around((), Arc::clone(&heads));
        counted.came(&[0; PREFACE]);
        assert!(!heads.is_begun());
        let head = frame(HEADERS, END_HEADERS, 1, b"abc");
        counted.came(&head[..10]);
        assert!(heads.is_begun());
        counted.came(&head[10..]);
        assert!(!heads.is_begun());
    }
}
