//! Sends the response to an HTTP/3 request.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use h3::error::{Code, StreamError};
use h3::server::RequestStream;
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderValue, Method, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::body::{Answer, Body, BodyError, has_no_body};
use crate::connection::stream_head;
use crate::proxy::is_event_stream;
use crate::quic::wire::{Ended, SendHalf};
use crate::stalled_peer::ProgressWatch;
use crate::unsent_memory::{EACH, READING, UnsentStream};

#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    /// The client has cancelled the request or disconnected.
    #[error("the client left")]
    ClientLeft,
    /// Other clients need the memory.
    #[error("the client read nothing, and its memory was needed for others")]
    GivenUp,
    #[error("the response cannot be sent: {0}")]
    Stream(#[from] StreamError),
    #[error("the response broke off: {0}")]
    Body(BodyError),
}

pub(super) struct ResponseSender<'a> {
    pub(super) stream: RequestStream<SendHalf, Bytes>,
    pub(super) ended: &'a mut Ended,
    pub(super) unsent: UnsentStream,
    /// Learns when others need the memory of this stream.
    pub(super) reader: &'a ProgressWatch,
    pub(super) connection: &'a quinn::Connection,
    /// How long flow control may keep the edge from sending.
    pub(super) time: Duration,
}

impl ResponseSender<'_> {
    /// Sends a response. Returns when the client has received the whole response, or has received
    /// nothing for too long.
    pub(super) async fn send(
        mut self,
        method: &Method,
        answer: Answer,
        now: SystemTime,
    ) -> Result<(), AnswerError> {
        let (mut parts, body) = answer.into_parts();
        stream_head::release(&mut parts.headers);
        parts.headers.entry(DATE).or_insert_with(|| date(now));
        let has_body = *method != Method::HEAD && !has_no_body(parts.status);
        if !has_no_body(parts.status)
            && !body.is_end_stream()
            && let Some(length) = body.size_hint().exact()
        {
            let length = HeaderValue::from(length);
            parts.headers.entry(CONTENT_LENGTH).or_insert(length);
        }
        let sent = self.whole(Response::from_parts(parts, ()), has_body, body);
        if let Err(error) = sent.await {
            let code = match error {
                AnswerError::ClientLeft | AnswerError::GivenUp => Code::H3_REQUEST_CANCELLED,
                _ => Code::H3_INTERNAL_ERROR,
            };
            self.stream.stop_stream(code);
            return Err(error);
        }
        self.wait_for_acknowledgement().await;
        Ok(())
    }

    async fn whole(
        &mut self,
        head: Response<()>,
        has_body: bool,
        mut body: Body,
    ) -> Result<(), AnswerError> {
        let is_event_stream = is_event_stream(head.headers());
        // A body in memory must be counted before the client's first read.
        let whole = (has_body && body.is_here() && !body.is_shared())
            .then(|| self.unsent.hold(length_of(&body)));
        {
            let _permit = self.unsent.hold(EACH);
            tokio::select! {
                biased;
                sent = self.stream.send_response(head) => sent?,
                () = self.reader.given_up() => return Err(AnswerError::GivenUp),
            }
        }
        while has_body && !body.is_end_stream() {
            let is_counted = whole.is_some() || body.is_shared();
            let next = async {
                let permit = if is_counted || is_event_stream {
                    self.unsent.hold(EACH)
                } else {
                    self.unsent.permit().await
                };
                let mut frame = pin!(body.frame());
                if let Ok(frame) = timeout(READING, frame.as_mut()).await {
                    (frame, permit)
                } else {
                    drop(permit);
                    (frame.await, self.unsent.hold(EACH))
                }
            };
            let (frame, permit) = tokio::select! {
                biased;
                next = next => next,
                // The client has cancelled the request, so the rest is not produced.
                _ = &mut *self.ended => return Err(AnswerError::ClientLeft),
            };
            let Some(frame) = frame else {
                break;
            };
            match frame.map_err(AnswerError::Body)?.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    if !is_counted {
                        permit.resize(data.len());
                    }
                    tokio::select! {
                        biased;
                        sent = self.stream.send_data(data) => sent?,
                        () = self.reader.given_up() => return Err(AnswerError::GivenUp),
                    }
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.stream.send_trailers(trailers).await?;
                        break;
                    }
                }
            }
        }
        Ok(self.stream.finish().await?)
    }

    /// Ends early if there is no progress for `time`.
    async fn wait_for_acknowledgement(&mut self) {
        loop {
            let sent = self.connection.stats().frame_tx.stream;
            tokio::select! {
                _ = &mut *self.ended => return,
                () = tokio::time::sleep(self.time) => {}
            }
            if sent == self.connection.stats().frame_tx.stream {
                return self.stream.stop_stream(Code::H3_REQUEST_CANCELLED);
            }
        }
    }
}

fn length_of(body: &Body) -> usize {
    usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX)
}

fn date(now: SystemTime) -> HeaderValue {
    HeaderValue::try_from(httpdate::fmt_http_date(now))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}
