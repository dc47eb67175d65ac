//! Lets all requests for the same response share one request to the server.
//!
//! A separate task fetches the response, so the waiting requests do not depend on the first
//! client's connection.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

use super::stored::{Key, Stored};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// The server sent the response.
    New,
    Renewed,
    /// The server failed with this status, so a stale stored response is used.
    StandsIn(u16),
}

/// `None` if each of the waiting requests must be sent to the server separately.
type Outcome = Option<(Arc<Stored>, How)>;

pub(crate) struct InFlight {
    /// `None` while the response is being fetched.
    outcome: watch::Sender<Option<Outcome>>,
    /// The entry under which other requests find and join this fetch; `None` if they cannot join.
    entry: Option<(Arc<Flights>, FlightKey)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct FlightKey {
    pub(super) key: Key,
    /// A hash of the request headers that the newest stored response names in `Vary`.
    pub(super) variation: u64,
}

/// The running fetches that other requests can join.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<FlightKey, Weak<InFlight>>>);

impl Flights {
    /// Joins a running fetch or begins a new one.
    ///
    /// A request searches the store before it calls this function. Between the search and the call,
    /// a fetch may store its response and end. Therefore, this function searches the store again
    /// with `is_there`.
    pub(super) fn join(
        self: &Arc<Self>,
        entry: FlightKey,
        is_there: impl FnOnce() -> Option<Arc<Stored>>,
    ) -> Joined {
        let mut all = self.all();
        if let Some(flight) = all.get(&entry).and_then(Weak::upgrade)
            && !flight.is_over()
        {
            return Joined::Follows(flight);
        }
        if let Some(there) = is_there() {
            return Joined::Landed(there);
        }
        let flight = InFlight::new(Some((Arc::clone(self), entry.clone())));
        all.insert(entry, Arc::downgrade(&flight));
        Joined::Leads(FillGuard(flight))
    }

    fn leave(&self, entry: &FlightKey, flight: *const InFlight) {
        let mut all = self.all();
        if all.get(entry).is_some_and(|there| there.as_ptr() == flight) {
            all.remove(entry);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<FlightKey, Weak<InFlight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) enum Joined {
    Leads(FillGuard),
    Follows(Arc<InFlight>),
    /// A fetch has just ended. This is its response.
    Landed(Arc<Stored>),
}

impl InFlight {
    pub(super) fn new(entry: Option<(Arc<Flights>, FlightKey)>) -> Arc<Self> {
        let outcome = watch::Sender::new(None);
        Arc::new(Self { outcome, entry })
    }

    pub(super) fn is_over(&self) -> bool {
        self.outcome.borrow().is_some()
    }

    pub(crate) async fn wait(&self) -> Outcome {
        let mut outcome = self.outcome.subscribe();
        let ended = outcome.wait_for(Option::is_some).await;
        ended.ok()?.clone()?
    }

    /// Lets the waiting requests continue. No further request joins the fetch.
    pub(crate) fn end(&self, outcome: Outcome) {
        if let Some((flights, entry)) = &self.entry {
            flights.leave(entry, self);
        }
        self.outcome.send_replace(Some(outcome));
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InFlight").finish_non_exhaustive()
    }
}

/// The leading request holds this guard. Dropping the guard ends the fetch, so no request waits for
/// a leader that no longer exists.
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
