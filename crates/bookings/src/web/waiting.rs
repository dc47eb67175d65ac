//! The waiting lists of classes, on the pages of a date, of a member's own bookings, and of the provider.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use site::call::submission;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::form_state::{Control, Field, FormState};
use web::{Problem, Site, Text};

use super::side::OWN;
use super::words;
use crate::Refusal;
use crate::notice;
use crate::slot::Slot;
use crate::waiting::{self, NamedWaiting, WaitingId, WaitingState, Waits};

/// The part of the page of a date with which a visitor waits for seats.
#[derive(Template)]
#[template(path = "waiting/join.html")]
struct Join<'a> {
    text: &'a Text,
    slot: &'a Slot,
    /// The number of others who wait, in words; empty if there are none.
    others: String,
    kept: String,
    fields: Vec<Field>,
    /// The number of seats, if there is nothing to choose.
    seats: i64,
    zone: &'a str,
    is_signed_in: bool,
    may_register: bool,
    /// The signed time stamp of the form for people without an account; empty where they cannot wait.
    stamp: &'a str,
    submission: String,
}

/// The part of the page of a date for a member who waits or is asked.
#[derive(Template)]
#[template(path = "waiting/mine.html")]
struct Mine<'a> {
    text: &'a Text,
    id: &'a WaitingId,
    said: String,
    is_asked: bool,
    submission: String,
}

/// Who reads the page of a date.
#[derive(Clone, Copy)]
pub(super) struct DateReader<'a> {
    pub(super) is_signed_in: bool,
    pub(super) may_register: bool,
    /// The signed time stamp of the form for people without an account; empty where they cannot wait, or
    /// places are free that they can book.
    pub(super) stamp: &'a str,
    /// The name of the zone of the page, and the zone.
    pub(super) zone: (&'a str, &'a TimeZone),
}

/// What the page of a date says about its waiting list; `None` if there is nothing to say.
pub(super) fn of_date(
    site: &Site,
    text: &Text,
    form_state: &FormState,
    slot: &Slot,
    waits: &Waits,
    reader: DateReader<'_>,
) -> Option<String> {
    let submission = submission(&site.random);
    let now = site.clock.now();
    if let Some(own) = &waits.own {
        let mine = Mine {
            text,
            id: &own.id,
            said: place_in_list(text, reader.zone.1, now, own, waits.others),
            is_asked: own.state == WaitingState::Asked,
            submission,
        };
        return Some(mine.to_string());
    }
    let (least, most) = waits.seats?;
    let mut fields = Vec::new();
    let is_newcomer = !reader.stamp.is_empty();
    if is_newcomer {
        let field = |name, kind, complete, label| {
            let control = Control::Line(kind, complete);
            form_state.field(name, text.say(label), control).required()
        };
        fields.push(field(
            "display_name",
            "text",
            "name",
            "booking-newcomer-name",
        ));
        fields.push(field("email", "email", "email", "booking-newcomer-email"));
    }
    if (reader.is_signed_in || is_newcomer) && least < most {
        let label = |seats: i64| text.with("waiting-count", [("count", seats.into())]);
        let choices = (least..=most).map(|seats| (seats.to_string(), label(seats)));
        let field = form_state.select("waiting_seats", text.say("waiting-seats"), choices);
        fields.push(field.hint(text.say("waiting-seats-hint")));
    }
    if reader.is_signed_in && slot.price_minor == 0 {
        let field = form_state.tick("books_at_once", text.say("waiting-at-once"));
        fields.push(field.hint(text.say("waiting-at-once-hint")));
    }
    let join = Join {
        text,
        slot,
        others: match waits.others {
            0 => String::new(),
            others => text.with("waiting-others", [("count", others.into())]),
        },
        kept: text.with("waiting-kept-for", [("hours", waits.hours.into())]),
        fields,
        seats: if least < most { 0 } else { least },
        zone: reader.zone.0,
        is_signed_in: reader.is_signed_in,
        may_register: reader.may_register,
        stamp: reader.stamp,
        submission,
    };
    Some(join.to_string())
}

/// Says until when seats are kept for a party, or how many others wait.
fn place_in_list(
    text: &Text,
    zone: &TimeZone,
    now: Timestamp,
    own: &waiting::Waiting,
    others: usize,
) -> String {
    match own.asked_until {
        Some(until) if own.state == WaitingState::Asked => {
            let until = text.until_in(zone, until, now);
            let values = [("count", own.seats.into()), ("until", until.into())];
            text.with("waiting-kept-until", values)
        }
        _ => {
            let values = [("count", own.seats.into()), ("others", others.into())];
            text.with("waiting-you-wait", values)
        }
    }
}

/// The dates for which a member waits, as rows.
#[derive(Template)]
#[template(path = "waiting/own.html")]
struct OwnList<'a> {
    text: &'a Text,
    rows: Vec<OwnRow>,
}

struct OwnRow {
    id: WaitingId,
    href: String,
    when: String,
    title: String,
    said: String,
    is_asked: bool,
    submission: String,
}

/// The dates for which a member waits; `None` if there are none.
pub(super) async fn own_list(req: &PageRequest) -> Result<Option<String>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        let mut all = Vec::new();
        for one in waiting::list_own(tx, &who.who.account().id)? {
            let slot: Slot = tx.load(&one.waiting.slot_id)?;
            all.push((one, slot.place_zone()));
        }
        Ok::<_, Refusal>(all)
    };
    let found = req.read(look).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let now = req.site.clock.now();
    let rows = found.into_iter().map(|(one, place)| {
        let ahead = usize::try_from(one.ahead).unwrap_or_default();
        OwnRow {
            href: format!("/book/{}", one.waiting.slot_id),
            when: words::moment_short_at(text, &zone, place.as_ref(), one.starts_at),
            title: one.title,
            said: place_in_list(text, &zone, now, &one.waiting, ahead),
            is_asked: one.waiting.state == WaitingState::Asked,
            submission: submission(&req.site.random),
            id: one.waiting.id,
        }
    });
    let rows = rows.collect();
    Ok(Some(OwnList { text, rows }.to_string()))
}

/// The waiting list of a date, as its provider reads it.
#[derive(Template)]
#[template(path = "waiting/of_provider.html")]
struct ProviderList<'a> {
    text: &'a Text,
    rows: Vec<ProviderRow>,
}

struct ProviderRow {
    name: String,
    said: String,
    note: String,
    is_asked: bool,
}

/// The waiting list of a date, as its provider reads it; empty if nobody waits.
pub(super) fn of_provider(req: &PageRequest, list: &[NamedWaiting]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let now = req.site.clock.now();
    let rows = list.iter().map(|NamedWaiting { waiting, name }| {
        let is_asked = waiting.state == WaitingState::Asked;
        let said = match waiting.asked_until {
            Some(until) if is_asked => {
                let until = text.until_in(&zone, until, now);
                let values = [("count", waiting.seats.into()), ("until", until.into())];
                text.with("waiting-row-asked", values)
            }
            _ => {
                let since = text.date_short(waiting.created_at.to_zoned(zone.clone()));
                let values = [("count", waiting.seats.into()), ("since", since.into())];
                text.with("waiting-row", values)
            }
        };
        ProviderRow {
            name: notice::named(text, name).into_owned(),
            said,
            note: waiting.note.clone(),
            is_asked,
        }
    });
    let rows = rows.collect();
    ProviderList { text, rows }.to_string()
}

/// `POST /me/waiting/{id}/leave`.
pub(super) async fn stop(posted: FormPost) -> Result<Response, Problem> {
    let (id, site): (WaitingId, _) = (posted.req.id("id")?, posted.req.site.clone());
    let change = move |tx: &mut Tx<'_>, who: &Requester| {
        waiting::leave(tx, &site, who, &id)?;
        Ok::<_, Refusal>(format!("{OWN}?done=left"))
    };
    Ok(posted.once(change).await?)
}
