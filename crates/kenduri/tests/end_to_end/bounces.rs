//! Tests that the built binary reads delivery reports from a mailbox.

use std::time::{Duration, Instant};

use testkit::imap::ImapServer;

use crate::campaign_killing::order;
use crate::engine::Engine;
use crate::mail_server::MailServer;
use crate::program::Program;

const POSTFIX: &str = include_str!("../../../platform/tests/bounces/samples/postfix.eml");
const GMAIL: &str = include_str!("../../../platform/tests/bounces/samples/gmail.eml");
/// The time limit for mails and reports, long enough for a slow machine. Kenduri reads the mailbox
/// once a minute.
const PATIENCE: Duration = Duration::from_mins(3);

#[test]
fn reports_in_a_mailbox_stop_the_address_that_is_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let (mail, imap) = (MailServer::start(), ImapServer::start());
    let settings = [
        format!("mail.url=smtp://{}", mail.address),
        "mail.per_minute=10000".to_owned(),
        "mail.require_records=false".to_owned(),
        format!("mail.bounces=imap://ken:hunter2@localhost:{}", imap.port()),
    ];
    let mut arguments = vec!["--demo", "--data", &data];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    Program::serve(&arguments, &[]).kill();
    let engine = Engine::Sqlite;
    order(&engine, folder.path(), 3);
    let program = Program::serve(&arguments, &[]);
    assert!(mail.wait(PATIENCE, |received| received.len() == 3));
    let message = |to: &str| {
        let received = mail.received();
        let found = received.iter().find(|one| one.to == to);
        found.expect("a mail").id.clone()
    };
    let text = |sql: &str| engine.text(folder.path(), sql);
    let state = |to: &str| {
        text(&format!(
            "SELECT COALESCE(MAX(state), '') FROM mail WHERE recipient = '{to}'"
        ))
    };
    let wait = |what: &dyn Fn() -> bool| {
        let end = Instant::now() + PATIENCE;
        while !what() {
            assert!(Instant::now() < end, "it never came");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let addresses = [1, 2, 3].map(|n| format!("guest{n}@example.com"));
    for to in &addresses {
        wait(&|| state(to) == "sent");
    }
    let forged = message(&addresses[1]).replace('@', "x@");
    imap.receive("Subject: How are you?\n\nFine.");
    imap.receive(&POSTFIX.replace("{message}", &forged));
    imap.receive(&POSTFIX.replace("{message}", &message(&addresses[0])));
    imap.receive(&GMAIL.replace("{message}", &message(&addresses[2])));
    wait(&|| state(&addresses[0]) == "bounced");
    let states = [0, 1, 2].map(|n| state(&addresses[n]));
    assert_eq!(states, ["bounced", "sent", "bounced"]);
    assert_eq!(imap.fetched(), [2, 3, 4], "other mail is left alone");
    let causes = "SELECT GROUP_CONCAT(cause, ' ') FROM
        (SELECT cause FROM mail_report ORDER BY cause)";
    assert_eq!(text(causes), "hard_bounce soft_bounce");
    program.kill();
}
