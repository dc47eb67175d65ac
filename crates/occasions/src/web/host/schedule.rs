//! What happens when at one event, line by line.

use askama::Template;
use axum::response::{IntoResponse, Response};
use web::{Form, Problem, Text};

use super::events::{find, i18n};
use super::form_state::{self, Control, Field, FormState, Group};
use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::rows;
use super::wording::Wording;
use crate::event::{Event, EventId, ScheduleLine};
use crate::hosting::Refusal;
use crate::hosting::events::{self, EventChange};

/// How many lines a schedule has at most.
const LIMIT: usize = 50;

#[derive(Template)]
#[template(path = "host/schedule.html")]
struct SchedulePage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: String,
    event: String,
    back: String,
    action: String,
    zone: String,
    done: Option<String>,
    lines: Vec<Group>,
}

/// `GET …/settings/events/{id}/schedule`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, event) = find(&req).await?;
    let form_state = FormState::of(stored(&event));
    Ok(page(&req, &context, &form_state, &event))
}

/// `POST …/settings/events/{id}/schedule`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: EventId = req.id();
    let (context, event) = find(req).await?;
    let (form, count) = rows::compact(&posted.form, "schedule");
    let form = if is_of_one_day(&req.wording(&context), &event) {
        rows::sort(&form, "schedule", count, "time")
    } else {
        form
    };
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at(&format!("/settings/events/{id}/schedule?done=saved"));
    let change = EventChange {
        schedule: Some(read(&form, count)),
        ..EventChange::default()
    };
    let done = posted
        .once("POST /admin/events/schedule", move |tx, host| {
            events::change(tx, host, &id, version, &change)?;
            Ok(to.clone())
        })
        .await;
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (context, event) = find(req).await?;
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let form_state = if is_clash {
        FormState::clashing(&form, stored(&event), "host-save", &req.text)
    } else {
        FormState::refused(form, &problem, &req.text)
    };
    let page = page(req, &context, &form_state, &event);
    Ok((problem.status, page).into_response())
}

/// What is stored, as the form holds it.
fn stored(event: &Event) -> Form {
    let version = ("version".to_owned(), event.version.to_string());
    let lines = event.details.schedule.iter().enumerate();
    let lines = lines.flat_map(|(index, line)| {
        let at = format!("schedule.{index}");
        let texts = [("title", &line.title), ("detail", &line.detail)];
        let texts: Vec<(String, String)> = texts
            .into_iter()
            .flat_map(|(name, texts)| texts.iter().map(move |text| (name, text)))
            .map(|(name, (tag, words))| (format!("{at}.{name}.{tag}"), words.to_owned()))
            .collect();
        std::iter::once((format!("{at}.time"), line.time.clone())).chain(texts)
    });
    form_state::form(std::iter::once(version).chain(lines))
}

/// Whether the clock says what comes first: past midnight it does not.
fn is_of_one_day(wording: &Wording<'_>, event: &Event) -> bool {
    let day = |at| wording.local(at).date();
    day(event.details.starts_at) == day(event.details.ends_at)
}

fn read(form: &Form, count: usize) -> Vec<ScheduleLine> {
    let lines = (0..count).map(|index| ScheduleLine {
        time: form.text(&format!("schedule.{index}.time")).to_owned(),
        title: i18n(form, &format!("schedule.{index}.title")),
        detail: i18n(form, &format!("schedule.{index}.detail")),
    });
    lines.collect()
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    event: &Event,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let name = wording.event(event).to_string();
    let back = wording.at(&format!("/settings/events/{}", event.id));
    let title = text.with("host-schedule-of", [("event", name.as_str().into())]);
    let zone = context.occasion.details.time_zone.as_str();
    let body = SchedulePage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        lines: lines(&wording, form_state),
        action: format!("{back}/schedule"),
        zone: text.with("host-in-zone", [("zone", zone.into())]),
        done: req.done(),
        title: title.clone(),
        event: name,
        back,
        form_state,
    };
    req.page(context, Place::Events, &title, body)
}

/// The lines there are, and empty ones for more.
fn lines(wording: &Wording<'_>, form_state: &FormState) -> Vec<Group> {
    let text = wording.text;
    let tags = &wording.occasion.details.languages;
    let count = rows::compact(&form_state.form, "schedule").1;
    (0..(count + rows::BLANK).min(LIMIT))
        .map(|index| {
            let at = |field: &str| format!("schedule.{index}.{field}");
            let time = Control::Line("time", "off");
            let mut fields =
                vec![form_state.field(&at("time"), text.say("host-schedule-time"), time)];
            let line = || Control::Line("text", "off");
            let title = text.say("host-schedule-title");
            let detail = text.say("host-schedule-detail");
            for group in [
                form_state.texts(&at("title"), title, tags, line),
                form_state.texts(&at("detail"), detail, tags, || Control::Lines),
            ] {
                let named = group.fields.into_iter().map(|field| Field {
                    label: format!("{} – {}", group.legend, field.label),
                    ..field
                });
                fields.extend(named);
            }
            Group {
                legend: text.with("host-schedule-line", [("n", (index + 1).into())]),
                fields,
            }
        })
        .collect()
}
