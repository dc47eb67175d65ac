//! Instructions that a server runs for a request: unlike its time they do not depend on what
//! else the machine does.

use std::path::Path;
use std::process::Command;

use crate::command::{find, output, program};

const EVENT: &str = "instructions:u";

/// Counts instructions, where the processor tells them.
pub(super) struct Counter {
    is_there: bool,
}

impl Counter {
    /// Looks whether this machine counts, and says so if it does not.
    pub(super) fn look() -> Self {
        let mut trial = program("perf");
        // It shows what it counted on its second output, as it does its complaints.
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

    /// The command, while which these processes are watched. What they ran is written to `file`.
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

/// What `perf stat -x,` has counted.
pub(super) fn instructions(counted: &str) -> Option<f64> {
    let line = counted.lines().find(|line| line.contains(EVENT))?;
    line.split(',').next()?.parse().ok()
}
