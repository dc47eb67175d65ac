//! `cargo xtask dev`: serves the demo from `target/dev`, and rebuilds and restarts it whenever a
//! file is saved.
//!
//! If a build fails, the demo keeps running, so that its pages can still be viewed.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};

use crate::command::{program, run};
use crate::interrupt;
use crate::workspace::{files_below, root};

/// Short enough for a waiting developer, long enough to spare the disk.
const CHECK_INTERVAL: Duration = Duration::from_millis(300);

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
            thread::sleep(CHECK_INTERVAL);
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

/// Waits, because the next demo needs the same port and store.
fn stop(running: Option<Child>) {
    let Some(mut child) = running else { return };
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let _ = child.wait();
}

/// Also the number of files, which changes if one is removed.
fn newest(folder: &Path) -> Result<(usize, Option<(SystemTime, PathBuf)>)> {
    let files = files_below(folder)?;
    let count = files.len();
    let newest = files
        .into_iter()
        .filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file)))
        .max();
    Ok((count, newest))
}
