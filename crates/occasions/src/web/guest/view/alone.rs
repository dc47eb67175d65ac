//! Food needs and the note by themselves: each changes its own fields only.

use askama::Template;
use web::Text;
use web::form_state::FormError;

use super::Frame;
use super::answer::{Chips, NoteField, error, titled};

/// `/invite/{code}/dietary`: food needs by themselves.
#[derive(Template)]
#[template(path = "guest/dietary.html")]
pub struct Dietary<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// What all pages behind a code share.
    pub frame: Frame<'a>,
    /// Where the form goes.
    pub action: String,
    /// The version the answers were read at.
    pub version: String,
    /// The key that makes a repeated save harmless.
    pub submission: String,
    /// A sentence on the whole form.
    pub trouble: Option<String>,
    /// What is wrong with single fields.
    pub errors: Vec<FormError>,
    /// Those who come or may come; empty when nobody does.
    pub people: Vec<DietRow<'a>>,
}

/// Food needs of one person, by themselves.
pub struct DietRow<'a> {
    /// The guest's id, as in the names of the fields.
    pub id: String,
    /// The name as written.
    pub title: String,
    /// The needs.
    pub diets: Chips<'a>,
}

impl Dietary<'_> {
    /// The page's title: errors first.
    pub fn title(&self) -> String {
        titled(
            self.text,
            "dietary-title",
            &self.frame,
            !self.errors.is_empty(),
        )
    }

    fn error(&self, field: &str) -> Option<&str> {
        error(&self.errors, field)
    }
}

/// `/invite/{code}/notes`: the note by itself.
#[derive(Template)]
#[template(path = "guest/note.html")]
pub struct NotePage<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// What all pages behind a code share.
    pub frame: Frame<'a>,
    /// Where the form goes.
    pub action: String,
    /// The key that makes a repeated save harmless.
    pub submission: String,
    /// The version of the answers it was made from: by it is known what the
    /// note was.
    pub version: String,
    /// A sentence on the whole form.
    pub trouble: Option<String>,
    /// What is wrong with the text.
    pub errors: Vec<FormError>,
    /// The note.
    pub note: NoteField,
}

impl NotePage<'_> {
    /// The page's title: errors first.
    pub fn title(&self) -> String {
        titled(
            self.text,
            "note-title",
            &self.frame,
            !self.errors.is_empty(),
        )
    }

    fn error(&self, field: &str) -> Option<&str> {
        error(&self.errors, field)
    }

    fn hosts_note(&self) -> String {
        let hosts = self.frame.hosts.0.text;
        self.text.with("answer-note", [("hosts", hosts.into())])
    }

    fn note_pattern(&self) -> String {
        self.text.with("answer-note-left", [("n", "{n}".into())])
    }
}
