//! The guest list for the door.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use web::{Problem, Spoken, Text, assets};

use super::{Paper, back, printed};
use crate::hosting::listing::people::{self, GuestFilter};
use crate::id::InvitationId;
use crate::web::host::request::HostRequest;

#[derive(Template)]
#[template(path = "host/print_door.html")]
struct DoorList<'a> {
    text: &'a Text,
    styles: Vec<&'static str>,
    back: String,
    hosts: Spoken<'a>,
    /// The events on the door list. Each has its name, its time, and how many guests come.
    events: Vec<(Spoken<'a>, String, String)>,
    rows: Vec<DoorRow>,
}

/// A person, or all those of a household whom nobody names.
struct DoorRow {
    name: String,
    household: String,
    heads: usize,
    /// How many of them come to each event.
    comes: Vec<usize>,
}

/// Handles `GET /admin/o/{slug}/print/door`. Lists all guests who come, sorted by name, so that
/// somebody at the door can tick them off. Those without a name follow, sorted by household.
pub(in crate::web::host) async fn door(req: HostRequest) -> Result<Response, Problem> {
    let filter = GuestFilter {
        status: Some(people::Status::Yes),
        ..GuestFilter::read(&req.query)?
    };
    let event = filter.event.clone();
    let (context, (people, coming)) = req
        .read(move |tx, context| {
            let people = people::all_people(tx, &context.host, &filter)?;
            Ok((people, people::coming(tx, &context.host)?))
        })
        .await?;
    let wording = req.wording(&context);
    let events = context.events.iter();
    let events: Vec<_> = events
        .filter(|one| event.as_ref().is_none_or(|key| one.key == *key))
        .collect();
    let mut heads: BTreeMap<&InvitationId, usize> = BTreeMap::new();
    for person in &people {
        *heads.entry(&person.invitation).or_default() += 1;
    }
    let mut rows: Vec<DoorRow> = Vec::new();
    let mut unnamed: BTreeMap<(&InvitationId, &str), usize> = BTreeMap::new();
    let (named, mut nameless): (Vec<_>, Vec<_>) =
        people.iter().partition(|person| !person.name.is_empty());
    nameless.sort_by_key(|person| person.household.to_lowercase());
    for person in named.into_iter().chain(nameless) {
        let comes = events
            .iter()
            .map(|event| usize::from(coming.contains(&(person.id.clone(), event.id.clone()))));
        if person.name.is_empty() {
            let of = (&person.invitation, person.guest_of.as_str());
            if let Some(row) = unnamed.get(&of).and_then(|place| rows.get_mut(*place)) {
                let places = row.comes.iter_mut().zip(comes);
                places.for_each(|(all, one)| *all += one);
                continue;
            }
            unnamed.insert(of, rows.len());
        }
        rows.push(DoorRow {
            name: person.shown_name(&req.text),
            household: person.household.clone(),
            heads: heads.get(&person.invitation).copied().unwrap_or_default(),
            comes: comes.collect(),
        });
    }
    let told = events.iter().enumerate().map(|(place, event)| {
        let heads: usize = rows.iter().filter_map(|row| row.comes.get(place)).sum();
        let heads = req.text.with("count-yes", [("n", heads.into())]);
        (wording.event(event), wording.start_of(event), heads)
    });
    let title = req.text.say("host-print-door");
    let paper = Paper::of(&req);
    let body = DoorList {
        text: &req.text,
        styles: paper
            .styles()
            .into_iter()
            .chain([assets::asset("print-list.css")])
            .collect(),
        back: back(&context, paper),
        hosts: wording.hosts(),
        events: told.collect(),
        rows,
    };
    Ok(printed(&req, &context, &title, body))
}
