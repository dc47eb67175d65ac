//! Builds and lints the whole workspace at once: the program, and every test binary.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::command::{program, shown, start};
use crate::interrupt;

/// As in CI.
const JOBS: &str = "-j2";
/// `cargo clippy` hands its arguments to `clippy-driver` each followed by this separator.
const CLIPPY_ARGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

/// A test binary as cargo built it.
#[derive(Debug)]
pub(crate) struct TestBinary {
    /// The crate and the target: `edge` for its unit tests, `edge/proxy` for `tests/proxy`.
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    /// The crate's folder, in which cargo runs tests.
    pub(crate) folder: PathBuf,
}

/// Printed by cargo for each built target.
#[derive(Deserialize)]
struct Artifact {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Lints and builds the workspace's crates in one go.
fn linting(cargo: &mut Command) -> &mut Command {
    cargo
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", CLIPPY_ARGS)
}

/// Builds every program and test of the workspace; a warning is an error.
pub(crate) fn build_all() -> Result<Vec<TestBinary>> {
    let mut cargo = program("cargo");
    cargo
        .args(["build", "--workspace", "--locked", JOBS])
        .args(["--lib", "--bins", "--tests", "--examples"])
        .arg("--message-format=json-render-diagnostics");
    println!("$ {} (by clippy-driver)", shown(&cargo));
    let (mut child, running) = start(linting(&mut cargo).stdout(Stdio::piped()))?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut binaries = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        let artifact: Artifact =
            serde_json::from_str(&line).context("cargo printed something unexpected")?;
        binaries.extend(test_binary(artifact));
    }
    let status = child.wait()?;
    drop(running);
    ensure!(!interrupt::is_wanted(), "interrupted");
    ensure!(status.success(), "the build failed: {status}");
    Ok(binaries)
}

fn test_binary(artifact: Artifact) -> Option<TestBinary> {
    if artifact.reason != "compiler-artifact" || !artifact.profile?.test {
        return None;
    }
    let folder = artifact.manifest_path.as_deref().and_then(Path::parent)?;
    let package = folder.file_name()?.to_string_lossy().into_owned();
    let target = artifact.target?;
    let name = if target.kind.iter().any(|kind| kind == "test") {
        format!("{package}/{}", target.name)
    } else if target.kind.iter().any(|kind| kind == "bin") && target.name != package {
        format!("{package}/bin {}", target.name)
    } else {
        package
    };
    Some(TestBinary {
        name,
        program: artifact.executable?,
        folder: folder.to_owned(),
    })
}
