//! What reads keep of the free starts of providers for the reads after them: under the revision of what
//! takes the provider's time, for a day, in a bounded number of bytes.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Offering, ProviderTime};
use crate::offer::{OfferId, OfferLength};
use crate::provider::ProviderId;
use crate::schedule::{WeekWindow, zone_of};

/// The longest horizon, in days, of an offer whose starts are kept.
pub(super) const LONGEST_HORIZON: i64 = 90;
/// The number of days of starts that are kept. The last day of the horizon ends within them by the clock
/// of any zone.
const DAYS: i64 = LONGEST_HORIZON + 2;
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What a list takes besides its starts and its week, and what a provider takes besides their lists.
const OVERHEAD: usize = 512;

/// The day for which starts are kept that are computed at an instant.
pub(super) fn day_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// When the starts of a day begin and end.
pub(super) fn stretch(day: Date) -> [Timestamp; 2] {
    let begin = day.to_zoned(TimeZone::UTC);
    let begin = begin.map_or(Timestamp::MIN, |begin| begin.timestamp());
    [begin, begin + SignedDuration::from_hours(24 * DAYS)]
}

/// The free starts of an offer, whatever its notice and its horizon are, and what they were computed from
/// that has no revision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OfferStarts {
    step: i64,
    buffers: [i64; 2],
    day_limit: Option<i64>,
    schedule: String,
    zone: String,
    week: Vec<WeekWindow>,
    lengths: Vec<LengthStarts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LengthStarts {
    minutes: i64,
    /// In the order of time.
    starts: Vec<Timestamp>,
}

impl OfferStarts {
    fn compute(by: &Offering, time: &ProviderTime, day: Date) -> Self {
        let mut unlimited = by.clone();
        unlimited.offer.min_notice = 0;
        unlimited.offer.horizon_days = DAYS;
        let [begin, end] = stretch(day);
        let all = unlimited.starts(time, begin, begin, end);
        let lengths = by.offer.lengths.iter();
        let lengths = lengths.map(|length| {
            let own = all.iter().filter(|(of, _)| of.minutes == length.minutes);
            let mut starts: Vec<Timestamp> = own.map(|(_, at)| *at).collect();
            starts.shrink_to_fit();
            LengthStarts {
                minutes: length.minutes,
                starts,
            }
        });
        Self {
            step: by.offer.step_minutes,
            buffers: [by.offer.buffer_before, by.offer.buffer_after],
            day_limit: by.offer.day_limit,
            schedule: by.offer.schedule_id.clone(),
            zone: by.zone.clone(),
            week: by.week.clone(),
            lengths: lengths.collect(),
        }
    }

    fn of_length(&self, minutes: i64) -> Option<&LengthStarts> {
        self.lengths.iter().find(|one| one.minutes == minutes)
    }

    /// Whether the starts were computed from the offer and the hours as they are now.
    fn is_of(&self, by: &Offering) -> bool {
        let offer = &by.offer;
        let has = |length: &OfferLength| self.of_length(length.minutes).is_some();
        self.step == offer.step_minutes
            && self.buffers == [offer.buffer_before, offer.buffer_after]
            && self.day_limit == offer.day_limit
            && self.schedule == offer.schedule_id
            && self.zone == by.zone
            && self.week == by.week
            && offer.lengths.iter().all(has)
    }

    fn bytes(&self) -> usize {
        let starts: usize = self.lengths.iter().map(|one| one.starts.capacity()).sum();
        let week = self.week.capacity() * (size_of::<WeekWindow>() + "00:00".len() * 2);
        OVERHEAD + week + starts * size_of::<Timestamp>()
    }
}

/// The free starts of a provider's offers. Offers that nobody has looked at are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProviderStarts {
    revision: i64,
    day: Date,
    offers: BTreeMap<OfferId, OfferStarts>,
}

impl ProviderStarts {
    /// Computes the starts of these offers of a provider. Those of others are taken over from what
    /// was kept at the same revision for the same day.
    pub(super) fn compute(
        former: Option<&Self>,
        offerings: &[&Offering],
        time: &ProviderTime,
        revision: i64,
        day: Date,
    ) -> Self {
        let mut offers = former.map_or_else(BTreeMap::new, |former| former.offers.clone());
        for by in offerings {
            offers.insert(by.offer.id.clone(), OfferStarts::compute(by, time, day));
        }
        Self {
            revision,
            day,
            offers,
        }
    }

    /// Whether the starts of these offers are known.
    pub(super) fn has(&self, offerings: &[&Offering]) -> bool {
        let is_known = |by: &&Offering| {
            let own = self.offers.get(&by.offer.id);
            own.is_some_and(|own| own.is_of(by))
        };
        offerings.iter().all(is_known)
    }

    /// The free starts of an offer, of each length, from one instant until before another.
    pub(super) fn within<'o>(
        &self,
        by: &'o Offering,
        now: Timestamp,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(&'o OfferLength, Timestamp)> {
        let Some(own) = self.offers.get(&by.offer.id) else {
            return Vec::new();
        };
        let zone = zone_of(&by.zone);
        let today = now.to_zoned(zone.clone()).date();
        let after = SignedDuration::from_hours(24 * (by.offer.horizon_days + 1));
        let end = today.checked_add(after).and_then(|day| day.to_zoned(zone));
        let end = end.map_or(Timestamp::MAX, |end| end.timestamp()).min(until);
        let earliest = now + SignedDuration::from_mins(by.offer.min_notice);
        let mut all = Vec::new();
        for length in &by.offer.lengths {
            let starts = own.of_length(length.minutes);
            let starts = starts.map_or(&[][..], |own| own.starts.as_slice());
            let first = starts.partition_point(|at| *at <= earliest || *at < from);
            let last = starts.partition_point(|at| *at < end).max(first);
            all.extend(starts[first..last].iter().map(|at| (length, *at)));
        }
        all
    }

    fn bytes(&self) -> usize {
        OVERHEAD + self.offers.values().map(OfferStarts::bytes).sum::<usize>()
    }
}

/// The free starts of many providers. Those that were not read for longest make room.
#[derive(Debug, Default)]
pub(super) struct KeptStarts(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    kept: BTreeMap<ProviderId, (u64, Arc<ProviderStarts>)>,
    order: BTreeMap<u64, ProviderId>,
    bytes: usize,
    uses: u64,
}

impl Shelf {
    fn take(&mut self, provider: &ProviderId) -> Option<Arc<ProviderStarts>> {
        let (used, starts) = self.kept.remove(provider)?;
        self.order.remove(&used);
        self.bytes -= starts.bytes();
        Some(starts)
    }

    fn put(&mut self, provider: &ProviderId, starts: Arc<ProviderStarts>) {
        self.uses += 1;
        self.bytes += starts.bytes();
        self.order.insert(self.uses, provider.clone());
        self.kept.insert(provider.clone(), (self.uses, starts));
    }
}

impl KeptStarts {
    /// Finds what was computed at this revision for this day. Anything else is of no use any more.
    pub(super) fn find(
        &self,
        provider: &ProviderId,
        revision: i64,
        day: Date,
    ) -> Option<Arc<ProviderStarts>> {
        let mut shelf = self.shelf();
        let found = shelf.take(provider)?;
        if (found.revision, found.day) != (revision, day) {
            return None;
        }
        shelf.put(provider, Arc::clone(&found));
        Some(found)
    }

    pub(super) fn keep(&self, provider: &ProviderId, starts: &Arc<ProviderStarts>) {
        let mut shelf = self.shelf();
        shelf.take(provider);
        shelf.put(provider, Arc::clone(starts));
        while shelf.bytes > MOST_BYTES {
            let Some((_, oldest)) = shelf.order.pop_first() else {
                return;
            };
            shelf.take(&oldest);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
