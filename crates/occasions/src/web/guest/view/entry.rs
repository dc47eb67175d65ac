//! Pages before a code is known: entering one, an occasion's public page, and
//! the farewell when everything is over.

use askama::Template;
use web::theme::Preset;
use web::{Spoken, Text, Theme};

use crate::open_rsvp::PublicWish;

use super::{Contact, Cover, Hosts, OpenEvent, Typed, around_contact};

/// `/` and what answers a code that opens nothing.
#[derive(Template)]
#[template(path = "guest/code.html")]
pub struct CodeEntry<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// Where the form goes: `/`, or the occasion's own page.
    pub action: String,
    /// What was typed.
    pub typed: String,
    /// A name on the invitation, where one is asked for.
    pub name: Option<String>,
    /// What is wrong with it.
    pub problem: Option<CodeProblem>,
    /// What was typed into a form whose code has ended, to be copied by hand.
    pub kept: Vec<Typed>,
    /// Households this device has opened before.
    pub known: Vec<Known>,
    /// Whom to ask, only where the occasion was in the address.
    pub contact: Option<Contact>,
}

/// Why a code opened nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// It is not five letters or digits.
    Malformed,
    /// Nobody has it. Also said of revoked ones.
    Unknown,
    /// The browser says that another page sent it.
    Elsewhere,
    /// Only with a name, because somebody guesses codes.
    NameRequired,
    /// There were too many wrong ones from here.
    TooMany {
        /// In how many minutes.
        minutes: i64,
    },
}

/// A household this device has opened.
pub struct Known {
    /// Its name.
    pub household: String,
    /// Its portal.
    pub address: String,
    /// Its code, to forget it by.
    pub code: String,
}

impl CodeEntry<'_> {
    /// The page's title: errors first.
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
                // "In 1440 minutes" says little.
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

    /// Whether the name is missing, and not the code wrong.
    fn is_of_name(&self) -> bool {
        self.problem == Some(CodeProblem::NameRequired)
    }

    /// What stands at the field for the code, or at the one for the name.
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

/// `/o/{slug}`: what everybody may see.
#[derive(Template)]
#[template(path = "guest/card.html")]
pub struct Card<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// The theme.
    pub theme: Theme,
    /// The hosts' names; the page's heading.
    pub hosts: Hosts<'a>,
    /// The head.
    pub cover: Cover<'a>,
    /// Whether guests cannot see it yet.
    pub preparing: bool,
    /// Whether the reader is one of the hosts, who see it all the same.
    pub host: bool,
    /// What the hosts tell everyone.
    pub welcome: Spoken<'a>,
    /// The events, where everybody may answer and so must know them.
    pub events: Vec<OpenEvent<'a>>,
    /// Where an answer without a code is given, if hosts take such.
    pub answer: Option<String>,
    /// What others wished, as far as hosts show it.
    pub wishes: &'a [PublicWish],
    /// The code form below.
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

/// What answers every code of an occasion that is over. It names nobody.
#[derive(Template)]
#[template(path = "guest/farewell.html")]
pub struct Farewell<'a> {
    /// The reader's language.
    pub text: &'a Text,
}
