//! The events of an occasion: added, changed, removed.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, I18n, Problem, Spoken, Text};

use super::desk::{Desk, Errand, Scene};
use super::frame::Place;
use super::say::Says;
use super::sheet::{self, Control, Field, Group, Sheet};
use crate::event::{Event, EventId};
use crate::hosting::events::{self, Change};
use crate::hosting::{Leave, Refusal, When};

#[derive(Template)]
#[template(path = "host/events.html")]
struct Events<'a> {
    text: &'a Text,
    says: Says<'a>,
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
}

/// `GET /admin/o/{slug}/settings/events`.
pub(super) async fn list(desk: Desk) -> Result<Response, Problem> {
    let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Write)).await?;
    let (text, says) = (&desk.text, desk.says(&scene));
    let body = Events {
        text,
        done: desk.done(),
        rows: scene.events.iter().map(|event| row(&says, event)).collect(),
        may_own: scene.may(Leave::Own),
        says: says.clone(),
    };
    Ok(desk.page(&scene, Place::Events, &text.say("host-events"), body))
}

fn row<'a>(says: &Says<'a>, event: &'a Event) -> Row<'a> {
    let details = &event.details;
    let (start, end) = (says.local(details.starts_at), says.local(details.ends_at));
    let day = says.text.date_short(start.date());
    Row {
        href: says.at(&format!("/settings/events/{}", event.id)),
        name: says.event(event),
        when: format!("{day} · {}", says.text.time_range(&start, &end)),
        venue: &details.venue,
        seats: match details.capacity {
            Some(seats) => {
                let values = [("n", says.text.number(seats).into())];
                says.text.with("host-seats-n", values)
            }
            None => says.text.say("host-seats-any").into_owned(),
        },
    }
}

#[derive(Template)]
#[template(path = "host/event.html")]
struct EventPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    sheet: &'a Sheet,
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
pub(super) async fn new(desk: Desk) -> Result<Response, Problem> {
    let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Own)).await?;
    Ok(page(&desk, &scene, &Sheet::default(), None))
}

/// `POST …/settings/events/new`.
pub(super) async fn create(errand: Errand) -> Result<Response, Problem> {
    let desk = &errand.desk;
    let form = errand.form.clone();
    let text = desk.text.clone();
    let to = desk.at("/settings/events?done=created");
    let done = errand
        .once("POST /admin/events/new", move |tx, host| {
            let occasion = crate::hosting::occasions::load(tx, host)?;
            let says = Says::new(&text, &occasion, tx.now());
            let change = Change {
                key: sheet::some(&form, "key"),
                ..read(&says, &form, true)
            };
            events::create(tx, host, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&errand, done, true).await
}

/// `GET …/settings/events/{id}`.
pub(super) async fn edit(desk: Desk) -> Result<Response, Problem> {
    let (scene, event) = find(&desk).await?;
    let sheet = Sheet::of(stored(&desk.says(&scene), &event));
    Ok(page(&desk, &scene, &sheet, Some(&event)))
}

pub(super) async fn find(desk: &Desk) -> Result<(Scene, Event), Refusal> {
    let id: EventId = desk.id();
    desk.read(move |tx, scene| {
        scene.needs(Leave::Write)?;
        events::load(tx, &scene.host, &id)
    })
    .await
}

/// `POST …/settings/events/{id}`.
pub(super) async fn change(errand: Errand) -> Result<Response, Problem> {
    let desk = &errand.desk;
    let id: EventId = desk.id();
    let form = errand.form.clone();
    let text = desk.text.clone();
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = desk.at("/settings/events?done=saved");
    let done = errand
        .once("POST /admin/events", move |tx, host| {
            let occasion = crate::hosting::occasions::load(tx, host)?;
            let says = Says::new(&text, &occasion, tx.now());
            let change = read(&says, &form, host.may(Leave::Own));
            events::change(tx, host, &id, version, &change)?;
            Ok(to.clone())
        })
        .await;
    answer(&errand, done, false).await
}

/// `POST …/settings/events/{id}/remove`: with its name in addresses typed.
pub(super) async fn remove(errand: Errand) -> Result<Response, Problem> {
    let desk = &errand.desk;
    let id: EventId = desk.id();
    let version = errand
        .form
        .number("version")
        .ok()
        .flatten()
        .unwrap_or_default();
    let confirm = errand.form.text("confirm").trim().to_owned();
    let to = desk.at("/settings/events?done=removed");
    let done = errand
        .once("POST /admin/events/remove", move |tx, host| {
            events::remove(tx, host, &id, version, &confirm)?;
            Ok(to.clone())
        })
        .await;
    match done {
        Ok(response) => Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => {
            let (scene, event) = find(desk).await?;
            let problem = Problem::from(refusal);
            let sheet = Sheet::refused(stored(&desk.says(&scene), &event), &problem, &desk.text);
            let page = page(desk, &scene, &sheet, Some(&event));
            Ok((problem.status, page).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn answer(
    errand: &Errand,
    done: Result<Response, Refusal>,
    is_new: bool,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (desk, form) = (&errand.desk, &errand.form);
    let (scene, event) = if is_new {
        let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Write)).await?;
        (scene, None)
    } else {
        let (scene, event) = find(desk).await?;
        (scene, Some(event))
    };
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let sheet = match &event {
        Some(event) if is_clash => Sheet::clashing(
            form,
            stored(&desk.says(&scene), event),
            "host-save",
            &desk.text,
        ),
        _ => Sheet::refused(form.clone(), &problem, &desk.text),
    };
    let page = page(desk, &scene, &sheet, event.as_ref());
    Ok((problem.status, page).into_response())
}

/// What is stored, as the form holds it.
fn stored(says: &Says<'_>, event: &Event) -> Form {
    let details = &event.details;
    let field = |name: &str, value: String| (name.to_owned(), value);
    let fields = [
        field("version", event.version.to_string()),
        field("starts_at", says.field_moment(details.starts_at)),
        field("ends_at", says.field_moment(details.ends_at)),
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
    sheet::form(fields.into_iter().chain(texts))
}

/// What was typed, as far as this role may change it.
fn read(says: &Says<'_>, form: &Form, may_own: bool) -> Change {
    let texts = Change {
        name: Some(i18n(form, "name")),
        dress_code: Some(i18n(form, "dress_code")),
        ..Change::default()
    };
    if !may_own {
        return texts;
    }
    let text = |name: &str| Some(form.text(name).to_owned());
    let when = |name: &str| {
        let typed = sheet::some(form, name)?;
        Some(When(says.typed_moment(&typed)))
    };
    Change {
        starts_at: when("starts_at"),
        ends_at: when("ends_at"),
        venue: text("venue"),
        address: text("address"),
        map_url: text("map_url"),
        capacity: Some(sheet::number(form, "capacity")),
        position: sheet::number(form, "position"),
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

fn page(desk: &Desk, scene: &Scene, sheet: &Sheet, event: Option<&Event>) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let back = says.at("/settings/events");
    let (title, action) = match event {
        None => (
            text.say("host-new-event").into_owned(),
            format!("{back}/new"),
        ),
        Some(event) => (
            says.event(event).to_string(),
            format!("{back}/{}", event.id),
        ),
    };
    let may_remove = scene.may(Leave::Own) && scene.events.len() > 1;
    let body = EventPage {
        text,
        csrf: &desk.csrf,
        submission: desk.submission(),
        groups: groups(&says, scene, sheet, event.is_none()),
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
                sheet.line("confirm", label),
            )
        }),
        version: event.map_or(0, |event| event.version),
        title: title.clone(),
        back,
        action,
        sheet,
    };
    desk.page(scene, Place::Events, &title, body)
}

fn groups(says: &Says<'_>, scene: &Scene, sheet: &Sheet, is_new: bool) -> Vec<Group> {
    let say = |id: &str| says.text.say(id).into_owned();
    let tags = &scene.occasion.details.languages;
    let line = || Control::Line("text", "off");
    let mut groups = vec![sheet.texts("name", say("host-field-event-name"), tags, line)];
    if scene.may(Leave::Own) {
        let mut fields = vec![
            sheet
                .moment("starts_at", say("host-field-starts"))
                .hint(zone_hint(says))
                .required(),
            sheet
                .moment("ends_at", say("host-field-ends"))
                .hint(say("host-field-ends-hint")),
            sheet.line("venue", say("host-field-venue")),
            sheet.lines("address", say("host-field-address")),
            sheet
                .field(
                    "map_url",
                    say("host-field-map"),
                    Control::Line("url", "off"),
                )
                .hint(say("host-field-map-hint")),
            sheet
                .number("capacity", say("host-seats"))
                .hint(say("host-field-seats-hint")),
            sheet.number("position", say("host-field-position")),
        ];
        if is_new {
            fields.push(
                sheet
                    .line("key", say("host-field-key"))
                    .hint(say("host-field-key-hint")),
            );
        }
        groups.push(Group {
            legend: say("host-when-where"),
            fields,
        });
    }
    groups.push(sheet.texts("dress_code", say("host-field-dress"), tags, line));
    groups
}

/// In which zone hours are meant.
fn zone_hint(says: &Says<'_>) -> String {
    let zone = says.occasion.details.time_zone.as_str();
    says.text.with("host-in-zone", [("zone", zone.into())])
}
