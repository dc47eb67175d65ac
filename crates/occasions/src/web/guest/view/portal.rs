//! Two pages: a household's invitation page, and the page that shows the saved answers after a
//! save.

use std::borrow::Cow;

use askama::Template;
use web::theme::Preset;
use web::{Spoken, Text};

use super::{
    AnsweredQuestion, Closing, Counts, Cover, Frame, Mark, PageLink, Tone, around_contact,
};

/// The household's invitation page (`/invite/{code}`).
#[derive(Template)]
#[template(path = "guest/portal.html")]
pub struct PortalPage<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub cover: Cover<'a>,
    /// Whether answers can be changed, and if not, the reason.
    pub standing: Standing,
    /// The opening line, such as "Dear Rahman family,".
    pub salutation: String,
    /// When answers close; `None` if they never close automatically.
    pub closing: Option<Closing>,
    pub progress: Progress,
    /// The hosts' text for all guests.
    pub welcome: Spoken<'a>,
    /// What stands there if the hosts have written none.
    pub invitation: Option<String>,
    /// The hosts' text for this household.
    pub message: Option<&'a str>,
    /// Typed values that came too late to be saved.
    pub typed: Vec<Typed>,
    /// The hosts' announcements.
    pub news: Vec<NewsItem<'a>>,
    /// The time until the next event.
    pub days_left: Option<DaysLeft>,
    /// The events to which this household is invited, sorted by time.
    pub events: Vec<EventRow<'a>>,
    /// A sentence for each cancelled event.
    pub cancelled: Vec<String>,
    /// A sentence for each event for which the household is asked again.
    pub asked_again: Vec<String>,
    pub calendar: Option<String>,
    pub guests: Vec<Stored<'a>>,
    pub counts: Counts,
    /// The sentence that says how the household hears of a free seat; `None` if none of its guests
    /// waits for a seat.
    pub waiting: Option<String>,
    /// The household's answers to the hosts' own questions.
    pub household: Vec<AnsweredQuestion<'a>>,
    pub tiles: Vec<Tile>,
    /// The pages that hosts wrote for their guests.
    pub pages: Vec<PageLink>,
}

/// An announcement by the hosts.
pub struct NewsItem<'a> {
    pub title: Spoken<'a>,
    pub body: Spoken<'a>,
    /// When the announcement was published and last changed, as text.
    pub when: String,
}

/// Whether a household can change its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Answers can be changed.
    Open,
    /// Answers have closed. The value is the last day for answers, if there was a deadline.
    Closed(Option<String>),
    /// The hosts have locked the household's answers.
    Locked,
    /// The day is not known, so nobody is asked yet.
    DayUnknown,
    /// All events are cancelled. Sentences above say so.
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody in the household has answered yet.
    Unanswered,
    /// Some answers are missing.
    Partly,
    /// Every guest has answered for every event.
    Complete,
}

/// The time left until an event.
pub struct DaysLeft {
    /// The time left as text, such as "12 days to go" or "Today".
    pub words: String,
    /// The event's day in machine-readable form.
    pub day_machine: String,
    /// The data for the page's countdown script. `None` after the event has begun.
    pub timer: Option<Timer>,
}

/// The times that the countdown script needs, in milliseconds since 1970.
pub struct Timer {
    /// When the countdown begins to show hours.
    pub from: i64,
    /// When the event begins. The countdown ends then.
    pub zero: i64,
    /// When the text of the countdown changes next.
    pub turn: i64,
}

/// An event in a list on a page or in a mail.
pub struct EventRow<'a> {
    pub name: Spoken<'a>,
    /// The day of the month, such as "16".
    pub day: String,
    /// The month's short name, such as "Jan".
    pub month: String,
    /// The weekday and the hours, such as "Saturday, 9:30–11:00 am".
    pub when: String,
    /// The weekday, the date and the hours, for mails.
    pub moment: String,
    /// The start of the event in machine-readable form, or its day if the hour is not known.
    pub when_machine: String,
    /// What it was when the household answered, if it has changed since.
    pub was: Option<String>,
    pub venue: &'a str,
    /// The venue's postal address, with the hosts' line breaks.
    pub address: &'a str,
    pub dress: Spoken<'a>,
    /// The URL of a map. Only mails contain a link to it.
    pub map: Option<&'a str>,
    /// Links to map and calendar apps.
    pub apps: Vec<AppLink>,
    pub schedule: Vec<ScheduleRow<'a>>,
}

/// A link that opens an event in another app.
pub struct AppLink {
    /// The message id of the link's label.
    pub label: &'static str,
    pub address: String,
}

/// A line in an event's schedule.
pub struct ScheduleRow<'a> {
    /// The time, such as "12:45 pm".
    pub time: String,
    pub title: Spoken<'a>,
    pub detail: Spoken<'a>,
}

pub struct Stored<'a> {
    /// The guest's name, or "guest of …" for a guest without a name.
    pub name: String,
    /// "child" with the age, such as "child, 7". `None` for adults.
    pub child: Option<String>,
    /// Whether the household brought this guest, and now brings more guests than it may.
    pub above: bool,
    /// The guest's replies to all events to which the guest is invited.
    pub replies: Vec<(Spoken<'a>, Mark)>,
    /// The dietary requirements as text; empty if there are none.
    pub diets: String,
    /// The guest's answers to the hosts' own questions.
    pub told: Vec<AnsweredQuestion<'a>>,
}

/// A link to another page of the household.
pub struct Tile {
    pub address: String,
    pub title: String,
    /// A sentence that says what the household has done on the linked page.
    pub state: String,
}

/// A typed value that was not saved.
pub struct Typed {
    /// The guest and the field of the value, such as "Rahman bin Ali, Reception".
    pub what: String,
    /// The value as the page shows it.
    pub words: String,
}

/// The page's script replaces the placeholders.
fn here(text: &Text) -> String {
    format!("{{weekday}}{}{{hour}}", text.say("list-comma"))
}

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
    fn has_hour(&self) -> bool {
        self.when_machine.contains('T')
    }

    fn dress(&self, text: &Text) -> String {
        text.with("portal-dress", [("dress", self.dress.text.into())])
    }

    fn is_long(&self) -> bool {
        self.schedule.len() > 4
    }
}

impl PortalPage<'_> {
    pub fn title(&self) -> String {
        let state = match (&self.standing, self.progress) {
            (Standing::Open, Progress::Unanswered) | (Standing::DayUnknown, _) => {
                "portal-title-open"
            }
            (Standing::Open, Progress::Partly) => "portal-title-partly",
            (Standing::Open, Progress::Complete) => "portal-title-answered",
            (Standing::Closed(_) | Standing::Locked | Standing::Cancelled, _) => {
                "portal-title-closed"
            }
        };
        format!("{} – {}", self.text.say(state), self.frame.hosts.0)
    }

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
            Standing::DayUnknown => self.text.say("date-to-follow").into_owned(),
            Standing::Cancelled => self.text.say("event-cancelled").into_owned(),
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

    fn closed_text(&self) -> Option<Cow<'_, str>> {
        match self.standing {
            Standing::DayUnknown => Some(self.text.say("date-to-follow-text")),
            Standing::Cancelled => None,
            _ if self.has_no_answer() => Some(self.text.say("closed-text-none")),
            Standing::Locked => None,
            Standing::Open | Standing::Closed(_) => Some(self.text.say("closed-text")),
        }
    }

    fn ask(&self) -> (String, String) {
        let id = match self.standing {
            _ if self.has_no_answer() => "closed-ask-none",
            Standing::Locked => "locked-ask",
            Standing::Open | Standing::Closed(_) | Standing::DayUnknown | Standing::Cancelled => {
                "closed-ask"
            }
        };
        around_contact(self.text, id)
    }

    /// Used if the hosts have named no contact.
    fn ask_hosts(&self) -> Option<Cow<'_, str>> {
        let id = match self.standing {
            Standing::Open | Standing::Closed(_) | Standing::DayUnknown | Standing::Cancelled => {
                return None;
            }
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

/// The page after a save (`/invite/{code}/confirmation`).
#[derive(Template)]
#[template(path = "guest/confirmation.html")]
pub struct Confirmation<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub tone: Tone,
    pub progress: Progress,
    /// Until when answers can be changed; `None` if they never close automatically.
    pub closing: Option<Closing>,
    /// Whether answers can be changed now.
    pub open: bool,
    /// The events that at least one guest attends, sorted by time. Their schedules are left out.
    pub events: Vec<EventRow<'a>>,
    pub guests: Vec<Stored<'a>>,
    pub counts: Counts,
    /// The sentence that says how the household hears of a free seat; `None` if none of its guests
    /// waits for a seat.
    pub waiting: Option<String>,
    /// Whether the household's seats wait for the hosts' approval.
    pub unconfirmed: bool,
    /// The new code. Only set if the answer was sent without a code.
    pub code: Option<&'a str>,
    /// The household's answers to the hosts' own questions.
    pub household: Vec<AnsweredQuestion<'a>>,
    /// The path of the calendar file; `None` if the household has declined all events.
    pub calendar: Option<String>,
    /// The masked email address to which the confirmation is sent.
    pub mail: Option<String>,
    /// The message id of the reason why no confirmation is sent: the site sends no mail, or does not
    /// let the hosts send it freely.
    pub unmailed: Option<&'static str>,
    pub tiles: Vec<Tile>,
}

impl Confirmation<'_> {
    pub fn title(&self) -> String {
        format!("{} – {}", self.text.say("saved-title"), self.frame.hosts.0)
    }

    /// The text before the code, and the text after it.
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
}
