//! Two machines become another version, one after the other, while households answer and others
//! read. Old and new run side by side, and nobody may notice.
//!
//! There is one program only, so a store plays the versions. First it lacks an expanding step, as
//! if the running programs were older: the next one that starts makes it beside them. Then it gets
//! one that no program here knows, as if a newer one had made it: the others go on, and start.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::cluster::Machines;
use crate::cluster_parts::{Balancer, wait};
use crate::http;
use crate::killing::open_households;
use crate::load::{Load, Until, last_versions, tell, times};
use crate::postgres_killing::{invitations, versions};
use crate::postgres_server::Server;
use crate::power_loss::wait_for;

/// The number of acknowledged answers while both versions run.
const ANSWERS: usize = 40;

/// What the programs of before use is found there, while the next one makes its own.
const BEFORE: &str = "CREATE SCHEMA before;
    ALTER DATABASE postgres SET search_path = public, before";
/// The lock of a program that knows other steps.
const OLDER: &str = "SELECT pg_advisory_lock_shared(7005, 1)";
/// The newest expanding step that only makes tables.
const STEP: &str = include_str!("../../../platform/migrations/0015_shared_files.sql");

/// Makes the store lack the step. Its tables stay where only the programs of before find them.
fn forget() -> String {
    let tables = STEP
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE "));
    let moved: Vec<String> = tables
        .filter_map(|line| line.split_whitespace().next())
        .map(|table| {
            format!(
                "DROP TABLE IF EXISTS before.{table};
                 ALTER TABLE public.{table} SET SCHEMA before;"
            )
        })
        .collect();
    let moved = moved.concat();
    format!("{moved} DELETE FROM migration WHERE owner = 'platform' AND number = 15")
}

/// Reads pages until it is told to stop.
#[derive(Default)]
struct Readers {
    is_ended: AtomicBool,
    read: AtomicUsize,
    failed: AtomicUsize,
}

impl Readers {
    fn run(&self, address: &str, paths: &[String]) {
        let mut paths = paths.iter().cycle();
        while !self.is_ended.load(Ordering::Relaxed) {
            let path = paths.next().expect("a path");
            let answer = http::send(address, "GET", path, &[], b"");
            let is_well = answer.as_ref().is_ok_and(|answer| answer.status == 200);
            if is_well {
                self.read.fetch_add(1, Ordering::Relaxed);
            } else {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[test]
fn nobody_sees_that_both_machines_become_another_version() {
    let rounds = times(0);
    if rounds == 0 {
        eprintln!("skipped: `cargo xtask show cluster` does this; steps are tested in `migrating`");
        return;
    }
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    server.start();
    let url = server.url();
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("the server");
    client.batch_execute(BEFORE).expect("a schema");
    client
        .batch_execute("SET search_path = public")
        .expect("set");
    let folder = tempfile::tempdir().expect("a folder");
    let mut machines = Machines::start(&url, folder, 2, &[]);
    let Some(balancer) = Balancer::start(machines.folder.path(), &machines.addresses) else {
        eprintln!("skipped: HAProxy is not installed");
        return;
    };
    client.batch_execute(OLDER).expect("a lock");
    let mut households = open_households(machines.one(0), invitations(&url));
    let pages: Vec<String> = ["/".to_owned()]
        .into_iter()
        .chain(households.iter().map(|one| format!("/invite/{}", one.code)))
        .collect();
    let (load, readers) = (Load::default(), Readers::default());
    let address = balancer.address.to_string();
    let acknowledged = std::thread::scope(|scope| {
        let answering = scope.spawn(|| load.run(&address, &mut households, || ()));
        let reading = scope.spawn(|| readers.run(&address, &pages));
        let until = [&load.is_ended, &readers.is_ended].map(Until);
        let side_by_side = || {
            balancer.wait_for_all(2);
            wait_for(&load, load.acknowledged.load(Ordering::Relaxed) + ANSWERS);
        };
        for round in 0..rounds {
            side_by_side();
            machines.stop(0);
            client.batch_execute(&forget()).expect("forgotten");
            machines.start_again(0);
            let made = "SELECT 1 FROM migration WHERE owner = 'platform' AND number = 15";
            assert_eq!(client.query(made, &[]).expect("rows").len(), 1);
            side_by_side();
            wait(
                || expand(&mut client, round),
                "the step of a newer program is never made",
            );
            side_by_side();
            machines.stop(1);
            machines.start_again(1);
        }
        side_by_side();
        drop(until);
        reading.join().expect("the readers");
        answering.join().expect("the clients")
    });
    machines.end();

    assert_eq!(load.failed.load(Ordering::Relaxed), 0);
    assert_eq!(readers.failed.load(Ordering::Relaxed), 0);
    let last = last_versions(acknowledged.iter());
    let stored = versions(&url).into_iter();
    let lost = stored.filter(|(code, version)| last.get(&**code).is_some_and(|one| one > version));
    assert_eq!(lost.count(), 0);
    tell(&format!(
        "{rounds} upgrades of two machines, one after the other, with expanding migrations, among \
         {} acknowledged answers, the slowest after {} ms, and {} pages: 0 lost, 0 failed",
        acknowledged.len(),
        load.longest.load(Ordering::Relaxed),
        readers.read.load(Ordering::Relaxed)
    ));
}

/// Makes a step of a newer program, as it would be made beside older ones. Returns `false` if it
/// would have to wait for long.
fn expand(client: &mut postgres::Client, round: usize) -> bool {
    let step = format!(
        "BEGIN;
         SET LOCAL lock_timeout = '500ms';
         ALTER TABLE invitation ADD COLUMN next_{round} TEXT;
         INSERT INTO migration (owner, number, checksum, applied_at, kind)
             VALUES ('occasions', {}, 'x', 0, 'expanding');
         COMMIT",
        9000 + round
    );
    let is_made = client.batch_execute(&step).is_ok();
    if !is_made {
        client.batch_execute("ROLLBACK").expect("rolled back");
    }
    is_made
}
