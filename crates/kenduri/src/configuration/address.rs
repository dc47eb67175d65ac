//! Addresses to listen on, as people write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// One place to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    /// An address of this machine and a port.
    Tcp(SocketAddr),
    /// Every address of this machine, IPv6 and IPv4.
    Everywhere(u16),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Reads `HOST:PORT`, `:PORT` or `unix:FILE`.
    pub(crate) fn parse(text: &str, data: &Path) -> Result<Self, String> {
        if let Some(file) = text.strip_prefix("unix:").filter(|file| !file.is_empty()) {
            return Ok(Self::Unix(data.join(file)));
        }
        let how = || {
            format!(
                "{text:?} is no address; write it like 127.0.0.1:8080, :8080, [::1]:8080 or unix:run/http.sock"
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(how)?;
        let port: u16 = port.parse().map_err(|_| how())?;
        match host {
            "" => Ok(Self::Everywhere(port)),
            "localhost" => Ok(Self::Tcp((Ipv4Addr::LOCALHOST, port).into())),
            _ => text.parse().map(Self::Tcp).map_err(|_| how()),
        }
    }

    /// Whether other machines cannot reach it.
    pub(crate) fn is_private(&self) -> bool {
        match self {
            Self::Tcp(address) => is_loopback(address.ip()),
            Self::Everywhere(_) => false,
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Everywhere(port) => write!(formatter, ":{port}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

/// The address of a listener as a link, for who says nothing else.
pub(crate) fn link_to(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

/// Whether an address can only be reached from this machine.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ListenAddress, link_to};

    #[test]
    fn listen_addresses_and_who_reaches_them() {
        let parse = |text| ListenAddress::parse(text, Path::new("/data"));
        for private in [
            "127.0.0.1:80",
            "[::1]:8080",
            "localhost:1",
            "unix:run/http.sock",
        ] {
            assert!(parse(private).expect(private).is_private(), "{private}");
        }
        for public in [":80", "0.0.0.0:80", "192.0.2.7:80", "[::]:443"] {
            assert!(!parse(public).expect(public).is_private(), "{public}");
        }
        for wrong in [
            "",
            "8080",
            "127.0.0.1",
            "127.0.0.1:99999",
            "example.org:80",
            "unix:",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_listener_has_a_link() {
        for (address, link) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:80", "http://[::1]:80"),
            ("0.0.0.0:8080", "http://localhost:8080"),
            ("[::]:8080", "http://localhost:8080"),
        ] {
            assert_eq!(link_to(address.parse().expect(address)), link);
        }
    }
}
