//! Tests of when a worker looks for jobs. Time passes only where a test says so, because the
//! runtime always has something to do.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use platform::jobs::{Done, Handler, NewJob, Queue};
use platform::store::{Settings, without_row_lock};
use platform::{Rows, sql};
use serde_json::json;
use testkit::World;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use crate::{MIGRATIONS, effects, held, note, note_job, read, seconds, worker, write};

/// The time limit of a wait, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

async fn until(is_so: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < PATIENCE, "it does not happen");
        yield_now().await;
    }
}

/// Like [`crate::enqueue`], but no time passes.
async fn enqueue(world: &World, job: NewJob) {
    let store = world.store().clone();
    let written = tokio::spawn(async move { store.write(move |tx| tx.enqueue(job.clone())).await });
    until(async || written.is_finished()).await;
    written.await.unwrap().unwrap();
}

/// Lets timers pass.
async fn advance(seconds: u32) {
    for _ in 0..seconds * 50 {
        tokio::time::advance(SECOND / 50).await;
        for _ in 0..10 {
            yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_has_one_statement_for_all_queues_and_seldom_sends_it() {
    let world = World::sqlite(MIGRATIONS);
    let stop = CancellationToken::new();
    let serving = tokio::spawn(worker(&world, vec![note()]).run(1, stop.clone()));
    advance(1).await;
    let statements = || world.store().counts().statements;
    let before = statements();
    advance(60).await;
    // It looks every 5 s.
    let looks = statements() - before;
    assert!((11..=13).contains(&looks), "{looks} in a minute");
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_begins_when_it_is_due_though_a_newer_program_has_other_queues() {
    let world = World::sqlite(MIGRATIONS);
    world.expect_jobs("note");
    crate::enqueue(&world, note_job("of a newer program")).await;
    write(&world, |tx| {
        tx.run(
            sql!("UPDATE job SET queue = 'newer'"),
            &[],
            Rows::Exactly(1),
        )
    })
    .await;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(worker(&world, vec![note()]).run(1, stop.clone()));
    advance(1).await;
    let job = NewJob {
        run_at: Some(world.clock.now() + seconds(3)),
        ..note_job("a")
    };
    let before = world.store().counts().statements;
    enqueue(&world, job).await;
    // The worker hears of it.
    until(async || world.store().counts().statements >= before + 2).await;
    advance(1).await;
    world.clock.advance(seconds(3));
    advance(3).await;
    until(async || effects(&world).await == ["a"]).await;
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_next_job_of_a_lane_begins_when_the_one_before_has_ended() {
    let world = World::sqlite(MIGRATIONS);
    let (running, runs) = watch::channel(0);
    let (go, gone) = watch::channel(false);
    let (noted, notes) = watch::channel(0);
    let last = Handler::new("last", move |_| {
        noted.send_replace(1);
        async { Ok(Done::nothing()) }
    });
    let of_lane = |job: NewJob| NewJob {
        queue: Queue::Fetches,
        line: Some("slow".to_owned()),
        ..job
    };
    let stop = CancellationToken::new();
    let serving =
        tokio::spawn(worker(&world, vec![held(running, gone), last]).run(1, stop.clone()));
    enqueue(&world, of_lane(note_job("a"))).await;
    enqueue(&world, of_lane(NewJob::new("last", json!({})))).await;
    advance(1).await;
    until(async || *runs.borrow() == 1).await;
    assert_eq!(*notes.borrow(), 0);
    go.send_replace(true);
    until(async || *notes.borrow() == 1).await;
    until(async || world.jobs().await.is_empty()).await;
    stop.cancel();
    serving.await.unwrap();
}

/// Lets the world's clock and timers pass.
async fn pass(world: &World, count: u32) {
    for _ in 0..count {
        world.clock.advance(seconds(1));
        advance(1).await;
    }
}

/// Lets the store save changes while the returned value is true.
fn gate(world: &World) -> Arc<AtomicBool> {
    let may = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&may);
    world
        .store()
        .acknowledge_while(move || asked.load(Ordering::SeqCst));
    may
}

/// When the leases of running jobs end.
async fn leases(world: &World) -> Vec<Timestamp> {
    let rows: Vec<(Timestamp,)> = read(world, |tx| {
        tx.all(sql!("SELECT due_at FROM job WHERE state = 'running'"), &[])
    })
    .await;
    rows.into_iter().map(|(due_at,)| due_at).collect()
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ends_while_the_store_saves_nothing_keeps_its_result() {
    let world = World::sqlite(MIGRATIONS);
    let may = gate(&world);
    let (running, runs) = watch::channel(0);
    let (go, gone) = watch::channel(false);
    let stop = CancellationToken::new();
    let serving = tokio::spawn(worker(&world, vec![held(running, gone)]).run(2, stop.clone()));
    enqueue(&world, note_job("a")).await;
    advance(1).await;
    until(async || *runs.borrow() == 1).await;
    may.store(false, Ordering::SeqCst);
    go.send_replace(true);
    // Longer than its lease.
    pass(&world, 100).await;
    assert!(effects(&world).await.is_empty());
    may.store(true, Ordering::SeqCst);
    advance(2).await;
    until(async || effects(&world).await == ["a"]).await;
    pass(&world, 10).await;
    assert_eq!(*runs.borrow(), 1, "it is not done again");
    assert_eq!(leases(&world).await, []);
    // A job whose result cannot be saved does not hold up the end.
    world.expect_jobs("note");
    go.send_replace(false);
    enqueue(&world, note_job("b")).await;
    advance(1).await;
    until(async || *runs.borrow() == 2).await;
    may.store(false, Ordering::SeqCst);
    go.send_replace(true);
    stop.cancel();
    pass(&world, 40).await;
    until(async || serving.is_finished()).await;
    assert_eq!(effects(&world).await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_outlasts_a_time_without_saving_is_begun_once() {
    let world = World::sqlite(MIGRATIONS);
    let may = gate(&world);
    let (running, runs) = watch::channel(0);
    let (go, gone) = watch::channel(false);
    let stop = CancellationToken::new();
    // Two processes of a machine, of which one follows the other.
    let two = [(); 2].map(|()| {
        let worker = worker(&world, vec![held(running.clone(), gone.clone())]);
        tokio::spawn(worker.run(2, stop.clone()))
    });
    enqueue(&world, note_job("a")).await;
    advance(1).await;
    until(async || *runs.borrow() == 1).await;
    may.store(false, Ordering::SeqCst);
    pass(&world, 100).await;
    may.store(true, Ordering::SeqCst);
    pass(&world, 2).await;
    until(async || leases(&world).await[0] > world.clock.now()).await;
    pass(&world, 10).await;
    assert_eq!(*runs.borrow(), 1);
    go.send_replace(true);
    until(async || effects(&world).await == ["a"]).await;
    stop.cancel();
    for one in two {
        until(async || one.is_finished()).await;
    }
    assert_eq!(*runs.borrow(), 1);
}

/// Timers stand still while a machine is suspended, and its clock does not.
#[tokio::test(start_paused = true)]
async fn a_worker_never_begins_what_it_runs() {
    let world = World::sqlite(MIGRATIONS);
    let (running, runs) = watch::channel(0);
    let (go, gone) = watch::channel(false);
    let stop = CancellationToken::new();
    let serving = tokio::spawn(worker(&world, vec![held(running, gone)]).run(3, stop.clone()));
    enqueue(&world, note_job("a")).await;
    advance(1).await;
    until(async || *runs.borrow() == 1).await;
    world.clock.advance(seconds(100));
    enqueue(&world, note_job("b")).await;
    advance(2).await;
    until(async || *runs.borrow() == 2).await;
    go.send_replace(true);
    until(async || effects(&world).await == ["a", "b"]).await;
    assert_eq!(*runs.borrow(), 2);
    assert_eq!(leases(&world).await, []);
    stop.cancel();
    until(async || serving.is_finished()).await;
}

/// How SQLite carries out the statement of leases that contains `text`.
fn plan(world: &World, text: &str) -> Vec<String> {
    let Settings::Sqlite(settings) = world.settings() else {
        panic!("it is for SQLite");
    };
    let statements = testkit::statements();
    let of_leases = |file: &Path| file.ends_with("platform/src/jobs/lease.rs");
    let mut found = statements.iter().filter(|one| of_leases(&one.file));
    let found = found.find(|one| one.text.contains(text)).unwrap();
    let connection = rusqlite::Connection::open(&settings.path).unwrap();
    let explained = format!("EXPLAIN QUERY PLAN {}", without_row_lock(&found.text));
    let mut statement = connection.prepare(&explained).unwrap();
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// All jobs that wait would otherwise be read each time.
#[test]
fn a_look_reads_the_first_job_of_each_queue_alone() {
    let world = World::sqlite(MIGRATIONS);
    let look = plan(&world, "MIN(due_at)");
    let of_jobs: Vec<_> = look.iter().filter(|step| step.contains(" job ")).collect();
    let expected = "SEARCH job USING INDEX job_due_at (queue=?)";
    assert_eq!(of_jobs, [expected; 5], "{look:?}");
    // Jobs are still taken by priority, without sorting all that are due.
    for text in ["ORDER BY priority, turn, due_at, id LIMIT 1", "COUNT(*)"] {
        let take = plan(&world, text);
        let is_sorted = |step: &String| step.contains("TEMP B-TREE");
        assert!(!take.iter().any(is_sorted), "{take:?}");
    }
}
