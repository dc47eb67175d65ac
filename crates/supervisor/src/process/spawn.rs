//! Starts a process.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::Pid;

use super::table::Entry;
use super::{Process, TOKEN};
use crate::plan::User;
use crate::shim;

/// What is to be started.
pub(crate) struct Order<'a> {
    /// The program that turns into the service; see [`crate::shim`].
    pub(crate) launcher: &'a Path,
    /// The program and its arguments.
    pub(crate) command: &'a [String],
    /// All that is in its environment.
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) directory: &'a Path,
    pub(crate) user: Option<&'a User>,
    /// By which it and its children are found.
    pub(crate) token: String,
}

/// A process that waits for the word to become the service.
pub(crate) struct Started {
    pub(crate) process: Process,
    pub(crate) out: OwnedFd,
    pub(crate) err: OwnedFd,
    word: UnixStream,
}

/// Starts a process in a group of its own. It must be called from the thread that lives as long
/// as the supervisor: the process is killed when the thread ends (`PR_SET_PDEATHSIG`, prctl(2)).
pub(crate) fn spawn(order: &Order<'_>) -> io::Result<Started> {
    let (word, theirs) = UnixStream::pair()?;
    let mut command = Command::new(order.launcher);
    command
        .args(shim::words(std::process::id(), order.user.is_some()))
        .args(order.command)
        .env_clear()
        .envs(order.environment)
        .env(TOKEN, &order.token)
        .current_dir(order.directory)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    if let Some(user) = order.user {
        // As root, the library drops all other groups too.
        command.gid(user.group).uid(user.user);
    }
    let mut child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (Some(pid), Some(out), Some(err)) = (pid, child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the system gave no pid or no pipes"));
    };
    let start = Entry::read(pid.as_raw_nonzero().get()).map_or(0, |entry| entry.start);
    Ok(Started {
        process: Process {
            pid,
            start,
            token: order.token.clone(),
            ended: None,
            asked: false,
            killed: false,
        },
        out: out.into(),
        err: err.into(),
        word,
    })
}

impl Started {
    /// Says the word, and hands over the socket that the service shall use, if there is one.
    pub(crate) fn go(&self, socket: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut handed = SendAncillaryBuffer::new(&mut space);
        let sockets: Vec<BorrowedFd<'_>> = socket.into_iter().collect();
        if !sockets.is_empty() && !handed.push(SendAncillaryMessage::ScmRights(&sockets)) {
            return Err(io::Error::other("no room for the socket"));
        }
        let word = [IoSlice::new(b"!")];
        sendmsg(self.word.as_fd(), &word, &mut handed, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}
