//! `kenduri migrate`: updates the tables of the store without starting the server.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use platform::store::migrate::Pending;

use super::{Where, say};
use crate::app_setup;
use crate::domains::DOMAINS;

/// Update the tables of the store, without starting the server
///
/// `kenduri serve` does the same at every start, unless `store.migrate` is false. Changes that let
/// older versions go on are made while these run; before any other change, stop every older version
/// that uses the store. A store that a newer Kenduri changed in such a way is refused.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    place: Where,
}

impl Migrate {
    pub(super) fn run(self) -> Result<()> {
        let settings = configuration::load(DOMAINS, &self.place.asked())?.settings;
        app_setup::prepare_store(&settings)?;
        say(&report(&app_setup::migrate_store(&settings)?))
    }
}

fn report(applied: &[Pending]) -> String {
    let mut report = String::new();
    for one in applied {
        let _ = writeln!(report, "{one} ({})", one.step.kind.word());
    }
    report.push_str(match applied {
        [] => "The store was up to date. Nothing was changed.\n",
        [_] => "This change was made. The store is up to date.\n",
        _ => "These changes were made. The store is up to date.\n",
    });
    report
}
