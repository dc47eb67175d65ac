//! Converts household documents into a table. The table has one row per guest, and each row repeats
//! the household's data.

use occasions::words::AskedOf;
use serde_json::Value;
use web::sheet::{Cell, Sheet};
use web::{Catalogue, Language, Text};

pub(crate) use super::field::{Column, Field, Numbered, folded};
use super::{Ground, GuestRecord, Record};

const OF_HOUSEHOLD: [Field; 16] = [
    Field::Household,
    Field::Code,
    Field::Reference,
    Field::Salutation,
    Field::Language,
    Field::Tags,
    Field::PlusOnes,
    Field::Children,
    Field::Email,
    Field::Phone,
    Field::Address,
    Field::Deadline,
    Field::Message,
    Field::Note,
    Field::Events,
    Field::Wish,
];

/// Begins the keyword of a column that says who is invited to an event.
const INVITED: &str = "invited";

/// The columns that belong to one guest, in the order of the table.
pub(crate) const OF_GUEST: [Field; 9] = [
    Field::Guest,
    Field::Kind,
    Field::Child,
    Field::Age,
    Field::GuestEmail,
    Field::GuestPhone,
    Field::Diets,
    Field::DietNote,
    Field::GuestEvents,
];

impl Column {
    /// Returns the keyword that stands for this meaning in the store, in forms and in the JSON API.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Skip => "skip".to_owned(),
            Self::Field(field) => field.word().to_owned(),
            Self::Reply(event) => format!("reply:{event}"),
            Self::Invited(event) => format!("{INVITED}:{event}"),
            Self::Answer(question) => format!("question:{question}"),
            Self::Person(one) => {
                let kind = if one.is_child { "child" } else { "guest" };
                format!("{kind}:{}:{}", one.number, one.part.word())
            }
        }
    }

    /// Whether a column with this keyword says who is invited to what.
    pub(crate) fn says_events(word: &str) -> bool {
        let fields = [Field::Events, Field::GuestEvents];
        let kind = word.split_once(':').map(|(kind, _)| kind);
        kind == Some(INVITED) || fields.iter().any(|field| field.word() == word)
    }

    pub(crate) fn find(word: &str, ground: &Ground) -> Option<Self> {
        match word.split_once(':') {
            None if word == "skip" => Some(Self::Skip),
            None => Field::find(word).map(Self::Field),
            Some((kind @ ("reply" | INVITED), key)) => {
                let is_known = ground.events.iter().any(|event| event.key == key);
                let column = match kind {
                    INVITED => Self::Invited,
                    _ => Self::Reply,
                };
                is_known.then(|| column(key.to_owned()))
            }
            Some(("question", key)) => {
                let mut questions = ground.questions.iter();
                let is_known = questions.any(|question| question.key == key);
                is_known.then(|| Self::Answer(key.to_owned()))
            }
            Some((kind @ ("guest" | "child"), rest)) => {
                let (number, part) = rest.split_once(':')?;
                let part = Field::find(part).filter(|part| Numbered::PARTS.contains(part))?;
                Some(Self::Person(Numbered {
                    is_child: kind == "child",
                    number: number.parse().ok()?,
                    part,
                }))
            }
            Some(_) => None,
        }
    }

    /// Returns the heading of an exported column with this meaning.
    pub(crate) fn heading(&self, text: &Text) -> String {
        let with = |id, key: &String| text.with(id, [("key", key.clone().into())]);
        match self {
            Self::Skip => text.say("host-import-skip").into_owned(),
            Self::Field(field) => text.say(field.label()).into_owned(),
            Self::Reply(event) => with("host-import-reply", event),
            Self::Invited(event) => with("host-import-invited-if", event),
            Self::Answer(question) => with("host-import-question", question),
            Self::Person(one) => {
                let id = if one.is_child {
                    "host-import-child"
                } else {
                    "host-import-person"
                };
                let part = text.say(one.part.label()).into_owned();
                text.with(
                    id,
                    [("n", i64::from(one.number).into()), ("part", part.into())],
                )
            }
        }
    }

    /// Returns every meaning that a column can have for this occasion.
    pub(crate) fn all(ground: &Ground) -> Vec<Self> {
        let fields = Field::ALL.iter().copied().map(Self::Field);
        let events = ground.events.iter();
        let invited = events.clone().map(|event| Self::Invited(event.key.clone()));
        let questions = ground.questions.iter();
        fields
            .chain(events.map(|event| Self::Reply(event.key.clone())))
            .chain(invited)
            .chain(questions.map(|question| Self::Answer(question.key.clone())))
            .collect()
    }
}

/// Loads the translations for every language in which a host can export files.
pub(crate) fn languages(catalogue: &Catalogue) -> Vec<Text> {
    let tags = web::language::COMPLETE.iter();
    tags.map(|tag| catalogue.speak(&Language::of(tag)))
        .collect()
}

/// Builds the table of these households. The columns with codes and contact data are left out
/// unless `contacts` is set.
pub(crate) fn of(records: &[Record], ground: &Ground, text: &Text, contacts: bool) -> Sheet {
    let is_shown = |field: &Field| {
        contacts
            || !matches!(
                field,
                Field::Code
                    | Field::Reference
                    | Field::Email
                    | Field::Phone
                    | Field::Address
                    | Field::Message
                    | Field::Note
                    | Field::Wish
                    | Field::GuestEmail
                    | Field::GuestPhone
            )
    };
    let (first, second) = columns(ground, is_shown);
    let mut rows = Vec::new();
    for record in records {
        let own: Vec<Cell> = first
            .iter()
            .map(|column| household_cell(record, column))
            .collect();
        if record.guests.is_empty() {
            rows.push([own.clone(), vec![Cell::Empty; second.len()]].concat());
        }
        for guest in &record.guests {
            let cells = second.iter().map(|column| guest_cell(guest, column));
            rows.push(own.iter().cloned().chain(cells).collect());
        }
    }
    let name = text.say("host-export-everything");
    Sheet {
        name: name.chars().take(31).collect(),
        headings: [first, second]
            .concat()
            .iter()
            .map(|column| column.heading(text))
            .collect(),
        rows,
    }
}

/// The columns of a household, and those of a guest.
fn columns(ground: &Ground, is_wanted: impl Fn(&Field) -> bool) -> (Vec<Column>, Vec<Column>) {
    let questions = |of: AskedOf| {
        let all = ground.questions.iter();
        all.filter(move |question| question.asked_of == of)
            .map(|question| Column::Answer(question.key.clone()))
    };
    let fields = |all: &[Field]| -> Vec<Column> {
        let wanted = all.iter().copied().filter(&is_wanted);
        wanted.map(Column::Field).collect()
    };
    let replies = ground.events.iter();
    let replies = replies.map(|event| Column::Reply(event.key.clone()));
    let mut of_household = fields(&OF_HOUSEHOLD);
    of_household.extend(questions(AskedOf::Household));
    let mut of_guest = fields(&OF_GUEST);
    of_guest.extend(replies.chain(questions(AskedOf::Guest)));
    (of_household, of_guest)
}

/// A value that a list changes.
pub(crate) struct Difference {
    /// The guest's name; `None` for the household.
    pub(crate) guest: Option<String>,
    pub(crate) column: Column,
    pub(crate) old: Cell,
    pub(crate) new: Cell,
}

/// Returns what is different in `after`, whose guests begin with those of `before`.
pub(crate) fn differences(before: &Record, after: &Record, ground: &Ground) -> Vec<Difference> {
    let (of_household, of_guest) = columns(ground, |field| *field != Field::Reference);
    let mut all = Vec::new();
    let mut compare = |guest: Option<&GuestRecord>, column: Column, old: Cell, new: Cell| {
        if old != new {
            let guest = guest.map(|guest| guest.name.clone());
            all.push(Difference {
                guest,
                column,
                old,
                new,
            });
        }
    };
    for column in of_household {
        let (old, new) = (
            household_cell(before, &column),
            household_cell(after, &column),
        );
        compare(None, column, old, new);
    }
    for (at, guest) in after.guests.iter().enumerate() {
        let Some(old) = before.guests.get(at) else {
            let column = Column::from(Field::Guest);
            let new = guest_cell(guest, &column);
            compare(None, column, Cell::Empty, new);
            continue;
        };
        for column in &of_guest {
            let (old, new) = (guest_cell(old, column), guest_cell(guest, column));
            compare(Some(guest), column.clone(), old, new);
        }
    }
    all
}

fn household_cell(record: &Record, column: &Column) -> Cell {
    let field = match column {
        Column::Field(field) => field,
        Column::Answer(key) => return answer(record.answers.get(key)),
        Column::Reply(_) | Column::Invited(_) | Column::Person(_) | Column::Skip => {
            return Cell::Empty;
        }
    };
    let list = |all: &Option<Vec<String>>| Cell::from(all.as_ref().map(|all| all.join(", ")));
    match field {
        Field::Events => events(record.events.as_deref()),
        Field::Code => record.code.clone().into(),
        Field::Reference => record.reference.clone().into(),
        Field::Household => record.household.clone().into(),
        Field::Salutation => record.salutation.clone().into(),
        Field::Language => record.language.clone().into(),
        Field::Tags => list(&record.tags),
        Field::PlusOnes => record.plus_ones.into(),
        Field::Children => record.children.into(),
        Field::Email => record.email.clone().into(),
        Field::Phone => record.phone.clone().into(),
        Field::Address => record.address.clone().into(),
        Field::Deadline => record.deadline.clone().into(),
        Field::Message => record.message.clone().into(),
        Field::Note => record.note.clone().into(),
        Field::Wish => record.wish.clone().into(),
        _ => Cell::Empty,
    }
}

fn guest_cell(guest: &GuestRecord, column: &Column) -> Cell {
    let field = match column {
        Column::Field(field) => field,
        Column::Reply(key) => {
            let status = guest.replies.get(key);
            return status.map_or(Cell::Empty, |status| Cell::from(status.word()));
        }
        Column::Answer(key) => return answer(guest.answers.get(key)),
        Column::Invited(_) | Column::Person(_) | Column::Skip => return Cell::Empty,
    };
    let list = |all: &Option<Vec<String>>| Cell::from(all.as_ref().map(|all| all.join(", ")));
    match field {
        Field::Guest => guest.name.as_str().into(),
        Field::Kind => guest
            .kind
            .map_or(Cell::Empty, |kind| Cell::from(kind.word())),
        Field::Child => guest
            .child
            .map_or(Cell::Empty, |yes| Cell::from(yes_or_no(yes))),
        Field::Age => guest.age.into(),
        Field::GuestEmail => guest.email.clone().into(),
        Field::GuestPhone => guest.phone.clone().into(),
        Field::Diets => list(&guest.diets),
        Field::DietNote => guest.diet_note.clone().into(),
        Field::GuestEvents => events(guest.events.as_deref()),
        _ => Cell::Empty,
    }
}

/// An empty cell would mean all events.
fn events(keys: Option<&[String]>) -> Cell {
    match keys {
        Some([]) => NO_EVENT.into(),
        keys => keys.map(|keys| keys.join(", ")).into(),
    }
}

/// What a cell contains if it lists no events.
pub(crate) const NO_EVENT: &str = "-";

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn answer(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null | Value::Object(_)) => Cell::Empty,
        Some(Value::Bool(yes)) => yes_or_no(*yes).into(),
        Some(Value::Number(number)) => number.as_i64().into(),
        Some(Value::String(text)) => text.as_str().into(),
        Some(Value::Array(keys)) => {
            let keys: Vec<&str> = keys.iter().filter_map(Value::as_str).collect();
            keys.join(", ").into()
        }
    }
}
