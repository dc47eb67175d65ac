//! Serves HTTP/3 over UDP at the `https` addresses.
//!
//! Only one worker of one process reads a UDP socket, because a second reader would take packets of
//! connections that it does not know. Therefore, the next process waits until the reader has
//! released its lock ([`SharedUdp`](crate::listener::SharedUdp)) or the port.

mod endpoint;
mod fields;
mod frames;
mod http3;
mod settings;
mod socket;
mod wire;

pub(crate) use self::endpoint::{PendingConnection, UdpListener, listen, welcome};
