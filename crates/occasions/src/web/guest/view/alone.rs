//! The page for dietary requirements only and the page for the note only. Each changes only its own
//! fields.

use askama::Template;
use web::Text;
use web::form_state::FormError;

use super::Frame;
use super::answer::{Chips, NoteField, error, titled};

/// `/invite/{code}/dietary`, the form for dietary requirements.
#[derive(Template)]
#[template(path = "guest/dietary.html")]
pub struct Dietary<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// The path to which the form is sent.
    pub action: String,
    /// The version of the stored answers.
    pub version: String,
    /// The key that makes a repeated save harmless.
    pub submission: String,
    pub trouble: Option<String>,
    /// Errors of individual fields.
    pub errors: Vec<FormError>,
    /// Guests who come or may come; empty if nobody does.
    pub people: Vec<DietRow<'a>>,
}

/// A guest's dietary requirements.
pub struct DietRow<'a> {
    pub id: String,
    /// The name as written.
    pub title: String,
    pub diets: Chips<'a>,
}

impl Dietary<'_> {
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

/// `/invite/{code}/notes`, the form for the note.
#[derive(Template)]
#[template(path = "guest/note.html")]
pub struct NotePage<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// The path to which the form is sent.
    pub action: String,
    /// The key that makes a repeated save harmless.
    pub submission: String,
    /// The version of the answers on which the form is based. With this version, the history can
    /// show the earlier note.
    pub version: String,
    pub trouble: Option<String>,
    pub errors: Vec<FormError>,
    pub note: NoteField,
}

impl NotePage<'_> {
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
