//! The two database engines, with direct access to their stores.

use std::path::Path;

pub(crate) enum Engine {
    Sqlite,
    Postgres(Database),
}

impl Engine {
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Sqlite => "sqlite:kenduri.db",
            Self::Postgres(database) => &database.url,
        }
    }

    /// Makes all jobs due, as if they had become due while Kenduri was stopped.
    pub(crate) fn make_all_jobs_due(&self, data: &Path) {
        self.execute(data, "UPDATE job SET due_at = 0 WHERE due_at IS NOT NULL");
    }

    pub(crate) fn execute(&self, data: &Path, sql: &str) {
        match self {
            Self::Sqlite => open(data).execute_batch(sql).expect("a table"),
            Self::Postgres(database) => {
                let mut store = connect(&database.url);
                store.batch_execute(sql).expect("a table");
            }
        }
    }

    /// Runs a query that returns a single text.
    pub(crate) fn text(&self, data: &Path, sql: &str) -> String {
        match self {
            Self::Sqlite => open(data)
                .query_row(sql, (), |row| row.get(0))
                .expect("a text"),
            Self::Postgres(database) => connect(&database.url)
                .query_one(sql, &[])
                .expect("a text")
                .get(0),
        }
    }

    /// Runs a query, and returns the first column of each row as bytes.
    pub(crate) fn bytes(&self, data: &Path, sql: &str) -> Vec<Vec<u8>> {
        match self {
            Self::Sqlite => {
                let store = open(data);
                let mut statement = store.prepare(sql).expect("a table");
                let rows: Result<_, _> = statement
                    .query_map((), |row| row.get(0))
                    .expect("rows")
                    .collect();
                rows.expect("bytes")
            }
            Self::Postgres(database) => {
                let rows = connect(&database.url).query(sql, &[]).expect("a table");
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    pub(crate) fn invitations(&self, data: &Path) -> Vec<(String, Option<String>)> {
        let sql = "SELECT code, email FROM invitation ORDER BY code";
        match self {
            Self::Sqlite => {
                let store = open(data);
                let mut statement = store.prepare(sql).expect("a table");
                let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
                let rows: Result<_, _> = rows.expect("rows").collect();
                rows.expect("texts")
            }
            Self::Postgres(database) => {
                let rows = connect(&database.url).query(sql, &[]).expect("a table");
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        }
    }
}

/// A database on the server in `KENDURI_TEST_POSTGRES`. Dropping this value drops the database.
pub(crate) struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Creates a database. Returns `None` if no server is configured.
    pub(crate) fn create(name: &str) -> Option<Self> {
        let (_, server) = std::env::vars().find(|(name, _)| name == "KENDURI_TEST_POSTGRES")?;
        let name = format!("kenduri_{name}_{}", std::process::id());
        connect(&server)
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database");
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{address}/{name}");
        Some(Self { server, name, url })
    }
}

impl Database {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Gives the database to a new role without the right to replicate.
    pub(crate) fn of_a_role(mut self) -> Self {
        let name = &self.name;
        let give = format!("CREATE ROLE {name} LOGIN; ALTER DATABASE {name} OWNER TO {name}");
        connect(&self.server).batch_execute(&give).expect("a role");
        let (before, server) = self.url.split_once('@').expect("a URL with a role");
        let (scheme, _) = before.split_once("://").expect("a URL");
        self.url = format!("{scheme}://{name}@{server}");
        self
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // The test server is deleted after the tests, so errors are ignored.
        let mut client = connect(&self.server);
        let _ = client.batch_execute(&drop);
        let _ = client.batch_execute(&format!("DROP ROLE IF EXISTS {}", self.name));
    }
}

fn open(data: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(data.join("kenduri.db")).expect("a store")
}

fn connect(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls).expect("the server answers")
}
