//! Searches everything that a world stores for a given text, to prove that data was deleted.

use std::fs;
use std::path::Path;

use platform::store::Settings;
use postgres::NoTls;
use rusqlite::types::ValueRef;

/// Returns the tables with a column that contains `text`.
pub(crate) fn tables(settings: &Settings, text: &str) -> Vec<String> {
    match settings {
        Settings::Sqlite(sqlite) => in_sqlite(&sqlite.path, text.as_bytes()),
        Settings::Postgres(postgres) => in_postgres(postgres.url.reveal(), text),
    }
}

/// Returns the files below `folder` whose bytes contain `text`.
pub(crate) fn files(folder: &Path, text: &str) -> Vec<String> {
    let mut found = list(folder);
    found.retain(|path| contains(&fs::read(path).expect("a file"), text.as_bytes()));
    found
}

/// Returns all files in a folder; none when the folder does not exist.
pub(crate) fn list(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(list(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

fn in_sqlite(path: &Path, text: &[u8]) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).expect("the file opens");
    let list = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(list).expect("the list of tables");
    let names = statement.query_map([], |row| row.get::<_, String>(0));
    let names: Vec<String> = names.and_then(Iterator::collect).expect("names");
    let holds = |name: &String| {
        let all = format!("SELECT * FROM \"{name}\"");
        let mut statement = connection.prepare(&all).expect("a table");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) =
                    row.get_ref(column).expect("a value")
                    && contains(bytes, text)
                {
                    return true;
                }
            }
        }
        false
    };
    names.into_iter().filter(holds).collect()
}

fn in_postgres(url: &str, text: &str) -> Vec<String> {
    let mut client = postgres::Client::connect(url, NoTls).expect("the server answers");
    let list = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    let names = client.query(list, &[]).expect("the list of tables");
    let names = names.iter().map(|row| row.get::<_, String>(0));
    let hexadecimal = platform::text_cleaning::hexadecimal(text.as_bytes());
    names
        .filter(|name| {
            let holds = format!(
                "SELECT EXISTS (SELECT 1 FROM \"{name}\" AS t
                 WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0)"
            );
            let row = client.query_one(&holds, &[&text, &hexadecimal]);
            row.expect("a table").get(0)
        })
        .collect()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}
