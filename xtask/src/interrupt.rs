//! Handles Ctrl-C and SIGTERM: ends all running commands. Afterwards, the code that started the
//! commands cleans up.
//!
//! Each command runs in its own process group, so that its child processes end with it. A private
//! `PostgreSQL` outlives the commands just long enough to be stopped properly.

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::signal::unix::{SignalKind, signal};

static WANTED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A process group that exits on Ctrl-C or SIGTERM as long as this value exists.
#[must_use]
pub struct Running {
    group: Pid,
}

/// Starts handling Ctrl-C and SIGTERM.
pub fn listen() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot listen for Ctrl-C")?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                WANTED.store(true, Ordering::SeqCst);
                for group in running().iter() {
                    end(*group);
                }
            }
        });
    });
    Ok(())
}

pub fn is_wanted() -> bool {
    WANTED.load(Ordering::SeqCst)
}

impl Running {
    /// Returns the process group whose leader is `process`.
    pub fn group_of(process: &Child) -> Result<Self> {
        let group = i32::try_from(process.id())?;
        let group = Pid::from_raw(group).context("a process has a number above 0")?;
        running().push(group);
        if is_wanted() {
            end(group);
        }
        Ok(Self { group })
    }

    pub fn end(&self) {
        end(self.group);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        running().retain(|group| *group != self.group);
    }
}

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(group: Pid) {
    // The process group may have exited already.
    let _ = kill_process_group(group, Signal::TERM);
}
