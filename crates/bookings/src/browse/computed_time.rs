//! Times that the hours of providers leave free for their offers, except for classes. They are
//! computed when somebody looks at them, and kept for who looks next as long as nothing changes. One
//! that somebody books or asks for is computed again, and stored as a slot under the same id.

mod class_date;
mod kept_starts;
mod offered_session;
mod preview;
mod provider_time;
mod time_id;
mod times;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use platform::id::Id as _;
use platform::money::Currency;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};

use self::provider_time::provider_times;
use self::time_id::TimeId;
use self::times::Times;
use super::{Filter, Offered};
use crate::availability::{self, Hours, Taken};
use crate::offer::{Offer, OfferId, OfferLength};
use crate::provider::{self, ProviderId};
use crate::schedule::WeekWindow;
use crate::slot::template::look_again;
use crate::slot::{Place, Slot, SlotId, State};

pub(crate) use self::class_date::{ListedDate, Seats};
pub(crate) use self::offered_session::{
    FreeTime, KnownTimes, MovedTime, OfferedSession, Start, sessions, with_slug,
};
pub(crate) use self::preview::Preview;
pub(crate) use self::provider_time::{ProviderTime, hours};

/// How far times are computed at first. If they are too few, the stretch is doubled.
const STRETCH: SignedDuration = SignedDuration::from_hours(14 * 24);
/// No offer can be booked further ahead.
const FURTHEST: SignedDuration = SignedDuration::from_hours(367 * 24);

/// An offer that members can book, with its hours and its provider.
#[derive(Clone, Debug, Row)]
struct Offering {
    #[row(flatten)]
    offer: Offer,
    provider_id: ProviderId,
    #[row(rename = "time_zone")]
    zone: String,
    #[row(json)]
    week: Vec<WeekWindow>,
    /// As in [`Offered`].
    #[row(rename = "display_name")]
    provider: String,
    #[row(rename = "slug")]
    address: Option<String>,
    credit_label: Option<String>,
    site_currency: Currency,
    /// Of what takes the provider's time. Triggers of the tables write it.
    times_revision: i64,
}

/// Finds the offers that members can book and that are no classes, or `only` that one.
fn offerings(tx: &mut Tx<'_>, only: &str) -> Result<Vec<Offering>, StoreError> {
    bookable(tx, only, false, i64::MAX)
}

/// Finds the offers that members can book, or `only` that one.
fn with_classes(tx: &mut Tx<'_>, only: &str) -> Result<Vec<Offering>, StoreError> {
    bookable(tx, only, true, i64::MAX)
}

/// Finds the `most` first offers that members can book, perhaps also classes, or `only` that one.
fn bookable(
    tx: &mut Tx<'_>,
    only: &str,
    has_classes: bool,
    most: i64,
) -> Result<Vec<Offering>, StoreError> {
    sql!(
        "SELECT {o: Offer}, o.provider_id, h.time_zone, h.week,
             CASE WHEN w.reveal = 'always' THEN p.display_name ELSE '' END AS display_name,
             CASE WHEN w.reveal = 'always' THEN g.slug END AS slug,
             (SELECT k.label FROM credit_kind k WHERE k.code = o.credit_kind) AS credit_label,
             w.currency AS site_currency, COALESCE(t.revision, 0) AS times_revision
         FROM offer o JOIN provider_schedule h ON h.id = o.schedule_id
         JOIN provider p ON p.id = o.provider_id AND p.is_paused = 0
         JOIN account a ON a.id = p.account_id AND a.state = 'active'
         JOIN booking_setting w ON w.id = 1
         LEFT JOIN account_slug g ON g.account_id = a.id AND g.until IS NULL
         LEFT JOIN provider_times t ON t.provider_id = o.provider_id
         WHERE o.active = 1 AND (o.seats = 1 OR CAST(:has_classes AS BIGINT) = 1)
           AND (:only = '' OR o.id = :only)
           AND EXISTS (SELECT 1 FROM role_grant r WHERE r.account_id = a.id
                       AND r.scope_kind = 'site' AND (r.is_rank = 1 OR r.role = 'provider')
                       AND (r.expires_at IS NULL OR r.expires_at > :now))
         ORDER BY o.position, o.id LIMIT :most",
        only,
        has_classes,
        most,
        now = tx.roughly_now()
    )
    .all(tx)
}

/// Hours in which offers can be booked that are no classes.
pub(crate) struct OpenHours {
    pub(crate) provider_id: ProviderId,
    pub(crate) hours: Hours,
    /// How many days ahead they can be booked at most.
    pub(crate) horizon_days: i64,
}

/// The hours in which members can book, with the days between two instants that differ from them.
pub(crate) fn open_hours(
    tx: &mut Tx<'_>,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<OpenHours>, StoreError> {
    let mut offered: BTreeMap<String, Offering> = BTreeMap::new();
    for one in offerings(tx, "")? {
        let most = one.offer.horizon_days;
        let known = offered.entry(one.offer.schedule_id.clone()).or_insert(one);
        known.offer.horizon_days = known.offer.horizon_days.max(most);
    }
    let providers: BTreeSet<&ProviderId> = offered.values().map(|one| &one.provider_id).collect();
    let providers: Vec<&ProviderId> = providers.into_iter().collect();
    let times = provider_times(tx, &providers, "", from, until)?;
    let none = ProviderTime::default();
    let all = offered.iter().map(|(schedule, one)| {
        let time = times.get(&one.provider_id).unwrap_or(&none);
        OpenHours {
            provider_id: one.provider_id.clone(),
            hours: time.hours(schedule, &one.zone, &one.week),
            horizon_days: one.offer.horizon_days,
        }
    });
    Ok(all.collect())
}

impl Offering {
    /// The free starts of each length from one instant until before another.
    fn starts(
        &self,
        time: &ProviderTime,
        now: Timestamp,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(&OfferLength, Timestamp)> {
        let hours = time.hours(&self.offer.schedule_id, &self.zone, &self.week);
        let mut sessions = BTreeMap::new();
        for (_, at) in time.sessions.iter().filter(|(id, _)| *id == self.offer.id) {
            let day = at.to_zoned(hours.zone.clone()).date();
            *sessions.entry(day).or_default() += 1;
        }
        let taken = Taken::new(time.blocked.clone(), sessions);
        let day = |at: Timestamp| at.to_zoned(hours.zone.clone()).date();
        let days = day(from)..=day(until);
        let mut all = Vec::new();
        for length in &self.offer.lengths {
            let free = availability::free(&hours, &self.offer.rule(length), &taken, now, &days);
            let within = free.into_iter().filter(|at| (from..until).contains(at));
            all.extend(within.map(|at| (length, at)));
        }
        all
    }

    /// The time as a slot that is not stored.
    fn slot(&self, length: &OfferLength, at: Timestamp) -> Option<Slot> {
        let offer = &self.offer;
        let id = SlotId::from_text(TimeId::of(&offer.id, at, length.minutes)?.text());
        Some(offer.slot(id, &self.provider_id, length, at, &self.zone))
    }

    fn offered(&self, length: &OfferLength, at: Timestamp) -> Option<Offered> {
        Some(Offered {
            slot: self.slot(length, at)?,
            provider: self.provider.clone(),
            address: self.address.clone(),
            credit_label: self.credit_label.clone(),
        })
    }
}

/// A time of an offer, whether or not it is free.
struct OfferTime {
    offering: Offering,
    length: OfferLength,
    at: Timestamp,
}

impl OfferTime {
    fn of_offer(
        tx: &mut Tx<'_>,
        offer: &OfferId,
        at: Timestamp,
        minutes: i64,
    ) -> Result<Option<Self>, StoreError> {
        let found = offerings(tx, offer.as_str())?.pop();
        Ok(found.and_then(|offering| {
            let mut lengths = offering.offer.lengths.iter();
            let length = lengths.find(|length| length.minutes == minutes)?.clone();
            Some(Self {
                offering,
                length,
                at,
            })
        }))
    }

    fn of_id(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Self>, StoreError> {
        let Some(time) = TimeId::read(id.as_str()) else {
            return Ok(None);
        };
        let (Some(at), minutes) = (time.starts_at(), time.minutes()) else {
            return Ok(None);
        };
        let offers: Vec<(OfferId,)> = tx.all(
            sql!("SELECT id FROM offer WHERE active = 1 AND seats = 1"),
            &[],
        )?;
        let mut offers = offers.into_iter();
        let own = offers.find(|(offer,)| TimeId::of(offer, at, minutes) == Some(time));
        match own {
            Some((offer,)) => Self::of_offer(tx, &offer, at, minutes),
            None => Ok(None),
        }
    }

    /// The time of a slot that is stored or was found before, as the offer is now.
    fn of_slot(tx: &mut Tx<'_>, slot: &Slot) -> Result<Option<Self>, StoreError> {
        let minutes = slot.ends_at.duration_since(slot.starts_at).as_mins();
        match &slot.offer_id {
            Some(offer) => Self::of_offer(tx, offer, slot.starts_at, minutes),
            None => Ok(None),
        }
    }

    fn slot(&self) -> Option<Slot> {
        self.offering.slot(&self.length, self.at)
    }

    /// Whether the time is free, by what is stored now.
    fn is_free(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let until = self.at + SignedDuration::from_mins(1);
        let provider = &self.offering.provider_id;
        let time = ProviderTime::load(tx, provider, self.at, until)?;
        let free = self.offering.starts(&time, tx.now(), self.at, until);
        Ok(free.contains(&(&self.length, self.at)))
    }
}

/// Finds a computed time, whether or not it is free.
pub(crate) fn find(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Slot>, StoreError> {
    let found = OfferTime::of_id(tx, id)?;
    Ok(found.and_then(|time| time.slot()))
}

/// Finds a computed time that is free.
pub(crate) fn find_free(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Offered>, StoreError> {
    let Some(time) = OfferTime::of_id(tx, id)? else {
        return Ok(None);
    };
    let is_free = time.is_free(tx)?;
    let offered = time.offering.offered(&time.length, time.at);
    Ok(offered.filter(|_| is_free))
}

/// Lists the free times that match, by start and id. `after` is the start and the id of the last one
/// of the page before.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Offered>, StoreError> {
    // What is computed was not made at any time.
    if filter.made.is_some() || filter.is_single {
        return Ok(Vec::new());
    }
    let now = tx.roughly_now();
    let limit = usize::try_from(limit).unwrap_or_default();
    let after = filter.after.as_ref().map(|(at, _)| *at);
    let begin = after.or(filter.from).unwrap_or(now).max(now);
    let end = filter.until.unwrap_or(Timestamp::MAX).min(now + FURTHEST);
    if begin >= end {
        return Ok(Vec::new());
    }
    let offerings = offerings(tx, "")?.into_iter();
    let offerings: Vec<Offering> = offerings.filter(|one| is_meant(one, filter)).collect();
    let except = filter.except.as_ref().map_or("", SlotId::as_str);
    let is_after = |one: &Found<'_>| match &filter.after {
        None => true,
        Some((at, id)) => {
            one.at > *at || one.at == *at && one.slot().is_some_and(|slot| slot.id > *id)
        }
    };
    let mut found: Vec<Found<'_>> = Vec::new();
    let (mut from, mut stretch) = (begin, STRETCH);
    while from < end && found.len() < limit {
        let until = from.checked_add(stretch).unwrap_or(end).min(end);
        let times = Times::load(tx, &offerings, except, from, until)?;
        for by in &offerings {
            let starts = times.starts(by, from, until).into_iter();
            let starts = starts.filter(|(length, _)| is_length_meant(by, length, filter));
            let all = starts.map(|(length, at)| Found { by, length, at });
            found.extend(all.filter(is_after));
        }
        (from, stretch) = (until, stretch * 2);
    }
    // Of those that begin with the last one, the ids decide.
    found.sort_by_key(|one| one.at);
    if let Some(last) = found.get(limit.saturating_sub(1)).map(|one| one.at) {
        found.truncate(found.partition_point(|one| one.at <= last));
    }
    let offered = found.iter().filter_map(Found::offered);
    let mut offered: Vec<Offered> = offered.collect();
    sort(&mut offered);
    offered.truncate(limit);
    Ok(offered)
}

/// A free time of an offer.
struct Found<'a> {
    by: &'a Offering,
    length: &'a OfferLength,
    at: Timestamp,
}

impl Found<'_> {
    fn slot(&self) -> Option<Slot> {
        self.by.slot(self.length, self.at)
    }

    fn offered(&self) -> Option<Offered> {
        self.by.offered(self.length, self.at)
    }
}

/// Counts a provider's free times, and finds the `first` of them. A start counts once for each
/// length.
pub(crate) fn next_free(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    first: usize,
) -> Result<(usize, Vec<Slot>), StoreError> {
    let all = offerings(tx, "")?.into_iter();
    let own: Vec<Offering> = all.filter(|one| one.provider_id == *provider).collect();
    if own.is_empty() {
        return Ok((0, Vec::new()));
    }
    let now = tx.roughly_now();
    let until = now + FURTHEST;
    let times = Times::load(tx, &own, "", now, until)?;
    let mut free: Vec<Found<'_>> = Vec::new();
    for by in &own {
        let starts = times.starts(by, now, until).into_iter();
        free.extend(starts.map(|(length, at)| Found { by, length, at }));
    }
    free.sort_by_key(|one| one.at);
    let next = free.iter().take(first).filter_map(Found::slot);
    Ok((free.len(), next.collect()))
}

/// Sorts times by start and id, as the pages of a list continue.
pub(crate) fn sort(times: &mut [Offered]) {
    times.sort_by(|one, other| {
        let (one, other) = (&one.slot, &other.slot);
        (one.starts_at, &one.id).cmp(&(other.starts_at, &other.id))
    });
}

/// Whether the filter's criteria of offers match.
fn is_meant(one: &Offering, filter: &Filter) -> bool {
    let offer = &one.offer;
    let is = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
    let allows = |wanted: Option<&String>, own: &[String]| {
        wanted.is_none_or(|wanted| own.is_empty() || own.contains(wanted))
    };
    let is_there = filter.location_kind.is_none_or(|place| {
        place == offer.location_kind
            || (place, offer.location_kind) == (Place::Online, Place::RoomPool)
    });
    let area = filter.area.to_ascii_lowercase();
    is(&filter.title, &offer.title)
        && is(&filter.provider, one.address.as_deref().unwrap_or_default())
        && is(
            &filter.credit_kind,
            offer.credit_kind.as_deref().unwrap_or_default(),
        )
        && allows(filter.choice.session_type.as_ref(), &offer.session_types)
        && allows(filter.choice.level.as_ref(), &offer.levels)
        && allows(filter.choice.entry.as_ref(), &offer.entries)
        && is_there
        && (area.is_empty() || offer.area.to_ascii_lowercase().contains(&area))
        && filter.of.as_ref().is_none_or(|(provider, _, kind)| {
            *provider == one.provider_id && *kind == offer.credit_kind
        })
}

/// Whether the filter's criteria of a length and its price match.
fn is_length_meant(one: &Offering, length: &OfferLength, filter: &Filter) -> bool {
    let price = one.offer.price(length);
    let is_cheap = price.minor == 0
        || filter
            .max_price
            .is_none_or(|most| price.minor <= most && price.currency == one.site_currency);
    let is_long = filter
        .min_minutes
        .is_none_or(|least| length.minutes >= least);
    let is_priced = filter
        .of
        .as_ref()
        .is_none_or(|(_, wanted, _)| *wanted == price);
    is_cheap && is_long && is_priced
}

/// The titles of the offers that members can book.
pub(crate) fn titles(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let all = offerings(tx, "")?.into_iter();
    Ok(all.map(|one| one.offer.title).collect())
}

/// Whether members can book any offer, also a class.
pub(crate) fn has_offers(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(!bookable(tx, "", true, 1)?.is_empty())
}

/// Stores a computed time as a slot that is held or booked. Returns `false` if it is not free, or is
/// not offered on the terms of `slot` any more. Locks the provider; the caller holds the locks of the
/// order, the booking, the member and the credits.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    slot: &Slot,
    state: State,
    hold: Option<(&str, Timestamp)>,
) -> Result<bool, StoreError> {
    provider::lock(tx, &slot.provider_id)?;
    let Some(time) = OfferTime::of_slot(tx, slot)? else {
        return Ok(false);
    };
    let Some(now) = time.slot().filter(|now| has_same_terms(now, slot)) else {
        return Ok(false);
    };
    if !time.is_free(tx)? {
        return Ok(false);
    }
    let taken = Slot {
        state,
        hold_token: hold.map(|(token, _)| token.to_owned()),
        hold_until: hold.map(|(_, until)| until),
        version: now.version + 1,
        ..now
    };
    store(tx, &time.offering.offer, &taken, false)
}

/// Stores a computed time as a slot, unless the stored one is not free. One that rests takes nobody's
/// time, and stays as it is while somebody asks for it. It is not deleted: the booking or the request
/// for which it was stored is kept, and refers to it. What members are shown may differ from the stored
/// slot; then that is noted. Returns whether it was stored.
fn store(
    tx: &mut Tx<'_>,
    offer: &Offer,
    slot: &Slot,
    is_resting: bool,
) -> Result<bool, StoreError> {
    let buffers = [offer.buffer_before, offer.buffer_after];
    let [before, after] = buffers.map(SignedDuration::from_mins);
    let now = tx.now();
    let stored = sql!(
        "INSERT INTO slot
             ({Slot}, blocks_from, blocks_until, created_at, deleted_at, is_resting)
         VALUES ({:Slot}, :from, :until, :now, :deleted_at, :is_resting)
         ON CONFLICT (id) DO UPDATE SET {Slot = :Slot}, blocks_from = :from, blocks_until = :until,
             deleted_at = excluded.deleted_at, is_resting = excluded.is_resting,
             offer_changed_at = CASE WHEN slot.title = excluded.title
                     AND slot.public_note = excluded.public_note
                     AND slot.price_minor = excluded.price_minor
                     AND slot.currency = excluded.currency
                     AND COALESCE(slot.credit_kind, '') = COALESCE(excluded.credit_kind, '')
                     AND slot.location_kind = excluded.location_kind
                     AND slot.area = excluded.area AND slot.choices = excluded.choices
                 THEN slot.offer_changed_at ELSE excluded.created_at END
         WHERE slot.is_resting = 1 AND (excluded.is_resting = 0 OR NOT EXISTS
             (SELECT 1 FROM booking_request_slot l JOIN booking_request r ON r.id = l.request_id
              WHERE l.slot_id = slot.id AND r.state = 'pending'))",
        Slot = slot,
        from = slot.starts_at - before,
        until = slot.ends_at + after,
        now,
        deleted_at = is_resting.then_some(now),
        is_resting
    )
    .run(tx, Rows::AtMostOne)
    .map_err(|error| look_again(tx, error))?;
    Ok(stored == 1)
}

/// What a member is shown of a slot, besides its time.
fn terms(slot: &Slot) -> impl PartialEq + '_ {
    (
        (&slot.title, &slot.public_note),
        (slot.price(), &slot.credit_kind),
        (slot.location_kind, &slot.area),
        &slot.choices,
    )
}

/// Whether a member who saw the one gets the other.
pub(crate) fn has_same_terms(one: &Slot, other: &Slot) -> bool {
    terms(one) == terms(other)
}

/// Stores a computed time that somebody asks for, so that the request can refer to it. It rests, so
/// it takes nobody's time. Returns `false` if the offer is gone, or if somebody else asks for the time
/// on other terms.
pub(crate) fn keep(tx: &mut Tx<'_>, slot: &Slot) -> Result<bool, StoreError> {
    provider::lock(tx, &slot.provider_id)?;
    let Some(time) = OfferTime::of_slot(tx, slot)? else {
        return Ok(false);
    };
    store(tx, &time.offering.offer, slot, true)?;
    let stored = tx.find::<Slot>(&slot.id)?;
    Ok(stored.is_some_and(|stored| has_same_terms(&stored, slot)))
}
