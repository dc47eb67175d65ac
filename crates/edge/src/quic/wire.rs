//! Connects quinn's streams with the crate h3: checks the input, and detects clients that read too
//! slowly.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use h3::error::Code;
use h3::quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId, WriteBuf};
use quinn::{ConnectionError, ReadError, StoppedError, VarInt, WriteError};
use tokio::time::{Instant, Sleep, sleep};

use super::frames::{FrameFault, Frames};

const READ_BYTES: usize = 16 * 1_024;
const MAX_CONTROL_FRAME: usize = 4 * 1_024;

type Awaited<T> = Pin<Box<dyn Future<Output = Result<T, ConnectionError>> + Send + Sync>>;

/// Completes when the client has received the whole response, cancelled it, or disconnected.
pub(crate) type Ended =
    Pin<Box<dyn Future<Output = Result<Option<VarInt>, StoppedError>> + Send + Sync>>;

/// The limits for request heads and for slow clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamLimits {
    /// The maximum size of an encoded request head, in bytes.
    pub(crate) head_size: usize,
    /// How long flow control may keep the edge from sending.
    pub(crate) time: Duration,
}

/// A quinn connection as the transport of the crate h3.
pub(crate) struct QuicTransport {
    connection: quinn::Connection,
    measure: StreamLimits,
    requests: Awaited<(quinn::SendStream, quinn::RecvStream)>,
    others: Awaited<quinn::RecvStream>,
    opener: Opener,
    endings: Endings,
}

/// The [`Ended`] futures of accepted requests, until their handlers take them.
#[derive(Clone, Default)]
pub(crate) struct Endings(Arc<Mutex<HashMap<u64, Ended>>>);

impl Endings {
    /// Removes and returns the future that completes when the request on this stream ends.
    pub(crate) fn take(&self, stream: StreamId) -> Option<Ended> {
        self.remove(stream.into_inner())
    }

    fn remove(&self, stream: u64) -> Option<Ended> {
        let mut endings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        endings.remove(&stream)
    }

    fn add(&self, stream: u64, ended: Ended) {
        let mut endings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        endings.insert(stream, ended);
    }
}

impl QuicTransport {
    /// Wraps a connection. Also returns the [`Endings`] of the connection's requests.
    pub(crate) fn new(connection: quinn::Connection, measure: StreamLimits) -> (Self, Endings) {
        let endings = Endings::default();
        let wire = Self {
            requests: next_request(&connection),
            others: next_other(&connection),
            opener: Opener {
                connection: connection.clone(),
                time: measure.time,
                opening: None,
            },
            connection,
            measure,
            endings: endings.clone(),
        };
        (wire, endings)
    }
}

fn next_request(connection: &quinn::Connection) -> Awaited<(quinn::SendStream, quinn::RecvStream)> {
    let connection = connection.clone();
    Box::pin(async move { connection.accept_bi().await })
}

fn next_other(connection: &quinn::Connection) -> Awaited<quinn::RecvStream> {
    let connection = connection.clone();
    Box::pin(async move { connection.accept_uni().await })
}

impl quic::Connection<Bytes> for QuicTransport {
    type RecvStream = ReceiveHalf;
    type OpenStreams = Opener;

    fn poll_accept_recv(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<ReceiveHalf, ConnectionErrorIncoming>> {
        let accepted = ready!(self.others.as_mut().poll(context));
        self.others = next_other(&self.connection);
        let frames = Frames::of_one_direction(MAX_CONTROL_FRAME);
        Poll::Ready(match accepted {
            Ok(stream) => Ok(ReceiveHalf::new(stream, frames, self.connection.clone())),
            Err(error) => Err(lost(error)),
        })
    }

    fn poll_accept_bidi(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamHalves, ConnectionErrorIncoming>> {
        let accepted = ready!(self.requests.as_mut().poll(context));
        self.requests = next_request(&self.connection);
        Poll::Ready(match accepted {
            Ok((sending, receiving)) => {
                let stream = u64::from(VarInt::from(sending.id()));
                self.endings.add(stream, Box::pin(sending.stopped()));
                let frames = Frames::of_request(self.measure.head_size);
                Ok(StreamHalves {
                    sending: SendHalf::new(sending, self.measure.time)
                        .with_endings(self.endings.clone()),
                    receiving: ReceiveHalf::new(receiving, frames, self.connection.clone()),
                })
            }
            Err(error) => Err(lost(error)),
        })
    }

    fn opener(&self) -> Opener {
        Opener {
            connection: self.connection.clone(),
            time: self.measure.time,
            opening: None,
        }
    }
}

/// Opens unidirectional streams, the only ones that a server may open (RFC 9114, section 6.1).
pub(crate) struct Opener {
    connection: quinn::Connection,
    time: Duration,
    opening: Option<Awaited<quinn::SendStream>>,
}

impl quic::OpenStreams<Bytes> for Opener {
    type BidiStream = StreamHalves;
    type SendStream = SendHalf;

    fn poll_open_bidi(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<Result<StreamHalves, StreamErrorIncoming>> {
        let refused = "a server opens no requests".to_owned();
        Poll::Ready(Err(StreamErrorIncoming::ConnectionErrorIncoming {
            connection_error: ConnectionErrorIncoming::InternalError(refused),
        }))
    }

    fn poll_open_send(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<SendHalf, StreamErrorIncoming>> {
        let opening = self.opening.get_or_insert_with(|| {
            let connection = self.connection.clone();
            Box::pin(async move { connection.open_uni().await })
        });
        let opened = ready!(opening.as_mut().poll(context));
        self.opening = None;
        Poll::Ready(match opened {
            Ok(stream) => Ok(SendHalf::new(stream, self.time)),
            Err(error) => Err(broken(error)),
        })
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.connection.close(number(code.value()), reason);
    }
}

impl quic::OpenStreams<Bytes> for QuicTransport {
    type BidiStream = StreamHalves;
    type SendStream = SendHalf;

    fn poll_open_bidi(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamHalves, StreamErrorIncoming>> {
        self.opener.poll_open_bidi(context)
    }

    fn poll_open_send(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<SendHalf, StreamErrorIncoming>> {
        self.opener.poll_open_send(context)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.opener.close(code, reason);
    }
}

pub(crate) struct StreamHalves {
    sending: SendHalf,
    receiving: ReceiveHalf,
}

impl quic::BidiStream<Bytes> for StreamHalves {
    type SendStream = SendHalf;
    type RecvStream = ReceiveHalf;

    fn split(self) -> (SendHalf, ReceiveHalf) {
        (self.sending, self.receiving)
    }
}

impl quic::RecvStream for StreamHalves {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let polled = self.receiving.poll_data(context);
        if self.receiving.is_malformed {
            quic::SendStream::reset(&mut self.sending, Code::H3_MESSAGE_ERROR.value());
        }
        polled
    }

    fn stop_sending(&mut self, code: u64) {
        self.receiving.stop_sending(code);
    }

    fn recv_id(&self) -> StreamId {
        self.receiving.recv_id()
    }
}

impl quic::SendStream<Bytes> for StreamHalves {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.sending.poll_ready(context)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.sending.send_data(data)
    }

    fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.sending.poll_finish(context)
    }

    fn reset(&mut self, code: u64) {
        self.sending.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.sending.send_id()
    }
}

pub(crate) struct ReceiveHalf {
    connection: quinn::Connection,
    stream: quinn::RecvStream,
    frames: Frames,
    /// Bytes from quinn that have not been passed on.
    held: Bytes,
    is_malformed: bool,
}

impl ReceiveHalf {
    fn new(stream: quinn::RecvStream, frames: Frames, connection: quinn::Connection) -> Self {
        Self {
            connection,
            stream,
            frames,
            held: Bytes::new(),
            is_malformed: false,
        }
    }

    /// In most cases, a framing error closes the connection too (RFC 9114, section 7.1).
    fn end_with(&mut self, fault: FrameFault) -> StreamErrorIncoming {
        let code = match fault {
            FrameFault::CutOff => Code::H3_FRAME_ERROR,
            FrameFault::Foreign => Code::H3_FRAME_UNEXPECTED,
            FrameFault::TooLarge | FrameFault::TooMuchUnknown => Code::H3_EXCESSIVE_LOAD,
            FrameFault::Fields => Code::H3_MESSAGE_ERROR,
            FrameFault::Table => Code::QPACK_DECOMPRESSION_FAILED,
        };
        // A malformed message ends only its own stream, not the connection (RFC 9114, section
        // 4.1.2).
        if fault == FrameFault::Fields {
            self.is_malformed = true;
        } else {
            let why = fault.to_string();
            self.connection.close(number(code.value()), why.as_bytes());
        }
        StreamErrorIncoming::Unknown(Box::new(fault))
    }
}

impl quic::RecvStream for ReceiveHalf {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        loop {
            match self.frames.next(&mut self.held) {
                Ok(Some(piece)) => return Poll::Ready(Ok(Some(piece))),
                Ok(None) => {}
                Err(fault) => return Poll::Ready(Err(self.end_with(fault))),
            }
            let read = {
                let read = pin!(self.stream.read_chunk(READ_BYTES, true));
                ready!(read.poll(context))
            };
            match read {
                Ok(Some(chunk)) => self.held = chunk.bytes,
                Ok(None) => {
                    let ended = self.frames.end();
                    return Poll::Ready(ended.map(|()| None).map_err(|fault| self.end_with(fault)));
                }
                Err(ReadError::Reset(code)) => {
                    return Poll::Ready(Err(StreamErrorIncoming::StreamTerminated {
                        error_code: code.into_inner(),
                    }));
                }
                Err(ReadError::ConnectionLost(error)) => return Poll::Ready(Err(broken(error))),
                Err(error) => {
                    return Poll::Ready(Err(StreamErrorIncoming::Unknown(Box::new(error))));
                }
            }
        }
    }

    fn stop_sending(&mut self, code: u64) {
        // An error means that the stream has ended.
        let _ = self.stream.stop(number(code));
    }

    fn recv_id(&self) -> StreamId {
        id(self.stream.id())
    }
}

impl Drop for ReceiveHalf {
    fn drop(&mut self) {
        // The edge will not read the rest of the request, so the client need not send it (RFC 9114,
        // section 4.1).
        let _ = self.stream.stop(number(Code::H3_NO_ERROR.value()));
    }
}

pub(crate) struct SendHalf {
    stream: quinn::SendStream,
    writing: Option<WriteBuf<Bytes>>,
    time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    is_over: bool,
    endings: Option<Endings>,
}

/// The client accepted no data for too long.
#[derive(Debug, thiserror::Error)]
#[error("the client read nothing for too long")]
pub(crate) struct TookNothing;

impl SendHalf {
    fn new(stream: quinn::SendStream, time: Duration) -> Self {
        Self {
            stream,
            writing: None,
            time,
            timer: None,
            is_over: false,
            endings: None,
        }
    }

    /// Dropping the stream removes its [`Ended`] from `endings`.
    fn with_endings(mut self, endings: Endings) -> Self {
        self.endings = Some(endings);
        self
    }

    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<StreamErrorIncoming> {
        let time = self.time;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(timer.as_mut().poll(context));
        timer.as_mut().reset(Instant::now() + time);
        Poll::Ready(StreamErrorIncoming::Unknown(Box::new(TookNothing)))
    }
}

impl quic::SendStream<Bytes> for SendHalf {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        while let Some(data) = &mut self.writing
            && data.has_remaining()
        {
            match Pin::new(&mut self.stream).poll_write(context, data.chunk()) {
                Poll::Ready(Ok(written)) => {
                    data.advance(written);
                    self.timer = None;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(unwritten(error))),
                Poll::Pending => return self.poll_patience(context).map(Err),
            }
        }
        self.writing = None;
        Poll::Ready(Ok(()))
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.writing = Some(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.is_over = true;
        let finished = self.stream.finish();
        Poll::Ready(finished.map_err(|error| StreamErrorIncoming::Unknown(Box::new(error))))
    }

    fn reset(&mut self, code: u64) {
        self.is_over = true;
        // An error means that the stream has stopped.
        let _ = self.stream.reset(number(code));
    }

    fn send_id(&self) -> StreamId {
        id(self.stream.id())
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        if !self.is_over {
            // Without a reset, the client could mistake a truncated response for a complete one.
            let code = Code::H3_REQUEST_CANCELLED.value();
            let _ = self.stream.reset(number(code));
        }
        if let Some(endings) = &self.endings {
            endings.remove(u64::from(VarInt::from(self.stream.id())));
        }
    }
}

fn id(stream: quinn::StreamId) -> StreamId {
    h3_varint(u64::from(VarInt::from(stream)))
}

fn h3_varint(stream: u64) -> StreamId {
    // Stream IDs have 62 bits in both crates.
    StreamId::try_from(stream).unwrap_or_else(|_| unreachable!("a stream has a number"))
}

fn number(code: u64) -> VarInt {
    VarInt::from_u64(code).unwrap_or(VarInt::MAX)
}

fn broken(error: ConnectionError) -> StreamErrorIncoming {
    StreamErrorIncoming::ConnectionErrorIncoming {
        connection_error: lost(error),
    }
}

fn lost(error: ConnectionError) -> ConnectionErrorIncoming {
    match error {
        ConnectionError::ApplicationClosed(closed) => ConnectionErrorIncoming::ApplicationClose {
            error_code: closed.error_code.into_inner(),
        },
        ConnectionError::TimedOut => ConnectionErrorIncoming::Timeout,
        error => ConnectionErrorIncoming::Undefined(Arc::new(error)),
    }
}

fn unwritten(error: WriteError) -> StreamErrorIncoming {
    match error {
        WriteError::Stopped(code) => StreamErrorIncoming::StreamTerminated {
            error_code: code.into_inner(),
        },
        WriteError::ConnectionLost(error) => broken(error),
        error => StreamErrorIncoming::Unknown(Box::new(error)),
    }
}
