//! What the calendar of a session shows, by its address.

use std::collections::BTreeMap;

use identity::account::AccountId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::Tx;
use web::{Form, Problem};

use crate::booking::{self, Booking};
use crate::browse::computed_time::{self, FreeTime, KnownTimes, MovedTime, OfferedSession};
use crate::slot::Slot;
use crate::web::calendar_purpose::Purpose;
use crate::web::visitor;
use crate::web::words::percent;
use crate::{Refusal, review, settings};

/// What the address asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    slug: String,
    pub(super) purpose: Purpose,
    /// The visitor's.
    zone: TimeZone,
    /// The slug of a provider's page; empty for all who give the session.
    pub(super) with: String,
    minutes: Option<i64>,
    /// The first day of a month.
    month: Option<Date>,
    date: Option<Date>,
}

impl Asked {
    /// Nothing is found where a value cannot be read.
    pub(super) fn read(query: &Form, slug: &str, zone: &TimeZone) -> Result<Self, Problem> {
        let day = |text: &str| match text {
            "" => Ok(None),
            text => text
                .parse::<Date>()
                .map(Some)
                .map_err(|_| Problem::not_found()),
        };
        let month = match query.text("month") {
            "" => String::new(),
            month => format!("{month}-01"),
        };
        let minutes = query.number("minutes");
        Ok(Self {
            slug: slug.to_owned(),
            purpose: Purpose::read(query)?,
            zone: zone.clone(),
            with: query.text("with").to_owned(),
            minutes: minutes.map_err(|_| Problem::not_found())?,
            month: day(&month)?,
            date: day(query.text("date"))?,
        })
    }

    /// The address of the calendar of a session with another value in place of its own.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let minutes = self.minutes.map(|minutes| minutes.to_string());
        let date = self.date.map(|date| date.to_string());
        let month = self.month.map(|month| month.strftime("%Y-%m").to_string());
        let own = [
            ("minutes", minutes.unwrap_or_default()),
            ("with", self.with.clone()),
            ("month", month.unwrap_or_default()),
            ("date", date.unwrap_or_default()),
        ];
        // A day is of its own month.
        let is_kept = |own: &str| {
            let is_day = |name: &str| ["month", "date"].contains(&name);
            own != name && !(is_day(own) && is_day(name))
        };
        let pairs = own
            .iter()
            .filter(|(own, value)| is_kept(own) && !value.is_empty());
        let pairs = pairs.map(|(own, value)| format!("{own}={}", percent(value)));
        let new = Some(format!("{name}={}", percent(value))).filter(|_| !value.is_empty());
        let purpose = self.purpose.pair().into_iter();
        let pairs: Vec<String> = purpose.chain(pairs).chain(new).collect();
        match pairs.join("&").as_str() {
            "" => format!("/book/s/{}", self.slug),
            query => format!("/book/s/{}?{query}", self.slug),
        }
    }
}

/// The number of times on a day.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) all: usize,
    /// How many are not full.
    pub(super) free: usize,
}

pub(super) struct Found {
    /// By whose clock the days and times are: that of the place, or else the visitor's.
    pub(super) zone: TimeZone,
    pub(super) cancel_minutes: i64,
    /// Of all who give it.
    pub(super) whole: OfferedSession,
    /// Of those that are asked for.
    pub(super) session: OfferedSession,
    /// The booking that is moved, and its slot.
    pub(super) moved: Option<(Booking, Slot)>,
    pub(super) minutes: i64,
    /// The first day of the month that is shown.
    pub(super) first: Date,
    /// Of each day of the month that has any time.
    pub(super) counts: BTreeMap<Date, Count>,
    pub(super) day: Option<(Date, Vec<FreeTime>)>,
    /// Of a month without free times: the first after it, or of all.
    pub(super) next: Option<Timestamp>,
    /// The instant after which the session cannot begin.
    pub(super) end: Timestamp,
}

impl Found {
    pub(super) fn is_free(&self) -> bool {
        self.counts.values().any(|count| count.free > 0)
    }
}

/// Finds the member's booking that is moved, and its slot. Nothing is found for anybody else.
fn find_moved(
    tx: &mut Tx<'_>,
    purpose: &Purpose,
    account: Option<&AccountId>,
) -> Result<Option<(Booking, Slot)>, Refusal> {
    let Purpose::Move(id) = purpose else {
        return Ok(None);
    };
    let account = account.ok_or_else(visitor::unauthenticated)?;
    let booking = booking::find(tx, id)?;
    let own = booking.filter(|one| one.member_id.as_ref() == Some(account));
    let booking = own.ok_or(Refusal::NotFound)?;
    let slot = tx.load(&booking.slot_id)?;
    Ok(Some((booking, slot)))
}

/// Finds what the page shows; `None` if the address asks for what is not offered.
pub(super) fn find(
    tx: &mut Tx<'_>,
    asked: &Asked,
    account: Option<&AccountId>,
) -> Result<Option<Found>, Refusal> {
    let (rules, now) = (settings::load(tx)?, tx.roughly_now());
    let moved = find_moved(tx, &asked.purpose, account)?;
    let time = match &moved {
        Some((booking, slot)) => Some(MovedTime {
            slot: slot.clone(),
            seats: booking.seats,
            keeps_length: review::call::is_open(tx, &booking.id)?,
        }),
        None => None,
    };
    let all = computed_time::sessions(tx)?;
    let mut of_slug = all.into_iter().filter(|one| one.slug == asked.slug);
    let whole = of_slug.find_map(|one| match &time {
        Some(time) => one.instead_of(time),
        None => Some(one),
    });
    let Some(whole) = whole else {
        return Ok(None);
    };
    if let Purpose::Ask(times) = &asked.purpose
        && (whole.is_class() || times.len() >= usize::try_from(rules.request_slots).unwrap_or(0))
    {
        return Ok(None);
    }
    let session = match asked.with.as_str() {
        "" => Some(whole.clone()),
        address => whole.given_by(address),
    };
    let lengths = whole.lengths();
    let mut lengths = lengths.iter().map(|length| length.minutes);
    let minutes = match asked.minutes {
        None => lengths.next(),
        Some(asked) => lengths.find(|minutes| *minutes == asked),
    };
    let (Some(session), Some(minutes)) = (session, minutes) else {
        return Ok(None);
    };
    let known = KnownTimes::load(tx, std::slice::from_ref(&session), time)?;
    let zone = session.place_zone().unwrap_or_else(|| asked.zone.clone());
    let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp());
    let today = day_of(now);
    let asked_day = asked.date.or(asked.month);
    let next = |from: Timestamp| Some(known.next(&session, Some(minutes), from)?.at);
    let nearest = || next(now).map(day_of);
    let shown = asked_day.or_else(nearest).unwrap_or(today).max(today);
    let first = shown.first_of_month();
    let last = first.last_of_month();
    let (Ok(from), Ok(until)) = (begin(first), last.tomorrow().and_then(begin)) else {
        return Ok(None);
    };
    let mut counts: BTreeMap<Date, Count> = BTreeMap::new();
    for start in known.starts(&session, Some(minutes), from, until) {
        let count = counts.entry(day_of(start.at)).or_default();
        count.all += 1;
        count.free += usize::from(!start.is_full());
    }
    let date = asked.date.map(|date| date.max(today)).or_else(|| {
        let free = counts.iter().find(|(_, count)| count.free > 0);
        free.or_else(|| counts.iter().next()).map(|(day, _)| *day)
    });
    let day = match date {
        Some(date) => {
            let until = date.tomorrow().and_then(begin).unwrap_or(until);
            let from = begin(date).unwrap_or(from);
            Some((date, known.times(&session, minutes, from, until)))
        }
        None => None,
    };
    let mut found = Found {
        cancel_minutes: rules.cancel_minutes,
        end: known.end(&session),
        whole,
        moved,
        minutes,
        first,
        counts,
        day,
        next: None,
        session: session.clone(),
        zone: zone.clone(),
    };
    if !found.is_free() {
        found.next = next(until).or_else(|| next(now));
    }
    Ok(Some(found))
}
