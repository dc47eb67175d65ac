//! The pages of a provider's own slots.

pub(super) mod series;

use askama::Template;
use axum::response::Response;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::money::Money;
use platform::{Tx, sql};
use site::question::{self, Question};
use site::request::{FormPost, PageRequest};
use web::form_state::{self, Control, Field, FormState, Group, TableForm};
use web::{Form, Problem, Text};

use super::rows::{BookingRows, Row};
use super::{choices, words};
use crate::booking::{self, Booking};
use crate::choice::{self, Choices, Kind, Listed};
use crate::provider::Provider;
use crate::settings;
use crate::slot::{self, NewSlot, Place, Slot, SlotId};
use crate::{Refusal, external_calendar, notice, request};

pub(super) const HERE: &str = "/me/slots";
/// The longest session.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const DONE: &[(&str, &str)] = &[
    ("saved", "slot-saved"),
    ("added", "slot-added"),
    ("removed", "slot-removed"),
];

#[derive(Template)]
#[template(path = "slots/week.html")]
struct WeekPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    is_new: bool,
    range: String,
    zone: String,
    earlier: String,
    later: String,
    days: Vec<Day>,
    is_administrator: bool,
}

struct Day {
    weekday: String,
    number: String,
    is_today: bool,
    slots: Vec<(Slot, String, String, &'static str)>,
}

/// `GET /me/slots`.
pub(super) async fn week(req: PageRequest) -> Result<Response, Problem> {
    let (now, text) = (req.site.clock.now(), &req.text);
    let asked: Option<Date> = req.query.text("from").parse().ok();
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let profile = provider.profile.clone();
        let zone = profile.zone();
        let today = now.to_zoned(zone.clone()).date();
        let monday = monday(asked.unwrap_or(today));
        let sunday = monday.checked_add(7.days()).unwrap_or(Date::MAX);
        let start = |day: Date| day.to_zoned(zone.clone()).map_or(now, |at| at.timestamp());
        let (from, until) = (start(monday), start(sunday));
        let slots = slot::list(tx, &profile.id, from, until)?;
        // A session may begin on the last day and end after it.
        let busy = external_calendar::list_busy(tx, &profile.id, from, until + DAY)?;
        let bookings: Vec<Booking> = booking::list_of_provider(tx, &profile.id)?;
        let mut names = Vec::new();
        for one in bookings {
            let member = match &one.member_id {
                Some(id) => identity::account::find(tx, id)?,
                None => None,
            };
            names.push((
                one.slot_id,
                member.map(|one| one.display_name).unwrap_or_default(),
            ));
        }
        let is_administrator = settings::is_administrator(tx, &provider.who)?;
        let lists = (slots, busy, names);
        Ok::<_, Refusal>((profile, zone, today, monday, lists, is_administrator))
    };
    let (profile, zone, today, monday, lists, is_administrator) = req.read(look).await?;
    let (slots, busy, names) = lists;
    let is_busy = |slot: &Slot| {
        let mut times = busy.iter();
        times.any(|one| one.overlaps(slot.starts_at, slot.ends_at))
    };
    let state = |slot: &Slot| match slot.state {
        slot::State::Booked => {
            let name = names.iter().find(|(id, _)| *id == slot.id);
            name.map_or_else(
                || text.say("slot-booked").into_owned(),
                |(_, name)| name.clone(),
            )
        }
        slot::State::Held => {
            let until = slot.hold_until.unwrap_or_default().to_zoned(zone.clone());
            text.with("slot-held-until", [("time", text.time(&until).into())])
        }
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
                let time = text.time(&slot.starts_at.to_zoned(zone.clone()));
                (
                    slot.clone(),
                    time,
                    state(slot),
                    words::slot_class(slot.state),
                )
            })
            .collect(),
    });
    let to = |days: i64| {
        let day = monday.checked_add(days.days()).unwrap_or(monday);
        format!("{HERE}?from={day}")
    };
    let last = monday.checked_add(6.days()).unwrap_or(monday);
    let body = WeekPage {
        text,
        done: req.done(DONE),
        is_new: profile.id.as_str().is_empty(),
        range: text.with(
            "slot-week",
            [
                ("from", text.day_and_month(monday).into()),
                ("to", text.date_plain(last).into()),
            ],
        ),
        zone: words::zone_name(&zone, now),
        earlier: to(-7),
        later: to(7),
        days: days.collect(),
        is_administrator,
    };
    req.page(HERE, &text.say("slot-mine"), body).await
}

fn monday(day: Date) -> Date {
    let back = day.weekday().since(Weekday::Monday);
    day.checked_sub(i64::from(back).days()).unwrap_or(day)
}

#[derive(Template)]
#[template(path = "slots/form.html")]
pub(super) struct FormPage<'a> {
    pub(super) text: &'a Text,
    pub(super) csrf: &'a str,
    pub(super) submission: String,
    pub(super) form_state: &'a FormState,
    pub(super) done: Option<&'static str>,
    pub(super) title: &'a str,
    pub(super) hint: String,
    pub(super) action: &'a str,
    pub(super) back: &'a str,
    /// The message id of the label of the link that leads back.
    pub(super) back_label: &'static str,
    pub(super) version: Option<i64>,
    pub(super) groups: Vec<Group>,
    pub(super) button: &'static str,
}

/// Builds the fields of a form from their declarations.
pub(super) fn table_form<'a>(req: &'a PageRequest, form_state: &'a FormState) -> TableForm<'a> {
    TableForm {
        text: &req.text,
        form_state,
        languages: &[],
        zone: &req.who.account().time_zone,
    }
}

fn details(
    text: &Text,
    form_state: &FormState,
    (currency, listed): (&str, &[Listed]),
) -> Vec<Field> {
    let say = |id| text.say(id).into_owned();
    let places = Place::CHOICES
        .iter()
        .map(|(word, label)| ((*word).to_owned(), say(label)));
    let sum = text.with("slot-price", [("currency", currency.into())]);
    let mut fields = vec![
        form_state.line("title", say("slot-title")).required(),
        form_state.number("minutes", say("slot-minutes")).required(),
        form_state
            .field("price", sum, Control::Line("text", "off"))
            .hint(say("slot-price-hint")),
        form_state.tick("takes_credit", say("slot-takes-credit")),
        form_state.select("location_kind", say("slot-place"), places),
        form_state
            .line("location", say("slot-location"))
            .hint(say("slot-location-hint")),
        form_state
            .line("area", say("slot-area"))
            .hint(say("slot-area-hint")),
        form_state.lines("public_note", say("slot-public-note")),
        form_state.lines("prep_note", say("slot-prep-note")),
    ];
    fields.extend(choices::sets(text, form_state, listed));
    fields
}

fn read_slot(form: &Form, currency: &str) -> NewSlot {
    let currency = currency.parse().unwrap_or(platform::money::Currency::MYR);
    let typed = form.text("price").trim();
    let price = match typed {
        "" => Some(Money::new(0, currency)),
        typed => Money::parse(typed, currency),
    };
    let sets = choices::read_sets(form);
    NewSlot {
        session_types: sets.session_types,
        levels: sets.levels,
        entries: sets.entries,
        date: form.text("date").to_owned(),
        time: form.text("time").to_owned(),
        minutes: form.number("minutes").ok().flatten().unwrap_or(0),
        time_zone: None,
        title: form.text("title").to_owned(),
        public_note: form.text("public_note").to_owned(),
        prep_note: form.text("prep_note").to_owned(),
        location_kind: Place::find(form.text("location_kind")),
        location: form.text("location").trim().to_owned(),
        area: form.text("area").to_owned(),
        price_minor: price.map_or(-1, |price| price.minor),
        takes_credit: form.is_ticked("takes_credit"),
    }
}

/// The currency of new prices, and what members may choose.
type Offers = (String, Vec<Listed>);

/// Returns the forms' initial values, which are those of the provider's newest slot.
async fn begin(req: &PageRequest) -> Result<(Form, Offers), Refusal> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        let last: Option<Slot> = sql!(
            "SELECT {Slot} FROM slot WHERE provider_id = :id AND deleted_at IS NULL
             ORDER BY created_at DESC, id LIMIT 1",
            id = provider.profile.id
        )
        .maybe(tx)?;
        let sets = match &last {
            Some(last) => choice::of_slot(tx, last.id.as_str())?,
            None => Choices::default(),
        };
        let offers = (settings::load(tx)?.currency, choice::listed(tx)?);
        Ok::<_, Refusal>((last, sets, offers))
    };
    let (last, sets, offers) = req.read(look).await?;
    let form = match last {
        None => form_state::form([("minutes", "60".to_owned())]),
        Some(last) => form_state::form([
            ("title", last.title.clone()),
            (
                "minutes",
                last.ends_at
                    .duration_since(last.starts_at)
                    .as_mins()
                    .to_string(),
            ),
            ("price", last.price().decimal()),
            (
                "takes_credit",
                if last.takes_credit { "1" } else { "" }.to_owned(),
            ),
            ("location_kind", last.location_kind.word().to_owned()),
            ("location", last.location_secret.clone()),
            ("area", last.area.clone()),
            ("public_note", last.public_note.clone()),
            ("prep_note", last.prep_note),
        ]),
    };
    let mut all: Vec<(String, String)> = Vec::new();
    for kind in Kind::ALL {
        let set = sets.of(*kind).iter().cloned();
        all.extend(set.map(|code| (kind.set().0.to_owned(), code)));
    }
    let form = form
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    all.extend(form);
    Ok((form_state::form(all), offers))
}

/// `GET /me/slots/new`.
pub(super) async fn new(req: PageRequest) -> Result<Response, Problem> {
    let (form, _) = begin(&req).await?;
    new_page(&req, &FormState::of(form)).await
}

async fn new_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let (_, (currency, listed)) = begin(req).await?;
    let (text, title) = (&req.text, req.text.say("slot-new"));
    let when = vec![
        form_state.date("date", text.say("slot-date")).required(),
        form_state
            .field("time", text.say("slot-time"), Control::Line("time", "off"))
            .required(),
    ];
    let body = FormPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        done: None,
        title: &title,
        hint: String::new(),
        action: "/me/slots/new",
        back: HERE,
        back_label: "slot-mine",
        version: None,
        groups: vec![
            Group {
                legend: text.say("slot-group-when").into_owned(),
                fields: when,
            },
            Group {
                legend: text.say("slot-group-what").into_owned(),
                fields: details(text, form_state, (&currency, &listed)),
            },
        ],
        button: "slot-add",
        form_state,
    };
    req.page(HERE, &title, body).await
}

/// `POST /me/slots/new`.
pub(super) async fn create(posted: FormPost) -> Result<Response, Problem> {
    let form = posted.form.clone();
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let currency = settings::load(tx)?.currency;
        let made = slot::create(tx, provider, &read_slot(&form, &currency))?;
        let day = made.starts_at.to_zoned(made.zone()).date();
        Ok::<_, Refusal>(format!("{HERE}?from={day}&done=added"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let problem = at_form(problem);
        let form_state = FormState::refused(posted.form.clone(), &problem, &posted.req.text);
        new_page(&posted.req, &form_state).await
    })
    .await
}

/// Moves an error about the price to the form's field for the price, which contains whole units of
/// the currency.
fn at_form(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if error.pointer == "/price_minor" {
            "/price".clone_into(&mut error.pointer);
            error.code = "price_invalid";
        }
    }
    problem
}

#[derive(Template)]
#[template(path = "slots/slot.html")]
struct SlotPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    form_state: &'a FormState,
    slot: &'a Slot,
    date: String,
    time: String,
    price: String,
    place: String,
    state: &'static str,
    class: &'static str,
    is_free: bool,
    /// The path of the page about the slot's booking.
    booking: Option<String>,
}

/// `GET /me/slots/{id}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    slot_page(&req, &FormState::default()).await
}

async fn slot_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let id: SlotId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::own(tx, provider, &id)?;
        let all = booking::list_of_provider(tx, &provider.profile.id)?;
        let booking = all.into_iter().find(|one| one.slot_id == slot.id);
        Ok::<_, Refusal>((slot, booking))
    };
    let (slot, booking) = req.read(look).await?;
    let text = &req.text;
    let zone: TimeZone = slot.zone();
    let (date, time) = words::when(text, &zone, slot.starts_at, slot.ends_at);
    let body = SlotPage {
        text,
        csrf: &req.csrf,
        form_state,
        date,
        time,
        price: words::price(text, &slot),
        place: words::place(text, &slot),
        state: slot.state.label(),
        class: words::slot_class(slot.state),
        is_free: matches!(
            slot.state,
            slot::State::Available | slot::State::Unavailable
        ),
        booking: booking.as_ref().map(notice::page),
        slot: &slot,
    };
    let title = slot.title.clone();
    req.page(HERE, &title, body).await
}

async fn answer(posted: &FormPost, done: Result<Response, Refusal>) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(Form::default(), &problem, &posted.req.text);
        slot_page(&posted.req, &form_state).await
    })
    .await
}

fn week_of(at: Timestamp, zone: &TimeZone, done: &str) -> String {
    let day = at.to_zoned(zone.clone()).date();
    format!("{HERE}?from={day}&done={done}")
}

/// `POST /me/slots/{id}/visibility`.
pub(super) async fn set_visibility(posted: FormPost) -> Result<Response, Problem> {
    let id: SlotId = posted.req.id("id")?;
    let is_shown = posted.form.text("visible") == "true";
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::show(tx, provider, &id, is_shown)?;
        Ok::<_, Refusal>(week_of(slot.starts_at, &slot.zone(), "saved"))
    };
    answer(&posted, posted.once(change).await).await
}

const REMOVE: Question = Question {
    title: "slot-remove-question",
    facts: "slot-remove-facts",
    undo: "slot-remove-undo",
    button: "slot-remove",
    confirm: "slot-remove",
};

/// `POST /me/slots/{id}/delete`.
pub(super) async fn remove(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: SlotId = req.id("id")?;
    if !question::is_sure(&posted.form) {
        let here = format!("{HERE}/{id}");
        let address = format!("{here}/delete");
        let sent = (address.as_str(), here.as_str(), &posted.form);
        let who = (&req.who, req.csrf.as_str());
        return question::show(&req.site, &req.text, who, sent, REMOVE, &[]).await;
    }
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::own(tx, provider, &id)?;
        request::remove_slot(tx, provider, &id)?;
        Ok::<_, Refusal>(week_of(slot.starts_at, &slot.zone(), "removed"))
    };
    answer(&posted, posted.once(change).await).await
}

#[derive(Template)]
#[template(path = "slots/bookings.html")]
struct BookingsPage<'a> {
    text: &'a Text,
    list: BookingRows,
    /// The sessions that have begun and whose outcome can be marked.
    begun: BookingRows,
    /// Whether the outcome of one of those is still to be marked.
    is_unsaid: bool,
}

/// Handles `GET /me/slots/bookings`. It lists the provider's upcoming bookings, the next one first,
/// and the sessions that have begun.
pub(super) async fn bookings(req: PageRequest) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        let (id, hours) = (&provider.profile.id, settings::load(tx)?.outcome_hours);
        let mut coming = booking::list_of_provider(tx, id)?;
        coming.retain(|one| one.starts_at > tx.roughly_now());
        let mut lists = Vec::new();
        for all in [coming, booking::list_begun(tx, id, hours)?] {
            let mut rows = Vec::new();
            for one in all {
                let member = match &one.member_id {
                    Some(id) => identity::account::find(tx, id)?,
                    None => None,
                };
                rows.push((one, member.map(|one| one.display_name).unwrap_or_default()));
            }
            lists.push(rows);
        }
        Ok::<_, Refusal>((lists, provider.profile.zone()))
    };
    let (found, zone) = req.read(look).await?;
    let text = &req.text;
    let mut lists = found.iter().map(|rows| BookingRows {
        rows: rows
            .iter()
            .map(|(one, name)| Row::of(text, &zone, (one, name, None), &one.brief.topics))
            .collect(),
        is_card: true,
    });
    let mut next = || {
        lists.next().unwrap_or(BookingRows {
            rows: Vec::new(),
            is_card: true,
        })
    };
    let is_unsaid = found.iter().skip(1).flatten();
    let is_unsaid = is_unsaid
        .map(|(one, _)| one.state)
        .any(|state| state == booking::State::Confirmed);
    let body = BookingsPage {
        text,
        is_unsaid,
        list: next(),
        begun: next(),
    };
    req.page(HERE, &text.say("slot-bookings"), body).await
}
