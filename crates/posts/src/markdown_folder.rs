//! Imports and exports posts as a folder of Markdown files and pictures. An imported folder may
//! come from another system.

mod context;
mod dates;
mod draft;
mod fields;
mod front_matter;
mod pictures;
mod reading;
mod writing;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;

use axum::body::Bytes;
use platform::audit::{Actor, Entity, Entry};
use platform::{StoreError, Tx, sql};
use serde_json::json;
use web::Site;

pub use reading::read;
pub use writing::write;

use crate::editing;
use crate::image;
use crate::post::{Post, PostId};

/// A problem in an imported file, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub file: PathBuf,
    /// The line number; 0 if the remark is about the whole file.
    pub line: usize,
    /// The description of the problem, without a full stop.
    pub words: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file.display(), self.words),
            line => write!(f, "{}:{line}: {}", self.file.display(), self.words),
        }
    }
}

/// The parsed content of an imported folder.
#[derive(Debug, Default)]
pub struct Folder {
    posts: Vec<(PathBuf, Post)>,
    pictures: Vec<(String, Bytes)>,
    /// How many files cannot be imported. A remark names each one.
    left_out: usize,
    /// What is not imported as it was, or should be checked by a person.
    pub remarks: Vec<Remark>,
}

/// How many posts and pictures were imported or exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub new: usize,
    /// Posts that already exist. The import leaves them unchanged.
    pub known: usize,
    pub pictures: usize,
    /// Files that were not imported.
    pub left_out: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The dry run succeeded and stored nothing. Contains the counts that a real import would
    /// return, and its remarks.
    #[error("nothing was written")]
    Tried(Counts, Vec<Remark>),
    #[error("cannot write the picture {0}\n  the folder must be writable and have room")]
    Picture(String),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports all posts of a folder, and returns all remarks about them. With `is_dry`, the import is
/// rolled back at its end.
pub async fn import(
    site: &Site,
    folder: Folder,
    is_dry: bool,
) -> Result<(Counts, Vec<Remark>), FolderError> {
    let start = Counts {
        pictures: folder.pictures.len(),
        left_out: folder.left_out,
        ..Counts::default()
    };
    if !is_dry {
        // If the import fails later, no post uses these pictures. They are then deleted after a
        // day.
        for (file, bytes) in folder.pictures {
            let put = image::FOLDER.put(site, &file, bytes).await;
            put.map_err(|_| FolderError::Picture(file))?;
        }
    }
    let (posts, mut remarks) = (folder.posts, folder.remarks);
    let change = move |tx: &mut Tx<'_>| {
        let (counts, remarks) = insert(tx, &posts, start)?;
        if is_dry {
            return Err(FolderError::Tried(counts, remarks));
        }
        Ok((counts, remarks))
    };
    let (counts, more) = match site.store.write(change).await {
        Err(FolderError::Tried(counts, more)) => (counts, more),
        done => done?,
    };
    remarks.extend(more);
    Ok((counts, remarks))
}

fn insert(
    tx: &mut Tx<'_>,
    posts: &[(PathBuf, Post)],
    start: Counts,
) -> Result<(Counts, Vec<Remark>), FolderError> {
    let (mut counts, mut remarks) = (start, Vec::new());
    let mut inserted = BTreeSet::new();
    for (file, post) in posts {
        let mut remark = |words: String| {
            remarks.push(Remark {
                file: file.clone(),
                line: 0,
                words,
            });
        };
        let known: Option<(PostId,)> =
            sql!("SELECT id FROM post WHERE id = :id", id = post.id).maybe(tx)?;
        if known.is_some() {
            if inserted.contains(post.id.as_str()) {
                counts.left_out += 1;
                let words = "another file has the same id; the file is not imported";
                remark(words.to_owned());
            } else {
                counts.known += 1;
            }
            continue;
        }
        let mut post = post.clone();
        let (slug, mut number) = (post.slug.clone(), 1);
        while !editing::insert(tx, &post)? {
            number += 1;
            post.slug = editing::numbered(&slug, number);
        }
        if number > 1 {
            let kind = post.kind.word();
            remark(format!(
                "another {kind} has the slug {slug:?}; it becomes {:?}",
                post.slug
            ));
        }
        editing::write_parts(tx, &post)?;
        if post.first_published_at.is_some_and(|at| at > tx.now()) {
            editing::schedule_mail(tx, &post)?;
        }
        inserted.insert(post.id.to_string());
        counts.new += 1;
    }
    if counts.new > 0 {
        tx.record(Entry {
            actor: Actor::System,
            action: "site.imported",
            entity: Entity::new("installation", "1".to_owned()),
            scope: None,
            changes: json!([{"field": "posts", "old": null, "new": counts.new}]),
            request: None,
        })?;
    }
    Ok((counts, remarks))
}

fn put(path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create_new(path)?.write_all(bytes)
}
