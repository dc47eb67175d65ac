//! Kenduri as a service of a live systemd: in a machine of its own, with Debian as it is here.
//!
//! The machine is an emulated one, so that nothing of this one is changed and nobody has to be
//! root of it; its whole system is unpacked into its memory. What is checked in it is said by
//! `tests/machine/check.sh`, line by line.

mod console;
mod root;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use tempfile::TempDir;

use console::Console;
use root::Root;

/// All that happens in the machine takes so long at most, from its start on.
const PATIENCE: Duration = Duration::from_mins(25);

/// Starts the machine with this program in it, and fails when anything does not hold there.
pub(super) fn show(program: &Path) -> Result<()> {
    let root = Root::provide()?;
    let folder = TempDir::with_prefix("kenduri-machine-")?;
    let system = root.with(program, folder.path())?;
    let begin = Instant::now();
    Console::open(&root.kernel(), &system, &root.record(), begin + PATIENCE)?.follow()?;
    println!("the machine took {} s", begin.elapsed().as_secs());
    Ok(())
}
