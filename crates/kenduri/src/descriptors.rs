//! The limit on open file descriptors. Each client connection and each connection to an upstream
//! server needs a descriptor.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As in the unit that `kenduri install` writes. A program started in a shell usually has 1,024.
const REQUESTED_LIMIT: u64 = 65_536;
/// The kernel's table then takes 64 KiB, and is enough for the default number of client connections
/// (`listen.connections`), each with an upstream connection.
const TABLE_SIZE: u64 = 8_192;

/// Raises this process's limit on descriptors as far as the operating system allows.
pub(crate) fn raise_limit() -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(REQUESTED_LIMIT, |maximum| maximum.min(REQUESTED_LIMIT));
    if current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum,
        };
        setrlimit(Resource::Nofile, raised)?;
    }
    Ok(())
}

/// Fails if this process cannot open `count` more descriptors.
pub(crate) fn ensure_left(count: usize) -> io::Result<()> {
    let input = io::stdin();
    let opened = (0..count).map(|_| rustix::io::fcntl_dupfd_cloexec(input.as_fd(), 3));
    let opened: Result<Vec<OwnedFd>, _> = opened.collect();
    opened?;
    Ok(())
}

/// Raises the limit on descriptors, and enlarges the kernel's descriptor table. Must be called
/// before a second thread starts.
///
/// A table that grows later doubles each time it is full. In a process with several threads, the
/// kernel then waits until no thread uses the old table. Each of the first few hundred connections
/// would wait for tens of milliseconds.
pub(crate) fn make_room() -> io::Result<()> {
    let raised = raise_limit();
    let granted = getrlimit(Resource::Nofile)
        .current
        .unwrap_or(REQUESTED_LIMIT);
    let last = i32::try_from(granted.min(TABLE_SIZE)).unwrap_or(i32::MAX) - 1;
    // The table keeps its size although the duplicate is closed immediately.
    rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), last)?;
    raised
}
