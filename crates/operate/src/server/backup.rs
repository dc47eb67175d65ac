//! Shows the state of the backup on the operator's page.

use backup::{DrillResult, Status};
use jiff::Timestamp;

use super::context::{AdminContext, span};
use crate::machine::written_bytes;

pub(super) struct BackupState {
    pub(super) class: &'static str,
    pub(super) words: &'static str,
    pub(super) lines: Vec<String>,
    /// The problems: a sentence with the time, and the reason in English.
    pub(super) problems: Vec<(String, String)>,
    pub(super) has_key: bool,
}

impl BackupState {
    pub(super) fn of(admin: &AdminContext, status: Status) -> Self {
        let pause = status.pause.as_ref();
        let pause = pause.filter(|pause| pause.until.is_none());
        let is_paused = pause.is_some();
        let (class, words) = match (&status.failure, status.snapshot) {
            _ if status.is_elsewhere => ("wait", "server-backup-elsewhere"),
            _ if !status.has_key => ("no", "server-backup-no-key"),
            _ if is_paused => ("error", "server-saving-paused"),
            (Some(_), _) => ("error", "server-backup-failing"),
            _ if status.missing.is_some() => ("error", "server-backup-failing"),
            (None, Some(_)) => ("yes", "server-backup-good"),
            (None, None) => ("wait", "server-backup-waiting"),
        };
        let text = &admin.text;
        let line = |id: &str, at: Timestamp| {
            let when = admin.moment(at);
            text.with(id, [("when", when.as_str().into())])
        };
        let pause = pause.map(|pause| {
            let told = line("server-saving-paused-since", pause.since);
            (told, pause.reason.clone())
        });
        let mut lines = Vec::new();
        lines.extend(status.took_over.as_ref().map(|note| {
            let values = [
                ("when", admin.moment(note.at()).into()),
                ("from", note.from.as_str().into()),
                ("until", admin.moment(note.whole_until()).into()),
            ];
            text.with("server-took-over", values)
        }));
        lines.extend(status.snapshot.map(|at| line("server-backup-snapshot", at)));
        lines.extend(
            status
                .copied_until
                .map(|at| line("server-backup-until", at)),
        );
        lines.extend(status.bytes.map(|bytes| {
            let size = written_bytes(bytes);
            text.with("server-backup-bytes", [("size", size.into())])
        }));
        lines.extend(status.copied_until.map(|at| {
            let lag = span(text, admin.now.duration_since(at).as_secs());
            text.with("server-backup-lag", [("lag", lag.into())])
        }));
        let dumped = status.is_dumped && status.has_key && !status.is_elsewhere;
        lines.extend(dumped.then(|| text.say("server-backup-dumped").to_string()));
        let same_disk = status.is_on_same_disk && status.has_key;
        lines.extend(same_disk.then(|| text.say("server-backup-same-disk").to_string()));
        let no_lease = status.has_lease == Some(false);
        lines.extend(no_lease.then(|| text.say("server-backup-no-lease").to_string()));
        let second = status.second.unwrap_or_default();
        let until = second.copied_until;
        lines.extend(until.map(|at| line("server-backup-second-until", at)));
        let second = second.failure;
        let second = second.map(|(at, why)| (line("server-backup-second-failure", at), why));
        let drill = status.drill.map(|drill| {
            let at = Timestamp::from_millisecond(drill.at).unwrap_or_default();
            let id = match drill.result {
                DrillResult::Good { .. } => "server-backup-drill-good",
                DrillResult::Skipped { .. } => "server-backup-drill-skipped",
                DrillResult::Failed(_) => "server-backup-drill-failed",
            };
            line(id, at)
        });
        lines.extend(drill);
        let missing = status.missing.filter(|(_, why)| {
            // A failure with the same reason already says so.
            let failure = status.failure.as_ref();
            failure.is_none_or(|(_, reason)| reason != why)
        });
        let missing = missing.map(|(at, why)| (line("server-backup-missing", at), why));
        let failure = status.failure.clone();
        let failure = failure.map(|(at, why)| (line("server-backup-failure", at), why));
        Self {
            class,
            words,
            problems: pause
                .into_iter()
                .chain(failure)
                .chain(missing)
                .chain(second)
                .collect(),
            lines,
            has_key: status.has_key || status.is_elsewhere,
        }
    }
}
