//! What every handler shares: the platform's parts, the messages, and the few
//! settings that pages depend on.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderMap, Uri};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::Platform;

use crate::client_info::Proxies;
use crate::codes::{CODES, Code};
use crate::language::{self, Language, Wishes};
use crate::masking::SecretPaths;
use crate::page::OwnFrame;
use crate::setting::SettingValues;
use crate::text::{Catalogue, Text};

/// The state of the program's router. Cheap to clone. Whatever the platform has,
/// it has: `site.store`, `site.clock`.
#[derive(Clone)]
pub struct Site {
    /// What the world decides.
    pub platform: Platform,
    /// All messages of all crates.
    pub catalogue: Catalogue,
    /// What the domains declare.
    pub declared: Arc<Declared>,
    /// What the configuration says about pages.
    pub settings: Arc<Settings>,
    /// What public pages lead to.
    pub menu: Menu,
}

/// The menu of public pages, kept in memory for a few seconds. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Menu(Arc<RwLock<ReadMenu>>);

#[derive(Clone, Debug, Default)]
struct ReadMenu {
    items: Arc<[MenuItem]>,
    read_at: Option<Timestamp>,
}

/// Somewhere that everybody can go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MenuItem {
    /// Its address.
    pub href: String,
    /// What it is called.
    pub label: Label,
}

/// What something is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// A message.
    Message(&'static str),
    /// Somebody's own words.
    Words(String),
}

impl MenuItem {
    /// What it is called in a language.
    pub fn words(&self, text: &Text) -> String {
        match &self.label {
            Label::Message(id) => text.say(id).into_owned(),
            Label::Words(words) => words.clone(),
        }
    }
}

impl Menu {
    /// How long another process may show what was before.
    const LIFE: SignedDuration = SignedDuration::from_secs(2);

    /// What is in it.
    pub fn items(&self) -> Arc<[MenuItem]> {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&read.items)
    }

    /// A number that changes with it.
    pub fn version(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.items().hash(&mut hasher);
        hasher.finish()
    }

    /// Whether it is time to read it again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        read.read_at
            .is_none_or(|at| now.duration_since(at) >= Self::LIFE || now < at)
    }

    /// Keeps what was read.
    pub fn set(&self, items: Vec<MenuItem>, now: Timestamp) {
        let read = ReadMenu {
            items: items.into(),
            read_at: Some(now),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    /// It may have changed.
    pub fn forget(&self) {
        let mut read = self.0.write().unwrap_or_else(PoisonError::into_inner);
        read.read_at = None;
    }
}

/// What the domains declare of which every page may need something.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Their error codes.
    pub codes: Vec<Code>,
    /// Which of their addresses hold or take a secret.
    pub secret_paths: SecretPaths,
    /// Their first pages, for people who are signed in.
    pub navigation: Vec<Link>,
    /// What the configuration says in their sections.
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
    /// The message that names it.
    pub label: &'static str,
    /// Its address.
    pub href: &'static str,
}

impl Declared {
    /// All error codes, those of every site first.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Code> {
        CODES.iter().chain(&self.codes)
    }

    /// The status of an error code.
    pub(crate) fn status_of(&self, code: &str) -> Option<u16> {
        let found = self.codes().find(|known| known.code == code);
        found.map(|known| known.status)
    }
}

/// What the configuration says about pages.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The one truth for links, cookies and the origin of forms.
    pub url: SiteUrl,
    /// The installation's name.
    pub name: String,
    /// The languages of pages that belong to the whole site; the first is the default.
    pub languages: Vec<String>,
    /// The zone of pages that belong to the whole site.
    pub time_zone: TimeZone,
    /// Whose word on clients, ids and schemes is taken.
    pub proxies: Proxies,
}

impl Site {
    /// The same site with what the configuration says in the sections of domains.
    #[must_use]
    pub fn with_settings(mut self, values: SettingValues) -> Self {
        Arc::make_mut(&mut self.declared).settings = values;
        self
    }

    /// A text for a page of people with an account, or who are about to have one.
    pub fn speak(&self, wishes: &Wishes) -> Text {
        self.speak_one_of(&self.languages(), wishes)
    }

    /// The languages of these pages: those of the site that say everything, else English.
    pub fn languages(&self) -> Vec<Language> {
        let mut all = self.public_languages();
        all.retain(|language| language::COMPLETE.contains(&&*language.tag));
        if all.is_empty() {
            all.push(Language::ENGLISH);
        }
        all
    }

    /// A text for a page that everybody reads, and that belongs to the whole site.
    pub fn speak_public(&self, wishes: &Wishes) -> Text {
        self.speak_one_of(&self.public_languages(), wishes)
    }

    /// The languages of these pages.
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

/// The address under which people reach the site: scheme, host and port, no path.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteUrl {
    origin: String,
    host: String,
    secure: bool,
}

/// Why an address cannot be the site's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address like https://kenduri.example, without a path")]
pub struct NotASiteUrl(String);

impl SiteUrl {
    /// Reads `https://host[:port]`, with or without the last slash.
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

    /// As browsers write it in `Origin`: no slash at the end, no usual port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host alone, in small letters.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port without the scheme, as people type it.
    pub fn authority(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(&*self.origin, |(_, authority)| authority)
    }

    /// The full address of a path that starts with `/`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether people come over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the site is for this machine only, where plain HTTP is no danger.
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
