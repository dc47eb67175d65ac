//! Pages shown before a code is known, namely the code page, an occasion's public page, and the
//! page of an archived occasion.

use askama::Template;
use web::theme::Preset;
use web::{Spoken, Text, Theme};

use crate::open_rsvp::PublicWish;

use super::{Contact, Cover, DaysLeft, Hosts, OpenEvent, PageLink, Typed, around_contact};

/// The code page `/`, also shown for a code that opens nothing.
#[derive(Template)]
#[template(path = "guest/code.html")]
pub struct CodeEntry<'a> {
    pub text: &'a Text,
    /// The path to which the form is sent, namely `/` or the occasion's public page.
    pub action: String,
    pub typed: String,
    /// The name as typed, if the form asks for a name.
    pub name: Option<String>,
    /// The reason why the code was not accepted.
    pub problem: Option<CodeProblem>,
    /// Values typed into a form with a code that has stopped working. The reader can copy them.
    pub kept: Vec<Typed>,
    /// Households this device has opened before.
    pub known: Vec<Known>,
    /// The occasion's contact, if the path names the occasion.
    pub contact: Option<Contact>,
}

/// The reason why a code opened nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// The text cannot be a code.
    Malformed,
    /// No invitation has this code, or it was revoked.
    Unknown,
    /// The browser reports that another site sent the form.
    Elsewhere,
    /// A name is required too, because somebody is guessing codes.
    NameRequired,
    /// Too many wrong codes came from this network.
    TooMany {
        /// Minutes until the next attempt is allowed.
        minutes: i64,
    },
}

/// A household that this device has opened.
pub struct Known {
    pub household: String,
    /// The path of the household's portal.
    pub address: String,
    /// The household's code, which is needed to forget the household.
    pub code: String,
}

impl CodeEntry<'_> {
    pub fn title(&self) -> String {
        let title = self.text.say("code-title");
        match self.problem {
            Some(_) => self
                .text
                .with("answer-error-title", [("title", title.into())]),
            None => title.into_owned(),
        }
    }

    fn error(&self) -> Option<String> {
        Some(match self.problem.as_ref()? {
            CodeProblem::Malformed => self.text.say("code-malformed").into_owned(),
            CodeProblem::Unknown if self.name.is_some() => {
                self.text.say("code-unknown-name").into_owned()
            }
            CodeProblem::Unknown => self.text.say("code-unknown").into_owned(),
            CodeProblem::NameRequired => self.text.say("code-name-required").into_owned(),
            CodeProblem::Elsewhere => self.text.say("code-elsewhere").into_owned(),
            CodeProblem::TooMany { minutes } => {
                // Waits longer than 90 minutes are shown in hours.
                if *minutes > 90 {
                    let hours = (minutes + 59) / 60;
                    self.text
                        .with("code-too-many-hours", [("hours", hours.into())])
                } else {
                    self.text
                        .with("code-too-many", [("minutes", (*minutes).into())])
                }
            }
        })
    }

    /// Returns whether the name is missing, rather than the code wrong.
    fn is_of_name(&self) -> bool {
        self.problem == Some(CodeProblem::NameRequired)
    }

    /// Returns the error at the field for the code or, if `code` is false, at the field for the
    /// name.
    fn complaint_at(&self, code: bool) -> Option<String> {
        self.error().filter(|_| code != self.is_of_name())
    }

    fn with_household(&self, id: &str, known: &Known) -> String {
        let household = known.household.as_str();
        self.text.with(id, [("household", household.into())])
    }

    fn questions(&self) -> (String, String) {
        around_contact(self.text, "guest-questions")
    }
}

/// `/o/{slug}`, an occasion's public page.
#[derive(Template)]
#[template(path = "guest/card.html")]
pub struct Card<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    /// The hosts' names, used as the page's heading.
    pub hosts: Hosts<'a>,
    pub cover: Cover<'a>,
    /// Whether the occasion is in draft, so that guests cannot see it.
    pub preparing: bool,
    /// Whether the reader is a host, who may see the page even while the occasion is a draft.
    pub host: bool,
    /// The time until the first event.
    pub days_left: Option<DaysLeft>,
    /// The hosts' text for everyone.
    pub welcome: Spoken<'a>,
    /// The events, if visitors may answer without a code; otherwise empty.
    pub events: Vec<OpenEvent<'a>>,
    /// The pages that hosts wrote for everybody.
    pub pages: Vec<PageLink>,
    /// The path of the form for an answer without a code, if hosts take such answers.
    pub answer: Option<String>,
    /// The notes that hosts show publicly.
    pub wishes: &'a [PublicWish],
    /// Whether the page says that it is made with Kenduri.
    pub made_with: bool,
    /// The form for a code, at the end of the page.
    pub entry: CodeEntry<'a>,
}

impl Card<'_> {
    pub fn title(&self) -> String {
        let state = if self.preparing {
            "card-preparing"
        } else {
            "card-title"
        };
        format!("{} – {}", self.text.say(state), self.hosts.0)
    }
}

/// The page of an archived occasion, for a household or for everyone.
#[derive(Template)]
#[template(path = "guest/thanks.html")]
pub struct Thanks<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    /// The hosts' names, used as the page's heading.
    pub hosts: Hosts<'a>,
    pub cover: Cover<'a>,
    /// The household's salutation; `None` on the public page.
    pub salutation: Option<String>,
    /// How long ago the first day was, in words.
    pub since: Option<String>,
    /// The hosts' text; if it is empty, the page has a built-in text.
    pub farewell: Spoken<'a>,
    /// Typed values that arrived too late to be saved.
    pub typed: Vec<Typed>,
    pub contact: Option<Contact>,
}

impl Thanks<'_> {
    pub fn title(&self) -> String {
        format!("{} – {}", self.text.say("thanks-title"), self.hosts.0)
    }

    fn questions(&self) -> (String, String) {
        around_contact(self.text, "guest-questions")
    }
}
