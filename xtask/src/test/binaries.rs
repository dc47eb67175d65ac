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

struct TestTime {
    seconds: f64,
    name: String,
}

#[derive(Default)]
struct Outcome {
    times: Vec<TestTime>,
    /// The time of each binary, in seconds.
    binaries: Vec<TestTime>,
    failed: Vec<String>,
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
    ensure!(!interrupt::is_wanted(), "interrupted");
    ensure!(
        outcome.failed.is_empty(),
        "tests failed: {}",
        outcome.failed.join(", ")
    );
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
            self.failed.push(binary.to_owned());
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
    use super::read_time;

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
}
