//! The hosts' pages for the rules of automatic reminders. The JSON API has the same operations.

use ::web::{List, Problem, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{Messages, PageResource};

use super::frame::Place;
use super::mail::rule_words;
use super::request::{HostRequest, PageContext};
use super::resource::{OWNS, READS};
use super::wording::Wording;
use crate::hosting::reminders::ReminderRule;
use crate::hosting::{HostOf, Refusal};
use crate::web::access::HostAccess;

impl ApiResource for ReminderRule {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/reminder-rules",
        one: "/api/v1/occasions/{id}/reminder-rules/{rule}",
        tag: "reminders",
        list: "When households are reminded, the earliest first.",
        show: "One rule.",
        create: "Adds a rule: at most 5.",
        change: "Changes a rule.",
        remove: "Removes a rule.",
        removal: &[204],
        body: "What owners may set about a rule; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = OWNS;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for ReminderRule {
    const PAGES: &'static str = "/settings/reminders";
    const MESSAGES: Messages = Messages {
        list: "host-reminders",
        new: "host-new-reminder",
        settings: "host-reminders",
        remove_title: "host-remove-reminder",
        remove: "host-remove-reminder",
        remove_effect: "host-remove-reminder-effect",
    };

    fn title(&self, req: &HostRequest, _: &PageContext) -> String {
        rule_words(&req.text, self)
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let wording = req.wording(context);
        let rows = list.items.iter().map(|rule| Row {
            href: wording.at(&format!("{}/{}", Self::PAGES, rule.id)),
            words: rule_words(&req.text, rule),
            is_off: !rule.active,
        });
        let body = Rules {
            text: &req.text,
            done: req.done(),
            rows: rows.collect(),
            deadline: context.occasion.rsvp_deadline.is_none(),
            wording: wording.clone(),
        };
        Ok(req.page(
            context,
            Place::Reminders,
            &req.text.say("host-reminders"),
            body,
        ))
    }
}

#[derive(Template)]
#[template(path = "host/reminders.html")]
struct Rules<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row>,
    deadline: bool,
}

struct Row {
    href: String,
    words: String,
    is_off: bool,
}
