//! Runs Kenduri as a service of a live systemd, in a virtual machine with the host's Debian
//! release.
//!
//! The virtual machine is emulated, so nothing changes on the host and root is not needed. The
//! virtual machine's whole file system is unpacked into its memory. The checks that run inside the
//! virtual machine are in `tests/machine/check.sh`.

mod console;
mod root;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use tempfile::TempDir;

use console::Console;
use root::Root;

/// For all checks, counted from the start.
const PATIENCE: Duration = Duration::from_mins(45);

pub(super) fn show(program: &Path, restarts: u32) -> Result<()> {
    let root = Root::provide()?;
    let folder = TempDir::with_prefix("kenduri-machine-")?;
    let system = root.with(program, folder.path())?;
    let begin = Instant::now();
    let (kernel, record) = (root.kernel(), root.record());
    Console::open(&kernel, &system, &record, restarts, begin + PATIENCE)?.follow()?;
    println!("the machine took {} s", begin.elapsed().as_secs());
    Ok(())
}
