//! The control socket: how words like `token create` reach a running Kenduri.
//!
//! A unix socket `run/control.sock` in the data folder, for the user that runs
//! Kenduri and root alone. One JSON object per line, one line back:
//! `{"ok": …}` or `{"error": "…"}`. Whoever cannot reach it opens the store
//! itself; see [`crate::commands`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use crate::orders::{Hands, Order, Outcome};

/// The longest line either side reads.
const LINE_LIMIT: u64 = 64 * 1024;
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Ok(Outcome),
    Error(String),
}

fn socket(data: &Path) -> PathBuf {
    data.join("run").join("control.sock")
}

/// Sends an order to the Kenduri that runs on `data`; nothing if none runs.
pub(crate) fn ask(data: &Path, order: &Order) -> Result<Option<Outcome>> {
    let path = socket(data);
    let Ok(mut stream) = UnixStream::connect(&path) else {
        return Ok(None);
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .with_context(|| format!("the Kenduri at {} does not answer", path.display()))?;
    match serde_json::from_str(&answer)
        .context("the running Kenduri is of another version; restart it")?
    {
        Reply::Ok(outcome) => Ok(Some(outcome)),
        Reply::Error(reason) => bail!(reason),
    }
}

/// The socket of a running Kenduri. Removed when dropped.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Takes the socket; refused when another Kenduri answers there.
    pub(crate) fn open(data: &Path) -> Result<Self> {
        let path = socket(data);
        if UnixStream::connect(&path).is_ok() {
            bail!(
                "Kenduri is already running with the data in {}\n  stop it first, or name another folder with --data",
                data.display()
            );
        }
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        let listener = UnixListener::bind(&path).with_context(|| {
            format!(
                "cannot make {}\n  a path for a socket has at most 107 characters: a shorter --data helps",
                path.display()
            )
        })?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Answers until `stop`.
    pub(crate) async fn serve(self, hands: Hands, stop: CancellationToken) {
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "the control socket could not accept");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let hands = hands.clone();
            tokio::spawn(async move {
                let told = tokio::time::timeout(PATIENCE, answer(stream, &hands)).await;
                if let Ok(Err(error)) = told {
                    tracing::warn!(%error, "a visitor of the control socket got no answer");
                }
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Left behind it would do no harm: the next start removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(mut stream: tokio::net::UnixStream, hands: &Hands) -> Result<()> {
    let visitor = stream.peer_cred()?.uid();
    let reply = if visitor == 0 || visitor == rustix::process::geteuid().as_raw() {
        let mut line = Vec::new();
        let (reading, _) = stream.split();
        tokio::io::BufReader::new(reading.take(LINE_LIMIT))
            .read_until(b'\n', &mut line)
            .await?;
        if line.is_empty() {
            // Somebody only wanted to know whether anybody is here.
            return Ok(());
        }
        match serde_json::from_slice::<Order>(&line) {
            Ok(order) => order
                .carry_out(hands)
                .await
                .map_or_else(|error| Reply::Error(error.to_string()), Reply::Ok),
            Err(error) => Reply::Error(format!("not an order this Kenduri knows: {error}")),
        }
    } else {
        Reply::Error("only the user that runs Kenduri, and root, may give orders".to_owned())
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    Ok(())
}
