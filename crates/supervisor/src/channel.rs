//! The socket between the program and its own service, the worker.

use std::os::unix::net::UnixStream;

use crate::state::RunId;

/// The other end of the standard input of a process that is a part of the program; see
/// [`OwnService`](crate::OwnService). It is handed in before the process begins, and is at its end when nothing
/// of the process is left.
#[derive(Debug)]
pub struct Channel {
    /// The number of the instance.
    pub instance: u32,
    /// From which version of the description.
    pub generation: u32,
    /// Its process, as [`InstanceAddress::run`](crate::InstanceAddress::run) names it.
    pub run: RunId,
    /// The number of its process.
    pub pid: i32,
    /// Both read and write here. It blocks.
    pub stream: UnixStream,
}
