//! The content that domains contribute to public pages.

use jiff::Timestamp;

/// A part of the site's first page or of a person's own page. The domain's templates render the
/// part's HTML. The top headings in this HTML are `h2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// HTML about current events, displayed first.
    Now(String),
    /// HTML with the newest items.
    Latest(String),
    /// A link, displayed in a row with the links of other domains.
    Tile(Tile),
    /// HTML at the end of the page.
    Below(String),
}

impl Part {
    /// Renders a template as the HTML of a part.
    pub fn html<T: askama::Template>(template: &T) -> String {
        template.render().unwrap_or_else(|error| {
            tracing::error!(%error, "cannot render a part of a page, which is missing there; please report this");
            String::new()
        })
    }
}

/// A link with a line of text below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    pub href: String,
    pub label: String,
    /// The text below the link.
    pub note: String,
}

/// A public page for the sitemap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicPage {
    pub path: String,
    /// The time of the page's last change, if known.
    pub changed_at: Option<Timestamp>,
}
