//! Zones by what people call them: a city, a country, or a difference from UTC.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::text_cleaning::fold;

use super::PRESENT;
use crate::region::Region;

/// Further names of the places of zones: a line is a zone, and its names with `, ` between them.
const NAMES: &str = include_str!("names.txt");

static NAMED: LazyLock<HashMap<&str, Vec<PlaceName>>> = LazyLock::new(|| {
    let lines = NAMES.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(' '));
    pairs
        .map(|(zone, names)| (zone, names.split(", ").map(PlaceName::read).collect()))
        .collect()
});

#[derive(Debug)]
struct PlaceName {
    folded: String,
    /// An abbreviation counts only as a whole.
    is_abbreviation: bool,
}

impl PlaceName {
    fn read(name: &str) -> Self {
        Self {
            folded: fold(name),
            is_abbreviation: name.bytes().all(|byte| byte.is_ascii_uppercase()),
        }
    }
}

/// A zone that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundZone {
    /// Its IANA name.
    pub zone: &'static str,
    pub country: Region,
}

/// Returns the zones whose place or country has a name like `query`, in any language that is known, or
/// whose clocks differ from UTC as `query` says ("UTC+5:30") at `now`; the most alike first.
pub fn search(query: &str, now: Timestamp) -> Vec<FoundZone> {
    ranked(query, now).into_iter().map(|(_, one)| one).collect()
}

/// Why a name is no zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoZone {
    Unknown,
    /// Several zones are called so.
    Several(Vec<&'static str>),
}

/// Reads a zone as people write it: by its IANA name, or as one looks for it with [`search`].
pub fn read(typed: &str, now: Timestamp) -> Result<TimeZone, NoZone> {
    let typed = typed.trim();
    let wanted = fold(typed);
    let is_called = |name: &PlaceName| name.folded == wanted;
    // `EST` and the like are also names of old zones whose clocks never change.
    let is_name = !NAMED.values().flatten().any(is_called);
    if let Some(zone) = super::find(typed).filter(|_| is_name) {
        return Ok(zone);
    }
    let all = ranked(typed, now);
    let best = all.first().map(|(rank, _)| *rank);
    let alike = all.iter().take_while(|(rank, _)| Some(*rank) == best);
    let zones: Vec<&'static str> = alike.map(|(_, one)| one.zone).collect();
    match zones[..] {
        [zone] => super::find(zone).ok_or(NoZone::Unknown),
        [] => Err(NoZone::Unknown),
        _ => Err(NoZone::Several(zones)),
    }
}

/// Each zone once, with how alike it is: 0 is the most.
fn ranked(query: &str, now: Timestamp) -> Vec<(u8, FoundZone)> {
    let difference = difference(query);
    let wanted = fold(query.trim());
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut ranked: Vec<(u8, FoundZone)> = Vec::new();
    for country in Region::all() {
        let names: Vec<String> = country.names().map(fold).collect();
        for zone in country.zones() {
            let is_primary = country.zone() == Some(zone);
            let rank = match difference {
                Some(seconds) => (seconds_from_utc(zone, now) == Some(seconds)).then_some(0),
                None => rank(&wanted, zone, &names, is_primary),
            };
            ranked.extend(rank.map(|rank| (rank, FoundZone { zone, country })));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut found: Vec<(u8, FoundZone)> = Vec::new();
    for (rank, one) in ranked {
        if found.iter().all(|(_, other)| other.zone != one.zone) {
            found.push((rank, one));
        }
    }
    found
}

fn rank(wanted: &str, zone: &str, countries: &[String], is_primary: bool) -> Option<u8> {
    let former = PRESENT.iter().filter(|(_, present)| **present == zone);
    let mut former = former.map(|(former, _)| city(former));
    let own = city(zone);
    let named = NAMED.get(zone).map_or(&[][..], Vec::as_slice);
    let is_country = countries.iter().any(|name| name == wanted);
    let is_called = own == wanted || named.iter().any(|name| name.folded == wanted);
    let mut places = named.iter().filter(|name| !name.is_abbreviation);
    if is_called || is_country && is_primary {
        Some(0)
    } else if is_country {
        Some(1)
    } else if own.starts_with(wanted) || places.any(|name| name.folded.starts_with(wanted)) {
        Some(2)
    } else if countries.iter().any(|name| name.starts_with(wanted)) {
        Some(3)
    } else if own.contains(wanted) || former.any(|city| city.starts_with(wanted)) {
        Some(4)
    } else {
        let mut names = countries.iter();
        names.any(|name| name.contains(wanted)).then_some(5)
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

    fn now() -> Timestamp {
        "2026-12-01T09:00:00Z".parse().unwrap()
    }

    fn found(query: &str) -> Vec<&'static str> {
        let all = search(query, now()).into_iter();
        all.map(|one| one.zone).collect()
    }

    #[test]
    fn a_zone_is_found_by_city_country_and_difference() {
        for (query, first) in [
            ("new york", "America/New_York"),
            ("São Paulo", "America/Sao_Paulo"),
            ("India", "Asia/Kolkata"),
            ("印度", "Asia/Kolkata"),
            ("الهند", "Asia/Kolkata"),
            ("calcutta", "Asia/Kolkata"),
            ("Jerman", "Europe/Berlin"),
            ("germany", "Europe/Berlin"),
            ("kuala", "Asia/Kuala_Lumpur"),
        ] {
            assert_eq!(found(query).first(), Some(&first), "{query}");
        }
        for (query, among, not) in [
            ("UTC+5:30", "Asia/Kolkata", "Asia/Dubai"),
            ("+0530", "Asia/Colombo", "Asia/Dubai"),
            ("gmt -3", "America/Sao_Paulo", "Europe/London"),
            ("UTC", "Africa/Abidjan", "Europe/Berlin"),
        ] {
            let all = found(query);
            assert!(
                all.contains(&among) && !all.contains(&not),
                "{query}: {all:?}"
            );
        }
        for nothing in ["", "  ", "Atlantis", "+99", "+", "UTC+5:99", "+é123"] {
            assert_eq!(found(nothing), Vec::<&str>::new(), "{nothing:?}");
        }
    }

    #[test]
    fn places_and_abbreviations_are_read_as_people_call_them() {
        for (typed, zone) in [
            ("Torino", "Europe/Rome"),
            ("firenze", "Europe/Rome"),
            ("rome", "Europe/Rome"),
            ("München", "Europe/Berlin"),
            ("munchen", "Europe/Berlin"),
            ("Köln", "Europe/Berlin"),
            ("Genève", "Europe/Zurich"),
            ("Praha", "Europe/Prague"),
            ("Wien", "Europe/Vienna"),
            ("Lisboa", "Europe/Lisbon"),
            ("KL", "Asia/Kuala_Lumpur"),
            ("kuala lumpur", "Asia/Kuala_Lumpur"),
            ("Malaysia", "Asia/Kuala_Lumpur"),
            ("Beijing", "Asia/Shanghai"),
            ("EST", "America/New_York"),
            ("pst", "America/Los_Angeles"),
            ("MEZ", "Europe/Berlin"),
            ("asia/calcutta", "Asia/Kolkata"),
            ("UTC", "UTC"),
        ] {
            let read = read(typed, now()).map(|zone| crate::zone::name(&zone).to_owned());
            assert_eq!(read.as_deref(), Ok(zone), "{typed}");
        }
        for (typed, among) in [
            ("IST", ["Asia/Kolkata", "Europe/Dublin"]),
            ("CST", ["America/Chicago", "Asia/Shanghai"]),
            ("BST", ["Europe/London", "Asia/Dhaka"]),
            ("cet", ["Europe/Paris", "Europe/Berlin"]),
            ("USA", ["America/New_York", "America/Denver"]),
            ("UTC+8", ["Asia/Kuala_Lumpur", "Asia/Singapore"]),
        ] {
            let Err(NoZone::Several(zones)) = read(typed, now()) else {
                panic!("{typed}");
            };
            assert!(among.iter().all(|zone| zones.contains(zone)), "{zones:?}");
            let searched = found(typed);
            assert!(among.iter().all(|zone| searched.contains(zone)), "{typed}");
        }
        for unknown in ["", "Mars/Base", "../etc"] {
            assert_eq!(read(unknown, now()), Err(NoZone::Unknown), "{unknown}");
        }
        // No part of an abbreviation stands for it.
        assert_eq!(found("PD"), Vec::<&str>::new());
    }

    #[test]
    fn further_names_are_those_of_zones_in_a_country_and_each_stands_once() {
        for (zone, names) in NAMED.iter() {
            assert!(Region::of_zone(zone).is_some(), "{zone}");
            for (index, name) in names.iter().enumerate() {
                let mut others = names.iter().take(index);
                assert!(!name.folded.is_empty(), "{zone}");
                let is_twice = others.any(|other| other.folded == name.folded);
                assert!(!is_twice, "{zone}: {name:?}");
            }
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
