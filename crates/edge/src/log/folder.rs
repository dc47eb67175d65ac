//! A file that is put aside when it is large: `access.log`, before it
//! `access.log.1`, and so on.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) struct Folder {
    path: PathBuf,
    file: File,
    written: u64,
    size: u64,
    keep: u32,
}

impl Folder {
    /// Goes on with what is there.
    pub(super) fn open(path: &Path, size: u64, keep: u32) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = append(path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            file,
            written,
            size,
            keep,
        })
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.keep).rev() {
            let from = self.numbered(number);
            if from.exists() {
                std::fs::rename(from, self.numbered(number + 1))?;
            }
        }
        if self.keep == 0 {
            std::fs::remove_file(&self.path)?;
        } else {
            std::fs::rename(&self.path, self.numbered(1))?;
        }
        self.file = append(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

impl Write for Folder {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.written >= self.size && self.written > 0 {
            // Better a large file than a lost line; the next lines try again.
            let _ = self.rotate();
        }
        self.file.write_all(lines)?;
        self.written += lines.len() as u64;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
