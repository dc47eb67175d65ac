//! The portal, and the page after a save: what the household has been told and
//! what it has answered.

use std::borrow::Cow;

use askama::Template;
use web::theme::Preset;
use web::{Spoken, Text};

use super::{Closing, Counts, Cover, Frame, Mark, Told, Tone, around_contact};

/// `/invite/{code}`.
#[derive(Template)]
#[template(path = "guest/portal.html")]
pub struct Portal<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// What all pages behind a code share.
    pub frame: Frame<'a>,
    /// The head.
    pub cover: Cover<'a>,
    /// Whether answers are taken, and if not, why.
    pub standing: Standing,
    /// "Dear Rahman family,".
    pub salutation: String,
    /// When answers close; nothing when they never do by themselves.
    pub closing: Option<Closing>,
    /// How far the household has come.
    pub progress: Progress,
    /// What the hosts tell everyone.
    pub welcome: Spoken<'a>,
    /// What the hosts tell this household.
    pub message: Option<&'a str>,
    /// What was typed and came too late to be saved.
    pub typed: Vec<Typed>,
    /// How long it is to the next of them.
    pub days_left: Option<DaysLeft>,
    /// The events this household is invited to, by time.
    pub events: Vec<EventRow<'a>>,
    /// The address of the calendar file.
    pub calendar: Option<String>,
    /// Everybody of the household with the answers given.
    pub guests: Vec<Stored<'a>>,
    /// The same, counted.
    pub counts: Counts,
    /// What the household answered as a whole to the hosts' questions.
    pub household: Vec<Told<'a>>,
    /// Ways to the other pages.
    pub tiles: Vec<Tile>,
}

/// Whether a household's answers can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They can.
    Open,
    /// The time for them is over, since this day if there was one.
    Closed(Option<String>),
    /// The hosts have locked them.
    Locked,
}

/// How far a household has come with its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has answered.
    Unanswered,
    /// Somebody has not.
    Partly,
    /// Everybody has, for every event.
    Complete,
}

/// How long it is to an event.
pub struct DaysLeft {
    /// "12 days to go", "Today".
    pub words: String,
    /// The day for machines.
    pub day_machine: String,
    /// Before it begins.
    pub timer: Option<Timer>,
}

/// What the script counts down with, in milliseconds since 1970.
pub struct Timer {
    /// From when on hours are shown.
    pub from: i64,
    /// When the event begins.
    pub zero: i64,
    /// When the words are others.
    pub turn: i64,
}

/// One event in "The day".
pub struct EventRow<'a> {
    /// Its name.
    pub name: Spoken<'a>,
    /// The day of the month: "16".
    pub day: String,
    /// The month, short: "Jan".
    pub month: String,
    /// Weekday and hours: "Saturday, 9:30–11:00 am".
    pub when: String,
    /// The same with the date, for a mail.
    pub moment: String,
    /// The beginning for machines.
    pub when_machine: String,
    /// The place's name.
    pub venue: &'a str,
    /// Its address, with line breaks as typed.
    pub address: &'a str,
    /// What to wear.
    pub dress: Spoken<'a>,
    /// A map of the place.
    pub map: Option<&'a str>,
    /// What happens when.
    pub schedule: Vec<ScheduleRow<'a>>,
}

/// One line of an event's schedule.
pub struct ScheduleRow<'a> {
    /// "12:45 pm".
    pub time: String,
    /// What happens.
    pub title: Spoken<'a>,
    /// More about it.
    pub detail: Spoken<'a>,
}

/// A person with the answers that are stored.
pub struct Stored<'a> {
    /// The name as written; of a plus-one without one, whose guest it is.
    pub name: String,
    /// "child, 7".
    pub child: Option<String>,
    /// Whether the hosts' limit is exceeded by this person.
    pub above: bool,
    /// One answer for each event the person is invited to.
    pub replies: Vec<(Spoken<'a>, Mark)>,
    /// Food needs in words; empty without any.
    pub diets: String,
    /// What the person answered to the hosts' questions.
    pub told: Vec<Told<'a>>,
}

/// A way to another page of the household.
pub struct Tile {
    /// Where it leads.
    pub address: String,
    /// What it is.
    pub title: String,
    /// One line on how things stand there.
    pub state: String,
}

/// One thing that was typed and not saved.
pub struct Typed {
    /// What it was meant for: "Rahman bin Ali, Reception".
    pub what: String,
    /// The answer or text itself.
    pub words: String,
}

/// A moment in the reader's zone, for the script to fill in.
fn here(text: &Text) -> String {
    format!("{{weekday}}{}{{hour}}", text.say("list-comma"))
}

/// The heading over events: one day or several.
fn days(events: &[EventRow<'_>]) -> &'static str {
    let several = events
        .windows(2)
        .any(|pair| (&pair[0].day, &pair[0].month) != (&pair[1].day, &pair[1].month));
    if several {
        "portal-the-days"
    } else {
        "portal-the-day"
    }
}

impl EventRow<'_> {
    fn dress(&self, text: &Text) -> String {
        text.with("portal-dress", [("dress", self.dress.text.into())])
    }

    /// A long schedule waits until it is asked for.
    fn is_long(&self) -> bool {
        self.schedule.len() > 4
    }
}

impl Portal<'_> {
    /// The page's title: the state first.
    pub fn title(&self) -> String {
        let state = match (&self.standing, self.progress) {
            (Standing::Open, Progress::Unanswered) => "portal-title-open",
            (Standing::Open, Progress::Partly) => "portal-title-partly",
            (Standing::Open, Progress::Complete) => "portal-title-answered",
            (Standing::Closed(_) | Standing::Locked, _) => "portal-title-closed",
        };
        format!("{} – {}", self.text.say(state), self.frame.hosts.0)
    }

    /// "2 coming, 1 not sure" in a sentence.
    fn answered(&self) -> String {
        let more = self.standing == Standing::Open && self.progress != Progress::Complete;
        let id = if more {
            "portal-partly"
        } else {
            "portal-answered"
        };
        let counts = self.counts.say(self.text);
        self.text.with(id, [("counts", counts.into())])
    }

    fn closed_title(&self) -> String {
        match &self.standing {
            Standing::Closed(Some(date)) => self
                .text
                .with("closed-title", [("date", date.as_str().into())]),
            Standing::Closed(None) => self.text.say("closed-title-undated").into_owned(),
            Standing::Open | Standing::Locked if self.has_no_answer() => {
                self.text.say("locked-title-none").into_owned()
            }
            Standing::Open | Standing::Locked => self.text.say("locked-title").into_owned(),
        }
    }

    fn has_no_answer(&self) -> bool {
        self.progress == Progress::Unanswered
    }

    /// What we have from the household, in a sentence.
    fn closed_text(&self) -> Option<Cow<'_, str>> {
        match self.standing {
            _ if self.has_no_answer() => Some(self.text.say("closed-text-none")),
            Standing::Locked => None,
            Standing::Open | Standing::Closed(_) => Some(self.text.say("closed-text")),
        }
    }

    /// Around whom to ask for changes.
    fn ask(&self) -> (String, String) {
        let id = match self.standing {
            _ if self.has_no_answer() => "closed-ask-none",
            Standing::Locked => "locked-ask",
            Standing::Open | Standing::Closed(_) => "closed-ask",
        };
        around_contact(self.text, id)
    }

    /// Whom a locked household asks where the hosts named nobody.
    fn ask_hosts(&self) -> Option<Cow<'_, str>> {
        let id = match self.standing {
            Standing::Open | Standing::Closed(_) => return None,
            Standing::Locked if self.has_no_answer() => "locked-text-none",
            Standing::Locked => "locked-text",
        };
        Some(self.text.say(id))
    }

    fn code(&self) -> (String, String) {
        let whole = self
            .text
            .with("portal-code", [("code", super::OBJECT.into())]);
        let (before, after) = whole.split_once(super::OBJECT).unwrap_or((&whole, ""));
        (before.to_owned(), after.to_owned())
    }
}

/// `/invite/{code}/confirmation`.
#[derive(Template)]
#[template(path = "guest/confirmation.html")]
pub struct Confirmation<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// What all pages behind a code share.
    pub frame: Frame<'a>,
    /// How the household is spoken to.
    pub tone: Tone,
    /// How far the household has come.
    pub progress: Progress,
    /// Until when answers can be changed; nothing when always.
    pub closing: Option<Closing>,
    /// Whether answers can still be changed at all.
    pub open: bool,
    /// The events somebody comes to, by time, without their schedules.
    pub events: Vec<EventRow<'a>>,
    /// Everybody with the answers now stored.
    pub guests: Vec<Stored<'a>>,
    /// The same, counted.
    pub counts: Counts,
    /// Whether hosts have yet to confirm seats.
    pub unconfirmed: bool,
    /// The code for later changes, told to who came without one.
    pub code: Option<&'a str>,
    /// What the household answered as a whole to the hosts' questions.
    pub household: Vec<Told<'a>>,
    /// The calendar file, when there is something to put into it.
    pub calendar: Option<String>,
    /// The masked address that gets a copy.
    pub mail: Option<String>,
    /// Ways to the other pages.
    pub tiles: Vec<Tile>,
}

impl Confirmation<'_> {
    /// The page's title: the state first.
    pub fn title(&self) -> String {
        format!("{} – {}", self.text.say("saved-title"), self.frame.hosts.0)
    }

    /// Around the code, which is set apart.
    fn code_words(&self) -> (String, String) {
        let sentence = self
            .text
            .with("open-code", [("code", super::OBJECT.into())]);
        match sentence.split_once(super::OBJECT) {
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None => (sentence, String::new()),
        }
    }

    fn thanks(&self) -> String {
        self.tone.thanks(self.text, self.counts, self.progress)
    }

    fn change(&self) -> String {
        match &self.closing {
            Some(closing) => closing.change(self.text),
            None => self.text.say("closing-change-open").into_owned(),
        }
    }

    fn counted(&self) -> String {
        let counts = self.counts.say(self.text);
        self.text.with("saved-counts", [("counts", counts.into())])
    }

    fn copy(&self, address: &str) -> String {
        self.text.with("saved-mail", [("address", address.into())])
    }

    fn waiting(&self) -> bool {
        let mut replies = self.guests.iter().flat_map(|guest| &guest.replies);
        replies.any(|(_, mark)| *mark == Mark::Waitlisted)
    }
}
