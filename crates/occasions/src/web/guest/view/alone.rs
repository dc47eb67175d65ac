//! Two pages: one with only the dietary requirements, and one with only the note. Each form changes
//! only its own fields.

use askama::Template;
use web::Text;
use web::form_state::FormError;

use super::Frame;
use super::answer::{Chips, NoteField, error, titled};

/// The form for dietary requirements (`/invite/{code}/dietary`).
#[derive(Template)]
#[template(path = "guest/dietary.html")]
pub struct Dietary<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub action: String,
    /// The version of the answers on which the form is based.
    pub version: String,
    /// The idempotency key of the form.
    pub submission: String,
    pub trouble: Option<String>,
    pub errors: Vec<FormError>,
    /// The guests who come or may come. Empty if all of them decline.
    pub people: Vec<DietRow<'a>>,
}

pub struct DietRow<'a> {
    pub id: String,
    /// The guest's name.
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

/// The form for the household's note (`/invite/{code}/notes`).
#[derive(Template)]
#[template(path = "guest/note.html")]
pub struct NotePage<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub action: String,
    /// The idempotency key of the form.
    pub submission: String,
    /// The version of the answers on which the form is based. The history uses it to show which
    /// note a save replaced.
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
