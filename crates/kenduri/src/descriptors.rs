//! The limit on open file descriptors. Each client connection needs a descriptor, and each
//! connection to an upstream needs another.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit to set where the system allows it, equal to the limit in the unit that `kenduri
/// install` writes. A manually started program usually has a limit of 1,024.
const MOST: u64 = 65_536;
/// The size to which the descriptor table grows at once, which takes 64 KiB in the kernel. It is
/// enough for the default `listen.connections`, each with an upstream connection.
const ROOM: u64 = 8_192;

/// Raises this process's limit as far as allowed.
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

/// Raises the limit and grows the descriptor table. Must be called before a second thread starts,
/// because a table that grows later doubles each time, and in a process with several threads the
/// kernel then waits until no thread uses the old table. Each of the first few hundred connections
/// would wait for tens of milliseconds.
pub(crate) fn make_room() -> io::Result<()> {
    let raised = raise_limit();
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(MOST);
    let last = i32::try_from(granted.min(ROOM)).unwrap_or(i32::MAX) - 1;
    // The duplicate is closed at once, but the table keeps its size.
    rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), last)?;
    raised
}
