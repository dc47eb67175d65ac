//! The hosts' pages for the occasion's events. The JSON API has the same operations.

use std::collections::BTreeMap;

use ::web::{List, Problem, Spoken, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, PageResource};

use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::resource::{OWNS, READS, WRITES};
use super::wording::Wording;
use crate::event::{self, Event, SeatsTaken};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::EventId;
use crate::rsvp::waitlist::{self, Waiting};
use crate::web::access::HostAccess;

impl ApiResource for Event {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/events",
        one: "/api/v1/occasions/{id}/events/{event}",
        tag: "events",
        list: "The events, in the order they are shown.",
        show: "One event.",
        create: "Adds an event; everyone is invited to it, unless `invite_all` is false.",
        change: "Changes an event. Coordinators change its name, dress code and schedule.",
        remove: "Removes an event and every answer for it; `confirm` is its key.",
        removal: &[204, 409, 422, 428],
        body: "What hosts may set about an event; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;
    const OWNS: HostAccess = OWNS;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for Event {
    const PAGES: &'static str = "/settings/events";
    const MESSAGES: Messages = Messages {
        list: "host-events",
        new: "host-new-event",
        settings: "host-when-where",
        remove_title: "host-remove-event",
        remove: "host-remove-event",
        remove_effect: "host-remove-event-effect",
    };
    const CHOSEN: &'static [&'static str] = &["key", "position", "starts_at", "ends_at"];
    const TYPED: &'static str = "host-type-name";
    const ELSEWHERE: &'static [&'static str] = &["schedule"];

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        let wording = req.wording(context);
        wording.event(self).to_string()
    }

    fn arrange(
        req: &HostRequest,
        context: &PageContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        form.more = one.map(|one| {
            let at = req.at(&format!("{}/{}/schedule", Self::PAGES, one.id));
            let lines = [("n", one.schedule.len().into())];
            (at, req.text.with("host-schedule-lines", lines))
        });
        if context.events.len() < 2 {
            form.remove = None;
        }
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let all = &list.items;
        let (text, wording) = (&req.text, req.wording(context));
        let (_, seats) = req
            .read(|tx, context| {
                let occasion = &context.occasion.id;
                let taken = event::seats_taken(tx, occasion)?.into_iter().collect();
                let waiting = waitlist::count(tx, occasion)?;
                Ok(TakenSeats { taken, waiting })
            })
            .await?;
        let body = Events {
            text,
            done: req.done(),
            rows: all
                .iter()
                .map(|event| row(&wording, event, &seats))
                .collect(),
            may_own: context.may(Permission::Own),
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Events, &text.say("host-events"), body))
    }
}

#[derive(Template)]
#[template(path = "host/events.html")]
struct Events<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row<'a>>,
    may_own: bool,
}

struct Row<'a> {
    href: String,
    name: Spoken<'a>,
    when: String,
    venue: &'a str,
    seats: String,
    /// How many guests and households wait for a seat, and the link to these households.
    waiting: Option<(String, String)>,
}

struct TakenSeats {
    taken: BTreeMap<EventId, SeatsTaken>,
    waiting: BTreeMap<EventId, Waiting>,
}

fn row<'a>(wording: &Wording<'a>, event: &'a Event, seats: &TakenSeats) -> Row<'a> {
    let taken = seats.taken.get(&event.id).copied().unwrap_or_default();
    let day = wording
        .text
        .date_short(wording.local(event.starts_at).date());
    let zone = wording.occasion.zone();
    let hours = if event.hour_known {
        wording
            .text
            .time_range_in(&zone, event.starts_at, event.ends_at)
    } else {
        wording.text.say("host-no-hour").into_owned()
    };
    Row {
        href: wording.at(&format!("{}/{}", Event::PAGES, event.id)),
        name: wording.event(event),
        when: format!("{day} · {hours}"),
        venue: &event.venue,
        waiting: seats
            .waiting
            .get(&event.id)
            .map(|waiting| wording.waiting(&event.key, waiting.people, waiting.households)),
        seats: match event.capacity {
            Some(seats) => {
                let values = [
                    ("n", wording.text.number(taken.confirmed).into()),
                    ("seats", wording.text.number(seats).into()),
                ];
                wording.text.with("host-seats-of", values)
            }
            None => wording.text.say("host-seats-any").into_owned(),
        },
    }
}
