//! A folder that contains the log file `kenduri.log` or `keeper.log`. Rotated files are named
//! `kenduri.log.1` and so on.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MOST_BYTES: u64 = 10 << 20;
const ROTATED_FILES: u32 = 5;
/// Whether the file was deleted or renamed.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct Folder {
    path: PathBuf,
    file: File,
    written: u64,
    most: u64,
    looked: Instant,
    every: Duration,
}

impl Folder {
    /// Opens the log file for appending.
    pub(super) fn open(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        let (file, written) = open_for_append(&path)?;
        Ok(Self {
            path,
            file,
            written,
            most: MOST_BYTES,
            looked: Instant::now(),
            every: CHECK_INTERVAL,
        })
    }

    /// Nobody would look for new lines in a file that was deleted or renamed.
    fn reopen_if_gone(&mut self) {
        self.looked = Instant::now();
        if self.is_here() {
            return;
        }
        // If no new file can be created, the old one is used until the next check.
        if let Ok((file, written)) = open_for_append(&self.path) {
            (self.file, self.written) = (file, written);
            // This warning goes through the same writer, so it appears after the current line.
            tracing::warn!(
                path = %self.path.display(),
                "another program deleted or renamed the log file; the log continues in a new one; Kenduri puts its logs aside itself, so nothing else needs to"
            );
        }
    }

    fn is_here(&self) -> bool {
        let here = std::fs::metadata(&self.path).and_then(|here| Ok((here, self.file.metadata()?)));
        here.is_ok_and(|(here, open)| (here.dev(), here.ino()) == (open.dev(), open.ino()))
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.path.with_extension(format!("log.{number}"))
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..ROTATED_FILES).rev() {
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

/// Creates its folder if necessary. Also returns the file's length.
fn open_for_append(path: &Path) -> io::Result<(File, u64)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = append(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

impl Write for Folder {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.looked.elapsed() >= self.every {
            self.reopen_if_gone();
        }
        if self.written >= self.most {
            // If the rotation fails, the file grows too large, but no line is lost. The next line
            // tries the rotation again.
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
    use std::path::Path;

    use super::{Duration, Folder, ROTATED_FILES};

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
        assert_eq!(files, ROTATED_FILES as usize + 1);
        drop(log);
        let mut again = Folder::open(folder.path(), "kenduri.log").expect("a log");
        again.write_all(b"more\n").expect("written");
        assert_eq!(text("kenduri.log"), "9\nmore\n");
    }

    #[test]
    fn lines_stay_where_they_are_looked_for() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = data.path().join("logs");
        let file = folder.join("kenduri.log");
        let text = |path: &Path| std::fs::read_to_string(path).expect("a file");
        let program_log = testkit::Log::start();
        let times_said = || program_log.text().matches("continues in a new one").count();
        let mut log = Folder::open(&folder, "kenduri.log").expect("a log");
        log.every = Duration::MAX;
        log.write_all(b"1\n").expect("written");
        // The writer does not check its file at every line. So this line still goes into the file
        // in the renamed folder.
        std::fs::rename(&folder, data.path().join("old")).expect("renamed");
        log.write_all(b"2\n").expect("written");
        assert!(!folder.exists());
        log.every = Duration::ZERO;
        for line in [b"3\n", b"4\n"] {
            log.write_all(line).expect("written");
            assert_eq!(times_said(), 1);
        }
        assert_eq!(text(&file), "3\n4\n");
        assert_eq!(text(&data.path().join("old/kenduri.log")), "1\n2\n");
        std::fs::remove_dir_all(&folder).expect("removed");
        log.write_all(b"5\n").expect("written");
        assert_eq!(text(&file), "5\n");
        // logrotate renames the file. With its option `create`, it also creates a new file.
        std::fs::rename(&file, folder.join("kenduri.log-2026")).expect("renamed");
        std::fs::write(&file, "new\n").expect("written");
        log.write_all(b"6\n").expect("written");
        assert_eq!(text(&file), "new\n6\n");
        assert_eq!(times_said(), 3);
        // If no new file can be created, lines go to the renamed file.
        std::fs::rename(&folder, data.path().join("older")).expect("renamed");
        std::fs::write(&folder, "in the way").expect("written");
        log.write_all(b"7\n").expect("written");
        std::fs::remove_file(&folder).expect("removed");
        log.write_all(b"8\n").expect("written");
        assert_eq!(text(&file), "8\n");
        assert_eq!(text(&data.path().join("older/kenduri.log")), "new\n6\n7\n");
        // When the writer itself rotates its file, it must not report that somebody else has
        // renamed the file.
        log.most = 1;
        log.write_all(b"9\n").expect("written");
        assert_eq!(text(&file), "9\n");
        assert_eq!(times_said(), 4);
    }
}
