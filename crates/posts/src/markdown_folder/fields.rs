//! Makes a post of the front matter and the text of a file. What does not fit into a field is
//! shortened or left out, and remarked.

use std::path::Path;

use identity::person::slug;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use platform::text_cleaning::{self, hexadecimal};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use site::resource::Resource;
use web::{Findings, Input, Language};

use super::context::Reading;
use super::dates::{DATE, instant};
use super::draft;
use super::front_matter::Document;
use crate::post::{Kind, NOTE, Post, PostId, State};

// Different systems use different keys for the same field.

const TITLE: &[&str] = &["title"];
const SLUG: &[&str] = &["slug", "link", "permalink", "url"];
const CHANGED: &[&str] = &["lastmod", "updated", "updatedat", "modified"];
const TAGS: &[&str] = &["tags", "tag"];
const CATEGORIES: &[&str] = &["categories", "category"];
const SUMMARY: &[&str] = &[
    "summary",
    "excerpt",
    "customexcerpt",
    "description",
    "metadescription",
];
const KIND: &[&str] = &["kind", "type", "layout"];
pub(super) const IMAGE: &[&str] = &[
    "image",
    "featureimage",
    "featuredimage",
    "cover.image",
    "cover",
    "image.path",
    "header.image",
];
const IMAGE_ALT: &[&str] = &["imagealt", "featureimagealt", "cover.alt", "image.alt"];

/// The maximum length of an imported slug. Editors may choose only shorter slugs.
const LONGEST_SLUG: usize = 200;
/// The limits of a post's fields, see [`Post`].
const TITLE_LENGTH: usize = 200;
const EXCERPT_LENGTH: usize = 300;
const ALT_LENGTH: usize = 300;
const TAG_LENGTH: usize = 40;
const TAG_COUNT: usize = 20;

impl Reading<'_> {
    /// Makes a post. `None` if the file cannot be imported, which a remark says.
    pub(super) fn post(&mut self, file: &Path, document: &Document) -> Option<Post> {
        let now = self.site.clock.now();
        let zone = self.site.settings.time_zone.clone();
        let body = document.body.trim_start_matches('\n').trim_end();
        let name = FileName::of(file);
        let mut kind = kind(document);
        if kind == Kind::Note && text_cleaning::length(body) > NOTE {
            let words = format!("a note has at most {NOTE} characters; imported as an article");
            self.remark(file, 0, words);
            kind = Kind::Article;
        }
        let titled = (kind != Kind::Note).then(|| document.text(TITLE));
        let (title, body) = match titled {
            None => (String::new(), body.to_owned()),
            Some(Some((_, title))) => (title, body.to_owned()),
            // Without a title in the front matter, the first heading becomes the title.
            Some(None) => match body.strip_prefix("# ").map(|rest| rest.split_once('\n')) {
                Some(Some((title, rest))) if !title.trim().is_empty() => {
                    (title.trim().to_owned(), rest.trim_start().to_owned())
                }
                _ => (name.title.clone(), body.to_owned()),
            },
        };
        let id = self.id(file, document, &title)?;
        let title = self.shortened(file, document, TITLE, &title, TITLE_LENGTH);
        let title = match &*title {
            "" if kind != Kind::Note => "-".to_owned(),
            title => title.to_owned(),
        };
        let excerpt = match kind {
            Kind::Note => None,
            Kind::Article | Kind::Page => document.text(SUMMARY),
        };
        let excerpt = excerpt.map(|(_, text)| text).unwrap_or_default();
        let alt = document.text(IMAGE_ALT).map(|(_, text)| text);
        let sent = json!({
            "title": title,
            "body": body,
            "excerpt": self.shortened(file, document, SUMMARY, &excerpt, EXCERPT_LENGTH),
            "tags": if kind == Kind::Page { Vec::new() } else { self.tags(file, document) },
            "image_alt": self.shortened(
                file, document, IMAGE_ALT, &alt.unwrap_or_default(), ALT_LENGTH,
            ),
        });
        let mut findings = Findings::default();
        let blank = Post {
            author_id: self.author.clone(),
            ..Post::blank(id, kind)
        };
        let mut post =
            Input::from(sent).apply(Post::FIELDS, &blank, false, &TimeZone::UTC, &mut findings);
        if let Err(errors) = findings.finish() {
            let text = self.site.catalogue.speak(&Language::of("en"));
            for error in errors {
                let field = error.pointer.trim_start_matches('/');
                let words = format!("{field}: {}; the file is not imported", error.detail(&text));
                self.remark(file, document.body_line, words);
            }
            return None;
        }
        if kind != Kind::Note {
            post.slug = self.slug(file, document, &name, &post.title);
        }
        let dates = self.dates(file, document, &zone, now);
        let published_at = dates.published_at.or(name.date);
        let hidden = draft::hidden(document, self.within(file), &zone, now)
            .or_else(|| self.hidden_by_folder(file));
        if let Some((line, words)) = hidden
            .as_ref()
            .and_then(|one| Some((one.line, one.words.as_ref()?)))
        {
            self.remark(file, line, format!("{words}; imported as a draft"));
        }
        let is_draft = hidden.is_some() || dates.is_unread;
        post.published_at = published_at;
        post.state = match document.find(&["withdrawn"]) {
            _ if is_draft => State::Draft,
            None => State::Published,
            Some(entry) => match entry.flag() {
                Some(is_withdrawn) => {
                    entry.set_used();
                    if is_withdrawn {
                        State::Withdrawn
                    } else {
                        State::Published
                    }
                }
                // The remark about unused values names it.
                None => State::Draft,
            },
        };
        if post.state != State::Draft {
            let at = published_at.unwrap_or(now);
            (post.published_at, post.first_published_at) = (Some(at), Some(at));
            if at > now && post.state == State::Published {
                post.state = State::Scheduled;
            }
        }
        post.updated_at = dates.changed_at.or(published_at).unwrap_or(now);
        Some(post)
    }

    /// The post's id. Without one in the front matter it depends only on the file's path and the
    /// title, so that importing a post twice does not duplicate it.
    fn id(&self, file: &Path, document: &Document, title: &str) -> Option<PostId> {
        if let Some(entry) = document.find(&["id"])
            && let Some(Ok(id)) = entry.text().map(str::parse)
        {
            entry.set_used();
            return Some(id);
        }
        let name = format!("{}\0{title}", self.within(file).display());
        let hash = hexadecimal(&Sha256::digest(name.as_bytes()));
        // A version 8 UUID (RFC 9562) may have any content.
        let parts = [
            &hash[..8],
            &hash[8..12],
            &hash[13..16],
            &hash[17..20],
            &hash[20..32],
        ];
        let [first, second, third, fourth, last] = parts;
        format!("{first}-{second}-8{third}-8{fourth}-{last}")
            .parse()
            .ok()
    }

    fn shortened(
        &mut self,
        file: &Path,
        document: &Document,
        keys: &[&str],
        text: &str,
        most: usize,
    ) -> String {
        let text = text_cleaning::clean(text);
        if text_cleaning::length(&text) <= most {
            return text;
        }
        let entry = document.find(keys);
        let (line, name) = entry.map_or((0, keys[0]), |entry| (entry.line, &*entry.name));
        let words = format!("{name} has more than {most} characters; shortened");
        self.remark(file, line, words);
        let cut: String = text.chars().take(most - 1).collect();
        let cut = match cut.rfind(char::is_whitespace) {
            Some(end) => &cut[..end],
            None => &cut,
        };
        format!("{}…", cut.trim_end())
    }

    fn tags(&mut self, file: &Path, document: &Document) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        let mut left_out = Vec::new();
        for tag in [document.list(TAGS), document.list(CATEGORIES)].concat() {
            let tag = text_cleaning::clean_line(&tag);
            if tag.is_empty() || kept.contains(&tag) {
                continue;
            }
            let is_short = text_cleaning::length(&tag) <= TAG_LENGTH;
            if is_short && kept.len() < TAG_COUNT {
                kept.push(tag);
            } else {
                left_out.push(tag);
            }
        }
        if !left_out.is_empty() {
            let keys = [TAGS, CATEGORIES].concat();
            let line = document.find(&keys).map_or(0, |entry| entry.line);
            let limits = format!("{TAG_COUNT} tags of {TAG_LENGTH} characters");
            let words = format!(
                "a post has at most {limits}; left out: {}",
                left_out.join(", ")
            );
            self.remark(file, line, words);
        }
        kept
    }

    fn slug(&mut self, file: &Path, document: &Document, name: &FileName, title: &str) -> String {
        for key in SLUG {
            let Some(entry) = document.find(&[key]) else {
                continue;
            };
            let text = entry.text().unwrap_or_default();
            // What is left is remarked as unused.
            let Some((slug, is_exact)) = slug_of(key, text) else {
                continue;
            };
            entry.set_used();
            if !is_exact {
                self.remark(file, entry.line, format!("{key} {text:?} becomes {slug:?}"));
            }
            return slug;
        }
        let of_name = [&*name.title, title].map(slug::from_name);
        let found = of_name.into_iter().find(|slug| !slug.is_empty());
        found.unwrap_or_else(|| "post".to_owned())
    }

    fn dates(
        &mut self,
        file: &Path,
        document: &Document,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Dates {
        let mut dates = Dates::default();
        let mut later = None;
        for key in DATE {
            let Some(entry) = document.find(&[key]) else {
                continue;
            };
            let text = entry.text().unwrap_or_default();
            // Some programs write here whether the post is published.
            if entry.flag().is_some() && matches!(*key, "published" | "publish" | "scheduled") {
                continue;
            }
            match instant(text, zone) {
                // A post is not public before the last of its dates.
                Some(at) if at > now && !key.starts_with("created") => {
                    entry.set_used();
                    later = later.max(Some(at));
                }
                Some(at) if dates.published_at.is_none() => {
                    entry.set_used();
                    dates.published_at = Some(at);
                }
                Some(_) => {}
                None => {
                    entry.set_used();
                    let words = format!("{} is not a date: {text:?}", entry.name);
                    self.remark(file, entry.line, format!("{words}; imported as a draft"));
                    dates.is_unread = true;
                }
            }
        }
        dates.published_at = later.or(dates.published_at);
        if let Some((line, text)) = document.text(CHANGED) {
            dates.changed_at = instant(&text, zone);
            if dates.changed_at.is_none() {
                self.remark(file, line, format!("{text:?} is not a date"));
            }
        }
        dates
    }
}

#[derive(Default)]
struct Dates {
    published_at: Option<Timestamp>,
    changed_at: Option<Timestamp>,
    /// Whether a date cannot be read, which might be in the future.
    is_unread: bool,
}

fn kind(document: &Document) -> Kind {
    if let Some(entry) = document.find(&["ispage"])
        && let Some(is_page) = entry.flag()
    {
        entry.set_used();
        if is_page {
            return Kind::Page;
        }
    }
    let said = KIND.iter().filter_map(|key| document.find(&[key]));
    let mut known = said.filter_map(|entry| {
        let kind = match entry.text()? {
            "page" => Kind::Page,
            "note" => Kind::Note,
            "article" | "post" | "posts" | "blog" => Kind::Article,
            _ => return None,
        };
        entry.set_used();
        Some(kind)
    });
    known.next().unwrap_or(Kind::Article)
}

/// Makes a slug of an address, and says whether it is the address's own end. `None` if the address
/// is a pattern, or another site's.
fn slug_of(key: &str, text: &str) -> Option<(String, bool)> {
    let path = match text.split_once("://") {
        Some(_) if key == "link" => return None,
        Some((_, rest)) => rest.split_once('/')?.1,
        None if matches!(text, "true" | "false") => return None,
        None => text,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_end_matches("index.html").trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let last = last.strip_suffix(".html").unwrap_or(last);
    if last.is_empty() || last.starts_with(':') || last.contains(['{', '<']) {
        return None;
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if last.len() <= LONGEST_SLUG && last.chars().all(is_plain) {
        return Some((last.to_owned(), true));
    }
    let last = percent_decode_str(last).decode_utf8_lossy();
    let slug = slug::from_name(&last);
    (!slug.is_empty()).then_some((slug, false))
}

/// The title and the date that a file name contains. In Jekyll, the name begins with the date.
struct FileName {
    title: String,
    date: Option<Timestamp>,
}

impl FileName {
    fn of(file: &Path) -> Self {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        // In Hugo, a post may be a folder with the file `index.md`. The folder's name is then the
        // post's name.
        let folder = file.parent().and_then(Path::file_name);
        let stem = match (&*stem, folder) {
            ("index" | "_index", Some(folder)) => folder.to_string_lossy().into_owned(),
            (stem, _) => stem.to_owned(),
        };
        let (date, title) = match (stem.get(..10), stem.get(10..)) {
            (Some(day), Some(rest)) if day.parse::<Date>().is_ok() => (
                instant(day, &TimeZone::UTC),
                rest.trim_start_matches('-').to_owned(),
            ),
            _ => (None, stem),
        };
        Self { title, date }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_give_slugs() {
        for (key, text, slug) in [
            ("slug", "my-post", Some(("my-post", true))),
            ("slug", "my_post", Some(("my-post", false))),
            ("slug", "My-Post", Some(("my-post", false))),
            ("slug", "v1.2-released", Some(("v1-2-released", false))),
            ("slug", "Not a slug", Some(("not-a-slug", false))),
            ("slug", "caf%C3%A9", Some(("cafe", false))),
            ("slug", "雨", None),
            ("link", "short", Some(("short", true))),
            ("link", "https://example.org/x", None),
            ("url", "https://example.org/2020/x/?p=1", Some(("x", true))),
            ("url", "https://example.org", None),
            ("permalink", "/2020/01/x.html", Some(("x", true))),
            ("permalink", "/x/index.html", Some(("x", true))),
            ("permalink", "/:categories/:title/", None),
            ("permalink", "{{ page.fileSlug }}/", None),
            ("permalink", "false", None),
            ("permalink", "/", None),
        ] {
            let found = slug_of(key, text);
            let found = found.as_ref().map(|(slug, exact)| (slug.as_str(), *exact));
            assert_eq!(found, slug, "{key} {text}");
        }
    }
}
