//! Kills Kenduri with `kill -9` in the middle of a campaign, while the mail server is slow. Every
//! household must get the mail exactly once. `cargo xtask show mail` does the same with 5,000
//! households.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::engine::{Database, Engine};
use crate::mail_server::MailServer;
use crate::program::Program;

/// The number of households, and of kills, in a test.
const TRIED: (usize, usize) = (120, 3);
/// The number of kills with as many households as `KENDURI_TEST_MAILS` says.
const KILLS: usize = 10;
/// The number of mails that are sent concurrently (`jobs.at_once`).
const AT_ONCE: usize = 2;
const CAMPAIGN: &str = "00000000-0000-7000-8000-00000000000c";
/// How long the mail server takes per mail.
const OVER_EACH: Duration = Duration::from_millis(2);
/// The time limit for the mails between two kills, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(5);

#[test]
fn a_campaign_on_sqlite_reaches_everybody_once() {
    reach_everybody(&Engine::Sqlite);
}

#[test]
fn a_campaign_on_postgres_reaches_everybody_once() {
    if let Some(database) = Database::create("campaign") {
        reach_everybody(&Engine::Postgres(database));
    }
}

fn reach_everybody(engine: &Engine) {
    let mut all = std::env::vars();
    let wanted = all.find(|(name, _)| name == "KENDURI_TEST_MAILS");
    let (households, kills) = wanted.map_or(TRIED, |(_, n)| (n.parse().expect("a number"), KILLS));
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mail = MailServer::slow(OVER_EACH);
    let settings = [
        format!("mail.url=smtp://{}", mail.address),
        "mail.per_minute=10000".to_owned(),
        "mail.require_records=false".to_owned(),
        format!("jobs.at_once={AT_ONCE}"),
        format!("store.url={}", engine.url()),
        // The demo's reminders of a lesson would be due, too.
        "bookings.enabled=false".to_owned(),
    ];
    let mut arguments = vec!["--demo", "--data", &data];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    Program::serve(&arguments, &[]).kill();
    order(engine, folder.path(), households);

    let begun = Instant::now();
    for kill in 1..=kills {
        let program = Program::serve(&arguments, &[]);
        let so_many = households * kill / (kills + 1);
        let reached = mail.wait(PATIENCE, |received| received.len() >= so_many);
        assert!(reached, "{} of {so_many}", mail.received().len());
        program.kill();
        // If jobs were not made due, interrupted jobs would wait until their leases expire.
        engine.make_all_jobs_due(folder.path());
    }
    let program = Program::serve(&arguments, &[]);
    let state = || {
        let sql = "SELECT state FROM campaign WHERE created_at = 0";
        engine.text(folder.path(), sql)
    };
    while state() != "sent" {
        assert!(begun.elapsed() < PATIENCE * 2, "{}", state());
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = begun.elapsed();
    program.kill();

    let count = |state: &str| -> usize {
        let sql = format!("SELECT CAST(COUNT(*) AS TEXT) FROM mail WHERE state = '{state}'");
        engine.text(folder.path(), &sql).parse().expect("a number")
    };
    let (sent, uncertain) = (count("sent"), count("uncertain"));
    assert_eq!(sent + uncertain, households, "nobody is left out");
    assert!(uncertain <= kills * AT_ONCE, "{uncertain}");
    let received = mail.received();
    let to: BTreeSet<&str> = received.iter().map(|one| one.to.as_str()).collect();
    assert_eq!(to.len(), received.len(), "nobody got it twice");
    assert!(received.len() >= sent, "{} of {sent}", received.len());
    let shown = std::io::stdout();
    let _ = writeln!(
        shown.lock(),
        "{households} mails in {took:?} with {kills} kills: {sent} sent, {uncertain} uncertain, \
         of which {} had arrived",
        received.len() - sent
    );
}

/// Creates households with the email addresses `guest1@example.com` and so on, and a started
/// campaign to all of them.
pub(crate) fn order(engine: &Engine, data: &Path, households: usize) {
    engine.execute(data, &campaign(households));
}

/// The statements of [`order`].
pub(crate) fn campaign(households: usize) -> String {
    let columns = "occasion, household, salutation, phone, address, language, plus_ones, children,
        deadline_override, lock_mode, open_until, lock_reason, host_message, host_note, note,
        note_version, tags, search, closed_noted_for, sent_at, first_opened_at, last_opened_at,
        open_count, replied_at, access_epoch, archived_at, version, created_at, updated_at,
        sort_name, contact_search";
    let number = "SUBSTR(CAST(1000000 + n AS TEXT), 2)";
    format!(
            "WITH RECURSIVE counted (n) AS
                 (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {households})
             INSERT INTO invitation (id, code, code_key, email, {columns})
             SELECT '00000000-0000-7000-8000-000000' || {number}, {number} || 'K', {number} || 'K',
                 'guest' || n || '@example.com', {columns}
             FROM counted, (SELECT * FROM invitation WHERE code = 'TANWE') AS pattern;
             INSERT INTO campaign (id, occasion, kind, state, subject, body, audience, per_minute,
                 due_at, created_at, started_at)
             SELECT '{CAMPAIGN}', id, 'invitation', 'sending', '{{}}', '{{}}', 'null', 0, 0, 0, 0
             FROM occasion;
             INSERT INTO campaign_recipient (campaign, place, invitation, state)
             SELECT '{CAMPAIGN}', ROW_NUMBER() OVER (ORDER BY id), id, 'queued' FROM invitation
             WHERE code LIKE '%K' AND email LIKE 'guest%@example.com';
             INSERT INTO job (id, queue, kind, payload, state, unique_key, priority, turn, due_at,
                 starts, attempts, created_at)
             VALUES ('j', 'work', 'occasions.campaign', '{{\"campaign\":\"{CAMPAIGN}\"}}', 'waiting',
                 'campaign:{CAMPAIGN}', 0, 0, 0, 0, 0, 0)"
    )
}
