//! The times of other sessions that the dates of classes close.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use platform::{StoreError, Tx, sql};

use super::{Class, DAY};
use crate::availability::{self, Hours, Taken};
use crate::browse::computed_time;
use crate::offer::{self, Offer, OfferId};
use crate::provider::ProviderId;

/// A session of which a class takes times.
#[derive(Clone, Debug)]
pub(crate) struct ClosedTimes {
    /// The class.
    pub(crate) class: OfferId,
    /// The session's title.
    pub(crate) title: String,
    /// Whether the class leaves it none of its times.
    pub(crate) is_all: bool,
}

/// Lists the sessions of a provider that lose times to the dates of their classes, also to those that
/// the job has still to make.
pub(crate) fn closed_times(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<ClosedTimes>, StoreError> {
    let classes: Vec<Class> = sql!(
        "SELECT {o: Offer}, o.provider_id, o.filled_until FROM offer o
         WHERE o.provider_id = :provider AND o.seats > 1 AND o.active = 1
         ORDER BY o.position, o.id",
        provider
    )
    .all(tx)?;
    if classes.is_empty() {
        return Ok(Vec::new());
    }
    let mut others = offer::of_provider(tx, provider)?;
    others.retain(|offer| offer.active && !offer.is_class());
    let now = tx.roughly_now();
    let furthest = others.iter().map(|offer| offer.horizon_days).max();
    let until = now + DAY * i32::try_from(furthest.unwrap_or_default() + 1).unwrap_or(i32::MAX);
    let hours = computed_time::hours(tx, provider, now, until)?;
    let counted: Vec<(&Offer, &Hours, usize)> = others
        .iter()
        .filter_map(|offer| {
            let hours = hours.get(&offer.schedule_id)?;
            Some((offer, hours, count(offer, hours, &Taken::default(), now)))
        })
        .collect();
    let mut closed = Vec::new();
    for class in &classes {
        let Some(length) = class.offer.lengths.first() else {
            continue;
        };
        let Some(plan) = class.plan(tx, length, now)? else {
            continue;
        };
        let there = plan.dates.iter();
        let there = there.filter(|date| !date.is_deleted && !date.is_movable());
        let there = there.map(|date| (date.blocks_from, date.blocks_until));
        let starts = plan.starts.wanted.iter();
        let starts = starts.map(|at| class.offer.blocks(length, *at));
        let taken = Taken::new(there.chain(starts).collect(), BTreeMap::new());
        for (offer, hours, all) in &counted {
            let left = count(offer, hours, &taken, now);
            if left < *all {
                closed.push(ClosedTimes {
                    class: class.offer.id.clone(),
                    title: offer.title.clone(),
                    is_all: left == 0,
                });
            }
        }
    }
    Ok(closed)
}

/// How many times the hours contain for an offer.
fn count(offer: &Offer, hours: &Hours, taken: &Taken, now: Timestamp) -> usize {
    let today = now.to_zoned(hours.zone.clone()).date();
    let days = today..=Date::MAX;
    let lengths = offer.lengths.iter();
    let counts = lengths
        .map(|length| availability::free(hours, &offer.rule(length), taken, now, &days).len());
    counts.sum()
}
