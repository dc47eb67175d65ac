//! What domains have on public pages.

use jiff::Timestamp;

/// A part of the first page of the site, or of somebody's own page. HTML is what templates of the
/// domain wrote, with headings from `h2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What counts now: HTML.
    Now(String),
    /// The newest things: HTML.
    Latest(String),
    /// A link beside others.
    Tile(Tile),
    /// Below all that: HTML.
    Below(String),
}

impl Part {
    /// What a template wrote, for one of these.
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
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub label: String,
    /// What is to be said of it.
    pub note: String,
}

/// A page that everybody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicPage {
    /// Its path.
    pub path: String,
    /// When it was changed last, where that is known.
    pub changed_at: Option<Timestamp>,
}
