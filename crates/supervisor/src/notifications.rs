//! Notifications of service events, for logs, pages and mail.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::field::display;

use crate::state::Exit;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub at: Timestamp,
    pub service: Arc<str>,
    pub instance: Option<u32>,
    pub pid: Option<i32>,
    #[serde(flatten)]
    pub what: NotificationKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum NotificationKind {
    Ready {
        /// The time from the start of the process until it was ready, in milliseconds.
        milliseconds: u64,
    },
    Serving,
    Withdrawn,
    /// The instance exited unexpectedly, could not be started, failed its health checks, or never
    /// became ready.
    Failed {
        reason: String,
        /// How the process ended. `None` if it could not be started, or is still being stopped.
        exit: Option<Exit>,
        /// How long the process ran, in milliseconds.
        ran_milliseconds: u64,
        /// Whether the instance was ready before the failure.
        was_ready: bool,
        /// The delay in milliseconds before the next start; `None` if the instance is not started
        /// again.
        again_in: Option<u64>,
        lines: Vec<String>,
    },
    /// The process exited in a way that is not a failure.
    Finished,
    /// The instance failed so often that it is abandoned: it is no longer restarted.
    GaveUp {
        /// The reason of the instance's last failure.
        reason: String,
    },
    /// The process did not stop in time and is killed.
    Killed,
    /// The instance exceeds its memory limit.
    OverMemory {
        /// The memory use of the instance, in bytes.
        bytes: u64,
        /// The action taken: `roll`, `restart` or `kill`.
        action: String,
    },
    /// A new generation took over.
    RolledOver {
        /// The number of the new generation.
        generation: u32,
    },
    /// A rolling update failed. Instances that were not yet replaced keep their old generation.
    RollFailed {
        reason: String,
    },
}

/// Logs an event with the fields that all notifications have.
macro_rules! log {
    ($level:ident, $news:ident, $text:literal $(, $($fields:tt)+)?) => {
        tracing::$level!(
            service = &*$news.service,
            instance = $news.instance,
            pid = $news.pid,
            $($($fields)+,)?
            $text
        )
    };
}

impl Notification {
    pub(crate) fn log(&self) {
        match &self.what {
            NotificationKind::Ready { milliseconds } => {
                log!(info, self, "a service is ready", milliseconds);
            }
            NotificationKind::Serving | NotificationKind::Withdrawn => {
                log!(debug, self, "a service changes places", what = ?self.what);
            }
            NotificationKind::Failed {
                reason,
                exit,
                ran_milliseconds: ran_ms,
                again_in: again_in_ms,
                lines,
                ..
            } => {
                let (exit, lines) = (exit.map(display), lines.join("\n"));
                log!(
                    warn,
                    self,
                    "a service failed",
                    reason,
                    exit,
                    ran_ms,
                    again_in_ms,
                    lines
                );
            }
            NotificationKind::Finished => {
                log!(info, self, "a service finished");
            }
            NotificationKind::GaveUp { reason } => {
                log!(
                    error,
                    self,
                    "a service failed too often and is not restarted; correct what `reason` and its log say (`kenduri logs`), then start it: `kenduri start`",
                    reason
                );
            }
            NotificationKind::Killed => {
                log!(
                    warn,
                    self,
                    "a service did not stop in time and was killed; let it end at its stop signal, or raise its stop.within"
                );
            }
            NotificationKind::OverMemory { bytes, action } => {
                log!(
                    warn,
                    self,
                    "a service uses too much memory; raise its memory.max, or look for a leak in it",
                    bytes,
                    action
                );
            }
            NotificationKind::RolledOver { generation } => {
                log!(info, self, "a new generation took over", generation);
            }
            NotificationKind::RollFailed { reason } => {
                log!(
                    error,
                    self,
                    "a new generation did not take over, and the old one keeps running; correct what `reason` and its log say, then try again: `kenduri reload`",
                    reason
                );
            }
        }
    }
}
