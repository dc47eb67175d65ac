//! Tests of backups: a machine is lost, and another machine continues with the restored data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::engine::{Database, Engine};
use crate::program::{PATIENCE, Program, run, text};

/// A machine with a backup on another disk.
pub(crate) struct Machine {
    pub(crate) folder: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = format!(
            "data = \"data\"\n[backup]\nto = \"folder:{}\"\ndrill = \"off\"\n",
            place(&folder).display()
        );
        fs::write(folder.path().join("kenduri.toml"), settings).expect("settings");
        Self { folder }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn settings(&self) -> String {
        let file = self.folder.path().join("kenduri.toml");
        file.to_string_lossy().into_owned()
    }

    pub(crate) fn place(&self) -> PathBuf {
        place(&self.folder)
    }

    /// Serves where the program is expected to refuse.
    fn try_to_serve(&self) -> Output {
        let settings = self.settings();
        let words = ["serve", "--listen", "127.0.0.1:0", "--config", &settings];
        run(&words, self.folder.path(), &[])
    }

    fn serve(&self) -> Program {
        Program::serve(&["--config", &self.settings()], &[])
    }

    /// Serves the demonstration, and makes the key of the backup. Returns the file with the
    /// passphrase, too.
    pub(crate) fn serve_demo(&self) -> (Program, String) {
        let (settings, data) = (self.settings(), self.data().to_string_lossy().into_owned());
        let program = Program::serve(&["--demo", "--config", &settings, "--data", &data], &[]);
        (program, self.make_key().to_string_lossy().into_owned())
    }

    /// The place of the backup, as commands name it.
    pub(crate) fn from(&self) -> String {
        format!("folder:{}", self.place().display())
    }

    pub(crate) fn run(&self, words: &[&str]) -> Result<String, String> {
        let settings = self.settings();
        let mut all = words.to_vec();
        all.extend(["--config", &settings]);
        let output = run(&all, self.folder.path(), &[]);
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// Creates the key, and returns the path of the file with the passphrase.
    pub(crate) fn make_key(&self) -> PathBuf {
        let said = self.run(&["backup", "now"]).expect("a snapshot");
        let passphrase = said.lines().find(|line| line.matches('-').count() == 5);
        let file = self.folder.path().join("passphrase");
        fs::write(&file, passphrase.expect("a passphrase").trim()).expect("written");
        file
    }

    fn make_owner(&self, number: usize) -> bool {
        let email = format!("owner-{number}@example.my");
        self.run(&["owner", "create", "--email", &email, "--name", "Mei"])
            .is_ok()
    }

    fn restore(&self, name: &str, passphrase: &Path) -> Result<PathBuf, String> {
        let data = self.folder.path().join(name);
        let from = self.from();
        let (passphrase, into) = (passphrase.to_string_lossy(), data.to_string_lossy());
        // As on a new machine, there is no settings file.
        let words = [
            "restore",
            "--from",
            &from,
            "--passphrase-file",
            &passphrase,
            "--data",
            &into,
        ];
        let elsewhere = tempfile::tempdir().expect("a folder");
        let output = run(&words, elsewhere.path(), &[]);
        if output.status.success() {
            Ok(data)
        } else {
            Err(text(&output.stderr))
        }
    }
}

/// The folder of the backup.
fn place(folder: &TempDir) -> PathBuf {
    folder.path().join("elsewhere")
}

/// Returns the numbers of the owners in a restored store, in order of creation.
fn owners(data: &Path) -> Vec<usize> {
    let store = rusqlite::Connection::open(data.join("kenduri.db")).expect("a store");
    let mut all = store
        .prepare("SELECT canonical FROM email ORDER BY rowid")
        .or_else(|_| store.prepare("SELECT canonical FROM email"))
        .expect("a query");
    let all = all
        .query_map([], |row| row.get::<_, String>(0))
        .expect("rows");
    let mut numbers: Vec<usize> = all
        .map(|email| {
            let email = email.expect("a row");
            let number = email.trim_start_matches("owner-").split('@').next();
            number
                .and_then(|number| number.parse().ok())
                .expect("a number")
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_lost_machine_is_restored_elsewhere_and_goes_on() {
    let machine = Machine::new();
    let program = machine.serve();
    let refused = machine.run(&["backup", "list"]).expect_err("no key");
    assert!(refused.contains("kenduri backup now"), "{refused}");
    let passphrase = machine.make_key();
    let said = machine.run(&["backup", "now"]).expect("another");
    assert!(!said.contains("passphrase"), "shown once: {said}");
    for number in 0..3 {
        assert!(machine.make_owner(number));
    }
    // Wait until all three owners are in the backup.
    let end = Instant::now() + PATIENCE;
    let mut turn = 0;
    let data = loop {
        turn += 1;
        let name = format!("again-{turn}");
        let data = machine.restore(&name, &passphrase).expect("restored");
        if owners(&data) == [0, 1, 2] {
            break data;
        }
        assert!(Instant::now() < end, "{:?}", owners(&data));
    };
    let good = machine.run(&["backup", "verify"]).expect("good");
    assert!(good.contains("The backup is good"), "{good}");
    let metrics = text(&program.get("/metrics").body);
    assert!(metrics.contains("kenduri_backup_lag_seconds"), "{metrics}");
    program.kill();
    let key = |data: &Path| fs::read(data.join("secret.key")).expect("the key file");
    assert_eq!(key(&data), key(&machine.data()));
    assert!(data.join("settings/kenduri.toml").exists());

    let into = data.to_string_lossy();
    let mut program = Program::serve(&["--data", &into], &[]);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn a_lost_database_is_restored_into_an_empty_one() {
    let (Some(lost), Some(empty)) = (
        Database::create("backup_lost"),
        Database::create("backup_empty"),
    ) else {
        eprintln!("skipped: KENDURI_TEST_POSTGRES names no server");
        return;
    };
    let (lost, empty) = (
        Engine::Postgres(lost.of_a_role()),
        Engine::Postgres(empty.of_a_role()),
    );
    let machine = Machine::new();
    let first = fs::read_to_string(machine.settings()).expect("settings");
    let with = |engine: &Engine| format!("{first}[store]\nurl = \"{}\"\n", engine.url());
    fs::write(machine.settings(), with(&lost)).expect("settings");
    let program = machine.serve();
    let passphrase = machine.make_key();
    assert!(machine.make_owner(4));
    machine.run(&["backup", "now"]).expect("a dump");
    let good = machine.run(&["backup", "verify"]).expect("good");
    assert!(good.contains("The backup is good"), "{good}");
    let metrics = text(&program.get("/metrics").body);
    assert!(metrics.contains("kenduri_backup_lag_seconds"), "{metrics}");
    program.kill();

    let from = format!(
        "folder:{}",
        machine.folder.path().join("elsewhere").display()
    );
    let passphrase = passphrase.to_string_lossy();
    let restore = ["restore", "--from", &from, "--passphrase-file", &passphrase];
    fs::rename(machine.data(), machine.folder.path().join("lost")).expect("thrown away");
    let refused = machine.run(&restore).expect_err("it has tables");
    assert!(refused.contains("has tables already"), "{refused}");
    assert!(!machine.data().exists());
    fs::write(machine.settings(), with(&empty)).expect("settings");
    machine.run(&restore).expect("restored");
    let owner = empty.text(&machine.data(), "SELECT canonical FROM email");
    assert_eq!(owner, "owner-4@example.my");
    let mut program = machine.serve();
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn half_a_restore_is_not_served() {
    let machine = Machine::new();
    fs::create_dir_all(machine.data().join("restoring")).expect("a folder");
    let output = machine.try_to_serve();
    assert!(!output.status.success());
    assert!(!machine.data().join("kenduri.db").exists());
}

#[test]
fn an_empty_machine_fills_itself_where_it_is_told_to() {
    let machine = Machine::new();
    let mut program = machine.serve();
    let passphrase = machine.make_key();
    assert!(machine.make_owner(7));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    fs::remove_dir_all(machine.data()).expect("thrown away");
    let settings = fs::read_to_string(machine.settings()).expect("settings");
    let told = format!(
        "{settings}restore = true\npassphrase_file = \"{}\"\n",
        passphrase.display()
    );
    fs::write(machine.settings(), told).expect("settings");
    // The place of the backup is away, as a disk that is not mounted.
    let away = machine.folder.path().join("away");
    fs::rename(machine.place(), &away).expect("renamed");
    for is_there in [false, true] {
        if is_there {
            fs::create_dir(machine.place()).expect("a mount point");
        }
        let output = machine.try_to_serve();
        let why = text(&output.stderr);
        assert!(
            !output.status.success() && why.contains("mount it"),
            "{why}"
        );
        assert!(!machine.data().join("kenduri.db").exists());
    }
    fs::remove_dir(machine.place()).expect("a mount point");
    fs::rename(&away, machine.place()).expect("renamed");
    let mut program = machine.serve();
    assert_eq!(owners(&machine.data()), [7]);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

/// Kills Kenduri while it writes and backs up. The restored store must be consistent, and must
/// contain everything that was acknowledged before some point in time.
#[test]
fn a_kill_in_the_middle_of_a_backup_leaves_whole_backups() {
    let machine = Machine::new();
    let mut program = machine.serve();
    let passphrase = machine.make_key();
    let mut made = 0;
    for round in 0..(testkit::rounds() / 5).max(1) {
        let is_ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut number = made;
                while machine.make_owner(number) && !is_ended.load(Ordering::Relaxed) {
                    number += 1;
                }
                made = number;
            });
            std::thread::sleep(Duration::from_millis(700 + 331 * round as u64));
            is_ended.store(true, Ordering::Relaxed);
            program.signal(Signal::KILL);
        });
        drop(program);
        let data = machine.restore(&format!("round-{round}"), &passphrase);
        let owners = owners(&data.expect("restored"));
        assert_eq!(owners, (0..owners.len()).collect::<Vec<_>>());
        program = machine.serve();
    }
    program.kill();
}
