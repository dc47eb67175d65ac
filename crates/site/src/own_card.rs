//! A domain's part of the page where people land: what they have in it, and what they can begin.

/// The part. One without lines is left out, but what it begins is still offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCard {
    /// The message that heads it.
    pub title: &'static str,
    /// What somebody has, the most important first; the page shows two.
    pub lines: Vec<OwnLine>,
    /// The number of all lines, and the address of the whole list.
    pub all: (usize, &'static str),
    /// What they may begin.
    pub begins: Vec<Begin>,
}

/// A line for something that the person has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    /// The line's text.
    pub label: String,
    /// The line's address.
    pub href: String,
    /// A sentence about it.
    pub note: String,
    /// The mark at the end of the line.
    pub side: Side,
}

/// The mark at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nothing.
    Nothing,
    /// A number and its unit.
    Figure(String, String),
    /// A state: a CSS class, and a word.
    Tag(&'static str, String),
}

/// Something that the person may begin. Title and text are messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The title.
    pub title: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// The address of its form.
    pub href: &'static str,
    /// The path of its icon, drawn in a square of 16.
    pub icon: &'static str,
}
