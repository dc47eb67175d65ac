//! Where people who are signed in can go, as the frame of their pages shows it.

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
    /// Whether it is the present page.
    pub current: bool,
    /// Whether it is a bottom tab on phones.
    pub tab: bool,
}

/// The frame of somebody who is signed in.
#[derive(Clone, Debug, Default)]
pub struct OwnFrame {
    /// The site's name, which leads to its public pages.
    pub site: String,
    /// Where they can go, from top to bottom.
    pub sections: Vec<Section>,
    /// Who they are; `None` on a page that anybody may open.
    pub account: Option<OwnAccount>,
    /// What they should see on every page.
    pub warnings: Vec<Warning>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    /// The display name.
    pub name: String,
    /// The CSRF token of the frame's forms.
    pub csrf: String,
    /// How many notices they have not read, if any.
    pub unread: Option<String>,
}

/// A sentence that stands on every page of somebody, with a button that does something about it.
#[derive(Clone, Debug)]
pub struct Warning {
    /// The sentence.
    pub words: String,
    /// The button's label.
    pub label: String,
    /// The address that the button posts to.
    pub href: &'static str,
}
