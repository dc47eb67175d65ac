//! Reads log files from their end, line by line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use super::rotating_file::aside;

const PIECE: u64 = 64 << 10;
/// The supervisor never writes longer lines.
const MAX_LINE_BYTES: usize = 1 << 20;
/// Of one service's files, for one query.
const MAX_READ_BYTES: u64 = 64 << 20;

/// The lines of a service's log files, last line first. The iteration ends at the first read error.
pub(super) struct ReverseLines {
    path: PathBuf,
    number: u32,
    /// If it was rotated, the next file may already have been read under another name.
    known: BTreeSet<u64>,
    file: Option<(File, u64)>,
    /// Bytes that were read but not yet returned as lines.
    begun: Vec<u8>,
    left: u64,
}

impl ReverseLines {
    pub(super) fn of(path: PathBuf) -> Self {
        Self {
            path,
            number: 0,
            known: BTreeSet::new(),
            file: None,
            begun: Vec::new(),
            left: MAX_READ_BYTES,
        }
    }

    /// `false` if there is no older log file.
    fn open(&mut self) -> io::Result<bool> {
        loop {
            let path = match self.number {
                0 => self.path.clone(),
                number => aside(&self.path, number),
            };
            self.number += 1;
            let file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            };
            let metadata = file.metadata()?;
            if self.known.insert(metadata.ino()) {
                self.file = Some((file, metadata.len()));
                return Ok(true);
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let Some((file, end)) = &mut self.file else {
            return Ok(());
        };
        let start = end.saturating_sub(PIECE);
        let mut piece = vec![0; usize::try_from(*end - start).unwrap_or(0)];
        file.read_exact_at(&mut piece, start)?;
        self.left = self.left.saturating_sub(*end - start);
        *end = start;
        if self.begun.len() > MAX_LINE_BYTES {
            self.begun.clear();
        }
        piece.append(&mut self.begun);
        self.begun = piece;
        Ok(())
    }

    fn before(&mut self) -> io::Result<Option<String>> {
        loop {
            let whole = self.begun.strip_suffix(b"\n").unwrap_or(&self.begun);
            let is_all = self.file.as_ref().is_none_or(|(_, start)| *start == 0);
            let end = whole.iter().rposition(|byte| *byte == b'\n');
            if let Some(start) = end
                .map(|end| end + 1)
                .or((is_all && !self.begun.is_empty()).then_some(0))
            {
                let line = String::from_utf8_lossy(&whole[start..]).into_owned();
                self.begun.truncate(start);
                return Ok(Some(line));
            }
            if self.left == 0 || (is_all && !self.open()?) {
                return Ok(None);
            }
            self.read()?;
        }
    }
}

impl Iterator for ReverseLines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.before().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn lines_come_from_the_last_to_the_first_over_all_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let lines: Vec<String> = (0..9_000)
            .map(|number| format!("{number} {}", "x".repeat(number % 50)))
            .collect();
        assert_eq!(ReverseLines::of(path.clone()).next(), None);
        for (number, part) in lines.chunks(3_000).rev().enumerate() {
            let path = match number {
                0 => path.clone(),
                number => aside(&path, u32::try_from(number).unwrap()),
            };
            fs::write(path, part.join("\n") + "\n").unwrap();
        }
        let mut read: Vec<String> = ReverseLines::of(path.clone()).collect();
        read.reverse();
        assert_eq!(read, lines);
        // The log file is rotated while it is read. Its lines must not be read a second time.
        let mut back = ReverseLines::of(path.clone());
        assert_eq!(back.next().as_ref(), lines.last());
        for number in [2, 1, 0] {
            let from = if number == 0 {
                path.clone()
            } else {
                aside(&path, number)
            };
            fs::rename(from, aside(&path, number + 1)).unwrap();
        }
        fs::write(&path, "new\n").unwrap();
        assert_eq!(back.count(), lines.len() - 1);
    }

    #[test]
    fn empty_lines_and_one_without_an_end_are_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, "\na\n\nb").unwrap();
        let read: Vec<String> = ReverseLines::of(path).collect();
        assert_eq!(read, ["b", "", "a", ""]);
    }
}
