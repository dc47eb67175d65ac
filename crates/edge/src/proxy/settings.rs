//! What an upstream is told to be, checked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::uri::{Authority, InvalidUri, PathAndQuery};

/// A group of servers that answer alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// What logs and metrics call it.
    pub name: String,
    /// The servers; none: requests wait for one, then are refused.
    pub members: Vec<ServerAddress>,
    /// Who gets the next request.
    pub balance: Balance,
    /// How each is asked whether it is well; none: only its answers tell.
    pub health: Option<HealthSettings>,
    /// How long things may take.
    pub times: Times,
    /// At most so many unused connections are kept to each server, by each worker.
    pub idle_connections: usize,
}

impl UpstreamSettings {
    /// The limit unless said otherwise. It is there for the memory and the servers: as the
    /// connection used last is used next and each is closed after [`Times::keep`], no more
    /// are kept than were lately in use at once. Lower than that, and each wave of requests
    /// opens anew what the last one closed.
    pub const IDLE_CONNECTIONS: usize = 1_024;
}

/// Who gets the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Balance {
    /// Each in turn.
    RoundRobin,
    /// Who has the fewest requests running.
    LeastRequests,
    /// A cookie of this name leads back to the server that answered first.
    Sticky(String),
}

/// How a server is asked whether it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSettings {
    /// Asked with `GET`, below the base of each server; any 2xx is well.
    pub path: PathAndQuery,
    /// How often.
    pub every: Duration,
    /// How long an answer may take.
    pub within: Duration,
    /// So many failures in a row, and it gets no requests; at least 1.
    pub fall: u32,
    /// So many successes in a row, and it gets them again; at least 1.
    pub rise: u32,
}

/// How long things may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// A connection.
    pub connect: Duration,
    /// The first byte of an answer, once the request was sent.
    pub first_byte: Duration,
    /// A body or a tunnel that stands still, in either direction.
    pub idle: Duration,
    /// An unused connection is kept so long: below what the server keeps it.
    pub keep: Duration,
    /// A request waits so long for a server when none is ready.
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

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAddress {
    /// On the network.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// Its port.
        port: u16,
        /// Put before every path: empty, or with a slash first and none last.
        base: String,
    },
    /// In the file system.
    Unix {
        /// Where.
        path: PathBuf,
        /// Whose (uid) socket it must be, where others could put theirs, or a link to one; none:
        /// whoever may write there is trusted.
        owner: Option<u32>,
    },
}

impl ServerAddress {
    /// The path as this server is asked for it: its base first.
    ///
    /// # Errors
    /// When the whole is too long for a request target.
    pub(crate) fn below_base(&self, path: &PathAndQuery) -> Result<PathAndQuery, InvalidUri> {
        match self.base() {
            "" => Ok(path.clone()),
            base => format!("{base}{path}").parse(),
        }
    }

    /// What goes before every path.
    fn base(&self) -> &str {
        match self {
            Self::Tcp { base, .. } => base,
            Self::Unix { .. } => "",
        }
    }

    /// What a request names as its host when the client named none.
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

/// Why a text is no address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Neither of the two forms.
    #[error("an address is `http://HOST:PORT`, `http://HOST:PORT/base/` or `unix:PATH`")]
    Form,
    /// HTTP/2 is not spoken to servers.
    #[error(
        "servers are not spoken to in HTTP/2, and gRPC is not proxied; use `http://HOST:PORT` or `unix:PATH` where the server speaks HTTP/1.1"
    )]
    Http2,
    /// Servers behind TLS are not spoken to.
    #[error("servers are spoken to in the clear: use `http://`, or `unix:` on the same machine")]
    Https,
    /// No port, or none that can be connected to.
    #[error("a port from 1 to 65535 is missing: `http://HOST:PORT`")]
    Port,
    /// A path with a query or a fragment, or one that is no path.
    #[error("what follows the port is a plain path, without `?` and `#`")]
    Base,
    /// A socket's path that the system cannot take.
    #[error("a socket's path has 1 to 107 bytes")]
    Path,
}

/// The longest path of a socket (Linux: `sun_path` with its end mark).
const LONGEST_PATH: usize = 107;

/// Reads `http://HOST:PORT[/base/]` or `unix:PATH`; a relative path starts in `data`.
pub fn parse_address(text: &str, data: &Path) -> Result<ServerAddress, BadAddress> {
    if let Some(path) = text.strip_prefix("unix:") {
        let whole = data.join(path);
        let length = whole.as_os_str().len();
        return if path.is_empty() || path.contains('\0') || length > LONGEST_PATH {
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
        let long = format!("unix:/{}", "a".repeat(LONGEST_PATH));
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
