//! The control socket: how words like `token create` reach a running Kenduri.
//!
//! A unix socket, `control.sock` among those of the supervisor process, for the user that runs
//! Kenduri and root alone. One JSON object per line, one line back:
//! `{"ok": …}` or `{"error": "…"}`; a client that follows a service's log gets more of
//! them, until it leaves. A command that cannot reach the socket opens the store itself;
//! see [`crate::commands`].

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::net::sockopt::socket_peercred;
use serde::{Deserialize, Serialize};
use supervisor::Folder;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixListener;

use crate::control_requests::services::{self, Logs};
use crate::control_requests::{ControlRequest, ControlResponse};
use crate::folders::Folders;
use crate::parent::{GatePermit, ParentProcess};

/// The longest line either side reads.
const LINE_LIMIT: u64 = 64 * 1024;
/// How long a line may take on its way.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a command waits for its result: many instances may be
/// replaced one after the other.
const OUTCOME: Duration = Duration::from_mins(30);

/// How an order went.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// It is done.
    Ok(ControlResponse),
    /// It is not, and this is why.
    Error(String),
}

impl Reply {
    fn outcome(self) -> Result<ControlResponse> {
        match self {
            Self::Ok(outcome) => Ok(outcome),
            Self::Error(reason) => bail!(reason),
        }
    }
}

/// The name of the socket in its folder.
const SOCKET: &str = "control.sock";

/// The connection to the Kenduri that runs with these data, and its socket's path; `None` if none
/// runs.
fn find(data: &Path) -> Result<Option<(UnixStream, PathBuf)>> {
    let apart = Folders::apart(data).ok();
    for folders in apart.into_iter().chain([Folders::in_data(data)]) {
        let path = folders.run.join(SOCKET);
        let Some(stream) = connect(&path)? else {
            continue;
        };
        let user = socket_peercred(&stream)?.uid.as_raw();
        let is_owner = || std::fs::metadata(data).is_ok_and(|facts| facts.uid() == user);
        let is_me = user == rustix::process::geteuid().as_raw();
        if user == 0 || !folders.are_apart() && (is_me || is_owner()) {
            return Ok(Some((stream, path)));
        }
        bail!(
            "user {user} answers at {}, who is neither root nor the owner of the data\n  \
             nothing was said to whoever that is; end it, and remove the socket",
            path.display()
        );
    }
    Ok(None)
}

/// Whether a Kenduri runs with these data.
pub(crate) fn is_running(data: &Path) -> Result<bool> {
    Ok(find(data)?.is_some())
}

/// The connection to what listens there; `None` if nothing does.
fn connect(path: &Path) -> Result<Option<UnixStream>> {
    match UnixStream::connect(path) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => bail!(
            "{path} is not for this user\n  \
             only the user that runs Kenduri, and root, may give orders; if none runs, one that was \
             killed has left it: remove it (sudo rm {path}), or start and stop Kenduri",
            path = path.display()
        ),
        Err(_) => Ok(None),
    }
}

/// Sends an order to the Kenduri that runs on `data`; nothing if none runs.
pub(crate) fn ask(data: &Path, order: &ControlRequest) -> Result<Option<ControlResponse>> {
    match listen(data, order)? {
        None => Ok(None),
        Some(mut outcomes) => match outcomes.next() {
            Some(outcome) => outcome.map(Some),
            None => bail!("Kenduri stopped before it had answered"),
        },
    }
}

/// Sends an order, and hears what comes of it, again and again if it does; nothing
/// if no Kenduri runs on `data`.
pub(crate) fn listen(
    data: &Path,
    order: &ControlRequest,
) -> Result<Option<impl Iterator<Item = Result<ControlResponse>> + use<>>> {
    let Some((mut stream, path)) = find(data)? else {
        return Ok(None);
    };
    let follows = matches!(
        order,
        ControlRequest::Services(services::ServiceRequest::Follow(_))
    );
    // A quiet service is waited for as long as the client wants.
    stream.set_read_timeout((!follows).then_some(OUTCOME))?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let lines = BufReader::new(stream).lines();
    Ok(Some(lines.map(move |line| {
        let line =
            line.with_context(|| format!("the Kenduri at {} does not answer", path.display()))?;
        serde_json::from_str::<Reply>(&line)
            .context("the running Kenduri is of another version: kenduri upgrade")?
            .outcome()
    })))
}

/// The socket of a running Kenduri. Removed when dropped.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    run: Arc<Folder>,
}

impl Control {
    /// Takes the socket; refused when another Kenduri answers there.
    pub(crate) fn open(run: &Arc<Folder>, data: &Path) -> Result<Self> {
        if find(data)?.is_some() {
            bail!(
                "Kenduri is already running with the data in {}\n  stop it first, or name another folder with --data",
                data.display()
            );
        }
        let (path, at) = (run.path().join(SOCKET), run.at(SOCKET));
        if at.exists() {
            std::fs::remove_file(&at)?;
        }
        // Others find it by its whole path, which must not be too long for them.
        let listener = SocketAddr::from_pathname(&path).and_then(|_| UnixListener::bind(&at));
        let listener = listener.with_context(|| {
            format!(
                "cannot make {}\n  a path for a socket has at most 107 characters: a shorter --data helps",
                path.display()
            )
        })?;
        std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            run: Arc::clone(run),
        })
    }

    /// Goes on with a socket that was handed over.
    pub(crate) fn resume(run: &Arc<Folder>, listener: OwnedFd) -> Result<Self> {
        let listener = std::os::unix::net::UnixListener::from(listener);
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener: UnixListener::from_std(listener)?,
            run: Arc::clone(run),
        })
    }

    /// The same socket once more, to be handed over.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        self.listener.as_fd().try_clone_to_owned()
    }

    /// Answers as long as it lives.
    pub(crate) async fn serve(self, parent: Arc<ParentProcess>) {
        loop {
            // Who comes while the gate is shut waits for the next program, which has this
            // socket as well.
            let accepted = parent.gate.unless_shut(self.listener.accept()).await;
            let (Ok(accepted), Ok(inside)) = (accepted, parent.gate.enter()) else {
                parent.gate.opened().await;
                continue;
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let parent = Arc::clone(&parent);
            tokio::spawn(async move {
                if let Err(error) = answer(stream, &parent, inside).await {
                    tracing::debug!(%error, "a visitor of the control socket got no answer");
                }
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Left behind it would do no harm: the next start removes it.
        let _ = std::fs::remove_file(self.run.at(SOCKET));
    }
}

async fn answer(
    mut stream: tokio::net::UnixStream,
    parent: &ParentProcess,
    inside: GatePermit,
) -> Result<()> {
    let visitor = stream.peer_cred()?.uid();
    let may = visitor == 0 || visitor == rustix::process::geteuid().as_raw();
    if !may {
        let why = "only the user that runs Kenduri, and root, may give orders";
        return tell(&mut stream, &Reply::Error(why.to_owned())).await;
    }
    let mut line = Vec::new();
    let (reading, _) = stream.split();
    let mut reading = tokio::io::BufReader::new(reading.take(LINE_LIMIT));
    tokio::time::timeout(PATIENCE, reading.read_until(b'\n', &mut line)).await??;
    if line.is_empty() {
        // Somebody only wanted to know whether anybody is here.
        return Ok(());
    }
    match serde_json::from_slice::<ControlRequest>(&line) {
        // Neither is waited for before this process becomes another program: one goes on
        // as long as anybody reads, and the other wants just that.
        Ok(ControlRequest::Services(services::ServiceRequest::Follow(logs))) => {
            drop(inside);
            follow(stream, parent, logs).await
        }
        Ok(ControlRequest::Services(services::ServiceRequest::Upgrade)) => {
            drop(inside);
            parent.upgrade(stream).await
        }
        Ok(order) => {
            let reply = parent.reply(order, &inside).await;
            tell(&mut stream, &reply).await
        }
        Err(error) => {
            let why = format!("not an order this Kenduri knows: {error}");
            tell(&mut stream, &Reply::Error(why)).await
        }
    }
}

/// Sends lines as they come until the service or the client has gone.
async fn follow(
    mut stream: tokio::net::UnixStream,
    parent: &ParentProcess,
    logs: Logs,
) -> Result<()> {
    let mut lines = match parent.follow(logs).await {
        Ok(lines) => lines,
        Err(error) => return tell(&mut stream, &Reply::Error(format!("{error:#}"))).await,
    };
    let mut nothing = [0];
    loop {
        let heard = tokio::select! {
            heard = lines.next() => heard,
            // It says nothing more, so this is its end.
            _ = stream.read(&mut nothing) => return Ok(()),
        };
        let Some(supervisor::LogBatch { lines, missed }) = heard else {
            return Ok(());
        };
        let lines = services::ServiceResponse::Lines { lines, missed };
        tell(&mut stream, &Reply::Ok(ControlResponse::Services(lines))).await?;
    }
}

/// Tells somebody how it went.
pub(crate) async fn tell(mut stream: impl AsyncWrite + Unpin, reply: &Reply) -> Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, stream.write_all(&line)).await??;
    Ok(())
}
