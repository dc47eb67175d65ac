//! Runs the test binaries side by side, and lists the slowest tests.

use std::collections::VecDeque;
use std::io::{Read as _, Seek as _};
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::build::TestBinary;
use crate::command::{program, start};
use crate::interrupt;

/// Side by side: one for each core in CI.
const BINARIES: usize = 2;
/// In parallel in one binary: more than cores, because many tests wait.
const THREADS: &str = "4";
/// Those that take longest. All others follow in the order of their names.
const FIRST: &[&str] = &[
    "kenduri/end_to_end",
    "kenduri",
    "accounts/asking",
    "bookings/booking",
    "supervisor/services",
    "backup/restoring",
    "occasions-all/hosting",
    "edge/proxy",
    "edge/door",
];
const SLOWEST: usize = 20;
/// Of a binary that ended without a list of its failures.
const LAST_LINES: usize = 40;

struct TestTime {
    seconds: f64,
    name: String,
}

#[derive(Default)]
struct Outcome {
    times: Vec<TestTime>,
    /// The time of each binary, in seconds.
    binaries: Vec<TestTime>,
    failed: Vec<Failure>,
}

struct Failure {
    binary: String,
    /// What it printed of its failures.
    reasons: String,
}

/// Runs every binary with these environment variables. All run, even if one fails.
pub(crate) fn run(mut binaries: Vec<TestBinary>, variables: &[(&str, String)]) -> Result<()> {
    let rank = |name: &str| {
        FIRST
            .iter()
            .position(|first| *first == name)
            .unwrap_or(FIRST.len())
    };
    binaries
        .sort_by(|one, other| (rank(&one.name), &one.name).cmp(&(rank(&other.name), &other.name)));
    let waiting = Mutex::new(VecDeque::from(binaries));
    let outcome = Mutex::new(Outcome::default());
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..BINARIES)
            .map(|_| scope.spawn(|| run_lane(&waiting, variables, &outcome)))
            .collect();
        lanes.into_iter().try_for_each(|lane| {
            lane.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    let outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    print_slowest("binaries", outcome.binaries);
    print_slowest("tests", outcome.times);
    for failure in &outcome.failed {
        println!("\n--- {} FAILED\n{}", failure.binary, failure.reasons);
    }
    ensure!(!interrupt::is_wanted(), "interrupted");
    let failed: Vec<&str> = outcome
        .failed
        .iter()
        .map(|failure| failure.binary.as_str())
        .collect();
    ensure!(failed.is_empty(), "tests failed: {}", failed.join(", "));
    Ok(())
}

fn run_lane(
    waiting: &Mutex<VecDeque<TestBinary>>,
    variables: &[(&str, String)],
    outcome: &Mutex<Outcome>,
) -> Result<()> {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let Some(binary) = next.filter(|_| !interrupt::is_wanted()) else {
            return Ok(());
        };
        let begin = Instant::now();
        let (status, printed) = run_binary(&binary, variables)
            .with_context(|| format!("cannot run the tests of {}", binary.name))?;
        let took = begin.elapsed();
        let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        println!(
            "\n--- {}: {:.1} s\n{printed}",
            binary.name,
            took.as_secs_f64()
        );
        outcome.record(&binary.name, status, took, &printed);
    }
}

impl Outcome {
    fn record(&mut self, binary: &str, status: ExitStatus, took: Duration, printed: &str) {
        self.times.extend(printed.lines().filter_map(|line| {
            let (test, seconds) = read_time(line)?;
            let name = format!("{binary}: {test}");
            Some(TestTime { seconds, name })
        }));
        self.binaries.push(TestTime {
            seconds: took.as_secs_f64(),
            name: binary.to_owned(),
        });
        if !status.success() {
            println!("--- {binary} FAILED: {status}");
            self.failed.push(Failure {
                binary: binary.to_owned(),
                reasons: reasons(printed),
            });
        }
    }
}

/// The output is returned whole, so that outputs do not mix.
fn run_binary(binary: &TestBinary, variables: &[(&str, String)]) -> Result<(ExitStatus, String)> {
    let mut file = tempfile::tempfile()?;
    let mut command = program(&binary.program);
    command
        .current_dir(&binary.folder)
        .env("CARGO_MANIFEST_DIR", &binary.folder)
        .env("RUST_TEST_THREADS", THREADS)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        // The time of each test is an unstable option of the test harness.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["-Z", "unstable-options", "--report-time"])
        .stdout(file.try_clone()?)
        .stderr(file.try_clone()?);
    let (mut child, running) = start(&mut command)?;
    let status = child.wait()?;
    drop(running);
    let mut printed = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut printed)?;
    Ok((status, String::from_utf8_lossy(&printed).into_owned()))
}

/// The end of what a binary printed, from its failures on, without the frames of
/// backtraces: the end of a long log is what people read first.
fn reasons(printed: &str) -> String {
    let lines: Vec<&str> = printed.lines().filter(|line| !is_frame(line)).collect();
    let from = lines
        .iter()
        .position(|line| *line == "failures:")
        .unwrap_or(lines.len().saturating_sub(LAST_LINES));
    lines[from..].join("\n")
}

/// `  12: function` or `at file:line:column`
fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("at ")
        || line
            .split_once(": ")
            .is_some_and(|(number, _)| number.parse::<u16>().is_ok())
}

/// `test name ... ok <1.234s>`
fn read_time(line: &str) -> Option<(&str, f64)> {
    let (test, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let seconds = rest.split_once('<')?.1.strip_suffix("s>")?;
    Some((test, seconds.parse().ok()?))
}

fn print_slowest(what: &str, mut times: Vec<TestTime>) {
    times.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    println!("\nThe slowest {what}:");
    for time in times.iter().take(SLOWEST) {
        println!("{:>8.1} s  {}", time.seconds, time.name);
    }
}

#[cfg(test)]
mod tests {
    use super::{read_time, reasons};

    #[test]
    fn the_time_of_a_test_is_read() {
        assert_eq!(read_time("test a::b ... ok <1.250s>"), Some(("a::b", 1.25)));
        assert_eq!(
            read_time("test a::b ... FAILED <0.001s>"),
            Some(("a::b", 0.001))
        );
        assert_eq!(read_time("test a::b ... ignored"), None);
        assert_eq!(read_time("running 3 tests"), None);
    }
    #[test]
    fn the_reasons_of_a_failure_are_its_last_lines_without_frames() {
        let printed = "test a ... ok\nfailures:\n---- b stdout ----\npanicked at b.rs:3:\n\
                       left: 1\n   0: rust_begin_unwind\n             at /b.rs:3:1\n";
        assert_eq!(
            reasons(printed),
            "failures:\n---- b stdout ----\npanicked at b.rs:3:\nleft: 1"
        );
        assert_eq!(reasons("signal: 6\n   3: abort\n"), "signal: 6");
    }
}
