//! `cargo xtask dev`: the demo from `target/dev`, built and started again whenever a file is saved.
//!
//! A build that fails leaves the running one alone, so that the page can still be looked at.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};

use crate::command::{program, run};
use crate::interrupt;
use crate::workspace::{files_below, root};

/// How often the files are looked at: soon enough for a person, cheap for a disk.
const EVERY: Duration = Duration::from_millis(300);

pub(crate) fn dev() -> Result<()> {
    interrupt::listen()?;
    let mut running: Option<Child> = None;
    while !interrupt::is_wanted() {
        let seen = newest(&root().join("crates"))?;
        match run(program("cargo").args(["build", "-p", "kenduri"])) {
            Ok(()) => {
                stop(running.take());
                running = Some(start()?);
            }
            Err(failure) => println!("{failure:#}"),
        }
        while !interrupt::is_wanted() && newest(&root().join("crates"))? == seen {
            thread::sleep(EVERY);
        }
    }
    stop(running);
    Ok(())
}

fn start() -> Result<Child> {
    Ok(program("target/debug/kenduri")
        .args(["serve", "--demo", "--data", "target/dev"])
        .spawn()?)
}

/// Asks it to end, and waits: the next one wants its port and its store.
fn stop(running: Option<Child>) {
    let Some(mut child) = running else { return };
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let _ = child.wait();
}

/// The file saved last, and how many there are: one that is removed counts as a change too.
fn newest(folder: &Path) -> Result<(usize, Option<(SystemTime, PathBuf)>)> {
    let files = files_below(folder)?;
    let count = files.len();
    let newest = files
        .into_iter()
        .filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file)))
        .max();
    Ok((count, newest))
}
