//! Measures the time from the download to the first open invitation, on a system that never had
//! Kenduri.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use super::{artefact, debian};
use crate::command::{output, program};
use crate::interrupt::{self, Running};

/// Each with its glibc version. Ubuntu and Amazon Linux cannot be installed here. For them, the
/// build only ensures that Kenduri requires no newer glibc than they have.
const SYSTEMS: [(&str, &str); 2] = [("bookworm", "2.36"), ("bullseye", "2.31")];
const WITHIN: Duration = Duration::from_secs(30);
const COMMANDS: &str = "cd /opt && tar -xzf kenduri-*.tar.gz && \
                        exec ./kenduri-*/kenduri serve --demo --listen \"$0\"";

pub(super) fn show(built: &Path) -> Result<()> {
    let archive = artefact(built, ".tar.gz")?;
    println!("\nfrom the tarball in a folder to the first invitation open, two commands");
    for (release, glibc) in SYSTEMS {
        let place = TempDir::with_prefix("kenduri-fresh-")?;
        let tree = place.path().join("system");
        debian(release, "", &tree)?;
        let name = archive.file_name().context("no name")?;
        fs::copy(&archive, tree.join("opt").join(name))?;
        let took = open(&tree, &place.path().join("said"))?;
        println!("{:>9.2} s  {release}, glibc {glibc}", took.as_secs_f64());
        ensure!(took <= WITHIN, "longer than {} s", WITHIN.as_secs());
    }
    Ok(())
}

fn open(tree: &Path, said: &Path) -> Result<Duration> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let log = File::create(said)?;
    let begin = Instant::now();
    let mut demo = program("unshare")
        .args(["--fork", "--pid", "--kill-child", "--mount"])
        .arg(format!("--root={}", tree.display()))
        .args(["--mount-proc", "sh", "-euc", COMMANDS, &address.to_string()])
        .stdout(log.try_clone()?)
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .context("unshare is of Debian's package util-linux")?;
    let outcome = wait_for_invitation(&mut demo, said, begin, 4 * WITHIN);
    // The process may have exited already.
    let _ = demo.kill();
    let _ = demo.wait();
    outcome
}

/// Waits until the demo has printed the link of an invitation into the file `said`, and the page
/// can be read. Returns the time since `begin`.
pub(in crate::show) fn wait_for_invitation(
    demo: &mut Child,
    said: &Path,
    begin: Instant,
    within: Duration,
) -> Result<Duration> {
    let _running = Running::group_of(demo)?;
    loop {
        let text = fs::read_to_string(said)?;
        let link = text
            .split_whitespace()
            .find(|word| word.starts_with("http://") && word.contains("/invite/"));
        if let Some(link) = link {
            let page =
                output(program("curl").args(["--silent", "--fail", "--max-time", "20", link]))?;
            ensure!(page.contains("</html>"), "no page: {page}");
            return Ok(begin.elapsed());
        }
        if demo.try_wait()?.is_some() || begin.elapsed() > within {
            bail!("no invitation:\n{text}");
        }
        ensure!(!interrupt::is_wanted(), "interrupted");
        std::thread::sleep(Duration::from_millis(5));
    }
}
