//! The validated settings of an upstream.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::uri::{Authority, InvalidUri, PathAndQuery};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    pub name: String,
    /// The servers' addresses. If there are none, requests wait for a server and are then refused.
    pub members: Vec<ServerAddress>,
    pub balance: Balance,
    /// `None` if a server's health follows only from its responses to requests.
    pub health: Option<HealthSettings>,
    pub times: Times,
    /// The maximum number of idle connections for each server and worker.
    pub idle_connections: usize,
}

impl UpstreamSettings {
    /// The default for [`UpstreamSettings::idle_connections`]. This limit protects memory and
    /// servers.
    ///
    /// It can be high, because [`Times::keep`] closes the connections that are idle after a burst
    /// of requests. With a lower limit, each burst would have to open connections again.
    pub const IDLE_CONNECTIONS: usize = 1_024;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Balance {
    /// All servers, one after another.
    RoundRobin,
    /// The server with the fewest running requests.
    LeastRequests,
    /// The server that a cookie names. The value is the cookie's name.
    Sticky(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSettings {
    /// The path to request with `GET`, below each server's base. Any 2xx status means healthy.
    pub path: PathAndQuery,
    pub every: Duration,
    pub within: Duration,
    /// The number of consecutive failed checks after which a server gets no requests; at least 1.
    pub fall: u32,
    /// The number of consecutive successful checks after which a server gets requests again; at
    /// least 1.
    pub rise: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    pub connect: Duration,
    /// The timeout for the response's first byte, counted from the end of the request.
    pub first_byte: Duration,
    /// The timeout for a body or a tunnel that makes no progress.
    pub idle: Duration,
    /// How long an idle connection is kept. Should be shorter than the server's keep-alive timeout.
    pub keep: Duration,
    /// How long a request waits if no server is ready.
    pub ready: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_mins(1),
            idle: Duration::from_mins(1),
            keep: Duration::from_millis(1_500),
            ready: Duration::from_secs(2),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAddress {
    Tcp {
        /// A host name or an IP address, without brackets.
        host: String,
        port: u16,
        /// The prefix of every request path: empty, or a path with a slash at its beginning and
        /// none at its end.
        base: String,
    },
    Unix {
        path: PathBuf,
        /// The uid that must own the socket; needed if other users could create a socket or a link
        /// in its folder. `None` trusts everybody who may write to the folder.
        owner: Option<u32>,
    },
}

impl ServerAddress {
    /// The request target below the server's base.
    ///
    /// # Errors
    ///
    /// Fails if the result is too long for a request target.
    pub(crate) fn below_base(&self, path: &PathAndQuery) -> Result<PathAndQuery, InvalidUri> {
        match self.base() {
            "" => Ok(path.clone()),
            base => format!("{base}{path}").parse(),
        }
    }

    fn base(&self) -> &str {
        match self {
            Self::Tcp { base, .. } => base,
            Self::Unix { .. } => "",
        }
    }

    /// The `Host` header for requests without one.
    pub(crate) fn authority(&self) -> String {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port, .. } => format!("{host}:{port}"),
            Self::Unix { .. } => "localhost".to_owned(),
        }
    }
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { base, .. } => write!(out, "http://{}{base}", self.authority()),
            Self::Unix { path, .. } => write!(out, "unix:{}", path.display()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// The address is neither an `http` URL nor a `unix:` path.
    #[error(
        "it is not an address of a server; write `http://HOST:PORT`, `http://HOST:PORT/base/` or `unix:PATH`"
    )]
    Form,
    #[error(
        "HTTP/2 to upstreams and gRPC are not supported; use `http://HOST:PORT` or `unix:PATH` \
         where the server speaks HTTP/1.1"
    )]
    Http2,
    #[error("TLS to upstreams is not supported; use `http://`, or `unix:` on the same machine")]
    Https,
    /// The address contains no valid port.
    #[error("it has no port from 1 to 65535; write `http://HOST:PORT`")]
    Port,
    /// The part after the port is not a plain path.
    #[error(
        "something other than a path follows the port; write only a path there, without `?` and `#`"
    )]
    Base,
    /// The socket's path is too long or empty.
    #[error("the path of its socket is empty or longer than 107 bytes; name a shorter one")]
    Path,
}

/// In bytes (Linux: `sun_path` without its final NUL).
const MAX_SOCKET_PATH: usize = 107;

/// Parses `http://HOST:PORT[/base/]` or `unix:PATH`. A relative socket path is relative to `data`.
pub fn parse_address(text: &str, data: &Path) -> Result<ServerAddress, BadAddress> {
    if let Some(path) = text.strip_prefix("unix:") {
        let whole = data.join(path);
        let length = whole.as_os_str().len();
        return if path.is_empty() || path.contains('\0') || length > MAX_SOCKET_PATH {
            Err(BadAddress::Path)
        } else {
            Ok(ServerAddress::Unix {
                path: whole,
                owner: None,
            })
        };
    }
    if text.starts_with("https://") {
        return Err(BadAddress::Https);
    }
    if text.starts_with("h2c") {
        return Err(BadAddress::Http2);
    }
    let rest = text.strip_prefix("http://").ok_or(BadAddress::Form)?;
    let (authority, base) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let authority: Authority = authority.parse().map_err(|_| BadAddress::Form)?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(BadAddress::Form);
    }
    let port = authority
        .port_u16()
        .filter(|port| *port != 0)
        .ok_or(BadAddress::Port)?;
    let base = base.trim_end_matches('/');
    if !base.is_empty() {
        let parsed: PathAndQuery = base.parse().map_err(|_| BadAddress::Base)?;
        if !base.starts_with('/') || parsed.path() != base {
            return Err(BadAddress::Base);
        }
    }
    Ok(ServerAddress::Tcp {
        host: authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned(),
        port,
        base: base.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16, base: &str) -> ServerAddress {
        ServerAddress::Tcp {
            host: host.to_owned(),
            port,
            base: base.to_owned(),
        }
    }

    fn unix(path: &str) -> ServerAddress {
        ServerAddress::Unix {
            path: path.into(),
            owner: None,
        }
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let data = Path::new("/srv/data");
        for (text, expected) in [
            ("http://127.0.0.1:3000", Ok(tcp("127.0.0.1", 3000, ""))),
            ("http://node:80/", Ok(tcp("node", 80, ""))),
            ("http://node:80/base/", Ok(tcp("node", 80, "/base"))),
            ("http://[::1]:81/a/b", Ok(tcp("::1", 81, "/a/b"))),
            ("unix:run/app.sock", Ok(unix("/srv/data/run/app.sock"))),
            ("unix:/run/app.sock", Ok(unix("/run/app.sock"))),
            ("unix:", Err(BadAddress::Path)),
            ("http://node", Err(BadAddress::Port)),
            ("http://node:0", Err(BadAddress::Port)),
            ("http://node:65536", Err(BadAddress::Port)),
            ("http://a@node:80", Err(BadAddress::Form)),
            ("http://:80", Err(BadAddress::Form)),
            ("http://node:80/?a", Err(BadAddress::Base)),
            ("http://node:80#a", Err(BadAddress::Base)),
            ("https://node:443", Err(BadAddress::Https)),
            ("h2c://node:80/base/", Err(BadAddress::Http2)),
            ("h2c+unix:run/app.sock", Err(BadAddress::Http2)),
            ("node:80", Err(BadAddress::Form)),
            ("", Err(BadAddress::Form)),
        ] {
            assert_eq!(parse_address(text, data), expected, "{text}");
        }
        let long = format!("unix:/{}", "a".repeat(MAX_SOCKET_PATH));
        assert_eq!(parse_address(&long, data), Err(BadAddress::Path));
    }

    #[test]
    fn an_address_is_shown_as_it_was_written() {
        for text in [
            "http://127.0.0.1:3000",
            "http://[::1]:81/a",
            "unix:/run/a.sock",
        ] {
            let read = parse_address(text, Path::new("/")).unwrap();
            assert_eq!(read.to_string(), text);
        }
    }
}
