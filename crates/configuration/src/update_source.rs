//! The sources of newer versions and security advisories, from `[updates]` in `kenduri.toml`.

use std::fmt;
use std::path::PathBuf;

use platform::outbound::{self, Reach};

/// A configured source of releases or advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Url(String),
}

impl Source {
    /// Parses a configured source. `file` resolves a file name.
    pub fn parse(written: &str, file: impl FnOnce(&str) -> PathBuf) -> Result<Self, String> {
        if !written.contains("://") {
            return Ok(Self::File(file(written)));
        }
        if outbound::is_permitted(written, Reach::Private) {
            Ok(Self::Url(written.to_owned()))
        } else {
            Err(format!(
                "{written:?} is neither a file nor an https address; write https:// and a host on \
                 public networks, or the name of a file"
            ))
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}
