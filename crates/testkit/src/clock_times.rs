//! Finds clock times that do not name their zone in English text.

use crate::Page;

const ENDS: [&str; 4] = [" am", " pm", " noon", " midnight"];
/// In bytes, behind a time: the rest of a range, and the name of a place.
const REACH: usize = 48;

/// The clock times in `text` that no zone follows, each with the text around it. A zone is named as
/// in “9:30 am, Kuala Lumpur (UTC+8)”, “9:30 am, UTC” or “9:30 am (Kuala Lumpur)”.
pub fn without_zone(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for end in ENDS {
        for (at, _) in text.match_indices(end) {
            let rest = &text[at + end.len()..];
            let is_time = text[..at].ends_with(|c: char| c.is_ascii_digit())
                && !rest.starts_with(|c: char| c.is_alphanumeric());
            if is_time && !has_zone(rest) {
                let from = text.floor_char_boundary(at.saturating_sub(60));
                let to = text.floor_char_boundary(at + 40);
                found.push(text[from..to].to_owned());
            }
        }
    }
    found
}

/// Before the sentence ends.
fn has_zone(rest: &str) -> bool {
    let near = &rest[..rest.floor_char_boundary(REACH)];
    let near = near.split(". ").next().unwrap_or_default();
    near.contains("UTC") || is_place(near)
}

/// As in ` (Kuala Lumpur)`.
fn is_place(text: &str) -> bool {
    let in_brackets = text
        .strip_prefix(" (")
        .and_then(|rest| rest.split_once(')'));
    in_brackets.is_some_and(|(place, _)| {
        let place = place.replace(' ', "_");
        let mut zones = jiff::tz::db().available();
        zones.any(|name| name.as_str().rsplit('/').next() == Some(&place))
    })
}

/// Of a calendar file.
const READ_BY_PEOPLE: [&str; 4] = ["SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT"];

/// The clock times in what people read of a calendar file that do not name their zone.
pub fn without_zone_in_calendar(file: &str) -> Vec<String> {
    let unfolded = file.replace("\r\n ", "");
    let read = unfolded
        .lines()
        .filter(|line| READ_BY_PEOPLE.iter().any(|name| line.starts_with(name)));
    read.flat_map(without_zone).collect()
}

const ZONE_LINES: [&str; 3] = [
    "All times are in ",
    "Day and time are those of ",
    "Days and times are in ",
];

/// Panics if an English page shows a clock time that does not name its zone and does not stand under
/// a line that does, or if a calendar file has such a time.
pub fn check(page: &Page) {
    if page.header("content-type").starts_with("text/calendar") {
        let found = without_zone_in_calendar(&page.body);
        assert!(found.is_empty(), "{}: {found:#?}", page.address);
    }
    let is_english = page.header("content-language") == "en";
    let text = page.text();
    if !is_english || ZONE_LINES.iter().any(|line| text.contains(line)) {
        return;
    }
    let found = without_zone(&text);
    assert!(found.is_empty(), "{}: {found:#?}", page.address);
}

#[cfg(test)]
mod tests {
    use super::{without_zone, without_zone_in_calendar};

    #[test]
    fn a_time_without_a_zone_is_found() {
        for (text, count) in [
            ("Sat 16 Jan 2027, 9:30 am, Kuala Lumpur (UTC+8)", 0),
            ("8 pm – 1 am, Rome (UTC+1)", 0),
            ("until 12 noon, UTC", 0),
            ("4 pm (Kuala Lumpur), 5 pm (UTC)", 0),
            ("4 pm (Great Hall)", 1),
            ("I am 5. 3 amps, 10 pm2", 0),
            ("Kept until 4:14 pm", 1),
            ("9:30–11:00 am", 1),
            ("until 4 pm. At 5 pm, Rome (UTC+1)", 1),
            ("12 noon or 12 midnight", 2),
        ] {
            assert_eq!(without_zone(text).len(), count, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_found_in_a_calendar_file() {
        let file =
            "DTSTART:20261201T010000Z\r\nSUMMARY:Call\r\nDESCRIPTION:Free until 4:1\r\n 4 pm\r\n";
        assert_eq!(without_zone_in_calendar(file).len(), 1);
        let named = file.replace("4 pm", "4 pm (Kolkata)");
        assert!(without_zone_in_calendar(&named).is_empty());
    }
}
