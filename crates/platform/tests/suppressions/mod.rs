//! Addresses that get no mail, and what is heard of mails.

use jiff::SignedDuration;
use platform::audit::{self, Actor};
use platform::mail::{self, Address, NewMail, State, Stream, suppression};
use platform::{StoreError, Tx, sql};
use testkit::World;

use crate::smtp::{Encryption, Manner, Server};
use crate::{
    MIGRATIONS, SCOPE, key, mail_to, minutes, read, send, states, suppressed, worker_to, write,
};

/// Mails that the recipient may stop.
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

/// What the audit log says of the list.
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
        // The first one is too old when the third comes, and one arrives after two.
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
        // What was lifted does not come back with a repeat.
        let address: Address = "rahma@example.my".parse().unwrap();
        write(world, move |tx| {
            suppression::lift(tx, &key(), &address, (Actor::System, None))
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
        for round in 0..testkit::rounds() {
            let address = format!("rahma{round}@example.my");
            let to: Address = address.parse().unwrap();
            let say = |message: &'static str, outcome| {
                let to = to.clone();
                let change = move |tx: &mut Tx<'_>| report(tx, &key(), &to, message, outcome);
                world.store().write::<_, StoreError, _>(change)
            };
            let soft = Outcome::SoftBounce;
            let (a, b, c, d) = tokio::join!(
                say("a", soft),
                say("b", soft),
                say("c", soft),
                say("a", soft)
            );
            [a, b, c, d].into_iter().for_each(Result::unwrap);
            let held = suppressed(world, &address).await;
            assert_eq!(held, Some(Cause::SoftBounce), "{round}");
        }
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

        // These wait when the button is pressed.
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
