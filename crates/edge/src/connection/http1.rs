//! An HTTP/1 connection, which serves one request after another.
//!
//! The connection's task reads a request body when the request handler demands it. An idle
//! connection holds no buffer.

use std::io::{self, ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::{Request, StatusCode};
use http1::{Refusal, RequestHead};
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::WaitForCancellationFuture;
use upgrade::{OnUpgrade, Upgraded};

use crate::body::{Answer, Body};
use crate::deadline::Deadline;
use crate::listener::Handle;
use crate::parse_result::{LoggedHead, ParseResult};
use crate::pipeline::serve_request;

use super::answer_head::{Framing, RequestTraits};
use super::request_body::Feed;
use super::request_reader::{Input, ReadOutcome};
use super::response_stream::Outgoing;
use super::transport::{SendfileAnswer, Transport};
use super::unread_timeout::WatchedStream;
use super::{Bounds, ConnectionContext};

/// Larger bodies are not copied into one buffer with their head.
const MAX_COPIED_BYTES: usize = 4 * 1_024;
/// How long the edge reads and discards data after it has rejected a request.
const LINGER: Duration = Duration::from_secs(2);
const DISCARD_BYTES: usize = 8 * 1_024;

pub(crate) async fn http1<S: Transport>(mut stream: S, context: ConnectionContext) {
    let (bounds, lame_duck_time) = {
        let running = context.here.shared.running();
        let listen = running.plan.listen();
        (listen.bounds(), listen.lame_duck_time)
    };
    let switched = answer_requests(&mut stream, &context, bounds, lame_duck_time).await;
    if let Some(Switched { switch, received }) = switched {
        let ConnectionContext { here, permit, .. } = context;
        let stream = WatchedStream::new(stream, bounds, permit);
        let stream = stream.switched(received, here.shared.cut.clone());
        // An error means that the handler that requested the switch was dropped.
        let _ = switch.send(Box::new(stream));
    }
}

struct Switched {
    switch: oneshot::Sender<Upgraded>,
    /// Data of the new protocol that has already been received.
    received: Bytes,
}

async fn answer_requests<S: Transport>(
    stream: &mut S,
    context: &ConnectionContext,
    bounds: Bounds,
    lame_duck_time: Duration,
) -> Option<Switched> {
    let ConnectionContext { here, peer, .. } = context;
    let handle = context.permit.handle();
    let drained = pin!(here.drain.cancelled());
    let ended = pin!(here.end.cancelled());
    let mut client = Client {
        stream,
        input: Input::new(bounds),
        limits: Limits {
            timer: Deadline::default(),
            body_time: bounds.body_time,
            handle,
            ended,
        },
        drained,
    };
    let mut wait = bounds.header_time;
    loop {
        let head = client
            .head(wait, bounds.header_time, lame_duck_time)
            .await?;
        wait = bounds.idle_time;
        if !handle.set_busy(true) {
            return None;
        }
        let mut asked = RequestTraits::default();
        let mut switch = None;
        let (request, feed, refused) = match head {
            Ok(head) => {
                asked = RequestTraits::of(&head);
                let body = client.input.body(head.body, head.expects_continue);
                let mut request = head.request.map(|()| body);
                if head.asks_upgrade {
                    switch = Some(offer_switch(&mut request));
                }
                (request, client.input.feed(), None)
            }
            Err(refusal) => {
                asked.is_last = true;
                let head = LoggedHead::of_bytes(&client.input.received);
                (Request::new(Body::Empty), None, Some((refusal, head)))
            }
        };
        let parsed = match refused {
            Some((refusal, head)) => ParseResult::refused(refusal, head),
            None => ParseResult::of_body(feed.as_ref().map(Feed::broken)),
        };
        // The future is boxed, so that its memory can be freed while the connection is idle.
        if feed.is_none() {
            handle.set_asked();
        }
        let mut serving = Box::pin(serve_request(here, peer, request, parsed));
        let mut answer = client.wait_for_response(serving.as_mut()).await?;
        handle.set_asked();
        drop(serving);
        let switch = switch.filter(|_| answer.status() == StatusCode::SWITCHING_PROTOCOLS);
        if answer.status().is_informational() && switch.is_none() {
            // Clients wait for a final response after an informational one. Therefore, an error
            // replaces an informational response from the handler.
            answer = Answer::new(Body::Empty);
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        asked.is_last |= !client.can_go_on().await;
        let is_in_file =
            !asked.is_head && client.stream.bare().is_some() && answer.body().is_in_file();
        let framing = Framing::of(&mut answer, &mut asked, switch.is_some());
        let mut head = here.scratch.take();
        asked.write_head(&mut head, &answer, framing, here);
        match client.stream.bare() {
            Some(socket) if is_in_file => {
                let sending = SendfileAnswer::new(&head, answer.into_body());
                client.limits.send(socket, sending).await?;
            }
            _ if asked.is_head => client.write(&mut head, Bytes::new()).await?,
            _ if answer.body().is_here() => {
                client
                    .write(&mut head, answer.into_body().into_whole())
                    .await?;
            }
            _ => {
                let body = answer.into_body();
                let outgoing = Outgoing::new(&head, body, framing, asked.takes_trailers);
                // A long response must not keep the shared buffer.
                here.scratch.put(std::mem::take(&mut head));
                Box::pin(client.stream_out(outgoing)).await?;
            }
        }
        here.scratch.put(head);
        if let Some(switch) = switch {
            let received = client.input.received;
            return Some(Switched { switch, received });
        }
        if asked.is_last || !client.can_go_on().await || !client.input.is_between() {
            return client.part().await;
        }
    }
}

fn offer_switch(request: &mut Request<Body>) -> oneshot::Sender<Upgraded> {
    let (switch, switched) = oneshot::channel();
    let switching = OnUpgrade::new(async { switched.await.ok() });
    request.extensions_mut().insert(switching);
    switch
}

struct Client<'a, 'e, S> {
    stream: &'a mut S,
    input: Input,
    limits: Limits<'a, 'e>,
    /// Completes when the edge stops. One future is used for the whole connection, because a new
    /// future for each request would have to take two locks.
    drained: Pin<&'a mut WaitForCancellationFuture<'e>>,
}

struct Limits<'a, 'e> {
    timer: Deadline,
    /// How long a client may read nothing before the connection is closed.
    body_time: Duration,
    handle: &'a Handle,
    ended: Pin<&'a mut WaitForCancellationFuture<'e>>,
}

impl<S: Transport> Client<'_, '_, S> {
    /// The inner error says why the head is rejected. `None` if no head arrives, or not in time.
    async fn head(
        &mut self,
        wait: Duration,
        header_time: Duration,
        lame_duck_time: Duration,
    ) -> Option<Result<RequestHead, Refusal>> {
        if let Some(head) = self.input.head().transpose() {
            return Some(head);
        }
        let wait = Instant::now() + wait;
        let mut last = None;
        let head = std::future::poll_fn(|context| {
            while let Poll::Ready(more) = self.input.poll_more(self.stream, context) {
                if !more.unwrap_or_default() {
                    return Poll::Ready(None);
                }
                if let Some(head) = self.input.head().transpose() {
                    return Poll::Ready(Some(head));
                }
            }
            let begun = self.input.head_since();
            if !self.limits.handle.set_busy(begun.is_some()) {
                return Poll::Ready(None);
            }
            if last.is_none() && self.drained.as_mut().poll(context).is_ready() {
                // After the edge has begun to stop, the connection waits at most `lame_duck_time`
                // for another request.
                last = Some(Instant::now() + lame_duck_time);
            }
            if last.is_some() && self.limits.ended.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            let deadline = begun.map_or(wait, |begun| begun + header_time);
            let is_too_slow = begun.is_some() && last.is_none_or(|last| deadline < last);
            let deadline = last.map_or(deadline, |last| last.min(deadline));
            ready!(self.limits.timer.poll(context, deadline));
            Poll::Ready(is_too_slow.then_some(Err(Refusal::HeadTooSlow)))
        });
        match head.await {
            None => self.part().await,
            Some(head) => {
                if head.is_err() {
                    self.input.close();
                }
                Some(head)
            }
        }
    }

    /// Meanwhile, reads the request body as the handler demands it, and possibly the beginning of
    /// further requests. `None` if the client disconnects first.
    async fn wait_for_response(
        &mut self,
        mut serving: Pin<&mut impl Future<Output = Answer>>,
    ) -> Option<Answer> {
        std::future::poll_fn(|context| {
            loop {
                if let Poll::Ready(answer) = serving.as_mut().poll(context) {
                    return Poll::Ready(Some(answer));
                }
                match self.input.poll_feed(self.stream, context) {
                    Poll::Ready(ReadOutcome::Piece) => {}
                    Poll::Ready(ReadOutcome::Left) => return Poll::Ready(None),
                    Poll::Pending => break,
                }
            }
            self.limits.ended.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    async fn can_go_on(&mut self) -> bool {
        std::future::poll_fn(|context| Poll::Ready(self.input.can_go_on(self.stream, context)))
            .await
    }

    async fn write(&mut self, head: &mut Vec<u8>, mut body: Bytes) -> Option<()> {
        if body.len() <= MAX_COPIED_BYTES {
            head.extend_from_slice(&body);
            body.clear();
        }
        let mut all = (&head[..]).chain(body);
        while all.has_remaining() {
            let written = self.limits.unless_stuck(|context| {
                let stream = Pin::new(&mut *self.stream);
                let mut slices = [IoSlice::new(&[]); 2];
                match all.chunks_vectored(&mut slices) {
                    1 => stream.poll_write(context, &slices[0]),
                    count => stream.poll_write_vectored(context, &slices[..count]),
                }
            });
            match written.await? {
                0 => return None,
                written => all.advance(written),
            }
        }
        self.flush().await
    }

    async fn stream_out(&mut self, mut outgoing: Outgoing) -> Option<()> {
        while !outgoing.is_done() {
            std::future::poll_fn(|context| {
                loop {
                    if let Poll::Ready(gathered) = outgoing.poll_gather(context) {
                        return Poll::Ready(gathered.ok());
                    }
                    match self.input.poll_feed(self.stream, context) {
                        Poll::Ready(ReadOutcome::Piece) => {}
                        Poll::Ready(ReadOutcome::Left) => return Poll::Ready(None),
                        Poll::Pending => break,
                    }
                }
                self.limits.ended.as_mut().poll(context).map(|()| None)
            })
            .await?;
            while !outgoing.is_empty() {
                let written = self.limits.unless_stuck(|context| {
                    let stream = Pin::new(&mut *self.stream);
                    let polled =
                        outgoing.write(|slices| stream.poll_write_vectored(context, slices));
                    if polled.is_pending() {
                        outgoing.falls_behind(context);
                        // The connection must keep reading the request body. A client that sends
                        // its whole body before it reads would otherwise block.
                        while self.input.is_fed(self.stream, context) {}
                    }
                    polled
                });
                match written.await? {
                    0 => return None,
                    written => outgoing.advance(written),
                }
            }
            self.flush().await?;
        }
        Some(())
    }

    async fn flush(&mut self) -> Option<()> {
        let mut stream = Pin::new(&mut *self.stream);
        let flushed = |context: &mut Context<'_>| stream.as_mut().poll_flush(context);
        self.limits.unless_stuck(flushed).await
    }

    /// Unread data of a request would reset the connection, and the client might lose the error
    /// response (RFC 9112, section 9.6), so it is read and discarded for a while.
    async fn part<T>(&mut self) -> Option<T> {
        let mut stream = Pin::new(&mut *self.stream);
        let parted = |context: &mut Context<'_>| stream.as_mut().poll_shutdown(context);
        self.limits.unless_stuck(parted).await?;
        if self.input.is_between() {
            return None;
        }
        let deadline = Instant::now() + LINGER;
        unless_ended(&mut self.limits.ended, |context| {
            let mut piece = [const { MaybeUninit::uninit() }; DISCARD_BYTES];
            while Instant::now() < deadline {
                let mut piece = ReadBuf::uninit(&mut piece);
                let Poll::Ready(read) = stream.as_mut().poll_read(context, &mut piece) else {
                    return self.limits.timer.poll(context, deadline).map(Ok);
                };
                read?;
                if piece.filled().is_empty() {
                    break;
                }
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        None
    }
}

impl Limits<'_, '_> {
    /// Waiting for the client has a timeout, but waiting for the file has none.
    async fn send(&mut self, socket: &TcpStream, mut sending: SendfileAnswer<'_>) -> Option<()> {
        while !sending.is_done() {
            self.unless_stuck(|context| socket.poll_write_ready(context))
                .await?;
            unless_ended(&mut self.ended, |context| {
                sending.poll_some(socket, context)
            })
            .await?;
        }
        Some(())
    }

    /// `None` if the client reads nothing for too long, the connection breaks, or all must end.
    async fn unless_stuck<T>(
        &mut self,
        mut step: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Option<T> {
        let mut deadline = None;
        unless_ended(&mut self.ended, |context| {
            if let Poll::Ready(done) = step(context) {
                return Poll::Ready(done);
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.body_time);
            let late = self.timer.poll(context, deadline);
            late.map(|()| Err(ErrorKind::TimedOut.into()))
        })
        .await
    }
}

/// Repeats a step until it is ready. Returns `None` if the step fails or all connections must end.
async fn unless_ended<T>(
    ended: &mut Pin<&mut WaitForCancellationFuture<'_>>,
    mut step: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> Option<T> {
    std::future::poll_fn(|context| {
        if let Poll::Ready(done) = step(context) {
            return Poll::Ready(done.ok());
        }
        ended.as_mut().poll(context).map(|()| None)
    })
    .await
}
