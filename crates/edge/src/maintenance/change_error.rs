//! Why maintenance mode was not changed as asked.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The change is not in effect, and will not be after a restart either.
    #[error(
        "maintenance mode was not changed: {0}\n  \
         the data folder must be writable and have room, and maintenance.html in it be readable \
         and at most 1M"
    )]
    Unchanged(io::Error),
    /// The change is in effect and survives a restart, but a power failure may undo it. The caller
    /// should repeat the change when the disk works again.
    #[error(
        "a power failure may undo this change of maintenance mode: {0}\n  \
         look for errors of the disk (`dmesg`), mend it, and run the command again"
    )]
    Unsynced(io::Error),
    #[error(
        "{0} is not in maintenance mode, and nothing was changed\n  \
         if it answers 503 all the same, `kenduri ps` shows which service is not ready"
    )]
    NotClosed(String),
    /// One host cannot be opened while all hosts are closed.
    #[error(
        "all hosts are in maintenance mode, which cannot end for one of them, and nothing was \
         changed\n  \
         end it for all: kenduri maintenance off; then begin it again for each host that is to \
         stay closed: kenduri maintenance on --host HOST"
    )]
    AllClosed,
}
