//! What the reading of a list cannot know, and asks the host.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use web::words;

words! {
    /// What the question is about.
    #[schema(as = ImportQuestionKind)]
    QuestionKind {
        /// Whose need a note on food is, in a row with several people.
        WhoseFood = "whose_food" => "host-import-ask-whose-food",
        /// Whom a cell names: one person or several.
        Names = "names" => "host-import-ask-names",
        /// For the whole list: whether "John & Jane Smith" are both called Smith.
        Surname = "surname" => "host-import-ask-surname",
        /// For the whole list: whether the wife in "Mr & Mrs John Smith" is "Mrs Smith".
        Couple = "couple" => "host-import-ask-couple",
        /// Whether a line with one cell is a label of the rows below it, or a household.
        Section = "section" => "host-import-ask-section",
        /// What becomes of a household that does not come.
        NotComing = "not_coming" => "host-import-ask-not-coming",
        /// Whether a note on an allergy is for the kitchen too.
        Allergy = "allergy" => "host-import-ask-allergy",
    }
}

/// One of the possible answers to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportAnswer)]
pub struct Answer {
    /// What is sent as the answer.
    pub key: String,
    /// The names that the answer gives. Empty if the key itself says it.
    pub text: String,
}

impl Answer {
    pub(crate) fn word(key: &str) -> Self {
        Self::new(key, "")
    }

    pub(crate) fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            text: text.into(),
        }
    }

    /// The message that names the answer; `None` for one with a text.
    pub fn label(&self) -> Option<&'static str> {
        Some(match self.key.as_str() {
            "one_of" => "host-import-answer-one-of",
            "all" => "host-import-answer-all",
            "kitchen" => "host-import-answer-kitchen",
            "note" => "host-import-answer-note",
            "no" => "host-import-answer-no",
            "leave_out" => "host-import-answer-leave-out",
            "label" => "host-import-answer-label",
            "household" => "host-import-answer-household",
            "keep" => "host-import-answer-keep",
            "share" => "host-import-answer-share",
            _ => return None,
        })
    }
}

/// Where a question comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportQuestionPlace)]
pub struct Place {
    /// The row number as a spreadsheet shows it.
    pub row: usize,
    /// The column's heading; empty if it has none.
    pub heading: String,
    /// The cell, or for a question about the whole list the first cell that asks it.
    pub cell: String,
}

/// Something in a list that only the host knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportQuestion)]
pub struct Question {
    /// The name of the answer. The same row of the same file has the same name again.
    pub key: String,
    /// What the question is about.
    pub kind: QuestionKind,
    /// The row and the cell.
    pub place: Place,
    /// The possible answers.
    pub choices: Vec<Answer>,
    /// What happens without an answer: nothing is lost or invented.
    pub default: String,
    /// How many cells ask the same. Above one only for questions about the whole list.
    pub times: usize,
}

/// The answers by the questions' keys. An answer that is no choice of its question is none.
pub(crate) type Answers = BTreeMap<String, String>;

impl Question {
    pub(crate) fn new(kind: QuestionKind, about: &str, place: Place, choices: Vec<Answer>) -> Self {
        let default = choices.first().map(|one| one.key.clone());
        Self {
            key: key(kind, about),
            kind,
            place,
            default: default.unwrap_or_default(),
            choices,
            times: 1,
        }
    }

    /// The answer, or what happens without one.
    pub(crate) fn answer<'a>(&'a self, answers: &'a Answers) -> &'a str {
        let given = answers.get(&self.key);
        let is_choice = |given: &&String| self.choices.iter().any(|one| one.key == **given);
        given.filter(is_choice).unwrap_or(&self.default)
    }
}

/// Names a question about a row or a column. `about` is empty for the whole list.
pub(crate) fn key(kind: QuestionKind, about: &str) -> String {
    if about.is_empty() {
        format!("{}:list", kind.word())
    } else {
        format!("{}:{about}", kind.word())
    }
}

/// A short name for cells.
pub(crate) fn hash<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for cell in cells {
        let cell = cell.trim();
        digest.update(cell.len().to_be_bytes());
        digest.update(cell);
    }
    let bytes = digest.finalize();
    platform::text_cleaning::hexadecimal(bytes.get(..8).unwrap_or_default())
}
