//! Calendar files (RFC 5545).

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::zone;

pub const MEDIA_TYPE: &str = "text/calendar; charset=utf-8; method=PUBLISH";

#[derive(Clone, Debug)]
pub struct CalendarEvent {
    /// The event's permanent unique id.
    pub uid: String,
    /// The event's revision number, which increases with every change.
    pub sequence: i64,
    pub starts_at: Timestamp,
    /// `None` if the end is not known.
    pub ends_at: Option<Timestamp>,
    /// Whether the event lasts whole days, from midnight to midnight of its zone.
    pub is_all_day: bool,
    /// The time zone in which the event's times are written, with its IANA name.
    pub zone: TimeZone,
    pub summary: String,
    /// The location; may be empty.
    pub location: String,
    /// The URL of a page about the event; may be empty.
    pub url: String,
    /// Whether the event is cancelled, in a calendar that anybody may import.
    pub is_cancelled: bool,
}

/// The method of a calendar file, which determines its use (RFC 5546).
#[derive(Clone, Copy, Debug)]
pub enum Method<'a> {
    /// A calendar that anybody may import.
    Publish,
    /// An invitation, mailed by the first address to the second.
    Request(&'a str, &'a str),
    /// A cancellation, mailed by the first address to the second.
    Cancel(&'a str, &'a str),
}

/// Writes a calendar that anybody may import. It contains the clock changes of its events' time
/// zones.
pub fn write(events: &[CalendarEvent], now: Timestamp) -> String {
    write_as(Method::Publish, events, now)
}

/// Writes a calendar with any method.
pub fn write_as(method: Method<'_>, events: &[CalendarEvent], now: Timestamp) -> String {
    let (word, people) = match method {
        Method::Publish => ("PUBLISH", None),
        Method::Request(from, to) => ("REQUEST", Some((from, to))),
        Method::Cancel(from, to) => ("CANCEL", Some((from, to))),
    };
    let mut lines = Lines::default();
    lines.add("BEGIN:VCALENDAR");
    lines.add("VERSION:2.0");
    lines.add("PRODID:-//Kenduri//Kenduri//EN");
    lines.add(&format!("METHOD:{word}"));
    let mut zones: Vec<&TimeZone> = Vec::new();
    for event in events.iter().filter(|event| !event.is_all_day) {
        if !zones.contains(&&event.zone) {
            zones.push(&event.zone);
            time_zone(&mut lines, events, &event.zone);
        }
    }
    for event in events {
        let name = zone::name(&event.zone);
        lines.add("BEGIN:VEVENT");
        lines.add(&format!("UID:{}", event.uid));
        lines.add(&format!("SEQUENCE:{}", event.sequence));
        lines.add(&format!("DTSTAMP:{}", utc(now)));
        let times = [("DTSTART", Some(event.starts_at)), ("DTEND", event.ends_at)];
        // Without DTEND an event takes up no time (RFC 5545 §3.6.1): calendars show it where it begins,
        // without an end that nobody chose.
        let times = times.into_iter();
        for (property, at) in times.filter_map(|(property, at)| Some((property, at?))) {
            let at = at.to_zoned(event.zone.clone());
            lines.add(&if event.is_all_day {
                format!("{property};VALUE=DATE:{}", at.strftime("%Y%m%d"))
            } else {
                format!("{property};TZID={name}:{}", local(&at))
            });
        }
        lines.add(&format!("SUMMARY:{}", escape(&event.summary)));
        if !event.location.is_empty() {
            lines.add(&format!("LOCATION:{}", escape(&event.location)));
        }
        if !event.url.is_empty() {
            lines.add(&format!("URL:{}", event.url.replace(['\r', '\n'], "")));
        }
        if let Some((from, to)) = people {
            lines.add(&format!("ORGANIZER:mailto:{from}"));
            lines.add(&format!("ATTENDEE:mailto:{to}"));
        }
        match method {
            Method::Publish if !event.is_cancelled => {}
            Method::Publish | Method::Cancel(..) => lines.add("STATUS:CANCELLED"),
            Method::Request(..) => {
                lines.add("STATUS:CONFIRMED");
                for before in ["-P1D", "-PT15M"] {
                    lines.add("BEGIN:VALARM");
                    lines.add("ACTION:DISPLAY");
                    lines.add(&format!("DESCRIPTION:{}", escape(&event.summary)));
                    lines.add(&format!("TRIGGER:{before}"));
                    lines.add("END:VALARM");
                }
            }
        }
        lines.add("END:VEVENT");
    }
    lines.add("END:VCALENDAR");
    lines.0
}

/// From the last transition before its first event to the end of its last event.
fn time_zone(lines: &mut Lines, events: &[CalendarEvent], zone: &TimeZone) {
    let of_zone = || events.iter().filter(|event| event.zone == *zone);
    let first = of_zone().map(|event| event.starts_at).min();
    let last = of_zone()
        .map(|event| event.ends_at.unwrap_or(event.starts_at))
        .max();
    let (Some(first), Some(last)) = (first, last) else {
        return;
    };
    lines.add("BEGIN:VTIMEZONE");
    lines.add(&format!("TZID:{}", zone::name(zone)));
    let before = zone.preceding(first).next();
    let mut from = zone.to_offset(before.as_ref().map_or(first, |change| {
        change.timestamp() - jiff::SignedDuration::from_secs(1)
    }));
    let after = zone
        .following(first)
        .take_while(|change| change.timestamp() <= last);
    let changes: Vec<Timestamp> = before
        .into_iter()
        .chain(after)
        .map(|change| change.timestamp())
        .collect();
    if changes.is_empty() {
        observance(lines, "STANDARD", "19700101T000000", from, from);
    }
    for at in changes {
        let info = zone.to_offset_info(at);
        let kind = if info.dst().is_dst() {
            "DAYLIGHT"
        } else {
            "STANDARD"
        };
        // The start of the observance is a local time, computed with the UTC offset that applied
        // before the transition.
        let onset = local(&at.to_zoned(from.to_time_zone()));
        observance(lines, kind, &onset, from, info.offset());
        from = info.offset();
    }
    lines.add("END:VTIMEZONE");
}

fn observance(
    lines: &mut Lines,
    kind: &str,
    onset: &str,
    from: jiff::tz::Offset,
    to: jiff::tz::Offset,
) {
    lines.add(&format!("BEGIN:{kind}"));
    lines.add(&format!("DTSTART:{onset}"));
    lines.add(&format!("TZOFFSETFROM:{}", offset(from)));
    lines.add(&format!("TZOFFSETTO:{}", offset(to)));
    lines.add(&format!("END:{kind}"));
}

fn offset(offset: jiff::tz::Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (
        seconds.abs() / 3_600,
        seconds.abs() / 60 % 60,
        seconds.abs() % 60,
    );
    if rest == 0 {
        format!("{sign}{hours:02}{minutes:02}")
    } else {
        format!("{sign}{hours:02}{minutes:02}{rest:02}")
    }
}

fn local(at: &Zoned) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Escapes a string for a text value (RFC 5545 §3.3.11).
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace("\r\n", "\\n")
        .replace(['\r', '\n'], "\\n")
}

/// The lines of a calendar file, folded at 75 bytes but never within a character.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, line: &str) {
        let mut room = 75;
        for c in line.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = 74;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fold_at_75_octets_and_never_inside_a_character() {
        let mut lines = Lines::default();
        lines.add(&format!("SUMMARY:{}", "陈".repeat(60)));
        for line in lines.0.split("\r\n") {
            assert!(line.len() <= 75, "{}", line.len());
        }
        let unfolded = lines.0.replace("\r\n ", "");
        assert_eq!(unfolded, format!("SUMMARY:{}\r\n", "陈".repeat(60)));
    }

    #[test]
    fn an_event_of_whole_days_has_dates_and_needs_no_zone() {
        let zone = TimeZone::get("Africa/Cairo").unwrap();
        // The clocks are set forward at midnight, so the first day begins at 01:00.
        let event = CalendarEvent {
            uid: "1@example.com".to_owned(),
            sequence: 0,
            starts_at: "2027-04-29T22:00:00Z".parse().unwrap(),
            ends_at: Some("2027-04-30T21:00:00Z".parse().unwrap()),
            is_all_day: true,
            zone,
            summary: "Party".to_owned(),
            location: String::new(),
            url: String::new(),
            is_cancelled: false,
        };
        let written = write(&[event], Timestamp::UNIX_EPOCH);
        let dates = "DTSTART;VALUE=DATE:20270430\r\nDTEND;VALUE=DATE:20270501\r\n";
        assert!(written.contains(dates), "{written}");
        assert!(!written.contains("TZID"), "{written}");
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a;b,c\\d\r\ne"), "a\\;b\\,c\\\\d\\ne");
    }

    #[test]
    fn offsets_have_minutes_and_seconds_where_they_need_them() {
        let seconds = |s| offset(jiff::tz::Offset::from_seconds(s).unwrap());
        assert_eq!(seconds(28_800), "+0800");
        assert_eq!(seconds(-12_600), "-0330");
        assert_eq!(seconds(24_921), "+065521");
    }
}
