//! The memory of a site: what all its processes use together, at most.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};

const PAUSE: Duration = Duration::from_millis(100);

/// Samples the proportional memory of a process and all its descendants (`Pss`, proc(5)).
pub(super) struct Peak {
    is_over: Arc<AtomicBool>,
    sampling: Option<JoinHandle<u64>>,
}

impl Peak {
    /// Begins to sample. Fails if the kernel does not tell the memory.
    pub(super) fn watch(process: u32) -> Result<Self> {
        proportional(process).context("no memory of the program in /proc")?;
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let sampling = std::thread::spawn(move || {
            let mut peak = 0;
            while !ends.load(Ordering::Relaxed) {
                let processes = with_descendants(process);
                // A process that has just ended has no memory.
                let sum = processes.into_iter().filter_map(proportional).sum();
                peak = peak.max(sum);
                std::thread::sleep(PAUSE);
            }
            peak
        });
        Ok(Self {
            is_over,
            sampling: Some(sampling),
        })
    }

    /// Returns the most bytes that were used at a time.
    pub(super) fn end(mut self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        let sampling = self.sampling.take();
        sampling.map_or(u64::MAX, |sampling| sampling.join().unwrap_or(u64::MAX))
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// In bytes.
fn proportional(process: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn with_descendants(process: u32) -> Vec<u32> {
    let mut all = vec![process];
    let mut next = 0;
    while let Some(&process) = all.get(next) {
        next += 1;
        // Each thread has a list of the children that it started.
        let threads = fs::read_dir(format!("/proc/{process}/task"));
        for thread in threads.into_iter().flatten().flatten() {
            let children = fs::read_to_string(thread.path().join("children"));
            let children = children.unwrap_or_default();
            all.extend(
                children
                    .split_whitespace()
                    .filter_map(|id| id.parse::<u32>().ok()),
            );
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_memory_of_children_counts() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let all = with_descendants(std::process::id());
        assert!(all.contains(&child.id()) && all.contains(&std::process::id()));
        assert!(proportional(child.id()) > Some(0));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(proportional(child.id()), None);
    }
}
