//! HTTP/3: the UDP side of every `https` address.
//!
//! A UDP socket has one owner. Only one process reads from it, and in that process one
//! worker, for a datagram goes to whoever reads first: a second reader would take
//! packets of connections that it does not know. So a socket is bound for us alone;
//! while a process before this one still has the port, whose connections finish there,
//! we ask again, serve over TCP meanwhile, and tell nobody of HTTP/3. The worker that
//! reads hands new connections to all workers in turn.

mod door;
mod fields;
mod frames;
mod probe;
mod reach;
mod settings;
mod wire;

pub(crate) use self::door::{Guest, UdpDoor, listen, welcome};
pub(crate) use self::reach::Reach;
pub(crate) use self::settings::crypto;
pub(crate) use self::wire::{Ended, Measure, Receiving, Sending, Wire};
