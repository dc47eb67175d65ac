//! The requests that commands send to a running Kenduri over the control socket.

pub mod services;

use std::path::PathBuf;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A request as sent over the control socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum ControlRequest {
    OwnerCreate(OwnerCreate),
    /// Removes the second factors and passkeys of an account, because its owner has lost them.
    FactorsReset {
        email: String,
    },
    TokenCreate(TokenCreate),
    VerifyAudit,
    /// Checks that bookings, slots and payments do not contradict each other.
    VerifyBookings,
    /// Reloads the settings file, and applies the settings.
    Apply,
    /// Asks whether Kenduri runs or is stopping.
    State,
    /// Deletes responses from the edge's cache.
    Purge {
        /// Path prefixes that begin with `/`, or `*` for all responses.
        tags: Vec<String>,
    },
    /// Turns maintenance mode on, for one host or for all hosts.
    MaintenanceOn {
        /// The host; `None` for all hosts.
        host: Option<String>,
    },
    /// Turns maintenance mode off.
    MaintenanceOff {
        /// The host; `None` for all hosts.
        #[serde(default)]
        host: Option<String>,
    },
    BackupNow,
    /// Makes a snapshot, even if the backup's target has lost the former backup.
    BackupAnew,
    /// Lets a Kenduri that follows a backup take the place of the machine that it follows.
    TakeOver,
    /// Asks when the current freeze ends. A freeze is a period around an event in which planned
    /// changes are refused.
    Freeze,
    #[serde(rename = "neighbours")]
    Services(services::ServiceRequest),
}

/// The result of a request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Ok(ControlResponse),
    /// The request failed. The value is the message for the user.
    Error(String),
}

impl Reply {
    /// Returns the response, or an error with the message.
    pub fn outcome(self) -> Result<ControlResponse> {
        match self {
            Self::Ok(outcome) => Ok(outcome),
            Self::Error(reason) => bail!(reason),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnerCreate {
    pub email: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenCreate {
    /// The slug of the only occasion for which the token is valid.
    pub occasion: String,
    pub scopes: Vec<String>,
    /// The email address of the token's account. If `None`, the installation must have only one
    /// owner, and the token belongs to that owner.
    pub account: Option<String>,
    pub name: String,
    /// The lifetime of the token in days.
    pub days: u16,
}

/// The response to a successful request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlResponse {
    Owner {
        /// A link that signs the owner in once and leads to the page for choosing a password.
        link: String,
    },
    FactorsReset,
    Token {
        token: String,
        expires_at: String,
    },
    AuditVerified {
        /// The position of the first sealed line that was changed or removed, if any.
        broken: Option<i64>,
    },
    BookingsVerified {
        /// The contradictions, one per entry.
        wrong: Vec<String>,
    },
    Applied {
        said: String,
        /// The settings file that was read. `None` if there is none, or if the replying process
        /// does not know it.
        #[serde(default)]
        file: Option<PathBuf>,
    },
    State {
        is_stopping: bool,
    },
    Purged {
        /// The number of deleted responses.
        count: usize,
    },
    Closed {
        /// The links that let a browser in during maintenance, one per host.
        links: Vec<String>,
        /// The number of hosts for which `links` contains no link, because there are too many. The
        /// query `?kenduri-pass=…` of the listed links also works for these hosts.
        others: usize,
    },
    Open,
    BackedUp,
    TakenOver {
        /// The host name of the machine that wrote last; `None` if this is not known.
        from: Option<String>,
        /// That machine ended its backup in order, and everything until then is here.
        has_ended: bool,
        /// What was saved on that machine before is here.
        whole_until: Timestamp,
    },
    Frozen {
        /// The end of the current freeze; `None` if there is no freeze.
        until: Option<Timestamp>,
    },
    #[serde(rename = "neighbours")]
    Services(services::ServiceResponse),
}

impl ControlRequest {
    /// Whether the app and its store must handle the request.
    pub fn is_for_the_app(&self) -> bool {
        matches!(
            self,
            Self::OwnerCreate(_)
                | Self::FactorsReset { .. }
                | Self::TokenCreate(_)
                | Self::VerifyAudit
                | Self::BackupNow
                | Self::BackupAnew
                | Self::VerifyBookings
        )
    }
}
