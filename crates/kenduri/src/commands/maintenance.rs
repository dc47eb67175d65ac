//! `kenduri maintenance`: the doors are closed for work, but for the owner.

use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Where, give, say};
use crate::orders::{Order, Outcome};

/// Close the doors for work, and open them again
#[derive(Debug, Subcommand)]
pub(super) enum Maintenance {
    On(On),
    Off(Off),
}

/// Answer everybody with 503, and print the link that lets you in at each host
///
/// What others see is maintenance.html in the data folder, or a plain page.
/// Whoever opens the link keeps a cookie, and sees everything as usual. It
/// outlives a restart. A second time makes a new link; earlier ones let in as well,
/// until `off`.
#[derive(Debug, Args)]
pub(super) struct On {
    #[command(flatten)]
    place: Where,
    /// Only for this host; may be said again for another
    #[arg(long)]
    host: Option<String>,
}

/// Open the doors for everybody
#[derive(Debug, Args)]
pub(super) struct Off {
    #[command(flatten)]
    place: Where,
}

impl Maintenance {
    pub(super) fn run(self) -> Result<()> {
        let outcome = match self {
            Self::On(on) => give(Order::MaintenanceOn { host: on.host }, &on.place)?,
            Self::Off(off) => give(Order::MaintenanceOff, &off.place)?,
        };
        match outcome {
            Outcome::Closed { links, others } => say(&closed(&links, others)),
            Outcome::Open => say("The doors are open.\n"),
            Outcome::Owner { .. }
            | Outcome::Token { .. }
            | Outcome::Applied { .. }
            | Outcome::Purged { .. }
            | Outcome::Neighbours(_) => Ok(()),
        }
    }
}

fn closed(links: &[String], others: usize) -> String {
    let them = match links {
        [_] => "This link lets you in",
        _ => "These links let you in, each at its host",
    };
    let mut told = format!("The doors are closed. {them}:\n{}\n", links.join("\n"));
    if others > 0 {
        // Writing into a text cannot fail.
        let _ = writeln!(
            told,
            "And so on: the same end lets you in at {others} more."
        );
    }
    told
}
