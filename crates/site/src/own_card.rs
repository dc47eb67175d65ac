//! A domain's card on the page that people see after signing in. It lists the person's items in the
//! domain, and has forms for creating new items.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCard {
    /// The message id of the card's heading.
    pub title: &'static str,
    /// The person's items, most important first. The page shows the first four.
    pub lines: Vec<OwnLine>,
    /// The number of all items, and the path of the page that lists them. The card links to that
    /// page only if there are items.
    pub all: (usize, &'static str),
    /// Forms for creating new items.
    pub begins: Vec<Begin>,
}

/// A line about one of the person's items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    pub label: String,
    pub href: String,
    pub note: String,
    /// The mark at the end of the line.
    pub side: Side,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    Nothing,
    /// A number and its unit.
    Figure(String, String),
    /// A status: a CSS class and the displayed text.
    Tag(&'static str, String),
}

/// A form for creating a new item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    pub title: &'static str,
    /// The message id of a text that explains the form's purpose.
    pub text: &'static str,
    pub href: &'static str,
    /// The SVG path of the icon, in a 16 × 16 view box.
    pub icon: &'static str,
}
