//! The environment variables, the standard output and the exit code of this process.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;

/// The environment variables of this process that are valid UTF-8.
pub(crate) fn environment() -> Vec<(String, String)> {
    let all = std::env::vars_os();
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Prints text to standard output.
pub(crate) fn say(text: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

/// An error with its exit code. The command has already printed the error.
#[derive(Debug, thiserror::Error)]
#[error("it has said why")]
pub(crate) struct Failed(pub(crate) ExitCode);
