//! Clients that repeatedly save households' answers, and record the acknowledged saves.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http;
use crate::killing::{Household, event, reply};

/// The number of clients that save concurrently.
pub(crate) const CLIENTS: usize = 8;
/// The pause after an error, before a client requests the stored state.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug, Clone)]
pub(crate) struct Acknowledged<T> {
    pub(crate) code: String,
    /// The invitation's version after the save.
    pub(crate) version: i64,
    /// The time on the caller's clock when the client had received the response.
    pub(crate) at: T,
}

/// The state that the clients share with other threads: whether to stop, and how many saves were
/// acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) is_ended: AtomicBool,
    pub(crate) acknowledged: AtomicUsize,
    /// Saves that were answered with an error, or not at all.
    pub(crate) failed: AtomicUsize,
    /// The longest time until a save was acknowledged, in milliseconds.
    pub(crate) longest: AtomicU64,
}

/// Ends clients when it is dropped, so that a failure beside them is one and not a wait for ever.
pub(crate) struct Until<'a>(pub(crate) &'a AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Load {
    /// Lets every client save its households' answers until `is_ended` is set. After an error, a
    /// client reads the stored state, and fails if an acknowledged save is missing.
    pub(crate) fn run<T: Send>(
        &self,
        address: &str,
        households: &mut [Household],
        now: impl Fn() -> T + Sync,
    ) -> Vec<Acknowledged<T>> {
        let share = households.len().div_ceil(CLIENTS);
        let now = &now;
        std::thread::scope(|scope| {
            let clients: Vec<_> = households
                .chunks_mut(share)
                .map(|households| {
                    scope.spawn(move || {
                        let mut all = Vec::new();
                        while !self.is_ended.load(Ordering::Relaxed) {
                            for household in &mut *households {
                                all.extend(self.save(address, household, now));
                            }
                        }
                        all
                    })
                })
                .collect();
            let ended = clients
                .into_iter()
                .map(|client| client.join().expect("a client"));
            ended.flatten().collect()
        })
    }

    /// Saves the other answer of a household, and reads what is stored after an error.
    pub(crate) fn save<T>(
        &self,
        address: &str,
        household: &mut Household,
        now: impl Fn() -> T,
    ) -> Option<Acknowledged<T>> {
        let known = &household.known;
        let reply = if reply(known) == "yes" { "no" } else { "yes" };
        let body = json!({
            "version": known["version"],
            "guests": [{ "id": known["guests"][0]["id"], "replies": { event(known): reply } }],
        });
        let path = format!("/api/v1/invitations/{}/rsvp", household.code);
        let headers = [("Content-Type", "application/json")];
        let begun = Instant::now();
        let sent = http::send(address, "PUT", &path, &headers, body.to_string().as_bytes());
        match sent {
            Ok(answer) if answer.status == 200 => {
                let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.longest.fetch_max(took, Ordering::Relaxed);
                household.known = answer.json();
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                Some(Acknowledged {
                    code: household.code.clone(),
                    version: version(household),
                    at: now(),
                })
            }
            _ => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                self.read_again(address, household);
                None
            }
        }
    }

    /// Reads the stored state, as soon as the program responds.
    pub(crate) fn read_again(&self, address: &str, household: &mut Household) {
        let path = format!("/api/v1/invitations/{}", household.code);
        while !self.is_ended.load(Ordering::Relaxed) {
            std::thread::sleep(PAUSE);
            let Ok(answer) = http::send(address, "GET", &path, &[], b"") else {
                continue;
            };
            if answer.status == 200 {
                let before = version(household);
                household.known = answer.json();
                let stored = version(household);
                assert!(
                    stored >= before,
                    "{}: {before} was acknowledged, {stored} is stored",
                    household.code
                );
                return;
            }
        }
    }
}

fn version(household: &Household) -> i64 {
    household.known["version"].as_i64().expect("a version")
}

/// Returns each household's last acknowledged version.
pub(crate) fn last_versions<'a, T: 'a>(
    all: impl Iterator<Item = &'a Acknowledged<T>>,
) -> BTreeMap<&'a str, i64> {
    let mut versions = BTreeMap::new();
    for one in all {
        let last = versions.entry(one.code.as_str()).or_default();
        *last = one.version.max(*last);
    }
    versions
}

/// Returns how often a test repeats its work: `usual` times, unless `cargo xtask show backup` sets
/// another number.
pub(crate) fn times(usual: usize) -> usize {
    let mut all = std::env::vars();
    let wanted = all.find(|(name, _)| name == "KENDURI_TEST_TIMES");
    wanted.map_or(usual, |(_, times)| times.parse().expect("a number"))
}

/// Prints a result for `cargo xtask show backup`.
pub(crate) fn tell(result: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "shown: {result}").expect("printed");
}
