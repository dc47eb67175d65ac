//! Kills a PostgreSQL server with all its processes while households answer, and lets it start
//! again, or lets a standby take over. No acknowledged answer may be lost, and no save may fail.
//! `cargo xtask show backup` does the first 1,000 times.

use std::sync::atomic::Ordering;

use crate::killing::open_households;
use crate::load::{Load, last_versions, tell, times};
use crate::postgres_server::Server;
use crate::power_loss::wait_for;
use crate::program::Program;

/// The number of acknowledged answers between two kills.
const ANSWERS: usize = 12;

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
        for _ in 0..disturbances {
            let before = load.acknowledged.load(Ordering::Relaxed);
            wait_for(&load, before + ANSWERS);
            url = disturb();
        }
        let before = load.acknowledged.load(Ordering::Relaxed);
        wait_for(&load, before + ANSWERS);
        assert_eq!(program.get("/readyz").status, 200);
        load.is_ended.store(true, Ordering::Relaxed);
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
