//! Parses rates, networks and hosts in the settings.
//!
//! Each error message describes a valid value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

/// A number of events within a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub count: NonZeroU32,
    pub per: Duration,
}

impl Rate {
    /// Parses a rate such as `10/s`, `100/m` or `1000/h`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let how = || format!("{text:?} is no rate; write it like 10/s, 100/m or 1000/h");
        let (count, unit) = text.split_once('/').ok_or_else(how)?;
        let per = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            _ => return Err(how()),
        };
        let count = count.parse().map_err(|_| how())?;
        Ok(Self { count, per })
    }
}

/// Parses an IP address or a network, such as `127.0.0.1`, `10.0.0.0/8` or `fd00::/8`.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            format!("{text:?} is no address or network; write it like 127.0.0.1 or 10.0.0.0/8")
        })
}

/// Parses a host name or an IP address into the form of a `Host` header without a port: in lower
/// case, with internationalized names in ASCII (RFC 5890).
pub fn host(text: &str) -> Result<String, String> {
    let how = |why: &str| format!("{text:?} is no host: {why}");
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let address: Ipv6Addr = inner.parse().map_err(|_| how("no IPv6 address"))?;
        return Ok(format!("[{address}]"));
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return Ok(text.to_owned());
    }
    if text.contains('*') {
        return Err(how(
            "a * stands for one whole label, at the beginning: *.example.org",
        ));
    }
    if text.contains(['/', ':', '@', '?', '#', ' ']) {
        return Err(how("write the name alone, without scheme, port and path"));
    }
    let name = idna::domain_to_ascii_strict(text.strip_suffix('.').unwrap_or(text))
        .map_err(|_| how("names are letters, digits and hyphens between dots"))?;
    if name.is_empty() {
        return Err(how("it is empty"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_a_time() {
        let rate = Rate::parse("100/m").unwrap();
        assert_eq!((rate.count.get(), rate.per.as_secs()), (100, 60));
        for wrong in ["", "10", "0/s", "10/", "/s", "10/w", "-1/s"] {
            assert!(Rate::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_is_an_address_or_a_prefix() {
        assert_eq!(network("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("::1").unwrap().to_string(), "::1/128");
        for wrong in ["", "10.0.0.0/33", "10.0.0", "example.org"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_whole_names() {
        for (written, name) in [
            ("Example.ORG", "example.org"),
            ("example.org.", "example.org"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[0:0::1]", "[::1]"),
        ] {
            assert_eq!(host(written).as_deref(), Ok(name));
        }
        for wrong in [
            "",
            ".",
            "a b",
            "a:80",
            "https://a",
            "a/b",
            "*.a",
            "a*.b",
            "a..b",
            "-a.b",
            "[::x]",
        ] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }
}
