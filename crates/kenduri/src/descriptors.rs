//! The limit on open file descriptors. Each connection of a client needs one, and each connection
//! to an upstream server another.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that is set if the operating system allows it. It equals the limit in the unit that
/// `kenduri install` writes. Programs started in a shell usually have a limit of 1,024.
const MOST: u64 = 65_536;
/// The number of descriptors for which the kernel's table is enlarged at startup, which takes 64
/// KiB. It is enough for the default of `listen.connections`, even if each has a connection to an
/// upstream server.
const ROOM: u64 = 8_192;

/// Raises this process's limit on descriptors as far as the operating system allows.
pub(crate) fn raise_limit() -> io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(MOST, |maximum| maximum.min(MOST));
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

/// Raises the limit on descriptors, and enlarges the kernel's table of descriptors. Must be called
/// before a second thread starts. A table that is enlarged later doubles each time. In a process
/// with several threads, the kernel then waits until no thread uses the old table, so that each of
/// the first few hundred connections would wait for tens of milliseconds.
pub(crate) fn make_room() -> io::Result<()> {
    let raised = raise_limit();
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(MOST);
    let last = i32::try_from(granted.min(ROOM)).unwrap_or(i32::MAX) - 1;
    // The duplicate is closed immediately, but the table keeps its size.
    rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), last)?;
    raised
}
