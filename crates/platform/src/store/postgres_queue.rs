//! The calls that wait for a thread of the PostgreSQL engine, and whether a primary server answers.
//!
//! While none answers, all calls wait in their order, and no thread waits with one of them. The
//! [relay](super::relay) finds out when a primary server answers again.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::tx::{Mode, Wake};
use super::{Call, QUEUE_LIMIT, StoreError};

/// The maximum number of calls that wait while no primary server answers. Reads are refused when
/// half of them wait, so that changes find room.
const AWAY_LIMIT: usize = 10_000;
/// The maximum number of bytes that the requests of all waiting calls hold of their bodies. Reads
/// are refused at half of it.
const HELD_LIMIT: usize = 64 << 20;
/// How often waiting threads look for calls that have waited too long.
const EXPIRE: Duration = Duration::from_millis(250);

pub(super) struct Task {
    pub(super) mode: Mode,
    pub(super) call: Call,
    /// How many bytes of its body the request holds while the call waits.
    held: usize,
    /// The change was sent to be committed under this id, but the connection broke before the
    /// answer.
    pub(super) doubt: Option<Doubt>,
    since: Instant,
    /// Why the call was put back.
    lost: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) id: String,
    pub(super) wake: Wake,
}

impl Task {
    pub(super) fn new(mode: Mode, call: Call, held: usize) -> Self {
        Self {
            mode,
            call,
            held,
            doubt: None,
            since: Instant::now(),
            lost: None,
        }
    }

    fn has_waited(&self, patience: Duration) -> bool {
        self.since.elapsed() >= patience
    }

    /// Answers a call for which no primary server was found in time.
    pub(super) fn give_up(self, error: StoreError) {
        let error = if self.doubt.is_some() {
            StoreError::Unknown
        } else {
            error
        };
        self.call.answer(Err(error));
    }
}

/// What a thread does next.
pub(super) enum Next {
    Run(Task),
    /// The call has waited too long; the text says why no primary server answers.
    Expired(Task, String),
    Closed,
}

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether no primary server answers.
    away: watch::Sender<bool>,
    /// How long calls wait for a primary server.
    patience: Duration,
}

struct State {
    tasks: VecDeque<Task>,
    /// The sum over all tasks.
    held: usize,
    /// Why no primary server answers.
    reason: String,
    /// When a primary server answered last.
    answered: Instant,
    /// Whether more calls wait than usual, because no primary server answered lately.
    is_crowded: bool,
    is_closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                tasks: VecDeque::new(),
                held: 0,
                reason: String::new(),
                answered: Instant::now(),
                is_crowded: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
            away: watch::Sender::new(false),
            patience,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    /// A watch that is `true` while no primary server answers.
    pub(super) fn away(&self) -> watch::Receiver<bool> {
        self.away.subscribe()
    }

    pub(super) fn send(&self, task: Task) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(StoreError::Stopped);
        }
        let limit = match (state.is_crowded, task.mode) {
            (false, _) => QUEUE_LIMIT,
            (true, Mode::Write) => AWAY_LIMIT,
            (true, Mode::Read) => AWAY_LIMIT / 2,
        };
        let held_limit = match task.mode {
            Mode::Write => HELD_LIMIT,
            Mode::Read => HELD_LIMIT / 2,
        };
        let held = state.held + task.held;
        // A call that waits for nobody is let in, whatever its size.
        if state.tasks.len() >= limit || (held > held_limit && !state.tasks.is_empty()) {
            return Err(StoreError::Busy);
        }
        state.held = held;
        state.tasks.push_back(task);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for the next call.
    pub(super) fn next(&self) -> Next {
        let mut state = self.state();
        loop {
            let is_away = self.is_away();
            if !is_away && state.tasks.len() < QUEUE_LIMIT / 2 {
                state.is_crowded = false;
            }
            let is_over = |task: &Task| {
                let is_refused = is_away || task.lost.is_some();
                is_refused && (state.is_closed || task.has_waited(self.patience))
            };
            let is_expired = state.tasks.front().is_some_and(is_over);
            if (is_expired || !is_away)
                && let Some(mut task) = state.tasks.pop_front()
            {
                state.held -= task.held;
                if is_expired {
                    let reason = task.lost.take().unwrap_or_else(|| state.reason.clone());
                    return Next::Expired(task, reason);
                }
                return Next::Run(task);
            }
            if state.is_closed {
                return Next::Closed;
            }
            state = if is_away {
                let waited = self.changed.wait_timeout(state, EXPIRE);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let waited = self.changed.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Puts back a call for which no connection was found, before all others.
    pub(super) fn put_back(&self, mut task: Task, error: StoreError) {
        task.lost = Some(reason_of(error));
        let mut state = self.state();
        state.held += task.held;
        state.tasks.push_front(task);
    }

    /// Notes that no primary server answers.
    pub(super) fn lost(&self, error: StoreError) {
        let reason = reason_of(error);
        let mut state = self.state();
        if !self.is_away() {
            tracing::warn!(
                reason,
                "no primary server of PostgreSQL answers, and changes wait for it; start it, or correct store.url"
            );
        }
        state.reason = reason;
        state.is_crowded = true;
        self.away.send_replace(true);
    }

    /// Notes that a primary server answers.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.answered = Instant::now();
        if self.away.send_replace(false) {
            tracing::info!(
                waiting = state.tasks.len(),
                "a primary server of PostgreSQL answers again"
            );
            drop(state);
            self.changed.notify_all();
        }
    }

    /// How long calls wait for a primary server.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Whether a primary server answered lately.
    pub(super) fn is_ready(&self) -> bool {
        self.state().answered.elapsed() < self.patience
    }

    /// Takes no more calls. Those that wait are still run if a primary server answers.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }
}

fn reason_of(error: StoreError) -> String {
    match error {
        StoreError::Unavailable(reason) => reason,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::super::{Tx, TypedWork};
    use super::*;

    const MIB: usize = 1 << 20;

    fn task(mode: Mode, held: usize) -> Task {
        let call = Call {
            work: TypedWork::boxed(|_: &mut Tx<'_>| Ok::<_, StoreError>(())),
            error: None,
            request: None,
            reply: oneshot::channel().0,
        };
        Task::new(mode, call, held)
    }

    fn is_taken(queue: &Queue, mode: Mode, held: usize) -> bool {
        queue.send(task(mode, held)).is_ok()
    }

    #[test]
    fn waiting_calls_are_limited_by_number_and_by_what_their_requests_hold() {
        let queue = Queue::new(Duration::ZERO);
        queue.lost(StoreError::Unavailable("away".to_owned()));
        let taken = (0..100).filter(|_| is_taken(&queue, Mode::Read, MIB));
        assert_eq!(taken.count(), 32);
        let taken = (0..100).filter(|_| is_taken(&queue, Mode::Write, MIB));
        assert_eq!(taken.count(), 32);
        // What holds nothing still has room.
        assert!(is_taken(&queue, Mode::Write, 0));

        let Next::Expired(task, _) = queue.next() else {
            panic!("no server answers");
        };
        assert!(is_taken(&queue, Mode::Write, MIB));
        queue.put_back(task, StoreError::Busy);
        assert!(!is_taken(&queue, Mode::Write, 1));
        while queue.state().tasks.len() > 1 {
            drop(queue.next());
        }
        assert!(is_taken(&queue, Mode::Read, 31 * MIB));
        drop((queue.next(), queue.next()));
        assert_eq!(queue.state().held, 0);
        assert!(is_taken(&queue, Mode::Read, 100 * MIB));
        assert!(!is_taken(&queue, Mode::Write, 1));
        drop(queue.next());

        let taken = (0..AWAY_LIMIT).filter(|_| is_taken(&queue, Mode::Read, 0));
        assert_eq!(taken.count(), AWAY_LIMIT / 2);
        let taken = (0..AWAY_LIMIT).filter(|_| is_taken(&queue, Mode::Write, 0));
        assert_eq!(taken.count(), AWAY_LIMIT / 2);
    }
}
