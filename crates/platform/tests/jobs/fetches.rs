//! Tests of the lanes of requests for what users keep on other sites.

use platform::jobs::{Done, Handler, NewJob, Queue};
use serde_json::json;
use testkit::World;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{MIGRATIONS, enqueue, held, note_job, worker};

#[test]
fn fetches_of_one_user_run_one_at_a_time_and_hold_up_no_calls() {
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
        let fetch = |line: &str, job: NewJob| NewJob {
            queue: Queue::Fetches,
            line: Some(line.to_owned()),
            ..job
        };
        for at in 0..8 {
            enqueue(world, fetch("silent", note_job(&format!("{at:02}")))).await;
        }
        let serving = tokio::spawn(worker.run(1, stop.clone()));
        runs.wait_for(|count| *count == 1).await.unwrap();
        for _ in 0..2 {
            enqueue(world, fetch("other", NewJob::new("mail_link", json!({})))).await;
        }
        for _ in 0..8 {
            let queue = Queue::Calls;
            let call = NewJob::new("mail_link", json!({}));
            enqueue(world, NewJob { queue, ..call }).await;
        }
        notes.wait_for(|count| *count == 10).await.unwrap();
        assert_eq!(*runs.borrow(), 1);
        stop.cancel();
        go.send_replace(true);
        serving.await.unwrap();
    });
}
