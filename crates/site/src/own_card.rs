//! The page that people land on: what a domain has for them, and what they can begin there.

/// A part of that page. One without lines is left out, and what it begins is offered all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCard {
    /// The message that heads it.
    pub title: &'static str,
    /// What somebody has, the most important first; the page shows two.
    pub lines: Vec<OwnLine>,
    /// How many there are, and where all of them are listed.
    pub all: (usize, &'static str),
    /// What they may begin.
    pub begins: Vec<Begin>,
}

/// Something that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    /// What it is called.
    pub label: String,
    /// Where it is.
    pub href: String,
    /// What is to be said of it.
    pub note: String,
    /// What stands beside it.
    pub side: Side,
}

/// What stands beside a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nothing.
    Nothing,
    /// A number and its unit.
    Figure(String, String),
    /// A state: the class of its tag, and its word.
    Tag(&'static str, String),
}

/// Something that somebody may begin. Title and text are messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// What it is.
    pub title: &'static str,
    /// What it is good for.
    pub text: &'static str,
    /// Where it begins.
    pub href: &'static str,
    /// The path of its icon, drawn in a square of 16.
    pub icon: &'static str,
}
