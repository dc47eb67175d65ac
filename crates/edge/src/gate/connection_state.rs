//! What the gate and the service of one connection tell each other.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use super::rejected_request_log::Seen;
use http1::Refusal;

/// Shared by the gate, which counts what comes, and the service, which counts what goes.
#[derive(Debug, Default)]
pub(crate) struct ConnectionState {
    pages: Mutex<Pages>,
}

/// What the gate says of a request: of its head when it comes, of its body when it
/// breaks off.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    refusal: Option<Refusal>,
    /// What could be read of the head, if only the gate has looked at it.
    seen: Option<Box<Seen>>,
    ledger: Option<&'a ConnectionState>,
}

impl<'a> Verdict<'a> {
    /// Of the next request of a connection of HTTP/1.
    pub(crate) fn of(ledger: &'a ConnectionState) -> Self {
        let (refusal, seen) = ledger.begin().unzip();
        Self {
            refusal,
            seen,
            ledger: Some(ledger),
        }
    }

    /// Of a head of which nothing could be read, whatever stands in for it.
    pub(crate) fn unread(refusal: Refusal) -> Self {
        Self {
            refusal: Some(refusal),
            seen: Some(Box::default()),
            ledger: None,
        }
    }

    /// Why it is not let in.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// What could be read of a head that another one stands in for.
    pub(crate) fn take_seen(&mut self) -> Option<Box<Seen>> {
        self.seen.take()
    }

    /// Why its body broke off, if it did by now.
    pub(crate) fn broken(&self) -> Option<Refusal> {
        self.ledger
            .filter(|_| self.refusal.is_none())
            .and_then(ConnectionState::broken)
    }
}

/// Of a protocol whose bytes the gate does not judge.
impl From<Option<Refusal>> for Verdict<'_> {
    fn from(refusal: Option<Refusal>) -> Self {
        Self {
            refusal,
            seen: None,
            ledger: None,
        }
    }
}

#[derive(Debug, Default)]
struct Pages {
    /// Heads handed to the engine.
    came: u64,
    /// Requests the service was given.
    begun: u64,
    /// Answers that ended, and when the last one did.
    ended: u64,
    ended_at: Option<Instant>,
    /// The last of those that came stands for what was refused.
    refused: Option<(Refusal, Box<Seen>)>,
    /// Why the body that is being read will not end well.
    broken: Option<Refusal>,
    /// Whether the protocol changes, once the answer is made.
    upgrade: Option<bool>,
    waiting: Option<Waker>,
}

impl ConnectionState {
    /// So many heads go to the engine.
    pub(crate) fn came(&self, heads: u64) {
        if heads > 0 {
            let mut pages = self.pages();
            pages.came += heads;
            pages.upgrade = None;
        }
    }

    /// A head goes to the engine that only carries a refusal.
    pub(crate) fn refused(&self, refusal: Refusal, seen: Seen) {
        let mut pages = self.pages();
        pages.came += 1;
        pages.refused = Some((refusal, Box::new(seen)));
    }

    /// The body that is being read breaks off.
    pub(crate) fn broke(&self, refusal: Refusal) {
        self.pages().broken = Some(refusal);
    }

    /// Why a body broke off, if one did.
    fn broken(&self) -> Option<Refusal> {
        self.pages().broken
    }

    /// The service was given a request; the refusal it stands for, if it does.
    pub(crate) fn begin(&self) -> Option<(Refusal, Box<Seen>)> {
        let mut pages = self.pages();
        pages.begun += 1;
        let is_last = pages.begun == pages.came;
        is_last.then(|| pages.refused.take()).flatten()
    }

    /// The answer is known: whether it changes the protocol. Only that of the last
    /// request says so: behind a wish for another protocol nothing else is let in.
    pub(crate) fn decide(&self, upgrade: bool) {
        let mut pages = self.pages();
        if pages.begun != pages.came {
            return;
        }
        pages.upgrade = Some(upgrade);
        if let Some(waker) = pages.waiting.take() {
            waker.wake();
        }
    }

    /// An answer was written, or given up.
    pub(crate) fn end(&self) {
        let mut pages = self.pages();
        pages.ended += 1;
        pages.ended_at = Some(Instant::now());
    }

    /// Since when nothing is owed to the client; none while an answer is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let pages = self.pages();
        pages.ended_at.filter(|_| pages.came == pages.ended)
    }

    /// Whether the last answer changes the protocol.
    pub(crate) fn poll_upgrade(&self, context: &Context<'_>) -> Poll<bool> {
        let mut pages = self.pages();
        if let Some(upgrade) = pages.upgrade {
            return Poll::Ready(upgrade);
        }
        pages.waiting = Some(context.waker().clone());
        Poll::Pending
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Nothing in here can panic half-way.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
