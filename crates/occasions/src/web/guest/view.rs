//! The data of guests' pages in the form that the templates need. Texts, dates and paths are
//! already formatted, and choices are enums. Handlers build this data, and the templates contain no
//! rules. Each struct for a page is passed to [`web::page()`] as the body.

use web::{Spoken, Text, Theme};

use crate::cover::OnPages;

pub use crate::words::Tone;

mod after;
mod alone;
mod answer;
mod conflict;
mod entry;
mod gifts;
mod info_page;
mod letter;
mod mail;
mod open_rsvp;
mod portal;
mod question;
mod uploads;

pub use after::{AfterPage, PicturePage, Pictures};
pub use alone::{DietRow, Dietary, NotePage};
pub use answer::{Answer, Chips, Choice, Diet, NewRow, NoteField, Places, Row, Seats};
pub use conflict::{Conflict, Difference, Side};
pub use entry::{Card, CodeEntry, CodeProblem, Known, Thanks};
pub use gifts::{CashRow, GiftRow, GiftState, Gifts};
pub use info_page::{InfoPage, PageLink};
pub use letter::{Block, Letter, LetterText, Span};
pub(crate) use mail::in_order;
pub use mail::{Confirmation as ConfirmationMail, ConfirmationText};
pub use open_rsvp::{Open, OpenEvent, TypedAnswer};
pub use portal::{
    AppLink, Confirmation, DaysLeft, EventRow, NewsItem, PortalPage, Progress, ScheduleRow,
    Standing, Stored, Tile, Timer, Typed,
};
pub use question::{AnsweredQuestion, FieldChoice, QuestionControl, QuestionField};
pub use uploads::{FileView, Gallery, UploadRow, Uploads};

impl Tone {
    /// Returns the opening line of a page or mail. It is the hosts' own salutation, or else a
    /// built-in one with the household's name.
    pub fn salutation(self, text: &Text, household: &str, own: Option<&str>) -> String {
        match own {
            Some(own) => own.to_owned(),
            None => self.say(text, "salutation", household),
        }
    }

    fn thanks(self, text: &Text, counts: Counts, progress: Progress) -> String {
        if counts.declined() {
            self.say(text, "saved-declined", "")
        } else if counts.yes == 0 && counts.waitlisted > 0 {
            text.say("saved-waiting").into_owned()
        } else if progress == Progress::Complete {
            self.say(text, "saved-coming", "")
        } else {
            text.say("saved-partly").into_owned()
        }
    }

    fn say(self, text: &Text, id: &str, household: &str) -> String {
        text.with(
            &format!("{id}-{}", self.word()),
            [("household", household.into())],
        )
    }
}

/// The data of every page that needs a code.
pub struct Frame<'a> {
    pub theme: Theme,
    pub hosts: Hosts<'a>,
    /// The path of the household's invitation page.
    pub home: String,
    /// The path of the form for all answers.
    pub answer: String,
    pub household: &'a str,
    /// The household's code, as printed on the invitation card.
    pub code: &'a str,
    pub contact: Option<Contact>,
    /// Whether the page says that it was made with Kenduri.
    pub made_with: bool,
}

impl Frame<'_> {
    /// The text before and after the contact, and the contact itself.
    fn questions(&self, text: &Text) -> Option<((String, String), &Contact)> {
        let contact = self.contact.as_ref()?;
        Some((around_contact(text, "guest-questions"), contact))
    }
}

/// The hosts' names in the hosts' own wording, such as "Aisyah & Daniel".
#[derive(Clone)]
pub struct Hosts<'a>(pub Spoken<'a>);

/// Except for the Chinese word, each must have spaces around it.
const JOINERS: [&str; 7] = [" & ", " dan ", " and ", " e ", " و ", " دان ", "与"];

impl Hosts<'_> {
    /// Returns the hosts' names as lines. `true` marks a line that contains only the joining word,
    /// which is printed smaller.
    pub fn lines(&self) -> Vec<(&str, bool)> {
        let whole = self.0.text;
        for joiner in JOINERS {
            if let Some((first, second)) = whole.split_once(joiner)
                && !first.is_empty()
                && !second.is_empty()
            {
                return vec![(first, false), (joiner.trim(), true), (second, false)];
            }
        }
        vec![(whole, false)]
    }

    /// Whether one of the names is so long that it must be printed smaller on phones.
    pub fn long(&self) -> bool {
        self.lines()
            .iter()
            .any(|(name, _)| name.chars().count() >= 14)
    }
}

/// The top of an invitation page or of an occasion's public page.
pub struct Cover<'a> {
    /// What the ids in its drawings begin with. It must differ for each cover of a page.
    pub id: String,
    /// The element of the names: `h1`, or `p` on a page with another heading.
    pub heading: &'static str,
    /// Whether the cover may have the sign for a wedding.
    pub is_wedding: bool,
    /// The line above the names, such as "Walimatulurus".
    pub kicker: Option<Spoken<'a>>,
    /// The first day as text, with weekday and year.
    pub date: String,
    /// The first day in ISO format, such as `2027-01-16`.
    pub date_machine: String,
    /// The cover picture. If there is one, some of the look's drawings are left out.
    pub picture: Option<CoverPicture<'a>>,
}

pub struct CoverPicture<'a> {
    pub photo: OnPages,
    /// The alternative text of the picture; may be empty.
    pub alt: Spoken<'a>,
}

#[derive(Clone)]
pub struct Contact {
    pub name: String,
    /// A telephone number in the hosts' spelling.
    pub phone: Option<String>,
    /// The telephone number as a `tel:` link needs it.
    pub dialled: String,
    pub email: Option<String>,
}

impl Contact {
    pub fn words(&self, text: &Text) -> String {
        let ways = [Some(&self.name), self.phone.as_ref(), self.email.as_ref()];
        let ways: Vec<&str> = ways.into_iter().flatten().map(String::as_str).collect();
        ways.join(&text.say("list-comma"))
    }
}

/// The object replacement character. It takes the place of a link while a sentence is formatted.
const OBJECT: &str = "\u{fffc}";

fn around_contact(text: &Text, id: &str) -> (String, String) {
    let sentence = text.with(id, [("contact", OBJECT.into())]);
    match sentence.split_once(OBJECT) {
        Some((before, after)) => (before.to_owned(), after.to_owned()),
        None => (sentence, String::new()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The guest has not answered.
    Pending,
    Yes,
    No,
    Undecided,
    /// The guest comes if a seat becomes free.
    Waitlisted,
}

impl Mark {
    /// Returns the CSS class of the answer. The icon has the same name.
    pub fn class(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Yes => "yes",
            Self::No => "no",
            Self::Undecided => "maybe",
            Self::Waitlisted => "wait",
        }
    }

    /// Returns the message id of this answer's name.
    pub fn message(self) -> &'static str {
        match self {
            Self::Pending => "reply-pending",
            Self::Yes => "reply-yes",
            Self::No => "reply-no",
            Self::Undecided => "reply-undecided",
            Self::Waitlisted => "reply-waitlisted",
        }
    }

    /// Returns the symbol that replaces the icon in mails.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Pending => "–",
            Self::Yes => "✓",
            Self::No => "✕",
            Self::Undecided => "?",
            Self::Waitlisted => "…",
        }
    }

    fn is_given(self) -> bool {
        self != Self::Pending
    }
}

/// How many of a household's guests gave each answer. A guest who comes to at least one event
/// counts as coming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Guests who come to at least one event.
    pub yes: usize,
    pub no: usize,
    /// Guests who decline some events and have not answered for the others.
    pub partly: usize,
    pub undecided: usize,
    pub waitlisted: usize,
    pub pending: usize,
}

impl Counts {
    /// Formats the counts except zeros, such as "2 coming, 1 not sure".
    pub fn say(&self, text: &Text) -> String {
        let parts = [
            (self.yes, "count-yes"),
            (self.undecided, "count-undecided"),
            (self.waitlisted, "count-waitlisted"),
            (self.no, "count-no"),
            (self.partly, "count-partly"),
            (self.pending, "count-pending"),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, id)| text.with(id, [("n", n.into())]))
            .collect();
        said.join(&text.say("list-comma"))
    }

    /// Whether all guests have answered and none of them comes.
    pub fn declined(&self) -> bool {
        let others = self.yes + self.undecided + self.waitlisted + self.partly + self.pending;
        self.no > 0 && others == 0
    }
}

/// When answers close, as pages describe it.
#[derive(Clone)]
pub enum Closing {
    /// Answers close at the end of a day.
    Day {
        /// The date, such as "14 January".
        date: String,
        /// The weekday, such as "Thursday".
        weekday: String,
        /// The number of days left; 0 on the day itself.
        days: i32,
    },
    /// Answers close at a time of day.
    Moment {
        /// The time as text, such as "Thursday, 14 January 2027, 6 pm, Kuala Lumpur (UTC+8)".
        moment: String,
        /// The time of day, such as "6 pm (Kuala Lumpur)".
        time: String,
        /// The weekday, such as "Thursday".
        weekday: String,
        /// The number of days left; 0 on the day itself.
        days: i32,
    },
}

impl Closing {
    /// Formats the request to answer. It contains the date of the deadline and the number of days
    /// left. In the last two weeks it also contains the weekday. On the last day it contains the
    /// hour instead.
    pub fn ask(&self, text: &Text) -> String {
        let (ask, days, weekday) = match self {
            Self::Day { days: 0, .. } => return text.say("closing-tonight").into_owned(),
            Self::Moment { days: 0, time, .. } => {
                return text.with("closing-today", [("time", time.as_str().into())]);
            }
            Self::Day {
                date,
                weekday,
                days,
            } => {
                let ask = text.with("closing-day", [("date", date.as_str().into())]);
                (ask, *days, weekday)
            }
            Self::Moment {
                moment,
                weekday,
                days,
                ..
            } => {
                let ask = text.with("closing-moment", [("moment", moment.as_str().into())]);
                (ask, *days, weekday)
            }
        };
        let left = if days > 14 {
            text.with("closing-days", [("n", days.into())])
        } else {
            let values = [("n", days.into()), ("weekday", weekday.as_str().into())];
            text.with("closing-soon", values)
        };
        format!("{ask}{}{left}", text.say("sentence-space"))
    }

    /// Formats the request to answer as it is printed, with the date alone.
    pub fn by(&self, text: &Text) -> String {
        match self {
            Self::Day { date, .. } => text.with("print-by", [("date", date.as_str().into())]),
            Self::Moment { moment, .. } => {
                text.with("print-by", [("date", moment.as_str().into())])
            }
        }
    }

    /// Formats the sentence that says how long answers can be changed.
    pub fn change(&self, text: &Text) -> String {
        match self {
            Self::Day { date, .. } => {
                text.with("closing-change-day", [("date", date.as_str().into())])
            }
            Self::Moment { moment, .. } => text.with(
                "closing-change-moment",
                [("moment", moment.as_str().into())],
            ),
        }
    }
}

#[cfg(test)]
mod tests;
