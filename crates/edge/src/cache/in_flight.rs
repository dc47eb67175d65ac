//! One request to the server, and all who wait for its answer.
//!
//! Whoever asks first leads: a task of its own fetches the answer, so that nobody
//! depends on the leader's client staying. The others follow: they wait until the
//! answer is there whole.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

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
    place: Option<(Arc<Flights>, (Key, u64))>,
}

/// The requests under way that others may join, by their address and what its answers were last
/// known to depend on.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<(Key, u64), Weak<InFlight>>>);

impl Flights {
    /// Joins the request under way at this place, or begins one. What is kept is there before its
    /// request ends: who looked in vain a moment ago, and finds no request now, finds it by
    /// `is_there`.
    pub(super) fn join(
        self: &Arc<Self>,
        place: (Key, u64),
        is_there: impl FnOnce() -> Option<Arc<Stored>>,
    ) -> Joined {
        let mut all = self.all();
        if let Some(flight) = all.get(&place).and_then(Weak::upgrade)
            && !flight.is_over()
        {
            return Joined::Follows(flight);
        }
        if let Some(there) = is_there() {
            return Joined::Landed(there);
        }
        let flight = InFlight::new(Some((Arc::clone(self), place.clone())));
        all.insert(place, Arc::downgrade(&flight));
        Joined::Leads(FillGuard(flight))
    }

    /// Nobody joins it any more.
    fn leave(&self, place: &(Key, u64), flight: *const InFlight) {
        let mut all = self.all();
        if all.get(place).is_some_and(|there| there.as_ptr() == flight) {
            all.remove(place);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<(Key, u64), Weak<InFlight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request finds under way.
pub(crate) enum Joined {
    /// Nobody asks yet: it is the one who does.
    Leads(FillGuard),
    /// Somebody asks already.
    Follows(Arc<InFlight>),
    /// Somebody asked, and it is there.
    Landed(Arc<Stored>),
}

impl InFlight {
    pub(super) fn new(place: Option<(Arc<Flights>, (Key, u64))>) -> Arc<Self> {
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
        if let Some((flights, place)) = &self.place {
            flights.leave(place, self);
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
