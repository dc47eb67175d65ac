//! Tests of jobs that are given up.

use platform::jobs::{self, Handler, JobError};
use platform::{Rows, sql};
use testkit::World;

use crate::{MIGRATIONS, effect, effects, enqueue, note, note_job, read, seconds, worker, write};

#[test]
fn a_job_that_takes_its_worker_down_is_given_up_at_last() {
    World::each_engine(MIGRATIONS, async |world| {
        enqueue(world, note_job("deadly")).await;
        for _ in 0..25 {
            // This is the row of a job whose worker was killed after leasing it.
            write(world, |tx| {
                let now = tx.now();
                tx.run(
                    sql!("UPDATE job SET state = 'running', due_at = $1, starts = starts + 1"),
                    &[&now],
                    Rows::Exactly(1),
                )
            })
            .await;
        }
        let worker = worker(world, vec![note()]);
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert!(effects(world).await.is_empty());
        assert_eq!(read(world, |tx| jobs::list_failed(tx, 10)).await.len(), 1);
    });
}

#[test]
fn what_follows_a_job_that_is_given_up_is_written_with_its_end() {
    World::each_engine(MIGRATIONS, async |world| {
        let fails = Handler::new("note", |_| async { Err(JobError::fail("no")) });
        let fails = fails.when_given_up(effect);
        enqueue(world, note_job("a")).await;
        assert_eq!(worker(world, vec![fails]).run_due().await.unwrap(), 1);
        assert_eq!(effects(world).await, ["note"]);
        let tired = Handler::new("note", |_| async { Err(JobError::retry("not yet")) });
        let tired = tired.when_given_up(|tx, _| effect(tx, "tired"));
        let tired = worker(world, vec![tired]);
        enqueue(world, note_job("b")).await;
        for _ in 0..3 {
            assert_eq!(effects(world).await, ["note"], "it is tried again");
            tired.run_due().await.unwrap();
            world.clock.advance(seconds(61));
        }
        assert_eq!(effects(world).await, ["note", "tired"]);
        assert_eq!(read(world, |tx| jobs::list_failed(tx, 10)).await.len(), 2);
    });
}
