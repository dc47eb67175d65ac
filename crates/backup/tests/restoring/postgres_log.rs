//! Tests of backups with a role that may replicate. The whole PostgreSQL server is copied, and then
//! its log.
//!
//! The tests start their own server. PostgreSQL refuses to run as root, so as root the tests run
//! again as the user `postgres`.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use backup::{Agent, BackupError, DrillResult, Settings, StorePlace};
use jiff::{SignedDuration, Timestamp};
use platform::store::PostgresSettings;
use platform::{Clock, Random, Secret, Store};
use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::bad_input::names;
use crate::place::Place;
use crate::postgres::write;

/// A test's own server. Dropping this value stops it.
struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    fn start(programs: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let made = Command::new(programs.join("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .arg("--no-sync")
            .arg("--pgdata")
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            // With these settings, the server retains as little of the log as possible.
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .args(["-c", "min_wal_size=32MB", "-c", "max_wal_size=32MB"])
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { process, folder };
        while !Command::new(programs.join("pg_isready"))
            .args(["--quiet", "--host"])
            .arg(server.folder.path())
            .status()
            .unwrap()
            .success()
        {
            std::thread::yield_now();
        }
        server.execute("CREATE ROLE kenduri LOGIN REPLICATION IN ROLE pg_read_all_stats");
        server
    }

    fn database(&self, name: &str) -> PostgresSettings {
        self.execute(&format!("CREATE DATABASE {name} OWNER kenduri"));
        self.settings("kenduri", name)
    }

    fn settings(&self, user: &str, name: &str) -> PostgresSettings {
        let folder = self.folder.path().display();
        PostgresSettings::new(
            Secret::new(format!("host={folder} user={user} dbname={name}")),
            2,
        )
    }

    fn execute(&self, sql: &str) {
        let settings = self.settings("postgres", "postgres");
        let mut client = Client::connect(settings.url.reveal(), NoTls).unwrap();
        client.batch_execute(sql).unwrap();
    }

    fn answers(&self, name: &str) -> Vec<i64> {
        let settings = self.settings("kenduri", name);
        let mut client = Client::connect(settings.url.reveal(), NoTls).unwrap();
        let query = "SELECT number FROM answer ORDER BY number";
        let rows = client.query(query, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.process.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.process.wait();
    }
}

/// Returns the folder of PostgreSQL's programs, if this process may start a server. Returns `None`
/// if the test is skipped. As root, also returns `None`, after running the test in an unprivileged
/// process.
fn programs(test: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<_> = versions.map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    let programs = versions.pop().map(|version| version.join("bin"));
    let Some(programs) = programs.filter(|programs| programs.join("initdb").exists()) else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return None;
    };
    if !rustix::process::geteuid().is_root() {
        return Some(programs);
    }
    // The build folder may be unreadable for the unprivileged user, so the test program is copied.
    // A separate process writes the copy, because a process that another test forks could inherit
    // this process's open file. A file that is open for writing cannot be executed.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("tests");
    let copied = Command::new("cp")
        .args([&std::env::current_exe().unwrap(), &program])
        .status();
    assert!(copied.unwrap().success());
    let output = Command::new("setpriv")
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program)
        .args(["--exact", &format!("postgres_log::{test}"), "--nocapture"])
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "{said}");
    None
}

/// The server's log contains the machine's real time, so the agent uses the real time too.
fn agent(place: &Place, store: &Store) -> Agent {
    let settings = Settings {
        target: place.target(),
        also: None,
        every: SignedDuration::from_hours(24),
        keep: SignedDuration::from_hours(35 * 24),
        is_automatic: false,
        has_drills: false,
        data: place.data(),
        postgres: place.database.clone(),
        beside: Vec::new(),
    };
    Agent::start(settings, store.clone(), Clock::System, Random::system()).unwrap()
}

/// Returns a time after all earlier commits and before all later commits.
fn now() -> Timestamp {
    // The clock has a precision of a millisecond.
    let next = Clock::System.now() + SignedDuration::from_millis(1);
    while Clock::System.now() < next {
        std::hint::spin_loop();
    }
    next
}

/// Waits until everything that is in the store now is in the backup.
fn copy_all(agent: &Agent) {
    let end = now();
    let mut turns = 0;
    while agent.status().copied_until < Some(end) {
        agent.turn().unwrap();
        turns += 1;
        assert!(turns < 500, "{:?}", agent.status());
    }
}

#[test]
fn each_moment_is_restored_from_the_log_that_followed_a_copy_of_the_server() {
    let Some(programs) =
        programs("each_moment_is_restored_from_the_log_that_followed_a_copy_of_the_server")
    else {
        return;
    };
    let server = Server::start(&programs);
    let mut place = Place::new();
    place.database = Some(server.database("live"));
    let store = place.open();
    let mut backing_up = agent(&place, &store);
    write(&store, 0..20);
    backing_up.now().unwrap();
    assert!(!backing_up.status().is_dumped);
    let mut model = Vec::new();
    for round in 2..8 {
        write(&store, round * 10..round * 10 + 10);
        model.push((now(), round * 10 + 10));
        match round {
            3 => server.execute("SELECT pg_switch_wal()"),
            // After a restart, the agent continues where it stopped.
            5 => {
                backing_up.stop();
                backing_up = agent(&place, &store);
            }
            _ => {}
        }
    }
    copy_all(&backing_up);
    backing_up.stop();
    let listed = backup::list(&place.target(), &place.key, &Random::system()).unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].until >= model[5].0);

    for (number, (to, answers)) in model.iter().enumerate() {
        if [2, 4].contains(&number) {
            let name = format!("to_{number}");
            let database = StorePlace::Database(server.database(&name));
            let (_, restored) = place.restore_to(&name, database, Some(*to)).unwrap();
            assert_eq!(server.answers(&name), (0..*answers).collect::<Vec<_>>());
            assert!(restored.until < *to);
        }
    }
    // The requested time is later than the last commit.
    let later = StorePlace::Database(server.database("later"));
    let to = Some(now() + SignedDuration::from_hours(1));
    place.restore_to("later", later, to).unwrap();
    assert_eq!(server.answers("later"), (0..80).collect::<Vec<_>>());

    let random = Random::system();
    let drill = backup::drill(
        &place.target(),
        &place.key,
        &place.data(),
        &Clock::System,
        &random,
    );
    let drill = drill.unwrap().result;
    assert!(
        matches!(drill, DrillResult::Good { rows, .. } if rows >= 80),
        "{drill:?}"
    );

    // The head shows that the log's end is missing.
    let mut log = names(&place.target_folder().join("wal"));
    let last = place.target_folder().join("wal").join(log.pop().unwrap());
    let taken = place.folder.path().join("taken");
    fs::rename(&last, &taken).unwrap();
    let database = StorePlace::Database(server.database("cut"));
    let refused = place.restore_to("cut", database, None);
    assert!(
        matches!(&refused, Err(BackupError::Damaged { object, whole_until: Some(_) }) if object.contains("wal/")),
        "{refused:?}"
    );
    fs::rename(&taken, &last).unwrap();

    // The error names the missing stretch of the log.
    let segments = fs::read_dir(place.target_folder().join("wal")).unwrap();
    let mut segments: Vec<_> = segments.map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    let before_last = &segments[segments.len() - 2];
    fs::remove_dir_all(before_last).unwrap();
    let database = StorePlace::Database(server.database("missing"));
    let refused = place.restore_to("missing", database, None);
    assert!(
        matches!(&refused, Err(BackupError::Damaged { object, whole_until: Some(_) }) if object.contains("wal/")),
        "{refused:?}"
    );
}

#[test]
fn a_log_that_the_server_removed_meanwhile_makes_a_new_copy_needed() {
    let Some(programs) =
        programs("a_log_that_the_server_removed_meanwhile_makes_a_new_copy_needed")
    else {
        return;
    };
    let server = Server::start(&programs);
    let mut place = Place::new();
    place.database = Some(server.database("live"));
    let store = place.open();
    let backing_up = agent(&place, &store);
    backing_up.now().unwrap();
    write(&store, 0..5);
    backing_up.stop();
    // Without an agent, nothing prevents the server from removing its log.
    for number in 5..11 {
        write(&store, number..number + 1);
        server.execute("SELECT pg_switch_wal()");
        server.execute("CHECKPOINT");
    }
    let backing_up = agent(&place, &store);
    let generations = || {
        fs::read_dir(place.target_folder().join("manifests"))
            .unwrap()
            .count()
    };
    let mut failures = 0;
    while generations() < 2 {
        failures += u32::from(backing_up.turn().is_err());
        assert!(failures < 5, "{:?}", backing_up.status());
    }
    assert!(failures > 0, "it was noticed");
    write(&store, 11..20);
    copy_all(&backing_up);
    assert!(backing_up.status().failure.is_none());
    backing_up.stop();
    let database = StorePlace::Database(server.database("again"));
    place.restore_to("again", database, None).unwrap();
    assert_eq!(server.answers("again"), (0..20).collect::<Vec<_>>());
}
