//! `cargo xtask dist`: makes every file of a release, in `target/dist`.
//!
//! The release files are made from the program, the files in `packaging/` and cargo's metadata.
//! Each commit always gives the same bytes: every timestamp is the commit's time, files are sorted,
//! and all files belong to root.

mod build;
mod container;
mod crates;
mod deb;
mod glibc;
mod licences;
mod parts;
mod sbom;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::command::{output, program};
use crate::interrupt;
use crate::workspace::{root, shown};

use glibc::Version;
use parts::Parts;
use tree::Tree;

pub use deb::Compression;

/// How to make the release files.
#[derive(Args)]
pub struct Wanted {
    /// Pack this program instead of building the program.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The folder for the results.
    #[arg(long, value_name = "FOLDER", default_value = "target/dist")]
    into: PathBuf,
}

/// Builds the program, unless the user names one, and packs it.
pub fn dist(wanted: &Wanted) -> Result<()> {
    interrupt::listen()?;
    let into = root().join(&wanted.into);
    let release = Release::read()?;
    let binary = match &wanted.program {
        Some(named) => {
            fs::canonicalize(named).with_context(|| format!("cannot find {}", named.display()))?
        }
        None => build::build(release.time)?,
    };
    pack(&release, &binary, &into)?;
    println!("\n{}", fs::read_to_string(into.join(SUMS))?.trim_end());
    println!("in {}", shown(&into));
    Ok(())
}

/// Makes only the `.deb` and returns its path.
pub fn package(binary: &Path, into: &Path, compression: Compression) -> Result<PathBuf> {
    let release = Release::read()?;
    let parts = Parts::read(&release, binary)?;
    deb::write(&release, &parts, into, compression)
}

/// Returns the newest glibc version that a program requires.
pub fn newest_glibc(binary: &Path) -> Result<String> {
    Ok(glibc::needed_by(binary)?.to_string())
}

const SUMS: &str = "SHA256SUMS";

/// The properties that all artefacts share.
pub(crate) struct Release {
    version: String,
    machine: Machine,
    /// The time of the commit, in seconds since 1970.
    time: u64,
}

impl Release {
    fn read() -> Result<Self> {
        let time = output(program("git").args(["log", "-1", "--format=%ct"]))
            .context("the time of all files is that of the last commit")?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: Machine::here()?,
            time: time.parse()?,
        })
    }

    /// RFC 3339.
    fn date(&self) -> Result<String> {
        let at = format!("--date=@{}", self.time);
        output(program("date").args(["--utc", &at, "+%Y-%m-%dT%H:%M:%SZ"]))
    }

    /// Of the release's files and folders.
    fn name(&self) -> String {
        format!("kenduri-{}-{}", self.version, self.machine.architecture)
    }
}

pub(crate) struct Machine {
    /// The architecture's name, which is the same in Rust and in the kernel.
    architecture: &'static str,
    /// The architecture's name, which is the same in Debian and in container images.
    debian: &'static str,
}

impl Machine {
    /// Cross-compilation is not supported.
    fn here() -> Result<Self> {
        let debian = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => bail!("there are no packages for {other}"),
        };
        Ok(Self {
            architecture: std::env::consts::ARCH,
            debian,
        })
    }

    fn target(&self) -> String {
        format!("{}-unknown-linux-gnu", self.architecture)
    }
}

fn pack(release: &Release, binary: &Path, into: &Path) -> Result<()> {
    let parts = Parts::read(release, binary)?;
    if into.exists() {
        let is_ours = into.join(SUMS).exists() || fs::read_dir(into)?.next().is_none();
        ensure!(
            is_ours,
            "{} holds something else: name another folder",
            into.display()
        );
        fs::remove_dir_all(into)?;
    }
    fs::create_dir_all(into)?;
    let name = release.name();
    let file = |ending: &str| into.join(format!("{name}{ending}"));

    tree::gzip(
        &parts.archive(&name, &release.version)?.tar(release.time)?,
        &file(".tar.gz"),
    )?;
    deb::write(release, &parts, into, Compression::Best)?;
    container::write(release, &parts, &file(".oci.tar"))?;
    fs::write(into.join("compose.yaml"), container::compose(release)?)?;
    fs::write(file(".cdx.json"), sbom::text(release)?)?;
    fs::write(file("-licenses.txt"), &parts.licences)?;
    let names = tree::names(into)?;
    let sums = output(program("sha256sum").args(names).current_dir(into))?;
    fs::write(into.join(SUMS), format!("{sums}\n"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_program_gives_the_same_bytes() {
        let release = Release::read().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| {
            let into = folder.path().join(name);
            pack(&release, Path::new("/bin/true"), &into).unwrap();
            into
        });
        let names = tree::names(&first).unwrap();
        assert_eq!(names, tree::names(&second).unwrap());
        assert_eq!(names.len(), 7, "{names:?}");
        for name in &names {
            let [first, second] = [&first, &second].map(|into| fs::read(into.join(name)).unwrap());
            assert!(first == second, "{name} differs");
        }
        let checked = program("sha256sum")
            .args(["--check", "--strict", SUMS])
            .current_dir(&first)
            .output();
        assert!(checked.unwrap().status.success());
    }
}
