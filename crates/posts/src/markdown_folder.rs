//! Imports and exports posts as a folder of Markdown files and pictures. An imported folder may
//! come from another system.

mod front_matter;
mod reading;
mod writing;

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;

use axum::body::Bytes;
use platform::audit::{Actor, Entry};
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
    /// The posts, each with the path of its file.
    posts: Vec<(PathBuf, Post)>,
    /// The pictures that the posts use and that are not stored yet, by file name.
    pictures: Vec<(String, Bytes)>,
    /// Problems that prevent the import.
    pub problems: Vec<Remark>,
    /// Remarks about doubtful values. The import uses these values, but a person should check them.
    pub remarks: Vec<Remark>,
}

/// How many posts and pictures were imported or exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub new: usize,
    /// Posts that already exist. The import leaves them unchanged.
    pub known: usize,
    pub pictures: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Some files cannot be imported.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Remark>),
    /// The dry run succeeded and stored nothing. Contains the counts that a real import would
    /// return.
    #[error("nothing was written")]
    Tried(Counts),
    #[error("the picture {0} could not be written")]
    Picture(String),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports all posts of a folder, or none if there is a problem. With `is_dry`, the import is
/// rolled back at its end.
pub async fn import(site: &Site, folder: Folder, is_dry: bool) -> Result<Counts, FolderError> {
    if !folder.problems.is_empty() {
        return Err(FolderError::Refused(folder.problems));
    }
    let pictures = folder.pictures.len();
    if !is_dry {
        // If the import fails later, no post uses these pictures. They are then deleted after a
        // day.
        for (file, bytes) in folder.pictures {
            let put = image::FOLDER.put(site, &file, bytes).await;
            put.map_err(|_| FolderError::Picture(file))?;
        }
    }
    let posts = folder.posts;
    let change = move |tx: &mut Tx<'_>| {
        let counts = Counts {
            pictures,
            ..insert(tx, &posts)?
        };
        if is_dry {
            return Err(FolderError::Tried(counts));
        }
        Ok(counts)
    };
    match site.store.write(change).await {
        Err(FolderError::Tried(counts)) => Ok(counts),
        done => done,
    }
}

fn insert(tx: &mut Tx<'_>, posts: &[(PathBuf, Post)]) -> Result<Counts, FolderError> {
    let (mut counts, mut taken) = (Counts::default(), Vec::new());
    for (file, post) in posts {
        let known: Option<(PostId,)> =
            sql!("SELECT id FROM post WHERE id = :id", id = post.id).maybe(tx)?;
        if known.is_some() {
            counts.known += 1;
        } else if editing::insert(tx, post)? {
            editing::write_parts(tx, post)?;
            if post.first_published_at.is_some_and(|at| at > tx.now()) {
                editing::schedule_mail(tx, post)?;
            }
            counts.new += 1;
        } else {
            taken.push(Remark {
                file: file.clone(),
                line: 0,
                words: format!("another {} has the slug {:?}", post.kind.word(), post.slug),
            });
        }
    }
    if !taken.is_empty() {
        return Err(FolderError::Refused(taken));
    }
    if counts.new > 0 {
        tx.record(Entry {
            actor: Actor::System,
            action: "site.imported",
            entity: ("installation", "1".to_owned()),
            scope: None,
            changes: json!([{"field": "posts", "old": null, "new": counts.new}]),
            request: None,
        })?;
    }
    Ok(counts)
}

/// Writes a file, and creates its missing parent folders.
fn put(path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create_new(path)?.write_all(bytes)
}
