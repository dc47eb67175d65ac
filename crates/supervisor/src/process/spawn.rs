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

use super::proc_table::ProcessStat;
use super::shim;
use super::{Process, TOKEN_VARIABLE};
use crate::plan::User;

pub(crate) struct SpawnRequest<'a> {
    /// The program that becomes the service by `exec`; see [`shim`].
    pub(crate) launcher: &'a Path,
    pub(crate) command: &'a [String],
    /// The service's whole environment. For the program's own service, these variables are added to
    /// the inherited environment.
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) directory: &'a Path,
    pub(crate) user: Option<&'a User>,
    /// Whether the process is the program's own service. Such a process inherits this process's
    /// environment and outputs.
    pub(crate) own: bool,
    /// The token that identifies the process and its children.
    pub(crate) token: String,
}

/// A new process that becomes the service when it receives the start byte.
pub(crate) struct SpawnedProcess {
    pub(crate) process: Process,
    /// The pipes of standard output and standard error; `None` if the outputs are inherited.
    pub(crate) outputs: Option<(OwnedFd, OwnedFd)>,
    word: UnixStream,
}

/// A descriptor that is sent with the start byte.
pub(crate) enum PassedDescriptor<'a> {
    Nothing,
    /// A listening socket, passed in systemd's protocol.
    Socket(BorrowedFd<'a>),
    /// A descriptor that becomes the service's standard input.
    Input(BorrowedFd<'a>),
}

/// Starts a process in a new process group. The calling thread must live as long as the supervisor,
/// because the kernel kills the process when that thread ends (`PR_SET_PDEATHSIG`, prctl(2)).
pub(crate) fn spawn(order: &SpawnRequest<'_>) -> io::Result<SpawnedProcess> {
    let (word, theirs) = UnixStream::pair()?;
    let mut command = Command::new(order.launcher);
    let output = || {
        if order.own {
            Stdio::inherit()
        } else {
            Stdio::piped()
        }
    };
    if !order.own {
        command.env_clear();
    }
    command
        .args(shim::arguments(
            std::process::id(),
            order.user.is_some(),
            &order.token,
        ))
        .args(order.command)
        .envs(order.environment)
        .env(TOKEN_VARIABLE, &order.token)
        .current_dir(order.directory)
        .stdin(OwnedFd::from(theirs))
        .stdout(output())
        .stderr(output())
        .process_group(0);
    if let Some(user) = order.user {
        // If this process runs as root, `Command` also drops its supplementary groups.
        command.gid(user.group).uid(user.user);
    }
    let mut child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the system gave no pid"))?;
    let outputs = child.stdout.take().zip(child.stderr.take());
    let start = ProcessStat::read(pid.as_raw_nonzero().get()).map_or(0, |entry| entry.start);
    Ok(SpawnedProcess {
        process: Process {
            pid,
            start,
            token: order.token.clone(),
            group: None,
            ended: None,
            asked: false,
            killed: false,
        },
        outputs: outputs.map(|(out, err)| (out.into(), err.into())),
        word,
    })
}

impl SpawnedProcess {
    pub(crate) fn send_start(&self, handed: &PassedDescriptor<'_>) -> io::Result<()> {
        let (word, descriptor) = match handed {
            PassedDescriptor::Nothing => (shim::START, None),
            PassedDescriptor::Socket(socket) => (shim::START_WITH_SOCKET, Some(*socket)),
            PassedDescriptor::Input(input) => (shim::START_WITH_INPUT, Some(*input)),
        };
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        let descriptors: Vec<BorrowedFd<'_>> = descriptor.into_iter().collect();
        if !descriptors.is_empty() && !rights.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::Error::other("no room for the socket"));
        }
        let word = [word];
        let word = [IoSlice::new(&word)];
        sendmsg(self.word.as_fd(), &word, &mut rights, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}
