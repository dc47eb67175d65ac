//! Tests of the suppression list and of delivery reports.

use jiff::SignedDuration;
use platform::audit::{self, Actor};
use platform::mail::{self, Address, MailId, NewMail, State, Stream, suppression};
use platform::{Store, StoreError, Tx, sql};
use testkit::{World, rounds, together};

use crate::smtp::{Encryption, Manner, Server};
use crate::{
    MIGRATIONS, SCOPE, key, mail_to, minutes, read, send, states, suppressed, worker_to, write,
};

/// A mail from which the recipient may unsubscribe.
fn news_to(address: &str, scope: &str) -> NewMail {
    NewMail {
        stream: Stream::Notification,
        scope: Some(scope.to_owned()),
        ..mail_to(address)
    }
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// The audit log's actions on the suppression list.
async fn audited(world: &World) -> Vec<String> {
    let filter = audit::Filter {
        action: "suppression".to_owned(),
        ..audit::Filter::default()
    };
    let found = read(world, move |tx| audit::list(tx, &filter, None, 100)).await;
    found.into_iter().rev().map(|line| line.action).collect()
}

#[test]
fn three_soft_bounces_in_a_week_hold_an_address_for_a_week() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        let full = Manner::SaysAtRecipient("552 5.2.2 mailbox full");
        let send_and_run = async |manner| {
            server.behave(manner);
            send(world, mail_to("rahma@example.my")).await;
            worker.run_due().await.unwrap();
            *states(world).await.last().unwrap()
        };
        // None of these refusals suppresses the address. At the third refusal the first is too old
        // to count, and a successful delivery resets the count before the last two.
        for (pause, manner) in [
            (0, full),
            (4, full),
            (4, full),
            (0, Manner::Obedient),
            (0, full),
            (1, full),
        ] {
            world.clock.advance(days(pause));
            assert_ne!(send_and_run(manner).await, State::Suppressed);
        }
        assert_eq!(suppressed(world, "rahma@example.my").await, None);
        assert_eq!(send_and_run(full).await, State::Bounced);
        let held = Some(suppression::Cause::SoftBounce);
        assert_eq!(suppressed(world, "RAHMA@example.my").await, held);
        assert_eq!(audited(world).await, ["suppression.added"]);
        world.clock.advance(days(7) - minutes(1));
        assert_eq!(send_and_run(Manner::Obedient).await, State::Suppressed);
        world.clock.advance(minutes(2));
        assert_eq!(send_and_run(Manner::Obedient).await, State::Sent);
        write(world, suppression::sweep).await;
        assert_eq!(suppressed(world, "rahma@example.my").await, None);
    });
}

#[test]
fn an_address_that_is_refused_for_now_to_the_end_counts_once() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        server.behave(Manner::SaysAtRecipient("452 4.2.2 mailbox full"));
        for _ in 0..3 {
            send(world, mail_to("rahma@example.my")).await;
        }
        assert_eq!(suppressed(world, "rahma@example.my").await, None);
        for _ in 0..8 {
            worker.run_due().await.unwrap();
            world.clock.advance(minutes(500));
        }
        assert_eq!(states(world).await, [State::Failed; 3]);
        let held = Some(suppression::Cause::SoftBounce);
        assert_eq!(suppressed(world, "rahma@example.my").await, held);
    });
}

#[test]
fn a_report_counts_once_for_each_mail_and_a_stronger_one_stays() {
    World::each_engine(MIGRATIONS, async |world| {
        use suppression::{Cause, Outcome};
        let server = Server::start(Encryption::OnRequest).await;
        let mail = send(world, mail_to("rahma@example.my")).await;
        worker_to(world, &server).run_due().await.unwrap();
        let say = async |message: String, outcome| {
            let address: Address = "rahma@example.my".parse().unwrap();
            write(world, move |tx| {
                suppression::report(tx, &key(), &address, &message, outcome)
            })
            .await;
            suppressed(world, "rahma@example.my").await
        };
        let own = format!("<{mail}@kenduri.example>");
        for message in [own.as_str(), "a", "a", own.as_str()] {
            let found = say(message.to_owned(), Outcome::SoftBounce).await;
            assert_eq!(found, None, "{message}");
        }
        assert_eq!(states(world).await, [State::Bounced]);
        let again = move |tx: &mut Tx<'_>| mail::send_again(tx, SCOPE, &mail);
        assert!(!write(world, again).await, "its text is gone");
        assert_eq!(say("b".to_owned(), Outcome::Delivered).await, None);
        assert_eq!(say("c".to_owned(), Outcome::SoftBounce).await, None);
        assert_eq!(say("d".to_owned(), Outcome::SoftBounce).await, None);
        let found = say("d".to_owned(), Outcome::Complaint).await;
        assert_eq!(found, Some(Cause::Complaint));
        for outcome in [Outcome::HardBounce, Outcome::SoftBounce, Outcome::Delivered] {
            let found = say("e".to_owned(), outcome).await;
            assert_eq!(found, Some(Cause::Complaint));
        }
        // A repeated report does not restore a lifted suppression.
        let address: Address = "rahma@example.my".parse().unwrap();
        write(world, move |tx| {
            suppression::lift(tx, &key(), &address, &Actor::System, None)
        })
        .await;
        assert_eq!(say("d".to_owned(), Outcome::Complaint).await, None);
        assert_eq!(say("e".to_owned(), Outcome::HardBounce).await, None);
        let actions = ["suppression.added", "suppression.lifted"];
        assert_eq!(audited(world).await, actions);
    });
}

#[test]
fn reports_that_come_at_once_all_count() {
    World::each_engine(MIGRATIONS, async |world| {
        use suppression::{Cause, Outcome, report};
        let second = world.second_store();
        for round in 0..rounds() {
            let address = format!("rahma{round}@example.my");
            let to: Address = address.parse().unwrap();
            let say = |store: &Store, message: &'static str, outcome| {
                let (store, to) = (store.clone(), to.clone());
                let change = move |tx: &mut Tx<'_>| report(tx, &key(), &to, message, outcome);
                async move { store.write::<_, StoreError, _>(change).await.unwrap() }
            };
            let (here, soft) = (world.store(), Outcome::SoftBounce);
            together(say(here, "a", soft), say(&second, "a", soft)).await;
            together(say(here, "b", soft), say(&second, "a", soft)).await;
            let held = suppressed(world, &address).await;
            assert_eq!(held, None, "{round}: two mails bounced");
            together(say(here, "b", soft), say(&second, "c", soft)).await;
            let held = suppressed(world, &address).await;
            assert_eq!(held, Some(Cause::SoftBounce), "{round}");
            // In whichever order the reports arrive, the more serious cause remains.
            let (hard, complaint) = (Outcome::HardBounce, Outcome::Complaint);
            together(say(here, "c", hard), say(&second, "d", complaint)).await;
            together(say(here, "e", Outcome::Delivered), say(&second, "a", soft)).await;
            let held = suppressed(world, &address).await;
            assert_eq!(held, Some(Cause::Complaint), "{round}");
        }
    });
}

#[test]
fn a_mail_with_an_origin_has_its_unsubscribe_link_there() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        write(world, |tx| {
            let id = tx.send_mail(news_to("rahma@example.my", SCOPE))?;
            platform::mail::set_link_origin(tx, &id, "https://our-day.example")
        })
        .await;
        worker_to(world, &server).run_due().await.unwrap();
        world.expect_mail("rahma@example.my", "Jawapan anda");
        let header = server.received()[0].header("List-Unsubscribe").to_owned();
        assert!(
            header.starts_with("<https://our-day.example/unsubscribe/"),
            "{header}"
        );
    });
}

#[test]
fn an_unsubscribe_stops_one_stream_of_one_scope_while_a_batch_leaves() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        send(world, news_to("rahma@example.my", SCOPE)).await;
        worker.run_due().await.unwrap();
        let received = server.received();
        let header = received[0].header("List-Unsubscribe").to_owned();
        let post = received[0].header("List-Unsubscribe-Post");
        assert_eq!(post, "List-Unsubscribe=One-Click");
        let link = header.trim_matches(['<', '>']);
        let link = link.strip_prefix("https://kenduri.example/unsubscribe/");
        let place = suppression::find_unsubscribe(&key(), link.unwrap()).unwrap();

        // These mails are already queued when the recipient unsubscribes.
        send(world, news_to("rahma@example.my", SCOPE)).await;
        send(world, news_to("rahma@example.my", "birthday")).await;
        send(world, mail_to("rahma@example.my")).await;
        send(world, news_to("rossi@example.it", SCOPE)).await;
        let facts = audit::RequestFacts {
            request_id: "test".to_owned(),
            network: None,
        };
        for _ in 0..2 {
            let (place, facts) = (place.clone(), facts.clone());
            write(world, move |tx| {
                suppression::unsubscribe(tx, &place, &facts)
            })
            .await;
        }
        worker.run_due().await.unwrap();
        let found = read(world, |tx| {
            tx.all::<(String, State)>(sql!("SELECT recipient, state FROM mail ORDER BY id"), &[])
        })
        .await;
        let found: Vec<_> = found.into_iter().map(|(_, state)| state).collect();
        let wanted = [
            State::Sent,
            State::Suppressed,
            State::Sent,
            State::Sent,
            State::Sent,
        ];
        assert_eq!(found, wanted);
        assert_eq!(audited(world).await, ["suppression.added"]);
        let other = server.received();
        let transactional = other
            .iter()
            .find(|mail| !mail.header("Auto-Submitted").is_empty());
        assert!(transactional.is_some());
    });
}

#[test]
fn nothing_leaves_that_waited_when_a_stream_was_stopped() {
    World::each_engine(MIGRATIONS, async |world| {
        const BATCH: usize = 6;
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        let second = world.second_store();
        let facts = audit::RequestFacts {
            request_id: "test".to_owned(),
            network: None,
        };
        let (mut stopped, mut left) = (0, 0);
        for round in 0..rounds() {
            let address = format!("rahma{round}@example.my");
            for _ in 0..BATCH {
                send(world, news_to(&address, SCOPE)).await;
            }
            let to = address.parse().unwrap();
            let link =
                suppression::unsubscribe_link(&key(), &to, Stream::Notification, Some(SCOPE));
            let secret = link.rsplit('/').next().unwrap();
            let place = suppression::find_unsubscribe(&key(), secret).unwrap();
            // In each round, the unsubscription arrives after one more mail of the batch.
            let (sent, server, goal) = (server.received().len(), server.clone(), round % BATCH);
            let (store, facts, worker) = (second.clone(), facts.clone(), worker.clone());
            let recipient = address.clone();
            let (waiting, done) = together(
                async move {
                    server.has_received(sent + goal).await;
                    let stop = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                        suppression::unsubscribe(tx, &place, &facts)
                    };
                    store.write(stop).await.unwrap();
                    let look = move |tx: &mut Tx<'_>| -> Result<Vec<(MailId,)>, StoreError> {
                        sql!(
                            "SELECT id FROM mail WHERE recipient = :recipient AND state = 'queued'",
                            recipient
                        )
                        .all(tx)
                    };
                    store.read(look).await.unwrap()
                },
                async move { worker.run_due().await },
            )
            .await;
            done.unwrap();
            let ended: Vec<(MailId, State)> = read(world, move |tx| {
                sql!(
                    "SELECT id, state FROM mail WHERE recipient = :address ORDER BY id",
                    address
                )
                .all(tx)
            })
            .await;
            assert_eq!(ended.len(), BATCH);
            for (id, state) in ended {
                match state {
                    State::Suppressed => stopped += 1,
                    State::Sent => {
                        assert!(!waiting.contains(&(id,)), "round {round}");
                        left += 1;
                    }
                    other => panic!("round {round}: {other:?}"),
                }
            }
        }
        assert!(stopped > 0 && left > 0, "{stopped} {left}");
    });
}
