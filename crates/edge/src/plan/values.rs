//! The values an operator writes: times, sizes, rates, networks, hosts, addresses.
//!
//! Every parser says, when it cannot, what a right value looks like.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

/// The longest time that may be asked for: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// Reads `250ms`, `30s`, `5m`, `2h` or `30d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let how = || format!("{text:?} is no time; write it like 500ms, 30s, 5m, 2h or 30d");
    let (number, unit) = split_unit(text);
    let number: u64 = number.parse().map_err(|_| how())?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(how()),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .filter(|time| *time <= LONGEST)
        .ok_or_else(|| format!("{text:?} is too long; the most is ten years"))
}

/// Reads `500`, `16K`, `15M` or `1G`, in bytes; never 0.
pub fn size(text: &str) -> Result<u64, String> {
    let how = || format!("{text:?} is no size; write it like 500K, 15M or 1G");
    let (number, unit) = split_unit(text);
    let number: u64 = number.parse().map_err(|_| how())?;
    let unit: u64 = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err(how()),
    };
    number
        .checked_mul(unit)
        .filter(|size| *size > 0)
        .ok_or_else(how)
}

/// The same, or `0`.
pub fn size_or_none(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { size(text) }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: NonZeroU32,
    /// In how long.
    pub per: Duration,
}

impl Rate {
    /// Reads `10/s`, `100/m` or `1000/h`.
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

/// Reads an address or a network: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            format!("{text:?} is no address or network; write it like 127.0.0.1 or 10.0.0.0/8")
        })
}

/// Reads a name or an address as it stands in `Host`: lower case, in the ASCII
/// form of internationalised names (RFC 5890), without a port.
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
    fn times_have_units() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("365d"), Ok(Duration::from_hours(365 * 24)));
        for wrong in ["", "5", "s", "5 s", "-5s", "1.5s", "5w", "99999999999d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("15M"), Ok(15 << 20));
        assert_eq!(size("700"), Ok(700));
        for wrong in ["", "M", "0", "15MB", "-1K", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

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
