//! `kenduri verify`: checks the seals of the audit log, or whether bookings and payments agree.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use operate::control_requests::{ControlRequest, ControlResponse};

use super::{Where, say, send};

/// Check that stored records are as they were written
#[derive(Debug, Subcommand)]
pub(super) enum Verify {
    Audit(Audit),
    Bookings(Bookings),
}

/// Check that no sealed line of the audit log was changed or taken out
///
/// Lines about accounts, roles, tokens and the installation are sealed within a minute, and each
/// seal covers the line before. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    place: Where,
}

/// Check that bookings, times, payments and the ledger agree
///
/// Lists the contradictions, and exits with 1 if there are any. Works whether Kenduri is running or
/// not.
#[derive(Debug, Args)]
pub(super) struct Bookings {
    #[command(flatten)]
    place: Where,
}

impl Verify {
    pub(super) fn run(self) -> Result<()> {
        let answer = match self {
            Self::Audit(audit) => send(ControlRequest::VerifyAudit, &audit.place)?,
            Self::Bookings(bookings) => send(ControlRequest::VerifyBookings, &bookings.place)?,
        };
        match answer {
            ControlResponse::AuditVerified { broken: None } => {
                say("The audit log has not been changed since it was sealed.\n")
            }
            ControlResponse::AuditVerified {
                broken: Some(place),
            } => bail!(
                "line {place} of the audit log is missing, or was changed after it was sealed\n  \
                 compare it with an older backup of the store"
            ),
            ControlResponse::BookingsVerified { wrong } if wrong.is_empty() => {
                say("Bookings, times and money agree.\n")
            }
            ControlResponse::BookingsVerified { wrong } => bail!(
                "the bookings contradict themselves in {} places, which must not happen: please report it\n  {}",
                wrong.len(),
                wrong.join("\n  ")
            ),
            _ => Ok(()),
        }
    }
}
