//! Shows the state of the backup on the operator's page.

use backup::{DrillResult, Status};
use jiff::Timestamp;

use super::context::{AdminContext, span};
use crate::machine::written_bytes;

pub(super) struct BackupState {
    pub(super) class: &'static str,
    pub(super) words: &'static str,
    pub(super) lines: Vec<String>,
    /// When and why the last backup failed; `None` if it succeeded.
    pub(super) failure: Option<(String, String)>,
    pub(super) has_key: bool,
}

impl BackupState {
    pub(super) fn of(admin: &AdminContext, status: Status) -> Self {
        let (class, words) = match (&status.failure, status.snapshot) {
            _ if !status.has_key => ("no", "server-backup-no-key"),
            (Some(_), _) => ("error", "server-backup-failing"),
            (None, Some(_)) => ("yes", "server-backup-good"),
            (None, None) => ("wait", "server-backup-waiting"),
        };
        let text = &admin.text;
        let line = |id: &str, at: Timestamp| {
            let when = admin.moment(at);
            text.with(id, [("when", when.as_str().into())])
        };
        let mut lines = Vec::new();
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
        let dumped = status.is_dumped && status.has_key;
        lines.extend(dumped.then(|| text.say("server-backup-dumped").to_string()));
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
        Self {
            class,
            words,
            lines,
            failure: status.failure.map(|(at, why)| (admin.moment(at), why)),
            has_key: status.has_key,
        }
    }
}
