//! Two versions of the same answers, and the choice between them.

use askama::Template;
use web::Text;

use super::Frame;
use super::answer::titled;

/// What answers a save that was based on older answers: only what differs is
/// asked, everything else travels hidden.
#[derive(Template)]
#[template(path = "guest/conflict.html")]
pub struct Conflict<'a> {
    /// The reader's language.
    pub text: &'a Text,
    /// What all pages behind a code share.
    pub frame: Frame<'a>,
    /// Where the form goes.
    pub action: String,
    /// The version the answers have now.
    pub version: String,
    /// A fresh key: this is another save.
    pub submission: String,
    /// Where the two versions differ.
    pub differences: Vec<Difference>,
    /// Fields that are the same or were put together already, name and value.
    pub merged: Vec<(String, String)>,
}

/// One field with two values.
pub struct Difference {
    /// The field's name.
    pub field: String,
    /// What it is about: "Rahman bin Ali, Reception".
    pub about: String,
    /// What was saved meanwhile.
    pub saved: Side,
    /// What this household had chosen; offered first.
    pub yours: Side,
}

/// One of two values of a field.
pub struct Side {
    /// The value to send; several food needs joined by commas.
    pub value: String,
    /// The value in words; empty for nothing.
    pub words: String,
}

impl Conflict<'_> {
    /// The page's title.
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
