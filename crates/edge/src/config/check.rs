//! Collects errors and warnings about settings.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Flaw;

#[derive(Debug, Default)]
pub(super) struct Check {
    pub(super) flaws: Vec<Flaw>,
    pub(super) warnings: Vec<Flaw>,
}

impl Check {
    pub(super) fn refuse(&mut self, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.flaws.push(flaw(key, what, mend));
    }

    pub(super) fn warn(&mut self, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.warnings.push(flaw(key, what, mend));
    }

    /// Returns the parsed value, or adds the error and returns `None`. The text after the first `;
    /// ` in the error's message is the hint for correcting the value.
    pub(super) fn accept<T, E: Display>(&mut self, key: &str, parsed: Result<T, E>) -> Option<T> {
        parsed
            .map_err(|why| {
                let why = why.to_string();
                let (what, mend) = why.split_once("; ").unwrap_or((&why, "mend or remove it"));
                self.refuse(key, what, mend);
            })
            .ok()
    }

    /// Parses a duration. Rejects 0.
    pub(super) fn time(&mut self, key: &str, written: &str) -> Option<Duration> {
        let time = self.accept(key, units::duration(written))?;
        if time.is_zero() {
            self.refuse(key, "no time at all", "write at least 1ms");
            return None;
        }
        Some(time)
    }

    /// Returns the number in any case, but adds an error if it is out of range.
    pub(super) fn between(&mut self, key: &str, number: u32, least: u32, most: u32) -> u32 {
        if !(least..=most).contains(&number) {
            self.refuse(
                key,
                format!("it is {number}"),
                format!("it may be {least} to {most}"),
            );
        }
        number
    }

    /// Adds an error if the file does not exist or cannot be opened.
    pub(super) fn file(&mut self, key: &str, folder: &Path, written: &str) -> Option<PathBuf> {
        let path = folder.join(written);
        match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(file) if file.is_file() => Some(path),
            Ok(_) => {
                self.refuse(key, format!("{} is no file", path.display()), "name a file");
                None
            }
            Err(error) => {
                self.refuse(
                    key,
                    format!("cannot read {}: {error}", path.display()),
                    "the file must be there, and readable for the user that runs the program",
                );
                None
            }
        }
    }
}

fn flaw(key: &str, what: impl Into<String>, mend: impl Into<String>) -> Flaw {
    Flaw {
        key: key.to_owned(),
        what: what.into(),
        mend: mend.into(),
    }
}
