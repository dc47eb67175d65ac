//! Collects the problems of settings, each with the place of its key.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::problem::{Origin, Problem};

/// Checks values, and collects problems and warnings.
#[derive(Debug, Default)]
pub struct Check {
    origins: BTreeMap<String, Origin>,
    section: String,
    allows_absent: bool,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl Check {
    /// `origins` contains where each key is written. A key that it does not contain has its
    /// built-in value.
    pub fn new(origins: BTreeMap<String, Origin>) -> Self {
        Self {
            origins,
            ..Self::default()
        }
    }

    /// Allows that files are missing, because the settings are for another machine or another user.
    /// What depends on a missing file is not checked.
    #[must_use]
    pub fn elsewhere(self, is_elsewhere: bool) -> Self {
        Self {
            allows_absent: is_elsewhere,
            ..self
        }
    }

    pub fn allows_absent(&self) -> bool {
        self.allows_absent
    }

    /// Makes all later keys relative to `section`, such as `service.flask`.
    pub fn enter(&mut self, section: impl Into<String>) {
        self.section = section.into();
    }

    pub fn is_built_in(&self, key: &str) -> bool {
        !self.origins.contains_key(key)
    }

    /// A key inside a nested value may be missing in `origins`: the nearest key around it counts.
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
    pub fn path(&self, key: &str, written: &str) -> PathBuf {
        match self.origin(key) {
            Origin::File { path, .. } => {
                path.parent().unwrap_or_else(|| Path::new("")).join(written)
            }
            _ => PathBuf::from(written),
        }
    }

    fn problem(&self, key: &str, what: impl Into<String>, mend: impl Into<String>) -> Problem {
        let key = match (self.section.as_str(), key) {
            ("", key) | (key, "") => key.to_owned(),
            (section, key) => format!("{section}.{key}"),
        };
        Problem {
            origin: self.origin(&key),
            key,
            what: what.into(),
            mend: mend.into(),
        }
    }

    /// Adds a problem with a key's value. `what` says what is wrong, and `mend` says how to correct
    /// it.
    pub fn refuse(&mut self, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.problems.push(self.problem(key, what, mend));
    }

    /// Like [`Self::refuse`], but `what` is a whole sentence that itself names the keys.
    pub fn refuse_sentence(&mut self, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        let origin = self.origin(key);
        self.problems.push(Problem::at(origin, what, mend));
    }

    pub fn warn(&mut self, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.warnings.push(self.problem(key, what, mend));
    }

    /// Like [`Self::warn`], but `what` is a whole sentence that itself names the keys.
    pub fn warn_sentence(&mut self, what: impl Into<String>) {
        self.warnings.push(Problem::at(Origin::BuiltIn, what, ""));
    }

    /// Returns the value in `checked`. If `checked` contains problems instead, adds them, each with
    /// the place where its key is written.
    pub fn take<T>(&mut self, checked: Result<T, Vec<Problem>>) -> Option<T> {
        let place = |problem: Problem| Problem {
            origin: self.origin(&problem.key),
            ..problem
        };
        match checked {
            Ok(value) => Some(value),
            Err(problems) => {
                let problems: Vec<_> = problems.into_iter().map(place).collect();
                // Two checks may find the same problem.
                for problem in problems {
                    if !self.problems.contains(&problem) {
                        self.problems.push(problem);
                    }
                }
                None
            }
        }
    }

    /// Returns the parsed value, or adds a problem with the parser's error message. The part of the
    /// message after the first `; ` says what to do about it.
    pub fn accept<T, E: Display>(&mut self, key: &str, parsed: Result<T, E>) -> Option<T> {
        parsed
            .map_err(|why| {
                let why = why.to_string();
                let (what, mend) = why
                    .split_once("; ")
                    .unwrap_or((&why, "correct or remove it"));
                self.refuse(key, what, mend);
            })
            .ok()
    }

    /// Parses a time that is not 0.
    pub fn time(&mut self, key: &str, written: &str) -> Option<Duration> {
        let time = self.accept(key, crate::duration(written))?;
        if time.is_zero() {
            self.refuse(key, "it must be longer than 0", "write at least 1ms");
            return None;
        }
        Some(time)
    }

    /// Returns `number`, and adds a problem if it is not between `least` and `most`.
    pub fn between(&mut self, key: &str, number: u32, least: u32, most: u32) -> u32 {
        if !(least..=most).contains(&number) {
            let mend = format!("write a number from {least} to {most}");
            self.refuse(key, format!("it is {number}"), mend);
        }
        number
    }

    /// Returns the value with this name in `known`, or adds a problem if there is none.
    pub fn one_of<T: Copy>(&mut self, key: &str, name: &str, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            let mend = format!("write one of {}", names.join(", "));
            self.refuse(key, format!("{name:?} is not known here"), mend);
        }
        found.map(|(_, value)| *value)
    }

    /// Like [`Self::refuse`], for something that only the machine on which the program runs needs
    /// to have.
    pub fn absent(&mut self, key: &str, what: impl Into<String>, mend: impl Into<String>) {
        if !self.allows_absent {
            self.refuse(key, what, mend);
        }
    }

    /// Returns the path of a file, or adds a problem if the file cannot be opened.
    pub fn file(&mut self, key: &str, folder: &Path, written: &str) -> Option<PathBuf> {
        let path = folder.join(written);
        let shown = path.display();
        match File::open(&path).and_then(|file| file.metadata()) {
            Ok(file) if file.is_file() => return Some(path),
            Ok(_) => self.refuse(key, format!("{shown} is not a file"), "name a file"),
            Err(error) => self.absent(
                key,
                format!("cannot read {shown}: {error}"),
                "correct the path, or give the file to the user that runs Kenduri (chown)",
            ),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(check: &Check) -> Vec<String> {
        check.problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_problem_has_the_place_of_the_innermost_key_that_is_written() {
        let at = |line| Origin::File {
            path: "a/k.toml".into(),
            line,
        };
        let origins = [("route", at(3)), ("route[1].to", at(5))];
        let origins = origins.map(|(key, origin)| (key.to_owned(), origin));
        let mut check = Check::new(origins.into());
        check.refuse("route[1].to", "it is missing", "write it");
        check.refuse("route[1].limit.rate", "it is odd", "");
        check.refuse("data", "it is odd", "");
        check.refuse_sentence("route", "route and data are both odd", "mend one");
        let gone = Problem {
            key: "route[0].to".to_owned(),
            ..Problem::at(Origin::BuiltIn, "it is gone", "")
        };
        for _ in 0..2 {
            assert_eq!(check.take::<()>(Err(vec![gone.clone()])), None);
        }
        assert_eq!(
            lines(&check),
            [
                "a/k.toml:5: route[1].to: it is missing\n  write it",
                "a/k.toml:3: route[1].limit.rate: it is odd",
                "data: it is odd",
                "a/k.toml:3: route and data are both odd\n  mend one",
                "a/k.toml:3: route[0].to: it is gone",
            ]
        );
        assert_eq!(check.path("route[0].to", "www"), Path::new("a/www"));
        assert_eq!(check.path("data", "www"), Path::new("www"));
    }

    #[test]
    fn what_an_error_advises_stands_on_its_own_line() {
        let mut check = Check::default();
        check.enter("service.a");
        assert_eq!(check.time("every", "0s"), None);
        assert_eq!(check.time("every", "soon"), None);
        assert_eq!(check.between("rise", 9, 1, 3), 9);
        assert_eq!(check.one_of("roll", "two", &[("one", 1), ("all", 0)]), None);
        check.refuse("", "it is odd", "");
        assert_eq!(
            lines(&check),
            [
                "service.a.every: it must be longer than 0\n  write at least 1ms",
                "service.a.every: \"soon\" is not a time\n  write it like 500ms, 30s, 5m, 2h or 30d",
                "service.a.rise: it is 9\n  write a number from 1 to 3",
                "service.a.roll: \"two\" is not known here\n  write one of one, all",
                "service.a: it is odd",
            ]
        );
    }
}
