//! The virtual machine's file system: a small Debian of the host's release, with its kernel.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::command::{output, program, run};
use crate::dist::{self, Compression};
use crate::workspace::root;

/// In addition to Debian's essential ones.
const PACKAGES: &str = "systemd-sysv,passwd,curl";
/// The host's, as Debian names the file since version 12.
const SOURCES: &str = "/etc/apt/sources.list.d/debian.sources";

/// A file system that is created once for each Debian release, stored in `target`, and never
/// changed.
pub(super) struct Root {
    folder: PathBuf,
}

impl Root {
    /// Creates the file system, unless `target` contains an up-to-date one.
    pub(super) fn provide() -> Result<Self> {
        ensure!(
            cfg!(target_arch = "x86_64"),
            "the machine has an x86-64 processor, so the program must be built for one"
        );
        let made = Self {
            folder: root().join("target/machine"),
        };
        let wanted = wanted()?;
        let stamp = made.folder.join("made.txt");
        if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted.stamp) {
            return Ok(made);
        }
        fs::create_dir_all(&made.folder)?;
        let mut command = program("mmdebstrap");
        command
            .args(["--quiet", "--variant=essential", "--format=null"])
            .arg(format!("--include={PACKAGES}"))
            // Its text, not its path: without root it runs as another user, who may not enter a closed
            // home.
            .arg(format!("--customize-hook={}", wanted.hook))
            .arg(format!(
                "--customize-hook=copy-out /made/root.cpio /made/kernel {}",
                quoted(&made.folder)
            ))
            .args([&wanted.release, "/dev/null"]);
        if Path::new(SOURCES).is_file() {
            command.arg(SOURCES);
        }
        run(&mut command)?;
        fs::write(stamp, wanted.stamp)?;
        Ok(made)
    }

    pub(super) fn kernel(&self) -> PathBuf {
        self.folder.join("kernel")
    }

    pub(super) fn record(&self) -> PathBuf {
        self.folder.join("console.txt")
    }

    /// Writes an archive with the file system, Kenduri and the checks into `folder`, and returns
    /// the archive's path.
    pub(super) fn with(&self, kenduri: &Path, folder: &Path) -> Result<PathBuf> {
        let more = folder.join("more");
        let checks = root().join("tests/machine");
        // Most of a debug build is information for debuggers, so it is stripped.
        let stripped = folder.join("kenduri");
        output(program("strip").arg("-o").arg(&stripped).arg(kenduri))?;
        let package = dist::package(&stripped, folder, Compression::None)?;
        for (from, to, mode) in [
            (&package, "opt/machine/kenduri.deb", 0o644),
            (&checks.join("check.sh"), "opt/machine/check.sh", 0o755),
            (
                &checks.join("kenduri.toml"),
                "opt/machine/kenduri.toml",
                0o644,
            ),
            (
                &checks.join("check.service"),
                "etc/systemd/system/check.service",
                0o644,
            ),
        ] {
            let to = more.join(to);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
                fs::set_permissions(parent, fs::Permissions::from_mode(0o755))?;
            }
            fs::copy(from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            fs::set_permissions(&to, fs::Permissions::from_mode(mode))?;
        }
        let wants = more.join("etc/systemd/system/multi-user.target.wants");
        fs::create_dir(&wants)?;
        symlink("../check.service", wants.join("check.service"))?;
        let packed = output(
            program("sh")
                .args(["-euc", "find . -mindepth 1 -print0 | cpio --null --create --format=newc --quiet --owner=0:0 > ../more.cpio"])
                .current_dir(&more),
        );
        packed.context("cpio is Debian's package cpio")?;
        // The kernel unpacks concatenated archives in their order.
        let system = folder.join("system.cpio");
        let mut whole = File::create(&system)?;
        for part in [self.folder.join("root.cpio"), folder.join("more.cpio")] {
            io::copy(&mut File::open(part)?, &mut whole)?;
        }
        Ok(system)
    }
}

/// A stored file system is reused only if its sources are the same.
struct Wanted {
    release: String,
    /// The commands that mmdebstrap runs in the end.
    hook: String,
    /// A description of everything on which the file system's contents depend.
    stamp: String,
}

fn wanted() -> Result<Wanted> {
    let known = fs::read_to_string("/etc/os-release").unwrap_or_default();
    ensure!(
        known.lines().any(|line| line == "ID=debian"),
        "this is no Debian, so there is none to put into a machine"
    );
    let release = known
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .context("this is no release of Debian, so there is none to put into a machine")?
        .to_owned();
    let hook = fs::read_to_string(root().join("tests/machine/root.sh"))?;
    Ok(Wanted {
        stamp: format!("{release} {PACKAGES}\n{hook}"),
        release,
        hook,
    })
}

/// As one word for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
