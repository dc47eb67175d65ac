//! Tests of jobs on both engines: they run once and on time, and are never lost.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fetches;
mod given_up;
mod looking;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use platform::jobs::{self, Done, Handler, JobError, NewJob, Queue, Worker};
use platform::store::migrate::{Kind, Migrations, Step};
use platform::{Clock, Random, Rows, Store, StoreError, Tx, sql};
use serde_json::json;
use testkit::World;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A table in which jobs record their effects.
const EFFECTS: Migrations = Migrations::new(
    "test",
    &[Step {
        name: "0001_effect",
        kind: Kind::Contracting,
        text: "CREATE TABLE effect (\n    name TEXT NOT NULL\n);",
    }],
);
const MIGRATIONS: &[Migrations] = &[platform::MIGRATIONS, EFFECTS];

async fn write<T: Send + 'static>(
    world: &World,
    change: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> T {
    world.store().write(change).await.unwrap()
}

async fn read<T: Send + 'static>(
    world: &World,
    look: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> T {
    world.store().read(look).await.unwrap()
}

fn effect(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.run(
        sql!("INSERT INTO effect (name) VALUES ($1)"),
        &[&name],
        Rows::Exactly(1),
    )?;
    Ok(())
}

async fn effects(world: &World) -> Vec<String> {
    let rows: Vec<(String,)> = read(world, |tx| {
        tx.all(sql!("SELECT name FROM effect ORDER BY name"), &[])
    })
    .await;
    rows.into_iter().map(|(name,)| name).collect()
}

fn worker(world: &World, handlers: Vec<Handler>) -> Worker {
    worker_on(world, world.store().clone(), handlers)
}

fn worker_on(world: &World, store: Store, handlers: Vec<Handler>) -> Worker {
    let clock = Clock::Manual(world.clock.clone());
    Worker::new(store, clock, Random::seeded(9), handlers)
}

async fn enqueue(world: &World, job: NewJob) {
    write(world, move |tx| tx.enqueue(job.clone())).await;
}

fn note() -> Handler {
    Handler::new("note", |job| async move {
        let name: String = job.read()?;
        Ok(Done::with(move |tx| effect(tx, &name)))
    })
}

fn note_job(name: &str) -> NewJob {
    NewJob::new("note", json!(name))
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

#[test]
fn a_job_runs_once_and_is_gone() {
    World::each_engine(MIGRATIONS, async |world| {
        let worker = worker(world, vec![note()]);
        enqueue(world, note_job("a")).await;
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(worker.run_due().await.unwrap(), 0);
        assert_eq!(effects(world).await, ["a"]);
    });
}

#[test]
fn a_change_that_fails_leaves_no_job() {
    World::each_engine(MIGRATIONS, async |world| {
        let refused: Result<(), StoreError> = world
            .store()
            .write(|tx| {
                tx.enqueue(note_job("a"))?;
                Err(StoreError::Busy)
            })
            .await;
        assert!(refused.is_err());
        assert_eq!(world.jobs().await, []);
    });
}

#[test]
fn the_urgent_come_first_then_those_who_waited_longest() {
    World::each_engine(MIGRATIONS, async |world| {
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let handler = Handler::new("note", move |job| {
            log.lock().unwrap().push(job.read::<String>().unwrap());
            async { Ok(Done::nothing()) }
        });
        enqueue(world, note_job("first")).await;
        world.clock.advance(seconds(1));
        enqueue(world, note_job("second")).await;
        enqueue(
            world,
            NewJob {
                priority: -1,
                ..note_job("urgent")
            },
        )
        .await;
        worker(world, vec![handler]).run_due().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["urgent", "first", "second"]);
    });
}

#[test]
fn enqueued_again_a_waiting_job_moves_but_not_for_ever() {
    World::each_engine(MIGRATIONS, async |world| {
        let worker = worker(world, vec![note()]);
        let start = world.clock.now();
        let save = async |name: &str| {
            let job = NewJob {
                key: Some("confirm:1".to_owned()),
                run_at: Some(world.clock.now() + seconds(120)),
                latest: Some(seconds(600)),
                ..note_job(name)
            };
            enqueue(world, job).await;
        };
        for minute in 0..11 {
            world.clock.set(start + seconds(60 * minute));
            assert_eq!(worker.run_due().await.unwrap(), usize::from(minute == 10));
            save(&format!("save {minute}")).await;
            let jobs = world.jobs().await;
            assert_eq!(jobs.len(), 1);
            let latest = if minute < 10 { 600 } else { 720 };
            let due = seconds((60 * minute + 120).min(latest));
            assert_eq!(jobs[0].due_at, start + due, "minute {minute}");
        }
        assert_eq!(effects(world).await, ["save 9"], "the newest state");
        world.clock.advance(seconds(120));
        worker.run_due().await.unwrap();
        assert_eq!(effects(world).await, ["save 10", "save 9"]);
    });
}

#[test]
fn without_a_rule_the_earlier_time_stays() {
    World::each_engine(MIGRATIONS, async |world| {
        world.expect_jobs("note");
        let now = world.clock.now();
        for (wait, due) in [(60, 60), (90, 60), (30, 30)] {
            enqueue(
                world,
                NewJob {
                    key: Some("k".to_owned()),
                    run_at: Some(now + seconds(wait)),
                    ..note_job("a")
                },
            )
            .await;
            assert_eq!(world.jobs().await[0].due_at, now + seconds(due));
        }
    });
}

#[test]
fn a_failing_job_is_tried_three_times_and_can_be_started_again() {
    World::each_engine(MIGRATIONS, async |world| {
        let tries = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tries);
        let handler = Handler::new("note", move |_| {
            let nth = count.fetch_add(1, Ordering::SeqCst);
            async move {
                match nth {
                    0 => Err(JobError::retry("the other side is out")),
                    1 => panic!("a mistake of ours"),
                    2 => Err(JobError::retry("still out")),
                    _ => Ok(Done::with(|tx| effect(tx, "a"))),
                }
            }
        });
        let worker = worker(world, vec![handler]);
        enqueue(world, note_job("a")).await;
        for (pause, runs) in [(0, 1), (9, 0), (1, 1), (59, 0), (1, 1), (3_600, 0)] {
            world.clock.advance(seconds(pause));
            assert_eq!(worker.run_due().await.unwrap(), runs, "after {pause} s");
        }
        let failed = read(world, |tx| jobs::list_failed(tx, 10)).await;
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].kind, "note");
        assert_eq!(failed[0].attempts, 3);
        assert_eq!(failed[0].last_error, "still out");

        let id = failed[0].id.clone();
        let again = move |tx: &mut Tx<'_>| jobs::retry(tx, &id);
        assert!(write(world, again.clone()).await);
        assert!(!write(world, again).await);
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(effects(world).await, ["a"]);
    });
}

#[test]
fn an_effect_that_is_refused_is_a_failed_attempt_and_leaves_nothing() {
    World::each_engine(MIGRATIONS, async |world| {
        let handler = Handler::new("note", |_| async {
            Ok(Done::with(|tx| {
                effect(tx, "half")?;
                Err(JobError::fail("on second thoughts"))
            }))
        });
        enqueue(world, note_job("a")).await;
        worker(world, vec![handler]).run_due().await.unwrap();
        assert!(effects(world).await.is_empty());
        let failed = read(world, |tx| jobs::list_failed(tx, 10)).await;
        assert_eq!(failed[0].last_error, "on second thoughts");
    });
}

#[test]
fn what_is_written_with_a_failure_is_kept() {
    World::each_engine(MIGRATIONS, async |world| {
        let handler = Handler::new("note", |_| async {
            Err(JobError::later(seconds(5), "busy").with(|tx| effect(tx, "tried")))
        });
        let worker = worker(world, vec![handler]);
        world.expect_jobs("note");
        enqueue(world, note_job("a")).await;
        worker.run_due().await.unwrap();
        for _ in 0..30 {
            world.clock.advance(seconds(5));
            worker.run_due().await.unwrap();
        }
        assert_eq!(effects(world).await.len(), 31, "later is never a failure");
        assert_eq!(world.jobs().await.len(), 1);
    });
}

#[test]
fn a_job_of_another_version_waits_for_it() {
    World::each_engine(MIGRATIONS, async |world| {
        enqueue(world, note_job("a")).await;
        assert_eq!(worker(world, vec![]).run_due().await.unwrap(), 1);
        world.clock.advance(seconds(60));
        assert_eq!(worker(world, vec![note()]).run_due().await.unwrap(), 1);
        assert_eq!(effects(world).await, ["a"]);
    });
}

/// A handler that signals when a job runs, and finishes the job when `go` becomes true.
fn held(running: watch::Sender<usize>, go: watch::Receiver<bool>) -> Handler {
    Handler::new("note", move |job| {
        let mut go = go.clone();
        running.send_modify(|count| *count += 1);
        async move {
            go.wait_for(|go| *go).await.map_err(JobError::fail)?;
            let name: String = job.read()?;
            Ok(Done::with(move |tx| effect(tx, &name)))
        }
    })
}

#[test]
fn a_lost_lease_is_taken_over_and_the_late_one_writes_nothing() {
    World::each_engine(MIGRATIONS, async |world| {
        let (running, mut runs) = watch::channel(0);
        let (go, gone) = watch::channel(false);
        let slow = worker(world, vec![held(running, gone)]);
        enqueue(world, note_job("a")).await;
        let late = tokio::spawn(async move { slow.run_due().await });
        runs.wait_for(|count| *count == 1).await.unwrap();

        let quick = worker(world, vec![note()]);
        world.clock.advance(seconds(59));
        assert_eq!(quick.run_due().await.unwrap(), 0, "the lease holds");
        world.clock.advance(seconds(1));
        assert_eq!(quick.run_due().await.unwrap(), 1);
        go.send_replace(true);
        late.await.unwrap().unwrap();
        assert_eq!(effects(world).await, ["a"]);
        assert_eq!(world.jobs().await, []);
    });
}

#[test]
fn a_save_during_the_run_makes_a_new_job_and_a_retry_does_not_make_two() {
    World::each_engine(MIGRATIONS, async |world| {
        let (running, mut runs) = watch::channel(0);
        let (go, mut gone) = watch::channel(false);
        gone.mark_unchanged();
        let failing = Handler::new("note", move |_| {
            let mut gone = gone.clone();
            running.send_modify(|count| *count += 1);
            async move {
                gone.wait_for(|go| *go).await.map_err(JobError::fail)?;
                Err(JobError::retry("no luck"))
            }
        });
        let keyed = |name: &str| NewJob {
            key: Some("confirm:1".to_owned()),
            ..note_job(name)
        };
        enqueue(world, keyed("old")).await;
        let first = worker(world, vec![failing]);
        let late = tokio::spawn(async move { first.run_due().await });
        runs.wait_for(|count| *count == 1).await.unwrap();
        let later = NewJob {
            run_at: Some(world.clock.now() + seconds(30)),
            ..keyed("new")
        };
        enqueue(world, later).await;
        go.send_replace(true);
        late.await.unwrap().unwrap();
        assert_eq!(world.jobs().await.len(), 1, "the new one stands for both");
        world.clock.advance(seconds(30));
        worker(world, vec![note()]).run_due().await.unwrap();
        assert_eq!(effects(world).await, ["new"]);
    });
}

#[test]
fn many_workers_many_jobs_each_once() {
    const JOBS: usize = 200;
    World::each_engine(MIGRATIONS, async |world| {
        for number in 0..JOBS {
            enqueue(world, note_job(&format!("{number:03}"))).await;
        }
        let second = tokio::task::block_in_place(|| world.second_store());
        let workers = [
            worker(world, vec![note()]),
            worker(world, vec![note()]),
            worker_on(world, second.clone(), vec![note()]),
            worker_on(world, second, vec![note()]),
        ];
        let running: Vec<_> = workers
            .map(|worker| tokio::spawn(async move { worker.run_due().await }))
            .into_iter()
            .collect();
        let mut count = 0;
        for worker in running {
            count += worker.await.unwrap().unwrap();
        }
        assert_eq!(count, JOBS);
        let expected: Vec<_> = (0..JOBS).map(|number| format!("{number:03}")).collect();
        assert_eq!(effects(world).await, expected);
    });
}

#[test]
fn timed_jobs_run_once_a_minute_whoever_looks() {
    World::each_engine(MIGRATIONS, async |world| {
        let sweep = || {
            Handler::each_minute("sweep", |_| async {
                Ok(Done::with(|tx| effect(tx, "swept")))
            })
        };
        let (one, two) = (worker(world, vec![sweep()]), worker(world, vec![sweep()]));
        for _ in 0..3 {
            let (first, second) = tokio::join!(one.run_due(), two.run_due());
            assert_eq!(first.unwrap() + second.unwrap(), 1);
            assert_eq!(one.run_due().await.unwrap(), 0);
            world.clock.advance(seconds(60));
        }
        world.clock.advance(seconds(600));
        assert_eq!(
            one.run_due().await.unwrap(),
            1,
            "missed minutes are not made up for"
        );
        assert_eq!(effects(world).await.len(), 4);
    });
}

#[test]
fn daily_jobs_run_once_a_day_and_a_missed_hour_is_made_up_for() {
    World::each_engine(MIGRATIONS, async |world| {
        let sweep = || {
            Handler::each_day("sweep", |_| async {
                Ok(Done::with(|tx| effect(tx, "swept")))
            })
        };
        let (one, two) = (worker(world, vec![sweep()]), worker(world, vec![sweep()]));
        for _ in 0..3 {
            let (first, second) = tokio::join!(one.run_due(), two.run_due());
            assert_eq!(first.unwrap() + second.unwrap(), 1);
            // A test's clock starts at 08:00, so 15 hours later it is still the same day.
            world.clock.advance(SignedDuration::from_hours(15));
            assert_eq!(one.run_due().await.unwrap(), 0);
            world.clock.advance(SignedDuration::from_hours(9));
        }
        assert_eq!(effects(world).await.len(), 3);
    });
}

#[test]
fn a_site_that_never_answers_holds_up_calls_alone() {
    World::each_engine(MIGRATIONS, async |world| {
        let (running, mut runs) = watch::channel(0);
        let (go, gone) = watch::channel(false);
        let (noted, mut notes) = watch::channel(0);
        let stop = CancellationToken::new();
        let note = Handler::new("mail_link", move |_| {
            let noted = noted.clone();
            async move {
                noted.send_modify(|count| *count += 1);
                Ok(Done::nothing())
            }
        });
        let worker = worker(world, vec![held(running, gone), note]);
        world.expect_jobs("note");
        for at in 0..20 {
            let queue = Queue::Calls;
            let job = note_job(&format!("{at:02}"));
            enqueue(world, NewJob { queue, ..job }).await;
        }
        let serving = tokio::spawn(worker.run(1, stop.clone()));
        runs.wait_for(|count| *count == 8).await.unwrap();
        enqueue(world, NewJob::new("mail_link", json!({}))).await;
        notes.wait_for(|count| *count == 1).await.unwrap();
        stop.cancel();
        go.send_replace(true);
        serving.await.unwrap();
        assert_eq!(effects(world).await.len(), 8);
    });
}

#[test]
fn a_slow_service_holds_up_its_own_line_alone() {
    World::each_engine(MIGRATIONS, async |world| {
        let (running, mut runs) = watch::channel(0);
        let (go, gone) = watch::channel(false);
        let (noted, mut notes) = watch::channel(0);
        let stop = CancellationToken::new();
        let note = Handler::new("mail_link", move |_| {
            let noted = noted.clone();
            async move {
                noted.send_modify(|count| *count += 1);
                Ok(Done::nothing())
            }
        });
        let worker = worker(world, vec![held(running, gone), note]);
        world.expect_jobs("note");
        let of = |line: &str, job: NewJob| NewJob {
            queue: Queue::Services,
            line: Some(line.to_owned()),
            ..job
        };
        for at in 0..20 {
            enqueue(world, of("slow", note_job(&format!("{at:02}")))).await;
        }
        let serving = tokio::spawn(worker.run(1, stop.clone()));
        runs.wait_for(|count| *count == 2).await.unwrap();
        for _ in 0..3 {
            enqueue(world, of("quick", NewJob::new("mail_link", json!({})))).await;
        }
        notes.wait_for(|count| *count == 3).await.unwrap();
        assert_eq!(*runs.borrow(), 2);
        // Once the two running jobs end, the worker may start a third one before it notices the
        // stop.
        stop.cancel();
        go.send_replace(true);
        serving.await.unwrap();
    });
}

#[test]
fn a_serving_worker_is_woken_and_stops_softly() {
    World::each_engine(MIGRATIONS, async |world| {
        let (running, mut runs) = watch::channel(0);
        let (go, gone) = watch::channel(false);
        let stop = CancellationToken::new();
        let worker = worker(world, vec![held(running, gone)]);
        world.expect_jobs("note");
        let serving = tokio::spawn(worker.run(1, stop.clone()));
        enqueue(world, note_job("a")).await;
        // Without the pause, both jobs could have the same millisecond and run in random order.
        world.clock.advance(SignedDuration::from_millis(1));
        enqueue(world, note_job("b")).await;
        runs.wait_for(|count| *count == 1).await.unwrap();
        stop.cancel();
        go.send_replace(true);
        serving.await.unwrap();
        assert_eq!(
            effects(world).await,
            ["a"],
            "what ran has ended, what waited waits"
        );
        assert_eq!(world.jobs().await.len(), 1);
        assert_eq!(*runs.borrow(), 1);
    });
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_time_is_given_back_and_not_blamed() {
    let world = World::sqlite(MIGRATIONS);
    let (running, mut runs) = watch::channel(0);
    let (_go, gone) = watch::channel(false);
    let stop = CancellationToken::new();
    let worker = worker(&world, vec![held(running, gone)]);
    world.expect_jobs("note");
    enqueue(&world, note_job("a")).await;
    let serving = tokio::spawn(worker.run(2, stop.clone()));
    runs.wait_for(|count| *count == 1).await.unwrap();
    stop.cancel();
    serving.await.unwrap();
    let jobs = world.jobs().await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        jobs[0].due_at,
        world.clock.now(),
        "it need not wait for its lease"
    );
    let counts: (i64, i64) = read(&world, |tx| {
        tx.one(sql!("SELECT attempts, starts FROM job"), &[])
    })
    .await;
    assert_eq!(counts, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_runs_long_keeps_its_lease() {
    let world = World::sqlite(MIGRATIONS);
    let (running, mut runs) = watch::channel(0);
    let (go, gone) = watch::channel(false);
    let slow = worker(&world, vec![held(running, gone)]);
    enqueue(&world, note_job("a")).await;
    let late = tokio::spawn(async move { slow.run_due().await });
    runs.wait_for(|count| *count == 1).await.unwrap();
    let quick = worker(&world, vec![note()]);
    let lease_ends = async || {
        let (due_at,): (Timestamp,) =
            read(&world, |tx| tx.one(sql!("SELECT due_at FROM job"), &[])).await;
        due_at
    };
    for _ in 0..5 {
        let before = lease_ends().await;
        world.clock.advance(seconds(20));
        // Tokio's clock advances by the worker's interval for renewing the lease.
        tokio::time::advance(std::time::Duration::from_secs(20)).await;
        while lease_ends().await == before {
            tokio::task::yield_now().await;
        }
        assert_eq!(lease_ends().await, world.clock.now() + seconds(60));
        assert_eq!(quick.run_due().await.unwrap(), 0);
    }
    go.send_replace(true);
    late.await.unwrap().unwrap();
    assert_eq!(effects(&world).await, ["a"]);
}
