//! A body that is compressed while it passes.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body::{Body as HttpBody, Frame};

use super::Encoder;
use crate::body::{Body, BodyError};

/// So much is compressed before what came out is sent, or others get their turn.
const PIECE: usize = 32 * 1_024;
/// So much may be done in one go when nothing comes out of it, in bytes.
const TURN: usize = 4 * PIECE;
/// What a step costs of a turn, even one without bytes.
const STEP: usize = 512;

/// Nothing is held back: whenever the source has nothing more to say for now,
/// everything it has said so far is let out in a form that can be decoded.
pub(super) struct Coded {
    source: Body,
    /// None once all of it is out, or after an error.
    encoder: Option<Encoder>,
    /// What the source has said and is not yet compressed.
    waiting: Bytes,
    /// Whether the encoder holds something back.
    unflushed: bool,
    /// What goes out before the source is asked again.
    last: VecDeque<Frame<Bytes>>,
}

impl Coded {
    pub(super) fn new(source: Body, encoder: Encoder) -> Self {
        Self {
            source,
            encoder: Some(encoder),
            waiting: Bytes::new(),
            unflushed: false,
            last: VecDeque::new(),
        }
    }

    fn step(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Frame<Bytes>>, BodyError>> {
        let mut turn = TURN;
        while turn > STEP {
            turn -= STEP;
            if let Some(frame) = self.last.pop_front() {
                return Poll::Ready(Ok(Some(frame)));
            }
            let Some(encoder) = &mut self.encoder else {
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
        if let Some(encoder) = self.encoder.take() {
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
            // What is left in the encoder would pretend a proper end.
            self.encoder = None;
        }
        Poll::Ready(stepped.transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none() && self.last.is_empty()
    }
}
