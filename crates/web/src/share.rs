//! A page as it is shared: what other sites show beside its link, and the card from which people
//! send it on.

use std::fmt::Display;

use askama::Template;

use crate::state::Site;
use crate::text::Text;
use crate::{card_picture, picture, qr_code};

/// How many characters of a description other sites are told.
const LONGEST: usize = 200;

/// What a page is, in the words of the Open Graph protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShareKind {
    /// A page of a site.
    #[default]
    Website,
    /// Something that was written and published.
    Article,
    /// A person.
    Profile,
}

impl ShareKind {
    /// The word for `og:type`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Website => "website",
            Self::Article => "article",
            Self::Profile => "profile",
        }
    }
}

/// A page that is shared. Whoever has the link sees all of this.
#[derive(Clone, Debug)]
pub struct Share {
    /// The title.
    pub title: String,
    /// The description, in a sentence or two.
    pub description: String,
    /// The full address of the page.
    pub url: String,
    /// What the page is.
    pub kind: ShareKind,
    /// The full address of the preview picture.
    pub image: String,
    /// How wide and high it is, in pixels.
    pub image_size: (usize, usize),
    /// What it shows.
    pub image_alt: String,
    /// The full address of what other sites may frame; empty: there is none.
    pub embed: String,
    /// The full address of a small picture for other sites; empty: there is none.
    pub badge: String,
}

impl Share {
    /// A page at `path`, with a picture that says its title and description.
    pub fn new(site: &Site, title: &str, description: &str, path: &str) -> Self {
        let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut description: String = line.chars().take(LONGEST).collect();
        if description.len() < line.len() {
            description.push('…');
        }
        Self {
            image: card_picture::address(site, title, &description),
            image_size: (picture::WIDTH, picture::HEIGHT),
            image_alt: title.to_owned(),
            title: title.to_owned(),
            description,
            url: site.url().join(path),
            kind: ShareKind::default(),
            embed: String::new(),
            badge: String::new(),
        }
    }

    /// The HTML of a frame for other sites, in pixels; empty: there is none.
    pub fn frame(&self, width: u32, height: u32) -> String {
        if self.embed.is_empty() {
            return String::new();
        }
        let (embed, title) = (&self.embed, quoted(&self.title));
        format!(
            r#"<iframe src="{embed}" title="{title}" width="{width}" height="{height}" style="border:0"></iframe>"#
        )
    }

    /// Where other sites ask how to frame the page.
    pub(crate) fn oembed(&self) -> Option<String> {
        let origin = self.embed.split("/embed/").next()?;
        let url = form_urlencoded::byte_serialize(self.url.as_bytes()).collect::<String>();
        (!self.embed.is_empty()).then(|| format!("{origin}/oembed?url={url}"))
    }

    /// A row of buttons below a page that everybody may see.
    pub fn row<'a>(&'a self, text: &'a Text) -> impl Display + 'a {
        self.html(text, false)
    }

    /// A card for whoever has made the page, with the link to copy.
    pub fn card<'a>(&'a self, text: &'a Text) -> impl Display + 'a {
        self.html(text, true)
    }

    fn html<'a>(&'a self, text: &'a Text, is_card: bool) -> ShareHtml<'a> {
        let encode = |words: &str| {
            let all =
                percent_encoding::utf8_percent_encode(words, percent_encoding::NON_ALPHANUMERIC);
            all.to_string()
        };
        let (title, url) = (&self.title, &self.url);
        ShareHtml {
            share: self,
            text,
            is_card,
            more: if self.embed.is_empty() && self.badge.is_empty() {
                "share-qr"
            } else {
                "share-more"
            },
            whatsapp: format!("https://wa.me/?text={}", encode(&format!("{title} {url}"))),
            email: format!("mailto:?subject={}&body={}", encode(title), encode(url)),
            qr: qr_code::path(url),
            embed: Some(self.frame(360, 260)).filter(|code| !code.is_empty()),
            badge: (!self.badge.is_empty()).then(|| {
                let (badge, title) = (&self.badge, quoted(title));
                format!(r#"<a href="{url}"><img src="{badge}" alt="{title}"></a>"#)
            }),
        }
    }
}

/// A text between the quotation marks of an attribute.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

#[derive(Template)]
#[template(path = "share.html")]
struct ShareHtml<'a> {
    share: &'a Share,
    text: &'a Text,
    is_card: bool,
    /// The message that heads what is folded away.
    more: &'static str,
    whatsapp: String,
    email: String,
    qr: Option<(usize, String)>,
    embed: Option<String>,
    badge: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_card_has_every_way_and_says_nothing_that_the_link_does_not() {
        let (site, _folder) = testing::site();
        let text = testing::text("en");
        let share = Share {
            embed: site.url().join("/embed/farah/home"),
            badge: site.url().join("/u/farah/home/badge.svg"),
            ..Share::new(&site, "Rain & \"coffee\"", "98 days", "/u/farah/home")
        };
        let html = share.card(&text).to_string();
        for part in [
            "value=\"http://127.0.0.1:8080/u/farah/home\"",
            "https://wa.me/?text=Rain%20%26%20%22coffee%22%20http%3A%2F%2F127",
            "mailto:?subject=Rain%20%26",
            "<svg class=\"qr\"",
            "/embed/farah/home",
            "badge.svg",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        let oembed = share.oembed().unwrap();
        assert!(oembed.starts_with("http://127.0.0.1:8080/oembed?url=http%3A%2F%2F"));
        let plain = Share::new(&site, "A", "", "/a");
        assert_eq!(plain.oembed(), None);
        assert!(!plain.row(&text).to_string().contains("iframe"));
    }

    #[test]
    fn a_long_description_is_cut() {
        let (site, _folder) = testing::site();
        let share = Share::new(&site, "A", &"word\n".repeat(100), "/a");
        assert_eq!(share.description.chars().count(), LONGEST + 1);
        assert!(!share.description.contains('\n'));
    }
}
