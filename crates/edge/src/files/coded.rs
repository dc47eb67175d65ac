//! Large files that are compressed while they are sent.

use std::fs::File;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};

use super::pieces::{PIECE, part_of, read};
use super::readers::{Readers, Reading};
use crate::body::BodyError;
use crate::compression::{Encoder, Encoding};

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
        let length = part_of(&self.rest, PIECE);
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
                    let encoder = Encoder::stream(encoding)?;
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
