//! Measures the cost of a flush to this disk, and compiles a preloaded library that slows down and
//! counts flushes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::median;
use crate::command::{program, run};

pub(super) fn measure(folder: &Path) -> Result<Duration> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        let begin = Instant::now();
        file.sync_data()?;
        times.push(begin.elapsed().as_secs_f64());
    }
    fs::remove_file(path)?;
    Ok(Duration::from_secs_f64(median(times)))
}

/// A library that slows down and counts flushes.
pub(super) struct SlowFlushes {
    library: PathBuf,
    counter: PathBuf,
}

impl SlowFlushes {
    /// Compiles the library into `folder`, with a counter file of this name.
    pub(super) fn prepare(folder: &Path, name: &str) -> Result<Self> {
        let library = folder.join(format!("{name}.so"));
        run(program("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg("lab/preload/slow_flush.c")
            .arg("-ldl"))?;
        let counter = folder.join(format!("{name}.count"));
        fs::write(&counter, 0_u64.to_ne_bytes())?;
        Ok(SlowFlushes { library, counter })
    }

    /// Returns the environment variables for a process whose flushes take `longer`.
    pub(super) fn environment(&self, longer: Duration) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.display().to_string()),
            ("SLOW_FLUSH_COUNT", self.counter.display().to_string()),
            ("SLOW_FLUSH_MS", longer.as_millis().to_string()),
        ]
    }

    pub(super) fn count(&self) -> Result<u64> {
        let bytes = fs::read(&self.counter)?;
        let bytes = bytes.try_into().ok().context("the counter is damaged")?;
        Ok(u64::from_ne_bytes(bytes))
    }
}
