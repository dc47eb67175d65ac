//! The Debian packages that the tests need in addition to Rust, a C compiler and make.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{find, output, program, run};
use crate::example;
use crate::postgres;

/// The action to take if a package is missing.
#[derive(Clone, Copy)]
pub(crate) enum Packages {
    /// Install missing packages with apt.
    Install,
    /// List the missing packages, and fail.
    Check,
}

/// The version in Debian 12.
const OLDEST_NODE: u32 = 18;

impl Packages {
    /// Ensures that every package is installed.
    pub(crate) fn provide(self) -> Result<()> {
        let missing = list_missing();
        if !missing.is_empty() {
            match self {
                Packages::Install => install(&missing)?,
                Packages::Check => bail!(
                    "missing here: {0}\nhint: run without --no-install, or: apt-get install {0}",
                    missing.join(" ")
                ),
            }
            let still = list_missing();
            ensure!(
                still.is_empty(),
                "apt did not bring {}: install them by hand",
                still.join(" ")
            );
        }
        check_node()
    }
}

fn list_missing() -> Vec<&'static str> {
    let there = |program: &str| find(program).is_some();
    [
        ("postgresql", postgres::find_programs().is_some()),
        // A balancer, and a cluster of PostgreSQL servers.
        ("haproxy", Path::new("/usr/sbin/haproxy").exists()),
        ("etcd-server", there("etcd")),
        ("patroni", there("patroni")),
        ("python3-etcd", is_installed("python3-etcd")),
        ("pgbouncer", Path::new("/usr/sbin/pgbouncer").exists()),
        // Renders the manifests of `packaging/kubernetes`.
        ("kubernetes-client", there("kubectl")),
        ("chromium", there("chromium")),
        // Tests read the codes on printed pages, so the PDF must be rendered.
        ("poppler-utils", there("pdftoppm")),
        ("curl", there("curl")),
        // A cache in front of the site, as a content delivery network is.
        ("nginx-light", Path::new("/usr/sbin/nginx").exists()),
        ("nodejs", there("node")),
        ("npm", there("npm")),
        ("python3-venv", example::has_venv()),
        // The package pebble also contains the test resolver.
        ("pebble", there("pebble") && there("pebble-challtestsrv")),
        // `systemd-analyze` verifies the unit that `kenduri install` writes, without running it.
        ("systemd", there("systemd-analyze")),
        // The tests run the unit in a virtual machine with its own systemd.
        ("mmdebstrap", there("mmdebstrap")),
        ("qemu-system-x86", there("qemu-system-x86_64")),
        ("cpio", there("cpio")),
        // Without root, mmdebstrap creates the virtual machine's file system in a user namespace.
        // Root installs it too: another user of the machine may run the tests afterwards.
        ("uidmap", there("newuidmap")),
        // `cargo xtask dist` uses these packages and packs files from them.
        ("binutils", there("readelf")),
        ("dpkg", there("dpkg-deb")),
        (
            "ca-certificates",
            Path::new("/usr/share/ca-certificates/mozilla").is_dir(),
        ),
        ("fonts-noto-core", is_installed("fonts-noto-core")),
        ("fonts-noto-cjk", is_installed("fonts-noto-cjk")),
    ]
    .into_iter()
    .filter_map(|(package, there)| (!there).then_some(package))
    .collect()
}

/// Font packages contain no program to search for. Without dpkg, the package is assumed to be
/// installed.
fn is_installed(package: &str) -> bool {
    find("dpkg-query").is_none()
        || output(program("dpkg-query").args([
            "--show",
            "--showformat=${db:Status-Status}",
            package,
        ]))
        .is_ok_and(|status| status == "installed")
}

fn install(packages: &[&str]) -> Result<()> {
    ensure!(
        find("apt-get").is_some(),
        "this is not Debian; please install by hand what stands for {}",
        packages.join(" ")
    );
    if lists_are_empty(Path::new("/var/lib/apt/lists")) {
        run(&mut apt_get(&["update"])?)?;
    }
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend(packages);
    if run(&mut apt_get(&words)?).is_err() {
        // Without an update, apt might try to download package versions that no longer exist.
        run(&mut apt_get(&["update"])?)?;
        run(&mut apt_get(&words)?)?;
    }
    Ok(())
}

fn apt_get(words: &[&str]) -> Result<Command> {
    let mut command = if rustix::process::geteuid().is_root() {
        program("env")
    } else {
        ensure!(
            find("sudo").is_some(),
            "installing needs root: run once as root, or with sudo installed, or: apt-get {}",
            words.join(" ")
        );
        let mut sudo = program("sudo");
        sudo.arg("env");
        sudo
    };
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(["--quiet=2", "--option", "DPkg::Lock::Timeout=300"])
        .args(words);
    Ok(command)
}

fn lists_are_empty(lists: &Path) -> bool {
    fs::read_dir(lists).map_or(true, |mut entries| {
        !entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
        })
    })
}

fn check_node() -> Result<()> {
    let version = output(program("node").arg("--version"))?;
    let major: u32 = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .with_context(|| format!("node --version says “{version}”"))?;
    ensure!(
        major >= OLDEST_NODE,
        "node is {version}; the browser tests need {OLDEST_NODE} or newer"
    );
    println!("node {version}, and the rest of Debian's packages, are here");
    Ok(())
}
