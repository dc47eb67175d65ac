//! The page on which hosts edit an event's schedule.

use ::web::form_state::{self, FormState, Group};
use ::web::{Input, Problem, Text};
use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;
use site::resource::pages::{PageResource as _, load, stored};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::event::PlannedEvent;
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
    let form = if is_of_one_day(&req.wording(&context), &event) {
        form_state::sort(&form, "schedule", count, "time")
    } else {
        form
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

/// Lines cannot be sorted by time of day if the event goes on past midnight.
fn is_of_one_day(wording: &Wording<'_>, event: &PlannedEvent) -> bool {
    let day = |at| wording.local(at).date();
    let (Some(starts_at), Some(ends_at)) = (event.starts_at, event.ends_at) else {
        return true;
    };
    let before_end = ends_at.checked_sub(SignedDuration::from_millis(1));
    before_end.is_ok_and(|last| day(starts_at) == day(last))
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
