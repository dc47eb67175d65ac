//! The conditions of alerts, as pure functions of measured values.
//!
//! An alert ends only when the value is clearly better than the limit. So a value that fluctuates
//! around the limit begins only one alert.

use backup::{DrillResult, Status};
use configuration::alert_settings::{Floor, Limits};
use jiff::{SignedDuration, Timestamp};
use platform::machines::{CLOCK_DIFFERS, Listed};

use super::Failures;
use super::alert::{Finding, Kind, Level, Report};
use crate::machine::{MachineStatus, Room, written_bytes};
use crate::server_status::EdgeStatus;

const FAILED_ORDERS_BEFORE_ALERT: u32 = 3;
/// After a machine has taken over by itself.
const TOOK_OVER_TOLD: SignedDuration = SignedDuration::from_hours(24);

pub fn machine(status: &MachineStatus, limits: &Limits) -> Vec<Report> {
    let judge = |kind, room: Option<Room>, floor: Option<Floor>| {
        let Some(floor) = floor else {
            return Some(nothing(kind));
        };
        let room = room?;
        let least = floor.bytes(room.total);
        let level = if room.free < least {
            Level::Wrong
        } else if room.free < least.saturating_add(least / 4) {
            Level::Between
        } else {
            return Some(nothing(kind));
        };
        let details = vec![written_bytes(room.free), written_bytes(room.total)];
        Some(one(kind, level, details))
    };
    let disk = judge(Kind::Disk, status.disk, limits.disk);
    let memory = judge(Kind::Memory, status.memory, limits.memory);
    disk.into_iter().chain(memory).collect()
}

#[derive(Clone, Copy, Debug)]
pub struct BackupTimes {
    pub now: Timestamp,
    /// When this process started.
    pub started: Timestamp,
    /// The time between two snapshots of the backup.
    pub every: SignedDuration,
}

pub fn backup(status: &Status, times: BackupTimes, limits: &Limits) -> Vec<Report> {
    let mut reports = Vec::new();
    if status.is_elsewhere {
        return reports;
    }
    if let Some(lag) = limits.backup_lag {
        // If the backup consists of dumps, it may lag behind by the time between two dumps.
        let most = if status.is_dumped {
            lag + times.every
        } else {
            lag
        };
        let until = status.copied_until.unwrap_or(times.started);
        let behind = times.now.duration_since(until);
        let level = if !status.has_key {
            None
        } else if behind > most {
            Some(Level::Wrong)
        } else if status.copied_until.is_none() || behind > most / 2 && !status.is_dumped {
            Some(Level::Between)
        } else {
            None
        };
        let details = || vec![instant(until)];
        reports.push(match level {
            Some(level) => one(Kind::Backup, level, details()),
            None => nothing(Kind::Backup),
        });
    } else {
        reports.push(nothing(Kind::Backup));
    }
    reports.push(match &status.missing {
        Some((_, reason)) => one(Kind::BackupMissing, Level::Wrong, vec![reason.clone()]),
        None => nothing(Kind::BackupMissing),
    });
    reports.push(match &status.elsewhere {
        Some((_, reason)) => one(Kind::BackupElsewhere, Level::Wrong, vec![reason.clone()]),
        None => nothing(Kind::BackupElsewhere),
    });
    reports.push(second(status, times, limits));
    let pause = status.pause.as_ref();
    let pause = pause.filter(|pause| pause.is_recent(times.now));
    reports.push(pause.map_or_else(
        || nothing(Kind::SavingPaused),
        |pause| {
            let details = vec![instant(pause.since), pause.reason.clone()];
            one(Kind::SavingPaused, Level::Wrong, details)
        },
    ));
    let took_over = status.took_over.as_ref();
    let took_over = took_over.filter(|note| times.now.duration_since(note.at()) < TOOK_OVER_TOLD);
    reports.push(took_over.map_or_else(
        || nothing(Kind::TookOver),
        |note| {
            let details = vec![note.from.clone(), instant(note.whole_until())];
            one(Kind::TookOver, Level::Wrong, details)
        },
    ));
    let drill = status.drill.as_ref().map(|drill| &drill.result);
    reports.push(match drill {
        Some(DrillResult::Failed(reason)) => one(Kind::Drill, Level::Wrong, vec![reason.clone()]),
        Some(DrillResult::Skipped { .. }) => one(Kind::Drill, Level::Between, Vec::new()),
        Some(DrillResult::Good { .. }) | None => nothing(Kind::Drill),
    });
    reports
}

fn second(status: &Status, times: BackupTimes, limits: &Limits) -> Report {
    let second = status.second.as_ref().zip(limits.backup_lag);
    let Some((second, lag)) = second else {
        return nothing(Kind::BackupSecond);
    };
    let Some((_, reason)) = &second.failure else {
        return nothing(Kind::BackupSecond);
    };
    let until = second.copied_until.unwrap_or(times.started);
    let level = if times.now.duration_since(until) > lag {
        Level::Wrong
    } else {
        Level::Between
    };
    one(
        Kind::BackupSecond,
        level,
        vec![instant(until), reason.clone()],
    )
}

pub fn certificates(edge: &EdgeStatus, now: Timestamp) -> [Report; 2] {
    let in_files = edge.in_files.iter();
    let in_files = in_files.filter(|file| file.is_overdue(now) || file.valid_until <= now);
    let in_files = in_files.map(|file| (file.names.join(", "), file.valid_until));
    let ordered = edge.ordered.iter().filter(|one| one.is_overdue(now));
    let ordered = ordered.filter_map(|one| Some((one.name.clone(), one.valid_until?)));
    let ends = in_files.chain(ordered).map(|(about, until)| Finding {
        about,
        level: Level::Wrong,
        details: vec![instant(until)],
        since: None,
    });
    let fails = edge.ordered.iter().filter_map(|one| {
        let failures = one.failures.as_ref()?;
        let is_valid = one.valid_until.is_some_and(|until| until > now);
        Some(Finding {
            about: one.name.clone(),
            level: if failures.count >= FAILED_ORDERS_BEFORE_ALERT || !is_valid {
                Level::Wrong
            } else {
                Level::Between
            },
            details: vec![failures.why.clone()],
            since: None,
        })
    });
    let report = |kind, findings| Report { kind, findings };
    [
        report(Kind::CertificateEnds, ends.collect()),
        report(Kind::CertificateFails, fails.collect()),
    ]
}

pub fn failures(failures: &Failures, limits: &Limits) -> [Report; 2] {
    let judge = |kind, count: u64, limit: u32, details| {
        let limit = u64::from(limit);
        if limit == 0 || count == 0 {
            nothing(kind)
        } else if count >= limit {
            one(kind, Level::Wrong, details)
        } else if count * 2 > limit {
            one(kind, Level::Between, details)
        } else {
            nothing(kind)
        }
    };
    let jobs = failures.jobs.iter().map(|(_, count)| count).sum();
    let kinds: Vec<&str> = failures
        .jobs
        .iter()
        .map(|(kind, _)| kind.as_str())
        .collect();
    let words = |count: u64| count.to_string();
    [
        judge(
            Kind::Jobs,
            jobs,
            limits.failed_jobs,
            vec![words(jobs), kinds.join(", ")],
        ),
        judge(
            Kind::Mails,
            failures.mails,
            limits.failed_mails,
            vec![words(failures.mails)],
        ),
    ]
}

/// The clocks of the machines that run. One that differs by half the limit is near it.
pub fn clocks(machines: &[Listed]) -> Report {
    let mut findings: Vec<Finding> = Vec::new();
    for Listed { process, .. } in machines.iter().filter(|one| one.is_alive) {
        let ahead = SignedDuration::from_millis(process.clock_ahead);
        let level = if ahead.abs() > CLOCK_DIFFERS {
            Level::Wrong
        } else if ahead.abs() * 2 > CLOCK_DIFFERS {
            Level::Between
        } else {
            continue;
        };
        // A reload has two processes with one clock.
        if findings.iter().all(|finding| finding.about != process.name) {
            findings.push(Finding {
                about: process.name.clone(),
                level,
                details: vec![format!("{:.1}", ahead.abs().as_secs_f64())],
                since: None,
            });
        }
    }
    Report {
        kind: Kind::Clock,
        findings,
    }
}

fn nothing(kind: Kind) -> Report {
    Report {
        kind,
        findings: Vec::new(),
    }
}

fn one(kind: Kind, level: Level, details: Vec<String>) -> Report {
    let finding = Finding {
        about: String::new(),
        level,
        details,
        since: None,
    };
    Report {
        kind,
        findings: vec![finding],
    }
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
