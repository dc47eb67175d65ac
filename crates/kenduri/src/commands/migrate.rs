//! `kenduri migrate`: updates the tables of the store without starting the server.

use anyhow::Result;
use clap::Args;

use super::{Where, say};
use crate::app_setup;
use crate::domains::DOMAINS;

/// Update the tables of the store, without starting the server
///
/// `kenduri serve` does the same at every start. A store made by a newer Kenduri is refused and not
/// changed.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    place: Where,
}

impl Migrate {
    pub(super) fn run(self) -> Result<()> {
        let settings = configuration::load(DOMAINS, &self.place.asked())?.settings;
        app_setup::open_store(&settings)?;
        say("The store is up to date.\n")
    }
}
