//! All domains of Kenduri, each described by a [`site::Domain`].

use site::Domains;
use web::Locale;

/// All domains. Each domain comes after the domains on which it depends.
pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    occasions_all::DOMAIN,
    countdowns::DOMAIN,
    posts::DOMAIN,
    bookings::DOMAIN,
    compat::kadkahwin::DOMAIN,
    compat::personal_site::DOMAIN,
];

/// The translations of this crate's own messages.
pub(crate) const LOCALES: &[Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("en", include_str!("../locales/en-mail.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
    ("ms", include_str!("../locales/ms-mail.ftl")),
    ("en", include_str!("../locales/en-status.ftl")),
    ("ms", include_str!("../locales/ms-status.ftl")),
    ("it", include_str!("../locales/it-status.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-status.ftl")),
    ("ar", include_str!("../locales/ar-status.ftl")),
];

#[cfg(test)]
mod moved_store;
#[cfg(test)]
mod off;
#[cfg(test)]
mod stolen_database;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use identity::person::slug;
    use jiff::tz::TimeZone;
    use site::{Context, domains};
    use testkit::World;
    use web::client_info::Proxies;
    use web::mailbox::Access;
    use web::{Settings, SiteUrl};

    use super::DOMAINS;

    /// Prepares every SQL statement of the workspace on both engines. This finds statements with
    /// missing columns, and statements that only one engine accepts.
    #[test]
    fn every_statement_is_understood_by_both_engines() {
        let statements = testkit::statements();
        assert!(statements.len() > 150, "the scanner finds them");
        testkit::prepare_all(&domains::migrations(DOMAINS), &statements);
    }

    /// Checks that no slug can equal the first segment of one of Kenduri's own paths.
    #[test]
    fn the_first_word_of_every_address_is_reserved() {
        World::each_engine(&domains::migrations(DOMAINS), async |world| {
            let settings = Settings {
                url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
                name: "Kenduri".to_owned(),
                languages: vec!["en".to_owned()],
                time_zone: TimeZone::UTC,
                has_mail: true,
                proxies: Proxies::default(),
            };
            let site = domains::site(DOMAINS, &[], world.platform.clone(), settings);
            let routes = domains::routes(&Context::new(site, DOMAINS))
                .merge(web::mailbox::routes(Access::Everybody))
                .merge(crate::api::routes());
            // A router shows its routes only in its debug output.
            let routes = format!("{routes:?}");
            let words: BTreeSet<&str> = routes
                .split('"')
                .filter_map(|text| text.strip_prefix('/')?.split('/').next())
                .filter(|word| slug::is_valid(word))
                .collect();
            assert!(words.contains("api") && words.contains("blog"), "{words:?}");
            let own = domains::reserved_slugs(DOMAINS);
            let free: Vec<_> = words
                .into_iter()
                .filter(|word| !slug::is_reserved(word) && !own.contains(word))
                .collect();
            assert_eq!(free, [""; 0]);
        });
    }
}
