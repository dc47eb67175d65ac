//! The budget for guessing codes: the defence between a short code and
//! a client that tries them all.
//!
//! Distinct wrong codes are counted for each network that the client is in (see
//! [`tally`]), and for the whole installation: 150 in 10 minutes and 1,500 a day.
//! Where one of these is used up, a code is looked up only together with a name
//! that belongs to it. So guessing never shuts anybody out, and at most 1,500 codes
//! a day are looked up by their letters alone. Tries with a wrong name have counts
//! of their own: for each network, and 3 an hour for each code, whether it exists
//! or not.
//!
//! The same wrong try again is free, and so is a right one: many people behind one
//! address all use their codes. While look-ups are in flight their outcome
//! is unknown, so a try that would exceed the budget if they all failed waits for
//! them.
//!
//! Wrong tries are written to the store every few seconds and read from there, so
//! the budget survives a restart and is one for all processes. With them goes the
//! alarm, the job [`USED_UP`], when the budget of the installation is used up.

mod rows;
mod tally;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use super::Wait;
use crate::Clock;
use crate::store::{Store, StoreError};
use rows::Failure;
use tally::{Held, Room, Tallies};

/// The job that is enqueued when the budget of the installation is used up, and
/// each hour while it stays so: it tells the owners.
pub const USED_UP: &str = "guess.used_up";
const ALARM_AGAIN: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Wrong tries of a day that are remembered, and so written to the store; further
/// ones are only counted.
const REMEMBERED: usize = 10_000;
/// As many of them may be tries with a name, so that none of the others is lost.
const REMEMBERED_WITH_NAME: usize = 8_000;
/// Right codes remembered, each with the network it came from.
const RIGHT: usize = 20_000;
/// Tries that wait for others at one time; further ones are refused.
const WAITING: usize = 1_024;
/// How often the store is read and written; half of what a crash may lose.
const PAUSE: Duration = Duration::from_secs(5);
/// How far back each reading goes over what was read before: other processes'
/// clocks and their pauses.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);

/// The budget of the whole installation. Clones share it.
#[derive(Clone, Debug)]
pub struct GuessBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Notified whenever a look-up ends.
    ended: Notify,
    waiting: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    tallies: Tallies,
    /// Wrong tries of the last day, by hash.
    wrong: HashMap<i64, Timestamp>,
    /// Hashes of codes that opened something for a network: using them again from
    /// there is no guess.
    right: HashSet<i64>,
    unwritten: Vec<Failure>,
    read_until: Timestamp,
    swept_at: Timestamp,
    alarmed_at: Timestamp,
}

/// Somebody tries a code.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// The code as it is looked up.
    pub code: &'a str,
    /// A name that belongs to the code, if one was given.
    pub name: Option<&'a str>,
    /// Whether a name is asked for although the budget is not used up.
    pub needs_name: bool,
}

/// Why a code may not be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The budget for codes alone is used up: a name that belongs to the code is needed.
    #[error("a name is needed")]
    NameRequired(Wait),
    /// Too many wrong names.
    #[error(transparent)]
    TooMany(#[from] Wait),
}

/// Permission to look one code up. Dropped, the try is forgotten.
#[derive(Debug)]
#[must_use = "a wrong code is to be counted, a right one to be remembered"]
pub struct Attempt {
    budget: GuessBudget,
    failure: Failure,
    /// Where it counts until its outcome is known, unless that is known already.
    held: Option<Held>,
}

impl Default for GuessBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl GuessBudget {
    /// A whole budget; [`GuessBudget::sync`] fetches what was used already.
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            ended: Notify::new(),
            waiting: Semaphore::new(WAITING),
        }))
    }

    /// Asks for permission to look a code up. Waits while that depends on how
    /// other look-ups end.
    pub async fn attempt(&self, guess: Try<'_>, now: Timestamp) -> Result<Attempt, Refused> {
        let mut place = None;
        loop {
            let ended = self.0.ended.notified();
            if let Some(attempt) = self.attempt_now(guess, now)? {
                return Ok(attempt);
            }
            if place.is_none() {
                let free = self.0.waiting.try_acquire();
                place = Some(free.map_err(|_| Wait { seconds: 1 })?);
            }
            ended.await;
        }
    }

    /// The same without waiting; `None`: it depends on look-ups in flight.
    pub fn attempt_now(&self, guess: Try<'_>, now: Timestamp) -> Result<Option<Attempt>, Refused> {
        let mut state = self.state();
        let mut failure = Failure::new(guess.client, guess.code, None, now);
        let mut room = state.tallies.room(&failure, now);
        if guess.needs_name || matches!(room, Room::Full(_)) {
            let wait = room.wait();
            let name = guess.name.ok_or(Refused::NameRequired(wait))?;
            failure = Failure::new(guess.client, guess.code, Some(name), now);
            room = state.tallies.room(&failure, now);
            if let Room::Full(_) = room {
                return Err(room.wait().into());
            }
        }
        let held = if state.is_known(&failure) {
            None
        } else if room == Room::Free {
            Some(state.tallies.begin(&failure, now))
        } else {
            return Ok(None);
        };
        drop(state);
        Ok(Some(Attempt {
            budget: self.clone(),
            failure,
            held,
        }))
    }

    /// Whether the budget of the installation is used up just now.
    pub fn is_used_up(&self, now: Timestamp) -> bool {
        self.state().tallies.is_used_up(now)
    }

    /// Keeps the store and this process's counts together, until `stop`.
    pub async fn run(self, store: Store, clock: Clock, stop: CancellationToken) {
        loop {
            if let Err(error) = self.sync(&store, clock.now()).await {
                tracing::warn!(%error, "wrong codes were not shared with the store");
            }
            let paused = stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            if paused.is_none() {
                return;
            }
        }
    }

    /// Writes what the store does not know yet, and reads what others wrote.
    pub async fn sync(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let (unwritten, since, is_due, alarm) = {
            let mut state = self.state();
            let is_due = now.duration_since(state.swept_at) >= SignedDuration::from_hours(1);
            if is_due {
                state.forget(now);
            }
            let is_new = now.duration_since(state.alarmed_at) >= ALARM_AGAIN;
            let alarm = is_new && state.tallies.is_used_up(now);
            let unwritten = std::mem::take(&mut state.unwritten);
            (unwritten, state.read_until, is_due, alarm)
        };
        if is_due || alarm || !unwritten.is_empty() {
            let failures = unwritten.clone();
            let written = store
                .write(move |tx| {
                    rows::write(tx, &failures, now)?;
                    if alarm { rows::ring(tx) } else { Ok(()) }
                })
                .await;
            let mut state = self.state();
            if let Err(error) = written {
                state.unwritten.splice(..0, unwritten);
                return Err(error);
            }
            state.swept_at = if is_due { now } else { state.swept_at };
            if alarm {
                state.alarmed_at = now;
            }
        }
        let since = since.max(now - DAY);
        let failures = store.read(move |tx| rows::read(tx, since)).await?;
        let mut state = self.state();
        for failure in failures {
            state.add(&failure, now);
        }
        state.read_until = now - OVERLAP;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// Whether the name that was given must be compared with what is stored.
    pub fn needs_name(&self) -> bool {
        self.failure.code.is_some()
    }

    /// The code was right: its next use from this network counts for nothing while
    /// it is looked up. Wrong ones stay counted.
    pub fn succeeded(self) {
        let mut state = self.budget.state();
        // Forgetting costs a moment's waiting at most.
        if state.right.len() >= RIGHT {
            state.right.clear();
        }
        state.right.insert(self.failure.guess);
    }

    /// The code or the name was wrong.
    pub fn failed(mut self, now: Timestamp) {
        self.failure.at = now;
        let mut state = self.budget.state();
        let was_used_up = state.tallies.is_used_up(now);
        if state.add(&self.failure, now) {
            state.unwritten.push(self.failure.clone());
        }
        if state.tallies.is_used_up(now) && !was_used_up {
            tracing::warn!("the budget for wrong codes is used up");
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            let now = self.failure.at;
            self.budget.state().tallies.end(held, now);
            self.budget.0.ended.notify_waiters();
        }
    }
}

impl State {
    /// Counts a wrong try, unless it is known; tells whether it is to be kept.
    fn add(&mut self, failure: &Failure, now: Timestamp) -> bool {
        self.right.remove(&failure.guess);
        if self.is_known(failure) {
            return false;
        }
        self.tallies.count(failure, now);
        let bound = match failure.code {
            None => REMEMBERED,
            Some(_) => REMEMBERED_WITH_NAME,
        };
        let is_kept = self.wrong.len() < bound;
        if is_kept {
            self.wrong.insert(failure.guess, failure.at);
        }
        is_kept
    }

    /// Whether this very try had an outcome before.
    fn is_known(&self, failure: &Failure) -> bool {
        let wrong = self.wrong.get(&failure.guess);
        let is_wrong = wrong.is_some_and(|at| failure.at.duration_since(*at) < DAY);
        is_wrong || self.right.contains(&failure.guess)
    }

    fn forget(&mut self, now: Timestamp) {
        self.wrong.retain(|_, at| now.duration_since(*at) < DAY);
        self.tallies.forget(now);
    }
}

/// Enough of a hash to tell tries apart; codes and names are never kept.
fn hash(parts: &[&str]) -> i64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
        hasher.update([0]);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | i64::from(*byte))
}
