//! The state of the backup, as operators see it on their page, in the log and in the metrics.

use jiff::{SignedDuration, Timestamp};

use crate::BackupError;
use crate::drill::{Drill, DrillResult};

/// At least, so that an alert reports it too.
const REPORTED: SignedDuration = SignedDuration::from_mins(10);

#[derive(Clone, Debug, Default)]
pub struct Status {
    pub has_key: bool,
    /// When the last snapshot was made.
    pub snapshot: Option<Timestamp>,
    /// The time up to which all commits are in the backup.
    pub copied_until: Option<Timestamp>,
    /// The last measured size of all objects in the target, in bytes.
    pub bytes: Option<u64>,
    /// Whether only snapshots can be restored, not the states between them.
    pub is_dumped: bool,
    pub drill: Option<Drill>,
    /// The time and the reason of the current failure; `None` if the backup works.
    pub failure: Option<(Timestamp, String)>,
    /// What was missing in the target, and when that was noticed; `None` if nothing was missing in
    /// the last minutes.
    pub missing: Option<(Timestamp, String)>,
    /// Whether the target is on the same disk as the data, so that both are lost with the disk.
    pub is_on_same_disk: bool,
}

impl Status {
    /// Records a round's outcome. `is_dump_failing`: an earlier dump failed, and none succeeded
    /// since.
    pub(crate) fn record(
        &mut self,
        outcome: &Result<(), BackupError>,
        now: Timestamp,
        is_dump_failing: bool,
    ) {
        if let Err(error) = outcome {
            let text = error.to_string();
            let is_new = self
                .failure
                .as_ref()
                .is_none_or(|(_, before)| *before != text);
            if matches!(error, BackupError::Lost { .. } | BackupError::Gone(_)) {
                self.report(Some(text.clone()), now);
            } else if is_new {
                tracing::error!("the backup failed: {text}");
            }
            self.failure = Some((now, text));
            metrics::counter!("kenduri_backup_failures_total").increment(1);
        } else if !is_dump_failing && self.failure.take().is_some() {
            tracing::info!("the backup works again");
        }
        if let Some(until) = self.copied_until {
            metrics::gauge!("kenduri_backup_lag_seconds")
                .set(now.duration_since(until).as_secs_f64());
        }
        if let Some(bytes) = self.bytes {
            metrics::gauge!("kenduri_backup_bytes").set(gauge(bytes));
        }
        if let Some(at) = self.snapshot {
            metrics::gauge!("kenduri_backup_snapshot_timestamp_seconds")
                .set(at.as_duration().as_secs_f64());
        }
        if let Some(drill) = &self.drill {
            let at = Timestamp::from_millisecond(drill.at).unwrap_or_default();
            let is_good = matches!(drill.result, DrillResult::Good { .. });
            metrics::gauge!("kenduri_backup_drill_timestamp_seconds")
                .set(at.as_duration().as_secs_f64());
            metrics::gauge!("kenduri_backup_drill_good").set(f64::from(u8::from(is_good)));
        }
    }

    /// Records what is missing in the target; `None` if nothing is missing. Returns whether this
    /// changed anything.
    pub(crate) fn report(&mut self, missing: Option<String>, now: Timestamp) -> bool {
        let Some(text) = missing else {
            let is_over = |(at, _): &mut (Timestamp, String)| {
                !(*at <= now && now.duration_since(*at) < REPORTED)
            };
            return self.missing.take_if(is_over).is_some();
        };
        let is_new = self
            .missing
            .as_ref()
            .is_none_or(|(_, before)| *before != text);
        if is_new {
            tracing::error!("{text}");
            metrics::counter!("kenduri_backup_missing_total").increment(1);
        }
        self.missing = Some((now, text));
        true
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are f64, and nobody counts single bytes of petabytes"
)]
fn gauge(bytes: u64) -> f64 {
    bytes as f64
}
