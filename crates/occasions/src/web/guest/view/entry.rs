//! Pages before a code is known: the code page, an occasion's public page, and the
//! farewell when everything is over.

use askama::Template;
use web::theme::Preset;
use web::{Spoken, Text, Theme};

use crate::open_rsvp::PublicWish;

use super::{Contact, Cover, DaysLeft, Hosts, OpenEvent, Typed, around_contact};

/// The code page: `/`, and the response to a code that opens nothing.
#[derive(Template)]
#[template(path = "guest/code.html")]
pub struct CodeEntry<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// The address that the form is sent to: `/`, or the occasion's own page.
    pub action: String,
    /// The code as typed.
    pub typed: String,
    /// The name as typed, if one is asked for.
    pub name: Option<String>,
    /// Why the code was not accepted.
    pub problem: Option<CodeProblem>,
    /// Values typed into a form whose code has ended, to be copied by hand.
    pub kept: Vec<Typed>,
    /// Households this device has opened before.
    pub known: Vec<Known>,
    /// Whom to ask, if the address names the occasion.
    pub contact: Option<Contact>,
}

/// Why a code opened nothing.
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
    /// Too many wrong codes came from here.
    TooMany {
        /// Minutes until the next try is allowed.
        minutes: i64,
    },
}

/// A household this device has opened.
pub struct Known {
    /// The household's name.
    pub household: String,
    /// The address of its portal.
    pub address: String,
    /// The code of the household, needed to forget it.
    pub code: String,
}

impl CodeEntry<'_> {
    /// The page's title, which starts with errors.
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
                // Long waits are shown in hours, because "in 1440 minutes" is hard to read.
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

    /// Whether the name is missing, rather than the code wrong.
    fn is_of_name(&self) -> bool {
        self.problem == Some(CodeProblem::NameRequired)
    }

    /// The error at the field for the code, or at the one for the name.
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

/// `/o/{slug}`: an occasion's public page.
#[derive(Template)]
#[template(path = "guest/card.html")]
pub struct Card<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// The theme.
    pub theme: Theme,
    /// The hosts' names; the page's heading.
    pub hosts: Hosts<'a>,
    /// The top of the page.
    pub cover: Cover<'a>,
    /// Whether the occasion is in draft, so that guests cannot see it.
    pub preparing: bool,
    /// Whether the reader is a host, who sees it even in draft.
    pub host: bool,
    /// How long it is until the first event.
    pub days_left: Option<DaysLeft>,
    /// What the hosts tell everyone.
    pub welcome: Spoken<'a>,
    /// The events, if anybody may answer and so must know them.
    pub events: Vec<OpenEvent<'a>>,
    /// The address of the form for an answer without a code, if hosts take such answers.
    pub answer: Option<String>,
    /// The notes that hosts show publicly.
    pub wishes: &'a [PublicWish],
    /// The form for a code, below.
    pub entry: CodeEntry<'a>,
}

impl Card<'_> {
    /// The page's title.
    pub fn title(&self) -> String {
        let state = if self.preparing {
            "card-preparing"
        } else {
            "card-title"
        };
        format!("{} – {}", self.text.say(state), self.hosts.0)
    }
}

/// The response to every code of an occasion that is over. It names nobody.
#[derive(Template)]
#[template(path = "guest/farewell.html")]
pub struct Farewell<'a> {
    /// The reader's language.
    pub text: &'a Text,
}
