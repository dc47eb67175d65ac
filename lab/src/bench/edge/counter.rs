//! Counts the instructions that a server executes per request. Unlike time, this number does not
//! depend on other load on the machine.

use std::path::Path;
use std::process::Command;

use crate::command::{find, output, program};

const EVENT: &str = "instructions:u";

pub(super) struct Counter {
    is_there: bool,
}

impl Counter {
    /// Checks whether this machine can count instructions, and prints a note if not.
    pub(super) fn look() -> Self {
        let mut trial = program("perf");
        // By default perf writes its counts to standard error, like its error messages.
        trial.args(["stat", "-x,", "--log-fd", "1", "-e", EVENT, "true"]);
        let is_there = output(&mut trial).is_ok_and(|counted| instructions(&counted).is_some());
        if !is_there {
            let why = if find("perf").is_none() {
                "perf is not installed: apt-get install linux-perf"
            } else {
                "this machine has no counter for them, or does not let us read it"
            };
            println!("instructions are not counted: {why}");
        }
        Self { is_there }
    }

    /// Wraps the load command so that perf counts the instructions of the watched processes while
    /// the command runs. perf writes the counts to `file`.
    pub(super) fn around(&self, load: Command, watched: &[u32], file: &Path) -> Command {
        if !self.is_there {
            return load;
        }
        let watched: Vec<_> = watched.iter().map(u32::to_string).collect();
        let mut command = program("perf");
        command
            .args(["stat", "-x,", "-e", EVENT, "-p", &watched.join(",")])
            .arg("-o")
            .arg(file)
            .arg("--")
            .arg(load.get_program())
            .args(load.get_args());
        command
    }
}

/// Parses the output of `perf stat -x,`.
pub(super) fn instructions(counted: &str) -> Option<f64> {
    let line = counted.lines().find(|line| line.contains(EVENT))?;
    line.split(',').next()?.parse().ok()
}
