//! The site's public URL.

use std::fmt;
use std::net::IpAddr;

use axum::http::Uri;

/// The site's public URL: scheme, host and port, without a path.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteUrl {
    origin: String,
    host: String,
    secure: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the address of a site; write it like https://kenduri.example, without a path"
)]
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
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether only this machine or its network can open the site: the host is this machine, an
    /// address of a private network (RFC 1918, RFC 4193) or of one link (RFC 3927, RFC 4291), or a
    /// name that public DNS never has (RFC 6762, RFC 8375, and names of one label).
    pub fn is_private(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        if self.is_loopback() {
            return true;
        }
        match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => {
                address.is_private() || address.is_link_local() || address.is_unspecified()
            }
            Ok(IpAddr::V6(address)) => {
                address.is_unique_local()
                    || address.is_unicast_link_local()
                    || address.is_unspecified()
            }
            Err(_) => {
                let is_below = |zone: &&str| host.ends_with(*zone);
                !host.contains('.') || [".local", ".internal", ".home.arpa"].iter().any(is_below)
            }
        }
    }

    /// Whether browsers offer passkeys on this site. They need a name, not an IP address (Web
    /// Authentication Level 3, 5.1.3), and TLS or this machine (Secure Contexts, 3.1).
    pub fn can_have_passkeys(&self) -> bool {
        let is_name = self
            .host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_err();
        is_name && (self.secure || self.is_loopback())
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
    fn an_address_that_others_cannot_open_is_private() {
        for (text, is_private) in [
            ("http://127.0.0.1:23111", true),
            ("http://localhost", true),
            ("http://demo.localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://10.1.2.3", true),
            ("http://192.168.1.5:8080", true),
            ("http://169.254.1.1", true),
            ("http://[fd00::1]", true),
            ("http://[fe80::1]", true),
            ("http://[::ffff:192.168.1.5]", true),
            ("http://raspberry.local", true),
            ("http://wedding", true),
            ("https://wedding.home.arpa", true),
            ("https://wedding.example", false),
            ("https://local.example", false),
            ("http://203.0.113.7", false),
            ("https://[2001:db8::1]", false),
        ] {
            let url = SiteUrl::parse(text).unwrap();
            assert_eq!(url.is_private(), is_private, "{text}");
        }
    }

    #[test]
    fn passkeys_need_a_name_and_a_secure_connection() {
        for (text, can) in [
            ("https://wedding.example", true),
            ("http://localhost:8080", true),
            ("http://demo.localhost", true),
            ("http://wedding.example", false),
            ("http://127.0.0.1:8080", false),
            ("https://203.0.113.7", false),
            ("https://[2001:db8::1]", false),
        ] {
            assert_eq!(
                SiteUrl::parse(text).unwrap().can_have_passkeys(),
                can,
                "{text}"
            );
        }
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
