//! Notifications of what happens to services, for logs, pages and mail.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::field::display;

use crate::state::Exit;

/// A notification of what happened to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// When.
    pub at: Timestamp,
    /// To which.
    pub service: Arc<str>,
    /// The number of the instance, if it is about one.
    pub instance: Option<u32>,
    /// Its process, if there is one.
    pub pid: Option<i32>,
    /// What.
    #[serde(flatten)]
    pub what: NotificationKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum NotificationKind {
    /// It is ready.
    Ready {
        /// How long.
        milliseconds: u64,
    },
    /// Requests may go there.
    Serving,
    /// No more requests go there.
    Withdrawn,
    /// It ended by itself, was not well, or never got ready.
    Failed {
        /// Why, in words.
        reason: String,
        /// How it ended; none: it could not be started, or is only now asked to stop.
        exit: Option<Exit>,
        /// How long it has run.
        ran_milliseconds: u64,
        /// Whether it had been ready before.
        was_ready: bool,
        /// Another is started so many milliseconds later; none: no other is started.
        again_in: Option<u64>,
        /// Its last lines.
        lines: Vec<String>,
    },
    /// It ended as it may.
    Finished,
    /// It failed so often that it is not started again.
    GaveUp {
        /// What went wrong the last time.
        reason: String,
    },
    /// It did not stop in time and is killed.
    Killed,
    /// It uses too much memory.
    OverMemory {
        /// How much.
        bytes: u64,
        /// What is done: `roll`, `restart` or `kill`.
        action: String,
    },
    /// A next generation took over.
    RolledOver {
        /// Its number.
        generation: u32,
    },
    /// A next generation did not take over; the old one stays.
    RollFailed {
        /// Why, in words.
        reason: String,
    },
}

/// Logs with the common fields.
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
                    "a service failed too often and is not started again",
                    reason
                );
            }
            NotificationKind::Killed => {
                log!(warn, self, "a service did not stop in time and is killed");
            }
            NotificationKind::OverMemory { bytes, action } => {
                log!(warn, self, "a service uses too much memory", bytes, action);
            }
            NotificationKind::RolledOver { generation } => {
                log!(info, self, "a next generation took over", generation);
            }
            NotificationKind::RollFailed { reason } => {
                log!(
                    error,
                    self,
                    "a next generation did not take over; the old one stays",
                    reason
                );
            }
        }
    }
}
