//! The page with the form for answers without a code.

use std::collections::BTreeMap;

use askama::Template;
use web::form_state::FormError;
use web::{Spoken, Text};

use super::answer::error;
use super::{AppLink, Closing, Contact, Hosts, around_contact};

/// The form for answers without a code (`/o/{slug}/rsvp`).
#[derive(Template)]
#[template(path = "guest/open.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the form that is there or not"
)]
pub struct Open<'a> {
    pub text: &'a Text,
    pub hosts: Hosts<'a>,
    /// The path of the occasion's public page.
    pub home: String,
    /// The events. Each has a field for the reply.
    pub events: Vec<OpenEvent<'a>>,
    /// The idempotency key of the form.
    pub submission: String,
    /// Whether answers are still accepted.
    pub open: bool,
    pub closing: Option<Closing>,
    /// The maximum number of people in one answer, including the person who answers.
    pub limit: i64,
    /// Whether "Not sure" is offered.
    pub undecided: bool,
    /// Whether the form has a field for a note.
    pub notes: bool,
    /// Whether the hosts may publish guests' notes on the public page.
    pub public: bool,
    pub trouble: Option<String>,
    pub errors: Vec<FormError>,
    /// The form's values as typed.
    pub typed: TypedAnswer,
    pub contact: Option<Contact>,
}

/// An event as visitors without a code see it.
pub struct OpenEvent<'a> {
    pub key: &'a str,
    /// The field name of the reply.
    pub field: String,
    pub name: Spoken<'a>,
    /// The day and the time, such as "Saturday, 16 January 2027, 9:30–11:00 am".
    pub when: String,
    /// The start of the event in machine-readable form.
    pub when_machine: String,
    pub venue: &'a str,
    /// The venue's postal address, with the hosts' line breaks.
    pub address: &'a str,
    /// Links to the venue in map apps.
    pub apps: Vec<AppLink>,
}

#[derive(Clone, Debug, Default)]
pub struct TypedAnswer {
    pub name: String,
    /// The replies by event key. A reply is `yes`, `no`, `undecided`, or an invalid value.
    pub replies: BTreeMap<String, String>,
    /// The number of people as typed. It may be an invalid text.
    pub party: String,
    pub wish: String,
    pub email: String,
    pub phone: String,
}

impl TypedAnswer {
    /// Returns the reply for an event; empty if none was chosen.
    pub fn reply(&self, event: &str) -> &str {
        self.replies.get(event).map_or("", String::as_str)
    }
}

impl Open<'_> {
    /// Formats the page's title. If the form has errors, the title starts with "Error".
    pub fn title(&self) -> String {
        let title = format!("{} – {}", self.text.say("answer-title"), self.hosts.0);
        if self.errors.is_empty() && self.trouble.is_none() {
            return title;
        }
        self.text
            .with("answer-error-title", [("title", title.into())])
    }

    fn error(&self, field: &str) -> Option<&str> {
        error(&self.errors, field)
    }

    fn party_hint(&self) -> String {
        self.text
            .with("open-party-hint", [("n", self.limit.into())])
    }

    fn wish_label(&self) -> String {
        let hosts = self.hosts.0.text;
        self.text.with("open-wish", [("hosts", hosts.into())])
    }

    fn questions(&self) -> (String, String) {
        around_contact(self.text, "guest-questions")
    }
}
