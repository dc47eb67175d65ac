//! A problem in the settings. It says what is wrong, where the setting is written, and what to do
//! about it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a value comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    #[default]
    BuiltIn,
    File {
        path: PathBuf,
        /// The line number, starting at 1.
        line: usize,
    },
    Environment(String),
    /// A command-line flag, as typed.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => out.write_str("built-in"),
            Self::File { path, line } => write!(out, "{}:{line}", path.display()),
            Self::Environment(name) => write!(out, "environment {name}"),
            Self::Flag(flag) => write!(out, "flag {flag}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    /// The setting's key, such as `route[2].to`. Indexes start at 0. Empty if the key is already
    /// named in `what`.
    pub key: String,
    pub what: String,
    /// What to do about the problem. Empty if `what` already says this.
    pub mend: String,
}

impl Problem {
    /// Creates a problem without a key, because the sentence `what` names the key or because the
    /// problem concerns several keys.
    pub fn at(origin: Origin, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            origin,
            key: String::new(),
            what: what.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin != Origin::BuiltIn {
            write!(out, "{}: ", self.origin)?;
        }
        if !self.key.is_empty() {
            write!(out, "{}: ", self.key)?;
        }
        out.write_str(&self.what)?;
        if !self.mend.is_empty() {
            write!(out, "\n  {}", self.mend)?;
        }
        Ok(())
    }
}

/// All problems of a configuration, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Sorts the problems by their lines. Those that are not in the file come last.
    pub fn sorted(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| match problem.origin {
            Origin::File { line, .. } => line,
            _ => usize::MAX,
        });
        Self(problems)
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.0.iter().enumerate() {
            let line = if position > 0 { "\n" } else { "" };
            write!(out, "{line}{problem}")?;
        }
        Ok(())
    }
}
