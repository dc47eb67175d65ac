//! Answers brief requests: those that need no engine to be read. Their answers are written
//! from memory, from a file by the kernel, or piece by piece as they come.
//!
//! Whatever else comes goes to the engine with the connection, which stays there: one
//! engine owns every hard case. A connection that waits here holds no buffer.

use std::io::{self, ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{HeaderName, Method, StatusCode};
use hyper::ext::ReasonPhrase;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::WaitForCancellationFuture;

use crate::body::{Answer, Body, has_no_body};
use crate::context::WorkerContext;
use crate::deadline::Deadline;
use crate::gate::{Bounds, Verdict};
use crate::listener::{Activity, Handle};
use crate::pipeline::serve;
use http1::{FastRequest, Unread, brief};

use super::Visit;
use super::outgoing::{Framing, Outgoing};
use super::transport::{Carrier, Sending};

/// Read at once.
const PIECE: usize = 16 * 1_024;
/// So long more of a brief request is waited for: who sends it more slowly is the engine's to
/// mind.
const PATIENCE: Duration = Duration::from_millis(250);
/// A body that is sooner copied behind its head than sent as a piece beside it.
const SMALL: usize = 4 * 1_024;

/// What `Connection` says before the last answer.
pub(super) const CLOSE: &str = "close";

/// What is left to the engine.
pub(super) struct Rest {
    /// Bytes that came and were not answered.
    pub(super) came: Bytes,
    /// The answer to the first request among them, if there is one already.
    pub(super) answer: Option<Answer>,
}

/// Answers brief requests until the connection ends, or another one comes.
pub(super) async fn answer_brief<S>(
    stream: &mut S,
    visit: &Visit,
    bounds: &Bounds,
    lame_duck_time: Duration,
) -> Option<Rest>
where
    S: Carrier,
{
    let Visit { here, peer, .. } = visit;
    let handle = visit.place.handle();
    let drained = pin!(here.drain.cancelled());
    let ended = pin!(here.end.cancelled());
    let mut client = Client {
        stream,
        came: Bytes::new(),
        incomplete_since: None,
        limits: Limits {
            timer: Deadline::default(),
            body_time: bounds.body_time,
            slow_time: bounds.slow_time(),
            handle,
            ended,
        },
        drained,
    };
    let mut wait = bounds.header_time;
    loop {
        if client.came.is_empty() {
            client.next(wait, lame_duck_time).await?;
            wait = bounds.idle_time;
        }
        let activity = match brief(&client.came, bounds.header_size) {
            Ok(request) => Ok(request),
            Err(Unread::Head) => Err(Some(Activity::Opening)),
            Err(Unread::Body) => Err(Some(Activity::Serving)),
            Err(Unread::Other) => Err(None),
        };
        let FastRequest {
            request,
            length,
            is_last,
        } = match activity {
            Ok(request) => request,
            Err(Some(activity)) if client.more(activity).await? => continue,
            Err(_) => {
                let came = client.came;
                return Some(Rest { came, answer: None });
            }
        };
        client.incomplete_since = None;
        if !handle.set(Activity::Serving) {
            return None;
        }
        let is_head = request.method() == Method::HEAD;
        let request = request.map(Body::full);
        let serving = pin!(serve(here, peer, request, Verdict::from(None)));
        let answer = client.while_it_waits(serving, length).await?;
        let is_in_file = !is_head && client.stream.bare().is_some() && answer.body().is_in_file();
        let Some(framing) = Framing::of(&answer, is_head) else {
            let (came, answer) = (client.came, Some(answer));
            return Some(Rest { came, answer });
        };
        client.came.advance(length);
        let is_last = is_last || answer.headers().contains_key(CONNECTION);
        let mut head = here.scratch.take();
        write_head(&mut head, &answer, framing, is_head, is_last, here);
        match client.stream.bare() {
            Some(socket) if is_in_file => {
                let sending = Sending::new(&head, answer.into_body());
                client.limits.send(socket, sending).await?;
            }
            _ if is_head => client.write(&mut head, Bytes::new()).await?,
            _ if answer.body().is_here() => {
                client
                    .write(&mut head, answer.into_body().into_whole())
                    .await?;
            }
            _ => {
                let outgoing = Outgoing::new(&head, answer.into_body(), framing);
                // Nobody holds what a brief answer does not need.
                here.scratch.put(std::mem::take(&mut head));
                Box::pin(client.stream_out(outgoing)).await?;
            }
        }
        here.scratch.put(head);
        if is_last {
            return client.part().await;
        }
    }
}

struct Client<'a, 'e, S> {
    stream: &'a mut S,
    /// What came and was not answered.
    came: Bytes,
    /// Since when a request has begun that is not complete.
    incomplete_since: Option<Instant>,
    limits: Limits<'a, 'e>,
    /// One wait for the whole connection, as for its end: to begin and give up one for each
    /// request costs two locks.
    drained: Pin<&'a mut WaitForCancellationFuture<'e>>,
}

/// How long is waited for a client.
struct Limits<'a, 'e> {
    timer: Deadline,
    /// How long it may read nothing, and after what time it is slow.
    body_time: Duration,
    slow_time: Duration,
    handle: &'a Handle,
    ended: Pin<&'a mut WaitForCancellationFuture<'e>>,
}

impl<S: Carrier> Client<'_, '_, S> {
    /// Waits for bytes. Nothing: none came in time, or none will.
    async fn next(&mut self, wait: Duration, lame_duck_time: Duration) -> Option<()> {
        let mut deadline = Instant::now() + wait;
        let mut is_drained = false;
        let came = std::future::poll_fn(|context| {
            match self.poll_read(context) {
                Poll::Ready(came) => return Poll::Ready(came.unwrap_or_default()),
                Poll::Pending if is_drained => {}
                Poll::Pending => {
                    self.limits.handle.set(Activity::Idle);
                    is_drained = self.drained.as_mut().poll(context).is_ready();
                    if is_drained {
                        // A request that is on its way already is still answered.
                        deadline = deadline.min(Instant::now() + lame_duck_time);
                    }
                }
            }
            ready!(self.limits.timer.poll(context, deadline));
            Poll::Ready(Bytes::new())
        });
        let came = came.await;
        if came.is_empty() {
            return self.part().await;
        }
        self.came = came;
        Some(())
    }

    /// Waits for more of a request that has begun; whether it came soon enough. Nothing: all
    /// connections must end, or this one.
    async fn more(&mut self, activity: Activity) -> Option<bool> {
        if !self.limits.handle.set(activity) {
            return None;
        }
        let deadline = *self.incomplete_since.get_or_insert_with(Instant::now) + PATIENCE;
        std::future::poll_fn(|context| {
            if let Poll::Ready(more) = self.poll_read(context) {
                let more = more.unwrap_or_default();
                self.came = [&self.came[..], &more[..]].concat().into();
                return Poll::Ready(Some(!more.is_empty()));
            }
            if self.limits.timer.poll(context, deadline).is_ready() {
                return Poll::Ready(Some(false));
            }
            self.limits.ended.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut piece = [const { MaybeUninit::uninit() }; PIECE];
        let mut piece = ReadBuf::uninit(&mut piece);
        ready!(Pin::new(&mut *self.stream).poll_read(context, &mut piece))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(piece.filled())))
    }

    /// The answer, unless the client leaves before there is one; meanwhile it may ask
    /// for more. The first `length` bytes are what is being answered.
    async fn while_it_waits(
        &mut self,
        mut serving: Pin<&mut impl Future<Output = Answer>>,
        length: usize,
    ) -> Option<Answer> {
        std::future::poll_fn(|context| {
            if let Poll::Ready(answer) = serving.as_mut().poll(context) {
                return Poll::Ready(Some(answer));
            }
            while self.came.len() == length {
                match self.poll_read(context) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(more)) if !more.is_empty() => {
                        let both = [&self.came[..], &more[..]].concat();
                        self.came = both.into();
                    }
                    Poll::Ready(_) => return Poll::Ready(None),
                }
            }
            self.limits.ended.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    async fn write(&mut self, head: &mut Vec<u8>, mut body: Bytes) -> Option<()> {
        if body.len() <= SMALL {
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

    /// Writes an answer as it comes.
    async fn stream_out(&mut self, mut outgoing: Outgoing) -> Option<()> {
        while !outgoing.is_done() {
            std::future::poll_fn(|context| {
                if let Poll::Ready(gathered) = outgoing.poll_gather(context) {
                    return Poll::Ready(gathered.ok());
                }
                // Meanwhile the client may ask for more, or leave.
                while self.came.is_empty() {
                    match self.poll_read(context) {
                        Poll::Pending => break,
                        Poll::Ready(Ok(more)) if !more.is_empty() => self.came = more,
                        Poll::Ready(_) => return Poll::Ready(None),
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

    /// Says goodbye.
    async fn part<T>(&mut self) -> Option<T> {
        let mut stream = Pin::new(&mut *self.stream);
        let parted = |context: &mut Context<'_>| stream.as_mut().poll_shutdown(context);
        self.limits.unless_stuck(parted).await?;
        None
    }
}

impl Limits<'_, '_> {
    /// Writes a head, and has the kernel send what is in a file. The client is waited for as
    /// long as it may keep us waiting, the file for as long as it takes.
    async fn send(&mut self, socket: &TcpStream, mut sending: Sending<'_>) -> Option<()> {
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

    /// What a step of writing leads to. Nothing: the client has read nothing for too
    /// long, the connection is broken, or all of them must end.
    async fn unless_stuck<T>(
        &mut self,
        mut step: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Option<T> {
        let mut deadline = None;
        unless_ended(&mut self.ended, |context| {
            if let Poll::Ready(done) = step(context) {
                if deadline.is_some() {
                    self.handle.set_unread(None);
                }
                return Poll::Ready(done);
            }
            let deadline = *deadline.get_or_insert_with(|| {
                let now = Instant::now();
                self.handle.set_unread(Some(now + self.slow_time));
                now + self.body_time
            });
            let late = self.timer.poll(context, deadline);
            late.map(|()| Err(ErrorKind::TimedOut.into()))
        })
        .await
    }
}

/// What a step leads to. Nothing: it failed, or all connections must end.
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

/// Writes the head of an answer.
fn write_head(
    head: &mut Vec<u8>,
    answer: &Answer,
    framing: Framing,
    is_head: bool,
    is_last: bool,
    here: &WorkerContext,
) {
    let (status, headers) = (answer.status(), answer.headers());
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    let own = answer.extensions().get::<ReasonPhrase>();
    let usual = || status.canonical_reason().unwrap_or("Unknown").as_bytes();
    head.extend_from_slice(own.map_or_else(usual, ReasonPhrase::as_bytes));
    head.extend_from_slice(b"\r\n");
    let mut line = |name: &HeaderName, value: &[u8]| {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    };
    // A 204 has no length (RFC 9110, section 8.6).
    let is_said = |name: &HeaderName| status != StatusCode::NO_CONTENT || name != CONTENT_LENGTH;
    for (name, value) in headers.iter().filter(|(name, _)| is_said(name)) {
        line(name, value.as_bytes());
    }
    match framing {
        Framing::Chunked => line(&TRANSFER_ENCODING, b"chunked"),
        Framing::Length(length) => {
            let has_length = !has_no_body(status) && (!is_head || length > 0);
            if has_length && !headers.contains_key(CONTENT_LENGTH) {
                line(
                    &CONTENT_LENGTH,
                    itoa::Buffer::new().format(length).as_bytes(),
                );
            }
        }
    }
    if !headers.contains_key(DATE) {
        here.with_date(|date| line(&DATE, date.as_bytes()));
    }
    if is_last && !headers.contains_key(CONNECTION) {
        line(&CONNECTION, CLOSE.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
}
