//! The page that shows two versions of the same answers, so that the household can choose.

use askama::Template;
use web::Text;

use super::Frame;
use super::answer::titled;

/// The response to a save that was based on outdated answers. It asks about differences, and
/// carries everything else in hidden fields.
#[derive(Template)]
#[template(path = "guest/conflict.html")]
pub struct Conflict<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// The path to which the form is sent.
    pub action: String,
    /// The present version of the answers.
    pub version: String,
    /// A new key, because this is another save.
    pub submission: String,
    pub differences: Vec<Difference>,
    /// The names and values of fields that are equal or were merged already.
    pub merged: Vec<(String, String)>,
}

/// A field with two values.
pub struct Difference {
    pub field: String,
    /// The guest and the field, such as "Rahman bin Ali, Reception".
    pub about: String,
    /// The value that somebody else saved in the meantime.
    pub saved: Side,
    /// The value that this household has chosen. It is listed first.
    pub yours: Side,
}

/// One of the two values for a field.
pub struct Side {
    /// The value to send. Several dietary requirements are joined by commas.
    pub value: String,
    /// The value in words; empty if there is no value.
    pub words: String,
}

impl Conflict<'_> {
    pub fn title(&self) -> String {
        titled(self.text, "conflict-title", &self.frame, true)
    }

    fn side(&self, id: &str, side: &Side) -> String {
        let words = match side.words.as_str() {
            "" => self.text.say("conflict-nothing"),
            words => words.into(),
        };
        self.text.with(id, [("value", words.into())])
    }
}
