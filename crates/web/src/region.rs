//! Countries: their time zones, and with these the currency that people pay with. Where all that is
//! known of people is their zone or their language, the rest is proposed from it.

use std::collections::HashMap;
use std::sync::LazyLock;

use platform::money::Currency;

/// A line is a country's code (ISO 3166-1) and its zones. After `!`, the first zone is the primary
/// one.
const COUNTRIES: &str = include_str!("region/zones.txt");

/// A line is a country's code and its names in the languages of [`NAMED`], with `|` between them.
const NAMES: &str = include_str!("region/names.txt");
const NAMED: [&str; 5] = ["en", "ms", "it", "zh-Hans", "ar"];

static NAMES_OF: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    NAMES
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect()
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The country's code, such as `MY`.
    pub code: &'static str,
    has_primary: bool,
    zones: &'static str,
}

impl Region {
    /// Every country, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        let lines = COUNTRIES.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| {
            let (code, zones) = line.split_once(' ')?;
            let primary = code.strip_suffix('!');
            Some(Self {
                code: primary.unwrap_or(code),
                has_primary: primary.is_some(),
                zones,
            })
        })
    }

    /// The country with this code, in any letter case.
    pub fn find(code: &str) -> Option<Self> {
        Self::all().find(|one| one.code.eq_ignore_ascii_case(code))
    }

    /// The country of a zone, under its present name; `None` for a zone of no country, such as UTC.
    pub fn of_zone(zone: &str) -> Option<Self> {
        Self::all().find(|one| one.zones().any(|other| other == zone))
    }

    /// The country that a language tag (BCP 47) names, such as `ms-MY`.
    pub fn of_language(tag: &str) -> Option<Self> {
        let subtags = tag.split('-').skip(1);
        // What follows a single letter is an extension.
        let mut subtags = subtags.take_while(|subtag| subtag.len() > 1);
        subtags
            .find(|subtag| subtag.len() == 2)
            .and_then(Self::find)
    }

    /// The zones of the country, by their present names.
    pub fn zones(self) -> impl Iterator<Item = &'static str> {
        self.zones.split(' ')
    }

    /// The country's only or primary zone; `None` where it has several that people must choose from.
    pub fn zone(self) -> Option<&'static str> {
        let mut zones = self.zones();
        let first = zones.next();
        first.filter(|_| self.has_primary || zones.next().is_none())
    }

    /// The country's name in the language with this tag, or else in English.
    pub fn name(self, tag: &str) -> &'static str {
        let place = NAMED.iter().position(|known| *known == tag);
        let names = NAMES_OF.get(self.code).map(|names| names.split('|'));
        let name = names.and_then(|mut names| names.nth(place.unwrap_or_default()));
        name.unwrap_or(self.code)
    }

    /// The country's names in all languages.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let names = NAMES_OF.get(self.code);
        names.into_iter().flat_map(|names| names.split('|'))
    }

    pub fn currency(self) -> Option<Currency> {
        self.zones().next().and_then(Currency::of_zone)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::zone;

    #[test]
    fn a_zone_and_a_language_name_their_country() {
        for (zone, code, currency) in [
            ("Asia/Kuala_Lumpur", "MY", "MYR"),
            ("Asia/Kuching", "MY", "MYR"),
            ("Asia/Calcutta", "IN", "INR"),
            ("US/Pacific", "US", "USD"),
            ("Iceland", "IS", "ISK"),
            ("Europe/Oslo", "NO", "NOK"),
            ("Africa/Timbuktu", "ML", "XOF"),
        ] {
            let present = zone::find(zone).unwrap();
            let found = Region::of_zone(zone::name(&present)).unwrap();
            let found_currency = found.currency().unwrap();
            assert_eq!(
                (found.code, found_currency.code()),
                (code, currency),
                "{zone}"
            );
        }
        assert_eq!(Region::of_zone("UTC"), None);
        for (tag, code) in [
            ("ms-MY", Some("MY")),
            ("zh-hant-tw", Some("TW")),
            ("en-US-u-nu-latn", Some("US")),
            ("en-u-ca-gregory", None),
            ("en", None),
            ("en-XX", None),
        ] {
            assert_eq!(Region::of_language(tag).map(|one| one.code), code, "{tag}");
        }
    }

    #[test]
    fn a_country_proposes_a_zone_only_if_it_is_the_only_or_the_primary_one() {
        for (code, zone) in [
            ("SG", Some("Asia/Singapore")),
            ("MY", Some("Asia/Kuala_Lumpur")),
            ("DE", Some("Europe/Berlin")),
            ("cn", Some("Asia/Shanghai")),
            ("US", None),
            ("AU", None),
            ("ID", None),
        ] {
            assert_eq!(Region::find(code).unwrap().zone(), zone, "{code}");
        }
        let primary = Region::all().filter(|one| one.has_primary);
        let primary: Vec<&str> = primary.map(|one| one.code).collect();
        let cldr = [
            "CL", "CN", "DE", "EC", "ES", "MH", "MY", "NZ", "PT", "UA", "UZ",
        ];
        assert_eq!(primary, cldr);
    }

    #[test]
    fn every_zone_of_the_bundled_data_is_in_one_country_or_a_former_name() {
        let mut seen = BTreeSet::new();
        for region in Region::all() {
            assert!(region.code.len() == 2 && region.code.is_ascii());
            for name in region.zones() {
                assert!(seen.insert(name), "{name} is in two countries");
                let known = zone::find(name).unwrap_or_else(|| panic!("{name} is no zone"));
                assert_eq!(zone::name(&known), name);
            }
            // Nobody has a currency of their own there.
            let is_without = ["AQ", "GS"].contains(&region.code);
            assert_eq!(region.currency().is_none(), is_without, "{}", region.code);
        }
        let names = jiff::tz::db().available().map(|name| name.to_string());
        let placed = names.filter(|name| name.contains('/') && !name.starts_with("Etc/"));
        let missing: Vec<String> = placed
            .filter_map(|name| Some(zone::name(&zone::find(&name)?).to_owned()))
            .filter(|name| !seen.contains(name.as_str()))
            .collect();
        assert_eq!(missing, [""; 0]);
    }
}
