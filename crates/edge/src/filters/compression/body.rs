//! Compresses a body while it is sent.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body::{Body as HttpBody, Frame};

use super::{Encoder, EncoderPermit};
use crate::body::{Body, BodyError};

const PIECE: usize = 32 * 1_024;
/// Other tasks may run after this many bytes, even if there is no output yet.
const BYTES_PER_TURN: usize = 4 * PIECE;
/// Counted for each step in addition to its data, because every step takes time.
const STEP: usize = 512;

/// A compressed body. Compression does not delay it: when the source has no data for now, all data
/// so far is flushed.
pub(super) struct Coded {
    source: Body,
    /// `None` after the body has ended or failed.
    encoder: Option<(Encoder, EncoderPermit)>,
    waiting: Bytes,
    unflushed: bool,
    /// Frames to return before the source is polled again.
    last: VecDeque<Frame<Bytes>>,
}

impl Coded {
    pub(super) fn new(source: Body, encoder: Encoder, permit: EncoderPermit) -> Self {
        Self {
            source,
            encoder: Some((encoder, permit)),
            waiting: Bytes::new(),
            unflushed: false,
            last: VecDeque::new(),
        }
    }

    fn step(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, BodyError>> {
        let mut turn = BYTES_PER_TURN;
        while turn > STEP {
            turn -= STEP;
            if let Some(frame) = self.last.pop_front() {
                return Poll::Ready(Ok(Some(frame)));
            }
            let Some((encoder, _)) = &mut self.encoder else {
                return Poll::Ready(Ok(None));
            };
            if self.waiting.has_remaining() {
                let piece = self.waiting.split_to(self.waiting.len().min(PIECE));
                encoder.write(&piece)?;
                turn = turn.saturating_sub(piece.len());
                self.unflushed = true;
                let out = encoder.take();
                if !out.is_empty() {
                    return Poll::Ready(Ok(Some(Frame::data(out))));
                }
                continue;
            }
            match Pin::new(&mut self.source).poll_frame(context) {
                Poll::Ready(Some(frame)) => match frame?.into_data() {
                    Ok(data) => self.waiting = data,
                    Err(trailers) => self.finish(Some(trailers))?,
                },
                Poll::Ready(None) => self.finish(None)?,
                Poll::Pending if self.unflushed => {
                    encoder.flush()?;
                    self.unflushed = false;
                    let out = encoder.take();
                    if !out.is_empty() {
                        return Poll::Ready(Ok(Some(Frame::data(out))));
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn finish(&mut self, trailers: Option<Frame<Bytes>>) -> Result<(), BodyError> {
        if let Some((encoder, _permit)) = self.encoder.take() {
            let out = encoder.finish()?;
            self.last.push_back(Frame::data(out));
        }
        self.last.extend(trailers);
        Ok(())
    }
}

impl HttpBody for Coded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let stepped = ready!(self.step(context));
        if stepped.is_err() {
            // After an error, the encoder must not finish the stream. Otherwise, the body would
            // look complete.
            self.encoder = None;
        }
        Poll::Ready(stepped.transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none() && self.last.is_empty()
    }
}
