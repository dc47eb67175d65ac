//! The calendar of one session: a month with the days on which it can be booked, and the free times
//! of one of them.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use platform::Tx;
use web::{Form, Problem, Site, Text, ZonedPage};

use super::slot_page::plain;
use super::visitor::{self, Asker};
use super::visitor_zone::VisitorZone;
use super::words::{self, percent};
use crate::Refusal;
use crate::browse::computed_time::{self, FreeTime, KnownTimes, OfferedSession};
use crate::settings;

/// Until this hour, the times of a day belong to its night.
const MORNING: i8 = 6;

#[derive(Template)]
#[template(path = "book/calendar.html")]
struct CalendarPage<'a> {
    text: &'a Text,
    zone: &'a VisitorZone,
    zone_line: String,
    zone_change: String,
    /// Where all sessions are listed, unless this is the only one.
    all: Option<String>,
    title: &'a str,
    note: &'a str,
    facts: Vec<String>,
    lengths: Vec<Choice>,
    givers: Vec<Choice>,
    month: String,
    earlier: Option<Choice>,
    later: Option<Choice>,
    weekdays: Vec<(String, String)>,
    weeks: Vec<Vec<Cell>>,
    day: Option<Day>,
    /// What is said where the month has no free time.
    nothing: String,
    next: Option<Choice>,
}

/// A link among others.
struct Choice {
    href: String,
    label: String,
    is_chosen: bool,
}

/// A day of the month, or an empty cell before or after it.
struct Cell {
    day: Option<i8>,
    /// The number of free times in words; empty if there is none.
    label: String,
    href: String,
    is_chosen: bool,
}

struct Day {
    title: String,
    count: String,
    /// Whether the visitor's clocks change on the day.
    is_changing: bool,
    /// The message id of each part of the day, with its times.
    parts: Vec<(&'static str, Vec<TimeLink>)>,
    /// The times of the night, if the day has others.
    night: Vec<TimeLink>,
    night_title: String,
}

struct TimeLink {
    href: String,
    time: String,
    /// Who gives the session then, if that is a choice.
    names: String,
}

/// What the address asks for.
#[derive(Clone, Debug)]
struct Asked {
    slug: String,
    zone: TimeZone,
    /// The slug of a provider's page; empty for all who give the session.
    with: String,
    minutes: Option<i64>,
    /// The first day of a month.
    month: Option<Date>,
    date: Option<Date>,
}

impl Asked {
    /// Nothing is found where a value cannot be read.
    fn read(query: &Form, slug: &str, zone: &TimeZone) -> Result<Self, Problem> {
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
            zone: zone.clone(),
            with: query.text("with").to_owned(),
            minutes: minutes.map_err(|_| Problem::not_found())?,
            month: day(&month)?,
            date: day(query.text("date"))?,
        })
    }

    /// The address of the calendar of a session with another value in place of its own.
    fn with(&self, name: &str, value: &str) -> String {
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
        let pairs: Vec<String> = pairs.chain(new).collect();
        match pairs.join("&").as_str() {
            "" => format!("/book/s/{}", self.slug),
            query => format!("/book/s/{}?{query}", self.slug),
        }
    }
}

struct Found {
    cancel_minutes: i64,
    /// Of all who give it.
    whole: OfferedSession,
    /// Of those that are asked for.
    session: OfferedSession,
    minutes: i64,
    /// The first day of the month that is shown.
    first: Date,
    /// The number of free times on each day of the month that has any.
    counts: BTreeMap<Date, usize>,
    day: Option<(Date, Vec<FreeTime>)>,
    /// Of a month without free times: the first after it, or of all.
    next: Option<Timestamp>,
    /// The instant after which the session cannot begin.
    end: Timestamp,
}

/// Finds what the page shows; `None` if the address asks for what is not offered.
fn find(tx: &mut Tx<'_>, asked: &Asked) -> Result<Option<Found>, Refusal> {
    let (rules, now) = (settings::load(tx)?, tx.roughly_now());
    let all = computed_time::sessions(tx)?;
    let Some(whole) = all.into_iter().find(|one| one.slug == asked.slug) else {
        return Ok(None);
    };
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
    let known = KnownTimes::load(tx, std::slice::from_ref(&session))?;
    let day_of = |at: Timestamp| at.to_zoned(asked.zone.clone()).date();
    let begin = |day: Date| day.to_zoned(asked.zone.clone()).map(|at| at.timestamp());
    let today = day_of(now);
    let asked_day = asked.date.or(asked.month);
    let nearest = || known.next(&session, Some(minutes), now).map(day_of);
    let shown = asked_day.or_else(nearest).unwrap_or(today).max(today);
    let first = shown.first_of_month();
    let last = first.last_of_month();
    let (Ok(from), Ok(until)) = (begin(first), last.tomorrow().and_then(begin)) else {
        return Ok(None);
    };
    let mut counts: BTreeMap<Date, usize> = BTreeMap::new();
    for at in known.starts(&session, Some(minutes), from, until) {
        *counts.entry(day_of(at)).or_default() += 1;
    }
    let date = match asked.date {
        Some(date) => Some(date.max(today)),
        None => counts.keys().next().copied(),
    };
    let day = match date {
        Some(date) => {
            let until = date.tomorrow().and_then(begin).unwrap_or(until);
            let from = begin(date).unwrap_or(from);
            Some((date, known.times(&session, minutes, from, until)))
        }
        None => None,
    };
    let next = if counts.is_empty() {
        let after = known.next(&session, Some(minutes), until);
        after.or_else(|| known.next(&session, Some(minutes), now))
    } else {
        None
    };
    Ok(Some(Found {
        cancel_minutes: rules.cancel_minutes,
        end: known.end(&session),
        whole,
        session,
        minutes,
        first,
        counts,
        day,
        next,
    }))
}

/// Shows the calendar of the session with this slug. `is_only` means that it is the only one.
pub(super) async fn page(
    site: &Site,
    text: &Text,
    asker: Asker<'_>,
    slug: &str,
    is_only: bool,
) -> Result<Response, Problem> {
    let (visitor, now) = (asker.zone, site.clock.now());
    let query = Form::parse(asker.uri.query().unwrap_or_default().as_bytes())?;
    let asked = Asked::read(&query, slug, &visitor.zone)?;
    let is_signed_in = asker.is_signed_in;
    let sent = asked.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<Option<Found>, Refusal> {
        visitor::check(&settings::load(tx)?, is_signed_in)?;
        find(tx, &sent)
    };
    let found = site.store.read(look).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let shown = found.day.as_ref().and_then(|(_, times)| times.first());
    let (zone_line, zoned) = visitor.page(text, shown.map_or(now, |time| time.at));
    let calendar = Calendar {
        text,
        visitor,
        zoned,
        asked: &asked,
        found: &found,
        today: now.to_zoned(visitor.zone.clone()).date(),
    };
    let offer = &found.session.offer;
    let body = CalendarPage {
        text,
        zone: visitor,
        zone_line,
        zone_change: asker.zone_change(),
        all: (!is_only).then(|| visitor.keep("/book")),
        title: &offer.title,
        note: &offer.public_note,
        facts: calendar.facts(),
        lengths: calendar.lengths(),
        givers: calendar.givers(),
        month: text.month(found.first),
        earlier: calendar.earlier(),
        later: calendar.later(),
        weekdays: calendar.weekdays(),
        weeks: calendar.weeks(),
        day: calendar.day(),
        nothing: calendar.nothing(),
        next: calendar.next(),
    };
    Ok(plain(site, text, &offer.title, body))
}

struct Calendar<'a> {
    text: &'a Text,
    visitor: &'a VisitorZone,
    zoned: ZonedPage<'a>,
    asked: &'a Asked,
    found: &'a Found,
    today: Date,
}

impl Calendar<'_> {
    fn link(&self, name: &str, value: &str) -> String {
        self.visitor.keep(&self.asked.with(name, value))
    }

    fn price(&self, minutes: i64) -> String {
        let session = &self.found.session;
        let lengths = session.lengths();
        let length = lengths.iter().find(|length| length.minutes == minutes);
        let price = length.map(|length| session.offer.price(length));
        price.map_or_else(String::new, |price| {
            words::price(self.text, price, session.credit_label.as_deref())
        })
    }

    fn facts(&self) -> Vec<String> {
        let (text, minutes) = (self.text, self.found.minutes);
        let offer = &self.found.session.offer;
        let mut facts = vec![
            self.price(minutes),
            words::length_of(text, minutes),
            words::place_of(text, offer.location_kind, &offer.area),
        ];
        if let [giver] = self.found.whole.givers().as_slice() {
            let name = giver.name.as_str();
            facts.push(text.with("offered-with", [("names", name.into())]));
        }
        facts.push(words::free_to_cancel(text, self.found.cancel_minutes));
        facts
    }

    /// Empty if there is one length.
    fn lengths(&self) -> Vec<Choice> {
        let lengths = self.found.session.lengths();
        if lengths.len() < 2 {
            return Vec::new();
        }
        let choices = lengths.iter().map(|length| {
            let minutes = length.minutes;
            let label = words::length_of(self.text, minutes);
            Choice {
                href: self.link("minutes", &minutes.to_string()),
                label: format!("{label} · {}", self.price(minutes)),
                is_chosen: minutes == self.found.minutes,
            }
        });
        choices.collect()
    }

    /// Empty if one provider gives the session, or if the site hides who does.
    fn givers(&self) -> Vec<Choice> {
        let givers = self.found.whole.givers();
        if givers.len() < 2 {
            return Vec::new();
        }
        let anyone = (
            String::new(),
            self.text.say("offered-with-anyone").into_owned(),
        );
        let givers = givers.into_iter().map(|one| (one.address, one.name));
        let all = std::iter::once(anyone).chain(givers);
        let choices = all.map(|(address, label)| Choice {
            href: self.link("with", &address),
            label,
            is_chosen: address == self.asked.with,
        });
        choices.collect()
    }

    fn month(&self, message: &'static str, first: Date) -> Choice {
        let month = self.text.month(first);
        Choice {
            href: self.link("month", &first.strftime("%Y-%m").to_string()),
            label: self.text.with(message, [("month", month.into())]),
            is_chosen: false,
        }
    }

    fn earlier(&self) -> Option<Choice> {
        let before = self.found.first.yesterday().ok()?.first_of_month();
        (before >= self.today.first_of_month()).then(|| self.month("offered-month-earlier", before))
    }

    fn later(&self) -> Option<Choice> {
        let after = self.found.first.last_of_month().tomorrow().ok()?;
        let end = self.found.end.to_zoned(self.visitor.zone.clone()).date();
        (after <= end).then(|| self.month("offered-month-later", after))
    }

    /// The short and the whole name of each weekday.
    fn weekdays(&self) -> Vec<(String, String)> {
        let monday = monday_of(self.found.first);
        let days = monday.series(1.day()).take(7);
        days.map(|day| (self.text.weekday_short(day), self.text.weekday(day)))
            .collect()
    }

    fn weeks(&self) -> Vec<Vec<Cell>> {
        let (first, last) = (self.found.first, self.found.first.last_of_month());
        let days = monday_of(first).series(1.day());
        let mut days = days.take_while(|day| monday_of(*day) <= last);
        let mut weeks = Vec::new();
        loop {
            let week: Vec<Cell> = days.by_ref().take(7).map(|day| self.cell(day)).collect();
            if week.is_empty() {
                return weeks;
            }
            weeks.push(week);
        }
    }

    fn cell(&self, day: Date) -> Cell {
        let is_within = day.first_of_month() == self.found.first;
        let count = self.found.counts.get(&day).filter(|_| is_within);
        let label = count.map(|count| {
            let values = [
                ("day", self.text.weekday_and_day(day).into()),
                ("count", (*count).into()),
            ];
            self.text.with("offered-day", values)
        });
        Cell {
            day: is_within.then(|| day.day()),
            label: label.unwrap_or_default(),
            href: format!("{}#day", self.link("date", &day.to_string())),
            is_chosen: self.found.day.as_ref().is_some_and(|(own, _)| *own == day),
        }
    }

    fn day(&self) -> Option<Day> {
        let (text, zone) = (self.text, &self.visitor.zone);
        let (date, times) = self.found.day.as_ref()?;
        let offset = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.offset());
        let mut parts: [(&'static str, Vec<TimeLink>); 4] = [
            ("offered-night", Vec::new()),
            ("offered-morning", Vec::new()),
            ("offered-afternoon", Vec::new()),
            ("offered-evening", Vec::new()),
        ];
        for time in times {
            let hour = time.at.to_zoned(zone.clone()).hour();
            let place = usize::from((hour / MORNING).unsigned_abs());
            if let Some((_, of_part)) = parts.get_mut(place) {
                of_part.push(self.time(time));
            }
        }
        let [mut night, rest @ ..] = parts;
        let mut rest: Vec<_> = rest.into_iter().filter(|(_, of)| !of.is_empty()).collect();
        if rest.is_empty() && !night.1.is_empty() {
            rest.push((night.0, std::mem::take(&mut night.1)));
        }
        let count = match times.len() {
            0 => text.say("booking-nothing-free").into_owned(),
            count => text.with("booking-count-free", [("count", count.into())]),
        };
        Some(Day {
            title: text.weekday_and_day(*date),
            count,
            is_changing: date
                .tomorrow()
                .is_ok_and(|next| offset(*date) != offset(next)),
            parts: rest,
            night_title: text.with("offered-night-count", [("count", night.1.len().into())]),
            night: night.1,
        })
    }

    fn time(&self, time: &FreeTime) -> TimeLink {
        let is_choice = self.asked.with.is_empty() && self.found.whole.givers().len() > 1;
        let names: Vec<&str> = time.names.iter().map(String::as_str).collect();
        TimeLink {
            href: self.visitor.keep(&format!("/book/{}", time.id)),
            time: self.zoned.time(time.at),
            names: if is_choice {
                names.join(", ")
            } else {
                String::new()
            },
        }
    }

    /// Empty if the month has free times.
    fn nothing(&self) -> String {
        if !self.found.counts.is_empty() {
            return String::new();
        }
        if self.found.next.is_none() {
            return self.text.say("booking-nothing").into_owned();
        }
        let month = self.text.month(self.found.first);
        self.text
            .with("offered-month-nothing", [("month", month.into())])
    }

    /// The next day with free times, of a month that has none.
    fn next(&self) -> Option<Choice> {
        let at = self.found.next?;
        let day = at.to_zoned(self.visitor.zone.clone()).date();
        let values = [("when", self.text.weekday_and_day(day).into())];
        Some(Choice {
            href: self.link("date", &day.to_string()),
            label: self.text.with("booking-next", values),
            is_chosen: false,
        })
    }
}

/// The Monday of the day's week.
fn monday_of(day: Date) -> Date {
    let days = day.weekday().to_monday_zero_offset();
    day.checked_sub(i64::from(days).days()).unwrap_or(day)
}
