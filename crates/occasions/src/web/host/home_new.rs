//! The home of an occasion that has no guests yet: its card, and what is left to do until its
//! invitations go out. It shows no numbers, because all of them would be zero.

use askama::Template;
use axum::response::Response;
use site::resource::pages::PageResource as _;
use web::{Deadline, Problem, Text, Wishes};

use super::frame::{Place, keep_private};
use super::request::{HostRequest, PageContext};
use super::wording::Wording;
use crate::event::PlannedEvent;
use crate::hosting::Permission::{Invite, Own, Write};
use crate::hosting::summary::Summary;
use crate::web::guest;
use crate::words::OccasionStatus;

#[derive(Template)]
#[template(path = "host/home_new.html")]
struct HomeNew<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    may_own: bool,
    may_invite: bool,
    photo: &'static str,
    steps: Vec<Step>,
}

/// Something that is done before invitations go out.
struct Step {
    label: &'static str,
    /// `None` if this host may not do it.
    href: Option<String>,
    is_done: bool,
    note: Option<String>,
}

impl HomeNew<'_> {
    fn done_steps(&self) -> usize {
        self.steps.iter().filter(|step| step.is_done).count()
    }
}

impl Step {
    fn state(&self) -> &'static str {
        if self.is_done {
            "host-home-step-done"
        } else {
            "host-home-step-open"
        }
    }
}

pub(super) fn is_new(context: &PageContext, summary: &Summary) -> bool {
    let is_empty_draft =
        context.occasion.status == OccasionStatus::Draft && summary.invitations.total == 0;
    is_empty_draft && !context.has_ended()
}

pub(super) fn page(req: &HostRequest, context: &PageContext) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let body = HomeNew {
        text,
        done: req.done(),
        may_own: context.may(Own),
        may_invite: context.may(Invite),
        photo: match context.occasion.cover.as_str() {
            "" => "host-home-photo",
            _ => "host-photo-change",
        },
        steps: steps(&wording, context),
        wording: wording.clone(),
    };
    req.page(context, Place::Home, &text.say("host-home"), body)
}

fn steps(wording: &Wording<'_>, context: &PageContext) -> Vec<Step> {
    let events = &context.events;
    let step = |label, rest: &str, needs, is_done| Step {
        label,
        href: context.may(needs).then(|| wording.at(rest)),
        is_done,
        note: None,
    };
    let has_place = |event: &crate::event::Event| {
        event.hour_known && !(event.venue.is_empty() && event.address.is_empty())
    };
    let count = events.len() + context.undated.len();
    let has_days = !events.is_empty() && context.undated.is_empty();
    let note = wording.text.with("host-home-events", [("n", count.into())]);
    let last = context.occasion.rsvp_deadline.map(|at| {
        let day = Deadline::of(&wording.local(at)).day();
        wording.text.date_short(day)
    });
    let day = match context.undated.first() {
        Some(event) => format!("{}/{}", PlannedEvent::PAGES, event.id),
        None if events.is_empty() => format!("{}/new", PlannedEvent::PAGES),
        None => "/settings/texts".to_owned(),
    };
    vec![
        step("host-home-names", &day, Write, has_days),
        step("host-home-step-look", "/settings/look", Own, true),
        Step {
            note: (count > 0).then_some(note),
            ..step(
                "host-home-place",
                "/settings/events",
                Write,
                has_days && events.iter().all(has_place),
            )
        },
        step("host-home-guests", "/import", Invite, false),
        Step {
            note: last,
            ..step(
                "host-home-answer-by",
                "/settings/deadline",
                Own,
                context.occasion.rsvp_deadline.is_some(),
            )
        },
        step("host-home-publish", "/settings/state", Own, false),
    ]
}

/// Handles `GET /admin/o/{slug}/preview/page`. Shows the public page as guests will see it.
pub(super) async fn card(req: HostRequest, wishes: Wishes) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let PageContext {
        occasion, events, ..
    } = context;
    let theme = occasion.theme;
    let mut page = guest::in_theme(&req.site, &wishes, occasion, events, theme);
    keep_private(&mut page);
    Ok(page)
}
