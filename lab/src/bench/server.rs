//! Starts Kenduri or another server as an operator would, and reads from the kernel which resources
//! the server uses.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::client::{Client, get};
use super::load::figure;
use crate::command::{program, with_children};
use crate::interrupt;

/// For a server's start, including seeding and migrations.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running server; dropping it stops it gracefully.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    said: PathBuf,
}

impl Server {
    /// Starts the release build with the demo in `data`, with some settings overridden through the
    /// environment.
    pub(super) async fn kenduri(
        data: &Path,
        settings: &[(&str, String)],
        core: Option<usize>,
    ) -> Result<Self> {
        Self::demo(pinned(super::binary(), core), data, settings).await
    }

    /// Starts `command`, which serves the demo, and waits until the demo is available.
    pub(super) async fn demo(
        mut command: Command,
        data: &Path,
        settings: &[(&str, String)],
    ) -> Result<Self> {
        let address = free_address()?;
        command
            .args(["serve", "--demo", "--data"])
            .arg(data)
            .args(["--listen", &address.to_string()])
            .envs(settings.iter().map(|(name, value)| (name, value)));
        Self::start(command, address, data.with_extension("log"), "/readyz").await
    }

    /// Starts a command that will listen on `address`, and waits until it returns 200 for `path`.
    pub(super) async fn start(
        mut command: Command,
        address: SocketAddr,
        said: PathBuf,
        path: &str,
    ) -> Result<Self> {
        let log = File::create(&said)?;
        let child = command
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start the server")?;
        let mut server = Server {
            child,
            address,
            said,
        };
        let begin = Instant::now();
        while !answers(address, path).await {
            if server.child.try_wait()?.is_some() || begin.elapsed() > PATIENCE {
                bail!("the server does not answer:\n{}", server.said()?);
            }
            ensure!(!interrupt::is_wanted(), "interrupted");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        Ok(server)
    }

    pub(super) fn said(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.said)?)
    }

    /// Returns the processor time of all the server's processes so far, in user and kernel mode.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.processes()?)
    }

    /// Returns the total memory of the server's processes in bytes, counting shared memory once
    /// (`Pss_Anon`, proc(5)). Pages of the executable file are not counted, because the kernel can
    /// reclaim them.
    pub(super) fn resident(&self) -> Result<u64> {
        let mut kibibytes = 0;
        for process in self.processes()? {
            let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
            kibibytes += rollup
                .lines()
                .find_map(|line| line.strip_prefix("Pss_Anon:"))
                .and_then(|rest| rest.split_whitespace().next())
                .context("no Pss_Anon in /proc/PID/smaps_rollup")?
                .parse::<u64>()?;
        }
        Ok(kibibytes * 1024)
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn processes(&self) -> Result<Vec<u32>> {
        with_children(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// Returns the processor time of some processes so far, in user and kernel mode.
pub(super) fn processor_time(processes: &[u32]) -> Result<Duration> {
    let mut ticks = 0;
    for process in processes {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The process name may contain spaces, so the fields are read after the closing
        // parenthesis. Linux counts ticks of 10 ms.
        let (_, fields) = stat.rsplit_once(") ").context("a strange /proc/PID/stat")?;
        ticks += fields
            .split(' ')
            .skip(11)
            .take(2)
            .map(str::parse::<u64>)
            .sum::<Result<u64, _>>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// Returns a command that is pinned to these cores, or not pinned if `cores` is empty.
pub(super) fn pinned(binary: PathBuf, cores: impl IntoIterator<Item = usize>) -> Command {
    let cores: Vec<_> = cores.into_iter().map(|core| core.to_string()).collect();
    if cores.is_empty() {
        return program(binary);
    }
    let mut command = program("taskset");
    command.args(["--cpu-list", &cores.join(",")]).arg(binary);
    command
}

/// Converts a number of bytes to a floating-point number.
pub(super) fn bytes(number: u64) -> f64 {
    usize::try_from(number).map_or(f64::NAN, figure)
}

/// Returns an address whose port is currently free.
pub(super) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn answers(address: SocketAddr, path: &str) -> bool {
    let Ok(mut client) = Client::open(address).await else {
        return false;
    };
    let answer = client.exchange(&get(path, "")).await;
    answer.is_ok_and(|answer| answer.status == 200)
}
