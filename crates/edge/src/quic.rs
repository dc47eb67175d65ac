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
//! after us. They follow one another on a line that came with it ([`line`]): whoever
//! wants to read asks, and whoever reads passes the socket on when it stops, at once or as
//! soon as somebody asks; until then it reads on. Who is gone without a word is followed at
//! once, for the system tells. Where nobody keeps such a line, or nobody has read there yet,
//! we begin when nobody answers.
//!
//! Connections of the one that stops live on as long as those of TCP may: they hear that
//! no more requests are taken (GOAWAY), and are closed when they have their answers. It
//! still sends on the socket. What their clients send reaches the next one, which sees in
//! the name that it is called by whose it is ([`names`]), and hands it over as it came
//! ([`letter`], [`ear`]), to each of those who were here before ([`elders`]). It loses
//! what they have no room for, and resets nothing that it does not know.
//!
//! Where HTTP/3 is switched off and on again, the socket is read by one endpoint after
//! the other: the second waits until what was asked from the first is answered.

mod door;
mod ear;
mod elders;
mod ends;
mod fields;
mod frames;
mod letter;
mod line;
mod names;
mod probe;
mod reach;
mod settings;
mod wire;

pub(crate) use self::door::{Guest, UdpDoor, listen, welcome};
pub(crate) use self::reach::Reach;
pub(crate) use self::settings::crypto;
pub(crate) use self::wire::{Ended, Measure, Receiving, Sending, Wire};
