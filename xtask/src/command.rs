//! Runs other programs in the repository, and fails if they fail.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::interrupt::{self, Running};
use crate::workspace::root;

/// Makes a command with the repository's root as its working directory.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

pub fn with_children(first: u32) -> Result<Vec<u32>> {
    let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
    let children = children.split_whitespace().map(str::parse);
    std::iter::once(Ok(first))
        .chain(children)
        .map(|process| Ok(process?))
        .collect()
}

/// Starts the command in a process group of its own, which Ctrl-C ends.
pub fn start(command: &mut Command) -> Result<(Child, Running)> {
    ensure!(!interrupt::is_wanted(), "interrupted");
    let child = command
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let running = Running::group_of(&child)?;
    Ok((child, running))
}

/// Prints the command and runs it; fails if the command fails.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("$ {shown}");
    let (mut child, running) = start(command)?;
    let status = child.wait();
    drop(running);
    ensure!(!interrupt::is_wanted(), "interrupted");
    let status = status?;
    ensure!(status.success(), "{shown}: {status}");
    Ok(())
}

/// Runs the command quietly and returns its output. If it fails, the error contains all output.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Returns the path of a program, as found by the shell.
pub fn find(name: &str) -> Option<PathBuf> {
    output(program("sh").args(["-c", "command -v \"$0\"", name]))
        .ok()
        .map(PathBuf::from)
}

pub fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}
