//! What our connections are called on the wire (RFC 9000, section 5.1), so that whoever
//! reads a datagram knows whose it is.
//!
//! A name is the surname of the endpoint that gave it, and what nobody can guess. The
//! surname ties no two names to one connection: all guests of an endpoint share it. What
//! is written here another version of the program reads: it stays as it is.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use quinn::{ConnectionId, ConnectionIdGenerator};

/// Bytes of a name.
const LENGTH: usize = 8;
/// Bytes of it that are the surname.
const SHARED: usize = 4;

/// How all connections of one endpoint are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Surname([u8; SHARED]);

impl Surname {
    /// Bytes that it is written in.
    pub(super) const SIZE: usize = SHARED;

    /// One that nobody else has.
    pub(super) fn draw() -> Self {
        Self(low(RandomState::new().hash_one(0)))
    }

    /// The one that is written so.
    pub(super) fn read(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    pub(super) fn written(self) -> [u8; Self::SIZE] {
        self.0
    }
}

/// Whom a datagram is for, as far as that can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    /// A connection of this endpoint.
    Of(Surname),
    /// Perhaps somebody who is new, and has chosen a name for us.
    Anybody,
    /// No connection of ours, nor the beginning of one.
    Nobody,
}

impl Addressee {
    /// Reads the name (RFC 8999, section 5). Those that clients have chosen are only in
    /// packets that say how long they are.
    pub(super) fn of(datagram: &[u8]) -> Self {
        match datagram {
            [0x80..=0xff, _, _, _, _, length, name @ ..] if usize::from(*length) == LENGTH => {
                surname(name).map_or(Self::Nobody, Self::Of)
            }
            [0x80..=0xff, ..] => Self::Anybody,
            [_, name @ ..] => surname(name).map_or(Self::Nobody, Self::Of),
            [] => Self::Nobody,
        }
    }
}

fn surname(name: &[u8]) -> Option<Surname> {
    name.get(..LENGTH)?.first_chunk().copied().map(Surname)
}

/// Gives the names of one endpoint.
#[derive(Debug)]
pub(super) struct Names {
    surname: Surname,
    secret: RandomState,
    given: u64,
}

impl Names {
    pub(super) fn of(surname: Surname) -> Self {
        Self {
            surname,
            secret: RandomState::new(),
            given: 0,
        }
    }
}

impl ConnectionIdGenerator for Names {
    fn generate_cid(&mut self) -> ConnectionId {
        self.given += 1;
        let own: [u8; LENGTH - SHARED] = low(self.secret.hash_one(self.given));
        ConnectionId::new(&[self.surname.0, own].concat())
    }

    fn cid_len(&self) -> usize {
        LENGTH
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// Some of its bits: those that were hashed are not to be found out.
fn low(hash: u64) -> [u8; SHARED] {
    let [bytes @ .., _, _, _, _] = hash.to_be_bytes();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_datagram_is_for_is_seen_from_its_name() {
        let ours = Surname::draw();
        let mut names = Names::of(ours);
        let (one, two) = (names.generate_cid(), names.generate_cid());
        assert_ne!(one, two);
        assert_eq!(one.len(), names.cid_len());
        for name in [one, two] {
            let brief = [&[0x40][..], &name, b"rest"].concat();
            assert_eq!(Addressee::of(&brief), Addressee::Of(ours));
            let long = [&[0xe0, 0, 0, 0, 1, 8][..], &name, b"rest"].concat();
            assert_eq!(Addressee::of(&long), Addressee::Of(ours));
        }
        let chosen = [&[0xc0, 0, 0, 0, 1, 12][..], b"twelve bytes"].concat();
        assert_eq!(Addressee::of(&chosen), Addressee::Anybody);
        for cut_off in [&[][..], b"\x40seven..", b"\xc0\0\0\0\x01\x08seven.."] {
            assert_eq!(Addressee::of(cut_off), Addressee::Nobody, "{cut_off:?}");
        }
        assert_eq!(Addressee::of(&[0xc0, 0]), Addressee::Anybody);
    }
}
