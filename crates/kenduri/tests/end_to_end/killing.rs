//! Kills Kenduri with `kill -9` while many answers are saved. Every acknowledged answer must be
//! stored, and every mail must be sent once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Database, Engine};
use crate::http;
use crate::mail_server::{MailServer, Received};
use crate::program::Program;

/// The maximum number of acknowledged answers before Kenduri is killed in a round.
const DEPTH: usize = 140;
/// The number of clients that save concurrently.
const CLIENTS: usize = 8;
/// The time limit for answers and mails, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn sqlite_loses_nothing() {
    lose_nothing(&Engine::Sqlite);
}

#[test]
fn postgres_loses_nothing() {
    if let Some(database) = Database::create("killing") {
        lose_nothing(&Engine::Postgres(database));
    }
}

/// A household, with the state that its client knows.
#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub(crate) code: String,
    /// The email address for the confirmation mail.
    address: Option<String>,
    /// The last acknowledged state.
    pub(crate) known: Value,
    /// A saved note that was not acknowledged.
    unanswered: Option<String>,
    acknowledged: usize,
}

fn lose_nothing(engine: &Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let mail = MailServer::start();
    let settings = [
        format!("mail.url=smtp://{}", mail.address),
        "mail.per_minute=10000".to_owned(),
        format!("store.url={}", engine.url()),
        // The demo's reminders of a lesson would be due, too.
        "bookings.enabled=false".to_owned(),
    ];
    let mut arguments = vec!["--demo", "--data", &data];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));

    let mut program = Program::serve(&arguments, &[]);
    let mut households = open_households(&program, engine.invitations(folder.path()));
    // Kenduri is killed twice under load, or 80 times in long test runs.
    let rounds = (testkit::rounds() * 2 / 5).max(2);
    for round in 0..rounds {
        // Each round kills Kenduri after a different number of answers.
        let depth = CLIENTS + DEPTH * round / rounds;
        answer_until_killed(program, &mut households, round, depth);
        program = Program::serve(&arguments, &[]);
        for household in &mut households {
            check(&program, household);
        }
    }
    let acknowledged = households.iter().map(|household| household.acknowledged);
    let acknowledged: usize = acknowledged.sum();
    assert!(acknowledged >= rounds * CLIENTS, "{acknowledged}");

    // Each household with an email address and an acknowledged answer must get a confirmation.
    let answered = households.iter().filter(|one| one.acknowledged > 0);
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for address in answered.filter_map(|household| household.address.clone()) {
        *expected.entry(address).or_default() += 1;
    }
    // Kenduri is also killed while it sends mails. The confirmations are delayed, so all jobs are
    // made due.
    program.kill();
    engine.make_all_jobs_due(folder.path());
    for count in [1, 3, 6, 10] {
        program = Program::serve(&arguments, &[]);
        let so_many = mail.wait(PATIENCE, |received| received.len() >= count);
        assert!(so_many, "{:?}", mail.received());
        program.kill();
    }
    // If jobs were not made due, interrupted jobs would wait until their leases expire. This must
    // not be done between the kills, because a mail that is interrupted twice is not tried again.
    engine.make_all_jobs_due(folder.path());
    program = Program::serve(&arguments, &[]);
    let all = mail.wait(PATIENCE, |received| letters(received) == expected);
    let received = mail.received();
    assert!(all, "{received:?} instead of {expected:?}");
    check_copies(&program, &received);
}

/// Counts the distinct mails to each address.
fn letters(received: &[Received]) -> BTreeMap<String, usize> {
    let mut ids = BTreeSet::new();
    let mut letters = BTreeMap::new();
    for mail in received {
        if ids.insert(&mail.id) {
            *letters.entry(mail.to.clone()).or_default() += 1;
        }
    }
    letters
}

/// Checks that no recipient got a mail twice. A mail may arrive twice only if a kill made its
/// delivery uncertain.
fn check_copies(program: &Program, received: &[Received]) {
    let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
    for mail in received {
        *copies.entry(&mail.id).or_default() += 1;
    }
    assert!(copies.values().all(|count| *count <= 2), "{copies:?}");
    let doubled = copies.values().filter(|count| **count > 1).count();
    let figures = program.get("/metrics").text();
    let uncertain: usize = figures
        .lines()
        .find_map(|line| line.strip_prefix("kenduri_mails_doubted "))
        .and_then(|count| count.parse().ok())
        .expect("a figure");
    assert!(
        doubled <= uncertain,
        "{doubled} doubled, {uncertain} uncertain"
    );
}

/// Returns the demo's households that have not answered yet.
pub(crate) fn open_households(
    program: &Program,
    invitations: Vec<(String, Option<String>)>,
) -> Vec<Household> {
    let households: Vec<Household> = invitations
        .into_iter()
        .map(|(code, address)| Household {
            known: program.get(&format!("/api/v1/invitations/{code}")).json(),
            code,
            address,
            unanswered: None,
            acknowledged: 0,
        })
        .filter(|household| household.known["access"] == "open")
        .collect();
    assert!(households.len() >= CLIENTS, "{}", households.len());
    households
}

/// Lets all clients save answers until `depth` answers are acknowledged, and then kills Kenduri.
fn answer_until_killed(program: Program, households: &mut [Household], round: usize, depth: usize) {
    let address = program.address.clone();
    let dead = AtomicBool::new(false);
    let sent = AtomicUsize::new(0);
    let (acknowledged, told) = channel();
    let share = households.len().div_ceil(CLIENTS);
    std::thread::scope(|scope| {
        for households in households.chunks_mut(share) {
            let (address, dead, sent) = (&address, &dead, &sent);
            let acknowledged = acknowledged.clone();
            scope.spawn(move || {
                while !dead.load(Ordering::Relaxed) {
                    for household in &mut *households {
                        let note = format!("{round}-{}", sent.fetch_add(1, Ordering::Relaxed));
                        if !answer(address, household, note, &acknowledged) {
                            // Kenduri was killed.
                            return;
                        }
                    }
                }
            });
        }
        for _ in 0..depth {
            told.recv_timeout(PATIENCE).expect("an acknowledged answer");
        }
        program.kill();
        dead.store(true, Ordering::Relaxed);
    });
}

/// Saves an answer. Returns `false` if there is no response.
fn answer(address: &str, household: &mut Household, note: String, told: &Sender<()>) -> bool {
    let known = &household.known;
    let event = event(known);
    let reply = if reply(known) == "yes" { "no" } else { "yes" };
    let body = json!({
        "version": known["version"],
        "guests": [{ "id": known["guests"][0]["id"], "replies": { event: reply } }],
        "note": { "text": note, "version": known["note"]["version"] },
    });
    household.unanswered = Some(note);
    let path = format!("/api/v1/invitations/{}/rsvp", household.code);
    let headers = [("Content-Type", "application/json")];
    let sent = http::send(address, "PUT", &path, &headers, body.to_string().as_bytes());
    let Ok(back) = sent else {
        return false;
    };
    assert_eq!(back.status, 200, "{} {}", household.code, back.text());
    household.known = back.json();
    household.unanswered = None;
    household.acknowledged += 1;
    told.send(()).is_ok()
}

/// Checks that every acknowledged save is stored, and that an unacknowledged save is stored either
/// completely or not at all.
fn check(program: &Program, household: &mut Household) {
    let address = format!("/api/v1/invitations/{}", household.code);
    let stored = program.get(&address).json();
    let unanswered = household.unanswered.take();
    let known = std::mem::replace(&mut household.known, stored);
    let stored = &household.known;
    let version = |state: &Value| state["version"].as_i64().expect("a version");
    if version(stored) == version(&known) {
        for part in ["guests", "note"] {
            assert_eq!(
                stored[part], known[part],
                "{} lost an answer",
                household.code
            );
        }
        return;
    }
    let code = &household.code;
    assert_eq!(
        version(stored),
        version(&known) + 1,
        "{code} lost an answer"
    );
    assert_eq!(
        stored["note"]["text"].as_str(),
        unanswered.as_deref(),
        "{code} has half an answer"
    );
    assert_ne!(reply(stored), reply(&known), "{code} has half an answer");
}

/// Returns the last event to which the household is invited. That event has the most room.
pub(crate) fn event(state: &Value) -> &str {
    let last = state["events"].as_array().and_then(|events| events.last());
    last.and_then(|event| event["key"].as_str())
        .expect("an event")
}

/// Returns the first guest's reply to the last event.
pub(crate) fn reply(state: &Value) -> &str {
    let replies = &state["guests"][0]["replies"];
    replies[event(state)].as_str().expect("a reply")
}
