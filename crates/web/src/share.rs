//! The previews of pages that other sites show beside links, and the buttons for sharing a page.

use std::fmt::Display;

use askama::Template;

use crate::state::Site;
use crate::text::Text;
use crate::{card_picture, drawn_picture};

/// The maximum length of a description in a preview, in characters.
const LONGEST: usize = 200;

/// The Open Graph type of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShareKind {
    #[default]
    Website,
    Article,
    Profile,
}

impl ShareKind {
    /// The value of `og:type`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Website => "website",
            Self::Article => "article",
            Self::Profile => "profile",
        }
    }
}

/// The preview of a page that everybody with its link can read completely.
#[derive(Clone, Debug)]
pub struct Share {
    pub title: String,
    /// One or two sentences about the page.
    pub description: String,
    /// The full URL of the page.
    pub url: String,
    pub kind: ShareKind,
    /// The full URL of the preview picture.
    pub image: String,
    /// The picture's width and height in pixels.
    pub image_size: (usize, usize),
    pub image_alt: String,
    /// The full URL of the page's version for frames on other sites; empty if there is no such
    /// version.
    pub embed: String,
    /// The full URL of a small picture for other sites; empty if there is no such picture.
    pub badge: String,
    /// Whether other people cannot open the URL, because it is one of this machine or its network.
    pub is_private: bool,
}

impl Share {
    /// Makes a preview of the page at `path`, with a picture that shows the title and description.
    pub fn new(site: &Site, title: &str, description: &str, path: &str) -> Self {
        let description = shortened(description);
        let image = card_picture::address(site, title, &description);
        Self::with_image(site, title, description, path, image)
    }

    /// Like [`Share::new`], with the picture at the full URL `image`.
    pub fn with_image(
        site: &Site,
        title: &str,
        description: String,
        path: &str,
        image: String,
    ) -> Self {
        Self {
            image,
            image_size: (drawn_picture::WIDTH, drawn_picture::HEIGHT),
            image_alt: title.to_owned(),
            title: title.to_owned(),
            description,
            url: site.url().join(path),
            kind: ShareKind::default(),
            embed: String::new(),
            badge: String::new(),
            is_private: site.url().is_private(),
        }
    }

    /// The HTML of an `iframe` for other sites, with its size in pixels; empty if the page cannot
    /// be framed.
    pub fn frame(&self, width: u32, height: u32) -> String {
        if self.embed.is_empty() {
            return String::new();
        }
        let (embed, title) = (&self.embed, quoted(&self.title));
        format!(
            r#"<iframe src="{embed}" title="{title}" width="{width}" height="{height}" style="border:0"></iframe>"#
        )
    }

    /// The oEmbed URL, from which other sites learn how to frame the page.
    pub(crate) fn oembed(&self) -> Option<String> {
        let origin = self.embed.split("/embed/").next()?;
        let url = form_urlencoded::byte_serialize(self.url.as_bytes()).collect::<String>();
        (!self.embed.is_empty()).then(|| format!("{origin}/oembed?url={url}"))
    }

    /// Renders a row of share buttons below a public page.
    pub fn row<'a>(&'a self, text: &'a Text) -> impl Display + 'a {
        self.html(text, false)
    }

    /// Renders a card with the page's link, which the page's author can copy.
    pub fn card<'a>(&'a self, text: &'a Text) -> impl Display + 'a {
        self.html(text, true)
    }

    fn html<'a>(&'a self, text: &'a Text, is_card: bool) -> ShareHtml<'a> {
        let encode = encoded;
        let (title, url) = (&self.title, &self.url);
        ShareHtml {
            share: self,
            text,
            is_card,
            note: self.is_private.then(|| {
                let address = url.split('/').take(3).collect::<Vec<_>>().join("/");
                text.with("address-private", [("address", address.into())])
            }),
            more: if self.embed.is_empty() && self.badge.is_empty() {
                "share-qr"
            } else {
                "share-more"
            },
            whatsapp: format!("https://wa.me/?text={}", encode(&format!("{title} {url}"))),
            email: format!("mailto:?subject={}&body={}", encode(title), encode(url)),
            qr: qr_path(url),
            embed: Some(self.frame(360, 260)).filter(|code| !code.is_empty()),
            badge: (!self.badge.is_empty()).then(|| {
                let (badge, title) = (&self.badge, quoted(title));
                format!(r#"<a href="{url}"><img src="{badge}" alt="{title}"></a>"#)
            }),
        }
    }
}

fn shortened(description: &str) -> String {
    let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// Percent-encodes a string for the query of a `mailto:`, `sms:` or similar URL, where `+` does not
/// mean a space.
pub fn encoded(text: &str) -> String {
    let all = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
    all.to_string()
}

/// The path of an SVG file with the QR code for one of this site's URLs. Pages refer to the file,
/// because encoding a QR code costs several times as much as rendering a page.
fn qr_path(url: &str) -> String {
    format!("/qr.svg?url={}", encoded(url))
}

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
    note: Option<String>,
    more: &'static str,
    whatsapp: String,
    email: String,
    qr: String,
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
            "src=\"/qr.svg?url=http%3A%2F%2F127%2E0%2E0%2E1%3A8080%2Fu%2Ffarah%2Fhome\"",
            "/embed/farah/home",
            "badge.svg",
            "address is http://127.0.0.1:8080. Nobody outside",
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
