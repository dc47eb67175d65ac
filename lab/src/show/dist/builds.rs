//! Builds one commit twice and compares the results.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{artefact, folder};
use crate::command::{output, program, run};
use crate::dist;
use crate::workspace::root;

const SUMS: &str = "SHA256SUMS";

/// Returns folders with results of `cargo xtask dist`: the folders named by the user, or else
/// builds of one or two clones of this commit.
pub(super) fn provide(named: &[PathBuf], is_compared: bool) -> Result<Vec<PathBuf>> {
    if !named.is_empty() {
        let real = named.iter().map(fs::canonicalize);
        return real
            .collect::<Result<_, _>>()
            .context("no such folder is built");
    }
    let commit = output(program("git").args(["rev-parse", "HEAD"]))?;
    let changed = output(program("git").args(["status", "--porcelain"]))?;
    ensure!(
        changed.is_empty(),
        "builds are of a commit, and there are changes that are in none"
    );
    let wanted: &[_] = if is_compared {
        &["first", "second"]
    } else {
        &["first"]
    };
    wanted.iter().map(|name| build(name, &commit)).collect()
}

fn build(name: &str, commit: &str) -> Result<PathBuf> {
    let clone = folder().join(name);
    let built = clone.join("target/dist");
    let is_of_commit = || {
        let head = output(
            program("git")
                .args(["rev-parse", "HEAD"])
                .current_dir(&clone),
        );
        head.is_ok_and(|head| head == commit)
    };
    if !clone.exists() || !is_of_commit() {
        if clone.exists() {
            fs::remove_dir_all(&clone)?;
        }
        fs::create_dir_all(folder())?;
        run(program("git")
            .args(["clone", "--quiet"])
            .arg(root())
            .arg(&clone))?;
        ensure!(is_of_commit(), "the clone is of another commit");
    }
    if !built.join(SUMS).exists() {
        run(program("nice")
            .args(["-n", "10", "cargo", "xtask", "dist"])
            .env_remove("CARGO_TARGET_DIR")
            .current_dir(&clone))?;
    }
    Ok(built)
}

/// Prints the first build's sizes, and checks that the other builds have the same checksums.
pub(super) fn show(first: &Path, others: &[PathBuf]) -> Result<()> {
    let sums = fs::read_to_string(first.join(SUMS))?;
    println!("\nwhat a release page has");
    for name in sums
        .lines()
        .filter_map(|line| line.split_whitespace().last())
    {
        let bytes = fs::metadata(first.join(name))?.len();
        println!("{:>9.1} MB  {name}", megabytes(bytes));
    }
    let unpacked = tempfile::tempdir()?;
    output(
        program("tar")
            .args(["--extract", "--strip-components=1", "--file"])
            .arg(artefact(first, ".tar.gz")?)
            .arg("--directory")
            .arg(unpacked.path()),
    )?;
    let binary = unpacked.path().join("kenduri");
    let newest = dist::newest_glibc(&binary)?;
    let bytes = fs::metadata(&binary)?.len();
    println!(
        "{:>9.1} MB  the program; it asks for nothing newer than glibc {newest}",
        megabytes(bytes)
    );
    for other in others {
        let same = fs::read_to_string(other.join(SUMS))? == sums;
        for built in [first, other] {
            output(
                program("sha256sum")
                    .args(["--check", "--strict", SUMS])
                    .current_dir(built),
            )?;
        }
        ensure!(
            same,
            "two builds differ: diff {0}/{SUMS} {1}/{SUMS}",
            first.display(),
            other.display()
        );
        println!(
            "two builds, in {} and {}: the same bytes",
            first.display(),
            other.display()
        );
    }
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    u32::try_from(bytes / 1_000).map_or(f64::INFINITY, f64::from) / 1_000.0
}
