//! Collects problems in settings, each with the source of the invalid value.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use platform::Secret;

use super::problem::{Origin, Problem};

/// Collects problems. The collector knows the source of every key, and adds the source to each
/// problem.
pub(crate) struct ProblemCollector<'a> {
    origins: &'a BTreeMap<String, Origin>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<String>,
}

impl<'a> ProblemCollector<'a> {
    pub(crate) fn new(origins: &'a BTreeMap<String, Origin>) -> Self {
        Self {
            origins,
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn is_built_in(&self, key: &str) -> bool {
        !self.origins.contains_key(key)
    }

    /// Returns the source of a key. A key inside a nested value may have no source. The result is
    /// then the source of the key that contains it.
    fn origin(&self, key: &str) -> Origin {
        let mut written = key;
        loop {
            if let Some(origin) = self.origins.get(written) {
                return origin.clone();
            }
            match written.rfind(['.', '[']) {
                Some(end) => written = &written[..end],
                None => return Origin::BuiltIn,
            }
        }
    }

    /// Resolves a relative path. A path from the settings file is relative to the file's folder,
    /// and any other path to the current folder.
    pub(crate) fn path(&self, key: &str, written: &str) -> PathBuf {
        match self.origin(key) {
            Origin::File { path, .. } => {
                path.parent().unwrap_or_else(|| Path::new("")).join(written)
            }
            _ => PathBuf::from(written),
        }
    }

    /// Adds a problem with a key's value: what is wrong, and how to fix it.
    pub(crate) fn refuse(&mut self, key: &str, what: &str, mend: &str) {
        self.problems.push(Problem {
            origin: self.origin(key),
            what: what.to_owned(),
            mend: mend.to_owned(),
        });
    }

    pub(crate) fn refuse_flaw(&mut self, flaw: &edge::Flaw) {
        self.refuse_at(&flaw.key, &flaw.what, &flaw.mend);
    }

    /// Adds a problem with a part of a nested value. The message contains the part's path.
    pub(crate) fn refuse_at(&mut self, key: &str, what: &str, mend: &str) {
        self.refuse(key, &format!("{key}: {what}"), mend);
    }

    pub(crate) fn warn(&mut self, what: &str) {
        self.warnings.push(what.to_owned());
    }

    /// Returns the parsed value, or adds a problem that says why parsing failed.
    pub(crate) fn accept<T, E: Display>(&mut self, key: &str, parsed: Result<T, E>) -> Option<T> {
        parsed
            .map_err(|why| self.refuse(key, &format!("{key}: {why}"), ""))
            .ok()
    }

    /// Returns `number`, and adds a problem if it is not between `least` and `most`.
    pub(crate) fn between(&mut self, key: &str, number: u32, least: u32, most: u32) -> u32 {
        if !(least..=most).contains(&number) {
            self.refuse(
                key,
                &format!("{key} is {number}"),
                &format!("it may be {least} to {most}"),
            );
        }
        number
    }

    /// Returns a secret, either from the settings or from the file that they name.
    pub(crate) fn secret(&mut self, key: &str, written: &str, file: &str) -> Option<Secret> {
        if file.is_empty() {
            return (!written.is_empty()).then(|| Secret::new(written));
        }
        let file_key = format!("{key}_file");
        if !written.is_empty() {
            self.refuse(
                &file_key,
                &format!("{key} and {file_key} are both set"),
                "keep one of them; a file is the safest",
            );
            return None;
        }
        let path = self.path(&file_key, file);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(Secret::new(text.trim_end_matches(['\r', '\n']))),
            Err(error) => {
                self.refuse(
                    &file_key,
                    &format!("{file_key}: cannot read {}: {error}", path.display()),
                    "the user that runs Kenduri must be able to read it",
                );
                None
            }
        }
    }
}
