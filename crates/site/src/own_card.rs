//! A domain's card on the page after signing in: the person's items in the domain, and the forms
//! with which they can begin new ones.

/// A domain's card. The page omits a card without lines, but still offers its forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCard {
    /// The message in the card's heading.
    pub title: &'static str,
    /// The person's items, most important first; the page shows two.
    pub lines: Vec<OwnLine>,
    /// The number of all items, and the path of the whole list.
    pub all: (usize, &'static str),
    /// Forms with which the person may begin something.
    pub begins: Vec<Begin>,
}

/// A line about one of the person's items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    pub label: String,
    pub href: String,
    /// A sentence about the item.
    pub note: String,
    /// The mark at the end of the line.
    pub side: Side,
}

/// The mark at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// The line ends without a mark.
    Nothing,
    /// A number and its unit.
    Figure(String, String),
    /// A state: a CSS class, and a word.
    Tag(&'static str, String),
}

/// A form with which the person can begin something new. Title and text are message ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    pub title: &'static str,
    /// The purpose of the form.
    pub text: &'static str,
    pub href: &'static str,
    /// The SVG path of the icon, in a 16 × 16 view box.
    pub icon: &'static str,
}
