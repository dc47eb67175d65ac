//! All domains of Kenduri, each described by a [`site::Domain`].

use site::Domains;

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

#[cfg(test)]
mod menu;
#[cfg(test)]
mod moved_store;
#[cfg(test)]
pub(crate) mod off;
#[cfg(test)]
mod stolen_database;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use identity::person::slug;
    use jiff::tz::TimeZone;
    use operate::locales::LOCALES;
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
                cdn: false,
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

    #[test]
    fn every_key_is_documented_with_its_built_in_value() {
        let documents = concat!(
            include_str!("../../../docs/configure.md"),
            include_str!("../../../docs/edge-reference.md"),
        );
        for (key, value) in configuration::known_keys(DOMAINS) {
            // If this key is empty, Kenduri derives a value. The documentation describes that value.
            let value = match key.as_str() {
                "site.url" => "the address listened on".to_owned(),
                _ => format!("`{value}`"),
            };
            let row = format!("| `{key}` | {value} |");
            assert!(
                documents.contains(&row),
                "docs/configure.md and docs/edge-reference.md have no row {row}"
            );
        }
    }

    #[test]
    fn counts_are_said_in_the_singular_too() {
        // These messages never need a singular. Either the number is always larger than one, or a
        // single day is called "tomorrow" or "yesterday".
        let plural_only = [
            "complaint-name-long",
            "complaint-guests",
            "complaint-too-long",
            "complaint-question-long",
            "cover-days-more",
            "host-in-days",
            "host-days-ago",
            "booking-hold",
            "booking-newcomer-held",
            "booking-newcomer-unsent",
            "feedback-mean",
            "problem-slot-too-short",
            "problem-slot-too-long",
            "problem-too-many-offers",
            "problem-too-many-class-messages",
            "review-to-book",
            "problem-review-booking-unsuitable",
        ];
        let of_domains = DOMAINS.iter().map(|domain| domain.locales);
        let all = [web::LOCALES, LOCALES].into_iter().chain(of_domains);
        let mut found: Vec<_> = all.flat_map(web::locales::without_plural_forms).collect();
        found.retain(|id| !plural_only.contains(&id.as_str()));
        assert_eq!(found, [""; 0]);
    }

    /// People type and read amounts as 180.00, shares as 19 %, and durations as 24 hours.
    #[test]
    fn no_message_asks_people_for_the_units_of_programs() {
        let words = [
            "smallest unit",
            "minor unit",
            "hundredths of a percent",
            "basis point",
            "ISO 4217",
            "unit terkecil",
            "perseratus peratus",
            "unità minima",
            "unità più piccola",
            "centesimi di punto",
            "最小单位",
            "基点",
            "أصغر وحدة",
            "الوحدة الصغرى",
            "نقطة أساس",
        ];
        let of_domains = DOMAINS.iter().map(|domain| domain.locales);
        let all = [web::LOCALES, LOCALES]
            .into_iter()
            .chain(of_domains)
            .flatten();
        let found: Vec<String> = all
            .flat_map(|(tag, file)| file.lines().map(move |line| (tag, line)))
            .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
            .map(|(tag, line)| format!("{tag}: {line}"))
            .collect();
        assert_eq!(found, [""; 0]);
    }
}
