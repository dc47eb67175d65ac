//! Tests of migrations by another process than the one that serves, and of upgrades that would need
//! one which the running program does not survive.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::engine::{Database, Engine};
use crate::http;
use crate::program::{PATIENCE, Program, command, free_address, run, text};
use crate::upgrade::{Copy, SETTINGS};

/// The engines that the tests run on.
fn engines(name: &str) -> Vec<Engine> {
    let postgres = Database::create(name).map(Engine::Postgres);
    [Some(Engine::Sqlite), postgres]
        .into_iter()
        .flatten()
        .collect()
}

/// A `serve --no-migrate`, and its log.
struct Waiting {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
}

impl Waiting {
    fn start(mut command: Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("its log"));
        Self { child, log }
    }

    /// Reads the log until a line contains `text`. Returns the lines before.
    fn read_until(&mut self, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).expect("a log");
            assert!(read > 0, "never said {text:?}, but {before:?}");
            if line.contains(text) {
                return before;
            }
            before.push(line);
        }
    }

    fn end(mut self) -> (Option<i32>, String) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), Signal::TERM).expect("it lives");
        let mut rest = String::new();
        let read = std::io::Read::read_to_string(&mut self.log, &mut rest);
        read.expect("a log");
        (self.child.wait().expect("its status").code(), rest)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WAITS: &str = "waiting until the store is migrated";

#[test]
fn a_start_without_migrations_waits_until_another_process_has_made_them() {
    for engine in engines("no_migrate") {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free_address().to_string();
        let store = format!("store.url={}", engine.url());
        let mut serve = command(&[]);
        serve
            .args([
                "serve",
                "--no-migrate",
                "--listen",
                &address,
                "--set",
                &store,
            ])
            .current_dir(folder.path());
        let mut program = Waiting::start(serve);
        program.read_until(WAITS);
        let ask = |path| http::send(&address, "GET", path, &[], b"");
        for (path, status) in [("/readyz", 503), ("/livez", 200), ("/", 503)] {
            let answer = ask(path).expect("an answer");
            assert_eq!(answer.status, status, "{path}");
            let wait = (status == 503).then_some("5");
            assert_eq!(answer.header("retry-after"), wait, "{path}");
        }
        let migrate = ["migrate", "--set", &store];
        let migrated = run(&migrate, folder.path(), &[]);
        let said = text(&migrated.stdout);
        assert_eq!(migrated.status.code(), Some(0), "{said}");
        assert!(
            said.contains("platform 0001_begin (contracting)\n")
                && said.ends_with("These changes were made. The store is up to date.\n"),
            "{said}"
        );
        let end = Instant::now() + PATIENCE;
        // A request may end without an answer while the one stops that answered until now.
        while !ask("/readyz").is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < end, "it does not serve");
        }
        let again = text(&run(&migrate, folder.path(), &[]).stdout);
        assert_eq!(again, "The store was up to date. Nothing was changed.\n");
        let (code, rest) = program.end();
        assert_eq!(code, Some(0), "{rest}");
        assert!(!rest.contains(WAITS), "it is said once: {rest}");
    }
}

#[test]
fn a_start_that_waits_for_migrations_can_be_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut serve = command(&[]);
    serve
        .args(["serve", "--no-migrate", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path());
    let mut program = Waiting::start(serve);
    program.read_until(WAITS);
    let begun = Instant::now();
    let (code, rest) = program.end();
    assert_eq!(code, Some(0), "{rest}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(!folder.path().join("data/kenduri.db").exists());
}

#[test]
fn of_processes_that_migrate_at_once_one_does_and_all_succeed() {
    for engine in engines("migrating") {
        let folder = tempfile::tempdir().expect("a folder");
        let store = format!("store.url={}", engine.url());
        let processes: Vec<Child> = (0..4)
            .map(|_| {
                let mut migrate = command(&[]);
                migrate
                    .args(["migrate", "--set", &store])
                    .current_dir(folder.path())
                    .stdout(Stdio::piped());
                migrate.spawn().expect("the program starts")
            })
            .collect();
        let outputs = processes
            .into_iter()
            .map(|process| process.wait_with_output().expect("its output"));
        let mut said: Vec<String> = outputs
            .map(|output| {
                assert_eq!(output.status.code(), Some(0));
                text(&output.stdout)
            })
            .collect();
        said.sort_by_key(String::len);
        let made = said.pop().expect("four");
        assert!(made.contains("These changes were made."), "{made}");
        assert_eq!(
            said,
            ["The store was up to date. Nothing was changed.\n"; 3]
        );
    }
}

#[test]
fn a_store_of_a_newer_kenduri_is_refused_unless_it_only_expands() {
    let folder = tempfile::tempdir().expect("a folder");
    let migrated = run(&["migrate"], folder.path(), &[]);
    assert_eq!(
        migrated.status.code(),
        Some(0),
        "{}",
        text(&migrated.stderr)
    );
    assert_eq!(run(&["migrate"], folder.path(), &[]).status.code(), Some(0));
    let store = rusqlite::Connection::open(folder.path().join("data/kenduri.db")).expect("a store");
    let step = |kind| {
        let row = "REPLACE INTO migration (owner, number, checksum, applied_at, kind)
            VALUES ('occasions', 9000, 'x', 0, ?1)";
        store.execute(row, (kind,)).expect("a row");
    };
    step("expanding");
    assert_eq!(run(&["migrate"], folder.path(), &[]).status.code(), Some(0));
    let data = folder.path().join("data");
    let mut program = Program::serve(&["--data", &data.to_string_lossy()], &[]);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    step("contracting");
    for word in ["migrate", "serve"] {
        let output = run(
            &[word],
            folder.path(),
            &[("KENDURI_LISTEN_HTTP", "127.0.0.1:0")],
        );
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains("newer Kenduri"),
            "{}",
            text(&output.stderr)
        );
    }
}

/// Makes the store lack its newest contracting step, whose tables stay.
fn forget_step(data: &Path) {
    let delete = "CREATE TABLE forgotten AS SELECT * FROM migration
            WHERE owner = 'posts' ORDER BY number DESC LIMIT 1;
        DELETE FROM migration
            WHERE owner = 'posts' AND number = (SELECT number FROM forgotten)";
    Engine::Sqlite.execute(data, delete);
}

#[test]
fn an_upgrade_that_the_running_program_would_not_survive_is_refused_with_what_to_do() {
    let copy = Copy::new(SETTINGS);
    let mut program = copy.serve();
    let (data, worker) = (copy.data(), program.worker());
    let data = Path::new(&data);
    // The lock of a program that knows other steps.
    let older = File::create(data.join("kenduri.db-program-00000001")).expect("a file");
    older.lock_shared().expect("a lock");
    forget_step(data);

    copy.renew();
    for (words, begins) in [
        (&["upgrade"][..], "the old program keeps running"),
        (&["reload", "kenduri"][..], "cannot open the store"),
    ] {
        let output = copy.order(words);
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}");
        assert!(
            why.contains(begins)
                && why.contains("older Kenduri uses the store")
                && why.contains("posts 0002_mail_and_pictures")
                && why.contains("systemctl restart kenduri"),
            "{why}"
        );
        assert_eq!(program.worker(), worker);
        assert_eq!(program.get("/readyz").status, 200);
    }
    let migrated = copy.order(&["migrate"]);
    let why = text(&migrated.stderr);
    assert_eq!(migrated.status.code(), Some(1), "{why}");
    assert!(why.contains("older Kenduri uses the store"), "{why}");

    // With nothing to change, an older program is no reason to refuse.
    let put_back = "INSERT INTO migration SELECT * FROM forgotten; DROP TABLE forgotten";
    Engine::Sqlite.execute(data, put_back);
    copy.change(&program);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
