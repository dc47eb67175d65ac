//! A machine is lost in the middle of a wedding, and two commands restore it elsewhere. `cargo
//! xtask show backup` does the same with more answers.

use std::fs;
use std::time::Instant;

use jiff::Timestamp;
use platform::Clock;
use rusqlite::Connection;
use rustix::process::Signal;

use crate::backup::Machine;
use crate::engine::Engine;
use crate::killing::{Household, open_households};
use crate::load::{Acknowledged, Load, Until, last_versions, tell, times};
use crate::power_loss::{versions, wait_for};
use crate::program::{Program, run, text};

/// Saves answers, and kills the program meanwhile. Returns what was acknowledged, and the time of the
/// end.
pub(crate) fn answer_until_killed(
    program: Program,
    households: &mut [Household],
) -> (Vec<Acknowledged<Timestamp>>, Timestamp) {
    let (load, answers) = (Load::default(), times(300));
    let now = || Clock::System.now();
    let outcome = std::thread::scope(|scope| {
        let answering = scope.spawn(|| load.run(&program.address, households, now));
        let until = Until(&load.is_ended);
        wait_for(&load, answers);
        program.signal(Signal::KILL);
        let thrown_away = now();
        drop(until);
        (answering.join().expect("the clients"), thrown_away)
    });
    drop(program);
    outcome
}

#[test]
fn a_machine_thrown_away_in_a_wedding_is_restored_by_two_commands() {
    let machine = Machine::new();
    let (program, passphrase) = machine.serve_demo();
    let mut households = open_households(&program, Engine::Sqlite.invitations(&machine.data()));
    let (acknowledged, thrown_away) = answer_until_killed(program, &mut households);
    fs::remove_dir_all(machine.data()).expect("thrown away");

    let begin = Instant::now();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let data = elsewhere.path().join("data").to_string_lossy().into_owned();
    let from = machine.from();
    let words = [
        "restore",
        "--from",
        &from,
        "--passphrase-file",
        &passphrase,
        "--data",
        &data,
    ];
    let output = run(&words, elsewhere.path(), &[]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let until = said.strip_prefix("Restored the state of ");
    let until = until.and_then(|rest| rest.split_whitespace().next());
    let until: Timestamp = until.and_then(|at| at.parse().ok()).expect("a time");
    let restored = begin.elapsed();
    let mut program = Program::serve(&["--data", &data], &[]);
    let code = &households[0].code;
    let answer = program.get(&format!("/api/v1/invitations/{code}"));
    assert_eq!(answer.status, 200);
    let served = begin.elapsed();
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    // Everything that was acknowledged before the restored time is there.
    let store = Connection::open(elsewhere.path().join("data/kenduri.db")).expect("a store");
    let stored = versions(&store);
    let copied = acknowledged.iter().filter(|one| one.at < until);
    for (code, version) in last_versions(copied) {
        assert!(stored[code] >= version, "{code} lost an answer");
    }
    let lost: i64 = last_versions(acknowledged.iter())
        .into_iter()
        .map(|(code, version)| (version - stored[code]).max(0))
        .sum();
    tell(&format!(
        "a machine thrown away after {} acknowledged answers: restored in {:.1} s, an invitation served after {:.1} s; \
         the restored state is {:.1} s older than the loss, without {lost} answers, and every answer before it is there",
        acknowledged.len(),
        restored.as_secs_f64(),
        served.as_secs_f64(),
        thrown_away.duration_since(until).as_secs_f64(),
    ));
}
