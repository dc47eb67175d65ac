//! The setup that must happen in the new process itself before it becomes a service.
//!
//! A parent-death signal and `no_new_privs` (prctl(2)) affect the process that sets them, so they
//! must be set between `fork` and `exec`. Rust can run code at that point only with `unsafe`,
//! because almost nothing is permitted there. Instead, the supervisor starts its own program again
//! with a mark as the first argument. That process sets itself up in safe Rust and becomes the
//! service by `exec`, with the same pid. This costs a millisecond or two.
//!
//! Before the `exec`, the new process waits for a start byte, which the supervisor sends after
//! recording the pid. So every running service is recorded. If the supervisor dies before it sends
//! the byte, the new process exits.

use std::ffi::OsString;
use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use rustix::thread::set_no_new_privs;

use super::proc_table::mark_with_token;

/// The first argument of a process that is to become a service.
pub(crate) const MARK: &str = "--become-a-service";

/// The path of the program that this process runs, even if its file was replaced (proc(5)).
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";

/// The start byte with which the supervisor makes the new process become the service.
pub(crate) const START: u8 = b'!';
/// The start byte for a service that also receives a listening socket, in systemd's protocol.
pub(crate) const START_WITH_SOCKET: u8 = b'@';
/// The start byte for a service that also receives a descriptor for its standard input.
pub(crate) const START_WITH_INPUT: u8 = b'<';

/// Shells use the same exit code for a program that cannot be run.
const CANNOT_RUN: i32 = 127;

/// Moves a socket from standard input to descriptor 3, as systemd's protocol requires
/// (`sd_listen_fds(3)`). `exec` keeps the pid, so the script's pid is also the service's.
const ACTIVATE: &str = r#"exec 3<&0 </dev/null; export LISTEN_PID=$$; exec "$@""#;

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Becomes the service if the program was started for that purpose. In that case, this function
/// never returns.
///
/// Must be called first in `main`, before any thread is started.
pub fn run_if_asked() {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_none_or(|first| first != MARK) {
        IS_INSTALLED.store(true, Ordering::Relaxed);
        return;
    }
    let error = become_service(words);
    // Standard error is written to the service's log.
    let _ = writeln!(io::stderr(), "cannot start the service: {error}");
    std::process::exit(CANNOT_RUN);
}

/// Whether this program's `main` has called [`run_if_asked`].
pub(crate) fn is_installed() -> bool {
    IS_INSTALLED.load(Ordering::Relaxed)
}

pub(crate) fn arguments(supervisor: u32, unprivileged: bool, token: &str) -> [String; 4] {
    let privileges = if unprivileged { "drop" } else { "keep" };
    [
        MARK.to_owned(),
        supervisor.to_string(),
        privileges.to_owned(),
        token.to_owned(),
    ]
}

fn become_service(mut words: impl Iterator<Item = OsString>) -> io::Error {
    let (Some(supervisor), Some(privileges), Some(token), Some(program)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return io::Error::other("only the supervisor may run this");
    };
    mark_with_token(&token.to_string_lossy());
    match prepare(&supervisor, privileges == "drop") {
        Err(error) => error,
        Ok(StartMode::Plain) => {
            let mut service = Command::new(&program);
            if program == THIS_PROGRAM
                && let Ok(name) = std::env::current_exe()
            {
                // Lists of processes show this name.
                service.arg0(name);
            }
            service.args(words).exec()
        }
        Ok(StartMode::Activated) => Command::new("/bin/sh")
            .args(["-c", ACTIVATE, "sh"])
            .arg(program)
            .args(words)
            .exec(),
    }
}

enum StartMode {
    Plain,
    /// Standard input is a listening socket to be passed to the service.
    Activated,
}

/// Afterwards, standard input is the descriptor that came with the start byte, or `/dev/null`.
fn prepare(supervisor: &OsString, unprivileged: bool) -> io::Result<StartMode> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The supervisor may have died before the parent-death signal was set.
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if supervisor.to_str() != Some(&parent.to_string()) {
        return Err(io::Error::other("the supervisor is gone"));
    }
    if unprivileged {
        set_no_new_privs(true)?;
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut handed = RecvAncillaryBuffer::new(&mut space);
    let mut word = [0];
    let heard = recvmsg(
        io::stdin(),
        &mut [IoSliceMut::new(&mut word)],
        &mut handed,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if heard.bytes == 0 {
        return Err(io::Error::other("the supervisor is gone"));
    }
    let descriptor = handed.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    match (word, descriptor) {
        ([START], None) => {
            rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
            Ok(StartMode::Plain)
        }
        ([START_WITH_SOCKET], Some(socket)) => {
            rustix::stdio::dup2_stdin(socket)?;
            Ok(StartMode::Activated)
        }
        ([START_WITH_INPUT], Some(input)) => {
            rustix::stdio::dup2_stdin(input)?;
            Ok(StartMode::Plain)
        }
        _ => Err(io::Error::other("the supervisor said something else")),
    }
}
