//! A running site, and requests to it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity};
use serde_json::Value;

use super::{Example, command};
use crate::confinement::Confinement;
use crate::interrupt;
use crate::show::place::PATIENCE;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
const OUTPUT: &str = "kenduri.said";

/// Kenduri with the programs beside it, in a folder of their own.
pub(super) struct Running {
    child: Child,
    _group: interrupt::Running,
    program: PathBuf,
    folder: PathBuf,
    settings: &'static str,
    address: SocketAddr,
    begin: Instant,
}

impl Running {
    /// Starts the program on one core, and waits until it serves.
    pub(super) fn start(
        program: &Path,
        confinement: &Confinement,
        folder: &Path,
        example: &Example,
    ) -> Result<Self> {
        let said = folder.join(OUTPUT);
        let log = File::create(&said)?;
        let mut command = confinement.command(Path::new("taskset"));
        command
            .args(["--cpu-list", &first_core()?.to_string()])
            .arg(program)
            .args(["serve", "--config", example.settings, "--data", "data"])
            .args(["--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if example.is_demo {
            command.arg("--demo");
        }
        let begin = Instant::now();
        let mut child = command
            .spawn()
            .context("taskset is in the package util-linux")?;
        let group = interrupt::Running::group_of(&child)?;
        let address = loop {
            let text = fs::read_to_string(&said)?;
            if let Some(address) = served_address(&text) {
                break address;
            }
            if child.try_wait()?.is_some() || begin.elapsed() > PATIENCE {
                let _ = child.kill();
                bail!("the site does not start:\n{text}");
            }
            std::thread::sleep(LOOK);
        };
        Ok(Self {
            child,
            _group: group,
            program: program.to_owned(),
            folder: folder.to_owned(),
            settings: example.settings,
            address,
            begin,
        })
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the program has printed so far.
    pub(super) fn said(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join(OUTPUT))?)
    }

    /// Waits until every instance is ready and every page is found. Returns the time since the
    /// start.
    pub(super) fn until_all_answer(&self, pages: &[&str]) -> Result<Duration> {
        loop {
            let is_ready = self.instances()?.iter().all(|instance| {
                let state = instance["state"].as_str();
                matches!(state, Some("ready" | "spare"))
            });
            let is_found = |page: &&str| {
                let answer = ask(self.address, "GET", page, &[], "");
                answer.is_ok_and(|answer| answer.status == 200)
            };
            if is_ready && pages.iter().all(is_found) {
                return Ok(self.begin.elapsed());
            }
            ensure!(!interrupt::is_wanted(), "interrupted");
            if self.begin.elapsed() > PATIENCE {
                bail!("not every page is found:\n{}", self.said()?);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Returns a sentence about each instance that was restarted.
    pub(super) fn restarts(&self) -> Result<Vec<String>> {
        let instances = self.instances()?;
        let restarted = instances.iter().filter(|one| one["restarts"] != 0);
        Ok(restarted
            .map(|one| format!("{} was restarted: {}", one["service"], one["last_exit"]))
            .collect())
    }

    fn instances(&self) -> Result<Vec<Value>> {
        let words = ["ps", "--json", "--config", self.settings, "--data", "data"];
        let listed = command(&self.program, &self.folder, &words)?;
        Ok(serde_json::from_str(&listed)?)
    }

    pub(super) fn stop(mut self) -> Result<()> {
        self.terminate()?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(begin.elapsed() < PATIENCE, "the site does not stop");
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn terminate(&self) -> Result<()> {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(
            process.context("no process id")?,
            Signal::TERM,
        )?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Kenduri ends its services when it is asked to stop, and not when it is killed.
        if matches!(self.child.try_wait(), Ok(None)) && self.terminate().is_ok() {
            let _ = self.child.wait();
        }
    }
}

fn first_core() -> Result<usize> {
    let allowed = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    cores.next().context("no core")
}

/// As Kenduri says it.
fn served_address(said: &str) -> Option<SocketAddr> {
    let (_, rest) = said.split_once("answers at http://")?;
    // The line may not be complete yet.
    let (line, _) = rest.split_once('\n')?;
    line.split_whitespace().next()?.parse().ok()
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// Returns the cookie that the answer sets.
    pub(super) fn cookie(&self) -> Option<&str> {
        let mut cookies = self.head.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then_some(value)
        });
        cookies.next()?.split(';').next()
    }
}

/// Sends one request over a connection of its own.
pub(super) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer> {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    if method != "GET" {
        let length = body.len().to_string();
        request.extend(["Content-Length: ", &length, "\r\n"]);
    }
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(REQUEST_TIMEOUT))?;
    stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).context("no status")?;
    Ok(Answer {
        status: status.parse()?,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}
