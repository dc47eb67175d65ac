//! Bodies from files, which are read while they are sent.
//!
//! Only data outside the page cache requires a blocking thread. The kernel does the read-ahead.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, IoSliceMut};
use std::ops::Range;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::read_permits::{PermitQueue, ReadPermit, Readers, Reading};
use super::{BodyError, SendfileRange};

/// The size of a read, in bytes. A slow client occupies no more memory than this.
const PIECE: usize = 64 * 1_024;
const MAX_SENDFILE_BYTES: usize = 256 * 1_024;
/// One byte of each block of this size is read to test whether it is in the page cache.
const PROBED: usize = 64 * 1_024;

pub(crate) enum Piece {
    Bytes(Bytes),
    /// A non-empty range of a file.
    File(Arc<File>, Range<u64>),
}

/// A body of pieces that are sent one after another. The body fails if a file is shorter than
/// expected, so the client notices the error.
pub struct FileBody {
    queue: VecDeque<Piece>,
    readers: Readers,
    turns: PermitQueue,
    reading: Option<Reading<Bytes>>,
    /// The number of bytes in the next piece that are certainly in the page cache.
    at_hand: usize,
    left: u64,
}

impl FileBody {
    pub(crate) fn new(readers: &Readers, queue: VecDeque<Piece>) -> Self {
        let length = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::File(_, range) => range.end - range.start,
        };
        Self {
            readers: readers.clone(),
            turns: readers.turns(),
            reading: None,
            at_hand: 0,
            left: queue.iter().map(length).sum(),
            queue,
        }
    }

    pub(crate) fn is_one_file(&self) -> bool {
        self.queue.len() == 1 && matches!(self.queue.front(), Some(Piece::File(..)))
    }

    /// Waits for a permit, and for the next part of the file to be in the page cache. Fails if the
    /// file became shorter or the next piece is not in a file.
    pub(crate) fn poll_stretch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SendfileRange<'_>>> {
        let (length, turn) = ready!(self.poll_turn(context))?;
        let Some(Piece::File(file, range)) = self.queue.front() else {
            return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
        };
        Poll::Ready(Ok(SendfileRange {
            file: Some(file.as_fd()),
            bytes: &[],
            place: range.start,
            length,
            turn: Some(turn),
        }))
    }

    /// Returns the permit, and the number of bytes that can be sent without waiting for the disk.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(usize, ReadPermit)>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = ready!(reading.as_mut().poll(context));
                self.reading = None;
                self.at_hand = read?.len();
            }
            let turn = ready!(self.turns.poll_next(context))?;
            let Some(Piece::File(file, range)) = self.queue.front() else {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            };
            let at = range.start;
            if self.at_hand == 0 {
                self.at_hand = in_memory(file, at, part_of(range, MAX_SENDFILE_BYTES))?;
            }
            if self.at_hand > 0 {
                return Poll::Ready(Ok((self.at_hand, turn)));
            }
            let (file, length) = (Arc::clone(file), part_of(range, PIECE));
            self.reading = Some(self.readers.begin(move || read(&file, at, length)));
        }
    }

    /// Records that `sent` bytes of the first piece were sent. The first piece must be in a file.
    pub(crate) fn advance(&mut self, sent: usize) {
        self.at_hand = self.at_hand.saturating_sub(sent);
        let sent = sent as u64;
        if let Some(Piece::File(_, range)) = self.queue.front_mut() {
            range.start += sent;
            self.left -= sent;
            if range.is_empty() {
                self.queue.pop_front();
            }
        }
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = ready!(reading.as_mut().poll(context));
                self.reading = None;
                return Poll::Ready(read);
            }
            let turn = ready!(self.turns.poll_next(context))?;
            let Some(Piece::File(file, range)) = self.queue.front() else {
                return Poll::Ready(Ok(Bytes::new()));
            };
            let (at, length) = (range.start, part_of(range, PIECE));
            let mut bytes = vec![0; length];
            if let Some(read) = read_cached(file, at, &mut bytes)? {
                turn.pass_on();
                bytes.truncate(read);
                return Poll::Ready(Ok(bytes.into()));
            }
            let file = Arc::clone(file);
            self.reading = Some(self.readers.begin(move || read(&file, at, length)));
        }
    }
}

fn part_of(range: &Range<u64>, most: usize) -> usize {
    usize::try_from(range.end - range.start).map_or(most, |left| left.min(most))
}

fn read(file: &File, at: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; length];
    match file.read_exact_at(&mut bytes, at) {
        Ok(()) => Ok(bytes.into()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(shorter()),
        Err(error) => Err(error),
    }
}

pub(crate) fn shorter() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the file became shorter")
}

/// The kernel reads files in larger blocks, so only one byte of each block is tested.
fn in_memory(file: &File, at: u64, length: usize) -> io::Result<usize> {
    for place in (0..length).step_by(PROBED) {
        if read_cached(file, at + place as u64, &mut [0])?.is_none() {
            return Ok(place);
        }
    }
    Ok(length)
}

fn read_cached(file: &File, at: u64, into: &mut [u8]) -> io::Result<Option<usize>> {
    match preadv2(
        file,
        &mut [IoSliceMut::new(into)],
        at,
        ReadWriteFlags::NOWAIT,
    ) {
        Ok(0) => Err(shorter()),
        Ok(read) => Ok(Some(read)),
        // Some file systems and older kernels do not support `RWF_NOWAIT`.
        Err(Errno::AGAIN | Errno::INTR | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.queue.front_mut() {
            None => return Poll::Ready(None),
            Some(Piece::Bytes(bytes)) => {
                let bytes = std::mem::take(bytes);
                self.queue.pop_front();
                self.left -= bytes.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            Some(Piece::File(..)) => {}
        }
        match ready!(self.poll_bytes(context)) {
            Ok(bytes) => {
                self.advance(bytes.len());
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Err(error) => {
                self.queue.clear();
                self.left = 0;
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

impl fmt::Debug for FileBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("FileBody");
        shown.field("left", &self.left).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::task::Waker;

    use http_body_util::BodyExt as _;
    use rustix::fs::{Advice, fadvise};

    use super::*;

    const LENGTH: usize = 5 * MAX_SENDFILE_BYTES + 1;

    fn content() -> Vec<u8> {
        (0..LENGTH)
            .map(|place| u8::try_from(place % 251).unwrap())
            .collect()
    }

    fn file() -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content()).unwrap();
        Arc::new(file)
    }

    /// Makes a file whose data is not in the page cache, if the file system supports that.
    fn cold_file() -> Arc<File> {
        let file = file();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        file
    }

    fn pieces(readers: &Readers, file: &Arc<File>) -> FileBody {
        let whole = Piece::File(Arc::clone(file), 0..LENGTH as u64);
        FileBody::new(readers, [whole].into())
    }

    fn at_once(pieces: &mut FileBody) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| {
            let frame = Pin::new(&mut *pieces).poll_frame(&mut context);
            matches!(frame, Poll::Ready(Some(Ok(_)))).then_some(())
        })
        .count()
    }

    #[tokio::test]
    async fn what_is_in_memory_comes_at_once_and_lets_others_go_between() {
        let (readers, file) = (Readers::default(), file());
        if in_memory(&file, 0, LENGTH).unwrap() < LENGTH {
            // Some file systems do not tell which data is in the page cache.
            return;
        }
        let (mut one, mut other) = (pieces(&readers, &file), pieces(&readers, &file));
        assert_eq!(at_once(&mut one), 2);
        // The bodies share the permits, and the body that waits gets the next one.
        assert_eq!(at_once(&mut other), 0);
        tokio::task::yield_now().await;
        assert_eq!((at_once(&mut other), at_once(&mut one)), (1, 1));
    }

    #[tokio::test]
    async fn it_is_whole_wherever_it_is() {
        for file in [file(), cold_file()] {
            let pieces = pieces(&Readers::default(), &file);
            let came = pieces.collect().await.unwrap().to_bytes();
            assert!(came == content());
        }
    }

    #[tokio::test]
    async fn stretches_follow_each_other_to_the_end() {
        for file in [file(), cold_file()] {
            let mut pieces = pieces(&Readers::default(), &file);
            let mut end = 0;
            while !pieces.is_end_stream() {
                let sent = poll_fn(|context| {
                    let stretch = ready!(pieces.poll_stretch(context)).unwrap();
                    assert_eq!(stretch.place, end);
                    assert!((1..=MAX_SENDFILE_BYTES).contains(&stretch.length));
                    stretch.turn.unwrap().pass_on();
                    // `sendfile` may send less than it is asked to.
                    Poll::Ready(stretch.length.div_ceil(2))
                })
                .await;
                pieces.advance(sent);
                end += sent as u64;
            }
            assert_eq!(end, LENGTH as u64);
        }
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_is_an_error() {
        let file = file();
        file.set_len(0).unwrap();
        let mut pieces = pieces(&Readers::default(), &file);
        let stretch = poll_fn(|context| pieces.poll_stretch(context).map_ok(drop)).await;
        assert_eq!(stretch.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}
