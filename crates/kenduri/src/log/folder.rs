//! A log in a folder: `kenduri.log` or `keeper.log`, and what was before it as
//! `kenduri.log.1` and so on.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file above this is put aside.
const MOST_BYTES: u64 = 10 << 20;
/// How many are kept beside the one being written.
const KEPT: u32 = 5;

/// The file being written, and where it is.
pub(super) struct Folder {
    path: PathBuf,
    file: File,
    written: u64,
    most: u64,
}

impl Folder {
    /// Goes on with what is there.
    pub(super) fn open(folder: &Path, name: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(name);
        let file = append(&path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            written,
            most: MOST_BYTES,
        })
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.path.with_extension(format!("log.{number}"))
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..KEPT).rev() {
            let from = self.numbered(number);
            if from.exists() {
                std::fs::rename(from, self.numbered(number + 1))?;
            }
        }
        std::fs::rename(&self.path, self.numbered(1))?;
        self.file = append(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

impl Write for Folder {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written >= self.most {
            // Better a large file than a lost line; the next lines try again.
            let _ = self.rotate();
        }
        self.file.write_all(line)?;
        self.written += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Folder, KEPT};

    #[test]
    fn old_files_are_kept_up_to_a_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut log = Folder::open(folder.path(), "kenduri.log").expect("a log");
        log.most = 1;
        for number in 0..10 {
            log.write_all(format!("{number}\n").as_bytes())
                .expect("written");
        }
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
        assert_eq!(text("kenduri.log"), "9\n");
        assert_eq!(text("kenduri.log.1"), "8\n");
        let files = std::fs::read_dir(folder.path()).expect("listed").count();
        assert_eq!(files, KEPT as usize + 1);
        drop(log);
        let mut again = Folder::open(folder.path(), "kenduri.log").expect("a log");
        again.write_all(b"more\n").expect("written");
        assert_eq!(text("kenduri.log"), "9\nmore\n");
    }
}
