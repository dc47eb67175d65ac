//! The budget for guessing codes. It protects short codes from clients that try all of them.
//!
//! Distinct wrong codes are counted for each network around the client (see [`tally`]), and for the
//! whole installation. The installation's limits are 150 wrong codes in 10 minutes and 1,500 a day.
//! When a limit is reached, a code is accepted only together with a guest's name that belongs to
//! the code. So guessing never locks anybody out, and at most 1,500 codes a day are tried without a
//! name. Wrong names have separate limits. There is a limit for each network, and a limit of 3 an
//! hour for each code, whether or not the code exists.
//!
//! Repeating the same wrong code is free, and so is a right code, because many people behind one IP
//! address use their codes. An attempt waits for the look-ups in flight if their failure would use
//! up the budget.
//!
//! Wrong attempts are written to the store every few seconds and read back, so the budget survives
//! a restart and is shared by all processes. When the installation's budget is used up, the job
//! [`USED_UP`] is enqueued in the same transaction.

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

/// The job that warns the owners when the installation's budget is used up. It repeats the warning
/// every hour while the budget remains used up.
pub const USED_UP: &str = "guess.used_up";
const ALARM_AGAIN: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Further wrong attempts of the day are counted but not remembered.
const REMEMBERED: usize = 10_000;
/// The maximum number of remembered attempts with a name. The remaining room is for attempts
/// without a name.
const REMEMBERED_WITH_NAME: usize = 8_000;
/// The maximum number of right codes that are remembered. Each is remembered for one network.
const RIGHT: usize = 20_000;
/// The maximum number of attempts that wait for look-ups in flight; further attempts are refused.
const WAITING: usize = 1_024;
/// How often the budget is synchronized with the store. A crash may lose the attempts of up to
/// twice this period.
const PAUSE: Duration = Duration::from_secs(5);
/// How far each read from the store overlaps the previous one, to allow for other processes' clock
/// skew and delays.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);

/// The installation's budget for guessing codes. Clones share it.
#[derive(Clone, Debug)]
pub struct GuessBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    ended: Notify,
    waiting: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    tallies: Tallies,
    /// The wrong attempts of the last day, as hashes.
    wrong: HashMap<i64, Timestamp>,
    /// The right codes that were used, each hashed together with the client's network. Using a
    /// right code again from the same network is not a guess.
    right: HashSet<i64>,
    unwritten: Vec<Failure>,
    read_until: Timestamp,
    swept_at: Timestamp,
    alarmed_at: Timestamp,
}

/// An attempt to use a code.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    pub client: IpAddr,
    /// The code as it is passed to the look-up.
    pub code: &'a str,
    /// The guest's name that was entered together with the code, if any.
    pub name: Option<&'a str>,
    /// Whether a guest's name is always required, not only after the budget is used up.
    pub needs_name: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The budget for codes without a name is used up, so a guest's name that belongs to the code
    /// is required.
    #[error("a name is needed")]
    NameRequired(Wait),
    /// There were too many wrong names.
    #[error(transparent)]
    TooMany(#[from] Wait),
}

/// Permission to look up one code. Dropping it cancels the attempt.
#[derive(Debug)]
#[must_use = "a wrong code is to be counted, a right one to be remembered"]
pub struct Attempt {
    budget: GuessBudget,
    failure: Failure,
    /// The counters in which the attempt is reserved until its result is known; `None` for a
    /// repeated attempt.
    held: Option<Held>,
}

impl Default for GuessBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl GuessBudget {
    /// Creates an unused budget. [`GuessBudget::sync`] then adds the stored attempts.
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            ended: Notify::new(),
            waiting: Semaphore::new(WAITING),
        }))
    }

    /// Requests permission to look up a code. If the decision depends on look-ups in flight, waits
    /// for their results.
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

    /// Like [`Self::attempt`], but returns `None` instead of waiting.
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

    /// Whether the budget of the installation is used up at this moment.
    pub fn is_used_up(&self, now: Timestamp) -> bool {
        self.state().tallies.is_used_up(now)
    }

    /// Keeps the budget in sync with the store until `stop`.
    pub async fn run(self, store: Store, clock: Clock, stop: CancellationToken) {
        loop {
            if let Err(error) = self.sync(&store, clock.now()).await {
                tracing::warn!(%error, "cannot store the number of wrong codes; it is tried again; if this goes on, check the store's disk or database server");
            }
            let paused = stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            if paused.is_none() {
                return;
            }
        }
    }

    /// Writes this process's new wrong attempts to the store, and reads the attempts of other
    /// processes.
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
    /// Whether the caller must compare the entered name with the stored names.
    pub fn needs_name(&self) -> bool {
        self.failure.code.is_some()
    }

    /// Reports that the code was right. Using the code again from this network is free while the
    /// code is remembered. Earlier wrong codes stay counted.
    pub fn succeeded(self) {
        let mut state = self.budget.state();
        // Forgetting all right codes costs little: the next use of each code counts as an attempt
        // again, and may have to wait briefly.
        if state.right.len() >= RIGHT {
            state.right.clear();
        }
        state.right.insert(self.failure.guess);
    }

    /// Reports a wrong code or name.
    pub fn failed(mut self, now: Timestamp) {
        self.failure.at = now;
        let mut state = self.budget.state();
        let was_used_up = state.tallies.is_used_up(now);
        if state.add(&self.failure, now) {
            state.unwritten.push(self.failure.clone());
        }
        if state.tallies.is_used_up(now) && !was_used_up {
            tracing::warn!(
                "too many wrong codes were tried, so guests must also give a name for now; this ends by itself"
            );
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
    /// Counts a wrong attempt, unless it was counted before. Returns whether to store it.
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

/// A short hash that distinguishes attempts, so that codes and names are never stored.
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
