//! `kenduri maintenance`: the doors are closed for work, but for the owner.

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

/// Answer everybody with 503, and print the link that lets you in
///
/// What others see is maintenance.html in the data folder, or a plain page.
/// Whoever opens the link keeps a cookie, and sees everything as usual. It
/// outlives a restart. A second time makes a new link; the old one closes.
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
            Outcome::Closed { link } => say(&format!(
                "The doors are closed. This link lets you in:\n{link}\n"
            )),
            Outcome::Open => say("The doors are open.\n"),
            Outcome::Owner { .. }
            | Outcome::Token { .. }
            | Outcome::Applied { .. }
            | Outcome::Purged { .. }
            | Outcome::Neighbours(_) => Ok(()),
        }
    }
}
