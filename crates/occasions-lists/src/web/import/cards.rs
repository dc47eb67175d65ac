//! A household of the preview, as it will be.

use std::collections::BTreeMap;

use occasions::event::Event;
use occasions::web::host::wording::Wording;
use occasions::words::ReplyStatus;
use web::Text;
use web::sheet::Cell;

use super::{counted, label};
use crate::household_document::table::{Column, Difference, Field, differences};
use crate::household_document::{Ground, GuestRecord};
use crate::import::{Outcome, PreviewedHousehold};

pub(super) struct Card {
    pub(super) name: String,
    pub(super) row: String,
    pub(super) people: Vec<CardPerson>,
    pub(super) places: Option<String>,
    pub(super) lines: Vec<String>,
    pub(super) changes: Vec<String>,
    pub(super) state: Option<String>,
}

pub(super) struct CardPerson {
    pub(super) name: String,
    pub(super) is_child: bool,
    pub(super) food: String,
    pub(super) reply: String,
}

pub(super) fn event_names<'k>(
    keys: impl Iterator<Item = &'k str>,
    ground: &Ground,
    wording: &Wording<'_>,
) -> String {
    let keys: Vec<&str> = keys.collect();
    let events = ground
        .events
        .iter()
        .filter(|event| keys.contains(&&*event.key));
    let names: Vec<String> = events
        .map(|event| wording.event(event).to_string())
        .collect();
    names.join(&wording.text.say("list-comma"))
}

pub(super) fn card(one: &PreviewedHousehold, ground: &Ground, wording: &Wording<'_>) -> Card {
    let (text, record) = (wording.text, &one.record);
    let guests = record.guests.iter().filter(|guest| !guest.name.is_empty());
    let people = guests.map(|guest| CardPerson {
        name: guest.name.clone(),
        is_child: guest.child == Some(true),
        food: food(guest, ground, wording),
        reply: replies(&guest.replies, ground, wording),
    });
    let contacts = record
        .guests
        .iter()
        .flat_map(|guest| [&guest.phone, &guest.email]);
    let contacts = [&record.phone, &record.email].into_iter().chain(contacts);
    let mut lines: Vec<String> = contacts.flatten().cloned().collect();
    lines.truncate(3);
    let events = event_names(one.invited.iter().map(String::as_str), ground, wording);
    let invited = match events.as_str() {
        "" => text.say("host-import-no-event").into_owned(),
        _ => events,
    };
    let tags = record.tags.iter().flatten().cloned();
    let parts: Vec<String> = std::iter::once(invited).chain(tags).collect();
    lines.push(parts.join(" · "));
    lines.extend(said(replies(&record.replies, ground, wording)));
    lines.extend(record.food.clone());
    lines.extend(record.note.clone());
    let changes = one.before.iter();
    let changes = changes.flat_map(|before| differences(before, record, ground));
    // Those whom nobody names read alike.
    let mut changed: Vec<String> = Vec::new();
    for line in changes.map(|one| change(&one, ground, wording)) {
        if !changed.contains(&line) {
            changed.push(line);
        }
    }
    let state = match one.outcome {
        Outcome::Changed => Some("host-import-is-changed"),
        Outcome::Same => Some("host-import-is-same"),
        Outcome::Failed => Some("host-import-error"),
        Outcome::Made | Outcome::Undone | Outcome::Kept => None,
    };
    Card {
        name: record.household.clone().unwrap_or_default(),
        row: one.row.to_string(),
        people: people.collect(),
        places: (one.places > 0).then(|| counted(text, "host-import-places", one.places)),
        lines,
        changes: changed,
        state: state.map(|id| text.say(id).into_owned()),
    }
}

fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Whoever is asked for one event only needs no name of it.
fn replies(all: &BTreeMap<String, ReplyStatus>, ground: &Ground, wording: &Wording<'_>) -> String {
    let text = wording.text;
    let of_event = |event: &Event| {
        let status = all.get(&event.key)?;
        let status = (*status != ReplyStatus::Pending).then(|| reply(text, *status))?;
        Some(if ground.events.len() == 1 {
            status
        } else {
            format!("{}: {status}", wording.event(event))
        })
    };
    let all: Vec<String> = ground.events.iter().filter_map(of_event).collect();
    all.join(&text.say("list-comma"))
}

fn reply(text: &Text, status: ReplyStatus) -> String {
    text.say(&format!("reply-{}", status.word())).into_owned()
}

/// "Phone number: 012 → 013".
fn change(one: &Difference, ground: &Ground, wording: &Wording<'_>) -> String {
    let text = wording.text;
    let shown = |cell: &Cell| {
        let value = match cell {
            Cell::Empty => return text.say("host-import-nothing").into_owned(),
            Cell::Number(number) => return text.number(*number),
            Cell::Text(value) => value.as_str(),
        };
        match &one.column {
            Column::Field(Field::Events | Field::GuestEvents) => {
                let names = event_names(value.split(", "), ground, wording);
                said(names).unwrap_or_else(|| text.say("host-import-no-event").into_owned())
            }
            Column::Field(Field::Diets) => {
                let keys = value.split(", ");
                let names = keys.map(|key| wording.diet(&ground.diets, key));
                names.collect::<Vec<_>>().join(&text.say("list-comma"))
            }
            Column::Reply(_) => match ReplyStatus::find(value) {
                Some(status) => reply(text, status),
                None => value.to_owned(),
            },
            _ => value.to_owned(),
        }
    };
    let label = label(&one.column, ground, wording);
    let label = match &one.guest {
        Some(name) if !name.is_empty() => format!("{name} · {label}"),
        _ => label,
    };
    let values = [
        ("what", label.into()),
        ("old", shown(&one.old).into()),
        ("new", shown(&one.new).into()),
    ];
    text.with("host-import-change", values)
}

fn food(guest: &GuestRecord, ground: &Ground, wording: &Wording<'_>) -> String {
    let keys = guest.diets.iter().flatten();
    let needs = keys.map(|key| wording.diet(&ground.diets, key));
    let needs: Vec<String> = needs.chain(guest.diet_note.clone()).collect();
    needs.join(&wording.text.say("list-comma"))
}
