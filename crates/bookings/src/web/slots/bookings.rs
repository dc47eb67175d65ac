//! A provider's page of bookings. It shows today's and the upcoming sessions, or only the past
//! ones, or only those of one day.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use site::request::PageRequest;
use web::{List, Problem, Text, ZonedPage};

use super::HERE;
use crate::booking::{self, After, Booking, BookingView, Part, Party};
use crate::choice::{self, Listed};
use crate::day_range;
use crate::feedback_criterion::Author;
use crate::outcome::Outcome;
use crate::outcome_mark;
use crate::provider::Provider;
use crate::web::frame::BookingPage as _;
use crate::web::{choices, words};
use crate::{Refusal, feedback, notice, settings};

/// The path of the page.
pub(in crate::web) const BOOKINGS: &str = "/me/slots/bookings";
const DONE: &[(&str, &str)] = &[("marked", "slot-saved")];

#[derive(Template)]
#[template(path = "slots/bookings.html")]
struct BookingsPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    zone: String,
    view: View,
    /// The sessions of today, or of the day that the page is about. Only these are printed.
    first: Days<'a>,
    begun: Days<'a>,
    days: Days<'a>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "slots/days.html")]
struct Days<'a> {
    text: &'a Text,
    is_below: bool,
    all: Vec<Day>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    /// Today's sessions and the upcoming ones.
    Coming,
    Past,
    Day(Date),
}

struct Day {
    heading: String,
    href: String,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    time: String,
    what: String,
    choices: Vec<(&'static str, String)>,
    /// The questions of the offer, and what was answered.
    answers: Vec<(String, String)>,
    note: String,
    place: String,
    class: &'static str,
    state: &'static str,
    /// The outcomes that the provider may mark, each with its button.
    outcomes: Vec<(Outcome, String)>,
    may_cancel: bool,
    may_give_feedback: bool,
}

struct Session {
    booking: Booking,
    member: Option<String>,
    place: String,
    outcomes: Vec<Outcome>,
    may_give_feedback: bool,
}

fn sessions(tx: &mut Tx<'_>, all: Vec<Booking>) -> Result<Vec<Session>, StoreError> {
    let (now, hours) = (tx.roughly_now(), settings::load(tx)?.outcome_hours);
    let given = feedback::given(tx, all.iter().map(|one| &one.id), Author::Provider)?;
    let views = BookingView::list(tx, all.clone())?;
    let sessions = all.into_iter().zip(views).map(|(booking, view)| {
        let is_open = feedback::check_open(&booking, Author::Provider, now).is_ok();
        let (claim, party) = (view.claim.as_ref(), Party::Provider);
        Session {
            outcomes: outcome_mark::offered_beside(claim, &booking, party, now, hours),
            may_give_feedback: is_open && !given.contains(&booking.id),
            member: view.member,
            place: view.location,
            booking,
        }
    });
    Ok(sessions.collect())
}

struct Loaded {
    zone: TimeZone,
    listed: Vec<Listed>,
    first: Vec<Session>,
    begun: Vec<Session>,
    rest: List<Session>,
}

/// Handles `GET /me/slots/bookings`, which shows today's sessions and the upcoming ones. With
/// `when=past` it lists the past and the cancelled ones, and with `day` those of one day.
pub(in crate::web) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let view = match req.query.text("day").parse() {
        Ok(day) => View::Day(day),
        Err(_) if req.query.text("when") == "past" => View::Past,
        Err(_) => View::Coming,
    };
    let paging = req.page_query()?;
    let part = Part {
        after: paging.after::<After>()?,
        rows: paging.rows(),
    };
    let now = req.site.clock.now();
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let (id, zone) = (&provider.profile.id, provider.zone());
        let today = now.to_zoned(zone.clone()).date();
        let day = match view {
            View::Day(day) => day,
            View::Coming | View::Past => today,
        };
        let one = day_range::Days {
            from: Some(day),
            to: Some(day),
        };
        let (from, until) = one.instants(&zone);
        let is_outside = |booking: &Booking| !(from..until).contains(&booking.starts_at);
        let (mut first, mut begun, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        if view != View::Past && part.after.is_none() {
            first = booking::list_between(tx, id, from, until)?;
        }
        if view == View::Coming && part.after.is_none() {
            let hours = settings::load(tx)?.outcome_hours;
            begun = booking::list_begun(tx, id, hours)?;
            begun.retain(|one| is_outside(one) && one.ends_at <= now);
        }
        if !matches!(view, View::Day(_)) {
            rest = booking::list_with_provider(tx, id, view == View::Past, &part)?;
        }
        // The list also contains today's sessions, which the page already shows above. They are
        // removed after the cursor is made, because the cursor must count them.
        let mut rest = paging.list(rest, |one| (one.starts_at, one.id.clone()));
        if view == View::Coming {
            rest.items.retain(is_outside);
        }
        let rest = List {
            items: sessions(tx, rest.items)?,
            next_cursor: rest.next_cursor,
            ..List::whole(Vec::new())
        };
        let (first, begun) = (sessions(tx, first)?, sessions(tx, begun)?);
        Ok::<_, Refusal>(Loaded {
            listed: choice::listed(tx)?,
            zone,
            first,
            begun,
            rest,
        })
    };
    let loaded = req.read(look).await?;
    let text = &req.text;
    let (zone_line, zoned) = ZonedPage::new(text, ZonedPage::LINE, &loaded.zone, now);
    let days = |all: Vec<Session>, is_below: bool| Days {
        text,
        is_below,
        all: by_day(text, &loaded.zone, &zoned, now, &loaded.listed, all),
    };
    let when = if view == View::Past { "when=past&" } else { "" };
    let next = loaded.rest.next_cursor.as_deref();
    let body = BookingsPage {
        text,
        done: req.done(DONE),
        zone: zone_line,
        view,
        first: days(loaded.first, false),
        begun: days(loaded.begun, true),
        days: days(loaded.rest.items, false),
        next: next.map(|cursor| format!("{BOOKINGS}?{when}cursor={cursor}")),
    };
    req.show(HERE, &text.say("slot-bookings"), body).await
}

fn by_day(
    text: &Text,
    zone: &TimeZone,
    zoned: &ZonedPage<'_>,
    now: Timestamp,
    listed: &[Listed],
    all: Vec<Session>,
) -> Vec<Day> {
    let today = now.to_zoned(zone.clone()).date();
    let mut days: Vec<Day> = Vec::new();
    for session in all {
        let date = session.booking.starts_at.to_zoned(zone.clone()).date();
        let href = format!("{BOOKINGS}?day={date}");
        if days.last().is_none_or(|day| day.href != href) {
            let named = text.date(date);
            let heading = if date == today {
                text.with("slot-bookings-today", [("day", named.into())])
            } else {
                named
            };
            days.push(Day {
                heading,
                href,
                rows: Vec::new(),
            });
        }
        let row = row(text, zoned, now, listed, session);
        if let Some(day) = days.last_mut() {
            day.rows.push(row);
        }
    }
    days
}

fn row(
    text: &Text,
    zoned: &ZonedPage<'_>,
    now: Timestamp,
    listed: &[Listed],
    session: Session,
) -> Row {
    let booking = session.booking;
    let name = session.member.clone().unwrap_or_default();
    let outcomes = session.outcomes.into_iter();
    let gone = || text.say("session-member-gone").into_owned();
    let member = session.member.unwrap_or_else(gone);
    let mut chosen = choices::chosen(listed, &booking.choice);
    if booking.seats > 1 {
        chosen.push(("booking-seats-own", booking.seats.to_string()));
    }
    let answers = booking.answers.iter();
    let answers = answers.map(|one| (one.label.clone(), one.said(text)));
    let brief = booking.brief.clone();
    if !brief.topics.is_empty() {
        chosen.push(("booking-topics", brief.topics.join(" · ")));
    }
    Row {
        href: notice::page(&booking),
        time: zoned.time_range(booking.starts_at, booking.ends_at),
        what: words::line(text, &booking.title, &member),
        choices: chosen,
        answers: answers.collect(),
        place: session.place,
        class: words::tag(booking.state),
        state: booking.state_label(),
        outcomes: outcomes
            .map(|one| (one, words::outcome(text, one, &name)))
            .collect(),
        may_cancel: booking.is_active() && booking.starts_at > now,
        may_give_feedback: session.may_give_feedback,
        note: brief.note,
    }
}
