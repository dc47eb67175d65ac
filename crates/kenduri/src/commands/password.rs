//! `kenduri password hash`: hashes a password for the file that a route's `access = { basic = … }`
//! names.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use identity::credential::hashing::Hasher;
use identity::credential::password::Password as Chosen;
use platform::{Random, Secret};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::say;
use crate::program_io::NO_RUNTIME;

const MAX_LINE_BYTES: u64 = 4_096;

/// Hash passwords for routes with `access`
#[derive(Debug, Subcommand)]
pub(super) enum Password {
    Hash(Hash),
}

/// Read a password from standard input, and print its hash
///
/// The hash belongs in the file that a route's `access = { basic = { file = … } }` names. With
/// NAME, the whole line of that file is printed. The password is not stored.
#[derive(Debug, Args)]
pub(super) struct Hash {
    /// The name to which the password belongs
    name: Option<String>,
}

impl Password {
    pub(super) fn run(self) -> Result<()> {
        let Self::Hash(hash) = self;
        hash.run()
    }
}

impl Hash {
    fn run(self) -> Result<()> {
        let is_name = |name: &String| {
            let is_odd = |letter: char| letter == ':' || letter.is_control();
            !name.is_empty() && !name.starts_with('#') && !name.contains(is_odd)
        };
        if let Some(name) = self.name.as_ref().filter(|name| !is_name(name)) {
            bail!("{name:?} cannot be a name\n  leave out colons, and # at the beginning");
        }
        let password = Chosen::choose(&read_secret("Password: ")?, &[])?;
        let hasher = Hasher::new(1, Random::system());
        let hash = tokio::runtime::Builder::new_current_thread()
            .build()
            .context(NO_RUNTIME)?
            .block_on(hasher.hash(&password))?;
        match &self.name {
            Some(name) => say(&format!("{name}:{}\n", hash.phc())),
            None => say(&format!("{}\n", hash.phc())),
        }
    }
}

/// Reads a line from standard input. On a terminal, prints `prompt` first and hides the input.
pub(super) fn read_secret(prompt: &str) -> Result<Secret> {
    let input = std::io::stdin();
    let mut line = String::new();
    let quiet = if input.is_terminal() {
        let mut output = std::io::stderr();
        output.write_all(prompt.as_bytes())?;
        output.flush()?;
        Some(NoEcho::switch_off()?)
    } else {
        None
    };
    let read = input.lock().take(MAX_LINE_BYTES).read_line(&mut line);
    if quiet.is_some() {
        std::io::stderr().write_all(b"\n")?;
    }
    read.context("cannot read standard input\n  send one line of UTF-8 text")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

/// Until this value is dropped.
struct NoEcho(Termios);

impl NoEcho {
    fn switch_off() -> Result<Self> {
        let input = std::io::stdin();
        let before = tcgetattr(&input).context(
            "cannot read the settings of the terminal\n  send the line through a pipe instead",
        )?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Flush, &quiet).context(
            "cannot turn off the echo of the terminal\n  send the line through a pipe instead",
        )?;
        Ok(Self(before))
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
