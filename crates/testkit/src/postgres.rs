//! Test databases on the PostgreSQL server given in `KENDURI_TEST_POSTGRES`. A template database is
//! migrated once and cloned for each test.

use std::sync::atomic::{AtomicU64, Ordering};

use platform::store::migrate::Migrations;
use platform::store::{PostgresSettings, Settings};
use platform::text_cleaning::hexadecimal;
use platform::{Clock, Random, Secret, Store};
use postgres::{Client, NoTls};
use sha2::{Digest, Sha256};

/// A database for a single test, dropped together with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Creates a database without tables. Returns `None` when no server is configured.
    pub fn empty() -> Option<Self> {
        let server = crate::world::postgres_server()?;
        Some(Self::create(&server, ""))
    }

    /// A fresh database with `migrations` applied.
    pub(crate) fn clone_of(server: &str, migrations: &[Migrations]) -> Self {
        let template = template(server, migrations);
        Self::create(server, &format!("TEMPLATE {template}"))
    }

    fn create(server: &str, how: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "kenduri_test_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let mut client = connect(server);
        // An earlier process with the same id may have left a database when it was killed.
        execute(&mut client, &format!("DROP DATABASE IF EXISTS {name}"));
        execute(&mut client, &format!("CREATE DATABASE {name} {how}"));
        Self {
            server: server.to_owned(),
            name,
        }
    }

    /// The store settings for this database.
    pub fn settings(&self, connections: usize) -> Settings {
        settings(&self.server, &self.name, connections)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test may run inside a runtime, where the blocking client panics.
        let dropped = std::thread::spawn(move || {
            execute(
                &mut connect(&server),
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        })
        .join();
        assert!(
            dropped.is_ok() || std::thread::panicking(),
            "the database of a test was not dropped"
        );
    }
}

/// The first test that needs the database creates it.
fn template(server: &str, migrations: &[Migrations]) -> String {
    let name = format!("kenduri_template_{}", digest(migrations));
    let mut client = connect(server);
    execute(&mut client, "SELECT pg_advisory_lock(7004)");
    let exists = client
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name])
        .expect("the list of databases")
        .is_some();
    if !exists {
        // The template is renamed when it is complete, so that no test clones an unfinished
        // template.
        let making = format!("{name}_making");
        execute(
            &mut client,
            &format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)"),
        );
        execute(&mut client, &format!("CREATE DATABASE {making}"));
        let store = Store::open(
            &settings(server, &making, 1),
            migrations,
            Clock::System,
            Random::system(),
        )
        .expect("migrations run on PostgreSQL");
        drop(store);
        execute(
            &mut client,
            &format!("ALTER DATABASE {making} RENAME TO {name}"),
        );
    }
    name
}

/// Returns a digest of the names, kinds and texts of all migrations.
pub(crate) fn digest(migrations: &[Migrations]) -> String {
    let mut hash = Sha256::new();
    for step in migrations.iter().flat_map(|set| set.steps) {
        hash.update(step.name);
        hash.update(step.kind.word());
        hash.update(step.text);
    }
    hexadecimal(&hash.finalize()[..8])
}

fn settings(server: &str, database: &str, connections: usize) -> Settings {
    // The connection string is a URL or a list of `key=value` pairs. In both, the last value of a
    // repeated parameter counts.
    let url = match (server.contains("://"), server.contains('?')) {
        (true, true) => format!("{server}&dbname={database}"),
        (true, false) => format!("{server}?dbname={database}"),
        (false, _) => format!("{server} dbname={database}"),
    };
    Settings::Postgres(PostgresSettings::new(Secret::new(url), connections))
}

fn connect(server: &str) -> Client {
    Client::connect(server, NoTls).expect("the PostgreSQL server for tests answers")
}

fn execute(client: &mut Client, text: &str) {
    client
        .batch_execute(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"));
}
