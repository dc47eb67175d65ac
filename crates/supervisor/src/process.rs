//! Starts each instance in its own process group, and ends all processes of a group together.

mod cgroup;
mod pid_records;
mod poll_backoff;
mod proc_table;
pub mod shim;
mod spawn;

use std::cell::LazyCell;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use serde::{Deserialize, Serialize};

pub(crate) use cgroup::{Cgroup, Cgroups};
pub(crate) use pid_records::{PidRecord, PidRecords};
pub(crate) use poll_backoff::PollBackoff;
pub(crate) use proc_table::ProcessTable;
pub(crate) use shim::THIS_PROGRAM;
pub(crate) use spawn::{PassedDescriptor, SpawnRequest, spawn};

use crate::state::Exit;

/// The environment variable by which the supervisor recognizes its processes, even if they have
/// left their process group.
pub(crate) const TOKEN_VARIABLE: &str = "SUPERVISOR_RUN";

/// For noticing that killed processes have exited.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// For a killed process to exit.
const EXIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A process that the supervisor started, with all its descendants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Process {
    #[serde(with = "crate::serde_numbers::pid")]
    pid: Pid,
    /// In clock ticks since boot. The system never reuses a pid with the same start time.
    start: u64,
    /// Of [`TOKEN_VARIABLE`]; see also [`mark_with_token`](proc_table::mark_with_token).
    token: String,
    /// The control group of the process and its descendants, if there is one.
    group: Option<Cgroup>,
    /// How the first process of the process group exited. That process stays a zombie until the
    /// group is empty. Until then, its pid, which is also the group's ID, cannot be reused.
    ended: Option<Exit>,
    asked: bool,
    killed: bool,
}

impl Process {
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn control_group(&self) -> Option<&Cgroup> {
        self.group.as_ref()
    }

    pub(crate) fn set_cgroup(&mut self, group: Cgroup) {
        self.group = Some(group);
    }

    /// Sends the stop signal to the process group, and to descendants that left the group.
    pub(crate) fn request_stop(&mut self, signal: Signal) {
        self.asked = true;
        let group = self.pid.as_raw_nonzero().get();
        let table = ProcessTable::read();
        let members = table.members(self.pid, self.start, &self.token);
        let left = members.into_iter().filter(|entry| entry.group != group);
        for entry in left {
            entry.signal(signal);
        }
        self.signal(signal);
    }

    pub(crate) fn kill(&mut self) {
        self.killed = true;
        self.signal(Signal::KILL);
        if let Some(group) = &self.group {
            group.kill();
        }
    }

    fn signal(&self, signal: Signal) {
        // An error means that the process group no longer exists.
        let _ = rustix::process::kill_process_group(self.pid, signal);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Checks whether the first process of the process group has exited, without reaping it.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            let status = rustix::process::waitid(WaitId::Pid(self.pid), options);
            self.ended = match status {
                Ok(None) => None,
                Ok(Some(status)) => Some(match status.terminating_signal() {
                    Some(number) if !self.killed && self.ran_out_of_memory(number) => {
                        Exit::OutOfMemory
                    }
                    Some(number) => Exit::Signal(number),
                    None => Exit::Code(status.exit_status().unwrap_or(0)),
                }),
                // Other code in this process has already reaped the child.
                Err(_) => Some(Exit::Code(-1)),
            };
        }
        self.ended.is_some()
    }

    fn ran_out_of_memory(&self, signal: i32) -> bool {
        let group = self.group.as_ref();
        signal == Signal::KILL.as_raw() && group.is_some_and(Cgroup::ran_out_of_memory)
    }

    /// Kills the remaining processes of a process group whose first process has exited. When no
    /// process is left, returns how the first one exited. If the group was asked to stop, its
    /// processes are killed only after the full stop timeout.
    ///
    /// The process table is not read while the control group contains processes, because reading it
    /// opens several files per process of the system.
    pub(crate) fn finish<F>(&mut self, table: &LazyCell<ProcessTable, F>) -> Option<Exit>
    where
        F: FnOnce() -> ProcessTable,
    {
        let exit = self.ended?;
        let group = self.group.as_ref();
        if group.is_some_and(Cgroup::is_populated) {
            if self.killed || !self.asked {
                self.kill();
            }
            return None;
        }
        let left = table.members(self.pid, self.start, &self.token);
        if left.is_empty() {
            // An error means that other code in this process has already reaped the child.
            let _ = rustix::process::waitid(
                WaitId::Pid(self.pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
            if let Some(Err(error)) = group.map(Cgroup::remove) {
                tracing::warn!(%error, "cannot remove the control group of a process that has ended; it is empty, and nothing needs to be done");
            }
            return Some(exit);
        }
        if self.killed || !self.asked {
            self.kill();
            for entry in left {
                entry.signal(Signal::KILL);
            }
        }
        None
    }
}

/// Makes orphaned descendants children of this process, so that this process can reap them
/// (`PR_SET_CHILD_SUBREAPER`, prctl(2)).
pub(crate) fn adopt_orphans() -> io::Result<()> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Reaps adopted processes that have exited. Skips processes for which `own` returns true, because
/// other code reaps them.
pub(crate) fn reap_adopted(table: &ProcessTable, own: impl Fn(Pid) -> bool) {
    let me = rustix::process::getpid().as_raw_nonzero().get();
    for entry in table.entries() {
        if entry.parent == me
            && entry.has_ended()
            && let Some(pid) = Pid::from_raw(entry.pid)
            && !own(pid)
        {
            let _ = rustix::process::waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::*;

    #[test]
    fn a_control_group_that_has_processes_is_asked_alone() {
        let folder = tempfile::tempdir().unwrap();
        let group: Cgroup = serde_json::from_value(serde_json::json!(folder.path())).unwrap();
        let says = |populated: u8| {
            let events = format!("populated {populated}\nfrozen 0\n");
            fs::write(folder.path().join("cgroup.events"), events).unwrap();
        };
        let mut process = Process {
            // This pid exceeds the kernel's maximum, so no process has it.
            pid: Pid::from_raw(i32::MAX).unwrap(),
            start: u64::MAX,
            token: "1.2.web.3".to_owned(),
            group: Some(group),
            ended: Some(Exit::Code(0)),
            asked: true,
            killed: false,
        };
        let scans = Cell::new(0);
        let mut look = || {
            let table = LazyCell::new(|| {
                scans.set(scans.get() + 1);
                ProcessTable::default()
            });
            process.finish(&table)
        };
        says(1);
        for _ in 0..100 {
            assert_eq!(look(), None);
        }
        assert_eq!(scans.get(), 0);
        assert!(!folder.path().join("cgroup.kill").exists());
        says(0);
        assert_eq!(look(), Some(Exit::Code(0)));
        assert_eq!(scans.get(), 1);
    }
}
