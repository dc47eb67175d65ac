//! Tests of when a worker looks for jobs. Time passes only where a test says so, because the
//! runtime always has something to do.

use std::time::{Duration, Instant};

use platform::jobs::{Done, Handler, NewJob, Queue};
use platform::{Rows, sql};
use serde_json::json;
use testkit::World;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use crate::{MIGRATIONS, effects, held, note, note_job, seconds, worker, write};

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
