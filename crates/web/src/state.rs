//! The state that all handlers share: the platform, the messages, and the settings of pages.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use jiff::tz::TimeZone;
use platform::Platform;

use crate::client_info::Proxies;
use crate::codes::{CODES, Code};
use crate::language::{self, Language, Wishes};
use crate::masking::SecretPaths;
use crate::page::OwnFrame;
pub use crate::public_frame::{Label, Menu, MenuItem, PublicFrame, Visit};
use crate::setting::SettingValues;
use crate::text::{Catalogue, Text};

/// The router's state. Cheap to clone. It derefs to the platform: `site.store`, `site.clock`.
#[derive(Clone)]
pub struct Site {
    /// Store, clock, randomness, files and keys.
    pub platform: Platform,
    /// The messages of all crates.
    pub catalogue: Catalogue,
    /// The declarations of the domains.
    pub declared: Arc<Declared>,
    /// The settings of pages.
    pub settings: Arc<Settings>,
    /// What public pages show of the site.
    pub menu: Menu,
}

/// The domains' declarations that any page may need.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The domains' error codes.
    pub codes: Vec<Code>,
    /// The paths with secrets.
    pub secret_paths: SecretPaths,
    /// The domains' start pages for signed-in people.
    pub navigation: Vec<Link>,
    /// The settings of the domains' sections.
    pub settings: SettingValues,
    /// Finds the frame of whoever shows these headers, in this language.
    pub find_frame: Option<FindFrame>,
}

/// For [`Declared::find_frame`]; `None`: nobody is signed in.
pub type FindFrame =
    fn(Site, HeaderMap, Text) -> Pin<Box<dyn Future<Output = Option<OwnFrame>> + Send>>;

/// Somewhere to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The message id of the label.
    pub label: &'static str,
    /// The link's address.
    pub href: &'static str,
}

impl Declared {
    /// All error codes, the shared ones first.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Code> {
        CODES.iter().chain(&self.codes)
    }

    /// The HTTP status of an error code.
    pub(crate) fn status_of(&self, code: &str) -> Option<u16> {
        let found = self.codes().find(|known| known.code == code);
        found.map(|known| known.status)
    }
}

/// The configured settings of pages.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The site's address, the base of links, cookies and the CSRF check.
    pub url: SiteUrl,
    /// The site's name.
    pub name: String,
    /// The languages of the site's own pages, the default first.
    pub languages: Vec<String>,
    /// The time zone of the site's own pages.
    pub time_zone: TimeZone,
    /// The proxies that may report client, request id and scheme.
    pub proxies: Proxies,
}

impl Site {
    /// The same site with other settings of the domains.
    #[must_use]
    pub fn with_settings(mut self, values: SettingValues) -> Self {
        Arc::make_mut(&mut self.declared).settings = values;
        self
    }

    /// The texts for a page of account holders, or of people about to become one.
    pub fn speak(&self, wishes: &Wishes) -> Text {
        self.speak_one_of(&self.languages(), wishes)
    }

    /// The languages of these pages: the site's complete ones, else English.
    pub fn languages(&self) -> Vec<Language> {
        let mut all = self.public_languages();
        all.retain(|language| language::COMPLETE.contains(&&*language.tag));
        if all.is_empty() {
            all.push(Language::ENGLISH);
        }
        all
    }

    /// The texts for a public page of the site.
    pub fn speak_public(&self, wishes: &Wishes) -> Text {
        self.speak_one_of(&self.public_languages(), wishes)
    }

    /// The languages of public pages.
    pub fn public_languages(&self) -> Vec<Language> {
        let tags = self.settings.languages.iter();
        tags.map(|tag| Language::of(tag)).collect()
    }

    fn speak_one_of(&self, offered: &[Language], wishes: &Wishes) -> Text {
        let tags: Vec<&str> = offered.iter().map(|language| &*language.tag).collect();
        let default = tags.first().copied().unwrap_or("en");
        let tag = wishes.choose(&tags, None, default);
        self.catalogue.speak(&Language::of(tag))
    }

    /// The site's address.
    pub fn url(&self) -> &SiteUrl {
        &self.settings.url
    }
}

impl Deref for Site {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}

/// The site's public address: scheme, host and port, without a path.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteUrl {
    origin: String,
    host: String,
    secure: bool,
}

/// The text is not a valid site address.
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

    /// The address in the form of the `Origin` header: without trailing slash and default port.
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

    /// The full address of a path that starts with `/`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether the site uses TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the site is only for this machine, where plain HTTP is safe.
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
