//! Feeds of published posts: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::{Value, json};

use web::uploaded_image;

use crate::image;
use crate::markdown;
use crate::post::{Kind, Post};

/// The maximum number of posts in a feed.
pub const LENGTH: i64 = 50;

/// The content of a feed, independent of the feed's format.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The kind of posts in the feed: articles or notes.
    pub kind: Kind,
    pub title: String,
    /// The site's URL, such as `https://example.my`.
    pub origin: String,
    pub host: String,
    pub url: String,
    /// When the most recently changed post was changed. For a feed without posts, when the site was
    /// set up.
    pub updated: Timestamp,
    pub posts: Vec<Post>,
}

struct Item<'a> {
    /// The entry's id, a tag URI (RFC 4151) that stays the same if the slug changes.
    id: String,
    url: String,
    title: &'a str,
    html: String,
    excerpt: String,
    published: Timestamp,
    updated: Timestamp,
    tags: &'a [String],
    enclosure: Option<Enclosure>,
}

struct Enclosure {
    url: String,
    media_type: &'static str,
    bytes: i64,
}

impl Enclosure {
    fn of(post: &Post, origin: &str) -> Option<Self> {
        Some(Self {
            url: format!("{origin}{}", image::path(&post.image)),
            media_type: uploaded_image::media_type(&post.image)?,
            bytes: post.image_bytes,
        })
    }

    /// `address` is the name of the attribute for the URL: `href` or `url`.
    fn attributes(&self, address: &str) -> String {
        format!(
            "{address}=\"{}\" length=\"{}\" type=\"{}\"",
            escape(&self.url),
            self.bytes,
            self.media_type
        )
    }
}

impl Feed {
    fn home(&self) -> String {
        format!("{}{}", self.origin, home(self.kind))
    }

    fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.posts.iter().filter_map(|post| {
            let first = post.first_published_at?;
            let published = post.published_at?;
            let day = first.strftime("%Y-%m-%d");
            Some(Item {
                id: format!("tag:{},{day}:post/{}", self.host, post.id),
                url: format!("{}{}", self.origin, path(post)),
                title: &post.title,
                html: markdown::html(&post.body, &self.origin),
                excerpt: post.excerpt(),
                published,
                updated: changed(post),
                tags: &post.tags,
                enclosure: Enclosure::of(post, &self.origin),
            })
        })
    }

    pub fn rss(&self) -> String {
        let mut xml = format!(
            "{XML}<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n\
             <title>{title}</title>\n<link>{home}</link>\n<description>{title}</description>\n\
             <atom:link rel=\"self\" type=\"application/rss+xml\" href=\"{own}\"/>\n\
             <lastBuildDate>{updated}</lastBuildDate>\n",
            title = escape(&self.title),
            home = escape(&self.home()),
            own = escape(&self.url),
            updated = in_mail(self.updated),
        );
        for item in self.items() {
            xml.push_str("<item>\n");
            if !item.title.is_empty() {
                element(&mut xml, "title", item.title);
            }
            element(&mut xml, "link", &item.url);
            let id = escape(&item.id);
            let _ = writeln!(xml, "<guid isPermaLink=\"false\">{id}</guid>");
            element(&mut xml, "pubDate", &in_mail(item.published));
            element(&mut xml, "description", &item.html);
            for tag in item.tags {
                element(&mut xml, "category", tag);
            }
            if let Some(enclosure) = item.enclosure {
                let _ = writeln!(xml, "<enclosure {}/>", enclosure.attributes("url"));
            }
            xml.push_str("</item>\n");
        }
        xml.push_str("</channel>\n</rss>\n");
        xml
    }

    pub fn atom(&self) -> String {
        let kind = self.kind.word();
        let mut xml = format!(
            "{XML}<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
             <id>tag:{host},2026:feed/{kind}</id>\n<title>{title}</title>\n\
             <updated>{updated}</updated>\n<author><name>{title}</name></author>\n\
             <link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{home}\"/>\n",
            host = escape(&self.host),
            title = escape(&self.title),
            updated = self.updated,
            own = escape(&self.url),
            home = escape(&self.home()),
        );
        for item in self.items() {
            xml.push_str("<entry>\n");
            element(&mut xml, "id", &item.id);
            // Atom requires a title for every entry. A note has no title, so its first words are
            // used.
            let title = [item.title, &item.excerpt];
            element(&mut xml, "title", title[usize::from(item.title.is_empty())]);
            let url = escape(&item.url);
            let _ = writeln!(
                xml,
                "<link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/>"
            );
            element(&mut xml, "published", &item.published.to_string());
            element(&mut xml, "updated", &item.updated.to_string());
            element(&mut xml, "summary", &item.excerpt);
            for tag in item.tags {
                let _ = writeln!(xml, "<category term=\"{}\"/>", escape(tag));
            }
            if let Some(enclosure) = item.enclosure {
                let attributes = enclosure.attributes("href");
                let _ = writeln!(xml, "<link rel=\"enclosure\" {attributes}/>");
            }
            let html = escape(&item.html);
            let _ = writeln!(xml, "<content type=\"html\">{html}</content>\n</entry>");
        }
        xml.push_str("</feed>\n");
        xml
    }

    pub fn json(&self) -> String {
        let items = self.items().map(|item| {
            let mut json = json!({
                "id": item.id,
                "url": item.url,
                "content_html": item.html,
                "summary": item.excerpt,
                "date_published": item.published,
                "date_modified": item.updated,
                "tags": item.tags,
            });
            if !item.title.is_empty() {
                json["title"] = Value::from(item.title);
            }
            if let Some(enclosure) = item.enclosure {
                json["image"] = Value::from(enclosure.url.as_str());
                json["attachments"] = json!([{
                    "url": enclosure.url,
                    "mime_type": enclosure.media_type,
                    "size_in_bytes": enclosure.bytes,
                }]);
            }
            json
        });
        let feed = json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.title,
            "home_page_url": self.home(),
            "feed_url": self.url,
            "items": items.collect::<Vec<_>>(),
        });
        feed.to_string()
    }
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The path of the page that lists all posts of this kind.
pub fn home(kind: Kind) -> &'static str {
    match kind {
        Kind::Article => "/blog",
        Kind::Note => "/notes",
        Kind::Page => "/",
    }
}

pub fn path(post: &Post) -> String {
    match post.kind {
        Kind::Article => format!("/blog/{}", post.slug),
        Kind::Note => format!("/notes/{}", post.id),
        Kind::Page => format!("/p/{}", post.slug),
    }
}

/// When readers last saw a change to this post. Edits before its publication do not count.
pub fn changed(post: &Post) -> Timestamp {
    let published = post.published_at.unwrap_or(post.updated_at);
    post.updated_at.max(published)
}

fn in_mail(at: Timestamp) -> String {
    rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
}

fn element(xml: &mut String, name: &str, text: &str) {
    let _ = writeln!(xml, "<{name}>{}</{name}>", escape(text));
}

/// Escapes text for XML 1.0. Characters that XML 1.0 cannot express become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
