//! A directive of an nginx configuration.

use std::rc::Rc;

use crate::toml_text::short;

/// Of a directive in a remark.
const MAX_SHOWN_CHARS: usize = 80;

/// A directive: `name word … ;` or `name word … { … }`.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) words: Vec<String>,
    /// The directives between the braces; `None` if the directive ends with a semicolon.
    pub(super) block: Option<Vec<Directive>>,
}

/// The file and line of a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Rc<str>,
    pub(super) line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.file, self.line)
    }
}

impl Directive {
    /// Returns the argument at this position, or an empty string.
    pub(super) fn word(&self, position: usize) -> &str {
        self.words.get(position).map_or("", String::as_str)
    }

    /// The directives between the braces; empty if there are no braces.
    pub(super) fn inside(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }

    /// Returns the directive as text, shortened if it is long.
    pub(super) fn shown(&self) -> String {
        let mut text = self.name.clone();
        for word in &self.words {
            text.push(' ');
            text.push_str(word);
        }
        short(&text, MAX_SHOWN_CHARS)
    }
}
