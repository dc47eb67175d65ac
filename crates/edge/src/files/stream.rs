//! Files that are read while they are sent.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::BodyError;
use crate::compression::{Effort, Encoder, Encoding};

/// So much is read at a time. One more piece is read ahead while this one is sent, and
/// none beyond: a slow client holds 128 KiB.
const PIECE: usize = 64 * 1_024;

/// So many pieces are read or compressed at once by each worker. As many threads as
/// there are slow readers would take the processor from whoever is quick.
const AT_ONCE: usize = 2;

/// Those who read files for the bodies of one worker.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Semaphore>);

/// What a reader will bring.
type Reading<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Default for Readers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Readers {
    /// Begins at once where a reader is free, else when somebody waits for it.
    fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Reading<T> {
        let begun = |turn: OwnedSemaphorePermit| {
            tokio::task::spawn_blocking(move || {
                let done = work();
                drop(turn);
                done
            })
        };
        if let Ok(turn) = Arc::clone(&self.0).try_acquire_owned() {
            let reading = begun(turn);
            return Box::pin(async { reading.await.map_err(io::Error::other).flatten() });
        }
        let turns = Arc::clone(&self.0);
        Box::pin(async move {
            let turn = turns.acquire_owned().await.map_err(io::Error::other)?;
            begun(turn).await.map_err(io::Error::other).flatten()
        })
    }
}

/// A part of a body.
pub(super) enum Piece {
    Bytes(Bytes),
    File(Arc<File>, Range<u64>),
}

/// Parts, one after the other. A file that ends before its time breaks the body, so
/// that the client sees it: nothing is made up.
pub(super) struct Pieces {
    readers: Readers,
    queue: VecDeque<Piece>,
    ahead: Option<Reading<Bytes>>,
    left: u64,
}

impl Pieces {
    pub(super) fn new(readers: &Readers, pieces: VecDeque<Piece>) -> Self {
        let length = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::File(_, range) => range.end - range.start,
        };
        Self {
            readers: readers.clone(),
            left: pieces.iter().map(length).sum(),
            queue: pieces,
            ahead: None,
        }
    }

    /// Begins to read the next piece, if a file is next.
    fn read_ahead(&mut self) {
        let Some(Piece::File(file, range)) = self.queue.front_mut() else {
            return;
        };
        let (file, at) = (Arc::clone(file), range.start);
        let length = piece_of(range.end - range.start);
        range.start += length as u64;
        if range.is_empty() {
            self.queue.pop_front();
        }
        self.ahead = Some(self.readers.begin(move || read(&file, at, length)));
    }

    fn stop(&mut self) {
        self.queue.clear();
        self.left = 0;
    }
}

fn piece_of(left: u64) -> usize {
    usize::try_from(left).map_or(PIECE, |left| left.min(PIECE))
}

fn read(file: &File, at: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes.into())
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.ahead.is_none() {
            match self.queue.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) => {
                    let bytes = std::mem::take(bytes);
                    self.queue.pop_front();
                    self.left -= bytes.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Piece::File(..)) => self.read_ahead(),
            }
        }
        let Some(reading) = &mut self.ahead else {
            return Poll::Ready(None);
        };
        let done = ready!(reading.as_mut().poll(context));
        self.ahead = None;
        match done {
            Ok(bytes) => {
                self.left -= bytes.len() as u64;
                self.read_ahead();
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Err(error) => {
                self.stop();
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A large file that is compressed while it is read, both away from the requests.
pub(super) struct CodedFile {
    readers: Readers,
    file: Arc<File>,
    rest: Range<u64>,
    state: State,
}

enum State {
    /// The encoder is made when the first byte is asked for.
    New(Encoding),
    /// None: the whole is out, these are its last bytes.
    Working(Reading<(Bytes, Option<Encoder>)>),
    Done,
}

impl CodedFile {
    pub(super) fn new(readers: &Readers, file: Arc<File>, length: u64, encoding: Encoding) -> Self {
        Self {
            readers: readers.clone(),
            file,
            rest: 0..length,
            state: State::New(encoding),
        }
    }

    fn work(&mut self, encoder: Encoder) {
        let (file, at) = (Arc::clone(&self.file), self.rest.start);
        let length = piece_of(self.rest.end - self.rest.start);
        self.rest.start += length as u64;
        let is_last = self.rest.is_empty();
        let work = move || {
            let mut encoder = encoder;
            encoder.write(&read(&file, at, length)?)?;
            if is_last {
                return Ok((encoder.finish()?, None));
            }
            Ok((encoder.take(), Some(encoder)))
        };
        self.state = State::Working(self.readers.begin(work));
    }
}

impl HttpBody for CodedFile {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match &mut self.state {
                State::New(encoding) => {
                    let encoding = *encoding;
                    self.state = State::Done;
                    let encoder = Encoder::new(encoding, Effort::Stream)?;
                    self.work(encoder);
                }
                State::Working(working) => {
                    let done = ready!(working.as_mut().poll(context));
                    self.state = State::Done;
                    let (bytes, encoder) = done?;
                    if let Some(encoder) = encoder {
                        self.work(encoder);
                    }
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }
}
