//! The page of a week of a provider's own slots, on which many of them can be changed at once.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, ToSpan as _};
use platform::Tx;
use site::call;
use site::confirmation::{self, Question, SentForm};
use site::request::{FormPost, PageRequest};
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, ZonedPage, dates};

use super::HERE;
use crate::booking::{self, Booking};
use crate::bulk::{self, Action, BulkChange};
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId};
use crate::web::frame::BookingPage as _;
use crate::web::words;
use crate::{Refusal, external_calendar, member, notice, offer, settings};

const DAY: SignedDuration = SignedDuration::from_hours(24);
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
    is_new: bool,
    range: String,
    zone: String,
    zone_name: String,
    earlier: String,
    later: String,
    days: Vec<Day>,
    is_administrator: bool,
}

struct Day {
    weekday: String,
    number: String,
    is_today: bool,
    slots: Vec<Entry>,
}

struct Entry {
    slot: Slot,
    time: String,
    state: String,
    class: &'static str,
    /// The label of the slot's checkbox; `None` if the slot cannot be changed.
    tick: Option<String>,
    is_ticked: bool,
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
        let (from, until) = (start(monday), start(sunday));
        let slots = slot::list(tx, &id, from, until)?;
        // A session may begin on the last day and end after it.
        let busy = external_calendar::list_busy(tx, &id, from, until + DAY)?;
        let bookings: Vec<Booking> = booking::list_between(tx, &id, from, until)?;
        let mut names = Vec::new();
        for one in bookings {
            let member = member::name(tx, one.member_id.as_ref())?;
            names.push((one.slot_id, member));
        }
        let is_administrator = settings::is_administrator(tx, &provider.requester().who)?;
        let has_slots = !slots.is_empty() || slot::has_any(tx, &id)? || offer::has_any(tx, &id)?;
        let lists = (slots, busy, names);
        Ok::<_, Refusal>((has_slots, zone, today, monday, lists, is_administrator))
    };
    let (has_slots, zone, today, monday, lists, is_administrator) = req.read(look).await?;
    let (slots, busy, names) = lists;
    let is_busy = |slot: &Slot| {
        let mut times = busy.iter();
        times.any(|one| one.overlaps(slot.starts_at, slot.ends_at))
    };
    let (zone_line, zoned) = ZonedPage::new(text, ZonedPage::LINE, &zone, now);
    let state = |slot: &Slot| match slot.state {
        slot::State::Booked => {
            let name = names.iter().find(|(id, _)| *id == slot.id);
            name.map_or_else(
                || text.say("slot-booked").into_owned(),
                |(_, name)| notice::named(text, name).into_owned(),
            )
        }
        slot::State::Held => {
            let until = slot.hold_until.unwrap_or_default();
            let until = text.until_in(&zone, until, now);
            text.with("slot-held-until", [("time", until.into())])
        }
        slot::State::Available if slot.is_class() && !is_busy(slot) => words::seats(text, slot),
        slot::State::Available if is_busy(slot) => text.say("slot-busy").into_owned(),
        state => text.say(state.label()).into_owned(),
    };
    let days = (0..7).filter_map(|offset| monday.checked_add(offset.days()).ok());
    let days = days.map(|day| Day {
        weekday: text.weekday(day),
        number: day.day().to_string(),
        is_today: day == today,
        slots: slots
            .iter()
            .filter(|slot| slot.starts_at.to_zoned(zone.clone()).date() == day)
            .map(|slot| {
                let time = zoned.time(slot.starts_at);
                // `tick` makes this label precede an error about this slot.
                let label = format!("{}, {time}", text.date_short(day));
                let label = form_state.tick(&format!("ids.{}", slot.id), label).label;
                Entry {
                    tick: slot.is_free().then_some(label),
                    time,
                    state: state(slot),
                    class: words::slot_class(slot.state),
                    is_ticked: form_state.form.all("ids").any(|id| id == slot.id.as_str()),
                    slot: slot.clone(),
                }
            })
            .collect(),
    });
    let to = |days: i64| {
        let day = monday.checked_add(days.days()).unwrap_or(monday);
        format!("{HERE}?from={day}")
    };
    let last = monday.checked_add(6.days()).unwrap_or(monday);
    let days: Vec<Day> = days.collect();
    let may_change = slots.iter().any(Slot::is_free);
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
        is_new: !has_slots,
        range: text.with(
            "slot-week",
            [
                ("from", text.day_and_month(monday).into()),
                ("to", text.date_plain(last).into()),
            ],
        ),
        zone: zone_line,
        zone_name: dates::zone_name(&zone, now),
        earlier: to(-7),
        later: to(7),
        days,
        is_administrator,
    };
    req.show(HERE, &text.say("slot-mine"), body).await
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
