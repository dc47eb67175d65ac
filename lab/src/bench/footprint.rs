//! `bench footprint`: the resources that the program needs on a small machine.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::Runtime;

use super::load::figure;
use super::server::Server;
use super::{binary, crawl, median, new_folder};
use crate::command::{program, run};

/// Kenduri's timers fire, the buffered times of opened invitations are written and memory is freed.
const SETTLE: Duration = Duration::from_secs(15);
const STARTS: usize = 9;

pub(super) fn bench(runtime: &Runtime, clean_build: bool) -> Result<()> {
    let folder = new_folder()?;
    let data = folder.path().join("data");
    runtime.block_on(async {
        let server = Server::kenduri(&data, &[], None).await?;
        let fresh = server.resident()?;
        let pages = crawl::click_through(&server).await?;
        tokio::time::sleep(SETTLE).await;
        let clicked = server.resident()?;
        drop(server);
        println!(
            "\nidle memory after start              {:>7.1} MB",
            megabytes(fresh)
        );
        println!(
            "idle memory after {pages:>3} pages          {:>7.1} MB  (goal: less than 30)",
            megabytes(clicked)
        );
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            let begin = Instant::now();
            let server = Server::kenduri(&data, &[], None).await?;
            starts.push(begin.elapsed().as_secs_f64() * 1000.0);
            drop(server);
        }
        println!(
            "start to first 200, existing store   {:>7.1} ms  (goal: less than 100)",
            median(starts)
        );
        anyhow::Ok(())
    })?;
    let size = fs::metadata(binary())?.len();
    println!(
        "stripped program                     {:>7.1} MB  (goal: less than 30)",
        megabytes(size)
    );
    if clean_build {
        let target = folder.path().join("target");
        let begin = Instant::now();
        run(program("cargo")
            .args([
                "build",
                "--release",
                "--locked",
                "-p",
                "kenduri",
                "--target-dir",
            ])
            .arg(&target))?;
        println!(
            "clean release build                  {:>7.0} s",
            begin.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

/// Of 1,000,000 bytes, as used for disks.
fn megabytes(bytes: u64) -> f64 {
    usize::try_from(bytes).map_or(f64::NAN, figure) / 1e6
}
