//! Tests of what machines with nothing to do ask of PostgreSQL, and of how soon they hear of a job
//! all the same.

use std::time::{Duration, Instant};

use platform::jobs::{Done, Handler, NewJob, Worker};
use platform::limits::guess::GuessBudget;
use platform::machine_news::Listener;
use platform::store::Settings;
use platform::{Clock, Random, Store, Tx};
use postgres::NoTls;
use tempfile::TempDir;
use testkit::World;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::machines::{join, joining};
use super::{MIGRATIONS, PATIENCE};

/// The goal for four machines is 10 a second.
const PER_SECOND: f64 = 2.5;
/// In seconds: how long PostgreSQL may keep what a session counted.
const COUNTED: f64 = 10.5;
const WINDOW: f64 = 6.0;
/// What a slow start did is counted in one of the first.
const WINDOWS: usize = 4;
/// What is counted too early or too late, and the question itself.
const MORE: f64 = 10.0;

async fn listen(store: Store) {
    let mut listener = Listener::new(store);
    loop {
        listener.next().await;
    }
}

/// What each machine always does.
fn idle(store: &Store, worker: Worker, stop: &CancellationToken) {
    let listening = listen(store.clone());
    tokio::spawn(stop.clone().run_until_cancelled_owned(listening));
    tokio::spawn(GuessBudget::new().run(store.clone(), Clock::System, stop.clone()));
    tokio::spawn(worker.run(2, stop.clone()));
}

#[test]
fn machines_with_nothing_to_do_make_few_transactions() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let Settings::Postgres(server) = world.settings() else {
        return;
    };
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [data, other, files] = folders.each_ref().map(TempDir::path);
    let members = [data, other].map(|data| join(&world, &joining(data, files), Clock::System));
    let stores = [world.store().clone(), world.second_store()];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stop = CancellationToken::new();
    let _entered = runtime.enter();
    for (member, store) in members.iter().zip(&stores) {
        let member = member.as_ref().unwrap();
        member.set_ready(vec!["http://127.0.0.1:1".to_owned()]);
        let worker = Worker::on(
            member.clone(),
            store.clone(),
            Clock::System,
            Random::seeded(1),
            Vec::new(),
        );
        idle(store, worker, &stop);
    }
    let transactions = std::thread::spawn(move || {
        let mut operator = postgres::Client::connect(server.url.reveal(), NoTls).unwrap();
        let mut count = |after: f64| -> f64 {
            operator
                .query_one("SELECT pg_sleep($1)", &[&after])
                .unwrap();
            let counted = "SELECT (xact_commit + xact_rollback)::float8 FROM pg_stat_database
                 WHERE datname = current_database()";
            operator.query_one(counted, &[]).unwrap().get(0)
        };
        let mut before = count(COUNTED);
        let mut seen = Vec::new();
        for _ in 0..WINDOWS {
            let begin = Instant::now();
            let after = count(WINDOW);
            let transactions = after - before;
            before = after;
            seen.push(transactions);
            if transactions < 2.0 * PER_SECOND * begin.elapsed().as_secs_f64() + MORE {
                return Ok(());
            }
        }
        Err(seen)
    });
    let few = transactions.join().unwrap();
    stop.cancel();
    assert!(few.is_ok(), "{few:?} of two machines in {WINDOW} s each");
}

#[test]
fn a_job_of_another_machine_begins_long_before_anybody_would_look() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (noted, mut notes) = watch::channel(0);
        let note = Handler::new("note", move |_| {
            noted.send_modify(|count| *count += 1);
            async { Ok(Done::nothing()) }
        });
        let stop = CancellationToken::new();
        let worker = Worker::new(
            world.second_store(),
            world.platform.clock.clone(),
            Random::seeded(1),
            vec![note],
        );
        let serving = tokio::spawn(worker.run(1, stop.clone()));
        let mut fastest = Duration::MAX;
        for number in 1..=5 {
            let begin = Instant::now();
            let enqueue =
                |tx: &mut Tx<'_>| tx.enqueue(NewJob::new("note", serde_json::Value::Null));
            world.store().write(enqueue).await.unwrap();
            let done = notes.wait_for(|count| *count == number);
            tokio::time::timeout(PATIENCE, done).await.unwrap().unwrap();
            // A worker that starts looks at once.
            if number > 1 {
                fastest = fastest.min(begin.elapsed());
            }
        }
        // Without news of them, all wait 5 s.
        assert!(fastest < Duration::from_secs(3), "{fastest:?}");
        stop.cancel();
        serving.await.unwrap();
    });
}
