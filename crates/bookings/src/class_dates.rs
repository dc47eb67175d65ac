//! The dates of classes. They are slots, made at the starts that the hours of their offer have, as far
//! ahead as members book: when the offer or the hours are changed, and each night.
//!
//! A date that somebody has booked, or that the provider has hidden, stays as it is, except for its
//! number of seats. One that the hours do not contain any more rests, and is the same slot if they
//! contain it again. One that the provider has removed is not made again, and one that would meet
//! another session is left out, of which the provider is told. The hours do not decide about dates that
//! the provider has added; these only follow what is offered.

mod closed_times;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError};
use platform::mail::Stream;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, MailMessages, Site, zone};

use crate::availability::{self, Hours, Rule, Taken};
use crate::booking::waiting_list;
use crate::browse::computed_time;
use crate::codes::NOT_A_CLASS;
use crate::notice::{self, TimedNotice};
use crate::offer::{Offer, OfferId, OfferLength};
use crate::provider::{self, DATES, Provider, ProviderId};
use crate::slot::template::{Stretch, look_again, read_start};
use crate::slot::{self, Place, Slot, SlotId, State};
use crate::{Refusal, choice};

pub(crate) use closed_times::{ClosedTimes, closed_times};

const KIND: &str = "booking.class_days";
/// The most dates of a class that are ahead.
const MOST: usize = 500;
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn jobs(site: &Site) -> [Handler; 2] {
    [
        Handler::each_day(KIND, |_| async { Ok::<_, JobError>(Done::with(plan_all)) }),
        Handler::with(DATES, site, |site: Site, job: Job| async move {
            let provider: ProviderId = job.read()?;
            let write = move |tx: &mut Tx<'_>| make_all(tx, &site, &provider);
            Ok::<_, JobError>(Done::with(write))
        }),
    ]
}

fn plan_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let all = sql!(
        "SELECT DISTINCT provider_id FROM offer WHERE seats > 1 AND active = 1
         ORDER BY provider_id"
    );
    let all: Vec<(ProviderId,)> = tx.all(all, &[])?;
    for (provider,) in &all {
        provider::enqueue_dates(tx, provider)?;
    }
    Ok(())
}

/// An offer that is a class, or was one and still has dates.
#[derive(Row)]
struct Class {
    #[row(flatten)]
    offer: Offer,
    provider_id: ProviderId,
    filled_until: Option<String>,
}

/// A date that is ahead, perhaps one that rests or was removed.
#[derive(Row)]
struct ClassDate {
    #[row(flatten)]
    slot: Slot,
    /// The time that is taken, with the buffers.
    blocks_from: Timestamp,
    blocks_until: Timestamp,
    is_deleted: bool,
    is_resting: bool,
    /// Whether the provider added it.
    is_added: bool,
}

impl ClassDate {
    /// Whether nobody has booked the date.
    fn is_unbooked(&self) -> bool {
        !self.is_deleted && self.slot.state == State::Available && self.slot.seats_taken == 0
    }

    /// Whether the hours decide about the date.
    fn is_movable(&self) -> bool {
        self.is_unbooked() && !self.is_added
    }

    /// Whether the provider added the date, and it follows the offer.
    fn is_following(&self) -> bool {
        self.is_added && (self.is_unbooked() || self.is_resting)
    }

    fn is_at(&self, at: Timestamp, length: SignedDuration) -> bool {
        self.slot.starts_at == at && self.slot.ends_at == at + length
    }
}

/// A date to add to a class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewClassDate)]
pub(crate) struct NewClassDate {
    /// The date `2027-01-16`, by the clock of the class's hours.
    pub(crate) date: String,
    /// The time `09:30`, by that clock.
    pub(crate) time: String,
}

/// Adds a date to a class, outside its hours or further ahead than these are made. It may not meet
/// another session. The caller holds the provider's lock.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    provider: &Provider,
    offer: &OfferId,
    new: &NewClassDate,
) -> Result<Slot, Refusal> {
    let own = &provider.profile.id;
    let class: Option<Class> = sql!(
        "SELECT {o: Offer}, o.provider_id, o.filled_until FROM offer o
         WHERE o.id = :offer AND o.provider_id = :own",
        offer,
        own
    )
    .maybe(tx)?;
    let class = class.ok_or(Refusal::NotFound)?;
    let now = tx.now();
    let hours = computed_time::hours(tx, own, now, now)?;
    let length = class.offer.lengths.first().filter(|_| class.is_offered());
    let (Some(length), Some(hours)) = (length, hours.get(&class.offer.schedule_id)) else {
        return Err(NOT_A_CLASS.into());
    };
    let dates = class.dates(tx, now)?;
    let mut findings = Findings::default();
    if dates.iter().filter(|date| !date.is_deleted).count() >= MOST {
        findings.add("/date", "too_many", [("max", MOST.into())]);
    }
    let start = read_start(&new.date, &new.time, &hours.zone, &mut findings);
    let minutes = SignedDuration::from_mins(length.minutes);
    let stretch = Stretch {
        provider: own,
        own: "",
        before: SignedDuration::from_mins(class.offer.buffer_before),
        length: minutes,
        after: SignedDuration::from_mins(class.offer.buffer_after),
        zone: hours.zone.clone(),
    };
    let at = stretch.check(tx, start, findings)?;
    let there = dates
        .iter()
        .find(|date| date.is_resting && date.is_at(at, minutes));
    let id = class.put(tx, hours, length, at, there)?;
    sql!("UPDATE slot SET is_added = 1 WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    let slot = slot::own(tx, provider, &id)?;
    slot::record(tx, provider, &slot, "slot.created")?;
    Ok(slot)
}

fn make_all(tx: &mut Tx<'_>, site: &Site, provider: &ProviderId) -> Result<(), StoreError> {
    provider::lock(tx, provider)?;
    let classes: Vec<Class> = sql!(
        "SELECT {o: Offer}, o.provider_id, o.filled_until FROM offer o
         WHERE o.provider_id = :provider
           AND (o.seats > 1 OR EXISTS (SELECT 1 FROM slot s
                    WHERE s.offer_id = o.id AND s.seats > 1 AND s.deleted_at IS NULL
                      AND s.starts_at > :now))
         ORDER BY o.position, o.id",
        provider,
        now = tx.now()
    )
    .all(tx)?;
    for class in &classes {
        let offer = &class.offer;
        match offer.lengths.first() {
            Some(length) if class.is_offered() => class.make(tx, site, length)?,
            _ => class.end(tx)?,
        }
    }
    waiting_list::advance_all(tx, provider)
}

/// The starts at which a class takes place.
#[derive(Default)]
struct Starts {
    wanted: BTreeSet<Timestamp>,
    /// Those at which the class would meet another session.
    left_out: Vec<(Date, Timestamp)>,
}

/// What there is of a class, and what there is to be.
struct Plan {
    hours: Hours,
    /// All that is stored.
    dates: Vec<ClassDate>,
    /// The ids of the dates that follow the offer because the provider added them.
    following: BTreeSet<SlotId>,
    starts: Starts,
    /// The last day on which the hours decide.
    last: Date,
}

impl Class {
    fn is_offered(&self) -> bool {
        self.offer.is_class() && self.offer.active
    }

    fn dates(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<ClassDate>, StoreError> {
        sql!(
            "SELECT {s: Slot}, s.blocks_from, s.blocks_until,
                 s.deleted_at IS NOT NULL AS is_deleted, s.is_resting, s.is_added
             FROM slot s WHERE s.offer_id = :offer AND s.seats > 1 AND s.starts_at > :now
             ORDER BY s.starts_at, s.id",
            offer = self.offer.id,
            now
        )
        .all(tx)
    }

    /// Nobody can book the class any more. What is booked stays.
    fn end(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let now = tx.now();
        for date in self
            .dates(tx, now)?
            .iter()
            .filter(|date| date.is_unbooked())
        {
            rest(tx, &date.slot)?;
        }
        Ok(())
    }

    fn plan(
        &self,
        tx: &mut Tx<'_>,
        length: &OfferLength,
        now: Timestamp,
    ) -> Result<Option<Plan>, StoreError> {
        let offer = &self.offer;
        let horizon = now + SignedDuration::from_hours(24 * (offer.horizon_days + 1));
        let mut hours = computed_time::hours(tx, &self.provider_id, now, horizon)?;
        let Some(hours) = hours.remove(&offer.schedule_id) else {
            return Ok(None);
        };
        let dates = self.dates(tx, now)?;
        // Dates that were added may be further ahead.
        let last = dates.iter().map(|date| date.blocks_until).max();
        let until = last.map_or(horizon, |last| last.max(horizon)) + DAY;
        let mut blocked = self.blocked(tx, now, until)?;
        let following = self.following(length, &dates, &mut blocked);
        let starts = self.starts(length, &hours, &dates, &blocked, now);
        let last = now + SignedDuration::from_hours(24 * offer.horizon_days);
        Ok(Some(Plan {
            last: last.to_zoned(hours.zone.clone()).date(),
            hours,
            dates,
            following,
            starts,
        }))
    }

    /// The added dates that take their time as the offer is now. One that would then meet another
    /// session stays as it was. Puts the time that they take into `blocked`.
    fn following(
        &self,
        length: &OfferLength,
        dates: &[ClassDate],
        blocked: &mut Vec<(Timestamp, Timestamp)>,
    ) -> BTreeSet<SlotId> {
        let mut following = BTreeSet::new();
        for date in dates.iter().filter(|date| date.is_following()) {
            let old = (date.blocks_from, date.blocks_until);
            let (from, until) = self.offer.blocks(length, date.slot.starts_at);
            let is_own = |time: &(Timestamp, Timestamp)| !date.is_deleted && *time == old;
            let mut others = blocked.iter().filter(|time| !is_own(time));
            if others.any(|(begin, end)| *begin < until && *end > from) {
                continue;
            }
            blocked.retain(|time| !is_own(time));
            blocked.push((from, until));
            following.insert(date.slot.id.clone());
        }
        following
    }

    fn make(&self, tx: &mut Tx<'_>, site: &Site, length: &OfferLength) -> Result<(), StoreError> {
        let offer = &self.offer;
        let now = tx.now();
        let Some(plan) = self.plan(tx, length, now)? else {
            return self.end(tx);
        };
        let (hours, dates, starts) = (&plan.hours, &plan.dates, &plan.starts);
        let minutes = SignedDuration::from_mins(length.minutes);
        let stays = |date: &ClassDate| {
            let at = date.slot.starts_at;
            let is_wanted = starts.wanted.contains(&at) && date.is_at(at, minutes);
            is_wanted && (date.blocks_from, date.blocks_until) == offer.blocks(length, at)
        };
        // What rests first makes room for what is new, and for other buffers.
        for date in dates
            .iter()
            .filter(|date| date.is_movable() && !stays(date))
        {
            rest(tx, &date.slot)?;
        }
        for date in dates {
            if plan.following.contains(&date.slot.id) {
                self.put(tx, hours, length, date.slot.starts_at, Some(date))?;
            }
        }
        for at in &starts.wanted {
            let mut there = dates.iter().filter(|date| date.is_at(*at, minutes));
            let there = there.find(|date| date.is_movable() || date.is_resting);
            self.put(tx, hours, length, *at, there)?;
        }
        sql!(
            "UPDATE slot SET seats = CASE WHEN seats_taken > :seats THEN seats_taken
                                          ELSE CAST(:seats AS BIGINT) END
             WHERE offer_id = :offer AND seats > 1 AND seats <> :seats AND deleted_at IS NULL
               AND starts_at > :now",
            offer = offer.id,
            seats = offer.seats,
            now
        )
        .run(tx, Rows::Any)?;
        let is_there = offer.location_kind == Place::InPerson;
        self.tell(
            tx,
            site,
            is_there.then_some(&hours.zone),
            &plan.starts.left_out,
        )?;
        sql!(
            "UPDATE offer SET filled_until = :last WHERE id = :id",
            id = offer.id,
            last = plan.last.to_string()
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    /// What takes the provider's time, except for the dates about which the hours decide.
    fn blocked(
        &self,
        tx: &mut Tx<'_>,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(Timestamp, Timestamp)>, StoreError> {
        sql!(
            "SELECT blocks_from, blocks_until FROM slot
             WHERE provider_id = :provider AND deleted_at IS NULL
               AND blocks_until > :from AND blocks_from < :until
               AND NOT (COALESCE(offer_id, '') = :offer AND seats > 1 AND seats_taken = 0
                        AND state = 'available' AND is_added = 0 AND starts_at > :from)
             UNION ALL
             SELECT starts_at, ends_at FROM provider_busy
             WHERE provider_id = :provider AND starts_at < :until AND ends_at > :from",
            provider = self.provider_id,
            offer = self.offer.id,
            from,
            until
        )
        .all(tx)
    }

    fn starts(
        &self,
        length: &OfferLength,
        hours: &Hours,
        dates: &[ClassDate],
        blocked: &[(Timestamp, Timestamp)],
        now: Timestamp,
    ) -> Starts {
        let offer = &self.offer;
        let rule = Rule {
            // Members book that long before a date, which is there until it begins.
            notice: 0,
            day_limit: None,
            ..offer.rule(length)
        };
        let day = |at: Timestamp| at.to_zoned(hours.zone.clone()).date();
        let grid = availability::free(
            hours,
            &rule,
            &Taken::default(),
            now,
            &(day(now)..=Date::MAX),
        );
        let minutes = SignedDuration::from_mins(length.minutes);
        let (mut kept, mut removed) = (BTreeSet::new(), BTreeSet::new());
        let mut of_day: BTreeMap<Date, i64> = BTreeMap::new();
        for date in dates {
            let at = date.slot.starts_at;
            if date.is_following() || !date.is_deleted && !date.is_movable() {
                kept.insert(at);
                *of_day.entry(day(at)).or_default() += 1;
            } else if date.is_deleted && !date.is_resting && date.is_at(at, minutes) {
                removed.insert(at);
            }
        }
        let mut starts = Starts::default();
        let mut free_from = Timestamp::MIN;
        for at in grid {
            let (day, (from, until)) = (day(at), offer.blocks(length, at));
            let count = of_day.entry(day).or_default();
            let is_full = offer.day_limit.is_some_and(|limit| *count >= limit);
            if kept.contains(&at) || removed.contains(&at) || is_full || from < free_from {
                continue;
            }
            if blocked
                .iter()
                .any(|(begin, end)| *begin < until && *end > from)
            {
                starts.left_out.push((day, at));
                continue;
            }
            if kept.len() + starts.wanted.len() >= MOST {
                break;
            }
            *count += 1;
            free_from = until;
            starts.wanted.insert(at);
        }
        starts
    }

    /// Stores a date as the offer is now, and returns its id. One that is booked meanwhile stays as it
    /// is.
    fn put(
        &self,
        tx: &mut Tx<'_>,
        hours: &Hours,
        length: &OfferLength,
        at: Timestamp,
        there: Option<&ClassDate>,
    ) -> Result<SlotId, StoreError> {
        let offer = &self.offer;
        let old = there.map(|date| &date.slot);
        let id = old.map_or_else(|| tx.id(), |old| old.id.clone());
        let offered = offer.slot(id, &self.provider_id, length, at, zone::name(&hours.zone));
        let new = Slot {
            version: old.map_or(1, |old| old.version),
            ..offered
        };
        let (from, until) = offer.blocks(length, at);
        let Some(old) = there else {
            sql!(
                "INSERT INTO slot ({Slot}, blocks_from, blocks_until, created_at)
                 VALUES ({:Slot}, :from, :until, :now)",
                Slot = new,
                from,
                until,
                now = tx.now()
            )
            .run(tx, Rows::Exactly(1))
            .map_err(|error| look_again(tx, error))?;
            choice::insert(tx, new.id.as_str(), &offer.choices())?;
            return Ok(new.id);
        };
        // A changed number of seats is no other offer.
        let seen = Slot {
            seats: new.seats,
            ..old.slot.clone()
        };
        let is_there = !old.is_deleted && (old.blocks_from, old.blocks_until) == (from, until);
        if is_there && seen == new {
            return Ok(new.id);
        }
        let new = Slot {
            version: new.version + i64::from(seen != new),
            ..new
        };
        let changed_at = (!computed_time::has_same_terms(&seen, &new)).then(|| tx.now());
        let changed = sql!(
            "UPDATE slot SET {Slot = :Slot}, blocks_from = :from, blocks_until = :until,
                 deleted_at = NULL, is_resting = 0,
                 offer_changed_at = COALESCE(CAST(:changed_at AS BIGINT), offer_changed_at)
             WHERE id = :id AND version = :seen AND state = 'available' AND seats_taken = 0
               AND (deleted_at IS NULL OR is_resting = 1)",
            Slot = new,
            from,
            until,
            changed_at,
            id = new.id,
            seen = old.slot.version
        )
        .run(tx, Rows::AtMostOne)
        .map_err(|error| look_again(tx, error))?;
        if changed == 1 && old.slot.choices != new.choices {
            choice::clear(tx, new.id.as_str())?;
            choice::insert(tx, new.id.as_str(), &offer.choices())?;
        }
        Ok(new.id)
    }

    /// Tells the provider of the first date that is left out of those that were not told before.
    fn tell(
        &self,
        tx: &mut Tx<'_>,
        site: &Site,
        place: Option<&TimeZone>,
        left_out: &[(Date, Timestamp)],
    ) -> Result<(), StoreError> {
        let told = self.filled_until.as_ref();
        let told = told.and_then(|day| day.parse::<Date>().ok());
        let mut new = left_out.iter().filter(|(day, _)| Some(*day) > told);
        let Some((_, at)) = new.next() else {
            return Ok(());
        };
        let account = provider::account_of(tx, &self.provider_id)?;
        let notice = TimedNotice {
            messages: MailMessages {
                subject: "booking-notice-left-out",
                text: "booking-said-left-out",
            },
            at: *at,
            place,
            href: "/me/slots",
        };
        let (stream, title) = (Stream::Notification, &self.offer.title);
        notice::tell_of_time(tx, site, account.as_ref(), stream, title, notice)
    }
}

/// Takes a date away that nobody has booked, until the hours contain it again.
fn rest(tx: &mut Tx<'_>, slot: &Slot) -> Result<(), StoreError> {
    sql!(
        "UPDATE slot SET deleted_at = :now, is_resting = 1
         WHERE id = :id AND state = 'available' AND seats_taken = 0 AND deleted_at IS NULL",
        id = slot.id,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}
