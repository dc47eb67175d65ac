//! Log files with rotation: `NAME.log` is the current file, `NAME.log.1` the newest rotated file,
//! and higher numbers are older.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A log file that is rotated when it is full.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    max: u64,
    keep: u32,
}

impl LogFile {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        Ok(Self {
            size: file.metadata()?.len(),
            path: path.to_owned(),
            file,
            max: u64::MAX,
            keep: 0,
        })
    }

    pub(super) fn limit(&mut self, max: u64, keep: u32) {
        (self.max, self.keep) = (max, keep);
    }

    /// Appends whole lines. Never splits a line between two files.
    pub(super) fn append(&mut self, lines: &[String]) -> io::Result<()> {
        let mut batch = String::new();
        for line in lines {
            let size = self.size + batch.len() as u64;
            if size > 0 && size + line.len() as u64 > self.max {
                self.flush(&mut batch)?;
                self.rotate()?;
            }
            batch.push_str(line);
        }
        self.flush(&mut batch)
    }

    fn flush(&mut self, batch: &mut String) -> io::Result<()> {
        self.file.write_all(batch.as_bytes())?;
        self.size += batch.len() as u64;
        batch.clear();
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let aside = |number: u32| aside(&self.path, number);
        if self.keep == 0 {
            fs::remove_file(&self.path)?;
        } else {
            for number in (1..self.keep).rev() {
                rename_if_there(&aside(number), &aside(number + 1))?;
            }
            rename_if_there(&self.path, &aside(1))?;
        }
        self.file = open(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

/// Returns the path of the rotated file with this number; 1 is the newest.
pub(super) fn aside(path: &Path, number: u32) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// Returns the total size of all files, in bytes.
pub(super) fn size_of_all(path: &Path) -> u64 {
    let sizes = (0..).map_while(|number| {
        let metadata = match number {
            0 => fs::metadata(path),
            number => fs::metadata(aside(path, number)),
        };
        metadata.ok().map(|metadata| metadata.len())
    });
    sizes.sum()
}

fn open(path: &Path) -> io::Result<File> {
    // Log lines may be confidential, so only the owner may read them.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_loses_no_line_and_divides_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let lines: Vec<String> = (0..500)
            .map(|number| format!("line {number:04}\n"))
            .collect();
        for part in lines.chunks(7) {
            // The file is opened again each time, as after a restart.
            let mut file = LogFile::open(&path).unwrap();
            file.limit(1_000, 10);
            file.append(part).unwrap();
        }
        let mut read = String::new();
        for number in (0..=10).rev() {
            let name = if number == 0 {
                "a.log".to_owned()
            } else {
                format!("a.log.{number}")
            };
            let text = fs::read_to_string(folder.path().join(name)).unwrap_or_default();
            assert!(text.len() <= 1_000 && (text.is_empty() || text.ends_with('\n')));
            read.push_str(&text);
        }
        assert_eq!(read, lines.concat());
    }

    #[test]
    fn only_so_many_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for keep in [0, 1, 3] {
            let path = folder.path().join(format!("{keep}.log"));
            let mut file = LogFile::open(&path).unwrap();
            file.limit(10, keep);
            for _ in 0..10 {
                file.append(&["12345678\n".to_owned()]).unwrap();
            }
            file.append(&["a line longer than a file may be\n".to_owned()])
                .unwrap();
            let prefix = format!("{keep}.log");
            let names = fs::read_dir(folder.path()).unwrap();
            let count = names
                .filter(|name| {
                    name.as_ref()
                        .unwrap()
                        .file_name()
                        .to_string_lossy()
                        .starts_with(&prefix)
                })
                .count();
            assert_eq!(count, keep as usize + 1);
        }
    }
}
