//! The rate limit for creating, changing and deleting resets.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Limits, Rule};

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

/// The maximum number of accounts that are counted at one time.
const KEYS: usize = 20_000;

/// The counters. Every request carries them as an extension, and clones share them.
#[derive(Clone, Debug)]
pub struct EntryLimit(Limit);

impl EntryLimit {
    pub fn of(limits: &Limits) -> Self {
        Self(limits.limit("entries", &RULES, KEYS))
    }

    /// Counts the creation, change or deletion of a reset. Fails if the account has reached the
    /// limit.
    pub fn take(&self, account: &AccountId, now: Timestamp) -> Result<(), Refusal> {
        self.0
            .take(account.as_str(), now)
            .map_err(Refusal::TooOften)
    }
}
