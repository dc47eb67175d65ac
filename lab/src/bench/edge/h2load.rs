//! Runs h2load from Debian's package nghttp2-client, so that the same client is used for every
//! protocol.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::counter::{Counter, instructions};
use crate::bench::server::pinned;
use crate::command::find;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http1Tls,
    Http2,
}

impl Protocol {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http1Tls => "HTTP/1.1 TLS",
            Self::Http2 => "HTTP/2 TLS",
        }
    }

    pub(super) fn is_tls(self) -> bool {
        self != Self::Http1
    }
}

pub(super) struct Load {
    pub(super) url: String,
    pub(super) protocol: Protocol,
    pub(super) connections: usize,
    /// The number of concurrent requests on each connection.
    pub(super) streams: usize,
    pub(super) duration: Duration,
    /// The total request rate of all connections, per second; `None` for as fast as possible.
    pub(super) pace: Option<f64>,
    /// The cores on which h2load runs; if empty, the core of this process.
    pub(super) cores: Vec<usize>,
    /// The headers that are added to each request.
    pub(super) headers: &'static [&'static str],
    /// A file to send with POST; `None` for GET.
    pub(super) body: Option<PathBuf>,
    /// The first digit that every status must have.
    pub(super) status: char,
}

pub(super) struct Heard {
    pub(super) answers: usize,
    pub(super) time: Duration,
    pub(super) p99_us: f64,
    /// The instructions executed by the watched processes; `None` if this machine cannot count
    /// instructions.
    pub(super) instructions: Option<f64>,
}

impl Load {
    /// Runs h2load while `counter` counts the instructions of the `watched` processes. Fails if a
    /// response's status does not begin with the expected digit.
    pub(super) fn run(&self, counter: &Counter, watched: &[u32]) -> Result<Heard> {
        let log = tempfile::NamedTempFile::new()?;
        let h2load =
            find("h2load").context("h2load is not installed: apt-get install nghttp2-client")?;
        let counted = tempfile::NamedTempFile::new()?;
        let load = pinned(h2load, self.cores.iter().copied());
        let mut command = counter.around(load, watched, counted.path());
        command
            .args(["--threads", "1", "--clients", &self.connections.to_string()])
            .args(["--max-concurrent-streams", &self.streams.to_string()])
            .args(["--duration", &self.duration.as_secs().to_string()])
            .arg("--log-file")
            .arg(log.path())
            .args(
                self.headers
                    .iter()
                    .map(|header| format!("--header={header}")),
            );
        if let Some(body) = &self.body {
            command.arg("--data").arg(body);
        }
        if self.protocol != Protocol::Http2 {
            command.arg("--h1");
        }
        if let Some(pace) = self.pace {
            let each = pace / super::figure(self.connections);
            command.arg(format!("--rps={each:.1}"));
        }
        let output = command
            .arg(&self.url)
            .output()
            .context("cannot start h2load")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "h2load failed: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut times = Vec::new();
        for line in fs::read_to_string(log.path())?.lines() {
            let mut columns = line.split('\t').skip(1);
            let status = columns.next().unwrap_or_default();
            ensure!(
                status.starts_with(self.status),
                "an answer is {status}: {said}"
            );
            let time: u32 = columns.next().context("a short line of h2load")?.parse()?;
            times.push(time);
        }
        times.sort_unstable();
        let p99 = times.get(times.len() * 99 / 100);
        Ok(Heard {
            answers: times.len(),
            time: self.duration,
            p99_us: f64::from(*p99.context("nothing was answered")?),
            instructions: instructions(&fs::read_to_string(counted.path())?),
        })
    }
}
