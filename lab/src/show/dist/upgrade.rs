//! Upgrades the package on a live systemd while requests arrive at a steady pace.
//!
//! The system is a fresh Debian in a systemd container, with this machine's network and speed. The
//! virtual machine of `cargo xtask show install` is emulated and too slow for a thousand requests
//! per second.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use super::super::figures::Waits;
use super::super::visitors::{Entrance, exchange};
use super::{artefact, debian};
use crate::command::{output, program, with_children};
use crate::interrupt;

/// In addition to Debian's essential ones.
const PACKAGES: &str = "systemd-sysv,dbus,debconf,passwd";
const RELEASE: &str = "bookworm";
/// For a start or an upgrade.
const PATIENCE: Duration = Duration::from_mins(2);
/// Before and after the upgrade.
const AROUND: Duration = Duration::from_secs(3);
const CONNECTIONS: u32 = 16;
/// systemd needs the unified cgroup hierarchy, which some machines lack at `/sys/fs/cgroup`.
const BOOT: &str = "mount -t cgroup2 none /sys/fs/cgroup
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn --quiet --register=no --keep-unit \
    --console=read-only --directory=\"$0\" --boot";
/// The same package with a later version number.
const NEXT: &str = "cd /opt
dpkg-deb --raw-extract kenduri.deb next
sed -i 's/^Version: .*/&+next/' next/DEBIAN/control
dpkg-deb --root-owner-group -Znone --build next next.deb";

pub(super) fn show(built: &Path, pace: u32) -> Result<()> {
    let place = TempDir::with_prefix("kenduri-upgrade-")?;
    let tree = place.path().join("system");
    debian(RELEASE, PACKAGES, &tree)?;
    fs::copy(artefact(built, ".deb")?, tree.join("opt/kenduri.deb"))?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    fs::create_dir(tree.join("etc/kenduri"))?;
    fs::write(
        tree.join("etc/kenduri/kenduri.toml"),
        format!("data = \"/var/lib/kenduri\"\n[listen]\nhttp = [\"{address}\"]\n"),
    )?;
    let machine = Machine::boot(&tree, &place.path().join("console"))?;
    machine.shell(NEXT)?;
    machine.shell("dpkg --force-confold --install /opt/kenduri.deb")?;
    let keeper = "systemctl show --property=MainPID --value kenduri";
    let before = machine.shell(keeper)?;

    let runtime = super::super::runtime()?;
    let (tally, took) = runtime.block_on(async {
        let tally = Tally::default();
        let asking = tokio::spawn(ask(address, pace, tally.clone()));
        tokio::time::sleep(AROUND).await;
        let begin = Instant::now();
        let leader = machine.leader.clone();
        let upgrade =
            tokio::task::spawn_blocking(move || shell(&leader, "dpkg --install /opt/next.deb"));
        let upgraded = upgrade.await?;
        let took = begin.elapsed();
        tokio::time::sleep(AROUND).await;
        tally.end();
        asking.await??;
        upgraded?;
        anyhow::Ok((tally, took))
    })?;
    let version = machine.shell("dpkg-query --show --showformat='${Version}' kenduri")?;
    ensure!(version.ends_with("+next"), "{version} is installed");
    ensure!(
        machine.shell(keeper)? == before,
        "the supervisor process is another one"
    );
    let program = machine.shell(&format!("readlink /proc/{before}/exe"))?;
    ensure!(program == "/usr/bin/kenduri", "{program} runs");
    tally.print_result(pace, took)
}

struct Machine {
    child: Child,
    /// The pid of the container's systemd in this machine's pid namespace.
    leader: String,
}

impl Machine {
    fn boot(tree: &Path, console: &PathBuf) -> Result<Self> {
        let said = fs::File::create(console)?;
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-euc", BOOT])
            .arg(tree)
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .context("unshare is of Debian's package util-linux")?;
        let mut machine = Self {
            child,
            leader: String::new(),
        };
        let begin = Instant::now();
        loop {
            if machine.child.try_wait()?.is_some() || begin.elapsed() > PATIENCE {
                let said = fs::read_to_string(console)?;
                bail!("systemd-nspawn, of Debian's package systemd-container:\n{said}");
            }
            ensure!(!interrupt::is_wanted(), "interrupted");
            let children = with_children(machine.child.id())?;
            if let [_, leader, ..] = children.as_slice() {
                machine.leader = leader.to_string();
                if machine
                    .shell("systemctl is-active multi-user.target")
                    .is_ok()
                {
                    return Ok(machine);
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn shell(&self, commands: &str) -> Result<String> {
        shell(&self.leader, commands)
    }
}

fn shell(leader: &str, commands: &str) -> Result<String> {
    output(
        program("nsenter")
            .args(["--target", leader, "--all"])
            .args(["env", "-i", "DEBIAN_FRONTEND=noninteractive"])
            .arg("PATH=/usr/sbin:/usr/bin:/sbin:/bin")
            .args(["sh", "-euc", commands]),
    )
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Killing this process also ends all processes in the container.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Default)]
struct Tally(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    waits: Vec<Duration>,
    failures: Vec<String>,
    is_over: bool,
}

impl Tally {
    fn with<T>(&self, change: impl FnOnce(&mut Asked) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn end(&self) {
        self.with(|asked| asked.is_over = true);
    }

    fn print_result(self, pace: u32, took: Duration) -> Result<()> {
        let (waits, failures) = self.with(|asked| {
            let waits = std::mem::take(&mut asked.waits);
            (Waits::of(waits), std::mem::take(&mut asked.failures))
        });
        println!(
            "\nthe package upgraded in {:.1} s under {pace} requests a second: {} asked, {} failed; \
             99 % within {:.0} ms, the longest {:.0} ms",
            took.as_secs_f64(),
            waits.count() + failures.len(),
            failures.len(),
            waits.percentile(99).as_secs_f64() * 1e3,
            waits.percentile(100).as_secs_f64() * 1e3,
        );
        let first = failures.first();
        ensure!(first.is_none(), "{}", first.map_or("", String::as_str));
        Ok(())
    }
}

/// At the given pace until the demonstration ends. A response time is counted from the moment when
/// the request was due.
async fn ask(address: SocketAddr, pace: u32, tally: Tally) -> Result<()> {
    let begin = Instant::now();
    let mut askers = tokio::task::JoinSet::new();
    for first in 0..CONNECTIONS {
        let tally = tally.clone();
        askers.spawn(async move {
            let mut kept = None;
            for number in (first..).step_by(CONNECTIONS as usize) {
                let due = begin + Duration::from_secs(1) * number / pace;
                tokio::time::sleep_until(due.into()).await;
                if tally.with(|asked| asked.is_over) {
                    return;
                }
                let answered = one(address, &mut kept).await;
                tally.with(|asked| match answered {
                    Ok(()) => asked.waits.push(due.elapsed()),
                    Err(failure) => asked.failures.push(format!("{failure:#}")),
                });
            }
        });
    }
    while let Some(ended) = askers.join_next().await {
        ended?;
    }
    Ok(())
}

/// Over the preceding request's connection if that is still open.
async fn one(
    address: SocketAddr,
    kept: &mut Option<Box<dyn super::super::visitors::Duplex>>,
) -> Result<()> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => Entrance::Clear(address)
            .open()
            .await
            .context("connecting")?,
    };
    let request = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let answer = exchange(&mut *stream, request).await?;
    if !answer.says("\r\nconnection: close") {
        *kept = Some(stream);
    }
    Ok(())
}
