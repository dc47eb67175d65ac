//! Kills a PostgreSQL server with all its processes while households answer, and lets it start
//! again, or lets a standby take over. No acknowledged answer may be lost, and no save may fail.
//! `cargo xtask show backup` does the first 1,000 times.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cluster_parts::wait;
use crate::engine::Database;
use crate::http;
use crate::killing::open_households;
use crate::load::{Load, Until, last_versions, tell, times};
use crate::postgres_server::Server;
use crate::power_loss::wait_for;
use crate::program::Program;

/// The number of acknowledged answers between two kills.
const ANSWERS: usize = 12;
/// How long a statement waits for a lock before it gives up.
const LOCK_TIME: Duration = Duration::from_secs(2);

#[test]
fn a_killed_postgresql_server_loses_no_acknowledged_answer() {
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    server.start();
    let folder = tempfile::tempdir().expect("a folder");
    let (data, url) = (folder.path().to_string_lossy(), server.url());
    let store = format!("store.url={url}");
    let arguments = ["--demo", "--data", &*data, "--set", &*store];
    let program = Program::serve(&arguments, &[]);
    let kills = times(4);
    let answers = lose_nothing(program, kills, &url, || {
        server.kill();
        server.start();
        url.clone()
    });
    tell(&format!(
        "{kills} kills of PostgreSQL among {answers}: 0 lost, 0 failed"
    ));
}

#[test]
fn nobody_sees_that_a_standby_takes_over() {
    let Some(mut primary) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    primary.start();
    let mut standby = primary.standby();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy();
    // The standby is named first, so that the program has to look for the primary server.
    let store = format!(
        "store.url=postgres://postgres@{},{}/postgres",
        standby.host(),
        primary.host()
    );
    let arguments = ["--demo", "--data", &*data, "--set", &*store];
    let program = Program::serve(&arguments, &[]);
    let url = primary.url();
    let answers = lose_nothing(program, 1, &url, || {
        primary.kill();
        // It comes back as a standby at its address before the other one has taken over.
        primary.demote();
        primary.start();
        standby.promote();
        std::mem::swap(&mut primary, &mut standby);
        primary.url()
    });
    tell(&format!(
        "1 standby took over among {answers}: 0 lost, 0 failed"
    ));
}

#[test]
fn what_asks_whether_kenduri_lives_does_not_wait_for_the_database() {
    let Some(database) = Database::create("silent") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let (data, store) = (
        folder.path().to_string_lossy(),
        format!("store.url={}", database.url()),
    );
    let program = Program::serve(&["--data", &*data, "--set", &*store], &[]);
    let connect = || postgres::Client::connect(database.url(), postgres::NoTls).expect("a server");
    let mut locking = connect();
    let mut lock = locking.transaction().expect("a transaction");
    lock.batch_execute("LOCK TABLE site_look IN ACCESS EXCLUSIVE MODE")
        .expect("a lock");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // The frame of pages is read anew every other second.
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // Its outcome does not matter.
                let _ = http::send(&program.address, "GET", "/", &[], b"");
            }
        });
        let mut looking = connect();
        let waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'site_look'::regclass";
        wait(
            || !looking.query(waits, &[]).expect("rows").is_empty(),
            "no page waits for the table",
        );
        let begun = Instant::now();
        for path in ["/livez", "/healthz", "/readyz", "/metrics"] {
            assert_eq!(program.get(path).status, 200, "{path}");
        }
        let took = begun.elapsed();
        is_over.store(true, Ordering::Relaxed);
        lock.rollback().expect("unlocked");
        assert!(took < LOCK_TIME * 3, "four of them took {took:?}");
    });
}

/// Lets households answer, and calls `disturb` several times meanwhile. It returns the URL of the
/// server that has the answers then. Returns how many answers were acknowledged, and how slowly.
pub(crate) fn lose_nothing(
    program: Program,
    disturbances: usize,
    url: &str,
    mut disturb: impl FnMut() -> String,
) -> String {
    let mut url = url.to_owned();
    let mut households = open_households(&program, invitations(&url));
    let load = Load::default();
    let acknowledged = std::thread::scope(|scope| {
        let answering = scope.spawn(|| load.run(&program.address, &mut households, || ()));
        let until = Until(&load.is_ended);
        for _ in 0..disturbances {
            let before = load.acknowledged.load(Ordering::Relaxed);
            wait_for(&load, before + ANSWERS);
            url = disturb();
        }
        let before = load.acknowledged.load(Ordering::Relaxed);
        wait_for(&load, before + ANSWERS);
        assert_eq!(program.get("/readyz").status, 200);
        drop(until);
        answering.join().expect("the clients")
    });
    assert_eq!(load.failed.load(Ordering::Relaxed), 0);
    program.kill();
    let stored = versions(&url);
    for (code, version) in last_versions(acknowledged.iter()) {
        let found = stored.iter().find(|(stored, _)| stored == code);
        let found = found.map(|(_, version)| *version);
        assert!(found >= Some(version), "{code} lost an answer");
    }
    let longest = load.longest.load(Ordering::Relaxed);
    format!(
        "{} acknowledged answers, the slowest after {longest} ms",
        acknowledged.len()
    )
}

pub(crate) fn invitations(url: &str) -> Vec<(String, Option<String>)> {
    let codes = versions(url).into_iter();
    codes.map(|(code, _)| (code, None)).collect()
}

pub(crate) fn versions(url: &str) -> Vec<(String, i64)> {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the server");
    let rows = client.query("SELECT code, version FROM invitation", &[]);
    let rows = rows.expect("a table");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}
