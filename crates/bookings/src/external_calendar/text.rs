//! Prepares the text of a calendar file for the parser, which accepts less than calendar programs
//! write, or reads something else than they mean.

use std::borrow::Cow;

const DATES: [&str; 5] = ["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"];

/// Returns the file up to its last `END:VCALENDAR`, with mended lines. `None` if the file is no
/// calendar, or was cut off, which the parser would accept.
pub(super) fn prepare(file: &str) -> Option<String> {
    let file = file.trim_start_matches('\u{feff}');
    let file = file.replace("\r\n", "\n").replace('\r', "\n");
    // RFC 5545, section 3.1: a line that begins with white space continues the one above.
    let unfolded = file.replace("\n ", "").replace("\n\t", "");
    drop(file);
    let mut prepared = String::with_capacity(unfolded.len() + 1024);
    let (mut end, mut is_open) = (0, false);
    for line in unfolded.split('\n') {
        if is_delimiter(line, "END:VCALENDAR") {
            prepared.push_str("END:VCALENDAR\r\n");
            (end, is_open) = (prepared.len(), false);
            continue;
        }
        is_open |= is_delimiter(line, "BEGIN:VCALENDAR");
        prepared.push_str(&mended(line));
        prepared.push_str("\r\n");
    }
    prepared.truncate(end);
    (end > 0 && !is_open).then_some(prepared)
}

pub(super) fn is_delimiter(line: &str, delimiter: &str) -> bool {
    let line = line.trim();
    line.get(..delimiter.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(delimiter))
        && !line[delimiter.len()..].starts_with(|c: char| c.is_alphanumeric())
}

fn mended(line: &str) -> Cow<'_, str> {
    let Some(end) = line.find([':', ';']) else {
        return Cow::Borrowed(line);
    };
    let name = &line[..end];
    if name.eq_ignore_ascii_case("RRULE") {
        return Cow::Owned(format!("{name}{}", with_seconds(&line[end..])));
    }
    if !DATES.iter().any(|date| name.eq_ignore_ascii_case(date)) {
        return Cow::Borrowed(line);
    }
    let is_value = |(at, _): &(usize, &str)| {
        let value = line.as_bytes().get(at + 1..at + 9);
        value.is_some_and(|value| value.iter().all(u8::is_ascii_digit))
    };
    let Some((at, _)) = line.match_indices(':').find(is_value) else {
        return Cow::Borrowed(line);
    };
    let (head, value) = line.split_at(at);
    Cow::Owned(format!("{}{}", with_quoted_zone(head), with_seconds(value)))
}

/// Quotes the name of a zone that contains what separates values, such as `tzone://Microsoft/Utc`.
fn with_quoted_zone(head: &str) -> Cow<'_, str> {
    const ZONE: &str = ";TZID=";
    let upper = head.to_ascii_uppercase();
    let Some(at) = upper.find(ZONE).map(|at| at + ZONE.len()) else {
        return Cow::Borrowed(head);
    };
    let (before, rest) = head.split_at(at);
    let (zone, after) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    if zone.starts_with('"') || !zone.contains([':', ',']) {
        return Cow::Borrowed(head);
    }
    Cow::Owned(format!("{before}\"{}\"{after}", zone.replace('"', "")))
}

/// Adds the seconds to times without seconds, of which the parser ignores the `Z`.
fn with_seconds(values: &str) -> String {
    let mut all = String::with_capacity(values.len() + 2);
    for token in values.split_inclusive([':', ',', ';', '/', '=']) {
        let time = token.trim_end_matches([':', ',', ';', '/', '=']);
        let after = &token[time.len()..];
        let (digits, zone) = match time.trim_end().strip_suffix(['Z', 'z']) {
            Some(digits) => (digits, "Z"),
            None => (time.trim_end(), ""),
        };
        let is_time = digits.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte.eq_ignore_ascii_case(&b'T'),
            _ => byte.is_ascii_digit(),
        });
        match digits.len() {
            13 | 15 if is_time => {
                let seconds = if digits.len() == 13 { "00" } else { "" };
                let digits = digits.to_ascii_uppercase();
                all.extend([&digits, seconds, zone, after]);
            }
            _ => all.push_str(token),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_calendar_is_ignored() {
        let whole = "BEGIN:VCALENDAR\r\nA:1\r\nEND:VCALENDAR\r\n";
        for file in [
            whole.to_owned(),
            whole.replace("\r\n", "\n"),
            whole.replace("\r\n", "\r"),
            whole.trim_end().to_owned(),
            format!("\u{feff}{whole}"),
            format!("{whole}\r\n\r\n<!-- generated in 0.1s -->\r\n"),
            format!("{whole}\0"),
            format!("{}\r\n<br>", whole.replace("\r\n", "\r")),
            whole.replace("A:1", "A\r\n :1"),
            whole.replace("END:VCALENDAR\r\n", "END:VCALENDAR<br>"),
        ] {
            assert_eq!(prepare(&file).as_deref(), Some(whole), "{file:?}");
        }
        for file in [
            "",
            "BEGIN:VCALENDAR\r\nA:1\r\n",
            "BEGIN:VCALENDAR\r\nA:1\r\nEND:VCALENDA",
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\n",
        ] {
            assert_eq!(prepare(file), None, "{file:?}");
        }
    }

    #[test]
    fn lines_with_dates_are_mended() {
        for (line, expected) in [
            ("DTSTART:20270105T0900Z", "DTSTART:20270105T090000Z"),
            ("DTSTART:20270105T0900", "DTSTART:20270105T090000"),
            ("DTSTART:20270105T090000z", "DTSTART:20270105T090000Z"),
            ("DTEND:20270105", "DTEND:20270105"),
            (
                "RDATE;VALUE=PERIOD:20270106T0900Z/20270106T1100Z,20270107T0900Z/PT1H",
                "RDATE;VALUE=PERIOD:20270106T090000Z/20270106T110000Z,20270107T090000Z/PT1H",
            ),
            (
                "RRULE:FREQ=DAILY;UNTIL=20270106T0900Z;COUNT=1",
                "RRULE:FREQ=DAILY;UNTIL=20270106T090000Z;COUNT=1",
            ),
            (
                "DTSTART;TZID=tzone://Microsoft/Custom:20270714T090000",
                "DTSTART;TZID=\"tzone://Microsoft/Custom\":20270714T090000",
            ),
            (
                "dtstart;tzid=(UTC+01:00) Amsterdam, Berlin;X-A=1:20270714T090000",
                "dtstart;tzid=\"(UTC+01:00) Amsterdam, Berlin\";X-A=1:20270714T090000",
            ),
            (
                "DTSTART;TZID=\"a:b\":20270714T090000",
                "DTSTART;TZID=\"a:b\":20270714T090000",
            ),
            ("SUMMARY:20270105T0900Z", "SUMMARY:20270105T0900Z"),
            ("DTSTART:later", "DTSTART:later"),
        ] {
            assert_eq!(mended(line), expected);
        }
    }
}
