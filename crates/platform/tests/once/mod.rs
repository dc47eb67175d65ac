//! Tests of mails that are sent at most once, and of mails that are withdrawn.

use platform::mail::{self, MailId, State};
use testkit::World;

use crate::smtp::{Encryption, Manner, Server};
use crate::{MIGRATIONS, entries, mail_to, minutes, read, states, worker_to, write};

async fn send_once(world: &World, address: &'static str) -> MailId {
    world.expect_mail(address, "Jawapan anda");
    write(world, move |tx| tx.send_mail_at_most_once(mail_to(address))).await
}

#[test]
fn a_mail_that_leaves_at_most_once_is_uncertain_after_a_lost_answer() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        server.behave(Manner::DropsAfterText);
        send_once(world, "rahma@example.my").await;
        for _ in 0..3 {
            worker.run_due().await.unwrap();
            world.clock.advance(minutes(10));
        }
        assert_eq!(states(world).await, [State::Uncertain]);
        assert_eq!(server.received().len(), 1);
        assert_eq!(read(world, mail::doubted).await, 1);
        assert_eq!(world.jobs().await, []);
    });
}

#[test]
fn a_mail_that_leaves_at_most_once_is_not_sent_again_after_a_kill() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let killed = worker_to(world, &server);
        server.behave(Manner::SilentAfterText);
        send_once(world, "rahma@example.my").await;
        let running = tokio::spawn(async move { killed.run_due().await });
        server.has_received(1).await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(states(world).await, [State::Sending]);

        server.behave(Manner::Obedient);
        world.clock.advance(minutes(1));
        assert_eq!(worker_to(world, &server).run_due().await.unwrap(), 1);
        let entry = entries(world).await.remove(0);
        assert_eq!((entry.state, entry.was_uncertain), (State::Uncertain, true));
        assert_eq!(server.received().len(), 1);
        assert_eq!(read(world, mail::doubted).await, 1);
    });
}

#[test]
fn a_mail_is_taken_back_until_a_server_may_have_it() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        let take = async |id: MailId| write(world, move |tx| mail::withdraw(tx, &id)).await;
        let queue = async || write(world, |tx| tx.send_mail(mail_to("rahma@example.my"))).await;
        let queued = queue().await;
        assert!(take(queued.clone()).await);
        assert!(!take(queued).await, "it is gone");
        assert_eq!(world.jobs().await, []);
        assert_eq!(worker.run_due().await.unwrap(), 0);

        server.behave(Manner::SaysAtRecipient("451 4.7.1 try later"));
        let deferred = queue().await;
        worker.run_due().await.unwrap();
        assert_eq!(states(world).await, [State::Deferred]);
        assert!(take(deferred).await);
        assert_eq!(world.jobs().await, []);

        server.behave(Manner::Obedient);
        world.expect_mail("rahma@example.my", "Jawapan anda");
        let sent = queue().await;
        worker.run_due().await.unwrap();
        assert!(!take(sent).await, "it has left");
        assert_eq!(server.received().len(), 1);
    });
}
