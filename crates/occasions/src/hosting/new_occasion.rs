//! What a new occasion is given that its hosts have not been asked for: its address and the day
//! until which guests answer. All of it can be changed afterwards.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use platform::text_cleaning::fold;
use web::dates::days_between;

use crate::words::OccasionKind;

/// The address made of names is at most this long.
const LONGEST_ADDRESS: usize = 40;
/// With fewer letters, names make no address.
const FEWEST_LETTERS: usize = 3;
/// Guests have at least this many days to answer.
const DAYS_TO_ANSWER: i32 = 10;
/// More years than this are a slip.
const MOST_YEARS: i16 = 5;

/// What is wrong with the day that a host typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongDay {
    /// The day is over. The value is the same day of the next year in which it is to come.
    Over(Date),
    /// The day is so many years away.
    Far(i16),
}

pub fn check_day(day: Date, today: Date) -> Result<(), WrongDay> {
    if day < today {
        let later = (today.year()..).find_map(|year| {
            let moved = Date::new(year, day.month(), day.day()).ok()?;
            (moved > today).then_some(moved)
        });
        return Err(WrongDay::Over(later.unwrap_or(today)));
    }
    let years = day.year() - today.year();
    if years > MOST_YEARS {
        return Err(WrongDay::Far(years));
    }
    Ok(())
}

/// Returns the last day on which guests answer: the Sunday nearest to four weeks before the event,
/// or one week before it. `None` if they would have less than ten days.
pub fn answer_by(day: Date, today: Date) -> Option<Date> {
    let four_weeks = day.checked_sub(28.days()).ok()?;
    let since_sunday = four_weeks.weekday().since(Weekday::Sunday);
    let to_sunday = if since_sunday > 3 {
        7 - since_sunday
    } else {
        -since_sunday
    };
    let sunday = four_weeks.checked_add(to_sunday.days()).ok()?;
    let week = day.checked_sub(7.days()).ok()?;
    let is_near = days_between(today, day) < 35;
    let days = if is_near {
        [None, Some(week)]
    } else {
        [Some(sunday), Some(week)]
    };
    days.into_iter()
        .flatten()
        .find(|last| days_between(today, *last) >= DAYS_TO_ANSWER)
}

/// Returns the last day to answer that hosts are offered for an event whose day they know:
/// [`answer_by`], or the day in the middle if the event is near. `None` if it is today or tomorrow.
pub fn suggested(day: Date, today: Date) -> Option<Date> {
    let middle = || {
        let days = days_between(today, day) / 2;
        (days > 0).then(|| today.checked_add(days.days()).ok())?
    };
    answer_by(day, today).or_else(middle)
}

/// Returns the address that names make: their letters of ASCII, joined by hyphens. Names in other
/// scripts make the kind and the year.
pub fn address(names: &[&str], kind: OccasionKind, year: i16) -> String {
    let mut address = String::new();
    let folded = fold(&names.join(" ")).replace(['\'', '\u{2018}', '\u{2bc}'], "");
    for word in folded.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()) {
        let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        let joined = if address.is_empty() || letters.is_empty() {
            format!("{address}{letters}")
        } else {
            format!("{address}-{letters}")
        };
        if joined.len() > LONGEST_ADDRESS && !address.is_empty() {
            break;
        }
        address = joined;
    }
    address.truncate(LONGEST_ADDRESS);
    if address.chars().filter(char::is_ascii_alphanumeric).count() < FEWEST_LETTERS {
        return format!("{}-{year}", kind.word());
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn names_make_an_address() {
        let long = "Alexandria Konstantinopolitanska Featherstonehaugh";
        for (names, expected) in [
            (&["Nurul", "Wei Ming"][..], "nurul-wei-ming"),
            (&["Dato\u{2019} Ömer", "Łucja"], "dato-omer-lucja"),
            (&["O'Brien", "José"], "obrien-jose"),
            (&["陈志明 Tan", "Mei"], "tan-mei"),
            (&["陈志明", "李娜"], "wedding-2027"),
            (&["محمد", "عائشة"], "wedding-2027"),
            (&["J", "K"], "wedding-2027"),
            (&[long, ""], "alexandria-konstantinopolitanska"),
            (&["--- &&& !", "Ann"], "ann"),
            (&["", ""], "wedding-2027"),
        ] {
            let found = address(names, OccasionKind::Wedding, 2027);
            assert_eq!(found, expected, "{names:?}");
        }
        let endless = address(
            &["abcdefghij".repeat(9).as_str()],
            OccasionKind::Other,
            2027,
        );
        assert_eq!(endless.len(), 40);
    }

    #[test]
    fn guests_answer_until_a_sunday_with_ten_days_left() {
        let today = day("2026-11-28");
        for (event, last) in [
            ("2027-01-16", Some("2026-12-20")),
            ("2027-01-17", Some("2026-12-20")),
            ("2027-01-20", Some("2026-12-20")),
            ("2027-01-21", Some("2026-12-27")),
            // In 35 days: the Sunday would leave only eight of them.
            ("2027-01-02", Some("2026-12-26")),
            ("2027-01-01", Some("2026-12-25")),
            ("2026-12-15", Some("2026-12-08")),
            ("2026-12-14", None),
            ("2026-11-28", None),
        ] {
            let found = answer_by(day(event), today);
            assert_eq!(found, last.map(day), "{event}");
            assert!(found.is_none_or(|last| days_between(today, last) >= 10 && last < day(event)));
        }
    }

    #[test]
    fn hosts_are_offered_a_last_day_also_for_an_event_that_is_near() {
        let today = day("2026-11-28");
        for (event, last) in [
            ("2027-01-16", Some("2026-12-20")),
            ("2026-12-15", Some("2026-12-08")),
            ("2026-12-14", Some("2026-12-06")),
            ("2026-12-01", Some("2026-11-29")),
            ("2026-11-29", None),
            ("2026-11-28", None),
            ("2026-11-01", None),
        ] {
            assert_eq!(suggested(day(event), today), last.map(day), "{event}");
        }
    }

    #[test]
    fn a_day_that_is_over_or_far_away_is_a_slip() {
        let today = day("2026-11-28");
        for (typed, expected) in [
            ("2026-11-28", Ok(())),
            ("2031-12-31", Ok(())),
            ("2026-01-16", Err(WrongDay::Over(day("2027-01-16")))),
            ("2026-11-27", Err(WrongDay::Over(day("2027-11-27")))),
            ("1999-12-24", Err(WrongDay::Over(day("2026-12-24")))),
            ("2024-02-29", Err(WrongDay::Over(day("2028-02-29")))),
            ("2038-01-16", Err(WrongDay::Far(12))),
        ] {
            assert_eq!(check_day(day(typed), today), expected, "{typed}");
        }
    }
}
