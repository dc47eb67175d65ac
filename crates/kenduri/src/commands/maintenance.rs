//! `kenduri maintenance`: closes the site for all browsers except those that open the printed link.

use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, Subcommand};
use operate::control_requests::{ControlRequest, ControlResponse};

use super::{Where, say, send};

/// Close the site for maintenance, and open it again
#[derive(Debug, Subcommand)]
pub(super) enum Maintenance {
    On(On),
    Off(Off),
}

/// Answer all requests with 503, and print a link that lets you in
///
/// Visitors see maintenance.html of the data folder, or a plain page. The link sets a cookie with
/// which a browser sees everything as usual. Each host has its own link. Maintenance outlives a
/// restart. Running this again makes a new link; earlier links work until `kenduri maintenance
/// off`.
#[derive(Debug, Args)]
pub(super) struct On {
    #[command(flatten)]
    place: Where,
    /// Only this host; run the command again to add another host
    #[arg(long)]
    host: Option<String>,
}

/// Open the site for everybody
#[derive(Debug, Args)]
pub(super) struct Off {
    #[command(flatten)]
    place: Where,
    /// Only this host, of those that were closed one by one
    #[arg(long)]
    host: Option<String>,
}

impl Maintenance {
    pub(super) fn run(self) -> Result<()> {
        let outcome = match self {
            Self::On(on) => send(ControlRequest::MaintenanceOn { host: on.host }, &on.place)?,
            Self::Off(off) => send(
                ControlRequest::MaintenanceOff { host: off.host },
                &off.place,
            )?,
        };
        match outcome {
            ControlResponse::Closed { links, others } => say(&closed(&links, others)),
            ControlResponse::Open => say("Maintenance mode is off.\n"),
            ControlResponse::Owner { .. }
            | ControlResponse::FactorsReset
            | ControlResponse::Token { .. }
            | ControlResponse::Applied { .. }
            | ControlResponse::Purged { .. }
            | ControlResponse::AuditVerified { .. }
            | ControlResponse::BackedUp
            | ControlResponse::TakenOver { .. }
            | ControlResponse::State { .. }
            | ControlResponse::Frozen { .. }
            | ControlResponse::BookingsVerified { .. }
            | ControlResponse::Services(_) => Ok(()),
        }
    }
}

fn closed(links: &[String], others: usize) -> String {
    let them = match links {
        [_] => "This link lets you in",
        _ => "These links let you in, each at its host",
    };
    let mut told = format!("Maintenance mode is on. {them}:\n{}\n", links.join("\n"));
    if others > 0 {
        let _ = writeln!(
            told,
            "Hosts not listed here, where the same end of the link lets you in: {others}."
        );
    }
    told
}
