//! The files that are backed up together with the store: pictures, certificates, settings and the
//! key file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BackupError;
use crate::generation::is_hexadecimal;
use crate::vault::Vault;

pub(crate) const PREFIX: &str = "files/";

/// People's exports are deleted after a day and can be made again. A restore would bring deleted
/// ones back.
const NOT_COPIED: [&str; 1] = ["files/exports"];

/// A file or folder that is backed up together with the store.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The file's current path.
    pub from: PathBuf,
    /// The path to which it is restored, relative to the data folder.
    pub to: String,
}

#[derive(Serialize, Deserialize)]
struct Head {
    to: String,
}

/// The files that are already in the backup.
#[derive(Debug)]
pub(crate) struct Copied {
    /// By the part of the name that identifies a version of a file.
    objects: BTreeMap<String, String>,
    /// The metadata and the object's name, by the file's path in a restored data folder.
    present: BTreeMap<String, (Stamp, String)>,
}

/// If it differs, a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

impl Copied {
    pub(crate) fn find(vault: &Vault) -> Result<Self, BackupError> {
        let names = list(vault)?.into_iter();
        let objects = names.filter_map(|name| {
            let (_, unique) = name.rsplit_once('-')?;
            Some((unique.to_owned(), name))
        });
        Ok(Self {
            objects: objects.collect(),
            present: BTreeMap::new(),
        })
    }

    /// Forgets the objects that are no longer in the target, so that their files are copied again.
    /// Returns one of these objects, if there are any. `there` lists the target's objects.
    pub(crate) fn forget_missing(&mut self, there: &BTreeSet<String>) -> Option<String> {
        let missing = |object: &&String| !there.contains(*object);
        let present = self.present.values().map(|(_, object)| object);
        let found = present.chain(self.objects.values()).find(missing).cloned();
        if found.is_some() {
            self.objects.retain(|_, object| there.contains(object));
            self.present.retain(|_, (_, object)| there.contains(object));
        }
        found
    }

    pub(crate) fn copy(
        &mut self,
        vault: &Vault,
        beside: &[Beside],
        now: Timestamp,
    ) -> Result<(), BackupError> {
        let mut there = BTreeMap::new();
        for one in beside {
            gather(&one.from, &one.to, &mut there).map_err(BackupError::file(&one.from))?;
        }
        self.present.retain(|to, _| there.contains_key(to));
        for (to, (path, stamp)) in there {
            let known = self.present.get(&to);
            if known.is_some_and(|(before, _)| *before == stamp) {
                continue;
            }
            let modified = stamp
                .modified
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            let version = format!("{} {modified:?}", stamp.length);
            let unique = vault.name_of(&["file", &to, &version]);
            if let Some(name) = self.objects.get(&unique) {
                self.present.insert(to, (stamp, name.clone()));
                continue;
            }
            // The file may have been deleted after the folder was listed.
            let Some(content) = found(fs::read(&path)).map_err(BackupError::file(&path))? else {
                continue;
            };
            let name = format!("{PREFIX}{:013}-{unique}", now.as_millisecond());
            let head = serde_json::to_vec(&Head { to: to.clone() }).unwrap_or_default();
            let length = u32::try_from(head.len()).unwrap_or_default().to_be_bytes();
            vault.put(&name, &[&length, head.as_slice(), &content].concat())?;
            self.objects.insert(unique, name.clone());
            self.present.insert(to, (stamp, name));
        }
        Ok(())
    }

    /// Returns the name of each file's object, for a manifest. The key is the file's path in a
    /// restored data folder.
    pub(crate) fn list(&self) -> BTreeMap<String, String> {
        let files = self.present.iter();
        files
            .map(|(to, (_, name))| (to.clone(), name.clone()))
            .collect()
    }

    /// Returns the total length of the files, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.present.values().map(|(stamp, _)| stamp.length).sum()
    }
}

/// Lists the objects of all files.
pub(crate) fn list(vault: &Vault) -> Result<BTreeSet<String>, BackupError> {
    let mut names = vault.target.list(PREFIX)?;
    names.retain(|name| copied_at(name).is_some());
    Ok(names.into_iter().collect())
}

/// Lists the objects of files that were copied in a period.
pub(crate) fn copied_between(
    vault: &Vault,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<String>, BackupError> {
    let mut names = vault.target.list(PREFIX)?;
    names.retain(|name| copied_at(name).is_some_and(|at| from <= at && at <= to));
    Ok(names)
}

/// `None` for the name of another program's file.
fn copied_at(name: &str) -> Option<Timestamp> {
    let (milliseconds, unique) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let at = Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()?;
    is_hexadecimal(unique, 32).then_some(at)
}

/// Lists the objects that are older than `oldest` and are in no manifest.
pub(crate) fn unnamed(
    vault: &Vault,
    oldest: Timestamp,
    named: &BTreeSet<String>,
) -> Result<Vec<String>, BackupError> {
    let mut names = vault.target.list(PREFIX)?;
    names.retain(|name| !named.contains(name) && copied_at(name).is_some_and(|at| at < oldest));
    Ok(names)
}

/// Forgets objects that will be removed from the target, so that [`Copied::copy`] does not reuse
/// them.
pub(crate) fn forget(copied: &mut Copied, names: &[String]) {
    let names: BTreeSet<&String> = names.iter().collect();
    copied.objects.retain(|_, object| !names.contains(object));
}

/// Reads a file's object. Returns the file's path in a restored data folder, and its content.
pub(crate) fn read(vault: &Vault, name: &str) -> Result<(String, Vec<u8>), BackupError> {
    let bytes = vault.get(name)?;
    let parse = || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (head, content) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        let is_inside = Path::new(&head.to)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        is_inside.then(|| (head.to, content.to_vec()))
    };
    parse().ok_or_else(|| BackupError::damaged(name))
}

fn gather(from: &Path, to: &str, there: &mut BTreeMap<String, (PathBuf, Stamp)>) -> io::Result<()> {
    if NOT_COPIED.contains(&to) {
        return Ok(());
    }
    let Some(facts) = found(fs::metadata(from))? else {
        return Ok(());
    };
    if facts.is_dir() {
        let Some(entries) = found(fs::read_dir(from))? else {
            return Ok(());
        };
        for entry in entries {
            let entry = entry?;
            // A leading dot marks a file that is still being written.
            if let Some(name) = entry
                .file_name()
                .to_str()
                .filter(|name| !name.starts_with('.'))
            {
                gather(&entry.path(), &format!("{to}/{name}"), there)?;
            }
        }
    } else if facts.is_file() {
        let stamp = Stamp {
            length: facts.len(),
            modified: facts.modified().ok(),
        };
        there.insert(to.to_owned(), (from.to_owned(), stamp));
    }
    Ok(())
}

fn found<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::Random;

    use super::*;
    use crate::destination::{S3Access, Target};
    use crate::key::BackupKey;

    #[test]
    fn a_file_that_comes_back_does_not_share_an_object_that_is_about_to_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let random = Random::seeded(1);
        let (key, _) = BackupKey::make(&random).unwrap();
        let place = format!("folder:{}", folder.path().join("backup").display());
        let target = Target::parse(&place, &S3Access::default()).unwrap();
        let vault = Vault::claim(&target, &key, &random).unwrap();
        let path = folder.path().join("picture");
        let beside = [Beside {
            from: path.clone(),
            to: "files/picture".to_owned(),
        }];
        let put = || {
            fs::write(&path, "the same").unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            let day = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
            file.set_modified(day).unwrap();
        };
        let mut copied = Copied::find(&vault).unwrap();
        let copy = |copied: &mut Copied, second| {
            let now = Timestamp::from_second(second).unwrap();
            copied.copy(&vault, &beside, now).unwrap();
            copied.list().into_values().next()
        };
        put();
        let first = copy(&mut copied, 100_000).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(copy(&mut copied, 100_001), None);
        forget(&mut copied, std::slice::from_ref(&first));
        put();
        let second = copy(&mut copied, 100_002).unwrap();
        assert_ne!(first, second);
        vault.target.remove(&first).unwrap();
        assert_eq!(read(&vault, &second).unwrap().1, b"the same");
    }
}
