//! The rate limit for test messages.

use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Rule, Wait};

use identity::account::AccountId;

const RULE: Rule = Rule {
    count: 10,
    per: SignedDuration::from_mins(10),
};

/// The most accounts counted at one time.
const KEYS: usize = 20_000;

/// The counters of one process. Clones share them.
#[derive(Clone, Debug)]
pub struct TestLimit(Limit);

impl Default for TestLimit {
    fn default() -> Self {
        Self(Limit::new(&[RULE], KEYS))
    }
}

impl TestLimit {
    /// Takes the place of one test.
    pub fn take(&self, account: &AccountId, now: Timestamp) -> Result<(), Wait> {
        self.0.take(account.as_str(), now)
    }
}
