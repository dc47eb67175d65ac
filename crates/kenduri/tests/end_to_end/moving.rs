//! Tests of moving a store into PostgreSQL, as an operator does it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::engine::{Database, Engine};
use crate::http;
use crate::program::{PATIENCE, Program, command, run, text};

fn moved(data: &Path, to: &Engine) -> (Option<i32>, String) {
    let data = data.to_str().expect("a path");
    let words = ["move-store", "--data", data, "--to", to.url()];
    let output = run(&words, Path::new("/"), &[]);
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

fn tables(database: &Engine, data: &Path) -> String {
    let count = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'";
    database.text(data, count)
}

#[test]
fn a_demo_moves_into_postgresql_and_is_served_from_there() {
    let Some(database) = Database::create("moving") else {
        return;
    };
    let database = Engine::Postgres(database);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let place = data.to_str().expect("a path");
    let mut program = Program::serve(&["--demo", "--data", place], &[]);
    let (code, said) = moved(data, &database);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("stop it first"), "{said}");
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    let before = Engine::Sqlite.invitations(data);
    let (code, said) = moved(data, &database);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("every table is equal"), "{said}");
    let url = format!("url = \"{}\"", database.url());
    assert!(said.contains(&url), "{said}");
    assert_eq!(database.invitations(data), before);

    // An answer that the old file takes now would be lost.
    let served = run(&["serve", "--data", place], Path::new("/"), &[]);
    let said = text(&served.stderr);
    assert!(
        !served.status.success() && said.contains("set store.url"),
        "{said}"
    );

    let set = format!("store.url={}", database.url());
    let words = ["--data", place, "--set", &set];
    let mut program = Program::serve(&words, &[]);
    let (code, _) = before.first().expect("an invitation");
    assert_eq!(program.get(&format!("/invite/{code}")).status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let (code, said) = moved(data, &database);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not empty"), "{said}");
}

#[test]
fn a_move_that_is_killed_leaves_the_database_empty() {
    let Some(database) = Database::create("killed_move") else {
        return;
    };
    let database = Engine::Postgres(database);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let place = data.to_str().expect("a path");
    let migrated = run(&["migrate", "--data", place], Path::new("/"), &[]);
    assert_eq!(
        migrated.status.code(),
        Some(0),
        "{}",
        text(&migrated.stderr)
    );
    // Copying these rows takes long enough that the command can be killed in the middle.
    let fill = "INSERT INTO guess WITH RECURSIVE n (i) AS
        (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
        SELECT 'address' || i, i, i, i FROM n";
    Engine::Sqlite.execute(data, fill);

    let mut child = command(&[])
        .args(["move-store", "--data", place, "--to", database.url()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let output = child.stdout.take().expect("its output");
    let first = BufReader::new(output).lines().next();
    assert!(first.is_some(), "a table was sent");
    child.kill().expect("it lives");
    assert_eq!(child.wait().expect("its status").code(), None);
    let end = Instant::now() + PATIENCE;
    // PostgreSQL needs a moment to notice that the client is gone.
    while tables(&database, data) != "0" {
        assert!(Instant::now() < end, "tables are left");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (code, said) = moved(data, &database);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        database.text(data, "SELECT count(*)::text FROM guess"),
        "60000"
    );
}

/// Runs `kenduri move-files` on a data folder.
fn moved_files(data: &Path, to: &str, endpoint: &str) -> (Option<i32>, String) {
    let (data, endpoint) = (data.to_string_lossy(), format!("files.endpoint={endpoint}"));
    let mut words = vec!["move-files", "--data", &*data, "--to", to];
    for setting in [
        &*endpoint,
        "files.region=us-east-1",
        "files.access_key=key",
        "files.secret_key=secret",
    ] {
        words.extend(["--set", setting]);
    }
    let output = run(&words, Path::new("/"), &[]);
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), said)
}

#[test]
fn files_move_into_a_bucket_and_are_compared_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let files = data.join("files/pictures");
    std::fs::create_dir_all(&files).expect("a folder");
    std::fs::write(files.join("a.png"), vec![7; 300_000]).expect("written");
    std::fs::write(files.join("b"), "short").expect("written");
    let (code, said) = moved_files(data, "folder:elsewhere", "http://127.0.0.1:9");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--to names no bucket"), "{said}");
    // A server that does not answer leaves everything as it is.
    let (code, said) = moved_files(data, "s3://bucket/site", "http://127.0.0.1:9");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("run the command again"), "{said}");
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration to read it in"
    )]
    let Ok(endpoint) = std::env::var("KENDURI_TEST_S3") else {
        eprintln!("skipped: KENDURI_TEST_S3 names no server");
        return;
    };
    let address = endpoint.trim_start_matches("http://");
    let made = http::send(address, "PUT", "/moved-files", &[], b"");
    assert_eq!(made.expect("an answer").status, 200);
    for _ in 0..2 {
        let (code, said) = moved_files(data, "s3://moved-files/site", &endpoint);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Copied 2 files"), "{said}");
        assert!(said.contains("url = \"s3://moved-files/site\""), "{said}");
    }
}
