//! The runs of a countdown that counts up (the periods between resets), in words and as drawings.

use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan as _, Zoned};
use web::Text;

use super::words;
use crate::calendar;
use crate::countdown::Countdown;
use crate::entry::Entry;

/// The length of the longest bar, in the drawing's units.
const WIDTH: i64 = 640;
/// The number of boxes in the strip of a year, one for each week.
const WEEKS: i64 = 52;
/// The distance between two boxes, a box's width and a box's height, in the drawing's units.
const BOX: (i64, i64, i64) = (16, 12, 18);

/// A run: the period from a reset to the next one, or to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The run's dates, such as “9 March – 1 April 2026”.
    pub(super) range: String,
    /// The run's length in words, such as “23 days”.
    pub(super) length: String,
    /// The length of the run's bar, at most [`WIDTH`].
    pub(super) bar: i64,
    pub(super) note: String,
}

/// The runs that these resets began. Resets and runs are newest first. The reset at `before` ended
/// the first run; if it is `None`, the run goes on.
pub(super) fn runs(
    text: &Text,
    countdown: &Countdown,
    entries: &[Entry],
    before: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Run> {
    let zone = countdown.zone();
    let ends = [before.unwrap_or(now)]
        .into_iter()
        .chain(entries.iter().map(|entry| entry.reset_at));
    let spans: Vec<_> = entries
        .iter()
        .map(|entry| entry.reset_at)
        .zip(ends)
        .collect();
    let seconds = |(from, to): &(Timestamp, Timestamp)| to.duration_since(*from).as_secs().max(0);
    let longest = spans.iter().map(seconds).max().unwrap_or_default().max(1);
    let run = |(place, (entry, span)): (usize, (&Entry, &(Timestamp, Timestamp)))| {
        let [from, to] = [span.0, span.1].map(|at| at.to_zoned(zone.clone()));
        let days = calendar::days(span.0, span.1, &zone, countdown.day_counting);
        Run {
            range: range(text, place == 0 && before.is_none(), &from, &to),
            length: words::days(text, days),
            bar: (seconds(span) * WIDTH / longest).max(4),
            note: entry.note.clone(),
        }
    };
    entries.iter().zip(&spans).enumerate().map(run).collect()
}

fn range(text: &Text, is_current: bool, from: &Zoned, to: &Zoned) -> String {
    let begin = text.date_plain(from);
    if is_current {
        return text.with("countdown-run-now", [("from", begin.into())]);
    }
    if from.date() == to.date() {
        return begin;
    }
    let begin = if from.year() == to.year() {
        text.day_and_month(from)
    } else {
        begin
    };
    text.with(
        "countdown-run",
        [("from", begin.into()), ("to", text.date_plain(to).into())],
    )
}

/// A strip of boxes for the weeks of the last year, in one layout for large screens and one for
/// phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strip {
    pub(super) layouts: [Layout; 2],
    /// The caption under the strip, “From November 2025 to today …”.
    pub(super) key: String,
    /// A description for people who cannot see the strip.
    pub(super) label: String,
}

/// The boxes of a strip, as SVG paths for each kind of week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) class: &'static str,
    pub(super) width: i64,
    pub(super) height: i64,
    /// The boxes for weeks before the first run.
    pub(super) none: String,
    /// The boxes for weeks of earlier runs.
    pub(super) past: String,
    /// The boxes for weeks of the current run.
    pub(super) present: String,
    /// The boxes for weeks in which a run ended.
    pub(super) resets: String,
    /// The dots in the boxes of [`Self::resets`].
    pub(super) dots: String,
}

/// Draws the strip for these resets. `first` is the countdown's first reset.
pub(super) fn strip(
    text: &Text,
    countdown: &Countdown,
    first: Timestamp,
    resets: &[Timestamp],
    now: Timestamp,
) -> Strip {
    let newest = resets.iter().copied().max().unwrap_or(first);
    let begin = |week: i64| now - (24 * 7 * (WEEKS - week)).hours();
    let has_reset = |week: i64| {
        let is_in = |at: &Timestamp| begin(week) < *at && *at <= begin(week + 1);
        resets.iter().any(|at| *at != first && is_in(at))
    };
    let weeks: Vec<(i64, bool)> = (0..WEEKS).map(|week| (week, has_reset(week))).collect();
    let layout = |class, columns: i64| {
        let (step, width, height) = BOX;
        let rows = WEEKS / columns;
        let mut layout = Layout {
            class,
            width: columns * step - (step - width),
            height: rows * (height + 8) - 8,
            ..Layout::default()
        };
        for (week, is_reset) in &weeks {
            let (x, y) = (week % columns * step, week / columns * (height + 8));
            let path = if *is_reset {
                _ = write!(layout.dots, "M{} {}h0", x + width / 2, y + height / 2);
                &mut layout.resets
            } else if begin(week + 1) < first {
                &mut layout.none
            } else if begin(week + 1) < newest {
                &mut layout.past
            } else {
                &mut layout.present
            };
            // The stroke around a box is 2 units wide.
            let (x, y) = (x + 1, y + 1);
            _ = write!(path, "M{x} {y}h{}v{}h-{0}z", width - 2, height - 2);
        }
        layout
    };
    let from = begin(0).to_zoned(countdown.zone());
    let count = weeks.iter().filter(|(_, is_reset)| *is_reset).count();
    let count = i64::try_from(count).unwrap_or_default();
    Strip {
        layouts: [layout("one-row", WEEKS), layout("two-rows", WEEKS / 2)],
        key: text.with(
            "countdown-year-key",
            [("from", text.date_plain(&from).into())],
        ),
        label: text.with("countdown-year-label", [("n", count.into())]),
    }
}

#[cfg(test)]
mod tests {
    use platform::id::Id as _;

    use super::*;
    use crate::countdown::{CountdownId, Kind};
    use crate::entry::EntryId;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn text() -> Text {
        let catalogue = web::Catalogue::build(&[web::LOCALES, crate::LOCALES]);
        catalogue.speak(&web::Language::of("en"))
    }

    fn countdown() -> Countdown {
        Countdown::blank(CountdownId::from_text(String::new()), Kind::Since, "UTC")
    }

    #[test]
    fn a_run_goes_from_one_reset_to_the_next() {
        let entry = |reset_at: &str, note: &str| Entry {
            id: EntryId::from_text(String::new()),
            reset_at: at(reset_at),
            note: note.to_owned(),
        };
        let entries = [
            entry("2026-04-01T10:00:00Z", "Monstera"),
            entry("2026-03-09T10:00:00Z", ""),
            entry("2026-03-09T08:00:00Z", ""),
            entry("2025-12-24T10:00:00Z", "First"),
        ];
        let runs = runs(
            &text(),
            &countdown(),
            &entries,
            None,
            at("2026-11-23T10:00:00Z"),
        );
        let told: Vec<_> = runs
            .iter()
            .map(|run| (&*run.range, &*run.length, run.bar))
            .collect();
        assert_eq!(
            told,
            [
                ("Now, since 1 April 2026", "236 days", 640),
                ("9 March – 1 April 2026", "23 days", 62),
                ("9 March 2026", "0 days", 4),
                ("24 December 2025 – 9 March 2026", "74 days", 203),
            ]
        );
        assert_eq!((&*runs[0].note, &*runs[3].note), ("Monstera", "First"));
    }

    #[test]
    fn a_year_is_a_box_a_week() {
        let resets = [
            "2026-11-20T10:00:00Z",
            "2026-11-03T10:00:00Z",
            "2026-06-01T10:00:00Z",
        ];
        let resets = resets.map(at);
        let strip = strip(
            &text(),
            &countdown(),
            resets[2],
            &resets,
            at("2026-11-23T10:00:00Z"),
        );
        let boxes = |path: &str| path.matches('z').count();
        for layout in &strip.layouts {
            let all = [&layout.none, &layout.past, &layout.present, &layout.resets];
            assert_eq!(all.map(|path| boxes(path)), [26, 24, 0, 2], "{layout:?}");
            assert_eq!(layout.dots.matches('M').count(), 2);
        }
        assert_eq!((strip.layouts[0].width, strip.layouts[0].height), (828, 18));
        assert_eq!((strip.layouts[1].width, strip.layouts[1].height), (412, 44));
        assert_eq!(strip.label, "2 of the last 52 weeks have a reset.");
    }
}
