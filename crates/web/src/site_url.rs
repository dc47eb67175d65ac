//! The site's public URL.

use std::fmt;

use axum::http::Uri;

/// The site's public URL: scheme, host and port, without a path.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteUrl {
    origin: String,
    host: String,
    secure: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address like https://kenduri.example, without a path")]
pub struct NotASiteUrl(String);

impl SiteUrl {
    /// Parses `https://host[:port]`, with or without a trailing slash.
    pub fn parse(text: &str) -> Result<Self, NotASiteUrl> {
        let refused = || NotASiteUrl(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| refused())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused());
        };
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(refused()),
        };
        let rest = uri.path_and_query().map_or("/", |rest| rest.as_str());
        if rest != "/" || authority.as_str().contains('@') {
            return Err(refused());
        }
        let host = authority.host().to_ascii_lowercase();
        let origin = match authority.port_u16() {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        Ok(Self {
            origin,
            secure: scheme == "https",
            host,
        })
    }

    /// The value of the `Origin` header: the URL without trailing slash and default port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port, without the scheme and the default port.
    pub fn authority(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(&*self.origin, |(_, authority)| authority)
    }

    /// The same URL with another host, which must be a name in lower case.
    #[must_use]
    pub fn with_host(&self, host: &str) -> Self {
        let port = self
            .authority()
            .strip_prefix(&self.host)
            .unwrap_or_default();
        let scheme = if self.secure { "https" } else { "http" };
        Self {
            origin: format!("{scheme}://{host}{port}"),
            host: host.to_owned(),
            secure: self.secure,
        }
    }

    /// The full URL of a path that starts with `/`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether the site uses TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine, so that plain HTTP is safe.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost"
            || host.ends_with(".localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for (text, origin, secure, loopback) in [
            (
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080",
                false,
                true,
            ),
            ("http://localhost:80/", "http://localhost", false, true),
            ("http://[::1]:8080", "http://[::1]:8080", false, true),
            (
                "https://Kenduri.Example:443",
                "https://kenduri.example",
                true,
                false,
            ),
            (
                "https://kenduri.example:8443",
                "https://kenduri.example:8443",
                true,
                false,
            ),
        ] {
            let url = SiteUrl::parse(text).unwrap();
            assert_eq!(url.origin(), origin);
            assert_eq!(url.authority(), origin.split("//").last().unwrap());
            assert_eq!((url.is_secure(), url.is_loopback()), (secure, loopback));
        }
        assert_eq!(
            SiteUrl::parse("https://a.example/")
                .unwrap()
                .join("/invite/RAHMA"),
            "https://a.example/invite/RAHMA"
        );
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "",
            "kenduri.example",
            "ftp://kenduri.example",
            "https://kenduri.example/party",
            "https://kenduri.example/?a=1",
            "https://user@kenduri.example",
            "/party",
        ] {
            assert!(SiteUrl::parse(text).is_err(), "{text}");
        }
    }
}
