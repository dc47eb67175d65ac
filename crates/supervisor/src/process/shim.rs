//! The last step before a service runs: what must happen in the new process itself.
//!
//! A parent-death signal and `no_new_privs` (prctl(2)) belong to the process
//! that asks for them, so they are set between `fork` and `exec`. Rust's way to
//! run code there is `unsafe`, because nearly nothing may be done there. So the
//! supervisor starts its own program again with a mark as first argument; that
//! is a process like any other, does what is needed in plain Rust, and becomes
//! the service by `exec`, under the same pid. It costs a millisecond or two.
//!
//! Before that it waits for a word from the supervisor, which by then has
//! written down the pid: whatever runs is on record, and a supervisor that dies
//! in between leaves nothing.

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

/// The first argument of a program that shall become a service.
pub(crate) const MARK: &str = "--become-a-service";

/// The word on which a process becomes the service.
pub(crate) const START: u8 = b'!';
/// The same, and with it comes a socket to be handed on by systemd's protocol.
pub(crate) const START_WITH_SOCKET: u8 = b'@';
/// The same, and with it comes what the service has as its standard input.
pub(crate) const START_WITH_INPUT: u8 = b'<';

/// What a process that cannot become the service ends with, as shells do.
const CANNOT_RUN: i32 = 127;

/// Moves a socket from standard input to descriptor 3, where systemd's protocol
/// (`sd_listen_fds(3)`) has it, and names the pid, which no `exec` changes.
const ACTIVATE: &str = r#"exec 3<&0 </dev/null; export LISTEN_PID=$$; exec "$@""#;

static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Must be the first thing that `main` does, before any thread is started.
///
/// It comes back unless the program was started to become a service; then it never does.
pub fn run_if_asked() {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_none_or(|first| first != MARK) {
        IS_INSTALLED.store(true, Ordering::Relaxed);
        return;
    }
    let error = become_service(words);
    // Standard error leads to the service's log.
    let _ = writeln!(io::stderr(), "cannot start the service: {error}");
    std::process::exit(CANNOT_RUN);
}

/// Whether this program would turn into a service if it were started to.
pub(crate) fn is_installed() -> bool {
    IS_INSTALLED.load(Ordering::Relaxed)
}

/// The arguments for the new process, before the command itself.
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
        return io::Error::other("this is for the supervisor alone");
    };
    mark_with_token(&token.to_string_lossy());
    match prepare(&supervisor, privileges == "drop") {
        Err(error) => error,
        Ok(StartMode::Plain) => Command::new(program).args(words).exec(),
        Ok(StartMode::Activated) => Command::new("/bin/sh")
            .args(["-c", ACTIVATE, "sh"])
            .arg(program)
            .args(words)
            .exec(),
    }
}

/// How to start the service.
enum StartMode {
    Plain,
    /// The socket is standard input by now.
    Activated,
}

/// Binds this process to its supervisor and waits for the word. Standard input is then what was
/// handed over, or nothing.
fn prepare(supervisor: &OsString, unprivileged: bool) -> io::Result<StartMode> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before the line above.
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
