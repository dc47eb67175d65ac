//! Reads a folder of Markdown files as posts, without storing anything.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use identity::account::AccountId;
use identity::person::slug;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use platform::text_cleaning::hexadecimal;
use platform::{StoreError, Tx};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use site::look;
use site::resource::Resource;
use web::{Findings, Input, Language, Site, uploaded_image};

use super::front_matter::{self, Document, Entry, Value};
use super::{Folder, FolderError, Remark};
use crate::image;
use crate::markdown;
use crate::post::{Kind, Post, PostId, State};

// Different systems use different keys for the same field.

const TITLE: &[&str] = &["title"];
const SLUG: &[&str] = &["slug", "link", "permalink", "url"];
const DATE: &[&str] = &[
    "date",
    "published_at",
    "published_date",
    "publishdate",
    "pubdate",
    "created",
    "created_at",
];
const CHANGED: &[&str] = &["lastmod", "updated", "updated_at", "modified"];
const TAGS: &[&str] = &["tags", "tag"];
const CATEGORIES: &[&str] = &["categories", "category"];
const SUMMARY: &[&str] = &[
    "summary",
    "excerpt",
    "custom_excerpt",
    "description",
    "meta_description",
];
const KIND: &[&str] = &["kind", "type", "layout"];
const IMAGE: &[&str] = &[
    "image",
    "feature_image",
    "featured_image",
    "cover.image",
    "cover",
];
const IMAGE_ALT: &[&str] = &["image_alt", "feature_image_alt", "cover.alt"];

/// The maximum length of an imported slug. Editors may choose only shorter slugs.
const LONGEST_SLUG: usize = 200;

/// Reads a folder with all its subfolders.
pub async fn read(site: &Site, root: &Path) -> Result<Folder, FolderError> {
    let root = root.canonicalize()?;
    let mut files = Vec::new();
    find(&root, &mut files)?;
    files.sort();
    let look = |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let look = look::find(tx)?;
        look::account(tx, &look)
    };
    let mut reading = Reading {
        author: site.store.read(look).await?,
        site,
        root,
        folder: Folder::default(),
        pictures: BTreeMap::new(),
    };
    for file in files {
        reading.file(&file).await?;
    }
    Ok(reading.folder)
}

/// Finds all Markdown files, except hidden files and files in hidden folders.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            find(&path, files)?;
        } else if name.ends_with(".md") || name.ends_with(".markdown") {
            files.push(path);
        }
    }
    Ok(())
}

/// A picture's new file name, or the reason why the picture cannot be imported.
type Found = Result<String, String>;

struct Reading<'a> {
    site: &'a Site,
    author: Option<AccountId>,
    root: PathBuf,
    folder: Folder,
    /// The pictures that have been read so far, by path.
    pictures: BTreeMap<PathBuf, Found>,
}

impl Reading<'_> {
    fn problem(&mut self, file: &Path, line: usize, words: impl Into<String>) {
        self.folder.problems.push(Remark {
            file: file.strip_prefix(&self.root).unwrap_or(file).to_owned(),
            line,
            words: words.into(),
        });
    }

    async fn file(&mut self, file: &Path) -> Result<(), FolderError> {
        let Ok(text) = String::from_utf8(std::fs::read(file)?) else {
            self.problem(file, 0, "this is no UTF-8");
            return Ok(());
        };
        let document = match front_matter::read(&text) {
            Ok(document) => document,
            Err((line, words)) => {
                self.problem(file, line, words);
                return Ok(());
            }
        };
        let Some(mut post) = self.post(file, &document) else {
            return Ok(());
        };
        post.body = self.body(file, &document, &post.body).await?;
        if let Some((line, address)) = document.text(IMAGE) {
            match self.picture(file, &address).await? {
                Some(Ok(stored)) => self.set_image(&mut post, stored).await?,
                Some(Err(words)) => self.problem(file, line, words),
                None => {}
            }
        }
        if post.image.is_empty() {
            post.image_alt = String::new();
        }
        let mut alts = markdown::pictures(&post.body)
            .into_iter()
            .map(|one| one.alt);
        let has_no_alt = !post.image.is_empty() && post.image_alt.is_empty();
        if has_no_alt || alts.any(|alt| alt.is_empty()) {
            self.folder.remarks.push(Remark {
                file: file.strip_prefix(&self.root).unwrap_or(file).to_owned(),
                line: 0,
                words: "a picture has no description; who changes the post is asked for it"
                    .to_owned(),
            });
        }
        let name = file.strip_prefix(&self.root).unwrap_or(file).to_owned();
        self.folder.posts.push((name, post));
        Ok(())
    }

    /// Makes a post from the front matter and text of a file. Problems are added to the folder's
    /// `problems`.
    fn post(&mut self, file: &Path, document: &Document) -> Option<Post> {
        let now = self.site.clock.now();
        let body = document.body.trim_start_matches('\n').trim_end();
        let kind = self.kind(file, document);
        let name = FileName::of(file);
        let (title, body) = match (document.text(TITLE), kind) {
            (_, Kind::Note) => (String::new(), body.to_owned()),
            (Some((_, title)), _) => (title, body.to_owned()),
            // Without a title in the front matter, the first heading becomes the title.
            (None, _) => match body.strip_prefix("# ").map(|rest| rest.split_once('\n')) {
                Some(Some((title, rest))) => {
                    (title.trim().to_owned(), rest.trim_start().to_owned())
                }
                _ => (name.title.clone(), body.to_owned()),
            },
        };
        let published_at = self.date(file, document, DATE).or(name.date);
        let changed_at = self.date(file, document, CHANGED);
        let is_draft = document.flag("draft") == Some(true)
            || document.flag("published") == Some(false)
            || document
                .text(&["status"])
                .is_some_and(|(_, word)| word == "draft");
        let id = document
            .text(&["id"])
            .and_then(|(_, id)| id.parse::<PostId>().ok());
        let id = id.or_else(|| self.id_of(file, &title))?;
        let mut tags = document.list(TAGS);
        tags.extend(document.list(CATEGORIES));
        let sent = json!({
            "title": title,
            "body": body,
            "excerpt": document.text(SUMMARY).filter(|_| kind != Kind::Note).map_or(String::new(), |(_, text)| text),
            "tags": if kind == Kind::Page { Vec::new() } else { tags },
            "image_alt": document.text(IMAGE_ALT).map_or(String::new(), |(_, text)| text),
        });
        let mut findings = Findings::default();
        let blank = Post {
            author_id: self.author.clone(),
            ..Post::blank(id, kind)
        };
        let mut post =
            Input::from(sent).apply(Post::FIELDS, &blank, false, &TimeZone::UTC, &mut findings);
        post.slug = self.slug(file, document, kind, &name, &post.title);
        post.published_at = published_at;
        post.state = match (is_draft, document.flag("withdrawn")) {
            (true, _) => State::Draft,
            (false, Some(true)) => State::Withdrawn,
            (false, _) => State::Published,
        };
        if post.state != State::Draft {
            let at = published_at.unwrap_or(now);
            (post.published_at, post.first_published_at) = (Some(at), Some(at));
            if at > now && post.state == State::Published {
                post.state = State::Scheduled;
            }
        }
        post.updated_at = changed_at.or(published_at).unwrap_or(now);
        if kind == Kind::Note {
            findings.text("/body", &post.body, crate::post::NOTE);
        } else if post.title.is_empty() && !findings.has("/title") {
            findings.add("/title", "required", []);
        }
        self.tell(file, document, findings);
        Some(post)
    }

    /// Adds the validation errors of a post to the folder's problems, each with its line number.
    fn tell(&mut self, file: &Path, document: &Document, findings: Findings) {
        let Err(errors) = findings.finish() else {
            return;
        };
        let text = self.site.catalogue.speak(&Language::of("en"));
        for error in errors {
            let field = error.pointer.trim_start_matches('/');
            let field = field.split('/').next().unwrap_or_default();
            let keys = match field {
                "title" => TITLE,
                "excerpt" => SUMMARY,
                "tags" => TAGS,
                "image_alt" => IMAGE_ALT,
                _ => &[],
            };
            let line = document
                .find(keys)
                .map_or(document.body_line, |entry| entry.line);
            self.problem(file, line, format!("{field}: {}", error.detail(&text)));
        }
    }

    fn kind(&mut self, file: &Path, document: &Document) -> Kind {
        if document.flag("is_page") == Some(true) {
            return Kind::Page;
        }
        let said = document.text(KIND);
        match said.as_ref().map(|(_, word)| word.as_str()) {
            Some("page") => Kind::Page,
            Some("note") => Kind::Note,
            Some("article" | "post" | "posts" | "blog") | None => Kind::Article,
            // An unknown post type from another system becomes an article. Only this site's own
            // exports have the key `kind`, so an unknown value of `kind` is an error.
            Some(word) => {
                if let (Some(entry), true) = (document.find(&["kind"]), Kind::find(word).is_none())
                {
                    let words = format!("{word:?} is no kind of post: article, note or page");
                    self.problem(file, entry.line, words);
                }
                Kind::Article
            }
        }
    }

    fn slug(
        &mut self,
        file: &Path,
        document: &Document,
        kind: Kind,
        name: &FileName,
        title: &str,
    ) -> String {
        if kind == Kind::Note {
            return String::new();
        }
        let Some((line, given)) = document.text(SLUG) else {
            let of_name = [&*name.title, title].map(slug::from_name);
            let found = of_name.into_iter().find(|slug| !slug.is_empty());
            return found.unwrap_or_else(|| "post".to_owned());
        };
        // The slug may be given as a path, with a trailing slash.
        let given = given.trim_end_matches('/');
        let last = given.rsplit('/').next().unwrap_or_default();
        let last = last.strip_suffix(".html").unwrap_or(last);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if last.is_empty() || last.len() > LONGEST_SLUG || !last.chars().all(is_plain) {
            let words = format!("{last:?} is no slug: small letters, digits and hyphens");
            self.problem(file, line, words);
        }
        last.to_owned()
    }

    fn date(&mut self, file: &Path, document: &Document, keys: &[&str]) -> Option<Timestamp> {
        let (line, words) = document.text(keys)?;
        let at = instant(&words, &self.site.settings.time_zone);
        if at.is_none() {
            self.problem(file, line, format!("{words:?} is no date"));
        }
        at
    }

    /// The post's id. It depends only on the file's path and the title, so that importing a post
    /// twice does not duplicate it.
    fn id_of(&self, file: &Path, title: &str) -> Option<PostId> {
        let path = file.strip_prefix(&self.root).unwrap_or(file);
        let name = format!("{}\0{title}", path.display());
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

    /// The text of a post, with the new paths of its pictures.
    async fn body(
        &mut self,
        file: &Path,
        document: &Document,
        body: &str,
    ) -> Result<String, FolderError> {
        let mut asked = Vec::new();
        markdown::relocate(body, |address, line| {
            asked.push((address.to_owned(), line));
            None
        });
        let skipped = document.body.len() - document.body.trim_start_matches('\n').len();
        let mut new = BTreeMap::new();
        for (address, line) in asked {
            match self.picture(file, &address).await? {
                Some(Ok(stored)) => {
                    new.insert(address, image::path(&stored));
                }
                Some(Err(words)) => {
                    self.problem(file, document.body_line + skipped + line - 1, words);
                }
                None => {}
            }
        }
        Ok(markdown::relocate(body, |address, _| {
            new.get(address).cloned()
        }))
    }

    /// Finds the picture to which `address` in a file refers. Returns `None` if the picture is on
    /// another site or already stored.
    async fn picture(&mut self, file: &Path, address: &str) -> Result<Option<Found>, FolderError> {
        let is_elsewhere = address.starts_with("//") || address.contains("://");
        if is_elsewhere || address.starts_with("data:") {
            return Ok(None);
        }
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let below = |folder: &Path| folder.join(path.trim_start_matches('/'));
        let beside = file.parent().filter(|_| !path.starts_with('/'));
        let places = beside.into_iter().map(below);
        let places = places.chain([below(&self.root), below(&self.root.join("static"))]);
        let found = places
            .filter_map(|place| place.canonicalize().ok())
            .find(|place| place.starts_with(&self.root) && place.is_file());
        let Some(found) = found else {
            let kept = image::file(address).and_then(|file| image::FOLDER.key(file).ok());
            if let Some(key) = kept
                && self.site.files.open(&key).await?.is_some()
            {
                return Ok(None);
            }
            return Ok(Some(Err(format!("there is no picture {address:?}"))));
        };
        if let Some(known) = self.pictures.get(&found) {
            return Ok(Some(known.clone()));
        }
        let stored = self.keep(&found).await?;
        self.pictures.insert(found, stored.clone());
        Ok(Some(stored))
    }

    /// Reads a picture's file. If the picture was exported from a Kenduri site, it keeps its file
    /// name.
    async fn keep(&mut self, path: &Path) -> Result<Found, FolderError> {
        let sent = Bytes::from(std::fs::read(path)?);
        let shown = path.strip_prefix(&self.root).unwrap_or(path).display();
        let photo = if sent.len() > self.site.files.max_upload() {
            None
        } else {
            uploaded_image::read_again(sent).await
        };
        let Some(photo) = photo else {
            return Ok(Err(format!(
                "{shown} is no picture (JPEG, PNG or WebP), or is too large"
            )));
        };
        let ending = format!("-{}x{}.{}", photo.width, photo.height, photo.extension);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(&ending) && image::is_name(&name) {
            match self.kept(&name).await? {
                Some(bytes) if bytes == photo.bytes => return Ok(Ok(name.into_owned())),
                Some(_) => {}
                None => {
                    let file = name.into_owned();
                    self.folder.pictures.push((file.clone(), photo.bytes));
                    return Ok(Ok(file));
                }
            }
        }
        let stem = platform::id::generate_random(&self.site.random);
        let file = format!("{stem}{ending}");
        self.folder.pictures.push((file.clone(), photo.bytes));
        Ok(Ok(file))
    }

    /// The content of a picture that this import has read or that is already stored.
    async fn kept(&self, file: &str) -> Result<Option<Bytes>, FolderError> {
        let mut new = self.folder.pictures.iter();
        if let Some((_, bytes)) = new.find(|(name, _)| name == file) {
            return Ok(Some(bytes.clone()));
        }
        Ok(stored(self.site, file).await?)
    }

    async fn set_image(&self, post: &mut Post, file: String) -> Result<(), FolderError> {
        let bytes = self.kept(&file).await?.map_or(0, |bytes| bytes.len());
        let (width, height) = web::picture_folder::dimensions(&file).unwrap_or_default();
        post.image_width = width.into();
        post.image_height = height.into();
        post.image_bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        post.image = file;
        Ok(())
    }
}

pub(super) async fn stored(site: &Site, file: &str) -> io::Result<Option<Bytes>> {
    let key = image::FOLDER.key(file).map_err(io::Error::other)?;
    let Some(mut opened) = site.files.open(&key).await? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut opened, &mut bytes)?;
    Ok(Some(bytes.into()))
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

/// Parses an instant in one of the formats that other systems write.
fn instant(words: &str, zone: &TimeZone) -> Option<Timestamp> {
    let words = words.trim();
    if let Ok(at) = words.parse::<Timestamp>() {
        return Some(at);
    }
    for format in [
        "%Y-%m-%d %H:%M:%S %z",
        "%Y-%m-%d %H:%M %z",
        "%Y-%m-%d %H:%M:%S %Z",
    ] {
        if let Ok(at) = Timestamp::strptime(format, words) {
            return Some(at);
        }
    }
    let local = words.parse::<DateTime>();
    let local = local.or_else(|_| DateTime::strptime("%Y-%m-%d %H:%M", words));
    let local = local.or_else(|_| words.parse::<Date>().map(Date::into));
    Some(local.ok()?.to_zoned(zone.clone()).ok()?.timestamp())
}

impl Document {
    fn find(&self, keys: &[&str]) -> Option<&Entry> {
        let mut found = keys.iter().filter_map(|key| self.entries.get(*key));
        found.find(|entry| entry.value != Value::Nothing)
    }

    fn text(&self, keys: &[&str]) -> Option<(usize, String)> {
        let texts = keys.iter().filter_map(|key| self.entries.get(*key));
        let mut texts = texts.filter_map(|entry| match &entry.value {
            Value::Text(text) if !text.is_empty() => Some((entry.line, text.clone())),
            Value::List(items) => Some((entry.line, items.first()?.clone())),
            _ => None,
        });
        texts.next()
    }

    fn list(&self, keys: &[&str]) -> Vec<String> {
        match self.find(keys).map(|entry| &entry.value) {
            Some(Value::List(items)) => items.clone(),
            Some(Value::Text(text)) => web::tags::split(text).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    fn flag(&self, key: &str) -> Option<bool> {
        match self.entries.get(key)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }
}
