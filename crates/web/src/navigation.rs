//! Where people who are signed in can go, as the frame of their pages shows it.

/// A group of navigation entries.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The group's title, if it has one. On a phone without bottom tabs, a titled group is
    /// collapsed.
    pub title: Option<String>,
    /// The group's entries.
    pub entries: Vec<Entry>,
}

/// A navigation entry.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The entry's label.
    pub label: String,
    /// The entry's address.
    pub href: String,
    /// A number beside the label.
    pub count: Option<String>,
    /// Whether it is the present page.
    pub current: bool,
    /// Whether it is a bottom tab on phones.
    pub tab: bool,
}

/// The frame of somebody who is signed in, for pages that no handler makes.
#[derive(Clone, Debug)]
pub struct OwnFrame {
    /// Where they can go.
    pub sections: Vec<Section>,
    /// The name shown.
    pub name: String,
    /// The value for the sign-out form.
    pub csrf: String,
}
