//! The page of a week of a provider's calendar, on which many of their slots can be changed at once.

use std::cmp::Ordering;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use platform::Tx;
use site::call;
use site::confirmation::{self, Question, SentForm};
use site::request::{FormPost, PageRequest};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, ZonedPage, dates};

use super::HERE;
use crate::availability::DAY;
use crate::bulk::{self, Action, BulkChange};
use crate::calendar::{self, DayOff, EntryKind};
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId};
use crate::web::frame::BookingPage as _;
use crate::{Refusal, notice, offer, settings, to_do};

/// The hours that the calendar shows if nothing lies outside.
const HOURS: [i64; 2] = [8, 18];

const DONE: &[(&str, &str)] = &[
    ("saved", "slot-saved"),
    ("saved-twice", "slot-saved-twice"),
    ("added", "slot-added"),
    ("added-twice", "slot-added-twice"),
    ("removed", "slot-removed"),
];

#[derive(Template)]
#[template(path = "slots/week.html")]
struct WeekPage<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    from: Date,
    /// The field for the link that the ticked slots get; `None` if no slot can be changed.
    link: Option<Field>,
    done: Option<&'static str>,
    needs: Vec<(&'static str, String)>,
    is_new: bool,
    range: String,
    zone: String,
    zone_name: String,
    earlier: String,
    later: String,
    /// The classes and the names of the hours beside the days.
    axis: Vec<(String, String)>,
    days: Vec<Day>,
    /// The class of each colour, and the message id of what it means.
    legend: &'static [(&'static str, &'static str)],
    is_administrator: bool,
}

const LEGEND: &[(&str, &str)] = &[
    ("yes", "slot-booked"),
    ("wait", "slot-held"),
    ("lesson", "calendar-is-class"),
    ("time", "calendar-is-free"),
    ("busy", "calendar-is-busy"),
    ("open", "calendar-is-open"),
];

struct Day {
    href: String,
    weekday: String,
    /// The weekday in the strip of a phone, which says how many sessions there are.
    short: String,
    number: String,
    sessions: usize,
    is_today: bool,
    /// Whether this is the day that a phone shows.
    is_chosen: bool,
    /// The note about a day off, or what it is.
    off: Option<String>,
    /// Whether nothing stands in it.
    is_empty: bool,
    entries: Vec<Entry>,
}

struct Entry {
    /// Of the colour, and of the place in the grid.
    class: String,
    /// `None` of what leads nowhere.
    href: Option<String>,
    time: String,
    state: String,
    title: String,
    /// The slot's id, and the label of its checkbox; `None` if it cannot be changed.
    tick: Option<(SlotId, String)>,
    is_ticked: bool,
}

/// What the entries of a week are written with.
struct Writer<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    zoned: ZonedPage<'a>,
    zone: TimeZone,
    now: Timestamp,
    /// The first hour of the grid, and the one that ends it.
    hours: [i64; 2],
    busy: Vec<(Timestamp, Timestamp)>,
}

/// `GET /me/slots`.
pub(in crate::web) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let asked: Option<Date> = req.query.text("from").parse().ok();
    page(&req, asked, &FormState::default()).await
}

async fn page(
    req: &PageRequest,
    asked: Option<Date>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (now, text) = (req.site.clock.now(), &req.text);
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let id = provider.profile.id.clone();
        let zone = provider.zone();
        let today = now.to_zoned(zone.clone()).date();
        let monday = monday(asked.unwrap_or(today));
        let sunday = monday.checked_add(7.days()).unwrap_or(Date::MAX);
        let start = |day: Date| day.to_zoned(zone.clone()).map_or(now, |at| at.timestamp());
        let entries = calendar::entries(tx, provider, start(monday), start(sunday))?;
        let lists = (entries, calendar::days_off(tx, provider)?);
        let waiting = to_do::of_sessions(tx, provider.requester().who.account().id.as_str())?;
        let is_administrator = settings::is_administrator(tx, &provider.requester().who)?;
        let has_slots = slot::has_any(tx, &id)? || offer::has_any(tx, &id)?;
        Ok::<_, Refusal>((
            has_slots,
            (zone, today, monday),
            lists,
            waiting,
            is_administrator,
        ))
    };
    let (has_slots, (zone, today, monday), lists, waiting, is_administrator) =
        req.read(look).await?;
    let (entries, off) = lists;
    let (zone_line, zoned) = ZonedPage::new(text, ZonedPage::LINE, &zone, now);
    let dates = (0..7).filter_map(|offset| monday.checked_add(offset.days()).ok());
    let dates: Vec<Date> = dates.collect();
    let [mut first, mut last] = HOURS;
    for day in &dates {
        for one in &entries {
            if let Some(part) = Minutes::of(one, *day, &zone) {
                first = first.min(part.from / 60);
                last = last.max((part.until + 59) / 60);
            }
        }
    }
    let busy = entries.iter().filter(|one| one.kind == EntryKind::Busy);
    let busy = busy.map(|one| (one.starts_at, one.ends_at)).collect();
    let zone_name = dates::zone_name(&zone, now);
    let writer = Writer {
        text,
        form_state,
        zoned,
        zone,
        now,
        hours: [first, last],
        busy,
    };
    let chosen = asked.unwrap_or(today);
    let days = dates.iter().map(|day| Day {
        off: writer.off(*day, &off),
        ..writer.day(*day, today, chosen, &entries)
    });
    let axis = (first..last).map(|hour| {
        let time = Time::midnight().saturating_add(hour.hours());
        (format!("h{}", hour - first), writer.zoned.clock(time))
    });
    let to = |days: i64| {
        let day = monday.checked_add(days.days()).unwrap_or(monday);
        format!("{HERE}?from={day}")
    };
    let last = monday.checked_add(6.days()).unwrap_or(monday);
    let days: Vec<Day> = days.collect();
    let mut slots = entries.iter().filter_map(|one| one.slot.as_ref());
    let may_change = slots.any(Slot::is_free);
    let body = WeekPage {
        text,
        submission: req.submission(),
        from: monday,
        link: may_change.then(|| {
            let label = text.say("bulk-link-new");
            form_state.field("link", label, Control::Line("url", "off"))
        }),
        form_state,
        done: req.done(DONE),
        needs: to_do::lines(&waiting, text),
        is_new: !has_slots,
        range: text.with(
            "slot-week",
            [
                ("from", text.day_and_month(monday).into()),
                ("to", text.date_plain(last).into()),
            ],
        ),
        zone: zone_line,
        zone_name,
        earlier: to(-7),
        later: to(7),
        axis: axis.collect(),
        days,
        legend: LEGEND,
        is_administrator,
    };
    req.show(HERE, &text.say("slot-mine"), body).await
}

/// The part of a day that an entry takes, in minutes of its clock from midnight.
#[derive(Clone, Copy)]
struct Minutes {
    from: i64,
    until: i64,
    /// Whether the entry begins on this day.
    begins: bool,
}

impl Minutes {
    fn of(one: &calendar::Entry, day: Date, zone: &TimeZone) -> Option<Self> {
        let minute = |at: Timestamp| {
            let at = at.to_zoned(zone.clone());
            let clock = i64::from(at.hour()) * 60 + i64::from(at.minute());
            match at.date().cmp(&day) {
                Ordering::Less => 0,
                Ordering::Equal => clock,
                Ordering::Greater => DAY,
            }
        };
        let (from, until) = (minute(one.starts_at), minute(one.ends_at));
        // What begins and ends in an hour that the clock shows twice still has its line.
        let begins = one.starts_at.to_zoned(zone.clone()).date() == day;
        let until = until.max(if begins { from + 1 } else { 0 });
        (from < until).then_some(Self {
            from,
            until,
            begins,
        })
    }

    /// The classes of the place in a grid of quarters of an hour.
    fn class(self, first: i64) -> String {
        let (from, until) = (
            self.from / 15 - first * 4,
            (self.until + 14) / 15 - first * 4,
        );
        let (hour, quarter) = (from / 4, from % 4);
        let (end, end_quarter) = (until / 4, until % 4);
        format!("h{hour} q{quarter} e{end} f{end_quarter}")
    }
}

impl Writer<'_> {
    fn day(&self, day: Date, today: Date, chosen: Date, all: &[calendar::Entry]) -> Day {
        let parts = all.iter();
        let parts = parts.filter_map(|one| Some((one, Minutes::of(one, day, &self.zone)?)));
        let parts: Vec<(&calendar::Entry, Minutes)> = parts.collect();
        let is_session = |one: &calendar::Entry| {
            matches!(one.kind, EntryKind::Booked | EntryKind::Held)
                || one.kind == EntryKind::Class && one.seats_taken > 0
        };
        let is_empty = parts.is_empty();
        let entries = parts.iter().map(|(one, part)| self.entry(one, day, *part));
        let mut entries: Vec<Entry> = entries.collect();
        if day == today
            && let Some((minute, line)) = self.now_line(day)
        {
            let before = parts.iter().filter(|(_, part)| part.from <= minute);
            entries.insert(before.count(), line);
        }
        Day {
            href: format!("{HERE}?from={day}"),
            weekday: self.text.weekday(day),
            short: self.text.weekday_short(day),
            number: day.day().to_string(),
            sessions: parts.iter().filter(|(one, _)| is_session(one)).count(),
            is_today: day == today,
            is_chosen: day == chosen,
            off: None,
            is_empty,
            entries,
        }
    }

    /// The line of now, and its minute; `None` outside the hours that are shown.
    fn now_line(&self, day: Date) -> Option<(i64, Entry)> {
        let at = self.now.to_zoned(self.zone.clone());
        let minute = i64::from(at.hour()) * 60 + i64::from(at.minute());
        let [first, last] = self.hours;
        let is_shown = at.date() == day && (first * 60..last * 60).contains(&minute);
        let part = Minutes {
            from: minute,
            until: minute + 1,
            begins: true,
        };
        is_shown.then(|| {
            let line = Entry {
                class: format!("now {}", part.class(first)),
                href: None,
                time: self.zoned.time(self.now),
                state: self.text.say("calendar-now").into_owned(),
                title: String::new(),
                tick: None,
                is_ticked: false,
            };
            (minute, line)
        })
    }

    fn off(&self, day: Date, all: &[DayOff]) -> Option<String> {
        let day = day.to_string();
        let own = all
            .iter()
            .find(|one| one.days[0] <= day && day <= one.days[1])?;
        let said = || self.text.say("calendar-off").into_owned();
        Some(if own.note.is_empty() {
            said()
        } else {
            own.note.clone()
        })
    }

    fn entry(&self, one: &calendar::Entry, day: Date, part: Minutes) -> Entry {
        let time = self.zoned.time_range(one.starts_at, one.ends_at);
        let slot = one.slot.as_ref();
        let label = |slot: &Slot| {
            let label = format!(
                "{}, {}",
                self.text.date_short(day),
                self.zoned.time(slot.starts_at)
            );
            // `tick` makes this label precede an error about this slot.
            let label = self
                .form_state
                .tick(&format!("ids.{}", slot.id), label)
                .label;
            (slot.id.clone(), label)
        };
        // The label is made for each slot: a form may name one that cannot be ticked any more.
        let tick = slot.and_then(|slot| {
            let tick = label(slot);
            (slot.is_free() && part.begins).then_some(tick)
        });
        let mut ticked = self.form_state.form.all("ids");
        Entry {
            class: format!("{} {}", class(one.kind), part.class(self.hours[0])),
            href: match (one.kind, &one.booking_id, &one.slot_id) {
                (EntryKind::Busy, ..) => None,
                (EntryKind::Open, ..) => {
                    let (hour, minute) = (part.from / 60, part.from % 60);
                    let is_over = one.ends_at <= self.now;
                    (!is_over).then(|| format!("{HERE}/new?date={day}&time={hour:02}:{minute:02}"))
                }
                (_, Some(booking), _) => Some(format!("/me/bookings/{booking}")),
                (_, None, Some(slot)) => Some(format!("{HERE}/{slot}")),
                (_, None, None) => None,
            },
            time,
            state: self.state(one),
            title: one.title.clone(),
            tick,
            is_ticked: slot.is_some_and(|slot| ticked.any(|id| id == slot.id.as_str())),
        }
    }

    fn state(&self, one: &calendar::Entry) -> String {
        let text = self.text;
        let name = || notice::named(text, one.member.as_deref().unwrap_or_default()).into_owned();
        let mut busy = self.busy.iter();
        let is_busy = busy.any(|(from, until)| *from < one.ends_at && one.starts_at < *until);
        match one.kind {
            EntryKind::Open => text.say("calendar-open").into_owned(),
            EntryKind::Busy => text.say("calendar-busy").into_owned(),
            EntryKind::Hidden => text.say(slot::State::Unavailable.label()).into_owned(),
            EntryKind::Cancelled => text.say("booking-cancelled").into_owned(),
            EntryKind::Booked => name(),
            EntryKind::Held => {
                let until = one.hold_until.unwrap_or_default();
                let until = text.until_in(&self.zone, until, self.now);
                text.with("slot-held-until", [("time", until.into())])
            }
            EntryKind::Class => {
                let seats = [
                    ("taken", one.seats_taken.into()),
                    ("seats", one.seats.into()),
                ];
                text.with("calendar-seats", seats)
            }
            EntryKind::Free if is_busy => text.say("slot-busy").into_owned(),
            EntryKind::Free => text.say(slot::State::Available.label()).into_owned(),
        }
    }
}

fn class(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Open => "open",
        EntryKind::Free => "time",
        EntryKind::Hidden | EntryKind::Cancelled => "time hidden-by-you",
        EntryKind::Held => "time wait",
        EntryKind::Booked => "time yes",
        EntryKind::Class => "time lesson",
        EntryKind::Busy => "time busy",
    }
}

fn monday(day: Date) -> Date {
    let back = day.weekday().since(Weekday::Monday);
    day.checked_sub(i64::from(back).days()).unwrap_or(day)
}

const REMOVE: Question = Question {
    title: "bulk-remove-question",
    facts: "bulk-remove-facts",
    undo: "bulk-remove-undo",
    button: "slot-remove",
    confirm: "slot-remove",
};

/// Handles `POST /me/slots/bulk`, which changes the ticked slots.
pub(in crate::web) async fn change(posted: FormPost) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let action = Action::find(form.text("do")).ok_or_else(Problem::not_found)?;
    let from: Option<Date> = form.text("from").parse().ok();
    let ids: Result<Vec<SlotId>, Problem> = form.all("ids").map(call::id).collect();
    let ids = ids?;
    if ids.is_empty() {
        let mut form_state = FormState::of(form.clone());
        form_state.complain("ids", req.text.say("bulk-none").into_owned());
        let again = page(req, from, &form_state).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
    }
    let week = from.map_or_else(|| HERE.to_owned(), |day| format!("{HERE}?from={day}"));
    if action == Action::Delete && !confirmation::is_sure(form) {
        let sent = SentForm {
            address: "/me/slots/bulk",
            here: &week,
            menu: HERE,
            form,
        };
        let values = [("count", ids.len().into())];
        return confirmation::show(&req.site, &req.text, req.user(), sent, REMOVE, &values).await;
    }
    let sent = BulkChange {
        action,
        ids,
        link: form.text("link").to_owned(),
    };
    let done = if action == Action::Delete {
        "removed"
    } else {
        "saved"
    };
    let separator = if from.is_some() { '&' } else { '?' };
    let page_after = format!("{week}{separator}done={done}");
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        bulk::apply(tx, provider, &sent)?;
        Ok::<_, Refusal>(page_after.clone())
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let mut form_state = FormState::refused(form.clone(), &problem, &req.text);
        if problem.code == "bulk_rejected" {
            form_state.complain("ids", problem.detail(&req.text));
        }
        page(req, from, &form_state).await
    })
    .await
}
