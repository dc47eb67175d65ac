//! The settings of Kenduri's log, from `[log]` in `kenduri.toml`.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text if standard error is a terminal, JSON if it is not.
    Auto,
    Text,
    Json,
}

/// The least severe level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed and needs attention.
    Error,
    Warn,
    Info,
    /// Details for finding the cause of a problem.
    Debug,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    /// The least severe level that is logged. It does not affect the access log.
    pub level: LogLevel,
    pub to: To,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    Stderr,
    /// Standard error. systemd passes it on to its journal.
    Journal,
    /// A folder in which log files are rotated.
    Folder(PathBuf),
}

impl Log {
    /// Whether lines are written as text rather than JSON.
    pub fn is_text(&self) -> bool {
        match self.format {
            LogFormat::Auto => self.is_on_terminal(),
            LogFormat::Text => true,
            LogFormat::Json => false,
        }
    }

    pub fn is_on_terminal(&self) -> bool {
        !matches!(self.to, To::Folder(_)) && io::stderr().is_terminal()
    }
}
