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
//!
//! Each step says whether programs without it go on beside it ([`Kind`]). A program starts although
//! the store has steps that it does not know, if all of these are expanding. A program that finds a
//! contracting step missing does not apply it while an older program uses the store.

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
    pub kind: Kind,
    pub text: &'static str,
}

/// Whether programs that do not know a step go on beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Older programs go on: their statements still work, and what they write is still valid.
    Expanding,
    /// Older programs would fail, or write what newer ones cannot read.
    Contracting,
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expanding => "expanding",
            Self::Contracting => "contracting",
        }
    }

    /// For the macro `migrations!`.
    ///
    /// # Panics
    ///
    /// If there is no such word. A constant then does not compile.
    #[doc(hidden)]
    pub const fn declared(word: &str) -> Self {
        match word.as_bytes() {
            b"expanding" => Self::Expanding,
            b"contracting" => Self::Contracting,
            _ => panic!("a migration is either expanding or contracting"),
        }
    }

    /// A word that this program does not know is from a newer one, and read on the safe side.
    pub(super) fn read(word: &str) -> Self {
        if word == Self::Expanding.word() {
            Self::Expanding
        } else {
            Self::Contracting
        }
    }
}

/// The calling crate's migrations: `migrations!("accounts", "0001_begin" contracting)` reads
/// `migrations/0001_begin.sql` next to the crate's manifest. The word is the step's [`Kind`].
#[macro_export]
macro_rules! migrations {
    ($owner:literal, $($name:literal $kind:ident),+ $(,)?) => {
        $crate::store::migrate::Migrations::new(
            $owner,
            &[$($crate::store::migrate::Step {
                name: $name,
                kind: $crate::store::migrate::Kind::declared(stringify!($kind)),
                text: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/migrations/", $name, ".sql"
                )),
            }),+],
        )
    };
}

/// What opening a store does about steps that it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Apply,
    /// Another process applies them. The store is not opened, and nothing is changed.
    Refuse,
}

pub(super) const LEDGER: &str = "CREATE TABLE IF NOT EXISTS migration (
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'contracting',
    PRIMARY KEY (owner, number)
);";
/// For ledgers from before there were kinds of steps.
pub(super) const LEDGER_KIND: &str =
    "ALTER TABLE migration ADD COLUMN kind TEXT NOT NULL DEFAULT 'contracting'";

/// The statement that reads the ledger. Returns `None` if there is no ledger yet.
pub(super) fn read_ledger(columns: &[String]) -> Option<&'static str> {
    if columns.is_empty() {
        None
    } else if columns.iter().any(|column| column == "kind") {
        Some("SELECT owner, number, checksum, kind FROM migration")
    } else {
        Some("SELECT owner, number, checksum, 'contracting' FROM migration")
    }
}

/// A row of the ledger.
pub(super) struct Applied {
    pub(super) owner: String,
    pub(super) number: i64,
    pub(super) checksum: String,
    pub(super) kind: Kind,
}

/// A step that the store lacks.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    pub owner: &'static str,
    pub number: i64,
    pub step: &'static Step,
    /// Whether the store has other steps of this owner. If not, no program uses its tables.
    is_begun: bool,
}

impl std::fmt::Display for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.owner, self.step.name)
    }
}

/// What a program finds in a store, compared with its own steps.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) pending: Vec<Pending>,
    /// Whether the store has steps that this program does not know. All of them are expanding.
    pub(super) is_newer: bool,
}

/// Fails if this program cannot use the store.
pub(super) fn compare(
    migrations: &[Migrations],
    applied: &[Applied],
) -> Result<Comparison, StoreError> {
    let known = |row: &Applied| {
        let set = migrations.iter().find(|set| set.owner == row.owner)?;
        set.steps.get(usize::try_from(row.number - 1).ok()?)
    };
    // Released steps are never edited, so a different checksum means that an unreleased version
    // made the store. Such a store may also contain owners that no longer exist.
    for row in applied {
        if let Some(step) = known(row).filter(|step| checksum(step) != row.checksum) {
            return Err(StoreError::Schema(format!(
                "the store was made by an unreleased Kenduri, whose tables were different (migration {} {})\n  \
                 to keep its data, start the version that made it; to begin anew, name an empty data \
                 folder (--data DIR), or an empty database in store.url",
                row.owner, step.name
            )));
        }
    }
    let unknown: Vec<&Applied> = applied.iter().filter(|row| known(row).is_none()).collect();
    if let Some(row) = unknown.iter().find(|row| row.kind == Kind::Contracting) {
        return Err(StoreError::Schema(format!(
            "the store is from a newer Kenduri (it knows {} {})\n  \
             start that version, or restore a backup made by this one",
            row.owner, row.number
        )));
    }
    let is_begun = |set: &Migrations| applied.iter().any(|row| row.owner == set.owner);
    let wanted = migrations
        .iter()
        .filter(|set| !set.only_if_begun || is_begun(set));
    let steps = wanted.flat_map(|set| {
        let is_begun = is_begun(set);
        let steps = (1_i64..).zip(set.steps);
        steps.map(move |(number, step)| Pending {
            owner: set.owner,
            number,
            step,
            is_begun,
        })
    });
    let is_applied = |one: &Pending| {
        let mut rows = applied.iter();
        rows.any(|row| row.owner == one.owner && row.number == one.number)
    };
    Ok(Comparison {
        pending: steps.filter(|one| !is_applied(one)).collect(),
        is_newer: !unknown.is_empty(),
    })
}

/// The steps of the next transaction.
#[derive(Debug)]
pub(super) enum Batch<'a> {
    /// No older program uses the store, so that everything is applied or nothing.
    Whole(&'a [Pending]),
    /// One step beside an older program, which must not wait for long; or all steps of an owner that
    /// has no tables yet.
    Beside(&'a [Pending]),
}

impl Batch<'_> {
    pub(super) fn steps(&self) -> &[Pending] {
        match self {
            Self::Whole(steps) | Self::Beside(steps) => steps,
        }
    }
}

/// Decides what is applied next. Fails before the first step if an older program uses the store,
/// and would fail beside any of the steps. `pending` must not be empty.
pub(super) fn next_batch(pending: &[Pending], has_older: bool) -> Result<Batch<'_>, StoreError> {
    if !has_older {
        return Ok(Batch::Whole(pending));
    }
    let breaks = |one: &&Pending| one.is_begun && one.step.kind == Kind::Contracting;
    if let Some(one) = pending.iter().find(breaks) {
        return Err(StoreError::Schema(format!(
            "an older Kenduri uses the store, and would fail beside the change {one}; nothing was changed\n  {STOP_OLDER}"
        )));
    }
    let of_first = |one: &&Pending| !one.is_begun && one.owner == pending[0].owner;
    let count = pending.iter().take_while(of_first).count().max(1);
    Ok(Batch::Beside(&pending[..count.min(pending.len())]))
}

const STOP_OLDER: &str = "stop every older Kenduri, then start this version, which makes the change at its start; on \
     a single machine, `sudo systemctl restart kenduri` does both";

/// The error for a step that would make an older program wait for too long.
pub(super) fn takes_too_long(one: &Pending) -> StoreError {
    StoreError::Schema(format!(
        "an older Kenduri uses the store, and would have to wait too long for the change {one}, which was not made\n  {STOP_OLDER}"
    ))
}

pub(super) fn not_migrated(pending: &[Pending]) -> StoreError {
    let names: Vec<String> = pending.iter().map(ToString::to_string).collect();
    StoreError::NotMigrated(names.join(", "))
}

pub(super) fn no_store() -> StoreError {
    StoreError::NotMigrated("everything".to_owned())
}

/// For a process that does not wait until another one has migrated the store.
pub(super) fn being_migrated() -> StoreError {
    StoreError::NotMigrated("what another process applies now".to_owned())
}

pub(super) fn failed(one: &Pending, reason: &str) -> StoreError {
    StoreError::Schema(format!(
        "migration {one} failed, and nothing of it was kept: {reason}\n  \
         if it is not about room or rights of the database, go on with the version before, and report this"
    ))
}

/// A number for what a program knows of the schema: programs with the same steps have the same. It
/// fits a positive 32-bit integer.
pub(super) fn fingerprint(migrations: &[Migrations]) -> i32 {
    let mut hash = Sha256::new();
    for set in migrations {
        for step in set.steps {
            hash.update(format!("{} {}\n", set.owner, step.name));
        }
    }
    let mut first = [0; 4];
    first.copy_from_slice(&hash.finalize()[..4]);
    i32::from_be_bytes(first) & i32::MAX
}

/// The owners that have tables in the store.
pub fn owners(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let select = sql!("SELECT DISTINCT owner FROM migration ORDER BY owner");
    let all: Vec<(String,)> = tx.all(select, &[])?;
    Ok(all.into_iter().map(|(owner,)| owner).collect())
}

pub(super) fn checksum(step: &Step) -> String {
    hexadecimal(&Sha256::digest(step.text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(name: &'static str, kind: Kind) -> Step {
        Step {
            name,
            kind,
            text: "SELECT 1",
        }
    }

    const FIRST: Step = step("0001_begin", Kind::Contracting);
    const EXPANDS: Step = step("0002_more", Kind::Expanding);
    const CONTRACTS: Step = step("0003_less", Kind::Contracting);

    fn row(owner: &str, number: i64, kind: Kind) -> Applied {
        Applied {
            owner: owner.to_owned(),
            number,
            checksum: checksum(&FIRST),
            kind,
        }
    }

    #[test]
    fn a_program_starts_beside_unknown_steps_only_if_all_expand() {
        use Kind::{Contracting, Expanding};
        let known = [Migrations::new("a", &[FIRST])];
        // The number of missing steps, and whether the store is newer.
        let found = |rows: &[Applied]| {
            let compared = compare(&known, rows);
            let compared = compared.map(|found| (found.pending.len(), found.is_newer));
            compared.map_err(|error| error.to_string())
        };
        let begun = || row("a", 1, Contracting);
        assert_eq!(found(&[]), Ok((1, false)));
        assert_eq!(found(&[begun()]), Ok((0, false)));
        for (newer, starts) in [
            (vec![row("a", 2, Expanding)], true),
            (vec![row("a", 2, Expanding), row("b", 1, Expanding)], true),
            (vec![row("a", 2, Contracting)], false),
            (vec![row("b", 1, Contracting)], false),
            (
                vec![row("a", 2, Expanding), row("a", 3, Contracting)],
                false,
            ),
            (vec![row("b", 1, Kind::read("shrinking"))], false),
            (vec![row("a", 0, Contracting)], false),
        ] {
            let rows: Vec<Applied> = [begun()].into_iter().chain(newer).collect();
            let outcome = found(&rows);
            if starts {
                assert_eq!(outcome, Ok((0, true)));
            } else {
                assert!(outcome.unwrap_err().contains("newer"));
            }
        }
    }

    #[test]
    fn a_store_of_an_unreleased_program_is_refused() {
        let known = [Migrations::new("a", &[FIRST])];
        let edited = || Applied {
            checksum: String::new(),
            ..row("a", 1, Kind::Contracting)
        };
        // A checksum mismatch is reported first, even if the store contains owners that no longer
        // exist.
        for rows in [&[edited()][..], &[row("b", 1, Kind::Contracting), edited()]] {
            let error = compare(&known, rows).unwrap_err().to_string();
            assert!(error.contains("unreleased"), "{error}");
        }
    }

    #[test]
    fn steps_that_nobody_needs_are_for_a_store_that_has_begun_with_them() {
        let set = [Migrations {
            only_if_begun: true,
            ..Migrations::new("a", &[FIRST, EXPANDS])
        }];
        let begun = row("a", 1, Kind::Contracting);
        assert_eq!(compare(&set, &[]).unwrap().pending.len(), 0);
        assert_eq!(compare(&set, &[begun]).unwrap().pending.len(), 1);
    }

    #[test]
    fn beside_an_older_program_only_expanding_steps_run_and_one_at_a_time() {
        let steps: &[Step] = &[FIRST, EXPANDS, CONTRACTS];
        let of = |from: usize, to: usize, is_begun| -> Vec<Pending> {
            let one = |number: usize| Pending {
                owner: "a",
                number: i64::try_from(number).unwrap() + 1,
                step: &steps[number],
                is_begun,
            };
            (from..to).map(one).collect()
        };
        // The names of the next steps, or `None` if nothing may run.
        let next = |pending: &[Pending], has_older| {
            let batch = next_batch(pending, has_older).ok()?;
            let names = batch.steps().iter().map(|one| one.step.name);
            Some((matches!(batch, Batch::Beside(_)), names.collect::<Vec<_>>()))
        };
        let all = ["0001_begin", "0002_more", "0003_less"].to_vec();
        assert_eq!(next(&of(0, 3, true), false), Some((false, all.clone())));
        assert_eq!(next(&of(1, 2, true), true), Some((true, vec!["0002_more"])));
        // Not even the expanding step before it.
        assert_eq!(next(&of(1, 3, true), true), None);
        // No program uses tables of an owner that has not begun.
        assert_eq!(next(&of(0, 3, false), true), Some((true, all)));
        let error = next_batch(&of(1, 3, true), true).unwrap_err().to_string();
        assert!(
            error.contains("older Kenduri") && error.contains("a 0003_less"),
            "{error}"
        );
    }

    #[test]
    fn a_ledger_without_kinds_is_read_as_contracting() {
        let columns = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(read_ledger(&[]), None);
        let older = read_ledger(&columns(&["owner", "number", "checksum", "applied_at"]));
        assert!(older.unwrap().contains("'contracting'"));
        let now = read_ledger(&columns(&["owner", "kind"]));
        assert!(!now.unwrap().contains("'contracting'"));
        for kind in [Kind::Expanding, Kind::Contracting] {
            assert_eq!(Kind::read(kind.word()), kind);
            assert_eq!(Kind::declared(kind.word()), kind);
        }
    }

    #[test]
    fn programs_with_the_same_steps_have_the_same_fingerprint() {
        let one = Migrations::new("a", &[FIRST]);
        let off = Migrations {
            only_if_begun: true,
            ..one
        };
        let two = Migrations::new("a", &[FIRST, EXPANDS]);
        assert_eq!(fingerprint(&[one]), fingerprint(&[off]));
        assert_ne!(fingerprint(&[one]), fingerprint(&[two]));
        assert!(fingerprint(&[two]) >= 0);
    }
}
