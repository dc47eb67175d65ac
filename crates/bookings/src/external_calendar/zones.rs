//! Finds the time zones that a calendar names. A calendar may define zones of its own (RFC 5545,
//! section 3.6.5), which become zones of the crate `jiff` in the format of the zone files (RFC
//! 9636).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarValue,
};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::ics::{RULES, civil, offset, values};
use super::repetition::{self, Repetition};

const OBSERVANCES: usize = 100;
/// The maximum number of changes of the clock since 1970 in such a zone.
const CHANGES: usize = 1_000;
/// The maximum number of zones that the calendar defines and its events use.
const DEFINED: usize = 50;

/// A zone that a calendar names.
#[derive(Clone)]
pub(super) struct Zone {
    /// UTC if the zone is unknown.
    pub(super) zone: TimeZone,
    pub(super) is_known: bool,
}

impl Zone {
    pub(super) fn known(zone: TimeZone) -> Self {
        Self {
            zone,
            is_known: true,
        }
    }
}

pub(super) struct Zones<'a> {
    calendar: &'a ICalendar,
    names: TzResolver<&'a str>,
    /// The definitions of the calendar, by name.
    own: HashMap<&'a str, &'a ICalendarComponent>,
    /// The end of the period for which zones are defined.
    last: Timestamp,
    found: RefCell<HashMap<String, Zone>>,
    defined: Cell<usize>,
}

impl<'a> Zones<'a> {
    pub(super) fn of(calendar: &'a ICalendar, last: Timestamp) -> Self {
        let own = calendar.timezones().filter_map(|zone| {
            let name = zone.property(&ICalendarProperty::Tzid)?.values.first()?;
            Some((name.as_text()?, zone))
        });
        Self {
            calendar,
            names: calendar.build_tz_resolver(),
            own: own.collect(),
            last,
            found: RefCell::default(),
            defined: Cell::new(0),
        }
    }

    pub(super) fn find(&self, name: &str) -> Zone {
        if let Some(zone) = self.found.borrow().get(name) {
            return zone.clone();
        }
        let zone = self.look_up(name).map_or(
            Zone {
                zone: TimeZone::UTC,
                is_known: false,
            },
            Zone::known,
        );
        let mut found = self.found.borrow_mut();
        found.insert(name.to_owned(), zone.clone());
        zone
    }

    fn look_up(&self, name: &str) -> Option<TimeZone> {
        let known = TimeZone::get(name).ok();
        // Programs define places with less detail than the zone files, but a word like EST may mean
        // what the calendar says.
        if known.is_some() && name.contains('/') {
            return known;
        }
        let own = || {
            let zone = self.own.get(name)?;
            let defined = self.defined.replace(self.defined.get() + 1);
            (defined < DEFINED).then(|| self.define(name, zone))?
        };
        known_by_path(name)
            .or_else(own)
            .or(known)
            .or_else(|| self.known_by_another_name(name))
            .or_else(|| fixed(name))
    }

    /// The zone that `X-LIC-LOCATION` names, or that Windows calls so.
    fn known_by_another_name(&self, name: &str) -> Option<TimeZone> {
        let found = self.names.resolve(name)?.name()?;
        // Of `(UTC+01:00) …` with unknown words, the library takes the offset, without the daylight
        // saving time that the words stand for.
        if name.starts_with('(') && found.starts_with("Etc/GMT") {
            return None;
        }
        TimeZone::get(&found).ok()
    }

    fn define(&self, name: &str, zone: &ICalendarComponent) -> Option<TimeZone> {
        let observances = zone.component_ids.iter().filter_map(|id| {
            let id = usize::try_from(*id).ok()?;
            self.calendar.components.get(id)
        });
        let observances = observances.filter(|one| {
            let kind = &one.component_type;
            matches!(
                kind,
                ICalendarComponentType::Standard | ICalendarComponentType::Daylight
            )
        });
        // From each instant on, the offset from UTC in seconds.
        let (mut onsets, mut before) = (BTreeMap::new(), None);
        for (count, observance) in observances.enumerate() {
            if count >= OBSERVANCES {
                return None;
            }
            let from = seconds(observance, &ICalendarProperty::Tzoffsetfrom)?;
            let to = seconds(observance, &ICalendarProperty::Tzoffsetto)?;
            let local = self.onsets(observance, from)?;
            let first = *local.iter().min()?;
            if before.is_none_or(|(earliest, _)| first < earliest) {
                before = Some((first, from));
            }
            for local in local {
                onsets.insert(instant(local, from)?, to);
            }
        }
        let recent = onsets.split_off(&0);
        let (_, earliest) = before?;
        let before = onsets.last_key_value().map_or(earliest, |(_, to)| *to);
        if recent.len() > CHANGES {
            return None;
        }
        TimeZone::tzif(name, &zone_file(before, &recent)?).ok()
    }

    /// The local times at which an observance begins, before the clock changes.
    fn onsets(&self, observance: &ICalendarComponent, from: i32) -> Option<Vec<DateTime>> {
        let start = observance.property(&ICalendarProperty::Dtstart)?;
        let start = civil(values(start).next()?)?;
        let last = Offset::from_seconds(from).ok()?.to_datetime(self.last);
        let mut onsets = vec![start];
        let rules = || observance.properties(&ICalendarProperty::Rrule);
        if rules().count() > RULES {
            return None;
        }
        for rule in rules() {
            let Some(ICalendarValue::RecurrenceRule(rule)) = rule.values.first() else {
                return None;
            };
            let until = match &rule.until {
                // The instant is in UTC, but the library compares local times.
                Some(until) if offset(until).is_some() => {
                    let until = civil(until)?;
                    until
                        .checked_add(SignedDuration::from_secs(from.into()))
                        .ok()?
                }
                Some(until) => civil(until)?,
                None => last,
            };
            match repetition::repeat(rule, start, until.min(last)).ok()? {
                Repetition::At(all) => onsets.extend(all),
                Repetition::On(_) => return None,
            }
        }
        for entry in observance.properties(&ICalendarProperty::Rdate) {
            for at in values(entry) {
                onsets.push(civil(at)?);
            }
        }
        Some(onsets)
    }
}

/// The zone at the end of a path, such as `/mozilla.org/20050126_1/Europe/Berlin`.
fn known_by_path(name: &str) -> Option<TimeZone> {
    let mut rest = name;
    while let Some((_, after)) = rest.split_once('/') {
        if !after.is_empty()
            && let Ok(zone) = TimeZone::get(after)
        {
            return Some(zone);
        }
        rest = after;
    }
    None
}

fn fixed(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    let number = name
        .strip_prefix("GMT")
        .or_else(|| name.strip_prefix("UTC"))
        .unwrap_or(name);
    let sign = match number.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return None,
    };
    let digits = number[1..].replace([':', '.'], "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()?;
    Some(offset.to_time_zone())
}

fn seconds(observance: &ICalendarComponent, name: &ICalendarProperty) -> Option<i32> {
    let entry = observance.property(name)?;
    let at = values(entry).next()?;
    let seconds = i32::from(at.tz_hour?) * 3_600 + i32::from(at.tz_minute.unwrap_or(0)) * 60;
    Some(if at.tz_minus { -seconds } else { seconds })
}

fn instant(local: DateTime, offset: i32) -> Option<i64> {
    let offset = Offset::from_seconds(offset).ok()?;
    Some(offset.to_timestamp(local).ok()?.as_second())
}

/// Writes a zone file of version 2, whose block of version 1 is empty.
fn zone_file(before: i32, onsets: &BTreeMap<i64, i32>) -> Option<Vec<u8>> {
    let mut offsets = vec![before];
    let mut types = Vec::new();
    for to in onsets.values() {
        let known = offsets.iter().position(|offset| offset == to);
        let index = known.unwrap_or_else(|| {
            offsets.push(*to);
            offsets.len() - 1
        });
        types.push(u8::try_from(index).ok()?);
    }
    let mut file = Vec::new();
    write_header(&mut file, 0, 1)?;
    write_types(&mut file, &[0]);
    write_header(&mut file, types.len(), offsets.len())?;
    for at in onsets.keys() {
        file.extend(at.to_be_bytes());
    }
    file.extend(types);
    write_types(&mut file, &offsets);
    // No rule for the time behind the last onset.
    file.extend(b"\n\n");
    Some(file)
}

/// The name of each offset, which nobody reads.
const ABBREVIATION: &[u8] = b"LOC\0";

fn write_header(file: &mut Vec<u8>, times: usize, types: usize) -> Option<()> {
    file.extend(b"TZif2");
    file.extend([0; 15]);
    for count in [0, 0, 0, times, types, ABBREVIATION.len()] {
        file.extend(u32::try_from(count).ok()?.to_be_bytes());
    }
    Some(())
}

fn write_types(file: &mut Vec<u8>, offsets: &[i32]) {
    for offset in offsets {
        file.extend(offset.to_be_bytes());
        // No daylight saving time, and the index of the name.
        file.extend([0, 0]);
    }
    file.extend(ABBREVIATION);
}
