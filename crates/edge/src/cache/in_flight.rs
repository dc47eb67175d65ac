//! One request to the server, and all who wait for its answer.
//!
//! Whoever asks first leads: a task of its own fetches the answer, so that nobody
//! depends on the leader's client staying. The others follow: they wait until the
//! answer is there whole.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::store::Store;
use super::stored::{Key, Stored};

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

/// What all who wait are sent; nothing: everybody asks for themselves.
type Outcome = Option<(Arc<Stored>, How)>;

/// A request under way.
pub(crate) struct InFlight {
    /// Nothing before its end.
    outcome: watch::Sender<Option<Outcome>>,
    /// Where others find it.
    place: Option<(Arc<Store>, (Key, u64))>,
}

impl InFlight {
    pub(super) fn new(place: Option<(Arc<Store>, (Key, u64))>) -> Arc<Self> {
        let outcome = watch::Sender::new(None);
        Arc::new(Self { outcome, place })
    }

    /// Whether nothing more happens.
    pub(super) fn is_over(&self) -> bool {
        self.outcome.borrow().is_some()
    }

    /// Waits for its end.
    pub(crate) async fn wait(&self) -> Outcome {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        ended.ok()?.clone()?
    }

    /// Nobody joins it any more, and all who wait go on.
    pub(crate) fn end(&self, outcome: Outcome) {
        if let Some((store, place)) = &self.place {
            store.leave(place, self);
        }
        self.outcome.send_replace(Some(outcome));
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InFlight").finish_non_exhaustive()
    }
}

/// The leader's part in a flight, which ends with it: nobody waits for one who left.
#[derive(Debug)]
pub(crate) struct FillGuard(pub(crate) Arc<InFlight>);

impl Drop for FillGuard {
    fn drop(&mut self) {
        if !self.0.is_over() {
            self.0.end(None);
        }
    }
}

#[cfg(test)]
mod tests;
