//! A machine is thrown away in a wedding, and another one that follows its backup takes its place.

use std::fs;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use rustix::process::Signal;

use crate::backup::Machine;
use crate::engine::Engine;
use crate::http;
use crate::killing::{event, open_households};
use crate::load::{Acknowledged, Load, last_versions, tell, times};
use crate::lost_machine::answer_until_killed;
use crate::power_loss::versions;
use crate::program::{PATIENCE, Program, command, run, text};

/// From the order to the first page.
const LONGEST: Duration = Duration::from_secs(10);
/// Answers that may be missing, before the loss.
const MOST_MISSING: SignedDuration = SignedDuration::from_secs(2);

/// The settings of a machine that follows, with these lines for its files.
fn settings(machine: &Machine, files: &str) -> String {
    settings_of(machine, "other", files)
}

fn settings_of(machine: &Machine, data: &str, files: &str) -> String {
    let path = machine.folder.path().join(format!("{data}.toml"));
    let to = machine.folder.path().join("elsewhere");
    let text = format!(
        "data = \"{data}\"\n[backup]\nto = \"folder:{}\"\ndrill = \"off\"\n{files}",
        to.display()
    );
    fs::write(&path, text).expect("settings");
    path.to_string_lossy().into_owned()
}

/// Nothing of this test is in that bucket.
const FILES: &str = "[files]\nurl = \"s3://pictures\"\nendpoint = \"http://127.0.0.1:9\"\n\
                     access_key = \"key\"\nsecret_key = \"secret\"\n";

fn follow(machine: &Machine, passphrase: &str, settings: &str) -> Program {
    let mut command = command(&[]);
    let from = machine.from();
    command.args(["follow", "--from", &from, "--passphrase-file", passphrase]);
    command.args(["--config", settings, "--listen", "127.0.0.1:0"]);
    Program::begin(command, Stdio::null())
}

const FOLLOW: &str = "[follow]\nautomatic = true\n";
const POLL: Duration = Duration::from_millis(50);

/// Fails if the machine that took over lacks an answer that was acknowledged before `until`. Returns
/// how long that was before the loss, and how many households lack an answer of more than 2 s before
/// it.
fn compare(
    machine: &Machine,
    acknowledged: &[Acknowledged<Timestamp>],
    thrown_away: Timestamp,
    until: Timestamp,
) -> (SignedDuration, usize) {
    let missing = thrown_away.duration_since(until);
    let store = machine.folder.path().join("other/kenduri.db");
    let stored = versions(&Connection::open(&store).expect("a store"));
    let copied = acknowledged.iter().filter(|one| one.at < until);
    for (code, version) in last_versions(copied) {
        assert!(
            stored[code] >= version,
            "{code} lost an answer of before {until}"
        );
    }
    let of_before = acknowledged
        .iter()
        .filter(|one| thrown_away.duration_since(one.at) > MOST_MISSING);
    let lost = last_versions(of_before);
    let lost = lost
        .iter()
        .filter(|(code, version)| stored[**code] < **version);
    (missing, lost.count())
}

#[test]
fn a_machine_that_follows_takes_the_place_of_one_that_is_thrown_away() {
    let machine = Machine::new();
    let (program, passphrase) = machine.serve_demo();
    let here = machine.settings();
    let there = settings(&machine, FILES);
    let following = |settings: &str| follow(&machine, &passphrase, settings);
    let mut follower = following(&there);
    follower.wait_for_line("Kenduri follows");
    let refused = run(&["serve", "--config", &there], machine.folder.path(), &[]);
    assert!(
        text(&refused.stderr).contains("already running"),
        "{refused:?}"
    );
    let refused = run(
        &["backup", "now", "--config", &there],
        machine.folder.path(),
        &[],
    );
    assert!(
        text(&refused.stderr).contains("kenduri take-over"),
        "{refused:?}"
    );

    let mut households = open_households(&program, Engine::Sqlite.invitations(&machine.data()));
    let (acknowledged, thrown_away) = answer_until_killed(program, &mut households);
    fs::rename(machine.data(), machine.folder.path().join("thrown-away")).expect("thrown away");

    let begin = Instant::now();
    let output = run(
        &["take-over", "--config", &there],
        machine.folder.path(),
        &[],
    );
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains("Kenduri serves here now"), "{said}");
    follower.address = follower.listener("http://");
    let code = &households[0].code;
    let answer = follower.get(&format!("/api/v1/invitations/{code}"));
    assert_eq!(answer.status, 200);
    let served = begin.elapsed();
    assert!(served <= LONGEST, "{served:?}");

    let until = said
        .split_once("until ")
        .and_then(|(_, rest)| rest.split_once(" is here"));
    let until: Timestamp = until.and_then(|(at, _)| at.parse().ok()).expect("a time");
    let (missing, lost) = compare(&machine, &acknowledged, thrown_away, until);
    tell(&format!(
        "a machine thrown away after {} acknowledged answers: the one that follows served an invitation after {:.1} s; \
         whole until {:.1} s before the loss, {lost} households without an answer of more than 2 s before it",
        acknowledged.len(),
        served.as_secs_f64(),
        missing.as_secs_f64(),
    ));

    // It writes the backup from now on.
    let backed_up = run(
        &["backup", "now", "--config", &there],
        machine.folder.path(),
        &[],
    );
    assert!(backed_up.status.success(), "{backed_up:?}");
    // The machine that was thrown away comes back. It serves, and writes nothing to the backup.
    fs::rename(machine.folder.path().join("thrown-away"), machine.data()).expect("back");
    let mut old = Program::serve(&["--config", &here], &[]);
    let refused = machine
        .run(&["backup", "now"])
        .expect_err("another machine writes");
    assert!(refused.contains("in place of this machine"), "{refused}");
    assert_eq!(old.end(Signal::TERM).code(), Some(0));
    // Started again, the one that followed serves at once.
    assert_eq!(follower.end(Signal::TERM).code(), Some(0));
    let mut follower = following(&there);
    follower.address = follower.listener("http://");
    let page = format!("/api/v1/invitations/{code}");
    assert_eq!(follower.get(&page).status, 200);

    // After a move in order, nothing is missing.
    let third = settings_of(&machine, "third", FILES);
    let mut next = following(&third);
    next.wait_for_line("Kenduri follows");
    assert_eq!(follower.end(Signal::TERM).code(), Some(0));
    let words = ["take-over", "--config", &third];
    let said = text(&run(&words, machine.folder.path(), &[]).stdout);
    assert!(said.contains("ended its backup in order"), "{said}");
    next.address = next.listener("http://");
    assert_eq!(next.get(&page).status, 200);
    assert_eq!(next.end(Signal::TERM).code(), Some(0));
}

#[test]
fn what_a_take_over_would_lose_is_refused_before() {
    let machine = Machine::new();
    let data = machine.data().to_string_lossy().into_owned();
    let here = machine.settings();
    let mut program = Program::serve(&["--config", &here, "--data", &data], &[]);
    let passphrase = machine.make_key().to_string_lossy().into_owned();
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let from = machine.from();
    let refuse = |files: &str, from: &str| {
        let there = settings(&machine, files);
        let words = [
            "follow",
            "--from",
            from,
            "--passphrase-file",
            &passphrase,
            "--config",
            &there,
        ];
        let output = run(&words, machine.folder.path(), &[]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        text(&output.stderr)
    };
    let said = refuse("", &from);
    assert!(said.contains("files.url names a folder"), "{said}");
    let said = refuse(FILES, "folder:/nowhere");
    assert!(said.contains("set backup.to to folder:/nowhere"), "{said}");
    let database = format!("{FILES}[store]\nurl = \"postgres://kenduri@127.0.0.1:9/kenduri\"\n");
    let said = refuse(&database, &from);
    assert!(
        said.contains("only an SQLite file can be followed"),
        "{said}"
    );
    // Nobody follows, so nobody takes over.
    let there = settings(&machine, FILES);
    let output = run(
        &["take-over", "--config", &there],
        machine.folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    // While something is fetched for long, it answers, and ends when it is told to.
    let slow = machine
        .folder
        .path()
        .join("elsewhere/manifests/9999999999999-00000000");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &slow, mode).expect("a pipe that nobody writes to");
    let mut follower = follow(&machine, &passphrase, &there);
    let (send, opened) = mpsc::channel();
    std::thread::spawn(move || send.send(fs::File::options().write(true).open(slow)));
    // The follower has opened it.
    let _writer = opened.recv_timeout(LONGEST).expect("a reader");
    let words = ["backup", "now", "--config", &there];
    let refused = run(&words, machine.folder.path(), &[]);
    let said = text(&refused.stderr);
    assert!(said.contains("kenduri take-over"), "{said}");
    // The passphrase of a key that nothing has been sealed with would mislead.
    assert!(refused.stdout.is_empty(), "{refused:?}");
    assert_eq!(follower.end(Signal::TERM).code(), Some(0));
    // What it has begun to fill is not served.
    let served = run(&["serve", "--config", &there], machine.folder.path(), &[]);
    let said = text(&served.stderr);
    assert!(said.contains("incomplete data is not served"), "{said}");
    // A machine that has data of its own does not follow.
    fs::create_dir_all(machine.folder.path().join("other")).expect("a folder");
    fs::write(machine.folder.path().join("other/kenduri.db"), "").expect("a store");
    let said = refuse(FILES, &from);
    assert!(said.contains("already exists"), "{said}");
}

/// With [`FOLLOW`] on both machines.
fn automatic() -> (Machine, String) {
    let machine = Machine::new();
    let file = machine.settings();
    let written = fs::read_to_string(&file).expect("settings");
    fs::write(&file, format!("{written}{FOLLOW}")).expect("settings");
    let there = settings(&machine, &format!("{FILES}{FOLLOW}"));
    (machine, there)
}

/// This takes more than a minute, so only `cargo xtask show backup` does it.
#[test]
fn a_machine_that_follows_takes_over_by_itself_when_the_other_one_is_thrown_away() {
    if times(0) == 0 {
        return;
    }
    let (machine, there) = automatic();
    let (program, passphrase) = machine.serve_demo();
    let mut follower = follow(&machine, &passphrase, &there);
    follower.wait_for_line("Kenduri follows");
    let mut households = open_households(&program, Engine::Sqlite.invitations(&machine.data()));
    let (acknowledged, thrown_away) = answer_until_killed(program, &mut households);
    fs::rename(machine.data(), machine.folder.path().join("thrown-away")).expect("thrown away");
    let lost_at = Instant::now();
    // The last step of a take-over removes this folder.
    let following = machine.folder.path().join("other/following");
    while following.exists() {
        assert!(lost_at.elapsed() < 2 * PATIENCE, "nothing takes over");
        std::thread::sleep(POLL);
    }
    let begin = Instant::now();
    follower.address = follower.listener("http://");
    let path = format!("/api/v1/invitations/{}", households[0].code);
    assert_eq!(follower.get(&path).status, 200);
    let (served, waited) = (begin.elapsed(), lost_at.elapsed());
    assert!(served <= LONGEST, "{served:?}");
    let mark = fs::read(machine.folder.path().join("other/taken-over")).expect("a mark");
    let mark: serde_json::Value = serde_json::from_slice(&mark).expect("a note");
    let until = Timestamp::from_millisecond(mark["whole_until"].as_i64().expect("a time"));
    let until = until.expect("a time");
    let (missing, lost) = compare(&machine, &acknowledged, thrown_away, until);
    tell(&format!(
        "a machine thrown away after {} acknowledged answers: the one that follows took over by itself, and served an invitation {:.1} s later, of which the last {:.1} s after its take-over; \
         whole until {:.1} s before the loss, {lost} households without an answer of more than 2 s before it",
        acknowledged.len(),
        waited.as_secs_f64(),
        served.as_secs_f64(),
        missing.as_secs_f64(),
    ));
    assert_eq!(follower.end(Signal::TERM).code(), Some(0));
}

/// Unit tests of the crate `backup` let minutes pass. Here, the place is away from the beginning.
#[test]
fn a_machine_that_another_one_may_replace_by_itself_saves_nothing_without_its_backup() {
    let (machine, there) = automatic();
    let file = machine.settings();
    let (mut program, passphrase) = machine.serve_demo();
    let mut households = open_households(&program, Engine::Sqlite.invitations(&machine.data()));
    let mut save = |program: &Program| {
        let (load, household) = (Load::default(), &mut households[0]);
        // It asks once.
        load.is_ended.store(true, Ordering::Relaxed);
        load.save(&program.address, household, || ()).is_some()
    };
    assert!(save(&program));
    let mut follower = follow(&machine, &passphrase, &there);
    follower.wait_for_line("It also takes over by itself");
    assert_eq!(follower.end(Signal::TERM).code(), Some(0));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    let away = machine.folder.path().join("away");
    fs::rename(machine.place(), &away).expect("away");
    let mut program = Program::serve(&["--config", &file], &[]);
    let households = open_households(&program, Engine::Sqlite.invitations(&machine.data()));
    let path = format!("/api/v1/invitations/{}/rsvp", households[0].code);
    let headers = [("Content-Type", "application/json")];
    let known = &households[0].known;
    let body = serde_json::json!({
        "version": known["version"],
        "guests": [{ "id": known["guests"][0]["id"], "replies": { event(known): "yes" } }],
    });
    let body = body.to_string();
    let sent = http::send(&program.address, "PUT", &path, &headers, body.as_bytes());
    let refused = sent.expect("an answer");
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &"saving_paused".into())
    );
    assert_eq!(refused.header("Retry-After"), Some("60"));
    let page = program.get(&format!("/invite/{}", households[0].code));
    assert_eq!(page.status, 200, "it still shows pages");
    let not_ready = program.get("/readyz");
    assert_eq!(not_ready.status, 503);
    let said = not_ready.text();
    assert!(said.contains("without the lease of the backup"), "{said}");

    // As soon as the place is back, it goes on.
    fs::rename(&away, machine.place()).expect("back");
    let end = Instant::now() + PATIENCE;
    while program.get("/readyz").status != 200 {
        assert!(Instant::now() < end, "{}", program.get("/readyz").text());
    }
    assert!(save(&program));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
