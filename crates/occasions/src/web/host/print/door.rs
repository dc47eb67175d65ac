//! The guest list for the door.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use web::{Problem, Spoken, Text, assets};

use super::{Paper, back, printed};
use crate::hosting::listing::people::{self, GuestFilter};
use crate::id::InvitationId;
use crate::table;
use crate::web::host::request::HostRequest;
use crate::web::host::wording;
use crate::words::ReplyStatus;

#[derive(Template)]
#[template(path = "host/print_door.html")]
struct DoorList<'a> {
    text: &'a Text,
    styles: Vec<&'static str>,
    back: String,
    hosts: Spoken<'a>,
    /// The events on the door list. Each has its name, its time, and how many guests come.
    events: Vec<(Spoken<'a>, String, String)>,
    /// Whether somebody has a table.
    has_tables: bool,
    rows: Vec<DoorRow>,
}

/// A person, or all those of a household whom nobody names.
struct DoorRow {
    name: String,
    household: String,
    heads: usize,
    /// The household's table; empty if it has none.
    table: String,
    /// The place of each event.
    places: Vec<Place>,
}

/// What a row says of an event.
#[derive(Default)]
struct Place {
    /// How many come.
    comes: usize,
    /// What those who do not come have replied, or that they are not invited.
    others: Vec<&'static str>,
}

impl Place {
    fn add(&mut self, reply: Option<ReplyStatus>) {
        let word = match reply {
            Some(ReplyStatus::Yes) => {
                self.comes += 1;
                return;
            }
            Some(other) => wording::mark(other).message(),
            None => "host-print-door-not-invited",
        };
        if !self.others.contains(&word) {
            self.others.push(word);
        }
    }
}

impl DoorList<'_> {
    fn others(&self, place: &Place) -> String {
        let words = place.others.iter().map(|id| self.text.say(id));
        words.collect::<Vec<_>>().join(&self.text.say("list-comma"))
    }
}

/// Handles `GET /admin/o/{slug}/print/door`. Lists all guests who come, sorted by name, so that
/// somebody at the door can tick them off. Those without a name follow, sorted by household.
pub(in crate::web::host) async fn door(req: HostRequest) -> Result<Response, Problem> {
    let filter = GuestFilter {
        status: Some(people::Status::Yes),
        ..GuestFilter::read(&req.query)?
    };
    let event = filter.event.clone();
    let (context, (people, replies)) = req
        .read(move |tx, context| {
            let people = people::all_people(tx, &context.host, &filter)?;
            Ok((people, people::all_replies(tx, &context.host)?))
        })
        .await?;
    let words = req.wording(&context);
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
    let comma = req.text.say("list-comma");
    for person in named.into_iter().chain(nameless) {
        let of = (&person.invitation, person.guest_of.as_str());
        let known = unnamed.get(&of).filter(|_| person.name.is_empty());
        let at = known.copied().unwrap_or(rows.len());
        if at == rows.len() {
            if person.name.is_empty() {
                unnamed.insert(of, at);
            }
            rows.push(DoorRow {
                name: person.shown_name(&req.text),
                household: person.household.clone(),
                heads: heads.get(&person.invitation).copied().unwrap_or_default(),
                table: table::named(&person.tags, &comma),
                places: events.iter().map(|_| Place::default()).collect(),
            });
        }
        let places = rows.get_mut(at).into_iter();
        let places = places.flat_map(|row| row.places.iter_mut());
        for (place, event) in places.zip(&events) {
            let reply = replies.get(&(person.id.clone(), event.id.clone()));
            place.add(reply.map(|one| context.occasion.effective_status(*one)));
        }
    }
    let told = events.iter().enumerate().map(|(place, event)| {
        let heads: usize = rows
            .iter()
            .filter_map(|row| row.places.get(place))
            .map(|place| place.comes)
            .sum();
        let heads = req.text.with("count-yes", [("n", heads.into())]);
        (words.event(event), words.start_of(event), heads)
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
        hosts: words.hosts(),
        events: told.collect(),
        has_tables: rows.iter().any(|row| !row.table.is_empty()),
        rows,
    };
    Ok(printed(&req, &context, &title, body))
}
