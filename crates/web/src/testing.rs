//! Helpers for this crate's tests.

use std::sync::Arc;

use jiff::tz::TimeZone;
use platform::limits::Limits;
use platform::store::{Settings as StoreSettings, SqliteSettings};
use platform::{Clock, Files, Keyring, NameServers, Outbound, Platform, Random, Store};
use tempfile::TempDir;

use crate::client_info::Proxies;
use crate::codes::Code;
use crate::language::Language;
use crate::masking::{SecretPath, SecretPaths};
use crate::site_url::SiteUrl;
use crate::state::{Declared, Menu, Settings, Site, SiteParts};
use crate::text::{Catalogue, Locale, Text};

pub(crate) fn text(tag: &str) -> Text {
    Catalogue::build(&[crate::LOCALES]).speak(&Language::of(tag))
}

/// Messages of an imaginary domain.
const LOCALES: &[Locale] = &[
    ("en", "problem-shut = This is shut.\n    .title = Shut\n"),
    ("ms", "problem-shut = Ini ditutup.\n    .title = Tutup\n"),
];

/// A site with an empty store, and its temporary folder.
pub(crate) fn site() -> (Site, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = StoreSettings::Sqlite(SqliteSettings::file(folder.path().join("site.db")));
    let (clock, random) = (Clock::System, Random::seeded(1));
    let store = Store::open(&settings, &[], clock.clone(), random.clone()).unwrap();
    let site = SiteParts {
        platform: Platform {
            store,
            clock,
            random,
            files: Files::folder(folder.path(), 1),
            keys: Keyring::new([1; 32], &[]),
            outbound: Outbound::public().unwrap(),
            name_servers: NameServers::new(Vec::new()),
            limits: Limits::default(),
        },
        catalogue: Catalogue::build(&[crate::LOCALES, LOCALES]),
        declared: Arc::new(Declared {
            codes: vec![Code::new(423, "shut")],
            secret_paths: SecretPaths(vec![
                SecretPath::code("/invite/"),
                SecretPath::token("/setup/"),
            ]),
            ..Declared::default()
        }),
        menu: Menu::default(),
        settings: Arc::new(Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kenduri".to_owned(),
            languages: ["en", "ms", "it", "zh-Hans", "ar"]
                .map(str::to_owned)
                .to_vec(),
            time_zone: TimeZone::UTC,
            has_mail: true,
            proxies: Proxies::default(),
            cdn: false,
        }),
    };
    (site.into(), folder)
}
