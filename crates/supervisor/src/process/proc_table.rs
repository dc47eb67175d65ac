//! Reads processes, their processor time and their memory from `/proc` (proc(5)).

use std::fs;

use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, Signal, getrlimit, setrlimit};

use super::TOKEN_VARIABLE;

#[derive(Debug, Default)]
pub(crate) struct ProcessTable(Vec<ProcessStat>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessStat {
    pub(crate) pid: i32,
    state: u8,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    /// User and system processor time, in clock ticks.
    pub(crate) busy: u64,
    /// The start time, in clock ticks since boot.
    pub(crate) start: u64,
    /// Resident memory, in pages.
    pub(crate) pages: u64,
    threads: u64,
}

impl ProcessTable {
    pub(crate) fn read() -> Self {
        let Ok(folder) = fs::read_dir("/proc") else {
            return Self::default();
        };
        let pids = folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Self(pids.filter_map(ProcessStat::read).collect())
    }

    /// Reads a single process.
    pub(crate) fn of(pid: Pid) -> Self {
        let pid = pid.as_raw_nonzero().get();
        Self(ProcessStat::read(pid).into_iter().collect())
    }

    pub(crate) fn entries(&self) -> &[ProcessStat] {
        &self.0
    }

    /// Returns the living processes of a group except its first process. Includes processes that
    /// have left the group but have its token.
    pub(crate) fn members(&self, group: Pid, start: u64, token: &str) -> Vec<&ProcessStat> {
        let group = group.as_raw_nonzero().get();
        let belongs = |entry: &&ProcessStat| {
            entry.pid != group
                && !entry.has_ended()
                && entry.start >= start
                && (entry.group == group || has_token(entry.pid, token))
        };
        self.0.iter().filter(belongs).collect()
    }

    /// Returns a process group's processor time (in clock ticks) and memory (in bytes).
    pub(crate) fn use_of(&self, group: Pid) -> (u64, u64) {
        let group = group.as_raw_nonzero().get();
        let members = self.0.iter().filter(|entry| entry.group == group);
        let page = rustix::param::page_size() as u64;
        members.fold((0, 0), |(busy, bytes), entry| {
            (busy + entry.busy, bytes + entry.pages * page)
        })
    }

    /// Returns a process group's memory in bytes. Shared pages are divided among the processes that
    /// share them.
    pub(crate) fn fair_memory_of(&self, group: Pid) -> Option<u64> {
        let group = group.as_raw_nonzero().get();
        let members = self
            .0
            .iter()
            .filter(|entry| entry.group == group && !entry.is_zombie());
        let mut bytes = 0;
        for entry in members {
            let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", entry.pid)).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
            bytes += kilobytes << 10;
        }
        Some(bytes)
    }
}

impl ProcessStat {
    pub(crate) fn read(pid: i32) -> Option<Self> {
        Self::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(pid: i32, text: &str) -> Option<Self> {
        // The process name may contain any character, including parentheses.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid,
            state: *fields.first()?.as_bytes().first()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            busy: number(11)? + number(12)?,
            start: number(19)?,
            pages: number(21)?,
            threads: number(17)?,
        })
    }

    fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    /// Whether all threads have ended. Until then, the process keeps its files and sockets open.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_zombie() && self.threads <= 1
    }

    /// Sends a signal to this process, and never to another process that has reused its pid.
    /// Returns whether the signal was sent.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return false;
        };
        // A pidfd refers to one process, even if its pid is reused.
        let Ok(handle) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else {
            return false;
        };
        Self::read(self.pid).is_some_and(|now| now.start == self.start)
            && rustix::process::pidfd_send_signal(&handle, signal).is_ok()
    }
}

/// Whether a process has this token. Child processes inherit the token in two ways: in the
/// environment, and as a resource limit that the kernel does not enforce. The limit remains even if
/// a process clears its environment.
pub(crate) fn has_token(pid: i32, token: &str) -> bool {
    is_limited(pid, token) || has_in_environment(pid, token)
}

/// Marks this process and all its future child processes with a token.
pub(crate) fn mark_with_token(token: &str) {
    let limit = Rlimit {
        current: Some(token_as_limit(token)),
        ..getrlimit(Resource::Locks)
    };
    // If the limit cannot be set, only the environment identifies the process.
    let _ = setrlimit(Resource::Locks, limit);
}

/// Linux has ignored the limit for file locks since 2.4.25 (getrlimit(2)), but child processes
/// inherit it even if the environment is cleared. The value is a hash of the token (FNV-1a).
/// Processes without a token have no such limit, or a small one.
fn token_as_limit(token: &str) -> u64 {
    let hash = token.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The largest number is reserved for “no limit”.
    (hash >> 1) | 1 << 62
}

fn is_limited(pid: i32, token: &str) -> bool {
    let Ok(limits) = fs::read_to_string(format!("/proc/{pid}/limits")) else {
        return false;
    };
    let mut lines = limits.lines();
    let locks = lines.find_map(|line| line.strip_prefix("Max file locks"));
    let now = locks.and_then(|limits| limits.split_ascii_whitespace().next()?.parse().ok());
    now == Some(token_as_limit(token))
}

fn has_in_environment(pid: i32, token: &str) -> bool {
    let wanted = format!("{TOKEN_VARIABLE}={token}");
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|pair| pair == wanted.as_bytes())
    })
}

/// Returns the boot ID, which changes with each boot of the system.
pub(crate) fn boot() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_confuses_nobody() {
        let text = "42 (a) S (b)) R 7 40 1 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0 4711 999 55 0";
        let entry = ProcessStat::parse(42, text).unwrap();
        let wanted = ProcessStat {
            pid: 42,
            state: b'R',
            parent: 7,
            group: 40,
            busy: 42,
            start: 4711,
            pages: 55,
            threads: 1,
        };
        assert_eq!(entry, wanted);
        assert_eq!(ProcessStat::parse(42, "42 (a"), None);
    }

    #[test]
    fn a_process_ends_with_its_last_thread() {
        let ended = |state: char, threads: u8| {
            let text = format!(
                "42 (a) {state} 7 40 1 0 -1 0 0 0 0 0 30 12 0 0 20 0 {threads} 0 4711 0 0 0"
            );
            ProcessStat::parse(42, &text).unwrap().has_ended()
        };
        assert!(!ended('S', 1) && !ended('Z', 3));
        assert!(ended('Z', 1) && ended('X', 0));
    }

    #[test]
    fn each_token_is_a_limit_that_nobody_else_has() {
        let [one, other] = ["1.2.web.1", "1.2.web.2"].map(token_as_limit);
        assert_ne!(one, other);
        assert!([one, other].iter().all(|limit| *limit >> 62 == 1));
    }

    #[test]
    fn this_process_is_listed() {
        let me = i32::try_from(std::process::id()).unwrap();
        let table = ProcessTable::read();
        let entry = table
            .entries()
            .iter()
            .find(|entry| entry.pid == me)
            .unwrap();
        assert!(entry.start > 0 && entry.pages > 0 && !entry.has_ended());
        let group = Pid::from_raw(entry.group).unwrap();
        assert!(table.use_of(group).1 > 0);
        assert!(!has_token(me, "nobody has this"));
    }
}
