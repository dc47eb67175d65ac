//! Durations and statistics in the reader's language.

use jiff::{Timestamp, Zoned};
use web::Text;

use crate::calendar::Breakdown;
use crate::clock::State;
use crate::countdown::{Countdown, Kind, Visibility};
use crate::entry::Summary;

/// The message id of a statistic, and its formatted value.
pub(super) type Figure = (&'static str, String);

pub(super) fn path(account: &str, countdown: &str) -> String {
    format!("/u/{account}/{countdown}")
}

/// Adds the key of a private link to a path. An empty key adds nothing.
pub(super) fn with_key(path: String, key: &str) -> String {
    if key.is_empty() {
        return path;
    }
    let sign = if path.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("k", key)
        .finish();
    format!("{path}{sign}{query}")
}

/// The message id that describes who can see the countdown.
pub(super) fn seen(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "countdown-seen-private",
        Visibility::Trusted => "countdown-seen-trusted",
        Visibility::Unlisted => "countdown-seen-unlisted",
        Visibility::Public => "countdown-seen-public",
    }
}

/// A number of days such as “1,234 days”.
pub(super) fn days(text: &Text, days: i64) -> String {
    format!("{} {}", text.number(days), unit(text, days))
}

/// The unit alone, such as “days”, in the right plural form for `days`.
pub(super) fn unit(text: &Text, days: i64) -> String {
    text.with("countdown-unit", [("n", days.into())])
}

/// A length such as “1 year, 2 months, 3 days”; empty below one day.
pub(super) fn length(text: &Text, of: &Breakdown) -> String {
    let parts = [
        ("countdown-years", of.years),
        ("countdown-months", of.months),
        ("countdown-some-days", of.days),
    ];
    let parts = parts.into_iter().filter(|(_, number)| *number > 0);
    let words: Vec<String> = parts
        .map(|(message, number)| text.with(message, [("n", number.into())]))
        .collect();
    words.join(", ")
}

/// A phrase for the instant from or to which the countdown counts, such as “since Tue 5 May 2026,
/// 9:31 am, Kuala Lumpur (UTC+8)”.
pub(super) fn anchor(text: &Text, of: &Countdown, state: State, at: &Zoned) -> String {
    let is_day = of.kind == Kind::Until && of.target.len() <= 10;
    let when = if is_day {
        text.date(at.date())
    } else {
        text.moment_short_in(at.time_zone(), at.timestamp())
    };
    let message = match state {
        State::Running | State::Reached => "countdown-since",
        State::Upcoming => "countdown-until",
        State::Frozen => "countdown-on",
    };
    text.with(message, [("when", when.into())])
}

/// The statistics with their message ids. Only completed runs count, because the page shows the
/// current run separately.
pub(super) fn statistics(text: &Text, summary: &Summary, now: Timestamp) -> Vec<Figure> {
    let of = summary.at(now);
    let in_days = |seconds: i64| days(text, seconds / 86_400);
    let mut figures = Vec::new();
    if let Some(longest) = summary.longest {
        figures.push(("countdown-longest", in_days(longest.div_euclid(1000))));
        let average = of
            .average_completed_seconds
            .map(in_days)
            .unwrap_or_default();
        figures.push(("countdown-average", average));
    }
    if of.completed_count > 0 {
        figures.push(("countdown-resets", text.number(of.completed_count)));
    }
    figures
}
