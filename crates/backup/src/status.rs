//! The state of the backup, as operators see it on their page, in the log and in the metrics.

use jiff::{SignedDuration, Timestamp};

use crate::BackupError;
use crate::drill::{Drill, DrillResult};
use crate::follow::TookOver;

/// At least, so that an alert reports it too.
const REPORTED: SignedDuration = SignedDuration::from_mins(10);

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that operators are told"
)]
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
    /// Another machine writes to the target: since when this is known, and what to do.
    pub elsewhere: Option<(Timestamp, String)>,
    /// Whether the target keeps conditions, so that only one machine writes there; `None` until
    /// this was tried.
    pub has_lease: Option<bool>,
    /// The second place; `None` if there is none, or nothing is known of it yet.
    pub second: Option<SecondStatus>,
    /// Whether the target is on the same disk as the data, so that both are lost with the disk.
    pub is_on_same_disk: bool,
    /// Whether another machine makes the backup.
    pub is_elsewhere: bool,
    /// The last time in which this machine acknowledged nothing, because it had no lease.
    pub pause: Option<Pause>,
    /// How this machine came to be the one that serves, if nobody ordered it.
    pub took_over: Option<TookOver>,
}

/// A time in which a machine that another one follows acknowledged nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub since: Timestamp,
    /// `None` while it lasts.
    pub until: Option<Timestamp>,
    /// Why the lease was not renewed.
    pub reason: String,
}

impl Pause {
    /// Whether it lasts, or ended so lately that it is still to be reported.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        self.until
            .is_none_or(|until| until <= now && now.duration_since(until) < REPORTED)
    }
}

/// The state of the backup's second place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondStatus {
    /// It had everything then that the first place had.
    pub copied_until: Option<Timestamp>,
    /// The time and the reason of the current failure; `None` if it works.
    pub failure: Option<(Timestamp, String)>,
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
            if error.is_of_another_machine() {
                let since = self.elsewhere.as_ref().map_or(now, |(since, _)| *since);
                self.elsewhere = Some((since, text.clone()));
            }
            self.failure = Some((now, text));
            metrics::counter!("kenduri_backup_failures_total").increment(1);
        } else {
            self.elsewhere = None;
            if !is_dump_failing && self.failure.take().is_some() {
                tracing::info!("the backup works again");
            }
        }
        if let Some(until) = self.copied_until {
            metrics::gauge!("kenduri_backup_lag_seconds")
                .set(now.duration_since(until).as_secs_f64());
        }
        if let Some(until) = self.second.as_ref().and_then(|second| second.copied_until) {
            metrics::gauge!("kenduri_backup_second_lag_seconds")
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

    /// Records whether changes are acknowledged.
    pub(crate) fn note_pause(&mut self, may_acknowledge: bool, now: Timestamp) {
        let current = self.pause.as_mut().filter(|pause| pause.until.is_none());
        match (current, may_acknowledge) {
            (None, false) => {
                let reason = self.failure.as_ref().map(|(_, reason)| reason.clone());
                let reason = reason.unwrap_or_else(|| "it was not renewed in time".to_owned());
                tracing::error!(
                    "nothing is saved from now on, because the lease of the backup is over and another machine may have taken over (follow.automatic): {reason}"
                );
                self.pause = Some(Pause {
                    since: now,
                    until: None,
                    reason,
                });
            }
            (Some(pause), true) => {
                pause.until = Some(now);
                tracing::info!("the lease of the backup is held, and changes are saved again");
            }
            (None, true) | (Some(_), false) => {}
        }
        let is_paused = f64::from(u8::from(!may_acknowledge));
        metrics::gauge!("kenduri_saving_paused").set(is_paused);
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
