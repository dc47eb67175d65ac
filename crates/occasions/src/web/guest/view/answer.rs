//! The household form with everybody's answers, guests to add, dietary requirements and a note.
//!
//! A control's `id` is the name of its field (for several controls, the first has it), so that an
//! error summary can point to the control.

use askama::Template;
use web::form_state::FormError;
use web::{Spoken, Text};

use super::{Closing, Frame, QuestionControl, QuestionField};

/// `/invite/{code}/rsvp`, a form that saves everybody's answers together.
#[derive(Template)]
#[template(path = "guest/answer.html")]
pub struct Answer<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// The path to which the form is sent.
    pub action: String,
    pub version: String,
    /// The key that makes a repeated save harmless.
    pub submission: String,
    /// When answers close.
    pub closing: Option<Closing>,
    /// When answers close, in UTC, for the script.
    pub closes_at: Option<String>,
    /// When something was last saved, such as "2:02 pm".
    pub saved: Option<String>,
    /// A message about the whole form, such as that nothing was saved or that the page was too old.
    pub trouble: Option<String>,
    /// Errors of individual fields, in the order of the page.
    pub errors: Vec<FormError>,
    /// The answer that a button filled in for everybody, `yes` or `no`.
    pub pressed: Option<&'a str>,
    /// The form's values before that button was pressed.
    pub before: Option<&'a str>,
    pub people: Vec<Row<'a>>,
    /// People the household may still add.
    pub new: Vec<NewRow<'a>>,
    /// How many guests the household may bring; `None` if it may bring none.
    pub places: Option<Places>,
    /// Whether "Not sure" is offered.
    pub undecided: bool,
    /// Whether the form distinguishes children from adults.
    pub children: bool,
    /// The hosts' questions to the household as a whole.
    pub household: Vec<QuestionField<'a>>,
    /// The note to the hosts, when they take notes.
    pub note: Option<NoteField>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one mark or tick of its own in the form"
)]
pub struct Row<'a> {
    pub id: String,
    /// The name to show; for an unnamed plus-one, "guest of …".
    pub title: String,
    /// The name as stored or typed.
    pub name: String,
    /// Whether the household brought this guest, and so may remove them.
    pub plus_one: bool,
    /// Whether this guest exceeds the hosts' limit.
    pub above: bool,
    pub child: bool,
    pub age: Option<u8>,
    /// Whether the box for removing the guest is ticked.
    pub removed: bool,
    pub choices: Vec<Choice<'a>>,
    /// Dietary requirements, if the hosts ask for them.
    pub diets: Option<Chips<'a>>,
    pub questions: Vec<QuestionField<'a>>,
}

/// A guest's answer for an event.
pub struct Choice<'a> {
    /// The field's name, such as `reply.{g}.{e}`.
    pub field: String,
    pub event: Spoken<'a>,
    pub hours: String,
    /// The chosen value, which is `yes`, `no`, `undecided`, or empty.
    pub chosen: &'static str,
    /// Whether the seats of the event are running out.
    pub seats: Seats,
}

/// How many seats an event has for this household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// Enough seats for everybody.
    Enough,
    /// Fewer seats than this household could take.
    Left(i64),
    /// No seats, but the event has a waiting list.
    WaitingList,
    /// No seats. Never shown to a guest who has a seat.
    Full,
    /// No seats, and this guest is on the waiting list.
    Waiting,
}

/// A guest's dietary requirements.
pub struct Chips<'a> {
    /// The name of the tick boxes.
    pub field: String,
    /// The name of the field for the note about food.
    pub note_field: String,
    /// The options, allergies first.
    pub options: Vec<Diet<'a>>,
    pub note: String,
}

pub struct Diet<'a> {
    pub key: &'a str,
    pub label: Spoken<'a>,
    /// Whether the option is ticked.
    pub on: bool,
}

/// A row for a guest to be added.
pub struct NewRow<'a> {
    /// The row's number, starting at 0.
    pub n: usize,
    pub name: String,
    /// Whether "this person comes" is ticked.
    pub comes: bool,
    pub child: bool,
    pub age: Option<u8>,
    /// The answers for the events; empty if there is only one event.
    pub choices: Vec<Choice<'a>>,
    /// Dietary requirements, if the hosts ask for them.
    pub diets: Option<Chips<'a>>,
    pub questions: Vec<QuestionField<'a>>,
}

/// How many guests a household may bring, and how many of these slots are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Slots for anybody.
    pub allowed: i64,
    /// Unused slots for anybody.
    pub left: i64,
    /// Slots for children only.
    pub children_allowed: i64,
    /// Unused slots for children only.
    pub children_left: i64,
}

pub struct NoteField {
    /// The text, as stored or typed.
    pub value: String,
    /// The note's own version.
    pub version: String,
}

impl Places {
    /// Formats the slots, such as "You may bring 2 people; 1 place is left."
    pub fn say(&self, text: &Text) -> String {
        let counted = |id, allowed: i64, left: i64| {
            text.with(id, [("allowed", allowed.into()), ("left", left.into())])
        };
        match (self.allowed, self.children_allowed) {
            (allowed, 0) => counted("answer-places-people", allowed, self.left),
            (0, allowed) => counted("answer-places-children", allowed, self.children_left),
            _ => {
                let values = [
                    ("children", self.children_left.into()),
                    ("guests", self.left.into()),
                ];
                text.with("answer-places-both", values)
            }
        }
    }
}

impl Answer<'_> {
    pub fn title(&self) -> String {
        titled(
            self.text,
            "answer-title",
            &self.frame,
            !self.errors.is_empty(),
        )
    }

    /// Returns whether the labels of the choices are too long to stand side by side.
    fn stacked(&self) -> bool {
        stacked(self.text)
    }

    /// Returns whether the form has only a single guest and event, so that no card is needed.
    fn solo(&self) -> bool {
        self.people.len() == 1 && self.people[0].choices.len() == 1 && self.places.is_none()
    }

    /// Returns whether the form has so many choices that a button to answer all of them helps.
    fn has_many_choices(&self) -> bool {
        let choices = self.people.iter().map(|row| row.choices.len());
        choices.sum::<usize>() > 2
    }

    /// Formats how many guests have answered everything.
    fn answered(&self) -> String {
        let open = |row: &&Row<'_>| row.choices.iter().any(|choice| choice.chosen.is_empty());
        let total = self.people.len();
        let n = total - self.people.iter().filter(open).count();
        self.text
            .with("answer-count", [("n", n.into()), ("total", total.into())])
    }

    /// Like [`Self::answered`], with placeholders that the script fills in.
    fn answered_pattern(&self) -> String {
        let values = [("n", "{n}".into()), ("total", "{total}".into())];
        self.text.with("answer-count", values)
    }

    fn note_pattern(&self) -> String {
        self.text.with("answer-note-left", [("n", "{n}".into())])
    }

    fn error(&self, field: &str) -> Option<&str> {
        error(&self.errors, field)
    }

    /// Returns the message id of the heading above new guests.
    fn bring(&self) -> &'static str {
        match self.places {
            Some(Places {
                children_allowed: 1..,
                ..
            }) => "answer-bring-family",
            _ => "answer-bring",
        }
    }

    fn places_words(&self) -> String {
        self.places
            .map_or_else(String::new, |places| places.say(self.text))
    }

    /// Formats the sentence about slots for every number that may be left, as JSON. The first index
    /// is the slots left for children, and the second the slots left for anybody.
    fn places_table(&self) -> String {
        let table = self.places.map(|places| {
            let left = |children_left, left| {
                let places = Places {
                    left,
                    children_left,
                    ..places
                };
                places.say(self.text)
            };
            let row = |children| -> Vec<String> {
                (0..=places.left)
                    .map(|anybody| left(children, anybody))
                    .collect()
            };
            (0..=places.children_left).map(row).collect::<Vec<_>>()
        });
        serde_json::to_string(&table).unwrap_or_default()
    }

    fn hosts_note(&self) -> String {
        let hosts = self.frame.hosts.0.text;
        self.text.with("answer-note", [("hosts", hosts.into())])
    }

    fn saved_words(&self) -> String {
        self.saved.as_ref().map_or_else(String::new, |time| {
            self.text
                .with("answer-saved-at", [("time", time.as_str().into())])
        })
    }

    /// Returns whether dietary requirements are expanded, because some are filled in or wrong.
    fn diets_open(&self, diets: &Chips<'_>) -> bool {
        let wrong = |field: &str| self.error(field).is_some();
        diets.count() > 0 || wrong(&diets.field) || wrong(&diets.note_field)
    }

    /// Returns whether a new guest's choices are expanded, because a choice is made or wrong.
    fn new_open(&self, row: &NewRow<'_>) -> bool {
        row.choices
            .iter()
            .any(|choice| !choice.chosen.is_empty() || self.error(&choice.field).is_some())
    }

    /// Returns the title of a new guest's row while no name is typed.
    fn new_title(&self, row: &NewRow<'_>) -> String {
        let n = self.people.len() + row.n + 1;
        self.text.with("answer-new-person", [("n", n.into())])
    }

    fn remove(&self, row: &Row<'_>) -> String {
        match row.name.as_str() {
            "" => self.text.say("answer-remove-unnamed").into_owned(),
            name => self.text.with("answer-remove", [("name", name.into())]),
        }
    }
}

impl Row<'_> {
    fn child_words(&self, text: &Text) -> Option<String> {
        match (self.child, self.age) {
            (false, _) => None,
            (true, None) => Some(text.say("guest-child").into_owned()),
            (true, Some(age)) => Some(text.with("guest-child-age", [("age", age.into())])),
        }
    }

    fn ages(&self) -> impl Iterator<Item = (u8, bool)> {
        ages(self.age)
    }
}

impl NewRow<'_> {
    fn ages(&self) -> impl Iterator<Item = (u8, bool)> {
        ages(self.age)
    }
}

/// Lists the ages a child may have, and whether this child has each.
fn ages(own: Option<u8>) -> impl Iterator<Item = (u8, bool)> {
    (0..=17).map(move |age| (age, own == Some(age)))
}

impl Choice<'_> {
    /// Formats the rest of a radio button's label, such as "coming to Reception, Rahman bin Ali".
    fn to(&self, text: &Text, id: &str, person: &str) -> String {
        let values = [("event", self.event.text.into()), ("person", person.into())];
        text.with(id, values)
    }

    fn seats_left(&self, text: &Text) -> Option<String> {
        match self.seats {
            Seats::Left(n) => Some(text.with("choice-left", [("n", n.into())])),
            _ => None,
        }
    }
}

impl Chips<'_> {
    /// Formats the section's label, such as "Food needs (2)".
    pub(super) fn summary(&self, text: &Text) -> String {
        match self.count() {
            0 => text.say("answer-diets").into_owned(),
            n => text.with("answer-diets-count", [("n", n.into())]),
        }
    }

    fn count(&self) -> usize {
        self.options.iter().filter(|diet| diet.on).count() + usize::from(!self.note.is_empty())
    }
}

pub(super) fn error<'c>(errors: &'c [FormError], field: &str) -> Option<&'c str> {
    let found = errors.iter().find(|error| error.field == field);
    found.map(|error| error.words.as_str())
}

/// Formats the title of a page, which starts with "Error" if anything is wrong.
pub(super) fn titled(text: &Text, id: &str, frame: &Frame<'_>, wrong: bool) -> String {
    let title = format!("{} – {}", text.say(id), frame.hosts.0);
    if wrong {
        text.with("answer-error-title", [("title", title.into())])
    } else {
        title
    }
}

/// Returns whether labels are stacked. Three labels fit side by side if none is longer than twelve
/// letters.
fn stacked(text: &Text) -> bool {
    ["choice-yes", "choice-no", "choice-undecided"]
        .into_iter()
        .any(|id| text.say(id).chars().count() > 12)
}
