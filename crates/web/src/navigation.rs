//! The navigation in the frame of pages for signed-in people.

/// A group of navigation entries.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The group's title, if it has one.
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
    /// Whether the entry is the current page.
    pub current: bool,
    /// Whether the entry is a bottom tab on phones.
    pub tab: bool,
}

/// The frame of a signed-in person's pages.
#[derive(Clone, Debug, Default)]
pub struct OwnFrame {
    /// The site's name, a link to its public pages.
    pub site: String,
    /// The navigation, from top to bottom.
    pub sections: Vec<Section>,
    /// The signed-in person; `None` on a page that anybody may open.
    pub account: Option<OwnAccount>,
    /// Warnings that are shown on every page.
    pub warnings: Vec<Warning>,
}

/// The signed-in person, as the frame shows them.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    /// The display name.
    pub name: String,
    /// The CSRF token of the frame's forms.
    pub csrf: String,
    /// The number of unread notifications, if any.
    pub unread: Option<String>,
}

/// A warning on every page of a person, with a button to resolve it.
#[derive(Clone, Debug)]
pub struct Warning {
    /// The sentence.
    pub words: String,
    /// The button's label.
    pub label: String,
    /// The address that the button posts to.
    pub href: &'static str,
}
