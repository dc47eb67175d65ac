//! Zones by what people call them: a city, a country, or a difference from UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::text_cleaning::fold;

use super::PRESENT;
use crate::language::Language;
use crate::region::Region;

/// A zone that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundZone {
    /// Its IANA name.
    pub zone: &'static str,
    pub country: Region,
}

/// Returns the zones whose city or country has a name like `query`, also in English or under a former
/// name, or whose clocks differ from UTC as `query` says ("UTC+5:30") at `now`; the most alike first.
pub fn search(query: &str, language: &Language, now: Timestamp) -> Vec<FoundZone> {
    let difference = difference(query);
    let wanted = fold(query.trim());
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut ranked: Vec<(u8, FoundZone)> = Vec::new();
    for country in Region::all() {
        let names = [country.name(&language.tag), country.name("en")].map(fold);
        for zone in country.zones() {
            let rank = match difference {
                Some(seconds) => (seconds_from_utc(zone, now) == Some(seconds)).then_some(0),
                None => rank(&wanted, zone, &names),
            };
            ranked.extend(rank.map(|rank| (rank, FoundZone { zone, country })));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut found: Vec<FoundZone> = Vec::new();
    for (_, one) in ranked {
        if found.iter().all(|other| other.zone != one.zone) {
            found.push(one);
        }
    }
    found
}

fn rank(wanted: &str, zone: &str, countries: &[String; 2]) -> Option<u8> {
    let former = PRESENT.iter().filter(|(_, present)| **present == zone);
    let mut former = former.map(|(former, _)| city(former));
    let own = city(zone);
    if own == wanted || countries.iter().any(|name| name == wanted) {
        Some(0)
    } else if own.starts_with(wanted) {
        Some(1)
    } else if countries.iter().any(|name| name.starts_with(wanted)) {
        Some(2)
    } else if own.contains(wanted) || former.any(|city| city.starts_with(wanted)) {
        Some(3)
    } else {
        let mut names = countries.iter();
        names.any(|name| name.contains(wanted)).then_some(4)
    }
}

fn city(zone: &str) -> String {
    let name = zone.rsplit('/').next().unwrap_or(zone);
    fold(&name.replace('_', " "))
}

fn seconds_from_utc(zone: &str, now: Timestamp) -> Option<i32> {
    let zone = TimeZone::get(zone).ok()?;
    Some(zone.to_offset(now).seconds())
}

/// The seconds that "UTC+5:30", "GMT-3" or "+0530" says.
fn difference(query: &str) -> Option<i32> {
    let folded = fold(query.trim());
    let rest = folded.strip_prefix("utc").or(folded.strip_prefix("gmt"));
    let rest = rest.unwrap_or(&folded).trim();
    if rest.is_empty() && !folded.is_empty() {
        return Some(0);
    }
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' | '–' => -1,
        _ => return None,
    };
    let rest = rest.trim_start_matches(['+', '-', '\u{2212}', '–']).trim();
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 && rest.is_ascii() => rest.split_at(2),
        None => (rest, "0"),
    };
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    let is_time = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    is_time.then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, tag: &str) -> Vec<&'static str> {
        let language = Language::of(tag);
        let now = "2026-12-01T09:00:00Z".parse().unwrap();
        let all = search(query, &language, now).into_iter();
        all.map(|one| one.zone).collect()
    }

    #[test]
    fn a_zone_is_found_by_city_country_and_difference() {
        for (query, tag, first) in [
            ("new york", "en", "America/New_York"),
            ("São Paulo", "it", "America/Sao_Paulo"),
            ("India", "en", "Asia/Kolkata"),
            ("印度", "zh-Hans", "Asia/Kolkata"),
            ("الهند", "ar", "Asia/Kolkata"),
            ("calcutta", "en", "Asia/Kolkata"),
            ("Jerman", "ms", "Europe/Berlin"),
            ("germany", "ms", "Europe/Berlin"),
            ("kuala", "ms", "Asia/Kuala_Lumpur"),
        ] {
            assert_eq!(found(query, tag).first(), Some(&first), "{query}");
        }
        for (query, among, not) in [
            ("UTC+5:30", "Asia/Kolkata", "Asia/Dubai"),
            ("+0530", "Asia/Colombo", "Asia/Dubai"),
            ("gmt -3", "America/Sao_Paulo", "Europe/London"),
            ("UTC", "Africa/Abidjan", "Europe/Berlin"),
        ] {
            let all = found(query, "en");
            assert!(
                all.contains(&among) && !all.contains(&not),
                "{query}: {all:?}"
            );
        }
        for nothing in ["", "  ", "Atlantis", "+99", "+", "UTC+5:99", "+é123"] {
            assert_eq!(found(nothing, "en"), Vec::<&str>::new(), "{nothing:?}");
        }
    }

    #[test]
    fn every_country_has_a_name_in_each_language() {
        for country in Region::all() {
            for tag in ["en", "ms", "it", "zh-Hans", "ar"] {
                assert_ne!(country.name(tag), country.code, "{tag}");
            }
        }
        let malaysia = Region::find("MY").unwrap();
        assert_eq!(malaysia.name("de"), "Malaysia");
    }
}
