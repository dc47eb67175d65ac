//! The form of an answer without a code.

use std::collections::BTreeMap;

use askama::Template;
use web::form_state::FormError;
use web::{Spoken, Text};

use super::answer::error;
use super::{Closing, Contact, Hosts, around_contact};

/// `/o/{slug}/rsvp`.
#[derive(Template)]
#[template(path = "guest/open.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the form that is there or not"
)]
pub struct Open<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// The hosts' names.
    pub hosts: Hosts<'a>,
    /// The occasion's public page.
    pub home: String,
    /// The events; each is asked for.
    pub events: Vec<OpenEvent<'a>>,
    /// The key that makes a repeat harmless.
    pub submission: String,
    /// Whether answers are still taken.
    pub open: bool,
    /// When they close.
    pub closing: Option<Closing>,
    /// How many one answer may bring, who answers included.
    pub limit: i64,
    /// Whether "Not sure" is offered.
    pub undecided: bool,
    /// Whether hosts take notes.
    pub notes: bool,
    /// Whether they may show them to everybody.
    pub public: bool,
    /// A sentence on the whole form.
    pub trouble: Option<String>,
    /// What is wrong with single fields.
    pub errors: Vec<FormError>,
    /// What was typed.
    pub typed: TypedAnswer,
    /// Whom to ask.
    pub contact: Option<Contact>,
}

/// An event as everybody may see it.
pub struct OpenEvent<'a> {
    /// Its key.
    pub key: &'a str,
    /// The name of the choice for it.
    pub field: String,
    /// Its name.
    pub name: Spoken<'a>,
    /// "Saturday, 16 January 2027, 9:30–11:00 am".
    pub when: String,
    /// The beginning for machines.
    pub when_machine: String,
    /// The place's name.
    pub venue: &'a str,
    /// Its address, with line breaks as typed.
    pub address: &'a str,
    /// A map of the place.
    pub map: Option<&'a str>,
}

/// The fields as they were typed.
#[derive(Clone, Debug, Default)]
pub struct TypedAnswer {
    /// Who answers.
    pub name: String,
    /// By the keys of events: `yes`, `no`, `undecided`, or what none of ours says.
    pub replies: BTreeMap<String, String>,
    /// A number, if all is well.
    pub party: String,
    /// To the hosts.
    pub wish: String,
    /// A mail address.
    pub email: String,
    /// A telephone number.
    pub phone: String,
}

impl TypedAnswer {
    /// What was chosen for an event; empty: nothing.
    pub fn reply(&self, event: &str) -> &str {
        self.replies.get(event).map_or("", String::as_str)
    }
}

impl Open<'_> {
    /// The page's title: errors first.
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
