//! What a machine is known by.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::JoinError;
use crate::id;
use crate::random::Random;

/// In the data folder.
const MACHINE_ID: &str = "machine-id";

/// The id in the data folder. Makes one if there is none.
pub(super) fn machine_id(data: &Path, random: &Random) -> Result<String, JoinError> {
    let path = data.join(MACHINE_ID);
    let kept = || -> io::Result<String> {
        if let Some(kept) = kept_id(data)? {
            return Ok(kept);
        }
        let made = id::generate_random(random);
        let next = path.with_extension("next");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        writeln!(file, "{made}")?;
        file.sync_all()?;
        fs::rename(&next, &path)?;
        Ok(made)
    };
    kept().map_err(|reason| JoinError::File {
        path: path.clone(),
        reason,
    })
}

/// The id in the data folder, if there is one.
pub(super) fn kept_id(data: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(data.join(MACHINE_ID)) {
        Ok(text) => Ok(id::parse(text.trim()).map(|_| text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The path of the machine's id, for messages.
pub(super) fn machine_id_path(data: &Path) -> PathBuf {
    data.join(MACHINE_ID)
}

/// As Linux tells it (proc(5)); empty if it does not.
pub(super) fn host_name() -> String {
    system("hostname")
}

/// A random id of this run of the machine (proc(5)); empty if the system tells none. With it, two
/// machines with copies of one data folder are told apart.
pub(super) fn boot_id() -> String {
    system("random/boot_id")
}

fn system(name: &str) -> String {
    let text = fs::read_to_string(Path::new("/proc/sys/kernel").join(name));
    text.unwrap_or_default().trim().to_owned()
}
