//! A tree of files to be packed: sorted, with numeric owners and a single timestamp.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};

use crate::command::program;

/// Files and folders by path, without a leading slash. Parent folders are added automatically.
#[derive(Default)]
pub(super) struct Tree(BTreeMap<String, Entry>);

#[derive(Clone)]
struct Entry {
    /// The contents; `None` for a folder.
    bytes: Option<Vec<u8>>,
    mode: u32,
    owner: u32,
}

/// In bytes.
const BLOCK: usize = 512;

impl Tree {
    /// Adds a file that belongs to root.
    pub(super) fn file(&mut self, path: &str, mode: u32, bytes: impl Into<Vec<u8>>) {
        self.add(
            path,
            Entry {
                bytes: Some(bytes.into()),
                mode,
                owner: 0,
            },
        );
    }

    pub(super) fn folder(&mut self, path: &str, mode: u32, owner: u32) {
        self.add(
            path,
            Entry {
                bytes: None,
                mode,
                owner,
            },
        );
    }

    fn add(&mut self, path: &str, entry: Entry) {
        for (at, _) in path.match_indices('/') {
            self.0.entry(path[..at].to_owned()).or_insert(Entry {
                bytes: None,
                mode: 0o755,
                owner: 0,
            });
        }
        self.0.insert(path.to_owned(), entry);
    }

    pub(super) fn size(&self) -> usize {
        let files = self.0.values().filter_map(|entry| entry.bytes.as_ref());
        files.map(Vec::len).sum()
    }

    /// Returns the tree as a tar archive (POSIX ustar).
    pub(super) fn tar(&self, time: u64) -> Result<Vec<u8>> {
        let mut archive = Vec::new();
        for (path, entry) in &self.0 {
            let bytes = entry.bytes.as_deref().unwrap_or_default();
            archive.extend(header(path, entry, bytes.len(), time)?);
            archive.extend(bytes);
            archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        }
        archive.resize(archive.len() + 2 * BLOCK, 0);
        Ok(archive)
    }

    /// Writes the tree into a folder; all files belong to the current user.
    pub(super) fn write(&self, below: &Path, time: u64) -> Result<()> {
        fs::create_dir_all(below)?;
        fs::set_permissions(below, Permissions::from_mode(0o755))?;
        for (path, entry) in &self.0 {
            let to = below.join(path);
            match &entry.bytes {
                Some(bytes) => fs::write(&to, bytes),
                None => fs::create_dir_all(&to),
            }
            .with_context(|| format!("cannot write {}", to.display()))?;
            fs::set_permissions(&to, Permissions::from_mode(entry.mode))?;
        }
        let time = UNIX_EPOCH + Duration::from_secs(time);
        // Folders come after their contents, because writing a file changes its folder's timestamp.
        for path in self.0.keys().rev() {
            File::open(below.join(path))?.set_modified(time)?;
        }
        File::open(below)?.set_modified(time)?;
        Ok(())
    }
}

fn header(path: &str, entry: &Entry, size: usize, time: u64) -> Result<[u8; BLOCK]> {
    let is_folder = entry.bytes.is_none();
    let name = if is_folder {
        format!("{path}/")
    } else {
        path.to_owned()
    };
    ensure!(name.len() < 100, "{name} is too long for an archive");
    let mut header = [0; BLOCK];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &name);
    put(100, &format!("{:07o}", entry.mode));
    put(108, &format!("{:07o}", entry.owner));
    put(116, &format!("{:07o}", entry.owner));
    put(124, &format!("{size:011o}"));
    put(136, &format!("{time:011o}"));
    put(148, "        ");
    put(156, if is_folder { "5" } else { "0" });
    put(257, "ustar\u{0}00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\u{0} ").as_bytes());
    Ok(header)
}

/// Compresses bytes with gzip's highest level, without a name or a time in the header.
pub(super) fn gzip(bytes: &[u8], file: &Path) -> Result<()> {
    let mut gzip = program("gzip")
        .args(["--no-name", "--best"])
        .stdin(Stdio::piped())
        .stdout(File::create(file)?)
        .spawn()
        .context("cannot start gzip")?;
    let mut input = gzip.stdin.take().context("gzip has no input")?;
    input.write_all(bytes)?;
    drop(input);
    let status = gzip.wait()?;
    ensure!(status.success(), "gzip: {status}");
    Ok(())
}

pub(super) fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::output;

    #[test]
    fn an_archive_is_what_tar_reads() {
        let mut tree = Tree::default();
        tree.file("a/file", 0o644, "text");
        tree.file("a/program", 0o755, vec![b'x'; BLOCK]);
        tree.folder("data", 0o700, 65532);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("archive.tar.gz");
        gzip(&tree.tar(1_000_000_000).unwrap(), &file).unwrap();
        let list = ["--list", "--verbose", "--numeric-owner", "--utc", "--file"];
        let listed = output(program("tar").args(list).arg(&file)).unwrap();
        let lines: Vec<_> = listed
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "drwxr-xr-x 0/0 0 2001-09-09 01:46 a/",
                "-rw-r--r-- 0/0 4 2001-09-09 01:46 a/file",
                "-rwxr-xr-x 0/0 512 2001-09-09 01:46 a/program",
                "drwx------ 65532/65532 0 2001-09-09 01:46 data/",
            ]
        );
        let text = ["--extract", "--to-stdout", "--file"];
        let text = output(program("tar").args(text).arg(&file).arg("a/file"));
        assert_eq!(text.unwrap(), "text");
    }
}
