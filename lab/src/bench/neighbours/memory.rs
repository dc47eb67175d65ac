//! The memory of processes, as reported by the kernel.

use std::fs;

use anyhow::{Context, Result};

use crate::bench::load::figure;

/// The total memory of some processes, in MiB.
pub(super) struct Memory {
    /// Proportional memory: shared memory is divided among the processes that share it (`Pss`,
    /// proc(5)).
    pub(super) proportional: f64,
    /// Resident memory: shared memory is counted in full for each process (`Rss`).
    pub(super) resident: f64,
    /// Anonymous memory, which cannot be reclaimed without swap (`Anonymous`).
    pub(super) anonymous: f64,
}

impl Memory {
    pub(super) fn of(processes: &[u32]) -> Result<Self> {
        Ok(Self {
            proportional: sum(processes, "Pss:")?,
            resident: sum(processes, "Rss:")?,
            anonymous: sum(processes, "Anonymous:")?,
        })
    }
}

fn sum(processes: &[u32], name: &str) -> Result<f64> {
    let mut kibibytes = 0;
    for process in processes {
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
        kibibytes += rollup
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next())
            .with_context(|| format!("no {name} in /proc/{process}/smaps_rollup"))?
            .parse::<usize>()?;
    }
    Ok(figure(kibibytes) / 1024.0)
}
