//! The downloads: two builds give the same bytes, the tarball works on a fresh Debian, and the
//! package can be upgraded while requests arrive.
//!
//! Each build uses its own clone of the commit, in its own folder, with its own tools and crates.
//! The results are cached in `target/show/dist`.

mod builds;
mod fresh;
mod upgrade;

use std::fs;
use std::path::{Path, PathBuf};

pub(super) use fresh::wait_for_invitation;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use rustix::process::geteuid;

use crate::command::{output, program, run};
use crate::workspace::root;

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    /// A result of `cargo xtask dist` to use instead of building; a second result is compared with
    /// it.
    #[arg(long, value_name = "FOLDER")]
    built: Vec<PathBuf>,
    /// Requests per second during the upgrade.
    #[arg(long, default_value_t = 1_000)]
    pace: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Two builds with the same bytes; the size of each file, and the glibc version that it
    /// requires.
    Builds,
    /// From the download to the first open invitation, with two commands.
    Fresh,
    /// The upgrade of the package under load, by a live systemd.
    Upgrade,
}

/// Runs the demonstration. Fails if a measured part misses its goal.
pub(super) fn show(wanted: &Wanted) -> Result<()> {
    let is_wanted = |part| wanted.only.is_none_or(|only| only == part);
    let built = builds::provide(&wanted.built, is_wanted(Part::Builds))?;
    let [first, others @ ..] = built.as_slice() else {
        return Ok(());
    };
    if is_wanted(Part::Builds) {
        builds::show(first, others)?;
    }
    if is_wanted(Part::Fresh) {
        fresh::show(first)?;
    }
    if is_wanted(Part::Upgrade) {
        upgrade::show(first, wanted.pace)?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    root().join("target/show/dist")
}

/// Creates a fresh Debian in a folder, with Debian's essential packages and `packages`.
pub(super) fn debian(release: &str, packages: &str, into: &Path) -> Result<()> {
    ensure!(
        geteuid().is_root(),
        "a system of its own needs root: chroot and unshare"
    );
    let name = format!("{release} {packages}")
        .trim()
        .replace([' ', ','], "-");
    let archive = folder().join(format!("{name}.tar"));
    if !archive.exists() {
        fs::create_dir_all(folder())?;
        let begun = archive.with_extension("begun.tar");
        let mut command = program("mmdebstrap");
        command.args(["--quiet", "--variant=minbase"]);
        if !packages.is_empty() {
            command.arg(format!("--include={packages}"));
        }
        run(command.arg(release).arg(&begun).arg(MIRROR))?;
        fs::rename(begun, &archive)?;
    }
    fs::create_dir_all(into)?;
    output(
        program("tar")
            .args(["--extract", "--numeric-owner", "--file"])
            .arg(&archive)
            .arg("--directory")
            .arg(into),
    )?;
    Ok(())
}

const MIRROR: &str = "http://deb.debian.org/debian";

fn artefact(built: &Path, ending: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(built).with_context(|| format!("no {}", built.display()))?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_it = |file: &PathBuf| file.to_string_lossy().ends_with(ending);
    files
        .find(is_it)
        .with_context(|| format!("{} has no {ending}", built.display()))
}
