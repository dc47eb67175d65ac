//! A datagram that is handed to somebody who has no more part in the socket it came to:
//! what the system says of it goes before it.
//!
//! The processes may be different versions of the program: what is written here stays as
//! it is, or gets another mark.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use quinn::udp::{EcnCodepoint, RecvMeta};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recvmsg};
use tokio::net::UnixDatagram;

use super::elders::Elder;

/// The first byte of what goes before.
const MARK: u8 = 2;
/// Bytes of an address: of which kind it is, and room for the longer one.
const ADDRESS: usize = 1 + 16;
/// Bytes of what goes before: the mark, ECN, whom it is from (with port and, of a link,
/// its scope), and where it came to.
const HEAD: usize = 1 + 1 + ADDRESS + 2 + 4 + ADDRESS;

/// Hands it to this one.
pub(super) fn send(to: &Elder, datagram: &[u8], meta: &RecvMeta) {
    to.hand(&[IoSlice::new(&head(meta)), IoSlice::new(datagram)]);
}

/// Takes the next one that was handed to us. Nothing: it is none, or is longer than any
/// that is taken.
pub(super) fn receive(line: &UnixDatagram, buffer: &mut [u8]) -> Result<Option<RecvMeta>, Errno> {
    let mut head = [0; HEAD];
    let mut nothing: [MaybeUninit<u8>; 0] = [];
    let received = recvmsg(
        line,
        &mut [IoSliceMut::new(&mut head), IoSliceMut::new(buffer)],
        &mut RecvAncillaryBuffer::new(&mut nothing),
        RecvFlags::DONTWAIT,
    )?;
    let length = received.bytes.checked_sub(HEAD);
    let is_whole = !received.flags.contains(ReturnFlags::TRUNC);
    Ok(length.filter(|_| is_whole).and_then(|length| {
        let meta = read(&head)?;
        Some(RecvMeta {
            len: length,
            stride: length,
            ..meta
        })
    }))
}

fn head(meta: &RecvMeta) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let scope = match meta.addr {
        SocketAddr::V6(address) => address.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let ecn = meta.ecn.map_or(0, |ecn| ecn as u8);
    let pieces = [
        &[MARK, ecn][..],
        &written(Some(meta.addr.ip())),
        &meta.addr.port().to_be_bytes(),
        &scope.to_be_bytes(),
        &written(meta.dst_ip),
    ];
    for (to, byte) in head.iter_mut().zip(pieces.into_iter().flatten()) {
        *to = *byte;
    }
    head
}

fn read(head: &[u8; HEAD]) -> Option<RecvMeta> {
    let ([mark, ecn], rest) = head.split_first_chunk()?;
    let (from, rest) = rest.split_first_chunk()?;
    let (port, rest) = rest.split_first_chunk()?;
    let (scope, rest) = rest.split_first_chunk()?;
    let to = rest.first_chunk()?;
    if *mark != MARK {
        return None;
    }
    let port = u16::from_be_bytes(*port);
    let addr = match address(from)? {
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, u32::from_be_bytes(*scope)).into(),
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, port),
    };
    Some(RecvMeta {
        addr,
        ecn: EcnCodepoint::from_bits(*ecn),
        dst_ip: address(to),
        ..RecvMeta::default()
    })
}

fn written(address: Option<IpAddr>) -> [u8; ADDRESS] {
    let mut bytes = [0; ADDRESS];
    match address {
        None => {}
        Some(IpAddr::V4(address)) => {
            bytes[0] = 4;
            bytes[1..5].copy_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            bytes[0] = 6;
            bytes[1..].copy_from_slice(&address.octets());
        }
    }
    bytes
}

fn address(bytes: &[u8; ADDRESS]) -> Option<IpAddr> {
    match bytes {
        [4, rest @ ..] => rest.first_chunk::<4>().map(|octets| (*octets).into()),
        [6, rest @ ..] => Some((*rest).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::Surname;
    use super::*;

    /// Sends it, and what arrives in a buffer of this size.
    async fn passed(datagram: &[u8], meta: RecvMeta, size: usize) -> Option<(RecvMeta, Vec<u8>)> {
        let (here, there) = std::os::unix::net::UnixDatagram::pair().unwrap();
        there.set_nonblocking(true).unwrap();
        let there = UnixDatagram::from_std(there).unwrap();
        let elder = Elder::new(Surname::draw(), here);
        send(&elder, datagram, &meta);
        there.readable().await.unwrap();
        let mut buffer = vec![0; size];
        let came = receive(&there, &mut buffer).unwrap()?;
        buffer.truncate(came.len);
        Some((came, buffer))
    }

    #[tokio::test]
    async fn what_is_known_of_a_datagram_goes_with_it() {
        for (from, to, ecn) in [
            (
                "192.0.2.1:443",
                Some("198.51.100.7"),
                Some(EcnCodepoint::Ce),
            ),
            (
                "[fe80::1%3]:50000",
                Some("fe80::2"),
                Some(EcnCodepoint::Ect0),
            ),
            (
                "[::ffff:192.0.2.1]:1",
                Some("192.0.2.9"),
                Some(EcnCodepoint::Ect1),
            ),
            ("[2001:db8::1]:65535", None, None),
        ] {
            let meta = RecvMeta {
                addr: from.parse().unwrap(),
                dst_ip: to.map(|to| to.parse().unwrap()),
                ecn,
                ..RecvMeta::default()
            };
            let (came, datagram) = passed(b"datagram", meta, 100).await.unwrap();
            assert_eq!(datagram, b"datagram");
            assert_eq!(
                (came.addr, came.dst_ip, came.ecn),
                (meta.addr, meta.dst_ip, meta.ecn)
            );
            assert_eq!(came.stride, 8);
        }
    }

    #[tokio::test]
    async fn what_is_not_whole_is_nothing() {
        assert!(passed(b"datagram", RecvMeta::default(), 8).await.is_some());
        assert!(passed(b"datagram", RecvMeta::default(), 7).await.is_none());
        let mut head = head(&RecvMeta::default());
        assert!(read(&head).is_some());
        head[0] += 1;
        assert!(read(&head).is_none());
    }

    #[tokio::test]
    async fn a_queue_that_is_full_holds_up_nobody() {
        let (here, there) = std::os::unix::net::UnixDatagram::pair().unwrap();
        there.set_nonblocking(true).unwrap();
        let there = UnixDatagram::from_std(there).unwrap();
        let elder = Elder::new(Surname::draw(), here);
        for _ in 0..10_000 {
            send(&elder, &[0; 1_200], &RecvMeta::default());
        }
        let mut buffer = [0; 2_048];
        let mut came = 0;
        while let Ok(letter) = receive(&there, &mut buffer) {
            came += 1;
            assert_eq!(letter.unwrap().len, 1_200);
        }
        // A burst fits: the system counts bytes here, and not messages.
        assert!((32..10_000).contains(&came), "{came}");
        send(&elder, b"last", &RecvMeta::default());
        assert_eq!(receive(&there, &mut buffer).unwrap().unwrap().len, 4);
    }
}
