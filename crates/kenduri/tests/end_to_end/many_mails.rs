//! Three machines send a campaign and reminders of lessons. Two of them are killed again and again;
//! the third one's clock is wrong. Everybody gets each mail once, but for those that a kill made
//! uncertain, and the third machine sends nothing. `cargo xtask show cluster` does this.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::campaign_killing::campaign;
use crate::cluster::Machines;
use crate::cluster_parts::wait;
use crate::load::{tell, times};
use crate::mail_server::{MailServer, Received};
use crate::postgres_server::Server;

/// For each kill.
const MAILS: usize = 500;
const REMINDERS: usize = 20;
/// Of a lesson, its teacher and its member are reminded.
const PARTIES: usize = 2;
/// The number of mails that a machine sends concurrently (`jobs.at_once`).
const AT_ONCE: usize = 2;
/// How long the mail server takes per mail.
const OVER_EACH: Duration = Duration::from_millis(2);
/// By how many seconds the third machine's clock is wrong.
const AHEAD: i64 = 70;
/// For the mails between two kills. The jobs of a killed machine wait until their leases end.
const PATIENCE: Duration = Duration::from_mins(10);

#[test]
fn three_machines_send_each_mail_once() {
    let kills = times(0);
    if kills == 0 {
        eprintln!("skipped: `cargo xtask show cluster` does this; one machine is killed elsewhere");
        return;
    }
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    server.start();
    let (mails, reminders) = (MAILS * kills, REMINDERS * kills);
    let (mail, wrong_mail) = (MailServer::slow(OVER_EACH), MailServer::start());
    let settings = [
        format!("mail.url=smtp://{}", mail.address),
        "mail.per_minute=10000".to_owned(),
        "mail.require_records=false".to_owned(),
        format!("jobs.at_once={AT_ONCE}"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Moved::build(folder.path());
    let mut machines = Machines::start(&server.url(), folder, 3, &settings);
    // It has a mail server of its own, so that what it sends is found.
    machines.stop(2);
    let own = format!("mail.url=smtp://{}", wrong_mail.address);
    machines.start_in(2, &[&own], &clock.environment());
    assert_eq!(machines.one(2).get("/readyz").status, 200);
    clock.set(AHEAD);
    let is_told = || {
        let answer = machines.one(2).get("/readyz");
        answer.status == 503 && answer.text().contains("the clock differs")
    };
    wait(is_told, "the wrong clock is not told");
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).expect("a server");
    let wrong = "SELECT COUNT(*) FROM machine_process WHERE clock_ahead > 60000";
    let is_listed = || {
        client
            .query_one(wrong, &[])
            .expect("a row")
            .get::<_, i64>(0)
            == 1
    };
    wait(is_listed, "the list of machines does not tell it");

    client
        .batch_execute(&(campaign(mails) + ";" + &lessons(reminders)))
        .expect("rows");
    let begun = Instant::now();
    let all = mails + reminders * PARTIES;
    for kill in 1..=kills {
        let so_many = all * kill / (kills + 1);
        let reached = mail.wait(PATIENCE, |received| received.len() >= so_many);
        assert!(reached, "{} of {so_many}", mail.received().len());
        machines.kill(kill % 2);
        machines.start_again(kill % 2);
    }
    let mut count = |sql: &str| -> usize {
        let row = client.query_one(sql, &[]).expect("a row");
        usize::try_from(row.get::<_, i64>(0)).expect("a count")
    };
    let is_over = "SELECT COUNT(*) FROM campaign WHERE created_at = 0 AND state = 'sent'";
    let handed_over = "SELECT COUNT(*) FROM mail WHERE state IN ('sent', 'uncertain')";
    while count(is_over) == 0 || count(handed_over) < all {
        assert!(begun.elapsed() < PATIENCE * 2, "{}", count(handed_over));
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = begun.elapsed();
    clock.set(0);
    let is_ready = || machines.one(2).get("/readyz").status == 200;
    wait(is_ready, "a clock that agrees again is not believed");
    let sent = count("SELECT COUNT(*) FROM mail WHERE state = 'sent'");
    let uncertain = count("SELECT COUNT(*) FROM mail WHERE state = 'uncertain'");
    let doubted = count("SELECT COUNT(*) FROM mail WHERE doubts > 0");
    machines.end();

    assert_eq!(sent + uncertain, all, "nobody is left out");
    assert!(uncertain <= kills * AT_ONCE, "{uncertain}");
    let received = mail.received();
    let ids: BTreeSet<&str> = received.iter().map(|one| one.id.as_str()).collect();
    let letters: BTreeSet<(&str, &str)> = received.iter().map(letter).collect();
    assert_eq!(letters.len(), ids.len(), "nobody was told twice");
    assert!(ids.len() >= sent, "{} of {sent}", ids.len());
    // A reminder that a kill interrupted is sent again, as the same mail.
    let twice = received.len() - ids.len();
    assert!(twice <= doubted, "{twice} came twice, {doubted} counted");
    assert!(wrong_mail.received().is_empty(), "the wrong clock sends");
    tell(&format!(
        "{mails} mails of a campaign and {reminders} reminders in {took:.0?} on three machines, \
         with {kills} kills and one clock {AHEAD} s ahead: {sent} sent, {uncertain} uncertain, of \
         which {} had arrived; {twice} came twice, and {doubted} were counted as such; 0 by the \
         machine with the wrong clock",
        ids.len() - sent
    ));
}

fn letter(received: &Received) -> (&str, &str) {
    (&received.to, &received.subject)
}

/// Copies the demo's booked lesson, each copy two hours later and with a name of its own, and makes
/// their reminders due.
fn lessons(count: usize) -> String {
    let id = |kind: u8| format!("'00000000-0000-7000-{kind}000-' || LPAD(n::text, 12, '0')");
    let (slot, booking, job) = (id(8), id(9), id(7));
    // Behind the other lessons.
    let later = "(n + 1000) * 7200000::bigint";
    let copied = |table: &str, changed: &str, which: &str| {
        format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record({table}, jsonb_build_object(
                 {changed}))).* FROM {table}, generate_series(1, {count}) AS n WHERE {which}"
        )
    };
    let times = format!("'starts_at', starts_at + {later}, 'ends_at', ends_at + {later}");
    let [slots, bookings, jobs] = [
        copied(
            "slot",
            &format!(
                "'id', {slot}, {times}, 'title', 'Lesson ' || n,
                 'blocks_from', blocks_from + {later}, 'blocks_until', blocks_until + {later}"
            ),
            "id = (SELECT slot_id FROM booking)",
        ),
        copied(
            "booking",
            &format!("'id', {booking}, 'slot_id', {slot}, {times}, 'title', 'Lesson ' || n"),
            "true",
        ),
        copied(
            "job",
            &format!(
                "'id', {job}, 'unique_key', 'booking.remind ' || {booking}, 'due_at', 0,
                 'payload', (payload::jsonb || jsonb_build_object('booking', {booking}))::text"
            ),
            "kind = 'booking.remind'",
        ),
    ];
    format!("{slots}; {bookings}; {jobs}")
}

/// A clock that the tests of the browser move, too: a library before the program adds the seconds
/// that are in a file.
struct Moved {
    library: String,
    file: String,
}

impl Moved {
    fn build(folder: &Path) -> Self {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/browser/clock.c");
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let clock = Self {
            library: path("clock.so"),
            file: path("clock"),
        };
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o", &clock.library, source, "-ldl"])
            .status();
        assert!(built.expect("a C compiler").success());
        clock.set(0);
        clock
    }

    /// Sets by how many seconds the clock is ahead. The program has mapped the file.
    fn set(&self, seconds: i64) {
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.file);
        let written = std::os::unix::fs::FileExt::write_all_at(
            &file.expect("a file"),
            &seconds.to_ne_bytes(),
            0,
        );
        written.expect("written");
    }

    fn environment(&self) -> [(&str, &str); 2] {
        [
            ("LD_PRELOAD", &self.library),
            ("KENDURI_TEST_CLOCK", &self.file),
        ]
    }
}
