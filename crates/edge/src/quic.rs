//! HTTP/3: the UDP side of every `https` address.
//!
//! A UDP socket has a single reader: one worker of one process. A second reader would take packets
//! of connections that it does not know. The next process waits until the reader has released its
//! lock ([`SharedUdp`](crate::listener::SharedUdp)) or the port.

mod endpoint;
mod fields;
mod frames;
mod http3;
mod settings;
mod socket;
mod wire;

pub(crate) use self::endpoint::{PendingConnection, UdpListener, listen, welcome};
