//! Finds every SQL statement in the workspace and prepares it on both database engines, as a
//! compile-time check would.

use std::fs;
use std::path::{Path, PathBuf};

use platform::store::migrate::Migrations;
use platform::store::{self, Settings};
use postgres::NoTls;
use postgres::types::Type;

use crate::world::World;
use rows::RowTypes;
use text::Part;

#[path = "../../platform-derive/src/fields.rs"]
mod fields;
mod rows;
#[path = "../../platform-derive/src/text.rs"]
mod text;

/// An SQL statement with its position in the source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The source file, relative to the repository's root.
    pub file: PathBuf,
    /// The line number of the `sql!` call, starting at 1; 1 for the statements of a row type.
    pub line: usize,
    /// The SQL text as sent to the database.
    pub text: String,
    /// For each `{Row}` in the SQL, the columns that the row type reads.
    pub rows: Vec<Vec<String>>,
}

/// Returns every SQL statement passed to `sql!` in `crates/*/src`, except in unit tests. Also
/// returns the statements that are generated for row types with a table.
pub fn statements() -> Vec<Statement> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the root of the repository");
    let mut files = Vec::new();
    for room in fs::read_dir(root.join("crates")).expect("the crates") {
        collect(&room.expect("a crate").path().join("src"), &mut files);
    }
    files.sort();
    let sources: Vec<(PathBuf, String)> = files
        .iter()
        .map(|file| {
            let source = fs::read_to_string(file).expect("a source file");
            (file.strip_prefix(root).unwrap_or(file).to_owned(), source)
        })
        .collect();
    let types = RowTypes::find(&sources);
    let of = |(file, source): &(PathBuf, String)| {
        let found = sql_texts(source).into_iter();
        found
            .flat_map(|(line, text)| {
                text::WIDTHS.map(|times| expand(file, line, &text, &types, times))
            })
            .collect::<Vec<_>>()
    };
    let mut all: Vec<Statement> = sources.iter().flat_map(of).collect();
    let of_tables = types.of_tables();
    all.extend(of_tables.map(|(file, text)| expand(file, 1, &text, &types, 1)));
    // Only a statement with `{(:Row), ...}` differs from width to width.
    all.dedup();
    all
}

/// As `sql!` does; `{(:Row), ...}` becomes `times` rows.
fn expand(file: &Path, line: usize, text: &str, types: &RowTypes, times: usize) -> Statement {
    let parts =
        text::parts(text).unwrap_or_else(|reason| panic!("{}:{line}: {reason}", file.display()));
    let columns: Vec<Vec<String>> = parts
        .iter()
        .map(|part| match part {
            Part::Sql(_) | Part::Argument(_) => Vec::new(),
            Part::Columns { row, .. }
            | Part::Values(row)
            | Part::ManyValues(row)
            | Part::Assignments(row) => types.columns(row, file),
        })
        .collect();
    let names: Vec<Vec<&str>> = columns
        .iter()
        .map(|names| names.iter().map(String::as_str).collect())
        .collect();
    // The parameter number of each argument by name, and the next free number.
    let mut numbers: Vec<(&str, usize)> = Vec::new();
    let mut next = 1;
    let mut number = |name, count| {
        if let Some((_, number)) = numbers.iter().find(|(known, _)| *known == name) {
            return *number;
        }
        numbers.push((name, next));
        next += count;
        next - count
    };
    let written: Vec<store::Part<'_>> = parts
        .iter()
        .zip(&names)
        .map(|(part, names)| match part {
            Part::Sql(sql) => store::Part::Sql(sql),
            Part::Argument(name) => store::Part::Arguments {
                first: number(name, 1),
                count: 1,
            },
            Part::Columns { alias, .. } => store::Part::Columns { names, alias },
            Part::Values(row) => store::Part::Arguments {
                first: number(text::argument_of(row), names.len()),
                count: names.len(),
            },
            Part::ManyValues(_) => store::Part::Rows {
                times,
                columns: names.len(),
            },
            Part::Assignments(row) => store::Part::Assignments {
                first: number(text::argument_of(row), names.len()),
                names,
            },
        })
        .collect();
    let rows = parts.iter().zip(&columns);
    let rows = rows.filter(|(part, _)| matches!(part, Part::Columns { .. }));
    Statement {
        file: file.to_owned(),
        line,
        text: store::Text::<100_000>::of(&written).as_str().to_owned(),
        rows: rows.map(|(_, columns)| columns.clone()).collect(),
    }
}

/// Prepares `statements` on each available engine. Panics with a list of the refused statements.
///
/// An engine refuses invalid SQL. This function also refuses column types that the store does not
/// support, and columns that differ from those of the statement's row type.
pub fn prepare_all(migrations: &[Migrations], statements: &[Statement]) {
    let worlds = [Some(World::sqlite(migrations)), World::postgres(migrations)];
    let mut refused = Vec::new();
    for world in worlds.iter().flatten() {
        let mut engine = Engine::open(&world.settings());
        for statement in statements {
            // Names with `pg_` exist only in PostgreSQL.
            if matches!(engine, Engine::Sqlite(_)) && statement.text.contains("pg_") {
                continue;
            }
            if let Err(reason) = engine.prepare(statement) {
                refused.push(format!(
                    "{}:{} on {:?}: {reason}",
                    statement.file.display(),
                    statement.line,
                    world.engine()
                ));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

enum Engine {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::Client),
}

impl Engine {
    fn open(settings: &Settings) -> Self {
        match settings {
            Settings::Sqlite(settings) => {
                Self::Sqlite(rusqlite::Connection::open(&settings.path).expect("the store's file"))
            }
            Settings::Postgres(settings) => Self::Postgres(
                postgres::Client::connect(settings.url.reveal(), NoTls)
                    .expect("the store's server"),
            ),
        }
    }

    fn prepare(&mut self, statement: &Statement) -> Result<(), String> {
        let text = statement.text.as_str();
        let columns = self.columns(text)?;
        // An `INSERT` may contain `{Row}` although it returns no columns.
        let is_there = |row: &Vec<String>| columns.windows(row.len()).any(|some| some == row);
        match statement.rows.iter().find(|row| !is_there(row)) {
            Some(row) if !columns.is_empty() => {
                Err(format!("answers with {columns:?}, and {row:?} are read"))
            }
            _ => Ok(()),
        }
    }

    fn columns(&mut self, text: &str) -> Result<Vec<String>, String> {
        match self {
            Self::Sqlite(connection) => connection
                .prepare(store::without_row_lock(text))
                .map(|statement| statement.column_names().map(str::to_owned).collect())
                .map_err(|error| error.to_string()),
            Self::Postgres(client) => client
                .prepare(text)
                .map_err(|error| match error.as_db_error() {
                    Some(said) => said.message().to_owned(),
                    None => error.to_string(),
                })
                .and_then(|statement| {
                    types_are_carried(&statement)?;
                    let columns = statement.columns().iter();
                    Ok(columns.map(|one| one.name().to_owned()).collect())
                }),
        }
    }
}

fn types_are_carried(statement: &postgres::Statement) -> Result<(), String> {
    if let Some(kind) = statement.params().iter().find(|kind| !carried(kind)) {
        return Err(format!("a parameter is {kind}"));
    }
    for column in statement.columns() {
        if !carried(column.type_()) && *column.type_() != Type::BOOL {
            return Err(format!("column {} is {}", column.name(), column.type_()));
        }
    }
    Ok(())
}

fn carried(kind: &Type) -> bool {
    matches!(*kind, Type::INT8 | Type::INT4 | Type::TEXT | Type::BYTEA)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// With their line numbers.
fn sql_texts(source: &str) -> Vec<(usize, String)> {
    // Split in two, so that the scanner does not find a call in this line.
    const CALL: &str = concat!("sql", "!(");
    let tests = source.find("#[cfg(test)]\nmod ").unwrap_or(source.len());
    let source = &source[..tests];
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = source[from..].find(CALL).map(|at| from + at) {
        from = at + CALL.len();
        let line_start = source[..at].rfind('\n').map_or(0, |end| end + 1);
        if source[line_start..at].contains("//") {
            continue;
        }
        let line = source[..at].matches('\n').count() + 1;
        let Some(text) = literal(source[from..].trim_start()) else {
            panic!("line {line}: not a literal: {}", &source[at..at + 40]);
        };
        found.push((line, text));
    }
    found
}

fn literal(source: &str) -> Option<String> {
    if let Some(raw) = source.strip_prefix('r') {
        let text = raw.trim_start_matches('#');
        let end = format!("\"{}", "#".repeat(raw.len() - text.len()));
        let text = text.strip_prefix('"')?;
        return Some(text[..text.find(&end)?].to_owned());
    }
    let mut value = String::new();
    let mut rest = source.strip_prefix('"')?.chars();
    loop {
        match rest.next()? {
            '"' => return Some(value),
            '\\' => match rest.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                '0' => value.push('\0'),
                // A backslash at the end of a line skips the next line's indentation.
                '\n' => rest = rest.as_str().trim_start().chars(),
                same @ ('"' | '\'' | '\\') => value.push(same),
                _ => return None,
            },
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_literal_is_read() {
        let source = r#"
            /// As in sql!("not this");
            a(sql!("SELECT 1"), sql!(
                "SELECT \"a\" \
                 FROM b
                 WHERE c"
            ));
            b(sql!(r"SELECT \x"));
            #[cfg(test)]
            "#;
        assert_eq!(
            sql_texts(source),
            [
                (3, "SELECT 1".to_owned()),
                (
                    3,
                    "SELECT \"a\" FROM b\n                 WHERE c".to_owned()
                ),
                (8, "SELECT \\x".to_owned()),
            ]
        );
    }

    #[test]
    fn a_text_is_written_out_as_the_compiler_does() {
        let source = r#"
            #[derive(Clone, Row)]
            struct Guest { id: Id, #[row(flatten)] details: Details }
            #[derive(Row)]
            struct Details { #[row(rename = "label")] name: String, #[row(skip)] more: Vec<u8> }
        "#;
        let file = PathBuf::from("crates/a/src/guest.rs");
        let types = RowTypes::find(&[(file, source.to_owned())]);
        let text = "INSERT INTO guest ({Guest}, a) VALUES ({:Guest}, :a) RETURNING {g: guest::Details}, :a";
        let statement = expand(Path::new("crates/a/src/b.rs"), 1, text, &types, 1);
        assert_eq!(
            statement.text,
            "INSERT INTO guest (id, label, a) VALUES ($1, $2, $3) RETURNING g.label, $3"
        );
        assert_eq!(statement.rows, [vec!["id", "label"], vec!["label"]]);
        let text = "INSERT INTO guest ({Guest}) VALUES {(:Guest), ...} ON CONFLICT DO NOTHING";
        let statement = expand(Path::new("crates/a/src/b.rs"), 1, text, &types, 3);
        assert_eq!(
            statement.text,
            "INSERT INTO guest (id, label) VALUES ($1, $2), ($3, $4), ($5, $6) \
             ON CONFLICT DO NOTHING"
        );
        let source = source.replace("struct Guest", "#[row(table = \"guest\")] struct Guest");
        let types = RowTypes::find(&[(PathBuf::from("guest.rs"), source)]);
        let texts = types.of_tables();
        let texts = texts.map(|(file, text)| expand(file, 1, &text, &types, 1).text);
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [
                "SELECT id, label FROM guest WHERE id = $1",
                "SELECT id, label FROM guest WHERE id = $1 FOR NO KEY UPDATE",
                "INSERT INTO guest (id, label) VALUES ($1, $2)",
                "INSERT INTO guest (id, label) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                "UPDATE guest SET id = $1, label = $2 WHERE id = $1",
                "DELETE FROM guest WHERE id = $1",
            ]
        );
    }
}
