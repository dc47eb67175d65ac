//! Limits how much guests can send.

use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Limits, Rule, Wait};
use web::{Facts, Site};

use crate::id::InvitationId;
use crate::refusal::Refusal;

/// How many answers without a code a network may send. Refused answers count too, because each
/// attempt uses the store's only writer for a moment.
const STRANGERS: Rule = Rule {
    count: 30,
    per: SignedDuration::from_mins(10),
};
/// The maximum number of networks whose answers without a code are counted at the same time.
const NETWORKS: usize = 20_000;
/// How many files a household may send. Refused files count too, because decoding a picture takes
/// processor time. Removed files count too, because they stay on disk for a day.
const FILES: Rule = Rule {
    count: 90,
    per: SignedDuration::from_hours(24),
};
/// The maximum number of households whose files are counted at the same time.
const HOUSEHOLDS: usize = 5_000;

#[derive(Clone, Debug)]
pub(super) struct SendingLimits {
    strangers: Limit,
    files: Limit,
}

impl SendingLimits {
    pub(super) fn of(limits: &Limits) -> Self {
        Self {
            strangers: limits.limit("answers", &[STRANGERS], NETWORKS),
            files: limits.limit("guests' files", &[FILES], HOUSEHOLDS),
        }
    }

    pub(super) fn admit_stranger(&self, site: &Site, facts: &Facts) -> Result<(), Refusal> {
        let network = facts.network().to_string();
        let taken = self.strangers.take(&network, site.clock.now());
        taken.map_err(refused)
    }

    /// Counts a file that a household sends.
    pub(super) fn admit_file(&self, id: &InvitationId, now: Timestamp) -> Result<(), Refusal> {
        self.files.take(id.as_str(), now).map_err(refused)
    }
}

fn refused(wait: Wait) -> Refusal {
    Refusal::RateLimited(wait.seconds)
}
