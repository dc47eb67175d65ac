//! The machine's serial line, on which it says what holds.

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

/// How every line of the checks begins, among what the kernel and systemd say.
const MARK: &str = "machine: ";
/// What they say last.
const DONE: &str = "done";
/// And before it, if something does not hold.
const FAILED: &str = "FAILED";
/// So many lines are shown of a machine that fails.
const LAST_LINES: usize = 100;
/// Neither a boot loader nor a disk; nobody signs in; a kernel that gives up ends the machine.
/// Programs lie at the same addresses each time, for the emulator translates code anew for each
/// address at which it finds it, and translating is most of what it does.
const KERNEL: &str = "console=ttyS0 rdinit=/sbin/init panic=-1 quiet norandmaps \
                      systemd.show_status=error systemd.mask=serial-getty@ttyS0.service";

/// A machine that runs, and ends with this.
pub(super) struct Console {
    machine: Child,
    _running: Running,
    lines: Receiver<String>,
    /// Where all that it says is kept.
    record: File,
    until: Instant,
}

impl Console {
    /// Starts the machine.
    pub(super) fn open(
        kernel: &Path,
        system: &Path,
        record: &Path,
        until: Instant,
    ) -> Result<Self> {
        let record = File::create(record)?;
        let mut machine = program("qemu-system-x86_64")
            // Software alone: it works everywhere, also where a machine is an emulated one itself
            // and /dev/kvm is there, but hangs.
            .args(["-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048"])
            .args(["-display", "none", "-serial", "stdio", "-monitor", "none"])
            .args(["-nic", "none", "-no-reboot"])
            .arg("-kernel")
            .arg(kernel)
            .arg("-initrd")
            .arg(system)
            .args(["-append", KERNEL])
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

    /// Shows what the checks say, until they are done.
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
        // It may have ended by itself.
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}
