//! The PROXY protocol, versions 1 and 2
//! (<https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>), by which a proxy names the
//! client of a connection.
//!
//! The header precedes everything else on a connection, even TLS. The edge reads nothing beyond it.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt as _};

const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const V1_SIGNATURE: &[u8] = b"PROXY ";
const MAX_V1_BYTES: usize = 107;
/// Its last bytes contain the size of the rest.
const FIXED: usize = 16;
const MAX_VARIABLE: usize = 4_096;
/// Stands for an unknown client. No network of trusted proxies may contain it.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    /// `None` if the proxy connects on its own behalf, for example for a health check.
    pub(crate) client: Option<IpAddr>,
    /// The client's destination address at the proxy, if known.
    pub(crate) local: Option<IpAddr>,
    /// Whether the client has connected to the proxy over TLS.
    pub(crate) is_secure: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BadAnnouncement {
    /// The connection ended within the PROXY protocol header.
    #[error("the connection closed before its PROXY header was complete")]
    Ended(#[from] io::Error),
    /// The connection does not begin with a PROXY protocol header.
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    #[error("the PROXY header is not valid")]
    Malformed,
    #[error("the PROXY header is too large")]
    TooLarge,
}

/// Reads the PROXY protocol header, and nothing after it.
pub(crate) async fn read<S>(stream: &mut S) -> Result<Announced, BadAnnouncement>
where
    S: AsyncRead + Unpin,
{
    let mut bytes = vec![0; V2_SIGNATURE.len()];
    stream.read_exact(&mut bytes).await?;
    if bytes == V2_SIGNATURE {
        bytes.resize(FIXED, 0);
        stream.read_exact(&mut bytes[V2_SIGNATURE.len()..]).await?;
        let rest = usize::from(u16::from_be_bytes([bytes[FIXED - 2], bytes[FIXED - 1]]));
        if rest > MAX_VARIABLE {
            return Err(BadAnnouncement::TooLarge);
        }
        bytes.resize(FIXED + rest, 0);
        stream.read_exact(&mut bytes[FIXED..]).await?;
    } else if bytes.starts_with(V1_SIGNATURE) {
        while !bytes.ends_with(b"\r\n") {
            // The line end is missing, so the line has at least this many more bytes.
            let missing = if bytes.ends_with(b"\r") { 1 } else { 2 };
            let read = bytes.len();
            if read + missing > MAX_V1_BYTES {
                return Err(BadAnnouncement::TooLarge);
            }
            bytes.resize(read + missing, 0);
            stream.read_exact(&mut bytes[read..]).await?;
        }
    } else {
        return Err(BadAnnouncement::Missing);
    }
    understand(&bytes)
}

fn understand(bytes: &[u8]) -> Result<Announced, BadAnnouncement> {
    let malformed = |_| BadAnnouncement::Malformed;
    let parsed = ProxyHeader::parse(bytes, ParseConfig::default()).map_err(malformed)?;
    let (header, length) = parsed;
    if length != bytes.len() {
        return Err(BadAnnouncement::Malformed);
    }
    // Only version 2 has the command LOCAL (section 2.2).
    if bytes.starts_with(V2_SIGNATURE) && bytes.get(V2_SIGNATURE.len()) == Some(&0x20) {
        return Ok(Announced {
            client: None,
            local: None,
            is_secure: false,
        });
    }
    // If the header contains no IP address, the client is `NOBODY`. The proxy's own address is not
    // used, because the client would then be trusted like the proxy.
    let addresses = header.proxied_address();
    let client = addresses.map_or(NOBODY, |addresses| addresses.source.ip().to_canonical());
    Ok(Announced {
        client: Some(client),
        local: addresses.map(|addresses| addresses.destination.ip().to_canonical()),
        is_secure: header.ssl().is_some_and(|tls| tls.client_ssl()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn announced(mut bytes: &[u8]) -> Result<(Announced, usize), String> {
        let found = read(&mut bytes).await;
        found
            .map(|found| {
                (
                    Announced {
                        local: None,
                        ..found
                    },
                    bytes.len(),
                )
            })
            .map_err(|error| error.to_string())
    }

    fn second(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        let fixed = [command, family, length[0], length[1]];
        [&V2_SIGNATURE[..], &fixed, rest].concat()
    }

    /// The content of a header that names this client and no destination.
    fn client(address: &str, is_secure: bool) -> Announced {
        Announced {
            client: Some(address.parse().unwrap()),
            local: None,
            is_secure,
        }
    }

    const ITSELF: Announced = Announced {
        client: None,
        local: None,
        is_secure: false,
    };

    #[tokio::test]
    async fn clients_are_announced_in_either_version() {
        let four = [192, 0, 2, 1, 10, 0, 0, 1, 0x30, 0x39, 0, 80];
        let mut six = [0_u8; 36];
        six[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        six[15] = 7;
        let mut mapped = [0_u8; 36];
        mapped[10..16].copy_from_slice(&[0xff, 0xff, 192, 0, 2, 9]);
        let secure = [&four[..], &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
        let clear = [&four[..], &[0x20, 0, 5, 0, 0, 0, 0, 0]].concat();
        let noted = [&four[..], &[0x04, 0, 3, 0, 0, 0, 0xea, 0, 1, 1]].concat();
        for (bytes, expected) in [
            (
                b"PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\r\n".to_vec(),
                client("192.0.2.1", false),
            ),
            (
                b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n".to_vec(),
                client("2001:db8::7", false),
            ),
            (
                b"PROXY TCP6 ::ffff:192.0.2.9 ::1 1 2\r\n".to_vec(),
                client("192.0.2.9", false),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), client("0.0.0.0", false)),
            (
                b"PROXY UNKNOWN ffff:f::1 ::1 1 2\r\n".to_vec(),
                client("0.0.0.0", false),
            ),
            (second(0x21, 0x11, &four), client("192.0.2.1", false)),
            (second(0x21, 0x12, &four), client("192.0.2.1", false)),
            (second(0x21, 0x21, &six), client("2001:db8::7", false)),
            (second(0x21, 0x21, &mapped), client("192.0.2.9", false)),
            (second(0x21, 0x11, &secure), client("192.0.2.1", true)),
            (second(0x21, 0x11, &clear), client("192.0.2.1", false)),
            (second(0x21, 0x11, &noted), client("192.0.2.1", false)),
            (second(0x21, 0x31, &[7; 216]), client("0.0.0.0", false)),
            (second(0x21, 0x00, &[]), client("0.0.0.0", false)),
            (second(0x20, 0x00, &[]), ITSELF),
            (second(0x20, 0x11, &four), ITSELF),
        ] {
            for rest in ["", "\r\n", "GET / HTTP/1.1\r\n\r\n"] {
                let whole = [&bytes[..], rest.as_bytes()].concat();
                let found = announced(&whole).await;
                assert_eq!(found, Ok((expected, rest.len())), "{bytes:?}");
            }
            for length in 0..bytes.len() {
                assert!(
                    announced(&bytes[..length]).await.is_err(),
                    "{length} of {bytes:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn where_the_client_has_connected_to_is_said() {
        let mut bytes = &b"PROXY TCP6 2001:db8::7 ::ffff:192.0.2.9 1 2\r\n"[..];
        let found = read(&mut bytes).await.unwrap();
        assert_eq!(found.local, "192.0.2.9".parse().ok());
        let mut bytes = &b"PROXY UNKNOWN\r\n"[..];
        assert_eq!(read(&mut bytes).await.unwrap().local, None);
    }

    #[tokio::test]
    async fn what_cannot_be_read_announces_nobody() {
        let four = [192, 0, 2, 1, 10, 0, 0, 1, 0x30, 0x39, 0, 80];
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_V1_BYTES));
        let large = second(0x21, 0x11, &[&four[..], &[0; MAX_VARIABLE]].concat());
        let mut other = second(0x21, 0x11, &four);
        other[11] = b'X';
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 12345 99999\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 12345\r\n\r\n",
            b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n",
            b"PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1  10.0.0.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n",
            b"PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n\n\r\n",
            b"PROXY \r\nTCP4 192.0.2.1\r\n",
            b"proxy TCP4 192.0.2.1 10.0.0.1 1 2\r\n",
            long.as_bytes(),
            &second(0x11, 0x11, &four),
            &second(0x22, 0x11, &four),
            &second(0x21, 0x41, &four),
            &second(0x21, 0x13, &four),
            &second(0x21, 0x21, &four),
            &second(0x21, 0x11, &four[..11]),
            &second(0x21, 0x31, &[0; 215]),
            &large,
            &other,
        ] {
            assert!(announced(bytes).await.is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_comes_takes_the_process_down(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            begins in 0..4_usize,
        ) {
            let begin = [&b""[..], V2_SIGNATURE, b"PROXY TCP4 ", b"PROXY TCP6 "][begins];
            let whole = [begin, &bytes].concat();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(announced(&whole));
        }
    }
}
