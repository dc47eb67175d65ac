//! The form in which a household answers: replies, guests to add, dietary requirements and a note.
//!
//! The `id` of a control is the name of its field. The error summary links to this `id`. If a field
//! has several controls, only the first one has the `id`.

use askama::Template;
use web::form_state::FormError;
use web::{Spoken, Text};

use super::{Closing, Frame, QuestionControl, QuestionField};

/// The form for all answers of a household together (`/invite/{code}/rsvp`).
#[derive(Template)]
#[template(path = "guest/answer.html")]
pub struct Answer<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub action: String,
    pub version: String,
    /// The idempotency key of the form.
    pub submission: String,
    pub closing: Option<Closing>,
    /// When answers close, in UTC. The page's script reads it.
    pub closes_at: Option<String>,
    /// Where the page's script says that a browser shows the form; `None` if that is not noted.
    pub opened: Option<String>,
    /// What hosts are told about the form; empty if nothing is noted.
    pub noted: Vec<String>,
    /// When the household's answers were last saved, such as "Sat 16 Jan 2027, 2:02 pm, Kuala
    /// Lumpur (UTC+8)".
    pub saved: Option<String>,
    /// A message about the whole form. For example, it says that nothing was saved, or that the
    /// page was outdated.
    pub trouble: Option<String>,
    /// Errors at single fields, in the order of the page.
    pub errors: Vec<FormError>,
    /// The reply that a button has just filled in for everybody: `yes` or `no`.
    pub pressed: Option<&'a str>,
    /// The form's values before a button filled in replies for everybody.
    pub before: Option<&'a str>,
    pub people: Vec<Row<'a>>,
    /// Empty rows for guests whom the household may still add.
    pub new: Vec<NewRow<'a>>,
    /// How many guests the household may bring; `None` if it may bring none.
    pub places: Option<Places>,
    /// Whether the hosts keep a waiting list for full events.
    pub has_waitlist: bool,
    /// The sentence that says how a guest on the waiting list hears of a free seat.
    pub hears_of_place: String,
    /// Whether the form offers "Not sure".
    pub undecided: bool,
    /// Whether the form distinguishes children from adults.
    pub children: bool,
    /// The hosts' questions for the household as a whole.
    pub household: Vec<QuestionField<'a>>,
    /// The field for the household's note, if the hosts accept notes.
    pub note: Option<NoteField>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one mark or tick of its own in the form"
)]
pub struct Row<'a> {
    pub id: String,
    /// The guest's name, or "guest of …" for a guest without a name.
    pub title: String,
    /// The guest's name, as typed or else as stored.
    pub name: String,
    /// Whether the household brought this guest. If so, it may also remove the guest.
    pub plus_one: bool,
    /// Whether the household brought this guest, and now brings more guests than it may.
    pub above: bool,
    pub child: bool,
    pub age: Option<u8>,
    /// Whether the box for removing the guest is ticked.
    pub removed: bool,
    pub choices: Vec<Choice<'a>>,
    /// The fields for dietary requirements, if the hosts ask for them.
    pub diets: Option<Chips<'a>>,
    pub questions: Vec<QuestionField<'a>>,
}

/// A guest's reply to an event.
pub struct Choice<'a> {
    /// The field's name, such as `reply.{g}.{e}`.
    pub field: String,
    pub event: Spoken<'a>,
    pub hours: String,
    /// The chosen value: `yes`, `no`, `undecided`, or empty.
    pub chosen: &'static str,
    pub seats: Seats,
}

/// What a guest must know about the seats of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// The event has enough seats for the whole household.
    Enough,
    /// The event has fewer free seats than this household may need. The value is the number of free
    /// seats.
    Left(i64),
    /// The event is full, but it has a waiting list.
    WaitingList,
    /// The event is full. A guest who has a seat never sees this.
    Full,
    /// The event is full, and this guest is on the waiting list.
    Waiting,
}

pub struct Chips<'a> {
    /// The field name of the checkboxes.
    pub field: String,
    /// The field name of the note about dietary requirements.
    pub note_field: String,
    /// The dietary options, allergies first.
    pub options: Vec<Diet<'a>>,
    pub note: String,
}

pub struct Diet<'a> {
    pub key: &'a str,
    pub label: Spoken<'a>,
    pub on: bool,
}

pub struct NewRow<'a> {
    /// The number of the row; the first row is 0.
    pub n: usize,
    pub name: String,
    /// Whether the box "this person comes" is ticked.
    pub comes: bool,
    pub child: bool,
    pub age: Option<u8>,
    /// The choices for the events. Empty if there is a single event.
    pub choices: Vec<Choice<'a>>,
    /// The fields for dietary requirements, if the hosts ask for them.
    pub diets: Option<Chips<'a>>,
    pub questions: Vec<QuestionField<'a>>,
}

/// How many guests a household may bring, and how many more it can add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The number of slots for guests of any age.
    pub allowed: i64,
    /// The number of unused slots for guests of any age.
    pub left: i64,
    /// The number of slots for children only.
    pub children_allowed: i64,
    /// The number of unused slots for children only.
    pub children_left: i64,
}

pub struct NoteField {
    /// The note, as typed or else as stored.
    pub value: String,
    /// The note's own version.
    pub version: String,
}

impl Places {
    /// Whether only slots for children are left for the new guest in row `n`, if the rows before it
    /// are filled in. The first row is 0.
    pub fn is_for_child(&self, n: usize) -> bool {
        self.children_left > 0 && i64::try_from(n).is_ok_and(|n| n >= self.left)
    }

    /// Whether only slots for children are left.
    pub fn is_for_children_only(&self) -> bool {
        self.is_for_child(0)
    }

    /// Formats the numbers as text, such as "You may bring 2 people; 1 place is left."
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

    fn stacked(&self) -> bool {
        stacked(self.text)
    }

    /// One guest, one event and nobody to add: the fields need no box around them.
    fn solo(&self) -> bool {
        self.people.len() == 1 && self.people[0].choices.len() == 1 && self.places.is_none()
    }

    fn has_many_choices(&self) -> bool {
        let choices = self.people.iter().map(|row| row.choices.len());
        choices.sum::<usize>() > 2
    }

    fn answered(&self) -> String {
        let open = |row: &&Row<'_>| row.choices.iter().any(|choice| choice.chosen.is_empty());
        let total = self.people.len();
        let n = total - self.people.iter().filter(open).count();
        self.text
            .with("answer-count", [("n", n.into()), ("total", total.into())])
    }

    /// Like [`Self::answered`], but contains placeholders. The page's script fills them in.
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

    fn bring(&self) -> &'static str {
        match self.places {
            Some(Places {
                children_allowed: 1..,
                ..
            }) => "answer-bring-family",
            _ => "answer-bring",
        }
    }

    fn add(&self) -> &'static str {
        if self.only_children() {
            "answer-add-child"
        } else {
            "answer-add"
        }
    }

    fn only_children(&self) -> bool {
        self.places
            .is_some_and(|places| places.is_for_children_only())
    }

    fn places_words(&self) -> String {
        self.places
            .map_or_else(String::new, |places| places.say(self.text))
    }

    /// A JSON array by free slots for children, of arrays by free slots for guests of any age.
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

    fn diets_open(&self, diets: &Chips<'_>) -> bool {
        let wrong = |field: &str| self.error(field).is_some();
        diets.count() > 0 || wrong(&diets.field) || wrong(&diets.note_field)
    }

    fn new_open(&self, row: &NewRow<'_>) -> bool {
        row.choices
            .iter()
            .any(|choice| !choice.chosen.is_empty() || self.error(&choice.field).is_some())
    }

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
    fn correct(&self) -> &'static str {
        if self.name.is_empty() {
            "answer-add-name"
        } else {
            "answer-correct-name"
        }
    }

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

fn ages(own: Option<u8>) -> impl Iterator<Item = (u8, bool)> {
    (0..=17).map(move |age| (age, own == Some(age)))
}

impl Choice<'_> {
    /// Only screen readers read it, such as "coming to Reception, Rahman bin Ali".
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
    /// Formats the label of the collapsed section, such as "Food needs (2)".
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

/// Formats a page's title. If the form has errors, the title starts with "Error".
pub(super) fn titled(text: &Text, id: &str, frame: &Frame<'_>, wrong: bool) -> String {
    let title = format!("{} – {}", text.say(id), frame.hosts.0);
    if wrong {
        text.with("answer-error-title", [("title", title.into())])
    } else {
        title
    }
}

/// Three labels fit side by side only if each has at most twelve letters.
fn stacked(text: &Text) -> bool {
    ["choice-yes", "choice-no", "choice-undecided"]
        .into_iter()
        .any(|id| text.say(id).chars().count() > 12)
}
