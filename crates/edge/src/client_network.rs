//! Formats IP addresses as text, and determines the networks that count as one client.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

pub(crate) fn push(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let mut digits = itoa::Buffer::new();
            for (number, octet) in address.octets().into_iter().enumerate() {
                if number > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(digits.format(octet).as_bytes());
            }
        }
        IpAddr::V6(address) => {
            let mut text = String::with_capacity(40);
            let _ = write!(text, "{address}");
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The network that counts as one client: the IPv4 address itself, or the IPv6 /64.
pub(crate) fn network_64(address: IpAddr) -> IpAddr {
    network(address, 64)
}

/// The network that counts as one customer of a provider: the IPv4 address itself, or the IPv6 /48.
/// Providers usually assign at most a /48 to a customer (RFC 6177).
pub(crate) fn network_48(address: IpAddr) -> IpAddr {
    network(address, 48)
}

fn network(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << (128 - bits))).into(),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_everybody_does() {
        for written in [
            "0.0.0.0",
            "203.0.113.7",
            "255.255.255.255",
            "::",
            "2001:db8::1",
        ] {
            let mut out = b"for=".to_vec();
            push(&mut out, written.parse().unwrap());
            assert_eq!(out, format!("for={written}").into_bytes());
        }
    }
}
