//! The socket between the supervisor's program and its worker process.

use std::os::unix::net::UnixStream;

use crate::state::RunId;

/// The supervisor's end of the socket to a worker process. The worker process is the program's own
/// service; see [`OwnService`](crate::OwnService). The other end is the worker process's standard
/// input. The supervisor's program receives this value before the worker process runs. When all
/// processes of the worker have exited, reading from the socket returns end of file.
#[derive(Debug)]
pub struct Channel {
    pub instance: u32,
    /// The version of the settings with which the worker process was started.
    pub generation: u32,
    /// The run ID of the worker process, as in
    /// [`InstanceAddress::run`](crate::InstanceAddress::run).
    pub run: RunId,
    pub pid: i32,
    /// The channel's socket, in blocking mode.
    pub stream: UnixStream,
}
