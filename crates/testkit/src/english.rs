//! What pages say, by the ids of messages: the words may change without the tests.

use web::{Catalogue, Language, Text, Value};

/// The messages of a site in English, each run of white space as one space, as in a page's text.
#[derive(Clone, Debug)]
pub struct English(Text);

impl English {
    /// The messages of this catalogue.
    pub fn new(catalogue: &Catalogue) -> Self {
        Self(catalogue.speak(&Language::ENGLISH))
    }

    /// A message that has nothing to fill in.
    #[track_caller]
    pub fn say(&self, id: &str) -> String {
        self.fill(id, [])
    }

    /// A message with its values. Panics when there is none of this id.
    #[track_caller]
    pub fn fill<const N: usize>(&self, id: &str, values: [(&'static str, Value<'_>); N]) -> String {
        assert!(self.0.catalogue().has(id), "no message is called {id}");
        let text = self.0.with(id, values);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What a message begins with, up to its first value.
    #[track_caller]
    pub fn start(&self, id: &str) -> String {
        let text = self.say(id);
        let start = text.split("{$").next().unwrap_or_default();
        assert!(!start.is_empty(), "{id} begins with a value");
        start.trim_end().to_owned()
    }
}
