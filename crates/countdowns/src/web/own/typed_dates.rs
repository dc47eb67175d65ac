//! Days and times as people type them in browsers without date and time pickers.

use jiff::civil::{Date, Time};
use web::Text;

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

/// Combines a typed day and a typed time, for example to `2027-03-01T18:00`. Text that cannot be
/// parsed stays as typed, and validation refuses it later.
pub(super) fn moment(text: &Text, day: &str, time: &str) -> String {
    let (day, time) = (day.trim(), time.trim());
    let day = self::day(text, day).map_or_else(|| day.to_owned(), |day| day.to_string());
    match (time, self::time(time)) {
        ("", _) => day,
        (_, Some(time)) => format!("{day}T{}", time.strftime("%H:%M")),
        (typed, None) => format!("{day}T{typed}"),
    }
}

/// Splits a text such as `2027-03-01T18:00` into day and time.
pub(super) fn parts(moment: &str) -> (&str, &str) {
    moment.split_once('T').unwrap_or((moment, ""))
}

/// Parses dates such as “2027-03-01”, “1 March 2027”, “March 1, 2027” or “1 Mac 2027”. A date such
/// as “01/03/2027” is refused, because its month is ambiguous.
fn day(text: &Text, typed: &str) -> Option<Date> {
    if let Ok(day) = typed.parse() {
        return Some(day);
    }
    let words = typed
        .split([' ', ',', '.', '-'])
        .filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let &[first, second, year] = &words[..] else {
        return None;
    };
    let (day, month) = match month(text, second) {
        Some(month) => (first, month),
        None => (second, month(text, first)?),
    };
    let day = day.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let year = Some(year).filter(|year| year.len() == 4)?;
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// By its English name, its name in the reader's language, or the first three letters of either.
fn month(text: &Text, typed: &str) -> Option<i8> {
    let typed = typed.to_lowercase();
    let is_name = |name: &str| {
        let name = name.to_lowercase();
        typed == name || (typed.chars().count() == 3 && name.starts_with(&typed))
    };
    let english = text.catalogue().speak(&web::Language::of("en"));
    let is_month = |id: &&str| is_name(&english.say(id)) || is_name(&text.say(id));
    let place = MONTHS.iter().position(is_month)?;
    i8::try_from(place + 1).ok()
}

/// Parses times such as “18:00”, “18.00”, “6 pm” or “6:30pm”.
fn time(typed: &str) -> Option<Time> {
    let typed = typed.to_lowercase().replace('.', ":");
    let formats = ["%H:%M", "%H:%M:%S", "%I:%M%p", "%I:%M %p", "%I%p", "%I %p"];
    formats
        .iter()
        .find_map(|format| Time::strptime(format, &typed).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tag: &str) -> Text {
        let catalogue = web::text::Catalogue::build(&[web::LOCALES]);
        catalogue.speak(&web::Language::of(tag))
    }

    #[test]
    fn a_day_is_understood_as_it_is_written() {
        for typed in [
            "2027-03-01",
            "1 March 2027",
            "1 Mac 2027",
            "1st mar 2027",
            "March 1, 2027",
            "1-Mar-2027",
        ] {
            assert_eq!(moment(&text("ms"), typed, ""), "2027-03-01", "{typed}");
        }
        for typed in ["", "01/03/2027", "30 February 2027", "1 March 27", "soon"] {
            assert_eq!(moment(&text("en"), typed, ""), typed);
        }
    }

    #[test]
    fn a_time_is_understood_as_it_is_written() {
        for typed in ["18:00", "18.00", "6 pm", "6PM", "6:00 pm", "18:00:00"] {
            assert_eq!(moment(&text("en"), "2027-03-01", typed), "2027-03-01T18:00");
        }
        assert_eq!(moment(&text("en"), "2027-03-01", "late"), "2027-03-01Tlate");
        assert_eq!(parts("2027-03-01T18:00"), ("2027-03-01", "18:00"));
        assert_eq!(parts("2027-03-01"), ("2027-03-01", ""));
    }
}
