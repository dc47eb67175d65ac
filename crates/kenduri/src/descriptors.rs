//! Room for descriptors: each connection is one, and so is each to a program behind it.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many may be open, where the system lets us: as under the unit that `kenduri install`
/// writes. On most systems a program started by hand has a limit of 1,024.
const MOST: u64 = 65_536;
/// Room is made for so many at once, 64 KiB of the kernel's memory: connections as
/// `listen.connections` has them by default, each with one to a program.
const ROOM: u64 = 8_192;

/// Raises the limit of this process, as far as it may.
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

/// Fails where this process cannot open so many more.
pub(crate) fn ensure_left(count: usize) -> io::Result<()> {
    let input = io::stdin();
    let opened = (0..count).map(|_| rustix::io::fcntl_dupfd_cloexec(input.as_fd(), 3));
    let opened: Result<Vec<OwnedFd>, _> = opened.collect();
    opened?;
    Ok(())
}

/// Raises the limit of this process, and makes room; to be called before there is a second
/// thread. Room that is made later doubles each time, and a thread that shares it with others
/// waits until the kernel is sure that none of them looks at the old one: with the first
/// hundreds of connections everybody would wait for tens of milliseconds.
pub(crate) fn make_room() -> io::Result<()> {
    let raised = raise_limit();
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(MOST);
    let last = i32::try_from(granted.min(ROOM)).unwrap_or(i32::MAX) - 1;
    // Closed at once; the room stays.
    rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), last)?;
    raised
}
