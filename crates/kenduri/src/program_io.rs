//! Access to this process's environment variables, standard output and exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;

/// Returns the environment variables that are valid UTF-8.
pub(crate) fn environment() -> Vec<(String, String)> {
    let all = std::env::vars_os();
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

pub(crate) fn say(text: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

/// Context for a Tokio runtime that cannot start.
pub(crate) const NO_RUNTIME: &str = "cannot start the runtime\n  \
    the system allows no more threads or open files: raise TasksMax= and LimitNOFILE= in the \
    systemd unit, or `ulimit -u` and `ulimit -n`";

/// The exit code of a failed command that has already printed its error.
#[derive(Debug, thiserror::Error)]
#[error("it has said why")]
pub(crate) struct Failed(pub(crate) ExitCode);
