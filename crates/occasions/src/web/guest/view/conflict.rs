//! The page about conflicting saves. The household chooses between two versions of its answers.

use askama::Template;
use web::Text;

use super::Frame;
use super::answer::titled;

/// The response to a save that was based on outdated answers. It asks the household about each
/// field with two values. All other values are in hidden fields.
#[derive(Template)]
#[template(path = "guest/conflict.html")]
pub struct Conflict<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub action: String,
    /// The current version of the household's answers.
    pub version: String,
    /// A new idempotency key, because this form is another save.
    pub submission: String,
    pub differences: Vec<Difference>,
    /// The names and values of all other fields. The form sends them along unchanged.
    pub merged: Vec<(String, String)>,
}

/// A field with two different values.
pub struct Difference {
    pub field: String,
    /// The guest and the field, such as "Rahman bin Ali, Reception".
    pub about: String,
    /// The value that somebody has saved in the meantime.
    pub saved: Side,
    /// The value in the form that this household has sent. It comes first on the page.
    pub yours: Side,
}

pub struct Side {
    /// The value as the form sends it. Several dietary requirements are joined by commas.
    pub value: String,
    /// The value as the page shows it; empty if there is none.
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
