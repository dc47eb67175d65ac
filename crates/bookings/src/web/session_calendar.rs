//! The calendar of one session: a month with the days on which it can be booked, and the free times
//! of one of them; of a class, its dates. Who moves a booking, or asks for one of several times, chooses
//! in the same calendar.

mod found;

use askama::Template;
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;
use platform::Tx;
use web::{Form, Problem, Site, Text, ZonedPage};

use self::found::{Asked, Found, find};

use super::calendar_purpose::{Purpose, request};
use super::moving;
use super::slot_page::plain;
use super::visitor::{self, Asker};
use super::visitor_zone::VisitorZone;
use super::words;
use crate::browse::computed_time::{FreeTime, ListedDate};
use crate::{Refusal, notice, settings};

/// Until this hour, the times of a day belong to its night.
const MORNING: i8 = 6;

#[derive(Template)]
#[template(path = "book/calendar.html")]
struct CalendarPage<'a> {
    text: &'a Text,
    zone: &'a VisitorZone,
    zone_line: String,
    /// Empty where the times are by the clock of the place.
    zone_change: String,
    /// Where all sessions are listed, unless this is the only one, or what the time is chosen for.
    back: Option<Choice>,
    title: &'a str,
    note: &'a str,
    /// What the time is chosen for; empty for booking it.
    purpose: String,
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
    /// The number of free times or of dates in words; empty if there is none.
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
    /// Of a date of a class, the seats that are left; also price and length, if the date has others.
    seats: String,
    is_chosen: bool,
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
    let (sent, account) = (asked.clone(), asker.account.cloned());
    let look = move |tx: &mut Tx<'_>| -> Result<Option<Found>, Refusal> {
        visitor::check(&settings::load(tx)?, account.is_some())?;
        find(tx, &sent, account.as_ref())
    };
    let found = site.store.read(look).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let shown = found.day.as_ref().and_then(|(_, times)| times.first());
    let at = shown.map_or(now, |time| time.at);
    let is_elsewhere = visitor.differs(&found.zone, at);
    let (zone_line, zoned) = if is_elsewhere {
        ZonedPage::new(text, "booking-zone-place", &found.zone, at)
    } else {
        visitor.page(text, at)
    };
    let calendar = Calendar {
        text,
        visitor,
        zoned,
        asked: &asked,
        found: &found,
        today: now.to_zoned(found.zone.clone()).date(),
    };
    let offer = &found.session.offer;
    let body = CalendarPage {
        text,
        zone: visitor,
        zone_line,
        zone_change: if is_elsewhere {
            String::new()
        } else {
            asker.zone_change()
        },
        back: calendar.back(is_only),
        title: &offer.title,
        note: &offer.public_note,
        purpose: calendar.purpose(),
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

    /// A link to what the page belongs to.
    fn back(&self, is_only: bool) -> Option<Choice> {
        let (href, label) = match (&self.asked.purpose, &self.found.moved) {
            (Purpose::Ask(times), _) => (request(times), self.text.say("request-back").into()),
            (_, Some((moved, _))) => (notice::page(moved), moved.title.clone()),
            _ if is_only => return None,
            _ => {
                let all = self.text.say("offered-all");
                (self.visitor.keep("/book"), all.into())
            }
        };
        Some(Choice {
            href,
            label,
            is_chosen: false,
        })
    }

    fn purpose(&self) -> String {
        match (&self.asked.purpose, &self.found.moved) {
            (Purpose::Ask(_), _) => self.text.say("request-pick").into(),
            (_, Some((moved, slot))) => moving::now(self.text, &self.visitor.zone, moved, slot),
            _ => String::new(),
        }
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
        facts.extend(words::places(text, offer));
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
        let end = self.found.end.to_zoned(self.found.zone.clone()).date();
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
            let is_class = self.found.session.is_class();
            let (message, number) = match (is_class, count.free) {
                (true, 0) => ("offered-class-day", 0),
                (true, _) => ("offered-class-day", count.all),
                (false, free) => ("offered-day", free),
            };
            let values = [
                ("day", self.text.weekday_and_day(day).into()),
                ("count", number.into()),
            ];
            self.text.with(message, values)
        });
        Cell {
            day: is_within.then(|| day.day()),
            label: label.unwrap_or_default(),
            href: format!("{}#day", self.link("date", &day.to_string())),
            is_chosen: self.found.day.as_ref().is_some_and(|(own, _)| *own == day),
        }
    }

    fn day(&self) -> Option<Day> {
        let (text, zone) = (self.text, &self.found.zone);
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
        let is_free =
            |time: &&FreeTime| time.date.as_ref().is_none_or(|date| date.seats().left > 0);
        let count = match times.iter().filter(is_free).count() {
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
            href: self.visitor.keep(&self.asked.purpose.of_time(&time.id)),
            time: self.zoned.time(time.at),
            names: if is_choice {
                names.join(", ")
            } else {
                String::new()
            },
            seats: time
                .date
                .as_ref()
                .map_or_else(String::new, |date| self.seats(date)),
            is_chosen: match &self.asked.purpose {
                Purpose::Ask(times) => times.contains(&time.id),
                _ => false,
            },
        }
    }

    fn seats(&self, date: &ListedDate) -> String {
        let (text, session) = (self.text, &self.found.session);
        let mut said = vec![words::seats_left(text, date.seats())];
        let credit = session.credit_label.as_deref();
        let price = words::price(text, date.price(), credit.filter(|_| date.takes_credit()));
        said.extend(Some(price).filter(|own| *own != self.price(self.found.minutes)));
        let minutes = Some(date.minutes()).filter(|own| *own != self.found.minutes);
        said.extend(minutes.map(|minutes| words::length_of(text, minutes)));
        said.join(" · ")
    }

    /// Empty if the month has free times.
    fn nothing(&self) -> String {
        if self.found.is_free() {
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
        let day = at.to_zoned(self.found.zone.clone()).date();
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
