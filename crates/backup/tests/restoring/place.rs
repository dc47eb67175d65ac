//! An installation for tests: a store with a backup, and folders for restored data.

use std::path::{Path, PathBuf};

use backup::{
    Agent, BackupError, BackupKey, Beside, Places, Restored, S3Access, Settings, StorePlace, Target,
};
use jiff::{SignedDuration, Timestamp};
use platform::store::migrate::{Kind, Migrations, Step};
use platform::store::{PostgresSettings, Settings as StoreSettings, SqliteSettings};
use platform::{Clock, ManualClock, Random, Rows, Secret, Store, StoreError, Tx, sql};
use tempfile::TempDir;

use crate::s3_double::Server;

const ANSWERS: Migrations = Migrations::new(
    "test",
    &[Step {
        name: "0001_answer",
        kind: Kind::Contracting,
        text: "CREATE TABLE answer (number BIGINT NOT NULL PRIMARY KEY, note TEXT NOT NULL);",
    }],
);

pub(crate) enum Folder {
    /// Deleted when this value is dropped.
    Own(TempDir),
    /// Belongs to another process.
    Shared(PathBuf),
}

impl Folder {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Shared(path) => path,
        }
    }
}

pub(crate) struct Place {
    pub(crate) folder: Folder,
    data: PathBuf,
    pub(crate) clock: ManualClock,
    pub(crate) key: BackupKey,
    pub(crate) passphrase: Secret,
    /// The S3 bucket of the backup; `None` if the backup is in a folder.
    pub(crate) bucket: Option<Target>,
    /// The second place of the backup.
    pub(crate) also: Option<Target>,
    pub(crate) has_drills: bool,
    /// Whether a machine that follows may take over by itself.
    pub(crate) is_automatic: bool,
    /// The store's PostgreSQL database; `None` if the store is an SQLite file.
    pub(crate) database: Option<PostgresSettings>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let (key, passphrase) = BackupKey::make(&Random::system()).unwrap();
        key.keep(&folder.path().join("data")).unwrap();
        Self {
            data: folder.path().join("data"),
            folder: Folder::Own(folder),
            clock: ManualClock::at("2027-01-16T10:00:00Z".parse().unwrap()),
            key,
            passphrase,
            bucket: None,
            also: None,
            has_drills: false,
            is_automatic: false,
            database: None,
        }
    }

    /// An installation whose backup is in the server's bucket, or in a folder.
    pub(crate) fn backed_up_to(server: Option<&Server>) -> Self {
        Self {
            bucket: server.map(Server::target),
            ..Self::new()
        }
    }

    /// Opens the store, and makes the first snapshot of its backup.
    pub(crate) fn begin(&self) -> (Store, Agent) {
        let store = self.open();
        let agent = self.agent(&store);
        agent.now().unwrap();
        (store, agent)
    }

    /// Opens another process's installation, with the present time.
    pub(crate) fn shared(folder: &Path) -> Self {
        let key = BackupKey::read(&folder.join("data")).unwrap().unwrap();
        Self {
            data: folder.join("data"),
            folder: Folder::Shared(folder.to_owned()),
            clock: ManualClock::at(Clock::System.now()),
            key,
            passphrase: Secret::new(""),
            bucket: None,
            also: None,
            has_drills: false,
            is_automatic: false,
            database: None,
        }
    }

    /// Another machine of the same installation, with a clock of its own.
    pub(crate) fn elsewhere(&self, data: PathBuf) -> Self {
        Self {
            folder: Folder::Shared(self.folder.path().to_owned()),
            clock: ManualClock::at(self.clock.now()),
            key: self.key.clone(),
            passphrase: Secret::new(""),
            bucket: self.bucket.clone(),
            also: None,
            has_drills: false,
            is_automatic: self.is_automatic,
            database: None,
            data,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone()
    }

    pub(crate) fn target_folder(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    pub(crate) fn target(&self) -> Target {
        self.bucket.clone().unwrap_or_else(|| {
            let folder = format!("folder:{}", self.target_folder().display());
            Target::parse(&folder, &S3Access::default()).unwrap()
        })
    }

    pub(crate) fn open(&self) -> Store {
        let file = || SqliteSettings {
            backed_up: true,
            durable: false,
            ..SqliteSettings::file(self.data().join("kenduri.db"))
        };
        let settings = match &self.database {
            None => StoreSettings::Sqlite(file()),
            Some(database) => StoreSettings::Postgres(database.clone()),
        };
        let clock = Clock::Manual(self.clock.clone());
        Store::open(
            &settings,
            &[platform::MIGRATIONS, ANSWERS],
            clock,
            Random::system(),
        )
        .unwrap()
    }

    pub(crate) fn agent(&self, store: &Store) -> Agent {
        let settings = Settings {
            target: self.target(),
            also: self.also.clone(),
            every: SignedDuration::from_hours(24),
            keep: SignedDuration::from_hours(35 * 24),
            is_automatic: self.is_automatic,
            has_drills: self.has_drills,
            data: self.data(),
            postgres: self.database.clone(),
            beside: vec![Beside {
                from: self.data().join("files"),
                to: "files".to_owned(),
            }],
        };
        let clock = Clock::Manual(self.clock.clone());
        Agent::start(settings, store.clone(), clock, Random::system()).unwrap()
    }

    /// Restores the backup into a new data folder called `name`.
    pub(crate) fn restore(
        &self,
        name: &str,
        to: Option<Timestamp>,
    ) -> Result<(PathBuf, Restored), BackupError> {
        let store = self.folder.path().join(name).join("kenduri.db");
        self.restore_to(name, StorePlace::File(store), to)
    }

    /// Restores the backup into a new data folder called `name`, and the store into `store`.
    pub(crate) fn restore_to(
        &self,
        name: &str,
        store: StorePlace,
        to: Option<Timestamp>,
    ) -> Result<(PathBuf, Restored), BackupError> {
        let data = self.folder.path().join(name);
        let places = Places {
            store,
            data: data.clone(),
        };
        let restored = backup::restore(&self.target(), &self.key, &places, to, &Random::system())?;
        Ok((data, restored))
    }
}

/// Writes a row, and waits until the write is acknowledged.
pub(crate) async fn answer(store: &Store, number: i64) -> Result<(), StoreError> {
    store.write(move |tx: &mut Tx<'_>| insert(tx, number)).await
}

pub(crate) fn insert(tx: &mut Tx<'_>, number: i64) -> Result<(), StoreError> {
    let note = "x".repeat(500);
    sql!(
        "INSERT INTO answer (number, note) VALUES (:number, :note)",
        number,
        note
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

/// Returns the numbers of the rows in a restored store.
pub(crate) fn answers(data: &Path) -> Vec<i64> {
    let store = rusqlite::Connection::open(data.join("kenduri.db")).unwrap();
    let mut rows = store
        .prepare("SELECT number FROM answer ORDER BY number")
        .unwrap();
    let rows = rows.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Returns how often a test repeats its work: `usual` times, unless `cargo xtask show backup` sets
/// another number.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it in"
)]
pub(crate) fn times(usual: usize) -> usize {
    let wanted = std::env::var("KENDURI_TEST_TIMES").ok();
    wanted.map_or(usual, |times| times.parse().unwrap())
}

/// Prints a result for `cargo xtask show backup`.
pub(crate) fn tell(result: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    writeln!(out, "shown: {result}").unwrap();
}
