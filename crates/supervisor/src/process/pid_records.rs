//! Records of started processes on disk. After a crash of the supervisor, the next supervisor reads
//! them and ends the processes that are left.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use serde::{Deserialize, Serialize};

use super::proc_table::{ProcessStat, ProcessTable, boot, has_token};
use super::{Cgroup, EXIT_TIMEOUT, POLL_INTERVAL};
use crate::folder::Folder;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PidRecord {
    pub(crate) service: String,
    pub(crate) pid: i32,
    /// The start time, in clock ticks since boot.
    pub(crate) start: u64,
    pub(crate) token: String,
    pub(crate) group: Option<Cgroup>,
}

/// As stored in a file, with the system's boot ID.
#[derive(Debug, Serialize, Deserialize)]
struct RecordFile {
    boot: String,
    #[serde(flatten)]
    record: PidRecord,
}

/// The folder of the process records. Each record is a separate file that is never replaced. Some
/// file systems flush a file to disk at once if it replaces another one (ext4(5), `auto_da_alloc`).
/// On a busy disk, this would delay the restart of a service.
#[derive(Debug)]
pub(crate) struct PidRecords {
    folder: Folder,
    boot: String,
}

impl PidRecords {
    /// Reads an earlier supervisor's records, ends the recorded processes and removes the records.
    /// Returns the records of the ended processes.
    pub(crate) fn open(folder: Folder) -> io::Result<(Self, Vec<PidRecord>)> {
        let records = Self::resume(folder);
        let (mut left, mut files) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(records.folder.at(""))? {
            let file = entry?.path();
            // An incomplete record belongs to a process that never became the service.
            if let Ok(saved) = serde_json::from_slice::<RecordFile>(&fs::read(&file)?)
                && saved.boot == records.boot
            {
                left.push(saved.record);
            }
            files.push(file);
        }
        let ended = end(left)?;
        for file in files {
            fs::remove_file(file)?;
        }
        Ok((records, ended))
    }

    /// Opens this process's own records from before an `exec`. Does not end the recorded processes.
    pub(crate) fn resume(folder: Folder) -> Self {
        Self {
            folder,
            boot: boot(),
        }
    }

    /// Records a process before it runs. The file is not flushed to disk, because a system crash
    /// that loses the record also ends the process.
    pub(crate) fn add(&self, record: PidRecord) -> io::Result<()> {
        let file = self.folder.at(&record.token);
        let saved = RecordFile {
            boot: self.boot.clone(),
            record,
        };
        let mut file = File::create_new(file)?;
        file.write_all(&serde_json::to_vec(&saved)?)
    }

    /// Removes the record of a process that has exited.
    pub(crate) fn remove(&self, token: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.at(token)) {
            // The record does not exist, because it could not be written.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

fn end(records: Vec<PidRecord>) -> io::Result<Vec<PidRecord>> {
    let mut ended = Vec::new();
    for record in records {
        let Some(leader) = Pid::from_raw(record.pid) else {
            continue;
        };
        // A pid and a start time together identify a process, because the system never reuses a pid
        // with the same start time.
        let group = record.group.as_ref();
        let group = group.filter(|group| group.is_of(&record.token));
        let since = Instant::now();
        let mut known = BTreeSet::from([(record.pid, record.start)]);
        let mut found = false;
        loop {
            let table = ProcessTable::read();
            let living = |entry: &&ProcessStat, known: &BTreeSet<(i32, u64)>| {
                known.contains(&(entry.pid, entry.start)) && !entry.has_ended()
            };
            // If the recorded process has exited, its pid may now belong to another process group.
            let mut entries = table.entries().iter();
            let has_first = entries.any(|entry| entry.pid == record.pid && living(&entry, &known));
            let members = table.members(leader, record.start, &record.token);
            let ours = members
                .into_iter()
                .filter(|entry| has_first || has_token(entry.pid, &record.token));
            // An exiting process no longer shows its token, but still has its files and sockets
            // open. So the processes that were found in earlier rounds are remembered.
            known.extend(ours.map(|entry| (entry.pid, entry.start)));
            let entries = table.entries().iter();
            let left: Vec<_> = entries.filter(|entry| living(entry, &known)).collect();
            let populated = group.filter(|group| group.is_populated());
            if left.is_empty() && populated.is_none() {
                break;
            }
            found = true;
            if let Some(group) = populated {
                group.kill();
            }
            for entry in left {
                entry.signal(Signal::KILL);
            }
            if since.elapsed() > EXIT_TIMEOUT {
                let what = format!(
                    "process {} of {} cannot be killed",
                    record.pid, record.service
                );
                return Err(io::Error::other(what));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        if let Some(Err(error)) = group.map(Cgroup::remove) {
            // The control group is empty but cannot be removed.
            tracing::warn!(%error, "cannot remove the control group of a leftover process; it is empty, and nothing needs to be done");
        }
        if found {
            // If this process has replaced its program by `exec`, the recorded process is its
            // child.
            let _ = rustix::process::waitid(
                WaitId::Pid(leader),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
            ended.push(record);
        }
    }
    Ok(ended)
}
