//! HTTP/3: the UDP side of every `https` address.
//!
//! # Whose a UDP socket is
//! A UDP socket has one reader: one process, and in that process one worker, for a
//! datagram goes to whoever reads first, and a second reader would take packets of
//! connections that it does not know. The worker that reads hands new connections to
//! all workers in turn.
//!
//! A socket that nobody handed in is bound for us alone. While a process before this
//! one still has the port, whose connections finish there, we ask again, serve over TCP
//! meanwhile, and tell nobody of HTTP/3.
//!
//! A socket that was handed in is also in the hands of whoever serves before us and
//! after us. We begin to read it when nobody answers there. When the edge stops it is
//! left at once, so that every packet from then on is the next one's: our connections
//! hear which requests were taken (GOAWAY), get what is on its way to them and fits into
//! their windows, and are closed within a second. What their clients still send reaches
//! the next one, which ignores it: no connection of its own is called so, and it could
//! not reset one of ours (RFC 9000, section 10.3), for each process has a key of its own.
//! Clients ask on a new connection for what they were not answered.
//!
//! Where HTTP/3 is switched off and on again, the socket is read by one endpoint after
//! the other: the second waits until what was asked from the first is answered.

mod door;
mod ear;
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
