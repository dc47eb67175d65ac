//! Sends the response to an HTTP/3 request.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use h3::error::{Code, StreamError};
use h3::server::RequestStream;
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderValue, Method, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use crate::body::{Answer, Body, BodyError, has_no_body};
use crate::connection::stream_head;
use crate::quic::wire::{Ended, SendHalf};

#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    /// The client has cancelled the request or disconnected.
    #[error("the client left")]
    ClientLeft,
    #[error("the answer cannot be sent: {0}")]
    Stream(#[from] StreamError),
    #[error("the answer broke off: {0}")]
    Body(BodyError),
}

pub(super) struct ResponseSender<'a> {
    pub(super) stream: RequestStream<SendHalf, Bytes>,
    pub(super) ended: &'a mut Ended,
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
                AnswerError::ClientLeft => Code::H3_REQUEST_CANCELLED,
                _ => Code::H3_INTERNAL_ERROR,
            };
            self.stream.stop_stream(code);
            return Err(error);
        }
        self.arrival().await;
        Ok(())
    }

    async fn whole(
        &mut self,
        head: Response<()>,
        has_body: bool,
        mut body: Body,
    ) -> Result<(), AnswerError> {
        self.stream.send_response(head).await?;
        while has_body && !body.is_end_stream() {
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                // The client has cancelled the request, so the rest is not produced.
                _ = &mut *self.ended => return Err(AnswerError::ClientLeft),
            };
            let Some(frame) = frame else {
                break;
            };
            match frame.map_err(AnswerError::Body)?.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => self.stream.send_data(data).await?,
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

    /// Waits until the client has acknowledged the whole response, or there is no progress for
    /// `time`.
    async fn arrival(&mut self) {
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

fn date(now: SystemTime) -> HeaderValue {
    HeaderValue::try_from(httpdate::fmt_http_date(now))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}
