//! The state that all handlers share: the platform, the translated messages, and the page settings.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;

use axum::http::HeaderMap;
use jiff::tz::TimeZone;
use platform::limits::Wait;
use platform::{Platform, StoreError, Tx};

use crate::client_info::Proxies;
use crate::codes::{CODES, Code};
use crate::language::{self, Language, Wishes};
use crate::masking::SecretPaths;
use crate::navigation::{Note, OwnFrame};
pub use crate::public_frame::{Label, Menu, MenuItem, PublicFrame, Visit};
use crate::setting::SettingValues;
use crate::site_url::SiteUrl;
use crate::text::{Catalogue, Text};

/// The router's state. It dereferences to its parts and to the platform, so handlers can write
/// `site.menu`, `site.store` or `site.clock`.
///
/// Each request clones it many times, and all threads count the clones in one place, so it is one
/// `Arc`.
#[derive(Clone)]
pub struct Site(Arc<SiteParts>);

#[derive(Clone)]
pub struct SiteParts {
    pub platform: Platform,
    pub catalogue: Catalogue,
    pub declared: Arc<Declared>,
    pub settings: Arc<Settings>,
    /// The parts of public pages that depend on the site, such as the menu.
    pub menu: Menu,
}

/// Declarations of the other crates, for use by all pages.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    pub codes: Vec<Code>,
    pub secret_paths: SecretPaths,
    pub menu: Vec<MenuEntry>,
    /// The values of the settings in the domains' sections of `kenduri.toml`.
    pub settings: SettingValues,
    /// Finds the frame for the account that is signed in with a request's headers.
    pub find_frame: Option<FindFrame>,
}

/// The type of [`Declared::find_frame`]. The frame is in the language of the given [`Text`]; the
/// result is `None` if nobody is signed in.
pub type FindFrame =
    fn(Site, HeaderMap, Text) -> Pin<Box<dyn Future<Output = Option<OwnFrame>> + Send>>;

/// An entry of the menu for signed-in people.
#[derive(Clone, Copy, Debug)]
pub struct MenuEntry {
    pub place: MenuPlace,
    /// The entries of a place are sorted by this number.
    pub position: u8,
    /// The message id of the entry's name.
    pub label: &'static str,
    /// The entry leads to the first of these pages that the person may open. If they may open
    /// several, each of these pages has tabs for all of them.
    pub pages: &'static [MenuPage],
    /// Whether people start here after signing in; `None` if nobody does.
    pub start: Option<FindStart>,
    /// What waits for the person on these pages; `None` if nothing ever does.
    pub waits: Option<CountWaiting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MenuPlace {
    /// At the top of the menu; the tabs of a member.
    Own,
    /// A tab of a member. For staff, it is a tab of their account.
    Personal,
    /// Below this heading. It is a message id.
    Duty(&'static str),
    /// The administration of the site.
    Site,
    /// The person's account, which staff open by their name.
    Account,
}

#[derive(Clone, Copy, Debug)]
pub struct MenuPage {
    pub label: &'static str,
    pub href: &'static str,
    pub audience: Audience,
    /// The paths of pages that have no tab of their own and belong to this one. Pages whose path
    /// begins with `href` and a slash belong to it anyway.
    pub below: &'static [&'static str],
}

/// Who may open a page.
#[derive(Clone, Copy, Debug)]
pub enum Audience {
    Everybody,
    Administrators,
    Owners,
    /// Accounts, given by their id.
    Some(fn(&mut Tx<'_>, &Site, &str) -> Result<bool, StoreError>),
}

/// Finds where the account with this id starts, if it starts with this entry.
pub type FindStart = fn(&mut Tx<'_>, &Site, &str) -> Result<Option<Start>, StoreError>;

/// Counts what waits for the account with this id, by the paths of the entry's pages. It is called
/// for each page of a person who may open the entry.
pub type CountWaiting =
    fn(&mut Tx<'_>, &Site, &str) -> Result<Vec<(&'static str, i64)>, StoreError>;

/// The page where a person starts after signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub href: String,
    /// The name of the one thing that the person works on. The menu then has this name and this
    /// page instead of the entry's.
    pub title: Option<String>,
    /// Whether the person works for others here, so that they belong to the site's staff.
    pub is_work: bool,
}

impl MenuPage {
    pub const fn new(label: &'static str, href: &'static str, audience: Audience) -> Self {
        Self {
            label,
            href,
            audience,
            below: &[],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub label: &'static str,
    pub href: &'static str,
}

impl Declared {
    /// Iterates over all error codes, the shared codes first.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Code> {
        CODES.iter().chain(&self.codes)
    }

    /// The HTTP status of an error code.
    pub(crate) fn status_of(&self, code: &str) -> Option<u16> {
        let found = self.codes().find(|known| known.code == code);
        found.map(|known| known.status)
    }
}

/// Settings that all pages need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The site's public URL, the base of links, cookies and the CSRF check.
    pub url: SiteUrl,
    pub name: String,
    /// The languages of the site's own pages, the default first.
    pub languages: Vec<String>,
    /// The time zone of the site's own pages.
    pub time_zone: TimeZone,
    /// Whether mails leave this site. If not, they stay in its [mailbox](crate::mailbox).
    pub has_mail: bool,
    /// The reverse proxies that may report the client's address, the request id and the scheme.
    pub proxies: Proxies,
    /// Whether caches in front of the site ignore `Vary`. Then public pages are in the default
    /// language, unless their URL or a cookie names another.
    pub cdn: bool,
}

impl Site {
    /// Returns the site with these values for the domains' settings.
    #[must_use]
    pub fn with_settings(mut self, values: SettingValues) -> Self {
        Arc::make_mut(&mut self.declared).settings = values;
        self
    }

    /// The sentence that says that mails stay in this site's mailbox; `None` if mails leave it.
    pub fn mail_note(&self, text: &Text) -> Option<Note> {
        (!self.settings.has_mail).then(|| Note {
            short: text.say("mail-stays-short").into_owned(),
            words: text.say("mail-stays").into_owned(),
        })
    }

    /// The sentence that says that other people cannot open links with the URL `url`, which is the
    /// site's or begins the links to a part of it; `None` if they can.
    pub fn private_note(&self, text: &Text, url: &SiteUrl) -> Option<Note> {
        let values = [("address", url.origin().into())];
        url.is_private().then(|| Note {
            short: text.say("address-private-short").into_owned(),
            words: text.with("address-private", values),
        })
    }

    /// The sentence that says how long others may still see a public page that is taken away; `None`
    /// if no cache stands in front of the site. The site's own cache drops what changes.
    pub fn cache_note(&self, text: &Text) -> Option<String> {
        let has_front = self.settings.cdn || !self.settings.proxies.is_empty();
        has_front.then(|| text.say("cache-note").into_owned())
    }

    /// Counts a request of an account that makes this site call another one.
    pub fn admit_call(&self, account: &str) -> Result<(), Wait> {
        self.limits.senders.admit_call(account, self.clock.now())
    }

    /// Returns the messages for a page of account holders, or of people about to create an account.
    pub fn speak(&self, wishes: &Wishes) -> Text {
        self.speak_one_of(&self.languages(), wishes)
    }

    /// The languages of pages for account holders: the site's languages that have all messages, or
    /// English if there are none.
    pub fn languages(&self) -> Vec<Language> {
        let mut all = self.public_languages();
        all.retain(|language| language::COMPLETE.contains(&&*language.tag));
        if all.is_empty() {
            all.push(Language::ENGLISH);
        }
        all
    }

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

    pub fn url(&self) -> &SiteUrl {
        &self.settings.url
    }
}

impl From<SiteParts> for Site {
    fn from(parts: SiteParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Site {
    type Target = SiteParts;

    fn deref(&self) -> &SiteParts {
        &self.0
    }
}

impl DerefMut for Site {
    /// Other clones stay as they are.
    fn deref_mut(&mut self) -> &mut SiteParts {
        Arc::make_mut(&mut self.0)
    }
}

impl Deref for SiteParts {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}
