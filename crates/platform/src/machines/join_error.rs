//! Why a machine is refused. Each message says what differs, and what to do.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Process, Shared};
use crate::store::StoreError;

/// Why a process cannot join the list of machines.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error(
        "site.url is {ours} here, and {theirs} on {machine}, which runs on the same database\n  \
         write the same site.url on all machines; to change it, stop Kenduri on all of them first"
    )]
    SiteUrl {
        ours: String,
        theirs: String,
        machine: String,
    },
    #[error(
        "the key file is not the one of {machine}, which runs on the same database\n  {}",
        .fits.advice(.machine)
    )]
    Key { machine: String, fits: KeyThatFits },
    /// Of a process that was out of the list.
    #[error(
        "the database belongs to another key file by now, as after `kenduri secret new`\n  \
         copy that file to this machine, and restart Kenduri here"
    )]
    KeyReplaced,
    #[error(
        "the domains {ours} are on here, and {theirs} on {machine}, which runs on the same database\n  \
         switch on the same domains on all machines; to change it, stop Kenduri on all of them first"
    )]
    Domains {
        ours: String,
        theirs: String,
        machine: String,
    },
    #[error(
        "the section [compat] is not the one of {machine}, which runs on the same database\n  \
         write the same section on all machines; to change it, stop Kenduri on all of them first"
    )]
    Compat { machine: String },
    #[error(
        "the files here, in {ours}, are not those of {machine}, in {theirs}\n  \
         keep the files of all machines in one bucket: `kenduri move-files` moves them, and \
         files.url names it; a network file system that all of them mount does as well"
    )]
    Files {
        ours: String,
        theirs: String,
        machine: String,
    },
    #[error(
        "{machine} has the same id as this machine: its data folder was copied\n  \
         delete {path} here, and start Kenduri again", path = .path.display()
    )]
    SameId { machine: String, path: PathBuf },
    #[error(
        "cannot use {path}: {reason}\n  it must belong to the user that runs Kenduri",
        path = .path.display()
    )]
    File {
        path: PathBuf,
        /// The operating system's error.
        reason: io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which of two different key files belongs to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyThatFits {
    Ours,
    /// The other machine's, and perhaps ours, too.
    Theirs,
    Neither,
}

impl KeyThatFits {
    fn advice(self, machine: &str) -> String {
        match self {
            Self::Ours => format!(
                "this machine's file is the one that belongs to the database: stop Kenduri on \
                 {machine}, copy the file there, and start it again"
            ),
            Self::Theirs => {
                format!("copy the file that secret_file names on {machine} to this machine")
            }
            Self::Neither => "neither belongs to the database: put the file that does, which \
                              `kenduri secret new` wrote last, on both machines"
                .to_owned(),
        }
    }
}

/// A live process of another machine, or of another run of this one.
pub(super) struct Other {
    pub(super) machine: String,
    pub(super) name: String,
    pub(super) files: String,
    pub(super) mark: String,
    pub(super) shared: Shared,
}

/// What this process compares.
pub(super) struct Ours<'a> {
    pub(super) me: &'a Process,
    pub(super) mark: &'a str,
    pub(super) shared: &'a Shared,
    /// The fingerprint that the store has recorded; `None` if the store is new.
    pub(super) store_key: Option<&'a str>,
    /// The file with this machine's id.
    pub(super) id_path: &'a Path,
}

impl Ours<'_> {
    /// Whether this process's key file belongs to the store.
    pub(super) fn has_stores_key(&self) -> bool {
        belongs(&self.shared.key, self.store_key)
    }
}

/// Whether a key file with these fingerprints belongs to the store.
fn belongs(fingerprints: &str, store_key: Option<&str>) -> bool {
    store_key.is_none_or(|key| fingerprints.split(' ').any(|one| one == key))
}

/// The first difference that forbids the two to run together.
pub(super) fn compare(ours: &Ours<'_>, other: &Other) -> Result<(), JoinError> {
    let machine = other.name.clone();
    let (here, there) = (ours.shared, &other.shared);
    if other.machine == ours.me.machine {
        let path = ours.id_path.to_owned();
        return Err(JoinError::SameId { machine, path });
    }
    if here.key != there.key {
        let is_theirs = belongs(&there.key, ours.store_key);
        let fits = match (ours.has_stores_key(), is_theirs) {
            (_, true) => KeyThatFits::Theirs,
            (true, false) => KeyThatFits::Ours,
            (false, false) => KeyThatFits::Neither,
        };
        return Err(JoinError::Key { machine, fits });
    }
    if here.site_url != there.site_url {
        return Err(JoinError::SiteUrl {
            ours: here.site_url.clone(),
            theirs: there.site_url.clone(),
            machine,
        });
    }
    if differs(&here.domains, &there.domains) {
        return Err(JoinError::Domains {
            ours: on(&here.domains),
            theirs: on(&there.domains),
            machine,
        });
    }
    if differs(&here.compat, &there.compat) {
        return Err(JoinError::Compat { machine });
    }
    if ours.mark.is_empty() || ours.mark != other.mark {
        return Err(JoinError::Files {
            ours: ours.me.files.clone(),
            theirs: other.files.clone(),
            machine,
        });
    }
    Ok(())
}

/// Whether a value that both versions know differs.
fn differs<T: PartialEq>(here: &BTreeMap<String, T>, there: &BTreeMap<String, T>) -> bool {
    let mut known = here.iter();
    known.any(|(name, ours)| there.get(name).is_some_and(|theirs| ours != theirs))
}

fn on(domains: &BTreeMap<String, bool>) -> String {
    let on = domains.iter().filter(|(_, is_on)| **is_on);
    let names: Vec<&str> = on.map(|(name, _)| name.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn compared(ours: &Shared, theirs: &Shared, store_key: Option<&str>) -> Result<(), JoinError> {
        let me = Process {
            id: "1".to_owned(),
            machine: "1".to_owned(),
            name: "ours".to_owned(),
            version: "1.0.0".to_owned(),
            addresses: Vec::new(),
            files: "/files".to_owned(),
            clock_ahead: 0,
            started_at: Timestamp::UNIX_EPOCH,
            seen_at: Timestamp::UNIX_EPOCH,
            until_at: Timestamp::UNIX_EPOCH,
        };
        let ours = Ours {
            me: &me,
            mark: "mark",
            shared: ours,
            store_key,
            id_path: Path::new("machine-id"),
        };
        let other = Other {
            machine: "2".to_owned(),
            name: "box".to_owned(),
            files: "/files".to_owned(),
            mark: "mark".to_owned(),
            shared: theirs.clone(),
        };
        compare(&ours, &other)
    }

    #[test]
    fn the_key_file_that_belongs_to_the_store_is_the_one_to_copy() {
        let advice = |ours: &str, theirs: &str, store_key| {
            let [ours, theirs] = [ours, theirs].map(|key| Shared {
                key: key.to_owned(),
                ..Shared::default()
            });
            compared(&ours, &theirs, store_key).unwrap_err().to_string()
        };
        for (ours, theirs, store_key, told) in [
            ("new", "old", Some("new"), "stop Kenduri on box"),
            ("new", "old", Some("old"), "names on box to this machine"),
            (
                "new old",
                "old",
                Some("old"),
                "names on box to this machine",
            ),
            ("new", "old", Some("newer"), "neither belongs"),
            ("new", "old", None, "names on box to this machine"),
        ] {
            let refusal = advice(ours, theirs, store_key);
            assert!(refusal.contains(told), "{refusal}");
        }
    }

    #[test]
    fn what_only_one_version_knows_is_not_compared() {
        let older = r#"{"site_url": "a", "domains": {"posts": true}, "compat": {"auth": ""}}"#;
        let newer = r#"{"site_url": "a", "domains": {"posts": true, "polls": true}, "extra": 1,
            "compat": {"auth": "", "more": "on"}}"#;
        let differs = older.replace("true", "false");
        let [older, newer, differs] =
            [older, newer, &differs].map(|text| serde_json::from_str::<Shared>(text).unwrap());
        for (ours, theirs) in [(&older, &newer), (&newer, &older)] {
            compared(ours, theirs, None).unwrap();
            let refusal = compared(&differs, theirs, None).unwrap_err().to_string();
            assert!(refusal.contains("posts"), "{refusal}");
        }
    }
}
