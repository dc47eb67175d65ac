//! `crowd STORE NUMBER`: copies the demo's household `RAHMA` many times, directly in the store,
//! with up to 5,000 copies per occasion. The benchmarks need more invitations than can be created
//! through pages.
//!
//! The same SQL works in both kinds of store. Rows are copied with all their columns; only IDs,
//! slugs, codes and limits differ.

use anyhow::{Context, Result};
use clap::Parser;

/// The maximum number of invitations that the specification allows in one occasion.
const IN_ONE_OCCASION: usize = 5_000;

/// Adds many invitations.
#[derive(Parser)]
struct Arguments {
    /// The store: `sqlite:PATH` or `postgres://…`.
    store: String,
    /// How many invitations to add.
    number: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut store = Store::open(&arguments.store)?;
    let mut script = vec!["BEGIN".to_owned()];
    for part in PARTS {
        let columns = store.columns(part.table)?;
        script.push(part.copy(&columns, arguments.number));
    }
    script.push("COMMIT".to_owned());
    store.run(&script.join(";\n"))
}

/// The rows of one table that must be copied with the household or its occasion.
struct Part {
    table: &'static str,
    rows: &'static str,
    copied: Copied,
    /// The columns whose values are different in each copy.
    changed: &'static [(&'static str, New)],
}

/// How often a table's rows are copied: once for each new occasion or each new invitation.
#[derive(Clone, Copy, PartialEq)]
enum Copied {
    PerOccasion,
    PerInvitation,
}

#[derive(Clone, Copy)]
enum New {
    /// An ID that is different in each copied occasion.
    OfOccasion,
    /// An ID that is different in each copied invitation.
    OfInvitation,
    /// The occasion's slug, which must be unique.
    Slug,
    Code,
    /// No seat limit, because the demo's limit is too small for the copies.
    Unlimited,
    /// Zero, because no copied household has responded.
    Zero,
}

const PARTS: [Part; 7] = [
    Part {
        table: "occasion",
        rows: "id = (SELECT occasion FROM invitation WHERE code_key = 'RAHMA')",
        copied: Copied::PerOccasion,
        changed: &[("id", New::OfOccasion), ("slug", New::Slug)],
    },
    Part {
        table: "event",
        rows: "occasion = (SELECT occasion FROM invitation WHERE code_key = 'RAHMA')",
        copied: Copied::PerOccasion,
        changed: &[
            ("id", New::OfOccasion),
            ("occasion", New::OfOccasion),
            ("capacity", New::Unlimited),
            ("seats_taken", New::Zero),
        ],
    },
    Part {
        table: "dietary_option",
        rows: "occasion = (SELECT occasion FROM invitation WHERE code_key = 'RAHMA')",
        copied: Copied::PerOccasion,
        changed: &[("occasion", New::OfOccasion)],
    },
    Part {
        table: "invitation",
        rows: "code_key = 'RAHMA'",
        copied: Copied::PerInvitation,
        changed: &[
            ("id", New::OfInvitation),
            ("occasion", New::OfOccasion),
            ("code", New::Code),
            ("code_key", New::Code),
        ],
    },
    Part {
        table: "invitation_event",
        rows: "invitation = (SELECT id FROM invitation WHERE code_key = 'RAHMA')",
        copied: Copied::PerInvitation,
        changed: &[
            ("invitation", New::OfInvitation),
            ("event", New::OfOccasion),
        ],
    },
    Part {
        table: "guest",
        rows: "invitation = (SELECT id FROM invitation WHERE code_key = 'RAHMA')",
        copied: Copied::PerInvitation,
        changed: &[("id", New::OfInvitation), ("invitation", New::OfInvitation)],
    },
    Part {
        table: "reply",
        rows: "guest IN (SELECT guest.id FROM guest JOIN invitation ON invitation.id = invitation \
               WHERE code_key = 'RAHMA')",
        copied: Copied::PerInvitation,
        changed: &[("guest", New::OfInvitation), ("event", New::OfOccasion)],
    },
];

impl Part {
    /// Returns the SQL statement that copies a table's rows; `copy.i` in the statement is the
    /// number of the copy, counted from 1.
    fn copy(&self, columns: &[String], invitations: usize) -> String {
        let (last, occasion) = match self.copied {
            Copied::PerOccasion => (invitations.div_ceil(IN_ONE_OCCASION), "copy.i".to_owned()),
            Copied::PerInvitation => (
                invitations,
                format!("((copy.i - 1) / {IN_ONE_OCCASION} + 1)"),
            ),
        };
        let values: Vec<String> = columns
            .iter()
            .map(|column| match self.new_value(column) {
                None => format!("old.{column}"),
                Some(New::OfOccasion) => renumbered(column, &occasion),
                Some(New::OfInvitation) => renumbered(column, "copy.i"),
                Some(New::Slug) => format!("old.slug || '-' || {occasion}"),
                Some(New::Unlimited) => "NULL".to_owned(),
                Some(New::Zero) => "0".to_owned(),
                Some(New::Code) => format!("'Z' || {}", padded("copy.i", 7)),
            })
            .collect();
        format!(
            "WITH RECURSIVE copy(i) AS \
               (SELECT 1 UNION ALL SELECT i + 1 FROM copy WHERE i < {last}) \
             INSERT INTO {table} ({columns}) SELECT {values} \
             FROM (SELECT * FROM {table} WHERE {rows}) AS old CROSS JOIN copy",
            table = self.table,
            columns = columns.join(", "),
            values = values.join(", "),
            rows = self.rows,
        )
    }

    fn new_value(&self, column: &str) -> Option<New> {
        self.changed
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, name)| *name)
    }
}

/// Returns an SQL expression for a new UUID, in which `number` replaces the last group of the old
/// UUID.
fn renumbered(column: &str, number: &str) -> String {
    format!("substr(old.{column}, 1, 24) || {}", padded(number, 12))
}

/// Returns an SQL expression that pads a number with zeros; it uses only functions that both stores
/// support.
fn padded(number: &str, width: usize) -> String {
    let zeros = "0".repeat(width);
    let digits = format!("CAST({number} AS TEXT)");
    format!("substr('{zeros}' || {digits}, length({digits}) + 1)")
}

enum Store {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Client>),
}

impl Store {
    fn open(address: &str) -> Result<Self> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            let connection = rusqlite::Connection::open_with_flags(
                path,
                rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
            )
            .with_context(|| format!("cannot open {path}"))?;
            return Ok(Store::Sqlite(connection));
        }
        let client = postgres::Client::connect(address, postgres::NoTls)?;
        Ok(Store::Postgres(Box::new(client)))
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        match self {
            Store::Sqlite(connection) => Ok(connection
                .prepare("SELECT name FROM pragma_table_info(?1)")?
                .query_map([table], |row| row.get(0))?
                .collect::<Result<_, _>>()?),
            Store::Postgres(client) => {
                let rows = client.query(
                    "SELECT column_name::text FROM information_schema.columns
                     WHERE table_name = $1 AND table_schema = current_schema()
                     ORDER BY ordinal_position",
                    &[&table],
                )?;
                Ok(rows
                    .iter()
                    .map(|row| row.try_get(0))
                    .collect::<Result<_, _>>()?)
            }
        }
    }

    fn run(&mut self, script: &str) -> Result<()> {
        match self {
            Store::Sqlite(connection) => connection.execute_batch(script)?,
            Store::Postgres(client) => client.batch_execute(script)?,
        }
        Ok(())
    }
}
