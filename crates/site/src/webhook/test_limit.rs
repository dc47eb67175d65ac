//! The rate limit for test messages.

use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Limits, Rule};
use web::Problem;

use identity::problem::too_often;
use identity::session::signed_in::SignedIn;

const RULE: Rule = Rule {
    count: 10,
    per: SignedDuration::from_mins(10),
};

const KEYS: usize = 20_000;

/// The rate limit. Clones share the counters.
#[derive(Clone, Debug)]
pub struct TestLimit(Limit);

impl TestLimit {
    pub fn of(limits: &Limits) -> Self {
        Self(limits.limit("webhook tests", &[RULE], KEYS))
    }

    /// Counts a test message, or refuses it if the account has sent too many.
    pub fn take(&self, who: &SignedIn, now: Timestamp) -> Result<(), Problem> {
        let taken = self.0.take(who.account().id.as_str(), now);
        taken.map_err(too_often)
    }
}
