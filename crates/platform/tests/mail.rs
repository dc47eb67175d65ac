//! Tests of mail on both engines. The mail is sent to a test mail server that can misbehave, or
//! stored only in the outgoing mailbox.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod bounces;
mod once;
mod sealed;
mod signing;
mod smtp;
mod strangers;
mod suppressions;

use jiff::SignedDuration;
use platform::audit::Actor;
use platform::jobs::Worker;
use platform::key::Key;
use platform::mail::{
    self, Address, Entry, MailId, Mailer, NewMail, Post, Smtp, State, Stream, Tls, mailbox,
    sealed_text, suppression,
};
use platform::store::migrate::Migrations;
use platform::text_cleaning::clean_line;
use platform::{Keyring, Random, StoreError, Tx};
use smtp::{Encryption, Manner, Server};
use testkit::{Log, World};

const MIGRATIONS: &[Migrations] = &[platform::MIGRATIONS];
const SCOPE: &str = "wedding";

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

fn mail_to(address: &str) -> NewMail {
    NewMail {
        to: address.parse().unwrap(),
        to_name: "Keluarga Rahma".to_owned(),
        sender_name: Some("Aisyah & Daniel".to_owned()),
        reply_to: None,
        stream: Stream::Transactional,
        scope: Some(SCOPE.to_owned()),
        subject: "Jawapan anda".to_owned(),
        text: "Terima kasih.\n.\nJumpa nanti.".to_owned(),
        html: Some("<p>Terima kasih.</p>".to_owned()),
        seal: None,
        stranger: None,
    }
}

/// Writes a mail one millisecond after the previous one, so that the order of the mails is certain.
async fn send(world: &World, mail: NewMail) -> MailId {
    world.clock.advance(SignedDuration::from_millis(1));
    world.expect_mail(mail.to.as_str(), &clean_line(&mail.subject));
    write(world, move |tx| tx.send_mail(mail.clone())).await
}

/// The mails of the scope, oldest first.
async fn entries(world: &World) -> Vec<Entry> {
    let mut entries = read(world, |tx| mail::list(tx, SCOPE, None, 100)).await;
    entries.reverse();
    entries
}

async fn states(world: &World) -> Vec<State> {
    entries(world)
        .await
        .iter()
        .map(|entry| entry.state)
        .collect()
}

fn key() -> Key {
    Keyring::new([7; 32], &[]).key(suppression::PURPOSE)
}

fn text_key() -> Key {
    Keyring::new([7; 32], &[]).key(sealed_text::PURPOSE)
}

fn worker(world: &World, mailer: Mailer) -> Worker {
    worker_hearing(world, mailer, false)
}

fn worker_hearing(world: &World, mailer: Mailer, hears_deliveries: bool) -> Worker {
    let post = Post {
        mailer,
        from: "Kenduri <kenduri@example.org>".parse().unwrap(),
        site_host: "kenduri.example".to_owned(),
        site_url: "https://kenduri.example".to_owned(),
        suppression: key(),
        text: text_key(),
        dkim: Keyring::new([7; 32], &[]).key(mail::dkim::PURPOSE),
        hears_deliveries,
    };
    let handlers = vec![mail::handler(world.store().clone(), post)];
    Worker::new(
        world.store().clone(),
        world.platform.clock.clone(),
        Random::seeded(3),
        handlers,
    )
}

fn smtp(server: mail::Server) -> Mailer {
    Mailer::Smtp(Box::new(Smtp::new(server, "kenduri.example").unwrap()))
}

/// A worker that sends to `server` with STARTTLS.
fn worker_to(world: &World, server: &Server) -> Worker {
    worker(world, smtp(server.settings(Tls::StartTls)))
}

#[test]
fn an_address_is_known_by_the_keys_of_before_and_by_no_others() {
    World::each_engine(MIGRATIONS, async |world| {
        use suppression::Cause::{Complaint, HardBounce};
        let key = |keys: &Keyring| keys.key(suppression::PURPOSE);
        let both = key(&Keyring::new([8; 32], &[[7; 32]]));
        let other = key(&Keyring::new([8; 32], &[]));
        suppress(world, "Gone@example.my", HardBounce).await;
        let find = async |key: &Key| {
            let (key, address) = (key.clone(), "gone@EXAMPLE.my".parse().unwrap());
            read(world, move |tx| suppression::find(tx, &key, &address)).await
        };
        assert_eq!(find(&other).await, None);
        assert_eq!(find(&both).await, Some(HardBounce));
        let (record, address) = (both.clone(), "gone@example.my".parse().unwrap());
        let record = move |tx: &mut Tx<'_>| suppression::record(tx, &record, &address, Complaint);
        write(world, record).await;
        assert_eq!(find(&both).await, Some(Complaint));
        let (lift, address) = (both.clone(), "gone@example.my".parse().unwrap());
        write(world, move |tx| {
            suppression::lift(tx, &lift, &address, &Actor::System, None)
        })
        .await;
        assert_eq!(find(&both).await, None);
    });
}

async fn suppress(world: &World, address: &str, cause: suppression::Cause) {
    let address: Address = address.parse().unwrap();
    write(world, move |tx| {
        suppression::record(tx, &key(), &address, cause)
    })
    .await;
}

async fn suppressed(world: &World, address: &str) -> Option<suppression::Cause> {
    let address: Address = address.parse().unwrap();
    read(world, move |tx| suppression::find(tx, &key(), &address)).await
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[test]
fn mails_leave_encrypted_and_signed_in() {
    World::each_engine(MIGRATIONS, async |world| {
        for (encryption, tls) in [
            (Encryption::OnRequest, Tls::StartTls),
            (Encryption::AtOnce, Tls::AtOnce),
            // A server without STARTTLS is accepted only because it is on this machine.
            (Encryption::Never, Tls::StartTls),
        ] {
            let server = Server::start(encryption).await;
            let id = send(world, mail_to("rahma@example.my")).await;
            let worker = worker(world, smtp(server.settings(tls)));
            assert_eq!(worker.run_due().await.unwrap(), 1);
            let received = server.received();
            assert_eq!(received.len(), 1, "{encryption:?}");
            let got = &received[0];
            assert_eq!(got.encrypted, encryption != Encryption::Never);
            assert_eq!(got.login.as_deref(), Some("AUTH PLAIN AGtlbgBodW50ZXIy"));
            assert_eq!(got.from, "MAIL FROM:<kenduri@example.org>");
            assert_eq!(got.to, "RCPT TO:<rahma@example.my>");
            let message = got.header("Message-ID");
            assert!(message.starts_with(&format!("<{id}.")), "{message}");
            assert!(message.ends_with("@kenduri.example>"), "{message}");
            assert_eq!(got.header("Auto-Submitted"), "auto-generated");
            assert!(got.text.contains("\n.\nJumpa nanti."), "{}", got.text);
            assert!(got.text.contains("<p>Terima kasih.</p>"));
        }
        for mail in world.mails().await {
            assert_eq!((mail.state.as_str(), mail.text.as_str()), ("sent", ""));
        }
        let entries = entries(world).await;
        assert_eq!(entries[0].answer.as_deref(), Some("250 2.0.0 queued as 1"));
    });
}

#[test]
fn a_server_with_a_strange_certificate_gets_nothing() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let settings = mail::Server {
            authorities: Vec::new(),
            ..server.settings(Tls::StartTls)
        };
        send(world, mail_to("rahma@example.my")).await;
        worker(world, smtp(settings)).run_due().await.unwrap();
        assert!(server.received().is_empty());
        assert_eq!(states(world).await, [State::Deferred]);
    });
}

#[test]
fn what_is_refused_for_now_is_tried_again_and_given_up_at_last() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        let answer = "451 4.7.1 rahma@example.my is greylisted";
        server.behave(Manner::SaysAtRecipient(answer));
        send(world, mail_to("rahma@example.my")).await;
        let log = Log::start();
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(states(world).await, [State::Deferred]);
        world.clock.advance(SignedDuration::from_secs(47));
        assert_eq!(worker.run_due().await.unwrap(), 0, "a minute, less a fifth");
        // The longest possible pauses between delivery attempts, in seconds.
        for pause in [72, 360, 2_160, 8_640] {
            world.clock.advance(SignedDuration::from_secs(pause));
            assert_eq!(worker.run_due().await.unwrap(), 1);
            assert_eq!(states(world).await, [State::Deferred]);
        }
        world.clock.advance(SignedDuration::from_secs(25_920));
        assert_eq!(worker.run_due().await.unwrap(), 1);
        let entry = entries(world).await.remove(0);
        assert_eq!(entry.state, State::Failed);
        assert_eq!(entry.answer.as_deref(), Some(answer));
        let text = log.text();
        assert!(
            text.contains("451 4.7.1") && !text.contains("rahma@"),
            "{text}"
        );
        assert_eq!(world.jobs().await, [], "a mail that failed has no job");

        server.behave(Manner::Obedient);
        let again = move |tx: &mut Tx<'_>| mail::send_again(tx, SCOPE, &entry.id);
        assert!(write(world, again.clone()).await);
        assert_eq!(worker.run_due().await.unwrap(), 1);
        assert_eq!(states(world).await, [State::Sent]);
        assert!(!write(world, again).await, "what is sent is not sent again");
    });
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    World::each_engine(MIGRATIONS, async |world| {
        // No other test uses this IP address, so the port stays unused.
        let gone = tokio::net::TcpListener::bind("127.1.0.1:0").await.unwrap();
        let port = gone.local_addr().unwrap().port();
        drop(gone);
        let server = mail::Server {
            host: "127.1.0.1".to_owned(),
            port,
            tls: Tls::StartTls,
            login: None,
            per_minute: 0,
            authorities: Vec::new(),
        };
        send(world, mail_to("rahma@example.my")).await;
        worker(world, smtp(server)).run_due().await.unwrap();
        assert_eq!(states(world).await, [State::Deferred]);
        assert_eq!(world.jobs().await.len(), 1);
    });
}

#[test]
fn an_unknown_address_bounces_once_and_is_left_alone() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        server.behave(Manner::SaysAtRecipient("550 5.1.1 no such user"));
        send(world, mail_to("Nobody@example.my")).await;
        worker.run_due().await.unwrap();
        server.behave(Manner::Obedient);
        send(world, mail_to("nobody@EXAMPLE.my")).await;
        worker.run_due().await.unwrap();
        assert_eq!(states(world).await, [State::Bounced, State::Suppressed]);
        assert_eq!(server.connections(), 1);

        let address: Address = "nobody@example.my".parse().unwrap();
        write(world, move |tx| {
            suppression::lift(tx, &key(), &address, &Actor::System, None)
        })
        .await;
        send(world, mail_to("nobody@example.my")).await;
        worker.run_due().await.unwrap();
        assert_eq!(states(world).await[2], State::Sent);
    });
}

#[test]
fn the_text_of_what_is_given_up_stays_only_where_it_may_be_sent_again() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        server.behave(Manner::SaysAtText("554 5.7.1 looks like spam"));
        let nobody_s = |to: &str| NewMail {
            scope: None,
            ..mail_to(to)
        };
        send(world, mail_to("rahma@example.my")).await;
        send(world, nobody_s("rahma@example.my")).await;
        let notification = NewMail {
            stream: Stream::Notification,
            ..mail_to("rossi@example.my")
        };
        send(world, notification).await;
        worker.run_due().await.unwrap();
        // After the mail server has refused a recipient as unknown, Kenduri sends no more mail to
        // this address.
        server.behave(Manner::SaysAtRecipient("550 5.1.1 no such user"));
        send(world, nobody_s("nobody@example.my")).await;
        worker.run_due().await.unwrap();
        send(world, nobody_s("nobody@example.my")).await;
        worker.run_due().await.unwrap();
        server.behave(Manner::SaysAtRecipient("451 4.7.1 greylisted"));
        send(world, nobody_s("rahma@example.my")).await;
        worker.run_due().await.unwrap();
        let kept = async || {
            let mails = world.mails().await;
            let kept = mails
                .into_iter()
                .map(|mail| (mail.state, !mail.text.is_empty()));
            kept.collect::<Vec<_>>()
        };
        let state = |word: &str, is_kept| (word.to_owned(), is_kept);
        let mut expected = vec![
            state("bounced", true),
            state("bounced", false),
            state("bounced", false),
            state("bounced", false),
            state("suppressed", false),
            state("deferred", true),
        ];
        assert_eq!(kept().await, expected);
        for pause in [72, 360, 2_160, 8_640, 25_920] {
            world.clock.advance(SignedDuration::from_secs(pause));
            worker.run_due().await.unwrap();
        }
        expected[5] = state("failed", false);
        assert_eq!(kept().await, expected);
    });
}

#[test]
fn a_refused_text_bounces_but_the_address_may_be_good() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        for manner in [
            Manner::SaysAtText("554 5.7.1 looks like spam"),
            Manner::SaysAtRecipient("550 5.7.1 we do not like you"),
        ] {
            server.behave(manner);
            send(world, mail_to("rahma@example.my")).await;
            worker.run_due().await.unwrap();
        }
        assert_eq!(states(world).await, [State::Bounced; 2]);
        assert_eq!(suppressed(world, "rahma@example.my").await, None);
    });
}

#[test]
fn when_we_are_refused_all_mail_waits() {
    World::each_engine(MIGRATIONS, async |world| {
        for manner in [
            Manner::RefusesLogin,
            Manner::SaysAtSender("553 5.7.1 not yours"),
        ] {
            let server = Server::start(Encryption::OnRequest).await;
            let worker = worker_to(world, &server);
            server.behave(manner);
            let before = entries(world).await.len();
            send(world, mail_to("rahma@example.my")).await;
            send(world, mail_to("rossi@example.it")).await;
            assert_eq!(worker.run_due().await.unwrap(), 2);
            assert_eq!(
                states(world).await[before..],
                [State::Deferred, State::Queued]
            );
            assert_eq!(server.connections(), 1, "the second did not even try");
            for job in world.jobs().await {
                assert!(job.due_at > world.clock.now());
            }
            // A second process, which does not know about the first one's pause, sends both mails.
            server.behave(Manner::Obedient);
            world.clock.advance(minutes(2));
            worker_to(world, &server).run_due().await.unwrap();
            assert_eq!(states(world).await[before..], [State::Sent; 2]);
        }
    });
}

#[test]
fn without_an_answer_it_is_sent_once_more_under_the_same_name() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        server.behave(Manner::DropsAfterText);
        send(world, mail_to("rahma@example.my")).await;
        send(world, mail_to("rossi@example.it")).await;
        worker.run_due().await.unwrap();
        assert_eq!(
            states(world).await,
            [State::Sending; 2],
            "not known, so not said"
        );

        server.behave(Manner::Obedient);
        world.clock.advance(minutes(2));
        worker.run_due().await.unwrap();
        let entries = entries(world).await;
        assert!(
            entries
                .iter()
                .all(|entry| entry.state == State::Sent && entry.was_uncertain)
        );
        let received = server.received();
        assert_eq!(received.len(), 4);
        for to in ["rahma@example.my", "rossi@example.it"] {
            let names: Vec<_> = received
                .iter()
                .filter(|mail| mail.to.contains(to))
                .map(|mail| mail.header("Message-ID"))
                .collect();
            assert_eq!(names.len(), 2);
            assert_eq!(names[0], names[1]);
        }
        assert_eq!(read(world, mail::doubted).await, 2);
    });
}

#[test]
fn a_second_doubt_is_left_to_people() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let worker = worker_to(world, &server);
        server.behave(Manner::DropsAfterText);
        send(world, mail_to("rahma@example.my")).await;
        for _ in 0..4 {
            worker.run_due().await.unwrap();
            world.clock.advance(minutes(10));
        }
        assert_eq!(states(world).await, [State::Uncertain]);
        assert_eq!(server.received().len(), 2);
        assert_eq!(world.jobs().await, []);
    });
}

#[test]
fn a_program_killed_while_it_hands_over_leaves_one_doubt() {
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        let killed = worker_to(world, &server);
        server.behave(Manner::SilentAfterText);
        send(world, mail_to("rahma@example.my")).await;
        let running = tokio::spawn(async move { killed.run_due().await });
        server.has_received(1).await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(states(world).await, [State::Sending]);

        server.behave(Manner::Obedient);
        let next = worker_to(world, &server);
        assert_eq!(next.run_due().await.unwrap(), 0, "its lease holds");
        world.clock.advance(minutes(1));
        assert_eq!(next.run_due().await.unwrap(), 1);
        let entry = entries(world).await.remove(0);
        assert_eq!((entry.state, entry.was_uncertain), (State::Sent, true));
        assert_eq!(server.received().len(), 2);
    });
}

#[test]
fn many_workers_send_each_mail_once() {
    const MAILS: usize = 40;
    World::each_engine(MIGRATIONS, async |world| {
        let server = Server::start(Encryption::OnRequest).await;
        for number in 0..MAILS {
            send(world, mail_to(&format!("guest{number}@example.my"))).await;
        }
        let workers = [0; 4].map(|_| worker_to(world, &server));
        let running = workers.map(|worker| tokio::spawn(async move { worker.run_due().await }));
        for worker in running {
            worker.await.unwrap().unwrap();
        }
        let mut to: Vec<_> = server.received().into_iter().map(|mail| mail.to).collect();
        assert_eq!(to.len(), MAILS);
        to.sort();
        to.dedup();
        assert_eq!(to.len(), MAILS);
        assert_eq!(states(world).await, [State::Sent; MAILS]);
    });
}

#[test]
fn the_mailbox_keeps_what_would_have_left() {
    World::each_engine(MIGRATIONS, async |world| {
        let worker = worker(world, Mailer::Mailbox);
        suppress(world, "gone@example.my", suppression::Cause::HardBounce).await;
        let reset = NewMail {
            stream: Stream::Security,
            subject: "Sign in\r\nBcc: spy@example.my".to_owned(),
            html: None,
            ..mail_to("host@example.my")
        };
        let ids = [
            send(world, mail_to("rahma@example.my")).await,
            send(world, reset).await,
            send(world, mail_to("gone@example.my")).await,
        ];
        assert_eq!(worker.run_due().await.unwrap(), 3);
        assert_eq!(
            states(world).await,
            [State::Sent, State::Sent, State::Suppressed]
        );
        let search = async |to: Option<&str>, words: &str| {
            let search = mailbox::Search {
                to: to.map(|to| to.parse().unwrap()),
                words: words.to_owned(),
            };
            let letters = read(world, move |tx| mailbox::list(tx, &text_key(), &search)).await;
            letters
                .into_iter()
                .map(|letter| letter.id)
                .collect::<Vec<_>>()
        };
        let [rahma, host, gone] = ids;
        assert_eq!(search(None, "").await, [host.clone(), rahma.clone()]);
        assert_eq!(
            search(Some("RAHMA@example.my"), "").await,
            std::slice::from_ref(&rahma)
        );
        assert_eq!(search(None, "jumpa NANTI").await, [host.clone(), rahma]);
        assert_eq!(search(Some("rahma@example.my"), "spy").await, []);
        let find =
            async |id: MailId| read(world, move |tx| mailbox::find(tx, &text_key(), &id)).await;
        let letter = find(host).await.unwrap();
        assert_eq!(letter.subject, "Sign in Bcc: spy@example.my");
        assert_eq!(letter.arrived_at, world.clock.now());
        assert_eq!(find(gone).await, None);
    });
}

#[test]
fn a_stronger_cause_overwrites_a_weaker_one_never_the_reverse() {
    World::each_engine(MIGRATIONS, async |world| {
        use suppression::Cause::{Complaint, HardBounce, Unsubscribe};
        for (told, known) in [
            (Unsubscribe, Unsubscribe),
            (Complaint, Complaint),
            (HardBounce, Complaint),
            (Unsubscribe, Complaint),
        ] {
            suppress(world, "rahma@example.my", told).await;
            assert_eq!(suppressed(world, "Rahma@Example.my").await, Some(known));
        }
        assert_eq!(suppressed(world, "rossi@example.it").await, None);
    });
}
