//! When providers can give what they offer: computed, or kept from a read before.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use platform::{StoreError, Tx};

use super::kept_starts::{KeptStarts, LONGEST_HORIZON, ProviderStarts, day_of, stretch};
use super::{Offering, ProviderTime, provider_times};
use crate::offer::OfferLength;
use crate::provider::ProviderId;

/// What is known of the free times of some offers.
#[derive(Debug)]
pub(super) struct Times {
    now: Timestamp,
    /// Of the providers of offers whose times are computed.
    known: BTreeMap<ProviderId, ProviderTime>,
    kept: BTreeMap<ProviderId, Arc<ProviderStarts>>,
}

impl Times {
    /// Loads what tells the free times of these offers between two instants. The slot `except` blocks
    /// nothing. A change computes all of them, and so does who looks without a slot; offers that are
    /// booked further ahead than starts are kept are always computed.
    pub(super) fn load<'o>(
        tx: &mut Tx<'_>,
        offerings: impl IntoIterator<Item = &'o Offering>,
        except: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, StoreError> {
        let now = tx.roughly_now();
        let cache = tx.cache::<KeptStarts>().filter(|_| except.is_empty());
        let (mut near, mut far): (Vec<_>, Vec<_>) = offerings
            .into_iter()
            .partition(|one: &&Offering| one.is_near());
        let kept = if let Some(cache) = cache {
            load_kept(tx, &cache, by_provider(&near), now)?
        } else {
            far.append(&mut near);
            BTreeMap::new()
        };
        let providers: Vec<&ProviderId> = by_provider(&far).into_keys().collect();
        let known = provider_times(tx, &providers, except, from, until)?;
        Ok(Self { now, known, kept })
    }

    /// The free starts of each length of one of the offers, from one instant until before another.
    pub(super) fn starts<'o>(
        &self,
        by: &'o Offering,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(&'o OfferLength, Timestamp)> {
        match self.kept.get(&by.provider_id) {
            Some(kept) if by.is_near() && kept.has(&[by]) => kept.within(by, self.now, from, until),
            _ => {
                let unknown = ProviderTime::default();
                let time = self.known.get(&by.provider_id).unwrap_or(&unknown);
                by.starts(time, self.now, from, until)
            }
        }
    }
}

impl Offering {
    /// Whether the starts are kept as far ahead as they can be booked.
    fn is_near(&self) -> bool {
        self.offer.horizon_days <= LONGEST_HORIZON
    }
}

fn revision(own: &[&Offering]) -> i64 {
    own.first().map_or(0, |one| one.times_revision)
}

fn by_provider<'o>(offerings: &[&'o Offering]) -> BTreeMap<&'o ProviderId, Vec<&'o Offering>> {
    let mut all: BTreeMap<&ProviderId, Vec<&Offering>> = BTreeMap::new();
    for one in offerings {
        all.entry(&one.provider_id).or_default().push(one);
    }
    all
}

/// Finds the starts that are kept, and computes and keeps the others.
fn load_kept(
    tx: &mut Tx<'_>,
    cache: &KeptStarts,
    offerings: BTreeMap<&ProviderId, Vec<&Offering>>,
    now: Timestamp,
) -> Result<BTreeMap<ProviderId, Arc<ProviderStarts>>, StoreError> {
    let day = day_of(now);
    let [begin, end] = stretch(day);
    let mut kept: BTreeMap<ProviderId, Arc<ProviderStarts>> = BTreeMap::new();
    let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
    for (provider, own) in offerings {
        match cache.find(provider, revision(&own), day) {
            Some(starts) if starts.has(&own) => {
                kept.insert(provider.clone(), starts);
                found.insert(provider, own);
            }
            former => missing.push((provider, own, former)),
        }
    }
    let providers: Vec<&ProviderId> = missing.iter().map(|(provider, ..)| *provider).collect();
    let times = provider_times(tx, &providers, "", begin, end)?;
    let unknown = ProviderTime::default();
    for (provider, own, former) in missing {
        let time = times.get(provider).unwrap_or(&unknown);
        let starts = ProviderStarts::compute(former.as_deref(), &own, time, revision(&own), day);
        let starts = Arc::new(starts);
        cache.keep(provider, &starts);
        kept.insert(provider.clone(), starts);
    }
    if cfg!(debug_assertions) {
        check(tx, &found, &kept, day)?;
    }
    Ok(kept)
}

/// Compares what was kept with what is free.
fn check(
    tx: &mut Tx<'_>,
    found: &BTreeMap<&ProviderId, Vec<&Offering>>,
    kept: &BTreeMap<ProviderId, Arc<ProviderStarts>>,
    day: Date,
) -> Result<(), StoreError> {
    let [begin, end] = stretch(day);
    let providers: Vec<&ProviderId> = found.keys().copied().collect();
    let times = provider_times(tx, &providers, "", begin, end)?;
    let unknown = ProviderTime::default();
    for (provider, own) in found {
        let time = times.get(*provider).unwrap_or(&unknown);
        let former = kept.get(*provider).map(Arc::as_ref);
        let fresh = ProviderStarts::compute(former, own, time, revision(own), day);
        debug_assert_eq!(former, Some(&fresh), "what is kept is not what is free");
    }
    Ok(())
}
