//! What domains have on public pages.

use jiff::Timestamp;

/// A part of the first page of the site, or of somebody's own page. HTML is what templates of the
/// domain wrote, with headings from `h2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The block that is current and stands first: HTML.
    Now(String),
    /// The newest things: HTML.
    Latest(String),
    /// A link beside others.
    Tile(Tile),
    /// The end of the page: HTML.
    Below(String),
}

impl Part {
    /// The output of a template, for one of these.
    pub fn html<T: askama::Template>(template: &T) -> String {
        template.render().unwrap_or_else(|error| {
            tracing::error!(%error, "a part of a page cannot be written");
            String::new()
        })
    }
}

/// A link with a line below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The link's address.
    pub href: String,
    /// The link's text.
    pub label: String,
    /// The line below it.
    pub note: String,
}

/// A page that everybody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicPage {
    /// The page's path.
    pub path: String,
    /// The time of the last change, if known.
    pub changed_at: Option<Timestamp>,
}
