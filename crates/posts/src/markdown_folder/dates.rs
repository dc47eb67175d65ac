//! Reads dates as other programs and people write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// Keys of the date of a post.
pub(super) const DATE: &[&str] = &[
    "date",
    "publishedat",
    "publisheddate",
    "publishdate",
    "publishat",
    "pubdate",
    "pubdatetime",
    "scheduled",
    "scheduledat",
    "published",
    "publish",
    "created",
    "createdat",
];

const DATES: &[&str] = &[
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y",
    "%d-%b-%Y",
];
const TIMES: &[&str] = &["%H:%M:%S%.f", "%H:%M", "%I:%M %p", "%I:%M%p", "%I:%M:%S %p"];
/// The first year that is not taken for a day or for the last two digits of another year.
const FIRST_YEAR: i16 = 1000;

/// Parses an instant. A time without a zone is in `zone`, and a date without a time begins its day.
/// Returns `None` for what has several meanings, such as `01/02/2006`.
pub(super) fn instant(words: &str, zone: &TimeZone) -> Option<Timestamp> {
    let words = words.trim();
    if let Ok(at) = words.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(at) = words.parse::<Zoned>() {
        return Some(at.timestamp());
    }
    if let Some(at) = unix_time(words) {
        return Some(at);
    }
    let plain = plain(words);
    let (local, stated) = without_zone(&plain);
    let zone = stated.unwrap_or_else(|| zone.clone());
    let at = civil(local.trim()).filter(|at| at.year() >= FIRST_YEAR)?;
    zone.to_timestamp(at).ok()
}

/// Seconds or milliseconds since 1970, of which current dates have 10 and 13 digits.
fn unix_time(words: &str) -> Option<Timestamp> {
    let number: i64 = words.parse().ok()?;
    match words.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// Leaves out what only people need: the day of the week, commas, the ending of `2nd`, and a zone's
/// name in parentheses.
fn plain(words: &str) -> String {
    let words = words.split('(').next().unwrap_or_default();
    let words = words.replace(['年', '月'], "-").replace('日', " ");
    let words = words.replace(',', " ");
    let words = words.split_whitespace().filter(|word| !is_filler(word));
    let words: Vec<&str> = words.map(without_ordinal).collect();
    let words = words.join(" ");
    match words.split_once('T') {
        Some((date, time)) if date.ends_with(|c: char| c.is_ascii_digit()) => {
            format!("{date} {time}")
        }
        _ => words,
    }
}

fn is_filler(word: &str) -> bool {
    let word = word.trim_end_matches('.').to_lowercase();
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    word == "at" || (word.len() >= 3 && days.iter().any(|day| day.starts_with(&*word)))
}

fn without_ordinal(word: &str) -> &str {
    let number = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending));
    match number {
        Some(number) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => number,
        _ => word,
    }
}

/// Splits off the zone at the end, such as `UTC`, `+08:00` or `Asia/Tokyo`.
fn without_zone(words: &str) -> (&str, Option<TimeZone>) {
    if let Some((rest, name)) = words.rsplit_once(' ')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        let number = name.trim_start_matches("GMT").trim_start_matches("UTC");
        match offset(number) {
            Some(offset) if number.len() < name.len() => {
                return (rest, Some(offset.to_time_zone()));
            }
            _ => {}
        }
        let is_utc = ["UTC", "GMT", "Z"]
            .iter()
            .any(|utc| name.eq_ignore_ascii_case(utc));
        let zone = if is_utc {
            Some(TimeZone::UTC)
        } else {
            TimeZone::get(name).ok()
        };
        return match zone {
            Some(zone) => (rest, Some(zone)),
            None => (words, None),
        };
    }
    if let Some(rest) = words.strip_suffix(['Z', 'z'])
        && rest.ends_with(|c: char| c.is_ascii_digit())
    {
        return (rest, Some(TimeZone::UTC));
    }
    // A sign belongs to an offset only behind a time.
    match words.rfind(['+', '-']) {
        Some(at) if words[..at].contains(':') => match offset(&words[at..]) {
            Some(offset) => (&words[..at], Some(offset.to_time_zone())),
            None => (words, None),
        },
        _ => (words, None),
    }
}

/// Parses `+08:00`, `+0800`, `+08` or `+8`.
fn offset(words: &str) -> Option<Offset> {
    let sign = match words.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = words[1..].replace(':', "");
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_valid = hours < 24 && minutes < 60;
    let seconds = i32::from(hours) * 3_600 + i32::from(minutes) * 60;
    Offset::from_seconds(sign * seconds)
        .ok()
        .filter(|_| is_valid)
}

fn civil(words: &str) -> Option<DateTime> {
    if let Ok(at) = words.parse::<DateTime>() {
        return Some(at);
    }
    for date in DATES {
        if let Ok(day) = Date::strptime(date, words) {
            return Some(day.into());
        }
        for time in TIMES {
            if let Ok(at) = DateTime::strptime(format!("{date} {time}"), words) {
                return Some(at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_many_spellings_are_one_instant() {
        let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
        for words in [
            "2006-01-02T15:04:05Z",
            "2006-01-02 15:04:05 +0000",
            "2006-01-02 15:04:05 +00:00",
            "2006-01-02 15:04:05+00:00",
            "2006-01-02 15:04:05 UTC",
            "2006-1-2 15:04:05 GMT",
            "2006/01/02 15:04:05Z",
            "2006-01-02 10:04:05 America/New_York",
            "2006-01-02T23:04:05+08:00[Asia/Kuala_Lumpur]",
            "2006-01-02 23:04:05",
            "2006-1-2T23:04:05",
            "Mon, 02 Jan 2006 15:04:05 +0000",
            "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)",
            "January 2nd, 2006 at 11:04:05 PM",
            "2 Jan 2006 23:04:05",
            "02.01.2006 23:04:05",
            "1136214245",
            "1136214245000",
        ] {
            let at = instant(words, &zone).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2006-01-02T15:04:05Z"), "{words}");
        }
        for words in [
            "2006-01-02",
            "2006-1-2",
            "2006/1/2",
            "2006.01.02",
            "20060102",
            "Jan 2, 2006",
            "January 2, 2006",
            "2 January 2006",
            "2006年1月2日",
            "2006-01-02 00:00",
        ] {
            let at = instant(words, &zone).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2006-01-01T16:00:00Z"), "{words}");
        }
        for words in [
            "",
            "soon",
            "01/02/2006",
            "1-2-06",
            "2006-13-01",
            "2006-01-02 15:04:05 PDT",
            "2006-01-02 15:04:05 +99:00",
            "12",
            "0000-00-00",
        ] {
            assert_eq!(instant(words, &zone), None, "{words}");
        }
    }
}
