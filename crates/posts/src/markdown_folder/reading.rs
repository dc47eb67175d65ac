//! Reads a folder of Markdown files as posts, without storing anything.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use platform::{StoreError, Tx};
use site::look;
use web::Site;

use super::context::Reading;
use super::draft;
use super::fields::IMAGE;
use super::front_matter::{self, Document};
use super::{Folder, FolderError, Remark};
use crate::image;
use crate::markdown;

/// The maximum size of a file, in bytes. No text of this size fits into a post.
const LONGEST: u64 = 1 << 20;
/// Endings of texts that programs publish and this import does not read.
const OTHER_TEXTS: &[&str] = &[
    "adoc", "asciidoc", "htm", "html", "ipynb", "mdx", "org", "rst", "textile", "txt",
];

/// Reads a folder with all its subfolders.
pub async fn read(site: &Site, root: &Path) -> Result<Folder, FolderError> {
    let root = root.canonicalize()?;
    let mut files = Vec::new();
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
        hidden: Vec::new(),
        unused: BTreeMap::new(),
    };
    let root = reading.root.clone();
    reading.find(&root, &mut files)?;
    // In Hugo, `_index.md` of a folder may hide what the folder contains.
    files.sort_by_cached_key(|file| (!is_index(file), file.clone()));
    for file in files {
        reading.file(&file).await?;
    }
    for (name, (first, more)) in std::mem::take(&mut reading.unused) {
        let others = match more {
            0 => String::new(),
            1 => ", and in another file".to_owned(),
            more => format!(", and in {more} other files"),
        };
        let words = format!("{name} is not imported{others}");
        reading.folder.remarks.push(Remark { words, ..first });
    }
    Ok(reading.folder)
}

fn is_index(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "_index")
}

impl Reading<'_> {
    /// Finds all Markdown files, except hidden files and files in hidden folders.
    fn find(&mut self, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.find(&path, files)?;
                continue;
            }
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            match &*extension.to_lowercase() {
                "md" | "markdown" | "mdown" | "mkd" => files.push(path),
                other if OTHER_TEXTS.contains(&other) => {
                    self.left_out(&path, 0, format!("{other} cannot be read"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn left_out(&mut self, file: &Path, line: usize, words: impl fmt::Display) {
        self.folder.left_out += 1;
        self.remark(file, line, format!("{words}; the file is not imported"));
    }

    async fn file(&mut self, file: &Path) -> Result<(), FolderError> {
        if file.metadata()?.len() > LONGEST {
            self.left_out(file, 0, "this has more than 1 MiB");
            return Ok(());
        }
        let Ok(text) = String::from_utf8(std::fs::read(file)?) else {
            self.left_out(file, 0, "this is not UTF-8");
            return Ok(());
        };
        let document = match front_matter::read(&text) {
            Ok(document) => document,
            Err((line, words)) => {
                self.left_out(file, line, words);
                return Ok(());
            }
        };
        if is_index(file) {
            let (zone, now) = (&self.site.settings.time_zone, self.site.clock.now());
            let below = draft::hidden(&document.below("cascade"), Path::new(""), zone, now);
            self.hidden
                .extend(below.and_then(|_| Some(file.parent()?.to_owned())));
        }
        let Some(mut post) = self.post(file, &document) else {
            self.folder.left_out += 1;
            return Ok(());
        };
        post.body = self.body(file, &document, &post.body).await?;
        if let Some((line, address)) = document.text(IMAGE) {
            match self.picture(file, &address).await? {
                Some(Ok(stored)) => self.set_image(&mut post, stored).await?,
                Some(Err(words)) => self.remark(file, line, format!("{words}; left out")),
                None => self.remark(file, line, format!("the picture {address:?} is left out, because it is no file of this folder: save it there, and import again")),
            }
        }
        if post.image.is_empty() && !post.image_alt.is_empty() {
            let alt = std::mem::take(&mut post.image_alt);
            self.remark(file, 0, format!("there is no picture that shows {alt:?}"));
        }
        let mut alts = markdown::pictures(&post.body)
            .into_iter()
            .map(|one| one.alt);
        let has_no_alt = !post.image.is_empty() && post.image_alt.is_empty();
        if has_no_alt || alts.any(|alt| alt.is_empty()) {
            let words = "a picture has no description; who changes the post is asked for it";
            self.remark(file, 0, words);
        }
        for entry in document.unused() {
            let first = Remark {
                file: self.within(file).to_owned(),
                line: entry.line,
                words: String::new(),
            };
            let known = self.unused.entry(entry.name.clone());
            known
                .and_modify(|(_, more)| *more += 1)
                .or_insert((first, 0));
        }
        let name = self.within(file).to_owned();
        self.folder.posts.push((name, post));
        Ok(())
    }

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
                    let line = document.body_line + skipped + line - 1;
                    self.remark(
                        file,
                        line,
                        format!("{words}; the text keeps its description"),
                    );
                }
                None => {}
            }
        }
        Ok(markdown::relocate(body, |address, _| {
            new.get(address).cloned()
        }))
    }
}
