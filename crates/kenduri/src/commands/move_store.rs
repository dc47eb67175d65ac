//! `kenduri move-store`: moves the store from its SQLite file into a PostgreSQL database.

use std::fmt::Write as _;
use std::fs::File;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use configuration::{Flag, Settings, without_password};
use platform::Clock;
use platform::store::transfer::{self, MovedTable};
use platform::store::{self, PostgresSettings};
use site::domains;

use super::{Where, say, settings_while_stopped, show};
use crate::domains::DOMAINS;

/// Move the store from SQLite into an empty PostgreSQL database
///
/// Everything is copied in one transaction, read back from both sides and compared row by row. If
/// anything differs, nothing is kept in PostgreSQL, and the table is named. The SQLite file is not
/// changed. Stop Kenduri first, and change the settings afterwards.
#[derive(Debug, Args)]
pub(super) struct MoveStore {
    #[command(flatten)]
    place: Where,
    /// The empty database, such as `postgres://kenduri@localhost/kenduri`
    #[arg(long, value_name = "URL")]
    to: String,
    /// A file that holds the password of PostgreSQL
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
}

impl MoveStore {
    pub(super) fn run(self) -> Result<()> {
        let settings = settings_while_stopped(&self.place)?;
        let store::Settings::Sqlite(from) = &settings.store else {
            bail!(
                "the store is not in SQLite: store.url names PostgreSQL\n  there is nothing to move"
            );
        };
        let to = self.target()?;
        crate::app_setup::refuse_half_restored(&settings)?;
        let migrations = domains::migrations_in_force(DOMAINS, &settings.domains);
        let mut progress = Ok(());
        let copied = |table: &str, rows: u64| {
            if progress.is_ok() && rows > 0 {
                progress = show(&format!("{table}: {rows} rows\n"));
            }
        };
        let moved = transfer::to_postgres(from, &to, &migrations, Clock::System.now(), copied);
        let moved = moved.context("the store was not moved")?;
        let mark = crate::app_setup::moved_mark(&settings);
        let marked = File::create(&mark).and_then(|file| file.sync_all());
        marked.with_context(|| {
            format!(
                "everything was moved to PostgreSQL, but {} cannot be written, so nothing keeps \
                 Kenduri from starting with the old SQLite file\n  set store.url to the database \
                 before you start Kenduri; do not move again",
                mark.display()
            )
        })?;
        say(&self.report(&settings, &moved)?)
    }

    /// As they will be after the move.
    fn target(&self) -> Result<PostgresSettings> {
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = true;
        let mut set = |typed: &str, key: &str, value: &str| {
            asked.flags.push(Flag {
                typed: typed.to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
            });
        };
        set("--to", "store.url", &self.to);
        if let Some(file) = &self.password_file {
            set("--password-file", "store.password_file", file);
        }
        match configuration::load(DOMAINS, &asked)?.settings.store {
            store::Settings::Postgres(to) => Ok(to),
            store::Settings::Sqlite(_) => bail!(
                "--to names no PostgreSQL database\n  write it as postgres://USER@HOST/DATABASE"
            ),
        }
    }

    fn report(&self, settings: &Settings, moved: &[MovedTable]) -> Result<String> {
        let rows: u64 = moved.iter().map(|table| table.rows).sum();
        let (url, password) = without_password(&self.to);
        let mut report = format!(
            "Moved {} tables with {rows} rows; every table is equal on both sides.\n\
             Now change the settings, and start Kenduri:\n\n  [store]\n  url = \"{url}\"\n",
            moved.len()
        );
        let file = self.password_file.as_deref();
        let file = file.or(password.is_some().then_some("FILE"));
        if let Some(file) = file {
            writeln!(report, "  password_file = \"{file}\"")?;
        }
        writeln!(
            report,
            "\nThe files in {} stay where they are and are needed, above all secret.key. \
             Kenduri\nno longer starts with the SQLite file; keep it until you are sure.",
            settings.data.display()
        )?;
        Ok(report)
    }
}
