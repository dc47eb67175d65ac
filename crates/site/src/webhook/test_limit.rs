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

const KEYS: usize = 20_000;

/// The rate limit, counted by this process. Clones share the counters.
#[derive(Clone, Debug)]
pub struct TestLimit(Limit);

impl Default for TestLimit {
    fn default() -> Self {
        Self(Limit::new(&[RULE], KEYS))
    }
}

impl TestLimit {
    /// Counts a test message, or refuses it if the account has sent too many.
    pub fn take(&self, who: &SignedIn, now: Timestamp) -> Result<(), Problem> {
        let taken = self.0.take(who.account().id.as_str(), now);
        taken.map_err(too_often)
    }
}
