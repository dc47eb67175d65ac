//! Asks a socket of our own whether it answers.
//!
//! A packet of a version that nobody speaks is answered with those that are spoken
//! (RFC 9000, section 6): datagrams arrive, are read, and their answers come back.
//! No connection begins, so nothing is counted and no place is taken.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The smallest datagram that begins a connection (RFC 9000, section 14.1).
const SIZE: usize = 1_200;
/// A version that is never spoken (RFC 9000, section 15).
const VERSION: [u8; 4] = [0x1a, 0x2a, 0x3a, 0x4a];
/// Bytes of each of the two names of a connection.
const NAME: u8 = 8;

/// Whether the socket at this address answers.
pub(super) async fn answers(address: SocketAddr) -> bool {
    for near in near(address) {
        let asked = tokio::time::timeout(PATIENCE, ask(near)).await;
        if matches!(asked, Ok(Ok(()))) {
            return true;
        }
    }
    false
}

async fn ask(address: SocketAddr) -> io::Result<()> {
    let here: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((here, 0)).await?;
    socket.connect(address).await?;
    let names = RandomState::new();
    let (theirs, ours) = (names.hash_one(0), names.hash_one(1));
    socket.send(&question(theirs, ours)).await?;
    let mut answer = [0; SIZE];
    loop {
        let length = socket.recv(&mut answer).await?;
        if is_answer(&answer[..length], ours) {
            return Ok(());
        }
    }
}

/// Every address of the machine is reached by those that never leave it; which of
/// the two there is depends on the machine.
fn near(address: SocketAddr) -> Vec<SocketAddr> {
    let port = address.port();
    match address.ip() {
        ip if !ip.is_unspecified() => vec![address],
        IpAddr::V4(_) => vec![(Ipv4Addr::LOCALHOST, port).into()],
        IpAddr::V6(_) => vec![
            (Ipv6Addr::LOCALHOST, port).into(),
            (Ipv4Addr::LOCALHOST, port).into(),
        ],
    }
}

fn question(theirs: u64, ours: u64) -> Vec<u8> {
    let mut packet = vec![0xc0];
    packet.extend(VERSION);
    for name in [theirs, ours] {
        packet.push(NAME);
        packet.extend(name.to_be_bytes());
    }
    packet.resize(SIZE, 0);
    packet
}

/// Version negotiation, to the name we gave (RFC 8999, section 6).
fn is_answer(packet: &[u8], ours: u64) -> bool {
    let to = [&[NAME], ours.to_be_bytes().as_slice()].concat();
    packet.first().is_some_and(|first| first & 0x80 != 0)
        && packet.get(1..5) == Some(&[0; 4])
        && packet.get(5..).is_some_and(|rest| rest.starts_with(&to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_speak_quic_does_not_answer() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let asked = tokio::spawn(ask(address));
        let mut packet = [0; SIZE];
        let (length, from) = silent.recv_from(&mut packet).await.unwrap();
        assert_eq!(length, SIZE);
        // Its own words, and an answer to somebody else, are none.
        silent.send_to(&packet, from).await.unwrap();
        let mut foreign = packet;
        foreign[1..5].fill(0);
        silent.send_to(&foreign, from).await.unwrap();
        let mut right = foreign;
        right.copy_within(14..23, 5);
        assert!(!asked.is_finished());
        silent.send_to(&right, from).await.unwrap();
        asked.await.unwrap().unwrap();
    }
}
