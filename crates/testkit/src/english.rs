//! The English messages by id, so that tests do not depend on the wording of pages.

use web::{Catalogue, Language, Text, Value};

/// A catalogue's messages in English, with white space collapsed as in a page's text.
#[derive(Clone, Debug)]
pub struct English(Text);

impl English {
    pub fn new(catalogue: &Catalogue) -> Self {
        Self(catalogue.speak(&Language::ENGLISH))
    }

    /// Returns the text of a message without arguments.
    #[track_caller]
    pub fn say(&self, id: &str) -> String {
        self.fill(id, [])
    }

    /// Returns the text of a message with its arguments. Panics when no message has this id.
    #[track_caller]
    pub fn fill<const N: usize>(&self, id: &str, values: [(&'static str, Value<'_>); N]) -> String {
        assert!(self.0.catalogue().has(id), "no message is called {id}");
        let text = self.0.with(id, values);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the message's text before its first argument.
    #[track_caller]
    pub fn start(&self, id: &str) -> String {
        let text = self.say(id);
        let start = text.split("{$").next().unwrap_or_default();
        assert!(!start.is_empty(), "{id} begins with a value");
        start.trim_end().to_owned()
    }
}
