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
//! after us. Its reader holds a lock ([`SharedUdp`](crate::listener::SharedUdp)), which the next
//! one waits for, and which the system releases if the reader dies. A reader that stops tells
//! its clients that no more requests are taken (GOAWAY) and drops the first packets of new ones,
//! who use TCP meanwhile. Connections have [5 seconds](endpoint::END_TIME) to get their answers; then
//! they are closed, and the next one reads. It resets connections that it does not know (RFC
//! 9000, section 10.3), such as those of a process that died: all have the key.
//!
//! Where HTTP/3 is switched off and on again, one endpoint follows the other alike.

mod endpoint;
mod fields;
mod frames;
mod http3;
mod settings;
mod socket;
mod wire;

pub(crate) use self::endpoint::{Guest, UdpDoor, listen, welcome};
