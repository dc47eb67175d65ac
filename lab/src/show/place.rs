//! The environment for a demonstration: settings, a certificate, and listening sockets that outlive
//! the program.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::command::with_children;
use crate::interrupt;

/// The timeout for starting, stopping or reconfiguring Kenduri on a slow machine.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);
/// The host name in the certificate.
pub(super) const HOST: &str = "door.example";
const BACKLOG: i32 = 4_096;

/// A folder, and two listening sockets that are passed to every process started in the folder.
pub(super) struct Place {
    folder: TempDir,
    http: TcpListener,
    https: TcpListener,
}

impl Place {
    pub(super) fn new() -> Result<Self> {
        let open = || -> Result<TcpListener> {
            let socket = TcpListener::bind("127.0.0.1:0")?;
            rustix::net::listen(&socket, BACKLOG)?;
            Ok(socket)
        };
        Ok(Self {
            folder: TempDir::with_prefix("kenduri-show-")?,
            http: open()?,
            https: open()?,
        })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn http(&self) -> Result<SocketAddr> {
        Ok(self.http.local_addr()?)
    }

    pub(super) fn https(&self) -> Result<SocketAddr> {
        Ok(self.https.local_addr()?)
    }

    /// Creates a certificate for [`HOST`] without writing it to a file.
    pub(super) fn make_certificate() -> Result<Pair> {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
        Ok(Pair {
            certificate: made.cert.der().clone(),
            chain: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    }

    pub(super) fn write_certificate(&self, pair: &Pair) -> Result<()> {
        // Between these two writes, the certificate and the key do not match; Kenduri then keeps
        // the old certificate.
        fs::write(self.path("chain.pem"), &pair.chain)?;
        Ok(fs::write(self.path("key.pem"), &pair.key)?)
    }

    /// Writes a settings file with the settings that every demonstration needs, a connection limit
    /// that no demonstration reaches, and the settings in `rest`.
    pub(super) fn write_settings(&self, name: &str, rest: &str) -> Result<()> {
        self.write_settings_for(name, 20_000, rest)
    }

    pub(super) fn write_settings_for(
        &self,
        name: &str,
        connections: u32,
        rest: &str,
    ) -> Result<()> {
        let text = format!(
            "[listen]
http = [\"{}\"]
https = [\"{}\"]
connections = {connections}
tunnel_time = \"10m\"
header_time = \"1m\"
[log]
level = \"warn\"
[[tls.certificate]]
hosts = [\"{HOST}\"]
chain = \"chain.pem\"
key = \"key.pem\"
{rest}",
            self.http()?,
            self.https()?,
        );
        Ok(fs::write(self.path(name), text)?)
    }

    /// Starts `kenduri serve` with these settings, and waits until it is ready.
    pub(super) async fn start(&self, program: &Path, settings: &str) -> Result<Process> {
        let said = self.path(&format!("{settings}.said"));
        // The shell passes the sockets under the descriptor numbers that the protocol requires.
        let child = Command::new("sh")
            .args([
                "-c",
                "exec 3<&0 4<&2 </dev/null 2>>\"$0.log\"; LISTEN_FDS=2 LISTEN_PID=$$ exec \"$@\"",
            ])
            .arg(&said)
            .arg(program)
            .args(["serve", "--config"])
            .arg(self.path(settings))
            .arg("--data")
            .arg(self.data(settings))
            .stdin(Stdio::from(OwnedFd::from(self.http.try_clone()?)))
            .stderr(Stdio::from(OwnedFd::from(self.https.try_clone()?)))
            .stdout(File::create(&said)?)
            .spawn()
            .context("cannot start the program")?;
        let mut process = Process { child };
        let begin = Instant::now();
        while !fs::read_to_string(&said)?.contains("Kenduri answers at ") {
            if process.child.try_wait()?.is_some() || begin.elapsed() > PATIENCE {
                let log = fs::read_to_string(said.with_extension("said.log"));
                bail!("the program does not start:\n{}", log.unwrap_or_default());
            }
            ensure!(!interrupt::is_wanted(), "interrupted");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(process)
    }

    /// Runs `kenduri apply` for `program` with these settings. Returns whether the command
    /// succeeded, and its output.
    pub(super) fn apply(&self, program: &Path, settings: &str) -> Result<(bool, String)> {
        let output = Command::new(program)
            .args(["apply", "--config"])
            .arg(self.path(settings))
            .arg("--data")
            .arg(self.data(settings))
            .stdin(Stdio::null())
            .output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((output.status.success(), said))
    }

    fn data(&self, settings: &str) -> PathBuf {
        self.path(settings).with_extension("data")
    }
}

pub(super) struct Pair {
    pub(super) certificate: CertificateDer<'static>,
    chain: String,
    key: String,
}

pub(super) struct Process {
    child: Child,
}

impl Process {
    pub(super) fn terminate(&self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("no process id")?, Signal::TERM)?;
        Ok(())
    }

    /// Waits until the process has exited.
    pub(super) async fn end(mut self) -> Result<ExitStatus> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(begin.elapsed() < PATIENCE, "the program does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Resets the recorded peak memory of the process and its children (proc(5), `clear_refs`).
    pub(super) fn forget_peak(&self) -> Result<()> {
        for process in with_children(self.child.id())? {
            fs::write(format!("/proc/{process}/clear_refs"), "5")?;
        }
        Ok(())
    }

    /// Returns the peak memory of the process and its children since the last reset, in KiB.
    pub(super) fn peak_kib(&self) -> Result<u64> {
        let mut sum = 0;
        for process in with_children(self.child.id())? {
            let status = fs::read_to_string(format!("/proc/{process}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            sum += line
                .and_then(|rest| rest.split_whitespace().next())
                .context("no VmHWM in /proc/PID/status")?
                .parse::<u64>()
                .context("a strange /proc/PID/status")?;
        }
        Ok(sum)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
