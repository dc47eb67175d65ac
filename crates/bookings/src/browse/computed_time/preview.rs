//! The times that an offer would have, before it is stored.

use std::collections::BTreeSet;

use jiff::Timestamp;
use platform::{StoreError, Tx};

use super::{FURTHEST, Offering, ProviderTime};
use crate::offer::Offer;
use crate::provider::ProviderId;
use crate::schedule::Schedule;

/// An offer that is not stored, in hours that need not be, with what is known of its provider's time.
#[derive(Debug)]
pub(crate) struct Preview {
    offering: Offering,
    time: ProviderTime,
    now: Timestamp,
}

impl Preview {
    pub(crate) fn load(
        tx: &mut Tx<'_>,
        provider: &ProviderId,
        offer: &Offer,
        schedule: &Schedule,
    ) -> Result<Self, StoreError> {
        let now = tx.roughly_now();
        let offering = Offering {
            offer: Offer {
                schedule_id: schedule.id.to_string(),
                ..offer.clone()
            },
            provider_id: provider.clone(),
            zone: schedule.time_zone.clone(),
            week: schedule.week.clone(),
            provider: String::new(),
            address: None,
            credit_label: None,
            site_currency: offer.currency,
            times_revision: 0,
        };
        Ok(Self {
            offering,
            time: ProviderTime::load(tx, provider, now, now + FURTHEST)?,
            now,
        })
    }

    /// The free starts, if what is in `freed` did not block the provider's time.
    pub(crate) fn starts(&self, freed: &[(Timestamp, Timestamp)]) -> BTreeSet<Timestamp> {
        let mut time = self.time.clone();
        for one in freed {
            if let Some(at) = time.blocked.iter().position(|blocked| blocked == one) {
                time.blocked.swap_remove(at);
            }
        }
        let until = self.now + FURTHEST;
        let starts = self.offering.starts(&time, self.now, self.now, until);
        starts.into_iter().map(|(_, at)| at).collect()
    }
}
