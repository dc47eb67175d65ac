//! What the system says about its processes (proc(5)).

use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal};

use super::TOKEN;

/// All processes at one instant.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Entry>);

/// One process, from `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) pid: i32,
    state: u8,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    /// User and system time, in clock ticks.
    pub(crate) busy: u64,
    /// In clock ticks since the system started.
    pub(crate) start: u64,
    /// Resident memory, in pages.
    pub(crate) pages: u64,
    threads: u64,
}

impl Table {
    pub(crate) fn read() -> Self {
        let Ok(folder) = fs::read_dir("/proc") else {
            return Self::default();
        };
        let pids = folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Self(pids.filter_map(Entry::read).collect())
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Who lives of a group but its first process: its members, and those that left it and carry
    /// its token.
    pub(crate) fn members(&self, group: Pid, start: u64, token: &str) -> Vec<&Entry> {
        let group = group.as_raw_nonzero().get();
        let belongs = |entry: &&Entry| {
            entry.pid != group
                && !entry.has_ended()
                && entry.start >= start
                && (entry.group == group || carries(entry.pid, token))
        };
        self.0.iter().filter(belongs).collect()
    }

    /// Time used and memory held by a group, in ticks and bytes.
    pub(crate) fn use_of(&self, group: Pid) -> (u64, u64) {
        let group = group.as_raw_nonzero().get();
        let members = self.0.iter().filter(|entry| entry.group == group);
        let page = rustix::param::page_size() as u64;
        members.fold((0, 0), |(busy, bytes), entry| {
            (busy + entry.busy, bytes + entry.pages * page)
        })
    }

    /// Memory of a group in bytes, shared pages divided among those that share them.
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

impl Entry {
    pub(crate) fn read(pid: i32) -> Option<Self> {
        Self::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(pid: i32, text: &str) -> Option<Self> {
        // The name may hold anything, brackets too.
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

    /// Whether its first thread has ended.
    fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    /// Whether all its threads have: until the last one has, it holds what it has opened.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_zombie() && self.threads <= 1
    }

    /// Kills this very process, if it still is what it was: never another that got its number.
    /// Says whether it did.
    pub(crate) fn kill_if(&self, is_still: impl Fn(&Self) -> bool) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return false;
        };
        // What is asked of the descriptor cannot reach another process.
        let Ok(handle) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else {
            return false;
        };
        let now = Self::read(self.pid);
        now.is_some_and(|now| now.start == self.start && is_still(&now))
            && rustix::process::pidfd_send_signal(&handle, Signal::KILL).is_ok()
    }
}

/// Whether a process has this token in its environment.
pub(crate) fn carries(pid: i32, token: &str) -> bool {
    let wanted = format!("{TOKEN}={token}");
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|pair| pair == wanted.as_bytes())
    })
}

/// What tells one start of the system from another.
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
        let entry = Entry::parse(42, text).unwrap();
        let wanted = Entry {
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
        assert_eq!(Entry::parse(42, "42 (a"), None);
    }

    #[test]
    fn a_process_ends_with_its_last_thread() {
        let ended = |state: char, threads: u8| {
            let text = format!(
                "42 (a) {state} 7 40 1 0 -1 0 0 0 0 0 30 12 0 0 20 0 {threads} 0 4711 0 0 0"
            );
            Entry::parse(42, &text).unwrap().has_ended()
        };
        assert!(!ended('S', 1) && !ended('Z', 3));
        assert!(ended('Z', 1) && ended('X', 0));
    }

    #[test]
    fn this_process_is_listed() {
        let me = i32::try_from(std::process::id()).unwrap();
        let table = Table::read();
        let entry = table
            .entries()
            .iter()
            .find(|entry| entry.pid == me)
            .unwrap();
        assert!(entry.start > 0 && entry.pages > 0 && !entry.has_ended());
        let group = Pid::from_raw(entry.group).unwrap();
        assert!(table.use_of(group).1 > 0);
        assert!(!carries(me, "nobody has this"));
    }
}
