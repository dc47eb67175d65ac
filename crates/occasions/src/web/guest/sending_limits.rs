//! Limits how much guests send.

use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Rule, Wait};
use web::{Facts, Site};

use crate::id::InvitationId;
use crate::refusal::Refusal;

/// The maximum number of answers without a code that a network may send, whether accepted or not.
/// Each of them occupies the store's single writer for a moment.
const STRANGERS: Rule = Rule {
    count: 30,
    per: SignedDuration::from_mins(10),
};
/// The maximum number of networks whose answers without a code are counted.
const NETWORKS: usize = 20_000;
/// The maximum number of files that a household may send, whether accepted or not. Decoding a
/// picture takes processor time.
const FILES: Rule = Rule {
    count: 120,
    per: SignedDuration::from_hours(1),
};
/// The maximum number of households whose files are counted.
const HOUSEHOLDS: usize = 5_000;

#[derive(Clone, Debug)]
pub(super) struct SendingLimits {
    strangers: Limit,
    files: Limit,
}

impl Default for SendingLimits {
    fn default() -> Self {
        Self {
            strangers: Limit::new(&[STRANGERS], NETWORKS),
            files: Limit::new(&[FILES], HOUSEHOLDS),
        }
    }
}

impl SendingLimits {
    pub(super) fn admit_stranger(&self, site: &Site, facts: &Facts) -> Result<(), Refusal> {
        let network = facts.network().to_string();
        let taken = self.strangers.take(&network, site.clock.now());
        taken.map_err(refused)
    }

    /// Counts a file of a household.
    pub(super) fn admit_file(&self, id: &InvitationId, now: Timestamp) -> Result<(), Refusal> {
        self.files.take(id.as_str(), now).map_err(refused)
    }
}

fn refused(wait: Wait) -> Refusal {
    Refusal::RateLimited(wait.seconds)
}
