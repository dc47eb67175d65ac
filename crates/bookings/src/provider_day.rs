//! How much of providers' time was open and booked on a day, by the site's clock. A provider may
//! change the hours later, so each night the figures of the days that are over are kept.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};
use platform::jobs::{Done, Handler, JobError};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use web::Site;

use crate::availability::{united, without};
use crate::browse::computed_time::{self, OpenHours};
use crate::day_range::Days;
use crate::provider::ProviderId;
use crate::settings::LONGEST_MINUTES;
use crate::slot::State;

const KIND: &str = "booking.figures";
/// The most days that are counted back where none are kept.
const BACK: i64 = 92;
/// The most days ahead that are counted.
const AHEAD: i64 = 366;

/// How the time of providers was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Row)]
pub(crate) struct TimeUse {
    /// The minutes in which a session with one member could take place, or was booked.
    pub(crate) open_minutes: i64,
    pub(crate) booked_minutes: i64,
    /// The seats of classes.
    pub(crate) seats: i64,
    pub(crate) seats_taken: i64,
}

pub(crate) fn job(site: &Site) -> Handler {
    let zone = site.settings.time_zone.clone();
    Handler::each_day(KIND, move |_| {
        let zone = zone.clone();
        async move { Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| keep(tx, &zone))) }
    })
}

/// Keeps the figures of the days that are over.
fn keep(tx: &mut Tx<'_>, zone: &TimeZone) -> Result<(), StoreError> {
    let today = tx.now().to_zoned(zone.clone()).date();
    let first = first_unkept(tx, zone, today)?;
    let Ok(last) = today.yesterday() else {
        return Ok(());
    };
    let over = if first <= last {
        on_days(tx, zone, today, first, last)?
    } else {
        BTreeMap::new()
    };
    for ((provider, day), found) in over {
        sql!(
            "INSERT INTO provider_day (provider_id, day, {TimeUse})
             VALUES (:provider, :day, {:TimeUse})",
            provider,
            day = day.to_string(),
            TimeUse = found
        )
        .run(tx, Rows::Exactly(1))?;
    }
    sql!(
        "UPDATE booking_setting SET figures_until = :last WHERE figures_until < :last",
        last = last.to_string()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// The first day whose figures are not kept. Where none are, that of the first slot, but not long
/// ago: the hours were others then.
fn first_unkept(tx: &mut Tx<'_>, zone: &TimeZone, today: Date) -> Result<Date, StoreError> {
    let (until,): (String,) = tx.one(sql!("SELECT figures_until FROM booking_setting"), &[])?;
    let kept = until.parse::<Date>().ok();
    if let Some(first) = kept.and_then(|day| day.tomorrow().ok()) {
        return Ok(first);
    }
    let first = sql!("SELECT MIN(starts_at) FROM slot WHERE deleted_at IS NULL");
    let (first,): (Option<Timestamp>,) = tx.one(first, &[])?;
    let first = first.map_or(today, |at| at.to_zoned(zone.clone()).date());
    let back = today.saturating_sub(BACK.days());
    Ok(first.clamp(back, today))
}

/// The use of a range of days in the site's time zone. Without a last day, the range ends on that of
/// the last slot.
pub(crate) fn of_days(tx: &mut Tx<'_>, days: Days, zone: &TimeZone) -> Result<TimeUse, StoreError> {
    let today = tx.roughly_now().to_zoned(zone.clone()).date();
    let unkept = first_unkept(tx, zone, today)?;
    let mut all: TimeUse = sql!(
        "SELECT CAST(COALESCE(SUM(open_minutes), 0) AS BIGINT) AS open_minutes,
             CAST(COALESCE(SUM(booked_minutes), 0) AS BIGINT) AS booked_minutes,
             CAST(COALESCE(SUM(seats), 0) AS BIGINT) AS seats,
             CAST(COALESCE(SUM(seats_taken), 0) AS BIGINT) AS seats_taken
         FROM provider_day WHERE day >= :first AND day <= :last",
        first = days.from.map_or_else(String::new, |day| day.to_string()),
        last = days.to.unwrap_or(today).to_string()
    )
    .one(tx)?;
    let first = days.from.unwrap_or(unkept).max(unkept);
    let last = match days.to {
        Some(last) => last,
        None => last_slot(tx, zone)?.unwrap_or(today).max(today),
    };
    let last = last.min(today.saturating_add(AHEAD.days()));
    if first <= last {
        for found in on_days(tx, zone, today, first, last)?.values() {
            all.add(found);
        }
    }
    Ok(all)
}

fn last_slot(tx: &mut Tx<'_>, zone: &TimeZone) -> Result<Option<Date>, StoreError> {
    let last = sql!("SELECT MAX(starts_at) FROM slot WHERE deleted_at IS NULL");
    let (last,): (Option<Timestamp>,) = tx.one(last, &[])?;
    Ok(last.map(|at| at.to_zoned(zone.clone()).date()))
}

impl TimeUse {
    fn add(&mut self, other: &Self) {
        self.open_minutes += other.open_minutes;
        self.booked_minutes += other.booked_minutes;
        self.seats += other.seats;
        self.seats_taken += other.seats_taken;
    }
}

#[derive(Row)]
struct SlotTime {
    provider_id: ProviderId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    state: State,
    seats: i64,
    seats_taken: i64,
}

/// A provider's time, from when until when.
#[derive(Default)]
struct ProviderTime {
    open: Vec<(Timestamp, Timestamp)>,
    booked: Vec<(Timestamp, Timestamp)>,
    /// Classes, and times that are hidden.
    closed: Vec<(Timestamp, Timestamp)>,
    classes: Vec<SlotTime>,
}

impl ProviderTime {
    fn take(&mut self, slot: SlotTime) {
        let time = (slot.starts_at, slot.ends_at);
        match slot.state {
            State::Unavailable => self.closed.push(time),
            _ if slot.seats > 1 => {
                self.closed.push(time);
                self.classes.push(slot);
            }
            State::Booked | State::Completed => self.booked.push(time),
            State::Available | State::Held => self.open.push(time),
        }
    }
}

/// Computes the use of each provider's days from the slots and from the hours as they are now. Days
/// without any are left out.
fn on_days(
    tx: &mut Tx<'_>,
    zone: &TimeZone,
    today: Date,
    first: Date,
    last: Date,
) -> Result<BTreeMap<(ProviderId, Date), TimeUse>, StoreError> {
    let range = |from: Date, to: Date| {
        let (from, to) = (Some(from), Some(to));
        Days { from, to }.instants(zone)
    };
    let (from, until) = range(first, last);
    let slots: Vec<SlotTime> = sql!(
        "SELECT {SlotTime} FROM slot
         WHERE deleted_at IS NULL AND starts_at > :earliest AND starts_at < :until
           AND ends_at > :from",
        earliest = from - SignedDuration::from_mins(LONGEST_MINUTES),
        from,
        until
    )
    .all(tx)?;
    let mut times: BTreeMap<ProviderId, ProviderTime> = BTreeMap::new();
    for slot in slots {
        times
            .entry(slot.provider_id.clone())
            .or_default()
            .take(slot);
    }
    for OpenHours {
        provider_id,
        hours,
        horizon_days,
    } in computed_time::open_hours(tx, from, until)?
    {
        let furthest = today.saturating_add(horizon_days.days());
        let until = range(first, last.min(furthest)).1;
        let open = hours.open(from, until);
        let time = times.entry(provider_id).or_default();
        time.open
            .extend(open.into_iter().filter(|one| one.0 < until));
    }
    let days = first.series(Span::new().days(1));
    let days = days.take_while(|day| *day <= last);
    let days: Vec<Day> = days
        .map(|day| {
            let (begins, ends) = range(day, day);
            Day {
                date: day,
                begins,
                ends,
            }
        })
        .collect();
    let mut all = BTreeMap::new();
    for (provider, time) in times {
        let booked = united(time.booked);
        let mut open = without(&united(time.open), &united(time.closed));
        open.extend_from_slice(&booked);
        let open = united(open);
        for day in &days {
            let mut found = TimeUse {
                open_minutes: day.minutes(&open),
                booked_minutes: day.minutes(&booked),
                ..TimeUse::default()
            };
            let classes = time.classes.iter();
            for class in classes.filter(|class| day.has(class.starts_at)) {
                found.seats += class.seats;
                found.seats_taken += class.seats_taken;
            }
            if found != TimeUse::default() {
                all.insert((provider.clone(), day.date), found);
            }
        }
    }
    Ok(all)
}

/// A day by the site's clock.
struct Day {
    date: Date,
    begins: Timestamp,
    ends: Timestamp,
}

impl Day {
    fn has(&self, at: Timestamp) -> bool {
        (self.begins..self.ends).contains(&at)
    }

    /// The minutes of the day in these stretches of time, which are apart.
    fn minutes(&self, all: &[(Timestamp, Timestamp)]) -> i64 {
        let within = all.iter().map(|(from, until)| {
            let (from, until) = (self.begins.max(*from), self.ends.min(*until));
            until.duration_since(from).as_mins().max(0)
        });
        within.sum()
    }
}
