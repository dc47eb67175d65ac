//! What a supervisor that was killed has left: found by what was written down, and ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions};
use serde::{Deserialize, Serialize};

use super::table::{Table, boot, carries};

/// Leftovers that were killed get so long to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that was started, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) service: String,
    pub(crate) pid: i32,
    /// In clock ticks since the system started.
    pub(crate) start: u64,
    pub(crate) token: String,
}

/// All that run now, as they are written down.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    boot: String,
    processes: Vec<Record>,
}

/// The file in which they are.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    page: Page,
}

impl Ledger {
    /// Reads what was left, ends it, and begins a new page. Says what was ended.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let boot = boot();
        let left = match fs::read(path) {
            Ok(text) => serde_json::from_slice::<Page>(&text)
                .ok()
                .filter(|page| page.boot == boot)
                .map_or_else(Vec::new, |page| page.processes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let ended = end(left)?;
        let page = Page {
            boot,
            processes: Vec::new(),
        };
        let ledger = Self {
            path: path.to_owned(),
            page,
        };
        ledger.write()?;
        Ok((ledger, ended))
    }

    /// Goes on with a page that another has begun in this process.
    pub(crate) fn resume(path: &Path, processes: Vec<Record>) -> io::Result<Self> {
        let page = Page {
            boot: boot(),
            processes,
        };
        let ledger = Self {
            path: path.to_owned(),
            page,
        };
        ledger.write()?;
        Ok(ledger)
    }

    /// All that run now.
    pub(crate) fn records(&self) -> &[Record] {
        &self.page.processes
    }

    /// Writes down a process before it runs.
    pub(crate) fn add(&mut self, record: Record) -> io::Result<()> {
        self.page.processes.push(record);
        self.write()
    }

    /// Forgets a process that is gone.
    pub(crate) fn remove(&mut self, token: &str) -> io::Result<()> {
        self.page.processes.retain(|record| record.token != token);
        self.write()
    }

    /// Not flushed to the disk: what runs does not outlive the system that would forget it.
    fn write(&self) -> io::Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, serde_json::to_vec(&self.page)?)?;
        fs::rename(&next, &self.path)
    }
}

/// Ends those of a record that still are what they were.
fn end(records: Vec<Record>) -> io::Result<Vec<Record>> {
    let mut ended = Vec::new();
    for record in records {
        let Some(group) = Pid::from_raw(record.pid) else {
            continue;
        };
        let is_first = |table: &Table| {
            let mut entries = table.entries().iter();
            entries.any(|entry| {
                entry.pid == record.pid && entry.start == record.start && !entry.is_zombie()
            })
        };
        let since = Instant::now();
        let mut found = false;
        loop {
            let table = Table::read();
            // Without its first process, the number of a group may belong to others by now.
            let of_ours = |pid| carries(pid, &record.token);
            let first = is_first(&table);
            let members = table.members(group, record.start, &record.token);
            let left: Vec<_> = members
                .into_iter()
                .filter(|entry| first || of_ours(entry.pid))
                .collect();
            if !first && left.is_empty() {
                break;
            }
            found = true;
            for entry in left {
                entry.kill_if(|now| first && now.group == record.pid || of_ours(now.pid));
            }
            for entry in table
                .entries()
                .iter()
                .filter(|entry| entry.pid == record.pid)
            {
                entry.kill_if(|now| now.start == record.start);
            }
            if since.elapsed() > PATIENCE {
                let what = format!(
                    "process {} of {} cannot be ended",
                    record.pid, record.service
                );
                return Err(io::Error::other(what));
            }
            std::thread::sleep(super::LOOK);
        }
        if found {
            // It is a child of this process if this process was another program before.
            let _ = rustix::process::waitid(
                WaitId::Pid(group),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
            ended.push(record);
        }
    }
    Ok(ended)
}
