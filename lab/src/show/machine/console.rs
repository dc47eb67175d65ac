//! The virtual machine's serial console, on which the machine prints the results of the checks.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::program;
use crate::interrupt::{self, Running};

/// Of the checks' lines: the kernel and systemd print to the same console.
const MARK: &str = "machine: ";
/// The checks print it last.
const DONE: &str = "done";
/// Precedes [`DONE`] if a check fails.
const FAILED: &str = "FAILED";
/// Shown if the virtual machine fails.
const LAST_LINES: usize = 100;
/// No boot loader, no disk and no login; a kernel panic ends the machine. With address space
/// randomization, the emulator would translate the same code again for each address, which is slow.
const KERNEL: &str = "console=ttyS0 rdinit=/sbin/init panic=-1 quiet norandmaps \
                      systemd.show_status=error systemd.mask=serial-getty@ttyS0.service";

/// A running virtual machine, which is stopped when this value is dropped.
pub(super) struct Console {
    machine: Child,
    _running: Running,
    lines: Receiver<String>,
    /// The file that records the virtual machine's whole output.
    record: File,
    until: Instant,
}

impl Console {
    pub(super) fn open(
        kernel: &Path,
        system: &Path,
        record: &Path,
        restarts: u32,
        until: Instant,
    ) -> Result<Self> {
        let record = File::create(record)?;
        let mut machine = program("qemu-system-x86_64")
            // Software emulation works everywhere, even on an emulated machine where /dev/kvm
            // exists but hangs.
            // Half of the memory is its disk, which holds a debug build five times.
            .args(["-accel", "tcg,thread=multi", "-smp", "2", "-m", "3072"])
            .args(["-display", "none", "-serial", "stdio", "-monitor", "none"])
            .args(["-nic", "none", "-no-reboot"])
            .arg("-kernel")
            .arg(kernel)
            .arg("-initrd")
            .arg(system)
            .args(["-append", &format!("{KERNEL} machine.restarts={restarts}")])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("cannot start qemu-system-x86_64, of Debian's package qemu-system-x86")?;
        let running = Running::group_of(&machine)?;
        let said = machine.stdout.take().context("it has no output")?;
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for said in BufReader::new(said).split(b'\n') {
                let Ok(said) = said else { return };
                let said = String::from_utf8_lossy(&said).trim_end().to_owned();
                if line.send(said).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            machine,
            _running: running,
            lines,
            record,
            until,
        })
    }

    /// Prints the lines that the checks print, until the checks are done.
    pub(super) fn follow(mut self) -> Result<()> {
        let mut last = VecDeque::new();
        let outcome = self.read(&mut last);
        if outcome.is_err() {
            println!("the machine said last:");
            for line in last {
                println!("    {line}");
            }
        }
        outcome
    }

    fn read(&mut self, last: &mut VecDeque<String>) -> Result<()> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let line = match self.lines.recv_timeout(left) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => bail!("the machine takes too long"),
                Err(RecvTimeoutError::Disconnected) => {
                    ensure!(!interrupt::is_wanted(), "interrupted");
                    bail!("the machine ended before the checks did");
                }
            };
            writeln!(self.record, "{line}")?;
            if let Some(said) = line.strip_prefix(MARK) {
                println!("{said}");
                if said == DONE {
                    return Ok(());
                }
                if let Some(what) = said.strip_prefix(FAILED) {
                    bail!("in the machine: {}", what.trim());
                }
            }
            last.push_back(line);
            if last.len() > LAST_LINES {
                last.pop_front();
            }
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // The machine may have stopped already.
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}
