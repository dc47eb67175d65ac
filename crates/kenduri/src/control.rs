//! The control socket, over which commands such as `token create` reach a running Kenduri.
//!
//! The unix socket `control.sock` is in the supervisor process's folder. Only root and the user who
//! runs Kenduri can use it. A request is one line of JSON, and so is the reply: `{"ok": …}` or
//! `{"error": "…"}`. A client that follows a log gets further lines until it disconnects. If
//! Kenduri is not running, a command opens the store itself; see [`crate::commands`].

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use configuration::folders::Folders;
use operate::control_requests::services;
use operate::control_requests::{ControlRequest, ControlResponse, Reply};
use rustix::net::sockopt::socket_peercred;
use supervisor::Folder;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixListener;

/// The time limit for sending or receiving one line.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Long, because a command may replace many instances one after the other.
const OUTCOME_TIMEOUT: Duration = Duration::from_mins(30);

const SOCKET: &str = "control.sock";

/// Also returns the socket's path. `None` if no Kenduri is running with this data folder.
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
            "user {user}, who is neither root nor the owner of the data, listens at {}; that \
             program was not contacted\n  \
             stop it and delete the socket",
            path.display()
        );
    }
    Ok(None)
}

pub(crate) fn is_running(data: &Path) -> Result<bool> {
    Ok(find(data)?.is_some())
}

/// `None` if no process is listening.
fn connect(path: &Path) -> Result<Option<UnixStream>> {
    match UnixStream::connect(path) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => bail!(
            "this user may not use {path}\n  \
             run the command as root or as the user that runs Kenduri; if Kenduri is not running, \
             delete the socket that it left (sudo rm {path}), or start and stop Kenduri",
            path = path.display()
        ),
        Err(_) => Ok(None),
    }
}

/// Sends a request to the Kenduri that runs with this data folder, and returns the reply. Returns
/// `None` if no Kenduri is running.
pub(crate) fn ask(data: &Path, order: &ControlRequest) -> Result<Option<ControlResponse>> {
    match listen(data, order)? {
        None => Ok(None),
        Some(mut outcomes) => match outcomes.next() {
            Some(outcome) => outcome.map(Some),
            None => bail!(
                "Kenduri stopped before it answered\n  the log says why; start it, and try again"
            ),
        },
    }
}

/// Sends a request to the Kenduri that runs with this data folder. Returns an iterator over the
/// replies, or `None` if no Kenduri is running. Only a followed log yields several replies.
pub(crate) fn listen(
    data: &Path,
    order: &ControlRequest,
) -> Result<Option<impl Iterator<Item = Result<ControlResponse>> + use<>>> {
    let Some((mut stream, path)) = find(data)? else {
        return Ok(None);
    };
    stream.set_read_timeout(match order {
        // A followed log may have no new lines for any length of time.
        ControlRequest::Services(services::ServiceRequest::Follow(_)) => None,
        ControlRequest::State => Some(PATIENCE),
        _ => Some(OUTCOME_TIMEOUT),
    })?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let lines = BufReader::new(stream).lines();
    Ok(Some(lines.map(move |line| {
        let line = line.with_context(|| {
            format!(
                "the Kenduri at {} does not answer\n  try again; if it stays so, restart it",
                path.display()
            )
        })?;
        serde_json::from_str::<Reply>(&line)
            .context("the running Kenduri has another version; run `kenduri upgrade`")?
            .outcome()
    })))
}

/// This process's control socket. Dropping it deletes the socket file.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    run: Arc<Folder>,
}

impl Control {
    /// Opens the control socket. Fails if another Kenduri is running with this data folder.
    pub(crate) fn open(run: &Arc<Folder>, data: &Path) -> Result<Self> {
        if find(data)?.is_some() {
            // Another version may not know the question.
            let state = ask(data, &ControlRequest::State);
            if matches!(
                state,
                Ok(Some(ControlResponse::State { is_stopping: true }))
            ) {
                bail!(
                    "Kenduri is stopping, and still uses the data in {}\n  \
                     start it when it has stopped; requests get listen.drain_time to finish, \
                     services get their own times",
                    data.display()
                );
            }
            bail!(
                "Kenduri is already running with the data in {}\n  stop it first, or name another folder with --data",
                data.display()
            );
        }
        let (path, at) = (run.path().join(SOCKET), run.at(SOCKET));
        let open = || -> io::Result<UnixListener> {
            if at.exists() {
                std::fs::remove_file(&at)?;
            }
            // Clients connect with the full path, so the full path must fit into a socket address.
            SocketAddr::from_pathname(&path)?;
            let listener = UnixListener::bind(&at)?;
            std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let listener = open().with_context(|| {
            format!(
                "cannot make {}\n  its folder must be writable; if the path has more than 107 characters, name a shorter --data",
                path.display()
            )
        })?;
        Ok(Self {
            listener,
            run: Arc::clone(run),
        })
    }

    /// Takes over the control socket of the previous program.
    pub(crate) fn resume(run: &Arc<Folder>, listener: OwnedFd) -> Result<Self> {
        let listener = std::os::unix::net::UnixListener::from(listener);
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener: UnixListener::from_std(listener)?,
            run: Arc::clone(run),
        })
    }

    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        self.listener.as_fd().try_clone_to_owned()
    }

    pub(crate) async fn accept(&self) -> io::Result<tokio::net::UnixStream> {
        Ok(self.listener.accept().await?.0)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // A leftover socket file does no harm, because the next start deletes it.
        let _ = std::fs::remove_file(self.run.at(SOCKET));
    }
}

pub(crate) async fn send_reply(mut stream: impl AsyncWrite + Unpin, reply: &Reply) -> Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, stream.write_all(&line)).await??;
    Ok(())
}
