//! Tests of delivery reports in a mailbox: how Kenduri reads the mailbox, and what the reports
//! change.

use jiff::SignedDuration;
use platform::jobs::Worker;
use platform::mail::bounces::{self, Mailbox};
use platform::mail::{State, Tls, suppression};
use platform::{Random, Secret, StoreError, Tx, sql};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use testkit::World;
use testkit::imap::ImapServer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::smtp::{Encryption, Server};
use crate::{
    MIGRATIONS, key, mail_to, minutes, read, send, smtp, states, suppressed, worker_hearing, write,
};

const POSTFIX: &str = include_str!("samples/postfix.eml");
const EXIM: &str = include_str!("samples/exim.eml");
const EXCHANGE: &str = include_str!("samples/exchange.eml");
const GMAIL: &str = include_str!("samples/gmail.eml");
const DELAYED: &str = include_str!("samples/delayed.eml");

const RAHMA: &str = "rahma@example.my";

fn mailbox(server: &ImapServer) -> Mailbox {
    Mailbox {
        host: "localhost".to_owned(),
        port: server.port(),
        is_encrypted: false,
        user: "ken".to_owned(),
        password: Secret::new("hunter2"),
        folder: "INBOX".to_owned(),
        authorities: Vec::new(),
    }
}

/// A worker that reads the mailbox once a minute.
fn reader(world: &World, mailbox: Mailbox) -> Worker {
    Worker::new(
        world.store().clone(),
        world.platform.clock.clone(),
        Random::seeded(4),
        vec![bounces::handler(world.store().clone(), mailbox, key())],
    )
}

async fn next_minute(world: &World, reader: &Worker) {
    world.clock.advance(minutes(1));
    reader.run_due().await.unwrap();
}

/// Sends a mail, and returns its Message-ID.
async fn sent(world: &World, server: &Server) -> String {
    let before = server.received().len();
    send(world, mail_to(RAHMA)).await;
    let mailer = smtp(server.settings(Tls::StartTls));
    let worker = worker_hearing(world, mailer, true);
    worker.run_due().await.unwrap();
    server.received()[before].header("Message-ID").to_owned()
}

async fn error(world: &World, mailbox: &Mailbox) -> Option<String> {
    let name = mailbox.name();
    let found = read(world, move |tx| bounces::find(tx, &name)).await;
    found.unwrap().error
}

async fn reports(world: &World) -> i64 {
    let count = |tx: &mut Tx<'_>| -> Result<i64, StoreError> {
        let (count,) = tx.one(sql!("SELECT COUNT(*) FROM mail_report"), &[])?;
        Ok(count)
    };
    world.store().read(count).await.unwrap()
}

#[test]
fn reports_of_usual_servers_stop_mail_to_unknown_addresses_once() {
    World::each_engine(MIGRATIONS, async |world| {
        use suppression::Cause::{HardBounce, SoftBounce};
        for (sample, cause, reason) in [
            (POSTFIX, Some(HardBounce), "5.1.1 550 5.1.1 <rahma"),
            (EXIM, Some(HardBounce), "5.0.0 550-5.1.1 The address"),
            (EXCHANGE, Some(HardBounce), "5.1.10 550 5.1.10 RESOLVER"),
            (GMAIL, None, "5.2.2 552-5.2.2 The recipient's inbox"),
        ] {
            let (server, imap) = (
                Server::start(Encryption::OnRequest).await,
                ImapServer::start(),
            );
            let reader = reader(world, mailbox(&imap));
            let report = sample.replace("{message}", &sent(world, &server).await);
            imap.receive("Subject: hello\n\nNot for machines.");
            imap.receive(&report);
            imap.receive(&report);
            next_minute(world, &reader).await;
            assert_eq!(imap.fetched(), [2, 3], "other mail is left alone");
            assert_eq!(suppressed(world, RAHMA).await, cause, "{reason}");
            let mails = read(world, |tx| platform::mail::list(tx, crate::SCOPE, None, 1)).await;
            assert_eq!(mails[0].state, State::Bounced);
            let answer = mails[0].answer.as_deref().unwrap();
            assert!(answer.starts_with(reason), "{answer}");

            // Neither a repeated report nor rereading the whole mailbox restores a lifted
            // suppression.
            write(world, |tx| {
                let address = RAHMA.parse().unwrap();
                suppression::lift(tx, &key(), &address, &platform::audit::Actor::System, None)
            })
            .await;
            imap.receive(&report);
            next_minute(world, &reader).await;
            imap.renumber();
            next_minute(world, &reader).await;
            assert_eq!(imap.fetched(), [2, 3, 4, 2, 3, 4]);
            assert_eq!(suppressed(world, RAHMA).await, None);
            next_minute(world, &reader).await;
            assert_eq!(imap.fetched().len(), 6, "nothing is fetched twice");
            assert_eq!(reports(world).await, 1);
            write(world, forget).await;
        }
        // Three "mailbox full" refusals in a week suppress the email address temporarily.
        let (server, imap) = (
            Server::start(Encryption::OnRequest).await,
            ImapServer::start(),
        );
        let reader = reader(world, mailbox(&imap));
        for expected in [None, None, Some(SoftBounce)] {
            imap.receive(&GMAIL.replace("{message}", &sent(world, &server).await));
            next_minute(world, &reader).await;
            assert_eq!(suppressed(world, RAHMA).await, expected);
        }
    });
}

fn forget(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    suppression::forget_all(tx)?;
    tx.run(sql!("DELETE FROM bounce_mailbox"), &[], platform::Rows::Any)?;
    Ok(())
}

#[test]
fn forged_unknown_and_late_reports_change_nothing() {
    World::each_engine(MIGRATIONS, async |world| {
        let (server, imap) = (
            Server::start(Encryption::OnRequest).await,
            ImapServer::start(),
        );
        let reader = reader(world, mailbox(&imap));
        let own = sent(world, &server).await;
        let id = own
            .trim_start_matches('<')
            .split(['.', '@'])
            .next()
            .unwrap();
        let (signed, host) = own.split_once('@').unwrap();
        let unsigned = format!("<{id}@{host}");
        let changed = format!("{}x@{host}", &signed[..signed.len() - 1]);
        for forged in [unsigned, changed, "<a@b.example>".to_owned(), String::new()] {
            imap.receive(&POSTFIX.replace("{message}", &forged));
        }
        imap.receive(&DELAYED.replace("{message}", &own));
        let deleted = imap.receive(&POSTFIX.replace("{message}", &own));
        imap.delete(deleted);
        next_minute(world, &reader).await;
        assert_eq!(imap.fetched(), [1, 2, 3, 4, 5]);
        assert_eq!(states(world).await, [State::Sent]);
        assert_eq!(
            (suppressed(world, RAHMA).await, reports(world).await),
            (None, 0)
        );
        // Kenduri ignores reports about mails older than a month, because it can no longer
        // recognize repeated ones.
        world.clock.advance(SignedDuration::from_hours(30 * 24));
        imap.receive(&POSTFIX.replace("{message}", &own));
        next_minute(world, &reader).await;
        assert_eq!(imap.fetched().len(), 6);
        assert_eq!(
            (suppressed(world, RAHMA).await, reports(world).await),
            (None, 0)
        );
    });
}

#[test]
fn a_mailbox_that_cannot_be_read_says_why_and_is_read_on_later() {
    World::each_engine(MIGRATIONS, async |world| {
        let (server, imap) = (
            Server::start(Encryption::OnRequest).await,
            ImapServer::start(),
        );
        let mailbox = mailbox(&imap);
        let reader = reader(world, mailbox.clone());
        let report = POSTFIX.replace("{message}", &sent(world, &server).await);
        imap.receive("Content-Type: multipart/report\n\n");
        next_minute(world, &reader).await;
        assert_eq!(error(world, &mailbox).await, None);
        imap.change_password("other");
        imap.receive(&report);
        next_minute(world, &reader).await;
        let said = error(world, &mailbox).await.unwrap();
        assert!(
            said.contains("AUTHENTICATIONFAILED") && !said.contains("hunter2"),
            "{said}"
        );
        assert_eq!(suppressed(world, RAHMA).await, None);
        imap.change_password("hunter2");
        next_minute(world, &reader).await;
        assert_eq!(error(world, &mailbox).await, None);
        assert_eq!(imap.fetched(), [1, 2]);
        assert!(suppressed(world, RAHMA).await.is_some());
    });
}

#[test]
fn a_mailbox_is_read_over_tls_by_a_certificate_that_is_trusted() {
    World::each_engine(MIGRATIONS, async |world| {
        let imap = ImapServer::start();
        imap.receive("Content-Type: multipart/report\n\n");
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(std::sync::Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = imap.port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that does not trust the certificate closes the connection.
                let Ok(mut outer) = tls.accept(stream).await else {
                    continue;
                };
                let mut inner = TcpStream::connect(("127.0.0.1", inside)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            }
        });
        let strange = Mailbox {
            port,
            is_encrypted: true,
            ..mailbox(&imap)
        };
        next_minute(world, &reader(world, strange.clone())).await;
        assert!(
            error(world, &strange)
                .await
                .unwrap()
                .contains("certificate")
        );
        assert_eq!(imap.visits(), 0);
        let trusted = Mailbox {
            authorities: vec![cert.pem()],
            ..strange
        };
        next_minute(world, &reader(world, trusted.clone())).await;
        assert_eq!(error(world, &trusted).await, None);
        assert_eq!(imap.fetched(), [1]);
    });
}
