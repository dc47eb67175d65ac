//! Tests of moving a store with rows in every table from SQLite to PostgreSQL. The copy must be
//! exact, or the move must fail and leave nothing behind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use platform::store::transfer::{TransferError, to_postgres};
use platform::store::{PostgresSettings, Settings, SqliteSettings, has_tables};
use platform::{Clock, Random, Store, StoreError, Tx};
use rusqlite::Connection;
use rusqlite::types::Value;
use site::domains;
use testkit::Database;

use super::DOMAINS;
use super::stolen_database::cells::{in_postgres, in_sqlite};

/// Of each table. The last row has NULL in all nullable columns.
const ROWS: i64 = 4;

struct Column {
    name: String,
    kind: String,
    is_needed: bool,
    /// The referenced table and column, if this is a foreign key.
    refers_to: Option<(String, String)>,
}

fn open(folder: &Path) -> (SqliteSettings, Connection) {
    let settings = SqliteSettings::file(folder.join("kenduri.db"));
    let migrations = domains::migrations(DOMAINS);
    let store = Store::open(
        &Settings::Sqlite(settings.clone()),
        &migrations,
        Clock::System,
        Random::seeded(1),
    );
    drop(store.unwrap());
    let connection = Connection::open(&settings.path).unwrap();
    (settings, connection)
}

/// With values that a careless copy would change.
fn fill(store: &Connection) -> BTreeSet<String> {
    let tables = columns(store);
    let mut waiting: Vec<(&str, i64)> = tables
        .keys()
        .flat_map(|table| (0..ROWS).map(|number| (table.as_str(), number)))
        .collect();
    // A row is tried again until the rows that it references exist.
    loop {
        let before = waiting.len();
        waiting.retain(|(table, number)| !insert(store, table, &tables[*table], *number));
        if waiting.len() == before {
            break;
        }
    }
    for table in tables.keys() {
        let count = format!("SELECT count(*) FROM \"{table}\"");
        let rows: i64 = store.query_row(&count, [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "no row fits into {table}");
    }
    tables.into_keys().collect()
}

fn columns(store: &Connection) -> BTreeMap<String, Vec<Column>> {
    let list = "SELECT m.name, c.name, c.type, c.\"notnull\" OR c.pk > 0, f.\"table\", f.\"to\"
        FROM sqlite_schema m, pragma_table_info(m.name) c
        LEFT JOIN pragma_foreign_key_list(m.name) f ON f.\"from\" = c.name
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid";
    let mut statement = store.prepare(list).unwrap();
    let rows = statement.query_map([], |row| {
        let refers_to = row.get::<_, Option<String>>(4)?.zip(row.get(5)?);
        let (name, kind, is_needed) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let column = Column {
            name,
            kind,
            is_needed,
            refers_to,
        };
        Ok((row.get::<_, String>(0)?, column))
    });
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows.unwrap() {
        let (table, column) = row.unwrap();
        tables.entry(table).or_default().push(column);
    }
    // The table of migrations already has rows.
    tables.remove("migration");
    tables
}

/// `false` if the row must be tried again, because it references a row that does not exist yet.
fn insert(store: &Connection, table: &str, columns: &[Column], number: i64) -> bool {
    let names: Vec<String> = columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    let values = columns.iter().map(|column| {
        let (table, name) = match &column.refers_to {
            Some((table, name)) => (table.as_str(), name.as_str()),
            None => (table, column.name.as_str()),
        };
        let has_value = column.is_needed || number < ROWS - 1;
        has_value.then(|| value(&column.kind, table, name, number))
    });
    let insert = format!(
        "INSERT OR IGNORE INTO \"{table}\" ({}) VALUES ({marks})",
        names.join(", ")
    );
    match store.execute(&insert, rusqlite::params_from_iter(values)) {
        Ok(_) => true,
        Err(error) => {
            assert!(
                error.to_string().contains("FOREIGN KEY"),
                "{table}: {error}"
            );
            false
        }
    }
}

fn value(kind: &str, table: &str, name: &str, number: i64) -> Value {
    match kind {
        // Some integer columns have fewer bits in PostgreSQL.
        "INTEGER" if name.starts_with("is_") => Value::Integer(1),
        "INTEGER" => Value::Integer([1, 1 << 53, -7, 3][usize::try_from(number).unwrap()]),
        "BLOB" => Value::Blob(
            [
                &[0, 255, b'\\'],
                table.as_bytes(),
                &[u8::try_from(number).unwrap()],
            ]
            .concat(),
        ),
        _ => Value::Text(format!(
            "{table}.{name} {number} Z a É 喜 \u{1f389} نص \t\r\n\\N \"'"
        )),
    }
}

fn target(database: &Database) -> PostgresSettings {
    match database.settings(1) {
        Settings::Postgres(settings) => settings,
        Settings::Sqlite(_) => unreachable!("a database of PostgreSQL"),
    }
}

fn now() -> jiff::Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

#[test]
fn every_row_of_every_table_arrives_and_numbers_go_on() {
    let Some(database) = Database::empty() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (from, store) = open(folder.path());
    let tables = fill(&store);
    let to = target(&database);
    let migrations = domains::migrations(DOMAINS);
    store.busy_timeout(std::time::Duration::ZERO).unwrap();
    let mut copied = BTreeSet::new();
    let moved = to_postgres(&from, &to, &migrations, now(), |table, rows| {
        copied.insert(table.to_owned());
        assert!(rows > 0, "{table}");
        let written = store.execute("UPDATE news_counter SET last = last", []);
        assert!(written.is_err(), "the SQLite file is locked");
    });
    let moved = moved.unwrap();
    assert_eq!(moved.len(), copied.len());
    copied.remove("migration");
    assert_eq!(copied, tables);

    let sorted = |cells: Vec<super::stolen_database::cells::Cell>| {
        // SQLite's own statistics and counters are not moved, and revisions of times begin anew: triggers
        // write them as the rows arrive.
        let mut cells: Vec<_> = cells
            .into_iter()
            .filter(|cell| {
                !cell.place.starts_with("sqlite_") && cell.place != "provider_times.revision"
            })
            .map(|cell| (cell.place, cell.bytes))
            .collect();
        cells.sort();
        cells
    };
    assert_eq!(
        sorted(in_sqlite(&from.path)),
        sorted(in_postgres(to.url.reveal()))
    );

    let store = Store::open(
        &Settings::Postgres(to.clone()),
        &migrations,
        Clock::System,
        Random::seeded(2),
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let next = runtime.block_on(store.unwrap().write(|tx: &mut Tx<'_>| {
        let insert = platform::sql!(
            "INSERT INTO news (scope, name, payload, created_at) VALUES ('s', 'n', '{}', 0)
             RETURNING sequence"
        );
        tx.all::<(i64,)>(insert, &[])
    }));
    let next: Vec<(i64,)> = next.map_err(|error: StoreError| error).unwrap();
    assert_eq!(next, [((1 << 53) + 1,)]);

    let again = to_postgres(&from, &to, &migrations, now(), |_, _| ());
    assert!(matches!(again, Err(TransferError::NotEmpty)), "{again:?}");
}

#[test]
fn a_store_that_does_not_arrive_as_it_was_leaves_nothing() {
    let Some(database) = Database::empty() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (from, store) = open(folder.path());
    let to = target(&database);
    // PostgreSQL cannot store the NUL character, so a different character arrives.
    let insert = "INSERT INTO schedule (kind, minute) VALUES ('a' || char(0), 1)";
    store.execute(insert, []).unwrap();
    let moved = to_postgres(&from, &to, &domains::migrations(DOMAINS), now(), |_, _| ());
    match moved {
        Err(TransferError::Unequal { table, from, to }) => {
            assert_eq!((table.as_str(), from, to), ("schedule", 1, 1));
        }
        other => panic!("{other:?}"),
    }
    assert!(!has_tables(&to).unwrap());
    let nowhere = SqliteSettings::file(folder.path().join("other.db"));
    let moved = to_postgres(&nowhere, &to, &[], now(), |_, _| ());
    assert!(matches!(moved, Err(TransferError::NoStore(_))), "{moved:?}");
    assert!(!nowhere.path.exists());
}
