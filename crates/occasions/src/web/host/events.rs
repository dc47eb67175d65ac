//! The events of an occasion: added, changed, removed.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, I18n, Problem, Spoken, Text};

use super::form_state::{self, Control, Field, FormState, Group};
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::event::{Event, EventId};
use crate::hosting::events::{self, EventChange};
use crate::hosting::{Permission, Refusal, When};

#[derive(Template)]
#[template(path = "host/events.html")]
struct Events<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<EventItem<'a>>,
    may_own: bool,
}

struct EventItem<'a> {
    href: String,
    name: Spoken<'a>,
    when: String,
    venue: &'a str,
    seats: String,
}

/// `GET /admin/o/{slug}/settings/events`.
pub(super) async fn list(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req
        .read(|_, context| context.needs(Permission::Write))
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let body = Events {
        text,
        done: req.done(),
        rows: context
            .events
            .iter()
            .map(|event| row(&wording, event))
            .collect(),
        may_own: context.may(Permission::Own),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Events, &text.say("host-events"), body))
}

fn row<'a>(wording: &Wording<'a>, event: &'a Event) -> EventItem<'a> {
    let details = &event.details;
    let (start, end) = (
        wording.local(details.starts_at),
        wording.local(details.ends_at),
    );
    let day = wording.text.date_short(start.date());
    EventItem {
        href: wording.at(&format!("/settings/events/{}", event.id)),
        name: wording.event(event),
        when: format!("{day} · {}", wording.text.time_range(&start, &end)),
        venue: &details.venue,
        seats: match details.capacity {
            Some(seats) => {
                let values = [("n", wording.text.number(seats).into())];
                wording.text.with("host-seats-n", values)
            }
            None => wording.text.say("host-seats-any").into_owned(),
        },
    }
}

#[derive(Template)]
#[template(path = "host/event.html")]
struct EventPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: String,
    back: String,
    action: String,
    groups: Vec<Group>,
    /// The schedule of an event that is there: its address, and how many lines.
    schedule: Option<(String, String)>,
    /// The removal: where it is sent, what is to be typed, the field.
    remove: Option<(String, String, Field)>,
    version: i64,
}

/// `GET …/settings/events/new`.
pub(super) async fn new(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req
        .read(|_, context| context.needs(Permission::Own))
        .await?;
    Ok(page(&req, &context, &FormState::default(), None))
}

/// `POST …/settings/events/new`.
pub(super) async fn create(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let form = posted.form.clone();
    let text = req.text.clone();
    let to = req.at("/settings/events?done=created");
    let done = posted
        .once("POST /admin/events/new", move |tx, host| {
            let occasion = crate::hosting::occasions::load(tx, host)?;
            let wording = Wording::new(&text, &occasion, tx.now());
            let change = EventChange {
                key: form_state::some(&form, "key"),
                ..read(&wording, &form, true)
            };
            events::create(tx, host, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, done, true).await
}

/// `GET …/settings/events/{id}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, event) = find(&req).await?;
    let form_state = FormState::of(stored(&req.wording(&context), &event));
    Ok(page(&req, &context, &form_state, Some(&event)))
}

pub(super) async fn find(req: &HostRequest) -> Result<(PageContext, Event), Refusal> {
    let id: EventId = req.id();
    req.read(move |tx, context| {
        context.needs(Permission::Write)?;
        events::load(tx, &context.host, &id)
    })
    .await
}

/// `POST …/settings/events/{id}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: EventId = req.id();
    let form = posted.form.clone();
    let text = req.text.clone();
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at("/settings/events?done=saved");
    let done = posted
        .once("POST /admin/events", move |tx, host| {
            let occasion = crate::hosting::occasions::load(tx, host)?;
            let wording = Wording::new(&text, &occasion, tx.now());
            let change = read(&wording, &form, host.may(Permission::Own));
            events::change(tx, host, &id, version, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&posted, done, false).await
}

/// `POST …/settings/events/{id}/remove`: with its name in addresses typed.
pub(super) async fn remove(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: EventId = req.id();
    let version = posted
        .form
        .number("version")
        .ok()
        .flatten()
        .unwrap_or_default();
    let confirm = posted.form.text("confirm").trim().to_owned();
    let to = req.at("/settings/events?done=removed");
    let done = posted
        .once("POST /admin/events/remove", move |tx, host| {
            events::remove(tx, host, &id, version, &confirm)?;
            Ok(to.clone())
        })
        .await;
    match done {
        Ok(response) => Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => {
            let (context, event) = find(req).await?;
            let problem = Problem::from(refusal);
            let form_state =
                FormState::refused(stored(&req.wording(&context), &event), &problem, &req.text);
            let page = page(req, &context, &form_state, Some(&event));
            Ok((problem.status, page).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn answer(
    posted: &HostForm,
    done: Result<Response, Refusal>,
    is_new: bool,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (req, form) = (&posted.req, &posted.form);
    let (context, event) = if is_new {
        let (context, ()) = req
            .read(|_, context| context.needs(Permission::Write))
            .await?;
        (context, None)
    } else {
        let (context, event) = find(req).await?;
        (context, Some(event))
    };
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let form_state = match &event {
        Some(event) if is_clash => FormState::clashing(
            form,
            stored(&req.wording(&context), event),
            "host-save",
            &req.text,
        ),
        _ => FormState::refused(form.clone(), &problem, &req.text),
    };
    let page = page(req, &context, &form_state, event.as_ref());
    Ok((problem.status, page).into_response())
}

/// What is stored, as the form holds it.
fn stored(wording: &Wording<'_>, event: &Event) -> Form {
    let details = &event.details;
    let field = |name: &str, value: String| (name.to_owned(), value);
    let fields = [
        field("version", event.version.to_string()),
        field("starts_at", wording.field_moment(details.starts_at)),
        field("ends_at", wording.field_moment(details.ends_at)),
        field("venue", details.venue.clone()),
        field("address", details.address.clone()),
        field("map_url", details.map_url.clone()),
        field(
            "capacity",
            details
                .capacity
                .map(|seats| seats.to_string())
                .unwrap_or_default(),
        ),
        field("position", details.position.to_string()),
    ];
    let texts = [("name", &details.name), ("dress_code", &details.dress_code)];
    let texts = texts.into_iter().flat_map(|(name, texts)| {
        texts
            .iter()
            .map(move |(tag, words)| (format!("{name}.{tag}"), words.to_owned()))
    });
    form_state::form(fields.into_iter().chain(texts))
}

/// What was typed, as far as this role may change it.
fn read(wording: &Wording<'_>, form: &Form, may_own: bool) -> EventChange {
    let texts = EventChange {
        name: Some(i18n(form, "name")),
        dress_code: Some(i18n(form, "dress_code")),
        ..EventChange::default()
    };
    if !may_own {
        return texts;
    }
    let text = |name: &str| Some(form.text(name).to_owned());
    let when = |name: &str| {
        let typed = form_state::some(form, name)?;
        Some(When(wording.typed_moment(&typed)))
    };
    EventChange {
        starts_at: when("starts_at"),
        ends_at: when("ends_at"),
        venue: text("venue"),
        address: text("address"),
        map_url: text("map_url"),
        capacity: Some(form_state::number(form, "capacity")),
        position: form_state::number(form, "position"),
        ..texts
    }
}

/// A text in several languages, of the fields `name.{tag}`.
pub(super) fn i18n(form: &Form, name: &str) -> I18n {
    let prefix = format!("{name}.");
    form.under(&prefix)
        .map(|(tag, words)| (tag.to_owned(), words.to_owned()))
        .collect()
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    event: Option<&Event>,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let back = wording.at("/settings/events");
    let (title, action) = match event {
        None => (
            text.say("host-new-event").into_owned(),
            format!("{back}/new"),
        ),
        Some(event) => (
            wording.event(event).to_string(),
            format!("{back}/{}", event.id),
        ),
    };
    let may_remove = context.may(Permission::Own) && context.events.len() > 1;
    let body = EventPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        groups: groups(&wording, context, form_state, event.is_none()),
        schedule: event.map(|event| {
            let n = event.details.schedule.len();
            let words = text.with("host-schedule-lines", [("n", n.into())]);
            (format!("{action}/schedule"), words)
        }),
        remove: event.filter(|_| may_remove).map(|event| {
            let values = [("name", event.key.as_str().into())];
            let label = text.with("host-type-name", values);
            (
                format!("{action}/remove"),
                event.key.clone(),
                form_state.line("confirm", label),
            )
        }),
        version: event.map_or(0, |event| event.version),
        title: title.clone(),
        back,
        action,
        form_state,
    };
    req.page(context, Place::Events, &title, body)
}

fn groups(
    wording: &Wording<'_>,
    context: &PageContext,
    form_state: &FormState,
    is_new: bool,
) -> Vec<Group> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let tags = &context.occasion.details.languages;
    let line = || Control::Line("text", "off");
    let mut groups = vec![form_state.texts("name", say("host-field-event-name"), tags, line)];
    if context.may(Permission::Own) {
        let mut fields = vec![
            form_state
                .moment("starts_at", say("host-field-starts"))
                .hint(zone_hint(wording))
                .required(),
            form_state
                .moment("ends_at", say("host-field-ends"))
                .hint(say("host-field-ends-hint")),
            form_state.line("venue", say("host-field-venue")),
            form_state.lines("address", say("host-field-address")),
            form_state
                .field(
                    "map_url",
                    say("host-field-map"),
                    Control::Line("url", "off"),
                )
                .hint(say("host-field-map-hint")),
            form_state
                .number("capacity", say("host-seats"))
                .hint(say("host-field-seats-hint")),
            form_state.number("position", say("host-field-position")),
        ];
        if is_new {
            fields.push(
                form_state
                    .line("key", say("host-field-key"))
                    .hint(say("host-field-key-hint")),
            );
        }
        groups.push(Group {
            legend: say("host-when-where"),
            fields,
        });
    }
    groups.push(form_state.texts("dress_code", say("host-field-dress"), tags, line));
    groups
}

/// In which zone hours are meant.
fn zone_hint(wording: &Wording<'_>) -> String {
    let zone = wording.occasion.details.time_zone.as_str();
    wording.text.with("host-in-zone", [("zone", zone.into())])
}
