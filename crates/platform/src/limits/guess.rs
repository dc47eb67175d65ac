//! The budget for guessing invitation codes: what stands between a short code
//! and somebody who tries them all.
//!
//! Distinct wrong codes are counted per address (10 in 10 minutes, 30 a day)
//! and in all (150 in 10 minutes, 1,500 a day). A used-up budget of all locks
//! nobody out, for then anybody could close the party: it leaves each address 3
//! in 10 minutes. The same wrong code again is free, and so is a right one: a
//! hall full of guests behind one address answers at once.
//!
//! A right code gives nothing back, or its holder could buy guesses with it. Nor
//! does it open anything while its address must wait: who waits would learn which
//! codes are right. Whoever asks for leave may let in a browser that has opened
//! the household before, for that one knows it already.
//!
//! Wrong codes are written to the store every few seconds and read from there,
//! so the budget survives a restart and is one for all processes. With them goes
//! the alarm, the job [`USED_UP`], when the budget of all is used up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::Wait;
use super::bounded::Bounded;
use super::window::Window;
use crate::jobs::NewJob;
use crate::store::{Rows, Store, StoreError, Tx};
use crate::{Clock, sql};

const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Per address.
const IN_TEN_MINUTES: usize = 10;
const IN_A_DAY: usize = 30;
/// Per address, while the budget of all is used up.
const WHEN_USED_UP: usize = 3;
/// In all.
const ALL_IN_TEN_MINUTES: u32 = 150;
const ALL_IN_A_DAY: u32 = 1_500;
/// The job that is enqueued when the budget of all is used up, and each hour
/// while it stays so: whoever runs it tells the owners.
pub const USED_UP: &str = "guess.used_up";
const ALARM_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Addresses kept in memory.
const ADDRESSES: usize = 20_000;
/// Right codes remembered for one address.
const RIGHT: usize = 1_000;
/// Wrong codes written to, and read from, the store at a time.
const PART: usize = 2_000;
/// How often; half of what may be lost.
const PAUSE: Duration = Duration::from_secs(5);
/// How far back each reading goes over what was read before: other processes'
/// clocks and their pauses.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);

/// The budget of the whole installation. Clones share it.
#[derive(Clone, Debug)]
pub struct GuessBudget(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    addresses: Bounded<Address>,
    ten_minutes: Window,
    day: Window,
    unwritten: Vec<Failure>,
    read_until: Timestamp,
    swept_at: Timestamp,
    alarmed_at: Timestamp,
}

#[derive(Debug, Default)]
struct Address {
    /// Wrong codes of the last day as (hash, millisecond), the oldest first.
    failures: Vec<(i64, i64)>,
    /// Attempts whose outcome is not known yet.
    open: usize,
    /// Hashes of codes that opened something for it, the oldest first: using
    /// them again is no guess.
    right: Vec<i64>,
}

#[derive(Clone, Debug)]
struct Failure {
    address: String,
    guess: i64,
    at: Timestamp,
}

/// Leave to look one code up. Let go, it is forgotten.
#[derive(Debug)]
#[must_use = "a wrong code is to be counted, a right one to be remembered"]
pub struct Attempt {
    budget: GuessBudget,
    address: String,
    guess: i64,
    /// Whether it counts until its outcome is known.
    counts: bool,
}

impl Default for GuessBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl GuessBudget {
    /// A whole budget; [`GuessBudget::sync`] fetches what was used already.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            addresses: Bounded::new(ADDRESSES),
            ten_minutes: Window::new(TEN_MINUTES),
            day: Window::new(DAY),
            unwritten: Vec::new(),
            read_until: Timestamp::MIN,
            swept_at: Timestamp::MIN,
            alarmed_at: Timestamp::MIN,
        })))
    }

    /// Asks leave to look up `guess` for the client at `address` (an IPv4
    /// address, the first 64 bits of an IPv6 one). Attempts under way count, so
    /// that many at once are not many for the price of one.
    pub fn attempt(&self, address: &str, guess: &str, now: Timestamp) -> Result<Attempt, Wait> {
        let guess = hash(address, guess);
        let mut state = self.state();
        let used_up = state.is_used_up(now);
        let mut counts = true;
        if let Some(known) = state.addresses.find_mut(address) {
            known.forget(now);
            let is_right = known.right.contains(&guess);
            let open = if is_right { 0 } else { known.open };
            if let Some(wait) = wait(&known.times(), open, used_up, now.as_millisecond()) {
                return Err(Wait::millisecond(wait));
            }
            counts = !is_right && !known.holds(guess);
        }
        if counts {
            state.addresses.touch(address).open += 1;
        }
        drop(state);
        Ok(Attempt {
            budget: self.clone(),
            address: address.to_owned(),
            guess,
            counts,
        })
    }

    /// Whether the budget of all is used up just now.
    pub fn is_used_up(&self, now: Timestamp) -> bool {
        self.state().is_used_up(now)
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
        let (unwritten, since, swept_at, alarm) = {
            let mut state = self.state();
            let part = state.unwritten.len().min(PART);
            let unwritten: Vec<Failure> = state.unwritten.drain(..part).collect();
            let is_new = now.duration_since(state.alarmed_at) >= ALARM_AGAIN;
            let alarm = is_new && state.is_used_up(now);
            (unwritten, state.read_until, state.swept_at, alarm)
        };
        let is_due = now.duration_since(swept_at) >= SignedDuration::from_hours(1);
        if is_due || alarm || !unwritten.is_empty() {
            let rows = unwritten.clone();
            let written = store
                .write(move |tx| {
                    write(tx, &rows, now)?;
                    if alarm { ring(tx) } else { Ok(()) }
                })
                .await;
            let mut state = self.state();
            if let Err(error) = written {
                state.unwritten.splice(..0, unwritten);
                return Err(error);
            }
            state.swept_at = now;
            if alarm {
                state.alarmed_at = now;
            }
        }
        let since = since.max(now - DAY);
        let rows = store.read(move |tx| read(tx, since)).await?;
        let mut state = self.state();
        for row in rows {
            state.add(&row);
        }
        state.read_until = now - OVERLAP;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// The code was right: its next use from this address is no attempt, however
    /// many others are under way there. Wrong ones stay counted.
    pub fn succeeded(self) {
        let mut state = self.budget.state();
        let right = &mut state.addresses.touch(&self.address).right;
        if !right.contains(&self.guess) {
            if right.len() == RIGHT {
                right.remove(0);
            }
            right.push(self.guess);
        }
    }

    /// The code was wrong.
    pub fn failed(self, now: Timestamp) {
        let mut state = self.budget.state();
        let was_used_up = state.is_used_up(now);
        let failure = Failure {
            address: self.address.clone(),
            guess: self.guess,
            at: now,
        };
        if state.add(&failure) && state.unwritten.len() < ADDRESSES {
            state.unwritten.push(failure);
        }
        if state.is_used_up(now) && !was_used_up {
            tracing::warn!("the budget for wrong invitation codes is used up");
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.counts
            && let Some(address) = self.budget.state().addresses.find_mut(&self.address)
        {
            address.open = address.open.saturating_sub(1);
        }
    }
}

impl State {
    /// Counts a wrong code, unless it is known; tells whether it did.
    fn add(&mut self, failure: &Failure) -> bool {
        let address = self.addresses.touch(&failure.address);
        address.right.retain(|right| *right != failure.guess);
        if address.holds(failure.guess) {
            return false;
        }
        let at = failure.at.as_millisecond();
        let place = address.failures.partition_point(|(_, time)| *time <= at);
        address.failures.insert(place, (failure.guess, at));
        // Only processes that have not heard of each other come above the 30.
        if address.failures.len() > 2 * IN_A_DAY {
            address.failures.remove(0);
        }
        self.ten_minutes.count(at);
        self.day.count(at);
        true
    }

    fn is_used_up(&self, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        self.ten_minutes.total(now) >= ALL_IN_TEN_MINUTES || self.day.total(now) >= ALL_IN_A_DAY
    }
}

impl Address {
    fn holds(&self, guess: i64) -> bool {
        self.failures.iter().any(|(known, _)| *known == guess)
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = now.as_millisecond() - millisecond(DAY);
        self.failures.retain(|(_, at)| *at > oldest);
    }

    fn times(&self) -> Vec<i64> {
        self.failures.iter().map(|(_, at)| *at).collect()
    }
}

/// How long an address must wait that failed at these `times` of the last day,
/// the oldest first, and has `open` attempts under way; `None`: it need not.
///
/// Ten failures in ten minutes cost ten minutes, ten more twenty; thirty cost
/// until a day has passed since the first of them.
fn wait(times: &[i64], open: usize, used_up: bool, now: i64) -> Option<i64> {
    let ten_minutes = millisecond(TEN_MINUTES);
    let mut blocks = 0;
    let mut until = i64::MIN;
    let mut first = 0;
    for (index, at) in times.iter().enumerate() {
        while times[first] <= at - ten_minutes {
            first += 1;
        }
        if index + 1 - first >= IN_TEN_MINUTES {
            until = at + (ten_minutes << blocks.min(8));
            blocks += 1;
            first = index + 1;
        }
    }
    if let Some(start) = times.len().checked_sub(IN_A_DAY) {
        until = until.max(times[start] + millisecond(DAY));
    }
    let recent = times[first..]
        .iter()
        .filter(|at| **at > now - ten_minutes)
        .count();
    if used_up && recent >= WHEN_USED_UP {
        until = until.max(times[times.len() - WHEN_USED_UP] + ten_minutes);
    }
    if until > now {
        return Some(until - now);
    }
    let limit = if used_up {
        WHEN_USED_UP
    } else {
        IN_TEN_MINUTES
    };
    let is_full = recent + open >= limit || times.len() + open >= IN_A_DAY;
    // Those under way are answered in a moment.
    is_full.then_some(1_000)
}

fn write(tx: &mut Tx<'_>, failures: &[Failure], now: Timestamp) -> Result<(), StoreError> {
    tx.run(
        sql!("DELETE FROM guess WHERE at <= $1"),
        &[&(now - DAY)],
        Rows::Any,
    )?;
    for failure in failures {
        tx.run(
            sql!(
                "INSERT INTO guess (address, guess, at) VALUES ($1, $2, $3)
                 ON CONFLICT (address, guess) DO NOTHING"
            ),
            &[&failure.address, &failure.guess, &failure.at],
            Rows::AtMostOne,
        )?;
    }
    Ok(())
}

fn ring(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(USED_UP.to_owned()),
        ..NewJob::new(USED_UP, serde_json::Value::Null)
    })
}

fn read(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<Failure>, StoreError> {
    let rows: Vec<(String, i64, Timestamp)> = tx.all(
        sql!("SELECT address, guess, at FROM guess WHERE at > $1 ORDER BY at DESC LIMIT $2"),
        &[&since, &ADDRESSES],
    )?;
    Ok(rows
        .into_iter()
        .map(|(address, guess, at)| Failure { address, guess, at })
        .collect())
}

/// Enough of a hash to tell codes apart; the code itself is never kept.
fn hash(address: &str, guess: &str) -> i64 {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(address)
        .chain_update([0])
        .chain_update(guess)
        .finalize()
        .into();
    digest[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | i64::from(*byte))
}

fn millisecond(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hall_full_of_right_codes_is_not_a_guesser() {
        let budget = GuessBudget::new();
        let now = Timestamp::UNIX_EPOCH;
        let attempt = |code: &str| budget.attempt("192.0.2.1", code, now);
        let codes: Vec<String> = (0..50).map(|number| format!("HALL{number}")).collect();
        for code in &codes {
            attempt(code).expect("one after the other").succeeded();
        }
        let at_once: Vec<_> = codes.iter().map(|code| attempt(code)).collect();
        assert!(at_once.iter().all(Result::is_ok));
        let strange: Vec<_> = (0..11)
            .map(|number| attempt(&format!("WRONG{number}")))
            .collect();
        assert_eq!(strange.iter().filter(|attempt| attempt.is_ok()).count(), 10);
    }

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    #[test]
    fn the_wait_grows_with_what_was_tried() {
        let ten = |start: i64| (0..10).map(move |number| start + number * 1_000);
        let first: Vec<i64> = ten(0).collect();
        let second: Vec<i64> = first.iter().copied().chain(ten(20 * MINUTE)).collect();
        let third: Vec<i64> = second.iter().copied().chain(ten(60 * MINUTE)).collect();
        let slow: Vec<i64> = (0..29).map(|number| number * 2 * MINUTE).collect();
        let end = |start: i64| start + 9_000;
        for (name, times, open, used_up, now, expected) in [
            ("nothing yet", vec![], 0, false, 0, None),
            ("nine", first[..9].to_vec(), 0, false, 9_000, None),
            ("ten", first.clone(), 0, false, end(0), Some(10 * MINUTE)),
            (
                "ten, later",
                first.clone(),
                0,
                false,
                end(5 * MINUTE),
                Some(5 * MINUTE),
            ),
            (
                "ten, waited for",
                first.clone(),
                0,
                false,
                end(10 * MINUTE),
                None,
            ),
            (
                "ten more",
                second.clone(),
                0,
                false,
                end(20 * MINUTE),
                Some(20 * MINUTE),
            ),
            (
                "ten more, waited for",
                second,
                0,
                false,
                end(40 * MINUTE),
                None,
            ),
            (
                "thirty",
                third.clone(),
                0,
                false,
                end(HOUR),
                Some(24 * HOUR - end(HOUR)),
            ),
            (
                "thirty, a day later",
                third[1..].to_vec(),
                0,
                false,
                24 * HOUR,
                None,
            ),
            ("slow", slow.clone(), 0, false, 29 * 2 * MINUTE, None),
            (
                "slow, one under way",
                slow,
                1,
                false,
                29 * 2 * MINUTE,
                Some(1_000),
            ),
            (
                "nine and one under way",
                first[..9].to_vec(),
                1,
                false,
                9_000,
                Some(1_000),
            ),
            ("ten under way", vec![], 10, false, 0, Some(1_000)),
            ("two, used up", first[..2].to_vec(), 0, true, 2_000, None),
            (
                "three, used up",
                first[..3].to_vec(),
                0,
                true,
                3_000,
                Some(10 * MINUTE - 3_000),
            ),
            (
                "three, used up, later",
                first[..3].to_vec(),
                0,
                true,
                10 * MINUTE,
                None,
            ),
            ("three under way, used up", vec![], 3, true, 0, Some(1_000)),
        ] {
            assert_eq!(wait(&times, open, used_up, now), expected, "{name}");
        }
    }
}
