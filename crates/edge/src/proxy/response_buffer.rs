//! Reads a response body before the client demands it. A server may accept only a few connections,
//! and this keeps slow clients from occupying them.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Version;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::task::JoinHandle;

use super::buffer_memory::{BufferMemory, Reservation};
use crate::body::with_more;
use crate::body::{Answer, Body, BodyError};
use crate::lock::lock;

/// The maximum size of a read from a server, in bytes. Most pages arrive with their head in one such
/// read, and a response that its client does not read holds few such pieces.
pub(super) const PIECE: usize = 32 << 10;
const MAX_AHEAD_BYTES: usize = 256 << 10;

thread_local! {
    static PACE: Cell<Pace> = const { Cell::new(Pace::Unknown) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Unknown,
    /// The client has received all earlier pieces. Nothing needs to be read ahead.
    KeepsUp,
    /// The client cannot receive more yet. It polls again, with another pace, once it can.
    FallsBehind,
}

/// Polls a response body for a client that has received everything so far.
pub(crate) fn keeping_up<T>(poll: impl FnOnce() -> T) -> T {
    at_pace(Pace::KeepsUp, poll)
}

/// Polls a response body so that it is read ahead of a client that cannot receive more yet.
pub(crate) fn falling_behind<T>(poll: impl FnOnce() -> T) -> T {
    at_pace(Pace::FallsBehind, poll)
}

fn at_pace<T>(pace: Pace, poll: impl FnOnce() -> T) -> T {
    PACE.set(pace);
    let polled = poll();
    PACE.set(Pace::Unknown);
    polled
}

/// Reads a response ahead of its client. Event streams are not read ahead.
///
/// In HTTP/1, reading ahead begins when the client first falls behind. In HTTP/2 and HTTP/3, it
/// begins at once, because their implementations request a piece only when the client can receive
/// it.
pub(crate) fn read_ahead(answer: Answer, memory: &Arc<BufferMemory>, version: Version) -> Answer {
    if answer.body().is_here() || is_event_stream(answer.headers()) {
        return answer;
    }
    answer.map(|body| {
        let room = memory.for_answer();
        Body::stream(if version >= Version::HTTP_2 {
            ReadAhead::Ahead(Ahead::of(body, room))
        } else {
            ReadAhead::Direct(body, Some(room))
        })
    })
}

pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let begin = kind.and_then(|kind| kind.get(..EVENT_STREAM.len()));
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(EVENT_STREAM))
}

enum ReadAhead {
    Direct(Body, Option<Reservation>),
    Ahead(Ahead),
}

struct Ahead {
    shared: Arc<Mutex<AheadQueue>>,
    reading: JoinHandle<()>,
}

struct AheadQueue {
    ahead: VecDeque<Piece>,
    bytes: usize,
    room: Reservation,
    /// The size of the unread part.
    rest: SizeHint,
    is_over: bool,
    error: Option<BodyError>,
    /// `client` wakes the task that sends to the client when there is a piece. `task` wakes the
    /// reading task when there is room.
    client: Option<Waker>,
    task: Option<Waker>,
}

struct Piece {
    frame: Frame<Bytes>,
    length: usize,
    /// The reserved memory in bytes; 0 if the client waited for the piece.
    reserved: usize,
}

impl Ahead {
    fn of(body: Body, room: Reservation) -> Self {
        let shared = Arc::new(Mutex::new(AheadQueue {
            ahead: VecDeque::new(),
            bytes: 0,
            room,
            rest: body.size_hint(),
            is_over: false,
            error: None,
            client: None,
            task: None,
        }));
        let reading = tokio::spawn(read(body, Arc::clone(&shared)));
        Self { shared, reading }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // The client does not need the rest of the body.
        self.reading.abort();
    }
}

async fn read(mut body: Body, shared: Arc<Mutex<AheadQueue>>) {
    loop {
        let has_room = std::future::poll_fn(|context| lock(&shared).poll_room(context)).await;
        let frame = body.frame().await;
        let mut queue = lock(&shared);
        match frame {
            Some(Ok(frame)) => queue.push(frame, has_room, body.size_hint()),
            Some(Err(error)) => return queue.end(Some(error)),
            None => return queue.end(None),
        }
        if body.is_end_stream() {
            return queue.end(None);
        }
    }
}

impl AheadQueue {
    /// Ready with memory for the piece, or without if the client already waits for it.
    fn poll_room(&mut self, context: &Context<'_>) -> Poll<bool> {
        if self.client.is_some() {
            return Poll::Ready(false);
        }
        if self.bytes + PIECE <= MAX_AHEAD_BYTES && self.room.grow(PIECE) {
            return Poll::Ready(true);
        }
        self.task = Some(context.waker().clone());
        Poll::Pending
    }

    fn push(&mut self, frame: Frame<Bytes>, has_room: bool, rest: SizeHint) {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let reserved = if has_room { length.min(PIECE) } else { 0 };
        self.bytes += length;
        self.ahead.push_back(Piece {
            frame,
            length,
            reserved,
        });
        self.release_surplus();
        self.rest = rest;
        self.wake_client();
    }

    fn pop(&mut self) -> Option<Frame<Bytes>> {
        let ahead = self.ahead.pop_front()?;
        self.bytes -= ahead.length;
        self.room.shrink(self.room.size() - ahead.reserved);
        self.wake_task();
        Some(ahead.frame)
    }

    fn end(&mut self, error: Option<BodyError>) {
        self.error = error;
        self.is_over = true;
        self.release_surplus();
        self.wake_client();
    }

    /// The memory that was reserved for the next piece.
    fn release_surplus(&mut self) {
        let needed = self.ahead.iter().map(|piece| piece.reserved).sum();
        self.room.shrink(needed);
    }

    fn wake_client(&mut self) {
        if let Some(client) = self.client.take() {
            client.wake();
        }
    }

    fn wake_task(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

impl HttpBody for Ahead {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut shared = lock(&self.shared);
        if let Some(frame) = shared.pop() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if shared.is_over {
            return Poll::Ready(shared.error.take().map(Err));
        }
        shared.client = Some(context.waker().clone());
        shared.wake_task();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let shared = lock(&self.shared);
        shared.ahead.is_empty() && shared.is_over && shared.error.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let shared = lock(&self.shared);
        with_more(shared.rest, shared.bytes as u64)
    }
}

impl HttpBody for ReadAhead {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Self::Direct(body, room) = &mut *self {
            match room.take_if(|_| PACE.get() != Pace::KeepsUp) {
                Some(room) => *self = Self::Ahead(Ahead::of(std::mem::take(body), room)),
                None => return Pin::new(body).poll_frame(context),
            }
            if PACE.get() == Pace::FallsBehind {
                return Poll::Pending;
            }
        }
        match &mut *self {
            Self::Direct(body, _) => Pin::new(body).poll_frame(context),
            Self::Ahead(ahead) => Pin::new(ahead).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Direct(body, _) => body.is_end_stream(),
            Self::Ahead(ahead) => ahead.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Direct(body, _) => body.size_hint(),
            Self::Ahead(ahead) => ahead.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use http::Response;
    use http_body_util::StreamBody;
    use tokio::sync::oneshot;

    use super::*;

    /// An endless response, and a counter of the pieces read from it.
    fn endless(kind: &'static str) -> (Answer, Arc<AtomicUsize>) {
        let taken = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&taken);
        let pieces = stream::repeat_with(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, BodyError>(Frame::data(vec![b'x'; PIECE].into()))
        });
        let mut answer = Response::new(Body::stream(StreamBody::new(pieces)));
        let kind = HeaderValue::from_static(kind);
        answer.headers_mut().insert(CONTENT_TYPE, kind);
        (answer, taken)
    }

    async fn until_still(taken: &AtomicUsize) -> usize {
        let mut before = usize::MAX;
        while taken.load(Ordering::SeqCst) != before {
            before = taken.load(Ordering::SeqCst);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        before
    }

    #[tokio::test]
    async fn so_much_is_read_ahead_as_there_is_memory_for() {
        for (memory, pieces) in [(1 << 20, MAX_AHEAD_BYTES / PIECE), (8 * PIECE, 4), (1, 0)] {
            let room = BufferMemory::new(memory);
            let (answer, taken) = endless("text/plain");
            let mut body = read_ahead(answer, &room, Version::HTTP_2).into_body();
            assert_eq!(until_still(&taken).await, pieces);
            for _ in 0..3 {
                body.frame().await.unwrap().unwrap();
            }
            assert_eq!(until_still(&taken).await, pieces + 3);
            assert_eq!(room.used(), pieces * PIECE);
        }
    }

    #[tokio::test]
    async fn for_a_client_that_keeps_up_nothing_is_read_ahead() {
        let memory = BufferMemory::new(1 << 20);
        let (answer, taken) = endless("text/plain");
        let mut body = read_ahead(answer, &memory, Version::HTTP_11).into_body();
        let mut context = Context::from_waker(Waker::noop());
        for count in 1..4 {
            let polled = keeping_up(|| Pin::new(&mut body).poll_frame(&mut context));
            assert!(polled.is_ready());
            assert_eq!(until_still(&taken).await, count);
        }
        let polled = falling_behind(|| Pin::new(&mut body).poll_frame(&mut context));
        assert!(polled.is_pending());
        assert_eq!(until_still(&taken).await, 3 + MAX_AHEAD_BYTES / PIECE);
        body.frame().await.unwrap().unwrap();
        assert_eq!(until_still(&taken).await, 4 + MAX_AHEAD_BYTES / PIECE);
    }

    #[tokio::test]
    async fn of_events_nothing_is_read_ahead() {
        let memory = BufferMemory::new(1 << 20);
        let (answer, taken) = endless("Text/Event-Stream; charset=utf-8");
        let mut body = read_ahead(answer, &memory, Version::HTTP_2).into_body();
        assert_eq!(until_still(&taken).await, 0);
        body.frame().await.unwrap().unwrap();
        assert_eq!(until_still(&taken).await, 1);
    }

    #[tokio::test]
    async fn an_answer_that_has_come_holds_no_more_memory_than_it_needs() {
        let memory = BufferMemory::new(1 << 20);
        let pieces = [Ok::<_, BodyError>(Frame::data(Bytes::from_static(b"one")))];
        let answer = Response::new(Body::stream(StreamBody::new(stream::iter(pieces))));
        let body = read_ahead(answer, &memory, Version::HTTP_2).into_body();
        tokio::task::yield_now().await;
        assert_eq!(memory.used(), 3);
        drop(body);
        tokio::task::yield_now().await;
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test]
    async fn what_came_before_an_error_comes_before_it() {
        let memory = BufferMemory::new(1 << 20);
        let pieces = [
            Ok(Frame::data(Bytes::from_static(b"one"))),
            Err(BodyError::from("broken")),
        ];
        let answer = Response::new(Body::stream(StreamBody::new(stream::iter(pieces))));
        let mut body = read_ahead(answer, &memory, Version::HTTP_2).into_body();
        let first = body.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "one");
        assert!(!body.is_end_stream());
        assert_eq!(
            body.frame().await.unwrap().unwrap_err().to_string(),
            "broken"
        );
        assert!(body.frame().await.is_none());
    }

    /// Sends a message when it is dropped.
    struct Source(Option<oneshot::Sender<()>>);

    impl HttpBody for Source {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            Poll::Pending
        }
    }

    impl Drop for Source {
        fn drop(&mut self) {
            let _ = self.0.take().map(|told| told.send(()));
        }
    }

    #[tokio::test]
    async fn a_client_that_leaves_lets_go_of_the_server() {
        let memory = BufferMemory::new(1 << 20);
        let (told, dropped) = oneshot::channel();
        let answer = Response::new(Body::stream(Source(Some(told))));
        let body = read_ahead(answer, &memory, Version::HTTP_2).into_body();
        tokio::task::yield_now().await;
        drop(body);
        dropped.await.unwrap();
    }
}
