//! The hours of a week in words.

use web::Text;

use crate::schedule::{WeekWindow, Weekday};

/// The windows of a day as a list.
pub(super) fn windows_in_words<'a>(
    text: &Text,
    windows: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let windows = windows.map(|(opens, closes)| {
        if opens < closes {
            format!("{opens} – {closes}")
        } else {
            format!("{opens} – {closes} {}", text.say("hours-next-day"))
        }
    });
    windows.collect::<Vec<_>>().join(&*text.say("hours-comma"))
}

/// Each weekday that has windows, with these.
pub(super) fn week_rows(text: &Text, week: &[WeekWindow]) -> Vec<(String, String)> {
    let days = Weekday::ALL.iter().filter_map(|day| {
        let windows = week.iter().filter(|window| window.day == *day);
        let windows = windows.map(|window| (&*window.opens, &*window.closes));
        let windows = windows_in_words(text, windows);
        let day = text.say(day.label()).into_owned();
        (!windows.is_empty()).then_some((day, windows))
    });
    days.collect()
}

/// The weekdays and their windows in one line, such as “Tuesday, Thursday 17:00 – 20:00”.
pub(super) fn week_in_short(text: &Text, week: &[WeekWindow]) -> String {
    let mut parts: Vec<(Vec<String>, String)> = Vec::new();
    for (day, windows) in week_rows(text, week) {
        match parts.iter_mut().find(|(_, other)| *other == windows) {
            Some((days, _)) => days.push(day),
            None => parts.push((vec![day], windows)),
        }
    }
    let comma = text.say("hours-comma");
    let parts = parts.into_iter();
    let parts = parts.map(|(days, windows)| format!("{} {windows}", days.join(&*comma)));
    parts.collect::<Vec<_>>().join(&*comma)
}
