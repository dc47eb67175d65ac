//! How often somebody may write resets.

use accounts::account::AccountId;
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

/// How many accounts are counted at once.
const KEYS: usize = 20_000;

/// The counters of one process, which every request brings along. Clones share them.
#[derive(Clone, Debug)]
pub struct EntryLimit(Limit);

impl Default for EntryLimit {
    fn default() -> Self {
        Self(Limit::new(&RULES, KEYS))
    }
}

impl EntryLimit {
    /// Takes the place of one reset, change or deletion.
    pub fn take(&self, account: &AccountId, now: Timestamp) -> Result<(), Refusal> {
        self.0
            .take(account.as_str(), now)
            .map_err(Refusal::TooOften)
    }
}
