//! Listens for connections, and limits their number.

mod bind;
mod connection_limits;
mod eviction;
mod inherited;
mod kept_sockets;
pub(crate) mod proxy_protocol;
mod shared_udp;

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use crate::cdn_presets::Cdn;
use crate::description::ForwardedHeader;

pub use self::bind::{ListenError, ListenFault};
pub use self::inherited::{Inherited, InheritedError};
pub use self::kept_sockets::KeptSockets;

pub(crate) use self::bind::{Bound, Socket, datagrams, open};
pub(crate) use self::connection_limits::{ConnectionLimits, ConnectionPermit, Origin};
pub(crate) use self::eviction::Handle;
pub(crate) use self::shared_udp::{ReadLock, ResetKey, SharedUdp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenSettings {
    pub http: Vec<ListenAddress>,
    pub https: Vec<ListenAddress>,
    /// The clear-text addresses at which all requests go to one service.
    pub fronts: Vec<ListenAddress>,
    /// Whether HTTP/3 is also served, on UDP ports with the same numbers as the `https` ports.
    pub http3: bool,
    /// The proxies that may set forwarding headers.
    pub trusted_proxies: Vec<IpNet>,
    /// The content delivery networks among the trusted proxies.
    pub cdns: Vec<Cdn>,
    pub forwarded_header: ForwardedHeader,
    /// The addresses where trusted proxies begin each connection with the PROXY protocol.
    pub proxy_protocol: Vec<ListenAddress>,
    pub connections: u32,
    /// The maximum number of open connections per IP address (IPv6: per /64); 0 for no limit.
    pub connections_per_address: u32,
    /// The maximum size of a request line and header section, in bytes.
    pub header_size: usize,
    /// The timeout for a request's header section.
    pub header_time: Duration,
    /// The timeout for idle connections between requests.
    pub idle_time: Duration,
    /// The timeout for a request or response body that makes no progress.
    pub body_time: Duration,
    /// How long new connections are still taken after a stop has begun and `/readyz` says so.
    pub unready_time: Duration,
    /// How long running requests may continue when the edge stops.
    pub drain_time: Duration,
    /// How long idle connections and event streams stay open when the edge stops.
    pub lame_duck_time: Duration,
    /// How long connections that have switched to another protocol, such as WebSockets, stay open
    /// when the edge stops.
    pub tunnel_time: Duration,
}

impl Default for ListenSettings {
    fn default() -> Self {
        Self {
            http: Vec::new(),
            https: Vec::new(),
            fronts: Vec::new(),
            http3: true,
            trusted_proxies: Vec::new(),
            cdns: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            proxy_protocol: Vec::new(),
            connections: 4_096,
            connections_per_address: 0,
            header_size: 16 * 1_024,
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_mins(1),
            body_time: Duration::from_secs(30),
            unready_time: Duration::ZERO,
            drain_time: Duration::from_secs(30),
            lame_duck_time: Duration::from_secs(5),
            tunnel_time: Duration::from_secs(5),
        }
    }
}

impl ListenSettings {
    pub(crate) fn all(&self) -> impl Iterator<Item = (ListenerKind, &ListenAddress)> {
        let clear = self
            .http
            .iter()
            .map(|address| (ListenerKind::Http, address));
        let https = self
            .https
            .iter()
            .map(|address| (ListenerKind::Https, address));
        let fronts = self
            .fronts
            .iter()
            .map(|address| (ListenerKind::Front, address));
        clear.chain(https).chain(fronts)
    }

    /// The UDP addresses for HTTP/3. Excludes addresses with the PROXY protocol, which the edge
    /// does not support over UDP.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &ListenAddress> {
        let https = self.https.iter().filter(|_| self.http3);
        https.filter(|address| !self.proxy_protocol.contains(address))
    }

    /// Whether a connection from `peer` to `at` must begin with a PROXY protocol header.
    pub(crate) fn is_announced(&self, at: &ListenAddress, peer: IpAddr) -> bool {
        self.proxy_protocol.contains(at) && self.is_trusted(peer)
    }

    /// The origin of a connection without a PROXY protocol header.
    pub(crate) fn origin(&self, peer: IpAddr) -> Origin {
        if self.is_trusted(peer) {
            Origin::Proxy(peer)
        } else {
            Origin::Client(peer)
        }
    }

    fn is_trusted(&self, peer: IpAddr) -> bool {
        let mut networks = self.trusted_proxies.iter();
        networks.any(|network| network.contains(&peer))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListenerKind {
    Http,
    Https,
    Front,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListenAddress {
    /// Port 0 stands for any free port.
    Tcp(SocketAddr),
    /// All IPv6 and IPv4 addresses of this machine.
    Everywhere(u16),
    Unix(PathBuf),
}

impl ListenAddress {
    /// Parses `HOST:PORT`, `:PORT` or `unix:FILE`. The host is an IP address or `localhost`. A
    /// relative file name is relative to `data`.
    ///
    /// # Errors
    ///
    /// The error explains the problem and how to correct it.
    pub fn parse(text: &str, data: &Path) -> Result<Self, String> {
        if let Some(file) = text.strip_prefix("unix:").filter(|file| !file.is_empty()) {
            return Ok(Self::Unix(data.join(file)));
        }
        let how = || {
            format!(
                "{text:?} is not an address; write it like 127.0.0.1:8080, :8080, [::1]:8080 or unix:run/http.sock"
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

    /// Whether the addresses conflict, so that two sockets cannot listen on both at once. Port 0
    /// never conflicts.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self.tcp(), other.tcp()) {
            (Some(one), Some(two)) => {
                let meets = one.ip() == two.ip()
                    || one.ip() == Ipv6Addr::UNSPECIFIED
                    || two.ip() == Ipv6Addr::UNSPECIFIED
                    || (one.is_ipv4() == two.is_ipv4()
                        && (one.ip().is_unspecified() || two.ip().is_unspecified()));
                meets && one.port() == two.port() && one.port() != 0
            }
            _ => self == other,
        }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Everywhere(_) => false,
            Self::Unix(_) => true,
        }
    }

    fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Everywhere(port) => Some((Ipv6Addr::UNSPECIFIED, *port).into()),
            Self::Unix(_) => None,
        }
    }
}

impl Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Everywhere(port) => write!(out, ":{port}"),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ListenAddress, Path, PathBuf};

    #[test]
    fn addresses_and_which_collide() {
        let parse = |text| ListenAddress::parse(text, Path::new("/data")).unwrap();
        assert_eq!(
            parse("unix:run/x.sock"),
            ListenAddress::Unix(PathBuf::from("/data/run/x.sock"))
        );
        for (one, two, collide) in [
            (":80", "127.0.0.1:80", true),
            (":80", "[::]:80", true),
            ("0.0.0.0:80", "192.0.2.1:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
            (":80", ":443", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("unix:a", "unix:a", true),
            ("unix:a", "unix:b", false),
        ] {
            assert_eq!(parse(one).overlaps(&parse(two)), collide, "{one} {two}");
        }
        for wrong in [
            "",
            "8080",
            "127.0.0.1",
            "1.2.3.4:99999",
            "a.example:80",
            "unix:",
        ] {
            assert!(
                ListenAddress::parse(wrong, Path::new("/")).is_err(),
                "{wrong}"
            );
        }
    }
}
