//! The rate limit for writing resets.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Rule};

use crate::Refusal;

const RULES: [Rule; 2] = [
    Rule {
        count: 30,
        per: SignedDuration::from_mins(10),
    },
    Rule {
        count: 200,
        per: SignedDuration::from_hours(1),
    },
];

/// The most accounts counted at one time.
const KEYS: usize = 20_000;

/// One process's counters, which every request carries as an extension. Clones share the counters.
#[derive(Clone, Debug)]
pub struct EntryLimit(Limit);

impl Default for EntryLimit {
    fn default() -> Self {
        Self(Limit::new(&RULES, KEYS))
    }
}

impl EntryLimit {
    /// Counts one created, changed or deleted reset.
    pub fn take(&self, account: &AccountId, now: Timestamp) -> Result<(), Refusal> {
        self.0
            .take(account.as_str(), now)
            .map_err(Refusal::TooOften)
    }
}
