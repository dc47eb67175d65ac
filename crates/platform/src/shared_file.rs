//! Small files that several machines need, such as certificates with their private keys. Each
//! machine has them in its data folder; the store has copies, sealed with a key of their own.
//!
//! Each change is news for all machines ([`machine_news`](crate::machine_news)). News only says
//! when to look: [`changed`] compares revisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::machine_news;
use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// The purpose of the key that seals files ([`Keyring::key`](crate::Keyring::key)).
pub const PURPOSE: &str = "shared file";
/// The name of the news about a changed file. Its payload is a [`Change`].
pub const CHANGED: &str = "file";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub folder: String,
    pub name: String,
}

/// A file as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFile {
    pub place: Place,
    /// The number of the file's changes so far, from 1.
    pub revision: i64,
    /// `None` if another key sealed the file. A machine that has the file stores it again.
    pub text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    #[serde(flatten)]
    pub place: Place,
    pub revision: i64,
}

#[derive(Row)]
struct SealedFile {
    folder: String,
    name: String,
    revision: i64,
    sealed: Vec<u8>,
}

impl SealedFile {
    fn open(self, key: &Key) -> SharedFile {
        let place = Place {
            folder: self.folder,
            name: self.name,
        };
        let plain = key.open(&associated(&place), &self.sealed);
        let text = plain.and_then(|plain| String::from_utf8(plain).ok());
        if text.is_none() {
            tracing::warn!(
                folder = place.folder,
                name = place.name,
                "a file that machines share was sealed with another secret.key, and is not used; put the same secret.key on all machines"
            );
        }
        SharedFile {
            text,
            revision: self.revision,
            place,
        }
    }
}

fn associated(place: &Place) -> [&str; 3] {
    ["shared_file", &place.folder, &place.name]
}

/// Stores a file, tells all machines of it, and returns its revision.
pub fn put(tx: &mut Tx<'_>, key: &Key, place: &Place, text: &str) -> Result<i64, StoreError> {
    let sealed = key.seal(tx.random(), &associated(place), text.as_bytes());
    let Place { folder, name } = place;
    let (revision,): (i64,) = sql!(
        "INSERT INTO shared_file (folder, name, revision, sealed)
         VALUES (:folder, :name, 1, :sealed)
         ON CONFLICT (folder, name) DO UPDATE
         SET revision = shared_file.revision + 1, sealed = excluded.sealed
         RETURNING revision",
        folder,
        name,
        sealed
    )
    .one(tx)?;
    let change = Change {
        place: place.clone(),
        revision,
    };
    machine_news::publish(tx, CHANGED, serde_json::json!(change))?;
    Ok(revision)
}

/// The files that have other revisions than those in `known`, or are not there.
pub fn changed(
    tx: &mut Tx<'_>,
    key: &Key,
    known: &BTreeMap<Place, i64>,
) -> Result<Vec<SharedFile>, StoreError> {
    if known.is_empty() {
        let all: Vec<SealedFile> = tx.all(sql!("SELECT {SealedFile} FROM shared_file"), &[])?;
        return Ok(all.into_iter().map(|sealed| sealed.open(key)).collect());
    }
    let all: Vec<(String, String, i64)> =
        tx.all(sql!("SELECT folder, name, revision FROM shared_file"), &[])?;
    let mut files = Vec::new();
    for (folder, name, revision) in all {
        let place = Place { folder, name };
        if known.get(&place) == Some(&revision) {
            continue;
        }
        let Place { folder, name } = &place;
        let found: Option<SealedFile> = sql!(
            "SELECT {SealedFile} FROM shared_file WHERE folder = :folder AND name = :name",
            folder,
            name
        )
        .maybe(tx)?;
        files.extend(found.map(|sealed| sealed.open(key)));
    }
    Ok(files)
}

/// Reads a file, which no other transaction changes until this one ends. A file that is not there
/// becomes an empty one.
pub fn lock(tx: &mut Tx<'_>, key: &Key, place: &Place) -> Result<SharedFile, StoreError> {
    let empty = key.seal(tx.random(), &associated(place), b"");
    let Place { folder, name } = place;
    sql!(
        "INSERT INTO shared_file (folder, name, revision, sealed)
         VALUES (:folder, :name, 0, :empty) ON CONFLICT (folder, name) DO NOTHING",
        folder,
        name,
        empty
    )
    .run(tx, Rows::AtMostOne)?;
    let found: SealedFile = sql!(
        "SELECT {SealedFile} FROM shared_file WHERE folder = :folder AND name = :name
         FOR NO KEY UPDATE",
        folder,
        name
    )
    .one(tx)?;
    Ok(found.open(key))
}

/// Seals all files again, because the key file is replaced. Returns how many could not be read with
/// `before`, and were deleted; the machines that have them store them again.
pub fn reseal(tx: &mut Tx<'_>, before: Option<&Key>, after: &Key) -> Result<u64, StoreError> {
    let mut lost = 0;
    let found: Vec<SealedFile> = tx.all(sql!("SELECT {SealedFile} FROM shared_file"), &[])?;
    for sealed in found {
        let place = Place {
            folder: sealed.folder.clone(),
            name: sealed.name.clone(),
        };
        if let Some(text) = before.and_then(|key| sealed.open(key).text) {
            put(tx, after, &place, &text)?;
            continue;
        }
        lost += 1;
        let Place { folder, name } = place;
        sql!(
            "DELETE FROM shared_file WHERE folder = :folder AND name = :name",
            folder,
            name
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(lost)
}
