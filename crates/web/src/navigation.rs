//! The navigation in the frame of pages for signed-in people.

#[derive(Clone, Debug, Default)]
pub struct Section {
    pub title: Option<String>,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub label: String,
    pub href: String,
    /// A number beside the label.
    pub count: Option<String>,
    pub current: bool,
    /// The SVG path of the icon, in a 24 × 24 view box.
    pub icon: Option<&'static str>,
    /// The entry's pages, while the menu unfolds it.
    pub below: Vec<Entry>,
}

/// The frame around a signed-in person's pages.
#[derive(Clone, Debug, Default)]
pub struct OwnFrame {
    /// The site's name, displayed as a link to its public pages.
    pub site: String,
    /// The navigation, from top to bottom.
    pub sections: Vec<Section>,
    /// The other pages of the current entry, and the page itself; empty if the entry is one page.
    pub tabs: Vec<Entry>,
    /// Whether the person only takes part. Their pages have the look of the site's public pages.
    pub is_member: bool,
    /// The signed-in person; `None` on a page that anybody may open.
    pub account: Option<OwnAccount>,
    pub warnings: Vec<Warning>,
    /// What the person must know before they use the page, such as that no mail leaves the site.
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug)]
pub struct OwnAccount {
    pub name: String,
    pub csrf: String,
    pub unread: Option<String>,
}

/// A line that opens to say more.
#[derive(Clone, Debug)]
pub struct Note {
    pub short: String,
    pub words: String,
}

/// A warning on every page of a signed-in person, with a button to resolve it.
#[derive(Clone, Debug)]
pub struct Warning {
    pub words: String,
    pub label: String,
    pub href: &'static str,
}
