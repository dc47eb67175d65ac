//! One request to the server, and all who wait for its answer.
//!
//! Whoever asks first leads: a task of its own fetches the answer, so that nobody
//! depends on the leader's client staying. The others follow: they are sent the
//! answer's body as it comes if its length was told; else they wait for its end,
//! for it may yet be too large to be kept. The leader is sent it in either case.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::store::{Gathering, Store};
use super::stored::{Head, Key, Stored};
use crate::body::{Body, BodyError};

/// How often it is looked whether anybody still waits for a body that may never end;
/// one that nobody waits for twice in a row is given up.
const LOOK: Duration = Duration::from_mins(1);

/// Why a body that others wait for ends in the middle.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off: {0}")]
pub(crate) struct BrokeOff(Arc<str>);

/// How something came to be in the store, or to be sent from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It is what the server answered.
    New,
    /// The server said that nothing changed.
    Renewed,
    /// The server has a fault, of this status, and an older answer stands in.
    StandsIn(u16),
}

/// What a follower hears.
pub(crate) enum Heard {
    /// The answer is there.
    Whole(Arc<Stored>, How),
    /// Its body is still coming.
    Coming(Arc<Head>, u64, Reader),
    /// It cannot be kept, or there is none: everybody asks for themselves.
    Nothing,
}

/// A request under way.
pub(crate) struct Flight {
    state: Mutex<State>,
    /// How many wait for it, or read it.
    waiting: AtomicUsize,
    /// Where others find it.
    place: Option<(Arc<Store>, (Key, u64))>,
}

struct State {
    stage: Stage,
    /// What has come; nothing once it is kept, for it is there in one piece.
    chunks: Vec<Bytes>,
    /// What the body takes, as long as anybody reads it from here.
    room: Option<Gathering>,
    waiting: Vec<Waker>,
}

enum Stage {
    /// The server has not answered.
    Asking,
    /// The body comes, and nobody knows how large it is.
    Gathering,
    /// A body of known length comes.
    Coming(Arc<Head>, u64),
    /// It came whole.
    Kept(Arc<Stored>, How),
    /// It is not kept; the rest of a body that turned out too large is the leader's.
    NotKept(Option<Body>),
    /// It broke off.
    Broken(Arc<str>),
}

impl Flight {
    pub(super) fn new(place: Option<(Arc<Store>, (Key, u64))>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                stage: Stage::Asking,
                chunks: Vec::new(),
                room: None,
                waiting: Vec::new(),
            }),
            waiting: AtomicUsize::new(0),
            place,
        })
    }

    /// Whether nothing more happens.
    pub(super) fn is_over(&self) -> bool {
        matches!(
            self.state().stage,
            Stage::Kept(..) | Stage::NotKept(_) | Stage::Broken(_)
        )
    }

    /// What there is for a follower, as soon as there is something.
    pub(crate) async fn heard(self: Arc<Self>) -> Heard {
        let _waits = Waits::on(&self);
        let flight = Arc::clone(&self);
        std::future::poll_fn(move |context| {
            let mut state = flight.state();
            let heard = match &state.stage {
                Stage::Asking | Stage::Gathering => {
                    state.wait(context);
                    return Poll::Pending;
                }
                Stage::Coming(head, length) => Heard::Coming(
                    Arc::clone(head),
                    *length,
                    Reader::new(&flight, Some(*length)),
                ),
                Stage::Kept(whole, how) => Heard::Whole(Arc::clone(whole), *how),
                Stage::NotKept(_) | Stage::Broken(_) => Heard::Nothing,
            };
            Poll::Ready(heard)
        })
        .await
    }

    /// The body comes now; the length, if it is known. Without one each piece takes
    /// of the room as it comes.
    pub(crate) fn comes(
        self: &Arc<Self>,
        head: &Arc<Head>,
        length: Option<u64>,
        room: Gathering,
    ) -> Reader {
        self.go_on(|state| {
            state.room = Some(room);
            state.stage = match length {
                Some(length) => Stage::Coming(Arc::clone(head), length),
                None => Stage::Gathering,
            };
        });
        Reader::new(self, length)
    }

    /// Comes when nobody has waited for it for a while.
    pub(crate) async fn is_deserted(&self) {
        let mut looks = 0;
        while looks < 2 {
            tokio::time::sleep(LOOK).await;
            let is_alone = self.waiting.load(Ordering::Relaxed) == 0;
            looks = if is_alone { looks + 1 } else { 0 };
        }
    }

    /// Another piece of the body; false: it is the last there is room for.
    pub(crate) fn push(&self, chunk: Bytes) -> bool {
        self.go_on(|state| {
            let has_room = match (&state.stage, &mut state.room) {
                (Stage::Gathering, Some(room)) => room.grow(chunk.len() as u64),
                _ => true,
            };
            state.chunks.push(chunk);
            has_room
        })
    }

    /// The whole of it, in one piece.
    pub(crate) fn gathered(&self) -> Bytes {
        self.state().chunks.concat().into()
    }

    /// The answer is kept, or need not be.
    pub(crate) fn keep(&self, whole: Arc<Stored>, how: How) {
        self.end(Stage::Kept(whole, how));
        // Whoever still reads goes on in what is kept.
        self.state().chunks = Vec::new();
    }

    /// It cannot be kept; what is left of its body is the leader's.
    pub(crate) fn not_kept(&self, rest: Option<Body>) {
        self.end(Stage::NotKept(rest));
    }

    /// It broke off.
    pub(crate) fn broke(&self, why: &str) {
        self.end(Stage::Broken(why.into()));
    }

    fn end(&self, stage: Stage) {
        if let Some((store, place)) = &self.place {
            store.leave(place, self);
        }
        self.go_on(|state| state.stage = stage);
    }

    fn go_on<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (changed, waiting) = {
            let mut state = self.state();
            (change(&mut state), std::mem::take(&mut state.waiting))
        };
        waiting.into_iter().for_each(Waker::wake);
        changed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Flight").finish_non_exhaustive()
    }
}

impl State {
    fn wait(&mut self, context: &Context<'_>) {
        let waker = context.waker();
        if !self.waiting.iter().any(|other| other.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
    }
}

/// The leader's part in a flight, which ends with it: nobody waits for one who left.
#[derive(Debug)]
pub(crate) struct Landing(pub(crate) Arc<Flight>);

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.0.is_over() {
            self.0.broke("whoever fetched it went away");
        }
    }
}

/// Someone who waits for a flight, or reads what it brings.
struct Waits(Arc<Flight>);

impl Waits {
    fn on(flight: &Arc<Flight>) -> Self {
        flight.waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(flight))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body on its way: what has come so far, then each piece as it comes.
pub(crate) struct Reader {
    flight: Waits,
    next: usize,
    /// Bytes that were read.
    sent: usize,
    /// Bytes still to come, if that is known.
    left: Option<u64>,
    /// The end of a body that was too large to be kept.
    rest: Option<Body>,
    is_over: bool,
}

impl Reader {
    fn new(flight: &Arc<Flight>, length: Option<u64>) -> Self {
        Self {
            flight: Waits::on(flight),
            next: 0,
            sent: 0,
            left: length,
            rest: None,
            is_over: false,
        }
    }
}

impl HttpBody for Reader {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(rest) = &mut this.rest {
            return Pin::new(rest).poll_frame(context);
        }
        if this.is_over {
            return Poll::Ready(None);
        }
        let mut state = this.flight.0.state();
        if let Some(chunk) = state.chunks.get(this.next).cloned() {
            this.next += 1;
            this.sent += chunk.len();
            if let Some(left) = &mut this.left {
                *left = left.saturating_sub(chunk.len() as u64);
            }
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match &mut state.stage {
            Stage::Asking | Stage::Gathering | Stage::Coming(..) => {
                state.wait(context);
                return Poll::Pending;
            }
            Stage::Kept(whole, _) => {
                this.is_over = true;
                let rest = whole.body.slice(this.sent.min(whole.body.len())..);
                let rest = (!rest.is_empty()).then(|| Ok(Frame::data(rest)));
                return Poll::Ready(rest);
            }
            Stage::NotKept(rest) if rest.is_some() => {
                this.rest = rest.take();
                // Nobody else reads what came before.
                state.chunks = Vec::new();
                state.room = None;
            }
            Stage::NotKept(_) => {
                this.is_over = true;
                let why: Arc<str> = "somebody else was sent the rest".into();
                return Poll::Ready(Some(Err(BrokeOff(why).into())));
            }
            Stage::Broken(why) => {
                this.is_over = true;
                let error = BrokeOff(Arc::clone(why));
                return Poll::Ready(Some(Err(error.into())));
            }
        }
        drop(state);
        match &mut this.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.rest {
            Some(rest) => rest.is_end_stream(),
            None => self.is_over || self.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.rest, self.left) {
            (Some(rest), _) => rest.size_hint(),
            (None, Some(left)) => SizeHint::with_exact(left),
            (None, None) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests;
