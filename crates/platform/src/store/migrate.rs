//! Schema migrations: numbered SQL files, shared by both engines.
//!
//! SQL for only one engine (an exclusion constraint, a trigger) begins with the line `-- only
//! sqlite` or `-- only postgresql` and ends with the line `-- end`. The checksum covers the whole
//! file. For a line `-- needs extension NAME`, the extension is created on PostgreSQL. If the
//! extension cannot be created, nothing is changed, and the error contains the SQL to run. A
//! constraint must have a name if Rust code handles its violation: `CONSTRAINT … CHECK`,
//! `CREATE UNIQUE INDEX …`, and in an SQLite trigger `RAISE(ABORT, '…')` with the name of
//! PostgreSQL's constraint.
//!
//! A migration uses the three column types that both engines share. On SQLite, its tables become
//! `STRICT` tables with `INTEGER`, `TEXT` and `BLOB`. On PostgreSQL, the type of each text column
//! is `TEXT COLLATE "C"`, so that both engines sort alike. A column declared `COUNTER` is the
//! primary key, numbered in insertion order. A table that ends with `) CLUSTERED;` stores its rows
//! in key order on SQLite, so that small rows that are read together are stored together.
//!
//! A migration is known by its owner, its number and its checksum. The owner is a name that stays
//! when tables move to another crate. Owners run in the order of the dependencies between crates.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{StoreError, Tx};
use crate::sql;
use crate::text_cleaning::hexadecimal;

/// One crate's migrations, in order.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// The group name under which the store records the applied steps, usually the crate's name. It
    /// stays the same when tables move to another crate.
    pub owner: &'static str,
    /// The steps, numbered from 1 without gaps.
    pub steps: &'static [Step],
    /// Whether the steps run only in a store that has already applied one of them, because new
    /// stores do not need these tables.
    pub only_if_begun: bool,
}

impl Migrations {
    /// Declares steps that every store needs.
    pub const fn new(owner: &'static str, steps: &'static [Step]) -> Self {
        Self {
            owner,
            steps,
            only_if_begun: false,
        }
    }
}

/// One migration step. The SQL of a released step never changes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The migration file's name without extension, such as `0001_begin`.
    pub name: &'static str,
    pub text: &'static str,
}

/// The calling crate's migrations: `migrations!("accounts", "0001_begin")` reads
/// `migrations/0001_begin.sql` next to the crate's manifest.
#[macro_export]
macro_rules! migrations {
    ($owner:literal, $($name:literal),+ $(,)?) => {
        $crate::store::migrate::Migrations::new(
            $owner,
            &[$($crate::store::migrate::Step {
                name: $name,
                text: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/migrations/", $name, ".sql"
                )),
            }),+],
        )
    };
}

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS migration (
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (owner, number)
);";

struct Applied {
    owner: String,
    number: i64,
    checksum: String,
}

pub(super) fn sqlite(
    connection: &rusqlite::Connection,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| StoreError::Schema(format!("migration failed: {error}"));
    connection.execute_batch("BEGIN IMMEDIATE").map_err(fail)?;
    connection
        .execute_batch(&for_sqlite(LEDGER))
        .map_err(fail)?;
    let applied: Vec<Applied> = connection
        .prepare("SELECT owner, number, checksum FROM migration")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Applied {
                        owner: row.get(0)?,
                        number: row.get(1)?,
                        checksum: row.get(2)?,
                    })
                })?
                .collect()
        })
        .map_err(fail)?;
    for (owner, number, step) in missing(migrations, &applied)? {
        let text = only(SQLITE, step.text)
            .ok_or_else(|| failed(owner, step, "its sections do not end"))?;
        connection
            .execute_batch(&for_sqlite(&text))
            .map_err(|error| failed(owner, step, &error.to_string()))?;
        connection
            .execute(
                "INSERT INTO migration VALUES (?1, ?2, ?3, ?4)",
                (owner, number, checksum(step), now.as_millisecond()),
            )
            .map_err(fail)?;
    }
    connection.execute_batch("COMMIT").map_err(fail)
}

pub(super) fn postgres(
    client: &mut ::postgres::Client,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut transaction = client.transaction().map_err(|error| unable(&error))?;
    lock(&mut transaction)?;
    postgres_steps(&mut transaction, migrations, now)?;
    transaction.commit().map_err(|error| unable(&error))
}

/// Takes the lock for migrations. If two processes start at the same time, the second waits and
/// finds everything applied.
pub(super) fn lock(transaction: &mut ::postgres::Transaction<'_>) -> Result<(), StoreError> {
    transaction
        .batch_execute("SELECT pg_advisory_xact_lock(7002)")
        .map_err(|error| unable(&error))
}

pub(super) fn postgres_steps(
    transaction: &mut ::postgres::Transaction<'_>,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<(), StoreError> {
    let fail = |error: ::postgres::Error| unable(&error);
    transaction
        .batch_execute(&for_postgres(LEDGER))
        .map_err(fail)?;
    let applied: Vec<Applied> = transaction
        .query("SELECT owner, number, checksum FROM migration", &[])
        .map_err(fail)?
        .iter()
        .map(|row| Applied {
            owner: row.get(0),
            number: row.get(1),
            checksum: row.get(2),
        })
        .collect();
    let missing = missing(migrations, &applied)?;
    for name in missing.iter().flat_map(|(.., step)| extensions(step.text)) {
        transaction
            .batch_execute(&format!("CREATE EXTENSION IF NOT EXISTS {name}"))
            .map_err(|error| {
                let reason = super::postgres_error::explain(&error);
                StoreError::Schema(format!(
                    "PostgreSQL needs the extension {name} for this ({reason}); run in the database, as its owner or a superuser: CREATE EXTENSION {name};"
                ))
            })?;
    }
    for (owner, number, step) in missing {
        let text = only(POSTGRESQL, step.text)
            .ok_or_else(|| failed(owner, step, "its sections do not end"))?;
        transaction
            .batch_execute(&for_postgres(&text))
            .map_err(|error| failed(owner, step, &super::postgres_error::explain(&error)))?;
        transaction
            .execute(
                "INSERT INTO migration VALUES ($1, $2, $3, $4)",
                &[&owner, &number, &checksum(step), &now.as_millisecond()],
            )
            .map_err(fail)?;
    }
    Ok(())
}

fn unable(error: &::postgres::Error) -> StoreError {
    let reason = super::postgres_error::explain(error);
    StoreError::Schema(format!("migration failed: {reason}"))
}

/// Fails if this version of Kenduri cannot upgrade the store's tables.
fn missing(
    migrations: &[Migrations],
    applied: &[Applied],
) -> Result<Vec<(&'static str, i64, &'static Step)>, StoreError> {
    let known = |row: &Applied| {
        let set = migrations.iter().find(|set| set.owner == row.owner)?;
        set.steps.get(usize::try_from(row.number - 1).ok()?)
    };
    // Released steps are never edited, so a different checksum means that an unreleased version
    // made the store. Such a store may also contain owners that no longer exist.
    for row in applied {
        if let Some(step) = known(row).filter(|step| checksum(step) != row.checksum) {
            return Err(StoreError::Schema(format!(
                "the store was made by an unreleased Kenduri ({} {} was another then); start with a new folder, or with a new database on PostgreSQL",
                row.owner, step.name
            )));
        }
    }
    if let Some(row) = applied.iter().find(|row| known(row).is_none()) {
        return Err(StoreError::Schema(format!(
            "the store is from a newer Kenduri (it knows {} {}); start that version, or restore a backup made by this one",
            row.owner, row.number
        )));
    }
    let is_begun = |set: &Migrations| applied.iter().any(|row| row.owner == set.owner);
    let wanted = migrations
        .iter()
        .filter(|set| !set.only_if_begun || is_begun(set));
    let steps = wanted.flat_map(|set| {
        (1_i64..)
            .zip(set.steps)
            .map(|(number, step)| (set.owner, number, step))
    });
    Ok(steps
        .filter(|(owner, number, _)| {
            !applied
                .iter()
                .any(|row| row.owner == *owner && row.number == *number)
        })
        .collect())
}

/// The owners that have tables in the store.
pub fn owners(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let select = sql!("SELECT DISTINCT owner FROM migration ORDER BY owner");
    let all: Vec<(String,)> = tx.all(select, &[])?;
    Ok(all.into_iter().map(|(owner,)| owner).collect())
}

fn extensions(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("-- needs extension "))
}

fn failed(owner: &str, step: &Step, reason: &str) -> StoreError {
    StoreError::Schema(format!("migration {owner} {} failed: {reason}", step.name))
}

fn checksum(step: &Step) -> String {
    hexadecimal(&Sha256::digest(step.text.as_bytes()))
}

/// The lines that begin and end an SQL section for one engine.
const SQLITE: &str = "-- only sqlite";
const POSTGRESQL: &str = "-- only postgresql";
const END: &str = "-- end";

/// `None` if sections are nested or unclosed.
fn only(engine: &str, text: &str) -> Option<String> {
    let mut shown = String::with_capacity(text.len());
    let mut section = None;
    for line in text.lines() {
        match (section, line) {
            (None, SQLITE | POSTGRESQL) => section = Some(line),
            (Some(_), END) => section = None,
            (Some(_), SQLITE | POSTGRESQL) | (None, END) => return None,
            (Some(other), _) if other != engine => {}
            _ => {
                shown.push_str(line);
                shown.push('\n');
            }
        }
    }
    section.is_none().then_some(shown)
}

fn for_sqlite(text: &str) -> String {
    let types = replace_word(text, "COUNTER", "INTEGER PRIMARY KEY");
    let types = replace_word(&types, "BIGINT", "INTEGER");
    replace_word(&types, "BYTEA", "BLOB")
        .lines()
        .map(|line| match line {
            ");" => ") STRICT;",
            ") CLUSTERED;" => ") STRICT, WITHOUT ROWID;",
            other => other,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn for_postgres(text: &str) -> String {
    let types = replace_word(
        text,
        "COUNTER",
        "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    );
    replace_word(&types, "TEXT", "TEXT COLLATE \"C\"").replace("\n) CLUSTERED;", "\n);")
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut result = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = at + word.len();
        let whole = !rest[..at].ends_with(part) && !rest[end..].starts_with(part);
        result.push_str(&rest[..at]);
        result.push_str(if whole { by } else { word });
        rest = &rest[end..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "CREATE TABLE a (\n    id TEXT PRIMARY KEY,\n    BIGINTS BIGINT,\n    c BYTEA\n);\nCREATE INDEX i ON a (id);";

    #[test]
    fn one_text_becomes_two() {
        assert_eq!(
            for_sqlite(TEXT),
            "CREATE TABLE a (\n    id TEXT PRIMARY KEY,\n    BIGINTS INTEGER,\n    c BLOB\n) STRICT;\nCREATE INDEX i ON a (id);"
        );
        assert!(for_postgres(TEXT).contains("id TEXT COLLATE \"C\" PRIMARY KEY"));
        let pairs =
            "CREATE TABLE b (\n    a BIGINT,\n    b BIGINT,\n    PRIMARY KEY (a, b)\n) CLUSTERED;";
        assert!(for_sqlite(pairs).ends_with("\n) STRICT, WITHOUT ROWID;"));
        assert!(for_postgres(pairs).ends_with("\n);"));
    }

    #[test]
    fn an_engine_is_shown_its_own_sections() {
        let text = "a;\n-- only sqlite\nb;\n-- end\n-- only postgresql\nc;\n-- end\nd;";
        assert_eq!(only(SQLITE, text).as_deref(), Some("a;\nb;\nd;\n"));
        assert_eq!(only(POSTGRESQL, text).as_deref(), Some("a;\nc;\nd;\n"));
        for broken in [
            "-- only sqlite\na;",
            "a;\n-- end",
            "-- only sqlite\n-- only postgresql\n-- end",
        ] {
            assert_eq!(only(SQLITE, broken), None, "{broken}");
        }
    }

    #[test]
    fn a_store_of_a_newer_or_an_unreleased_program_is_refused() {
        const STEP: Step = Step {
            name: "0001_begin",
            text: "SELECT 1",
        };
        let known = [Migrations::new("a", &[STEP])];
        let row = |owner: &str, number, checksum: String| Applied {
            owner: owner.to_owned(),
            number,
            checksum,
        };
        let message = |rows: &[Applied]| {
            missing(&known, rows)
                .map(|steps| steps.len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(message(&[]), Ok(1));
        assert_eq!(message(&[row("a", 1, checksum(&STEP))]), Ok(0));
        assert!(
            message(&[row("a", 2, checksum(&STEP))])
                .unwrap_err()
                .contains("newer")
        );
        assert!(
            message(&[row("b", 1, checksum(&STEP))])
                .unwrap_err()
                .contains("newer")
        );
        // A checksum mismatch is reported first, even if the store contains owners that no longer
        // exist.
        for rows in [
            &[row("a", 1, String::new())][..],
            &[row("b", 1, checksum(&STEP)), row("a", 1, String::new())],
        ] {
            assert!(message(rows).unwrap_err().contains("unreleased"));
        }
    }

    #[test]
    fn steps_that_nobody_needs_are_for_a_store_that_has_begun_with_them() {
        const STEP: Step = Step {
            name: "0001_begin",
            text: "SELECT 1",
        };
        let set = [Migrations {
            only_if_begun: true,
            ..Migrations::new("a", &[STEP, STEP])
        }];
        let row = Applied {
            owner: "a".to_owned(),
            number: 1,
            checksum: checksum(&STEP),
        };
        assert_eq!(missing(&set, &[]).unwrap().len(), 0);
        assert_eq!(missing(&set, &[row]).unwrap().len(), 1);
    }
}
