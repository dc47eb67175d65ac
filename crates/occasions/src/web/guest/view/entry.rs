//! Pages that are shown before a code is known: the page that asks for a code, an occasion's public
//! page, and the page of an archived occasion.

use askama::Template;
use web::theme::Preset;
use web::{FirstItems, Spoken, Text, Theme};

use crate::open_rsvp::PublicWish;

use super::{Contact, Cover, DaysLeft, Hosts, OpenEvent, PageLink, Typed, around_contact};

/// The page on which guests type a code (`/`). It is also the response to a code that opens no
/// household.
#[derive(Template)]
#[template(path = "guest/code.html")]
pub struct CodeEntry<'a> {
    pub text: &'a Text,
    /// The path to which the form is sent: `/`, or the path of the occasion's public page.
    pub action: String,
    pub typed: String,
    /// The guest's name as typed. `None` if the form asks for no name.
    pub name: Option<String>,
    pub problem: Option<CodeProblem>,
    /// The values that the guest typed into a form before its code stopped working. The guest can
    /// copy them.
    pub kept: Vec<Typed>,
    /// The households that this browser has opened before.
    pub known: Vec<Known>,
    /// The hosts' contact, if the path belongs to an occasion.
    pub contact: Option<Contact>,
}

/// Why the code in the form opened no household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// The typed text cannot be a code.
    Malformed,
    /// No invitation has this code, or the code was revoked.
    Unknown,
    /// The browser reports that another site sent the form.
    Elsewhere,
    /// The guest's name is required too, because somebody is guessing codes.
    NameRequired,
    /// Too many wrong codes or names came from this network.
    TooMany {
        /// The number of minutes until the next attempt is allowed.
        minutes: i64,
    },
}

pub struct Known {
    pub household: String,
    /// The path of the household's invitation page.
    pub address: String,
    /// The household's code. The button for forgetting the household sends it.
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
                // More than 90 minutes are shown as hours.
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

    fn is_of_name(&self) -> bool {
        self.problem == Some(CodeProblem::NameRequired)
    }

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

/// The public page of an occasion (`/o/{slug}`).
#[derive(Template)]
#[template(path = "guest/card.html")]
pub struct Card<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    /// The hosts' names. They are the page's heading.
    pub hosts: Hosts<'a>,
    pub cover: Cover<'a>,
    /// Whether the occasion is a draft. Guests cannot see the page of a draft.
    pub preparing: bool,
    /// The path of the hosts' own page. Set if the occasion is a draft and the visitor a host, who
    /// sees the page as guests will.
    pub host: Option<String>,
    /// The hosts' thanks, once the last event is over. If they are empty, the page shows a built-in
    /// text.
    pub thanks: Option<Spoken<'a>>,
    /// How long ago the day was then, as text.
    pub since: Option<String>,
    /// The time until the first event.
    pub days_left: Option<DaysLeft>,
    /// The hosts' text for all guests.
    pub welcome: Spoken<'a>,
    /// The occasion's events. Empty if visitors cannot answer without a code.
    pub events: Vec<OpenEvent<'a>>,
    /// A sentence for each cancelled event.
    pub cancelled: Vec<String>,
    /// The pages that hosts wrote for everybody.
    pub pages: Vec<PageLink>,
    /// The path of the form for an answer without a code. `None` if the hosts do not accept answers
    /// without a code.
    pub answer: Option<String>,
    /// Wishes of guests that the hosts publish.
    pub wishes: &'a FirstItems<PublicWish>,
    /// Whether the page says that it was made with Kenduri.
    pub made_with: bool,
    /// The form for a code, at the bottom of the page.
    pub entry: CodeEntry<'a>,
}

impl Card<'_> {
    pub fn title(&self) -> String {
        let state = match (self.preparing, &self.thanks) {
            (true, _) => "card-preparing",
            (false, Some(_)) => "thanks-title",
            (false, None) => "card-title",
        };
        format!("{} – {}", self.text.say(state), self.hosts.0)
    }
}

/// The page of an archived occasion for everybody.
#[derive(Template)]
#[template(path = "guest/thanks.html")]
pub struct Thanks<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    /// The hosts' names. They are the page's heading.
    pub hosts: Hosts<'a>,
    pub cover: Cover<'a>,
    /// How long ago the first day was, as text.
    pub since: Option<String>,
    /// The hosts' text. If it is empty, the page shows a built-in text.
    pub farewell: Spoken<'a>,
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
