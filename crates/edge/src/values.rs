//! Parses rates, networks, hosts and origins in the settings.
//!
//! Each error message describes a valid value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use http::HeaderValue;
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
        let how = || format!("{text:?} is not a rate; write it like 10/s, 100/m or 1000/h");
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
            format!("{text:?} is not an address or network; write it like 127.0.0.1 or 10.0.0.0/8")
        })
}

/// Parses a host name or an IP address. Returns it as in a `Host` header without a port: in lower
/// case, and with internationalized names in ASCII (RFC 5890).
pub fn host(text: &str) -> Result<String, String> {
    let how = |why: &str| format!("{text:?} is not a host: {why}");
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let address: Ipv6Addr = inner.parse().map_err(|_| how("not an IPv6 address"))?;
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
        .map_err(|_| how("a name has letters, digits and hyphens between dots"))?;
    if name.is_empty() {
        return Err(how("it is empty"));
    }
    Ok(name)
}

/// Parses an origin such as `https://app.example` or `http://localhost:5173`. It must be written as
/// browsers send it (RFC 6454, section 6.1), because it is compared byte by byte.
pub fn origin(text: &str) -> Result<HeaderValue, String> {
    let how = || {
        format!(
            "{text:?} is not an origin; write scheme, host and perhaps port, like \
             https://app.example, and nothing after it"
        )
    };
    if text.contains('*') {
        return Err(format!(
            "{text:?} would let in every site; name each origin, like https://app.example"
        ));
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(how)?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match &*scheme {
        "http" => 80,
        "https" => 443,
        _ => return Err(how()),
    };
    let (name, port) = match rest.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => {
            (name, port.parse::<NonZeroU16>().map_err(|_| how())?.get())
        }
        _ => (rest, usual),
    };
    let name = host(name).map_err(|_| how())?;
    let mut sent = format!("{scheme}://{name}");
    if port != usual {
        sent = format!("{sent}:{port}");
    }
    if sent != text {
        return Err(format!("{text:?} is not what browsers send; write {sent}"));
    }
    HeaderValue::try_from(sent).map_err(|_| how())
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

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for right in [
            "https://app.example",
            "https://app.example:8443",
            "http://localhost:5173",
            "http://127.0.0.1",
            "https://[::1]:444",
            "https://xn--bcher-kva.example",
            "http://app.example:443",
        ] {
            assert_eq!(origin(right).unwrap(), right);
        }
        for (wrong, mended) in [
            ("https://App.example", "https://app.example"),
            ("HTTPS://app.example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("http://app.example:80", "http://app.example"),
            ("https://app.example:0444", "https://app.example:444"),
            ("https://app.example.", "https://app.example"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            let why = origin(wrong).unwrap_err();
            assert!(why.ends_with(&format!("write {mended}")), "{why}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "https://*.example",
            "app.example",
            "//app.example",
            "https://",
            "https://app.example/",
            "https://app.example/x",
            "https://app.example?x",
            "https://me@app.example",
            "https://app.example:",
            "https://app.example:0",
            "https://app.example:65536",
            "https://app.example, https://b.example",
            "ftp://app.example",
            "file://",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
