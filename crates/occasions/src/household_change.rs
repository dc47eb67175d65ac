//! A change requested by a household, before any rule has checked it. The form and the JSON API
//! both produce such a change.

use std::collections::BTreeMap;

use serde_json::Value;
use web::FieldProblem;

use crate::id::GuestId;
use crate::words::ReplyStatus;

/// A save request. Omitted fields stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct HouseholdChange {
    /// The version that the household has read.
    pub version: Option<i64>,
    /// Guests to change, and new guests.
    pub guests: Vec<GuestUpdate>,
    /// Plus-ones to remove.
    pub remove: Vec<GuestId>,
    /// Answers of the household as a whole, by the question's key. A null or empty value removes an
    /// answer.
    pub answers: BTreeMap<String, Value>,
    pub note: Option<NoteUpdate>,
    /// Fields that could not be parsed. They are refused only after all earlier checks
    /// have passed.
    pub wrong: Vec<FieldProblem>,
}

/// Changes to a guest.
#[derive(Clone, Debug, Default)]
pub struct GuestUpdate {
    /// The guest's id; `None` for a new guest.
    pub id: Option<GuestId>,
    pub name: Option<String>,
    pub is_child: Option<bool>,
    /// A child's age; `Some(None)` if the age is unknown.
    pub age: Option<Option<i64>>,
    /// Answers by the event's key. A household may send yes, no and undecided. A host may also send
    /// pending, which removes an answer.
    pub replies: BTreeMap<String, ReplyStatus>,
    /// Keys of dietary options.
    pub diets: Option<Vec<String>>,
    pub diet_note: Option<String>,
    /// Answers to the hosts' questions, by key. A null or empty value removes an answer.
    pub answers: BTreeMap<String, Value>,
}

impl GuestUpdate {
    /// Returns whether the change answers for an event or a question. Required answers are checked
    /// only for such a change.
    pub fn answers_anything(&self) -> bool {
        self.id.is_none() || !self.replies.is_empty() || !self.answers.is_empty()
    }
}

/// A note, which has its own version.
#[derive(Clone, Debug)]
pub struct NoteUpdate {
    /// The text; an empty text removes the note.
    pub text: String,
    /// The version of the note that the household has read; `None` replaces any version.
    pub version: Option<i64>,
}

impl HouseholdChange {
    /// Returns whether the change may take or free a seat.
    pub fn touches_seats(&self) -> bool {
        !self.remove.is_empty()
            || self
                .guests
                .iter()
                .any(|guest| guest.id.is_none() || !guest.replies.is_empty())
    }

    pub fn is_note_alone(&self) -> bool {
        self.guests.is_empty()
            && self.remove.is_empty()
            && self.answers.is_empty()
            && self.wrong.is_empty()
            && self.note.is_some()
    }

    /// Like [`GuestUpdate::answers_anything`], for the household.
    pub fn answers_anything(&self) -> bool {
        !self.answers.is_empty() || self.guests.iter().any(GuestUpdate::answers_anything)
    }

    pub fn touches_diets(&self) -> bool {
        self.guests
            .iter()
            .any(|guest| guest.diets.is_some() || guest.diet_note.is_some())
    }
}
