//! Tests that mail caused by visitors without a session is sent after all other mail.

use std::sync::{Arc, Mutex};

use platform::jobs::{Done, Handler, Worker};
use platform::mail::{KIND, MailId, NewMail, Stranger};
use platform::{Random, StoreError, Tx, sql};
use serde::Deserialize;
use testkit::World;

use crate::{MIGRATIONS, mail_to, read, send};

#[derive(Deserialize)]
struct Task {
    mail: MailId,
}

/// A mail caused by a visitor from the network `line`.
fn caused_in(line: &str, to: &str, is_known: bool) -> NewMail {
    NewMail {
        stranger: Some(Stranger {
            line: line.to_owned(),
            is_known,
        }),
        scope: None,
        ..mail_to(to)
    }
}

/// Runs all mail jobs, and returns the recipients in the order of sending. The first job also
/// writes the mails in `meanwhile`.
async fn sent(world: &World, meanwhile: Vec<NewMail>) -> Vec<String> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&order);
    let handler = Handler::new(KIND, move |job| {
        let mut log = log.lock().unwrap();
        let more = if log.is_empty() {
            meanwhile.clone()
        } else {
            Vec::new()
        };
        log.push(job.read::<Task>().unwrap().mail);
        async move {
            Ok(Done::with(move |tx| {
                for mail in &more {
                    tx.send_mail(mail.clone())?;
                }
                Ok::<_, StoreError>(())
            }))
        }
    });
    let (store, clock) = (world.store().clone(), world.platform.clock.clone());
    let worker = Worker::new(store, clock, Random::seeded(3), vec![handler]);
    worker.run_due().await.unwrap();
    let mut recipients = Vec::new();
    let ids = std::mem::take(&mut *order.lock().unwrap());
    for id in ids {
        let look = move |tx: &mut Tx<'_>| {
            let (recipient,) = sql!("SELECT recipient FROM mail WHERE id = :id", id).one(tx)?;
            Ok(recipient)
        };
        recipients.push(read(world, look).await);
    }
    recipients
}

#[test]
fn two_hundred_mails_of_one_network_keep_neither_a_host_nor_another_network_waiting() {
    World::each_engine(MIGRATIONS, async |world| {
        for number in 0..200 {
            send(
                world,
                caused_in("a", &format!("{number}@example.my"), false),
            )
            .await;
        }
        let meanwhile = vec![
            caused_in("b", "elsewhere@example.my", false),
            NewMail {
                scope: None,
                ..mail_to("host@example.my")
            },
        ];
        for mail in &meanwhile {
            world.expect_mail(mail.to.as_str(), &mail.subject);
        }
        let order = sent(world, meanwhile).await;
        assert_eq!(order.len(), 202);
        assert_eq!(
            order[..4],
            [
                "0@example.my",
                "host@example.my",
                "elsewhere@example.my",
                "1@example.my",
            ]
        );
    });
}

#[test]
fn networks_take_turns_and_an_address_of_somebody_here_goes_first() {
    World::each_engine(MIGRATIONS, async |world| {
        for name in ["a1", "a2", "a3", "b1", "b2", "c1"] {
            send(
                world,
                caused_in(&name[..1], &format!("{name}@example.my"), false),
            )
            .await;
        }
        send(world, caused_in("a", "member@example.my", true)).await;
        let order = sent(world, Vec::new()).await;
        let names: Vec<_> = order
            .iter()
            .map(|to| to.trim_end_matches("@example.my"))
            .collect();
        assert_eq!(names, ["member", "a1", "b1", "c1", "a2", "b2", "a3"]);
    });
}
