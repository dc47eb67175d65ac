//! The hosts' pages for the occasion's events. The JSON API has the same operations.

use std::collections::BTreeMap;

use ::web::dates::days_between;
use ::web::form_state::Group;
use ::web::{Field, Form, List, Problem, Spoken, Text};
use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, Next, PageResource};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::resource::{OWNS, READS, WRITES};
use super::send_moved::{self, Notice};
use super::wording::{self, Wording};
use crate::event::{self, PlannedEvent, SeatsTaken};
use crate::hosting::events::{CANCEL_RIGHT, INVITE_ALL, YEAR_RIGHT};
use crate::hosting::{HostOf, Permission, Refusal, moved};
use crate::id::EventId;
use crate::rsvp::waitlist::{self, Waiting};
use crate::web::access::HostAccess;

impl ApiResource for PlannedEvent {
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
        remove: "Removes an event and every answer for it; `confirm` is its key or name. An event ahead to which people said yes is cancelled instead, so that they can be told; a second request removes it.",
        removal: &[204, 409, 422, 428],
        body: "What hosts may set about an event; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;
    const OWNS: HostAccess = OWNS;
    const DEACTIVATES: bool = true;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for PlannedEvent {
    const PAGES: &'static str = "/settings/events";
    const MESSAGES: Messages = Messages {
        list: "host-events",
        new: "host-new-event",
        settings: "host-when-where",
        remove_title: "host-remove-event",
        remove: "host-remove-event",
        remove_effect: "host-remove-event-effect",
    };
    const CHOSEN: &'static [&'static str] = &["key", "position"];
    const TYPED: &'static str = "host-type-name";
    const ELSEWHERE: &'static [&'static str] = &["schedule"];
    const AFTER_DEACTIVATION: Option<&'static str> = Some("/send/moved");

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        let wording = req.wording(context);
        wording.pick(&self.name).to_string()
    }

    fn changed(
        tx: &mut Tx<'_>,
        host: &HostOf,
        old: &Self,
        one: &Self,
    ) -> Result<&'static str, Refusal> {
        let concerns_nobody = moved::concerns_nobody(tx, host, [old, one])?;
        Ok(if concerns_nobody { "untold" } else { "saved" })
    }

    fn shown(fields: &mut Vec<Field>, one: Option<&Self>, _: &Form, _: Timestamp) {
        fields.retain(|field| field.name != "end_known");
        if one.is_none() {
            fields.retain(|field| !["cancelled", "key", "position"].contains(&field.name));
        }
    }

    fn fill(_: &PageContext, form: &mut Form) {
        if !form.is_ticked("day_known") {
            form.set(DAY_UNKNOWN, "1");
            // Nobody is invited yet to an event without a day, so nobody has been chosen either.
            form.set(INVITE_ALL, "1");
        }
        // Nobody has chosen that end.
        if is_whole_day(form) {
            form.set("ends_at", "");
        }
    }

    async fn prepare(posted: &mut HostForm) -> Result<Next, Problem> {
        let is_known = !posted.form.is_ticked(DAY_UNKNOWN);
        posted.form.remove(&["day_known"]);
        if is_known {
            posted.form.set("day_known", "1");
        }
        Ok(Next::Save)
    }

    fn arrange(
        req: &HostRequest,
        context: &PageContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        // The form asks the opposite: people tick what they do not know.
        let form_state = form.form_state;
        let mut fields = form.groups.iter_mut().flat_map(|group| &mut group.fields);
        if let Some(field) = fields.find(|field| field.name == "day_known") {
            *field = form_state.tick(DAY_UNKNOWN, req.text.say("host-new-day-unknown"));
        }
        let doubt = req.text.say("problem-year-doubtful");
        if form_state
            .error("starts_at")
            .is_some_and(|words| words == doubt)
        {
            let tick = form_state.tick(YEAR_RIGHT, req.text.say("host-field-year-right"));
            insert_after(&mut form.groups, "starts_at", tick);
        }
        if form_state.error("cancelled").is_some() {
            let tick = form_state.tick(CANCEL_RIGHT, req.text.say("host-field-cancel-right"));
            insert_after(&mut form.groups, "cancelled", tick);
        }
        let is_dated = one.is_some_and(|event| event.day_known);
        if !is_dated && context.sizes.invitations > 0 {
            let tick = form_state.tick(INVITE_ALL, req.text.say("host-field-invite-all"));
            insert_after(&mut form.groups, "open_to_all", tick);
        }
        form.more = one.map(|one| {
            let at = req.at(&format!("{}/{}/schedule", Self::PAGES, one.id));
            let lines = [("n", one.schedule.len().into())];
            (at, req.text.with("host-schedule-lines", lines))
        });
        if let Some((one, yes)) = one.and_then(|one| Some((one, context.said_yes.get(&one.id)?))) {
            let values = [
                ("n", yes.people.into()),
                ("households", yes.households.into()),
            ];
            form.remove_note = Some(req.text.with("host-event-said-yes", values));
            if one.is_ahead(&context.occasion.zone(), context.now) {
                form.messages.remove = "host-cancel-event";
                form.messages.remove_effect = "host-cancel-event-effect";
            }
        }
        if let Some((one, untold)) = one.and_then(|one| Some((one, context.untold.get(&one.id)?))) {
            let id = if untold.people > 0 {
                "host-event-untold"
            } else {
                "host-event-untold-open"
            };
            let values = [
                ("n", untold.people.into()),
                ("households", untold.households.into()),
            ];
            let notes = [form.remove_note.take(), Some(req.text.with(id, values))];
            form.remove_note = Some(notes.into_iter().flatten().collect::<Vec<_>>().join(" "));
            form.before_removal = context.may(Permission::Invite).then(|| {
                let at = req.at(&send_moved::page_of(&one.id));
                (at, req.text.say("host-event-tell-first").into_owned())
            });
        }
        let all = [&context.undated, &context.cancelled].map(Vec::len);
        if context.events.len() + all.iter().sum::<usize>() < 2 {
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
        let (_, (counts, moved)) = req
            .read(|tx, context| {
                let occasion = &context.occasion.id;
                let moved = if context.may(Permission::Invite) {
                    moved::list(tx, occasion)?
                } else {
                    Vec::new()
                };
                let taken = event::seats_taken(tx, occasion)?.into_iter().collect();
                let waiting = waitlist::count(tx, occasion)?;
                let invited = event::invited(tx, occasion)?.into_iter().collect();
                let counts = Counts {
                    taken,
                    waiting,
                    invited,
                    households: context.sizes.invitations,
                };
                Ok((counts, moved))
            })
            .await?;
        let body = Events {
            text,
            done: req.done(),
            moved: send_moved::notices(&wording, &context.events, moved.iter()),
            rows: all
                .iter()
                .map(|event| row(&wording, event, &counts))
                .collect(),
            may_own: context.may(Permission::Own),
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Events, &text.say("host-events"), body))
    }
}

/// Whether the form is of an event of one whole day, which ends with the day.
fn is_whole_day(form: &Form) -> bool {
    let day = |name: &str| Some(form.text(name).parse::<DateTime>().ok()?.date());
    let days = day("starts_at").zip(day("ends_at"));
    !form.is_ticked("hour_known") && days.is_some_and(|(first, end)| days_between(first, end) <= 1)
}

fn insert_after(groups: &mut [Group], name: &str, tick: ::web::form_state::Field) {
    if let Some(group) = groups.iter_mut().find(|group| has_field(group, name)) {
        let after = group.fields.iter().position(|field| field.name == name);
        group.fields.insert(after.map_or(0, |at| at + 1), tick);
    }
}

fn has_field(group: &Group, name: &str) -> bool {
    group.fields.iter().any(|field| field.name == name)
}

/// The tick of the form that says the opposite of `day_known`.
const DAY_UNKNOWN: &str = "day_unknown";

#[derive(Template)]
#[template(path = "host/events.html")]
struct Events<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    moved: Vec<Notice>,
    rows: Vec<Row<'a>>,
    may_own: bool,
}

struct Row<'a> {
    href: String,
    name: Spoken<'a>,
    when: String,
    is_open_ended: bool,
    is_cancelled: bool,
    venue: &'a str,
    /// How many households are invited, and the list of them.
    invited: (String, Option<String>),
    seats: String,
    /// How many guests and households wait for a seat, and the link to these households.
    waiting: Option<(String, String)>,
}

struct Counts {
    taken: BTreeMap<EventId, SeatsTaken>,
    waiting: BTreeMap<EventId, Waiting>,
    invited: BTreeMap<EventId, i64>,
    /// All households of the occasion.
    households: i64,
}

fn invited(
    wording: &Wording<'_>,
    event: &PlannedEvent,
    counts: &Counts,
) -> (String, Option<String>) {
    let text = wording.text;
    let n = counts.invited.get(&event.id).copied().unwrap_or_default();
    let words = if n == 0 {
        text.say("host-invited-nobody").into_owned()
    } else if n >= counts.households {
        text.say("host-invited-everybody").into_owned()
    } else {
        let values = [
            ("n", text.number(n).into()),
            ("of", counts.households.into()),
        ];
        text.with("host-invited-some", values)
    };
    let list = wording::address("/invites", [("event", event.key.as_str())]);
    (words, (n > 0).then(|| wording.at(&list)))
}

fn row<'a>(wording: &Wording<'a>, event: &'a PlannedEvent, counts: &Counts) -> Row<'a> {
    let taken = counts.taken.get(&event.id).copied().unwrap_or_default();
    let zone = wording.occasion.zone();
    let dated = event.clone().dated(&zone);
    let when = match &dated {
        Some(event) => {
            let text = wording.text;
            let day = text.date_short(wording.local(event.starts_at).date());
            let hours = if event.hour_known {
                text.hours_in(&zone, event.starts_at, event.known_end())
            } else {
                text.say("host-no-hour").into_owned()
            };
            format!("{day} · {hours}")
        }
        None => wording.text.say("date-to-follow").into_owned(),
    };
    Row {
        href: wording.at(&format!("{}/{}", PlannedEvent::PAGES, event.id)),
        name: wording.pick(&event.name),
        when,
        is_open_ended: dated.is_some_and(|event| event.is_open_ended()),
        is_cancelled: event.cancelled,
        venue: &event.venue,
        invited: invited(wording, event, counts),
        waiting: counts
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
