//! A control group with a memory limit, in which a measured program is started.
//!
//! If systemd runs, it creates the group. Otherwise, the group is created directly in a writable
//! cgroup file system of either version. If there is none, the program runs without a limit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{output, program};

const VERSIONS: [(&str, [&str; 3]); 2] = [
    (
        "/sys/fs/cgroup",
        ["memory.max", "memory.swap.max", "memory.peak"],
    ),
    (
        "/sys/fs/cgroup/memory",
        [
            "memory.limit_in_bytes",
            "memory.memsw.limit_in_bytes",
            "memory.max_usage_in_bytes",
        ],
    ),
];

pub(crate) enum Confinement {
    /// `systemd-run` creates the group for as long as the program runs.
    Scope { limit: u64 },
    /// The group is a folder of the cgroup file system; `peak` is the name of the file with the
    /// peak memory.
    Group { folder: PathBuf, peak: &'static str },
    /// There is no control group.
    Missing,
}

impl Confinement {
    /// Determines how a control group with a memory limit of `limit` bytes can be created.
    pub(crate) fn find(limit: u64) -> Self {
        let scope = output(program("systemd-run").args(["--scope", "--quiet", "true"]));
        if scope.is_ok() {
            return Confinement::Scope { limit };
        }
        let mut groups = VERSIONS.into_iter();
        groups
            .find_map(|(root, files)| make_group(Path::new(root), files, limit))
            .unwrap_or(Confinement::Missing)
    }

    /// Makes a command that starts `binary` in the control group. The caller may add arguments.
    pub(crate) fn command(&self, binary: &Path) -> Command {
        match self {
            Confinement::Scope { limit } => {
                let mut command = program("systemd-run");
                command
                    .args(["--scope", "--quiet", "-p", "MemorySwapMax=0", "-p"])
                    .arg(format!("MemoryMax={limit}"))
                    .arg("--")
                    .arg(binary);
                command
            }
            Confinement::Group { folder, .. } => {
                let mut command = program("sh");
                command
                    .args(["-c", r#"echo $$ > "$0" && exec "$@""#])
                    .arg(folder.join("cgroup.procs"))
                    .arg(binary);
                command
            }
            Confinement::Missing => program(binary),
        }
    }

    /// Returns the control group's peak memory, including page cache. `process` must run in the
    /// group. A file's pages are charged to the group that first read the file, so the pages of the
    /// executable file may be missing.
    pub(crate) fn peak(&self, process: u32) -> Result<Option<u64>> {
        let file = match self {
            Confinement::Scope { .. } => {
                let groups = fs::read_to_string(format!("/proc/{process}/cgroup"))?;
                let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
                let group = group.context("the program is in no control group")?;
                Path::new("/sys/fs/cgroup").join(group).join("memory.peak")
            }
            Confinement::Group { folder, peak } => folder.join(peak),
            Confinement::Missing => return Ok(None),
        };
        Ok(Some(fs::read_to_string(file)?.trim().parse()?))
    }
}

impl Drop for Confinement {
    fn drop(&mut self) {
        // A control group that is still in use cannot be removed, so errors are ignored.
        if let Confinement::Group { folder, .. } = self {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// `None` if memory cannot be limited below `root`.
fn make_group(root: &Path, files: [&'static str; 3], limit: u64) -> Option<Confinement> {
    let [max, swap, peak] = files;
    let folder = root.join(format!("kenduri-lab-{}", std::process::id()));
    fs::create_dir(&folder).ok()?;
    let group = Confinement::Group { folder, peak };
    let Confinement::Group { folder, .. } = &group else {
        return None;
    };
    // Without the memory controller the file does not exist.
    if !folder.join(max).is_file() {
        return None;
    }
    fs::write(folder.join(max), limit.to_string()).ok()?;
    // In version 1, this file limits memory plus swap; in version 2, only swap. The file is missing
    // on a system without swap accounting.
    let swapped = if swap.contains("memsw") { limit } else { 0 };
    let _ = fs::write(folder.join(swap), swapped.to_string());
    Some(group)
}
