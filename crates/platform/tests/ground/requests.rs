//! Tests that jobs and mails carry the id of the request that caused them, also when another job
//! created them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, JobError, NewJob, Worker};
use platform::mail::{NewMail, Stream};
use platform::request::caused_by;
use platform::{Clock, Random, Rows, StoreError, sql};
use serde_json::Value;
use testkit::{Log, World};

use super::MIGRATIONS;

fn job(kind: &'static str) -> NewJob {
    NewJob::new(kind, Value::Null)
}

/// Enqueues a job as part of the given request.
async fn enqueue(world: &World, request: Option<&str>, job: NewJob) {
    let change = world.store().write(move |tx| tx.enqueue(job.clone()));
    caused_by(request.map(Arc::from), change).await.unwrap();
}

/// Lists the stored jobs and mails, each with the id of the request that caused it.
async fn causes(world: &World) -> Vec<(String, Option<String>)> {
    let look = world.store().read::<_, StoreError, _>(|tx| {
        tx.all(
            sql!(
                "SELECT kind, request_id FROM job UNION ALL SELECT 'a mail', request_id FROM mail
                 ORDER BY 1"
            ),
            &[],
        )
    });
    look.await.unwrap()
}

/// A handler that fails once, then sends a mail and enqueues a job.
fn begin() -> Handler {
    Handler::new("begin", |begun| async move {
        if begun.attempts == 0 {
            return Err(JobError::retry("not yet"));
        }
        Ok(Done::with(|tx| {
            tx.send_mail(NewMail {
                to: "rahma@example.my".parse().unwrap(),
                to_name: String::new(),
                sender_name: None,
                reply_to: None,
                stream: Stream::Transactional,
                scope: None,
                subject: "Jawapan anda".to_owned(),
                text: "Terima kasih".to_owned(),
                html: None,
                seal: None,
                stranger: None,
            })?;
            tx.enqueue(NewJob {
                run_at: Some(Timestamp::MAX),
                ..job("later")
            })
        }))
    })
}

#[test]
fn jobs_and_mails_name_the_request_that_caused_them() {
    let of = |kind: &str, id: &str| (kind.to_owned(), Some(id.to_owned()));
    World::each_engine(&MIGRATIONS, async |world| {
        let clock = Clock::Manual(world.clock.clone());
        let worker = Worker::new(
            world.store().clone(),
            clock,
            Random::seeded(9),
            vec![begin()],
        );
        enqueue(world, Some("r-1"), job("begin")).await;
        assert_eq!(causes(world).await, [of("begin", "r-1")]);

        let log = Log::start();
        assert_eq!(worker.run_due().await.unwrap(), 1);
        let log = log.text();
        assert!(log.contains("job{request_id=\"r-1\"}"), "{log}");
        assert_eq!(causes(world).await, [of("begin", "r-1")], "it waits again");

        world.clock.advance(SignedDuration::from_secs(10));
        worker.run_due().await.unwrap();
        let expected = [
            of("a mail", "r-1"),
            of("later", "r-1"),
            of("mail.send", "r-1"),
        ];
        assert_eq!(causes(world).await, expected, "what follows from it");
        world.expect_mail("rahma@example.my", "Jawapan anda");
        world.expect_jobs("later");
    });
}

#[test]
fn a_job_that_waits_is_done_for_whoever_asked_last() {
    World::each_engine(&MIGRATIONS, async |world| {
        for request in [Some("r-1"), Some("r-2"), None] {
            let again = NewJob {
                key: Some("once".to_owned()),
                ..job("note")
            };
            enqueue(world, request, again).await;
            let expected = [("note".to_owned(), request.map(str::to_owned))];
            assert_eq!(causes(world).await, expected);
        }
        world
            .store()
            .write(|tx| tx.run(sql!("DELETE FROM job"), &[], Rows::Exactly(1)))
            .await
            .unwrap();
    });
}
