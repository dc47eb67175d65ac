//! The page on which hosts edit an event's schedule.

use ::web::form_state::{self, FormState, Group};
use ::web::{Form, Input, Problem, Text};
use askama::Template;
use axum::response::Response;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use site::resource::pages::{PageResource as _, load, stored};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use crate::event::{PlannedEvent, whole_days};
use crate::hosting::HostOf;
use crate::hosting::events::{LINES, SCHEDULE};
use crate::hosting::resource::{self, Resource};

#[derive(Template)]
#[template(path = "host/schedule.html")]
struct SchedulePage<'a> {
    text: &'a Text,
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

/// Handles `GET /admin/o/{slug}/settings/events/{id}/schedule`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, event) = load::<PlannedEvent>(&req).await?;
    let form_state = FormState::of(stored(&context.occasion.zone(), &event));
    Ok(page(&req, &context, &form_state, &event))
}

/// Handles `POST /admin/o/{slug}/settings/events/{id}/schedule`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let address = req.piece("id").to_owned();
    let (context, event) = load::<PlannedEvent>(req).await?;
    let (form, count) = form_state::compact(&posted.form, "schedule");
    let form = match first_minute(&context.occasion.zone(), &event) {
        Some(first) => in_order(form, count, first),
        None => form,
    };
    let version = form_state::number(&form, "version").unwrap_or_default();
    let to = req.at(&format!("/settings/events/{address}/schedule?done=saved"));
    let shown = PlannedEvent::FIELDS
        .iter()
        .filter(|field| field.name == "schedule");
    let input = Input::Form(form.clone(), shown.copied().collect());
    let done = posted
        .once(move |tx, host: &HostOf| {
            resource::change::<PlannedEvent>(tx, host, &address, version, &input)?;
            Ok(to.clone())
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, event) = load::<PlannedEvent>(req).await?;
        let stored = || stored(&context.occasion.zone(), &event);
        let form_state = FormState::not_saved(&form, stored, "host-save", &problem, &req.text);
        Ok(page(req, &context, &form_state, &event))
    })
    .await
}

const DAY_MINUTES: i64 = 24 * 60;

/// Returns the minute of the day from which the lines are sorted, so that those past midnight are last.
/// It is in the middle between the event's end and its start, because some lines are before the start.
/// Lines of several days cannot be sorted.
fn first_minute(zone: &TimeZone, event: &PlannedEvent) -> Option<i64> {
    let Some(dated) = event.clone().dated(zone) else {
        return event.end_known.then_some(0);
    };
    if !dated.hour_known {
        return whole_days::is_one_day(&dated, zone).then_some(0);
    }
    let length = dated.ends_at.duration_since(dated.starts_at).as_mins();
    let start = minute_of_day(dated.starts_at.to_zoned(zone.clone()).time());
    let lead = (DAY_MINUTES - length) / 2;
    (lead >= 0).then(|| (start - lead).rem_euclid(DAY_MINUTES))
}

fn minute_of_day(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

/// Sorts the form's first `count` lines by their time, from the minute `first` of a day on.
fn in_order(mut form: Form, count: usize, first: i64) -> Form {
    let names: Vec<String> = (0..count)
        .map(|row| format!("schedule.{row}.order"))
        .collect();
    for (row, name) in names.iter().enumerate() {
        let typed = form.text(&format!("schedule.{row}.time")).trim();
        let minute = typed.parse::<Time>().map_or(DAY_MINUTES, |time| {
            (minute_of_day(time) - first).rem_euclid(DAY_MINUTES)
        });
        form.set(name, format!("{minute:04}"));
    }
    let mut sorted = form_state::sort(&form, "schedule", count, "order");
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.remove(&names);
    sorted
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    event: &PlannedEvent,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let name = wording.pick(&event.name).to_string();
    let back = wording.at(&format!("{}/{}", PlannedEvent::PAGES, event.id));
    let title = text.with("host-schedule-of", [("event", name.as_str().into())]);
    let line = |n: usize| text.with("host-schedule-line", [("n", n.into())]);
    let body = SchedulePage {
        text,
        submission: req.submission(),
        lines: wording
            .table_form(form_state)
            .rows("schedule", SCHEDULE.fields, LINES, line),
        action: format!("{back}/schedule"),
        zone: wording.zone_hint(),
        done: req.done(),
        title: title.clone(),
        event: name,
        back,
        form_state,
    };
    req.page(context, Place::Events, &title, body)
}
