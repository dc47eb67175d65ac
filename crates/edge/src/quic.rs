//! HTTP/3: the UDP side of every `https` address.
//!
//! # The process that reads a UDP socket
//!
//! A UDP socket has a single reader, which is one worker of one process. A datagram goes to the
//! process that reads first, so a second reader would take packets of connections that it does not
//! know. The reading worker distributes new connections round-robin among all workers.
//!
//! A socket that was not inherited is bound by this process alone. While an earlier process still
//! has the port, because its last connections are finishing, this process tries again every second.
//! Meanwhile it serves over TCP and does not advertise HTTP/3.
//!
//! An inherited socket is shared with the processes that serve before and after this one. The
//! reader holds a lock ([`SharedUdp`](crate::listener::SharedUdp)). The next process waits for the
//! lock, and the kernel releases it if the reader dies. A reader that stops sends GOAWAY to its
//! clients and drops the first packets of new clients, which use TCP in the meantime. Its
//! connections have [5 seconds](endpoint::END_TIME) to finish their responses. Then they are
//! closed, and the next process reads. That process resets connections that it does not know (RFC
//! 9000, section 10.3), such as the connections of a process that died. It can do so because all
//! processes share the key for resets.
//!
//! When HTTP/3 is switched off and on again, one endpoint replaces another in the same way.

mod endpoint;
mod fields;
mod frames;
mod http3;
mod settings;
mod socket;
mod wire;

pub(crate) use self::endpoint::{PendingConnection, UdpDoor, listen, welcome};
