//! Ctrl-C and SIGTERM: end what runs now, then let everything started here clean up after itself.
//!
//! Each command runs in a process group of its own, so that ending it ends its children as well,
//! and a private `PostgreSQL` outlives it just long enough to be stopped in order.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::signal::unix::{SignalKind, signal};

static WANTED: AtomicBool = AtomicBool::new(false);
static RUNNING_GROUP: AtomicI32 = AtomicI32::new(0);

/// Listens from now on.
pub(crate) fn listen() -> Result<()> {
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
                end(RUNNING_GROUP.load(Ordering::SeqCst));
            }
        });
    });
    Ok(())
}

/// Has somebody asked to stop?
pub(crate) fn is_wanted() -> bool {
    WANTED.load(Ordering::SeqCst)
}

/// Names the process group that an interrupt must end; 0 for none.
pub(crate) fn now_runs(group: i32) {
    RUNNING_GROUP.store(group, Ordering::SeqCst);
    if is_wanted() {
        end(group);
    }
}

fn end(group: i32) {
    if group != 0
        && let Some(group) = Pid::from_raw(group)
    {
        // It may have ended by itself just now, which is as good.
        let _ = kill_process_group(group, Signal::TERM);
    }
}
