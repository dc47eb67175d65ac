//! The rate limit for test messages.

use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Rule};
use web::Problem;

use identity::problem::too_often;
use identity::session::signed_in::SignedIn;

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
    /// Takes one permit for a test.
    pub fn take(&self, who: &SignedIn, now: Timestamp) -> Result<(), Problem> {
        let taken = self.0.take(who.account().id.as_str(), now);
        taken.map_err(too_often)
    }
}
