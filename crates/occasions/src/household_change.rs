//! What a household asks to have saved, before any rule has looked at it. The
//! form and the JSON API bring the same.

use std::collections::BTreeMap;

use serde_json::Value;
use web::FieldProblem;

use crate::guest::GuestId;
use crate::words::ReplyStatus;

/// One save. What is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct HouseholdChange {
    /// The version the household has seen.
    pub version: Option<i64>,
    /// Guests to change, and new ones.
    pub guests: Vec<GuestUpdate>,
    /// Plus-ones to remove.
    pub remove: Vec<GuestId>,
    /// Answers of the whole household, by key of the question; null or empty
    /// takes one back.
    pub answers: BTreeMap<String, Value>,
    /// The household's note to the hosts.
    pub note: Option<NoteUpdate>,
    /// What of it was not understood: it is refused, once all that comes before
    /// fields has been looked at.
    pub wrong: Vec<FieldProblem>,
}

/// What is wanted for one person.
#[derive(Clone, Debug, Default)]
pub struct GuestUpdate {
    /// `None`: somebody new.
    pub id: Option<GuestId>,
    /// As typed.
    pub name: Option<String>,
    /// Child or adult.
    pub is_child: Option<bool>,
    /// A child's age; `Some(None)`: not told.
    pub age: Option<Option<i64>>,
    /// Answers by key of the event. Only yes, no and undecided can be wanted, and
    /// by hosts that there is none.
    pub replies: BTreeMap<String, ReplyStatus>,
    /// Keys of dietary options.
    pub diets: Option<Vec<String>>,
    /// In the guest's own words.
    pub diet_note: Option<String>,
    /// Answers to the hosts' questions, by key; null or empty takes one back.
    pub answers: BTreeMap<String, Value>,
}

impl GuestUpdate {
    /// Whether it says who comes, or answers a question: then what is required
    /// of those who come is asked for.
    pub fn answers_anything(&self) -> bool {
        self.id.is_none() || !self.replies.is_empty() || !self.answers.is_empty()
    }
}

/// A note, under a version of its own.
#[derive(Clone, Debug)]
pub struct NoteUpdate {
    /// The text; empty removes the note.
    pub text: String,
    /// The version of the note the household has seen; `None`: whatever it is.
    pub version: Option<i64>,
}

impl HouseholdChange {
    /// Whether anybody may take a seat or give one back.
    pub fn touches_seats(&self) -> bool {
        !self.remove.is_empty()
            || self
                .guests
                .iter()
                .any(|guest| guest.id.is_none() || !guest.replies.is_empty())
    }

    /// Whether it writes the note and nothing else.
    pub fn is_note_alone(&self) -> bool {
        self.guests.is_empty()
            && self.remove.is_empty()
            && self.answers.is_empty()
            && self.wrong.is_empty()
            && self.note.is_some()
    }

    /// As [`GuestUpdate::answers_anything`], of the household.
    pub fn answers_anything(&self) -> bool {
        !self.answers.is_empty() || self.guests.iter().any(GuestUpdate::answers_anything)
    }

    /// Whether it touches food needs.
    pub fn touches_diets(&self) -> bool {
        self.guests
            .iter()
            .any(|guest| guest.diets.is_some() || guest.diet_note.is_some())
    }
}
