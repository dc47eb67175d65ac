//! Households that save their answers again and again, and what was acknowledged to them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::http;
use crate::killing::{Household, event, reply};

/// How many clients save concurrently.
const CLIENTS: usize = 8;
/// How long a client waits after an error before it asks for the stored state.
const PAUSE: Duration = Duration::from_millis(5);

/// A save that was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged<T> {
    pub(crate) code: String,
    /// The version of the invitation after the save.
    pub(crate) version: i64,
    /// What the caller's clock said when the client had the response.
    pub(crate) at: T,
}

/// The clients' work, which other threads end and count.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) is_ended: AtomicBool,
    pub(crate) acknowledged: AtomicUsize,
}

impl Load {
    /// Lets every client save answers of its households until the end of the load. After an error
    /// a client reads what is stored, and fails if an acknowledged save is missing.
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

    fn save<T>(
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
        let sent = http::send(address, "PUT", &path, &headers, body.to_string().as_bytes());
        match sent {
            Ok(answer) if answer.status == 200 => {
                household.known = answer.json();
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                Some(Acknowledged {
                    code: household.code.clone(),
                    version: version(household),
                    at: now(),
                })
            }
            _ => {
                self.read_again(address, household);
                None
            }
        }
    }

    /// Reads what is stored, as soon as the program answers.
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

/// Returns the last acknowledged version of each household.
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

/// Returns how often a test repeats what it does: `usual`, or as often as `cargo xtask show backup`
/// wants.
pub(crate) fn times(usual: usize) -> usize {
    let mut all = std::env::vars();
    let wanted = all.find(|(name, _)| name == "KENDURI_TEST_TIMES");
    wanted.map_or(usual, |(_, times)| times.parse().expect("a number"))
}

/// Prints a result, which `cargo xtask show backup` keeps.
pub(crate) fn tell(result: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "shown: {result}").expect("printed");
}
