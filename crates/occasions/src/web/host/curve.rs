//! The chart of answers over time. The server draws it as SVG, so the chart needs no script.

use jiff::civil::Date;
use web::Text;
use web::dates::days_between;

use super::wording::Tag;
use crate::hosting::summary::Day;

/// The chart in one of two sizes. A page contains both, because scaling a single chart would make
/// its text too small.
pub(super) struct Drawing {
    pub(super) class: &'static str,
    pub(super) width: i32,
    pub(super) height: i32,
    /// The SVG path of the area below the line that shows how many guests come.
    pub(super) area: String,
    /// The CSS class and the SVG path of each line.
    pub(super) lines: Vec<(&'static str, String)>,
    /// The horizontal grid lines. Each has its y coordinate and its number.
    pub(super) ticks: Vec<(i32, String)>,
    /// The y coordinate of the line that marks the number of invited guests.
    pub(super) ceiling: i32,
    /// The x coordinate of the deadline.
    pub(super) deadline: Option<i32>,
    /// The dates below the chart. Each has its x coordinate, text anchor and label.
    pub(super) days: Vec<(i32, &'static str, String)>,
    /// The labels at the ends of the lines. Each has its x and y coordinates.
    pub(super) labels: Vec<(i32, i32, Tag)>,
    /// The x coordinates of the chart's left and right edges.
    pub(super) span: (i32, i32),
    /// The label of the line that marks the number of invited guests.
    pub(super) invited: String,
}

/// The data for the chart.
pub(super) struct Curve<'a> {
    pub(super) days: &'a [Day],
    pub(super) deadline: Option<Date>,
    /// The number of invited guests.
    pub(super) invited: i64,
}

struct Size {
    class: &'static str,
    width: i32,
    height: i32,
    right: i32,
}

const SIZES: [Size; 2] = [
    Size {
        class: "wide",
        width: 640,
        height: 220,
        right: 92,
    },
    Size {
        class: "narrow",
        width: 300,
        height: 190,
        right: 84,
    },
];
const LEFT: i32 = 34;
const TOP: i32 = 14;
const BOTTOM: i32 = 26;
const LABEL_DISTANCE: i32 = 15;

impl Curve<'_> {
    /// Draws the chart in both sizes. Returns nothing if there are fewer than two days or no
    /// invited guests.
    pub(super) fn draw(&self, text: &Text) -> Vec<Drawing> {
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else {
            return Vec::new();
        };
        if self.days.len() < 2 || self.invited == 0 {
            return Vec::new();
        }
        SIZES
            .iter()
            .map(|size| self.drawing(size, first, last, text))
            .collect()
    }

    fn drawing(&self, size: &Size, first: &Day, last: &Day, text: &Text) -> Drawing {
        let right = size.width - size.right;
        let end = self
            .deadline
            .map_or(last.date, |deadline| deadline.max(last.date));
        let length = days_between(first.date, end).max(1);
        let x = |date: Date| LEFT + (right - LEFT) * days_between(first.date, date) / length;
        let floor = size.height - BOTTOM;
        let y = |n: i64| floor - scale(n, self.invited, floor - TOP);
        let line = |of: fn(&Day) -> i64| {
            let steps = self.days.iter();
            let steps = steps.map(|day| format!("H{}V{}", x(day.date), y(of(day))));
            format!("M{LEFT} {floor}{}", steps.collect::<Vec<_>>().concat())
        };
        let yes = line(|day| day.yes);
        let now = x(last.date);
        let deadline = self.deadline.filter(|date| *date >= first.date).map(x);
        let ends = ends(last, text);
        // The line of the deadline must not cross the labels at the ends of the lines.
        let longest = ends.iter().map(|(_, tag)| width(&tag.words)).max();
        let words_at = match deadline {
            Some(at) if at >= now && at - now < longest.unwrap_or(0) + 6 => at + 6,
            _ => now + 6,
        };
        Drawing {
            class: size.class,
            width: size.width,
            height: size.height,
            area: format!("{yes}V{floor}Z"),
            lines: vec![
                ("maybe", line(|day| day.undecided)),
                ("no", line(|day| day.no)),
                ("yes", yes),
            ],
            ticks: ticks(self.invited)
                .into_iter()
                .map(|n| (y(n), text.number(n)))
                .collect(),
            ceiling: y(self.invited),
            deadline,
            days: self.below(size, first.date, now, end, &x, text),
            labels: placed(ends, words_at, &y, floor),
            span: (LEFT, right),
            invited: text.with(
                "host-curve-invited",
                [("n", text.number(self.invited).into())],
            ),
        }
    }

    /// A label that would overlap another one is left out.
    fn below(
        &self,
        size: &Size,
        first: Date,
        now: i32,
        end: Date,
        x: &impl Fn(Date) -> i32,
        text: &Text,
    ) -> Vec<(i32, &'static str, String)> {
        let last = self.days.last().map_or(first, |day| day.date);
        let words = |date: Date| {
            let values = [
                ("day", date.day().into()),
                ("month", text.month_short(date).into()),
            ];
            text.with("host-curve-day", values)
        };
        let mut days = vec![(x(first), "start", words(first))];
        let apart = if size.width > 400 { 64 } else { 52 };
        if now - x(first) >= apart {
            let anchor = if end > last { "middle" } else { "end" };
            days.push((now, anchor, words(last)));
        }
        if let Some(deadline) = self.deadline.filter(|date| *date > last)
            && x(deadline) - now >= apart
        {
            days.push((x(deadline), "middle", words(deadline)));
        }
        days
    }
}

/// Returns the labels for the ends of the lines, beginning with the lowest line.
fn ends(last: &Day, text: &Text) -> Vec<(i64, Tag)> {
    let mut ends = [
        (last.yes, "yes", "host-curve-yes"),
        (last.no, "no", "host-curve-no"),
        (last.undecided, "maybe", "host-curve-undecided"),
    ];
    ends.sort_by_key(|(n, _, _)| *n);
    ends.into_iter()
        .map(|(n, class, id)| {
            let words = text.with(id, [("n", text.number(n).into())]);
            (n, Tag { class, words })
        })
        .collect()
}

/// Moves the labels apart so that they do not overlap.
fn placed(
    ends: Vec<(i64, Tag)>,
    at: i32,
    y: &impl Fn(i64) -> i32,
    floor: i32,
) -> Vec<(i32, i32, Tag)> {
    let mut lowest = floor + LABEL_DISTANCE;
    ends.into_iter()
        .map(|(n, tag)| {
            lowest = (y(n) + 4).min(lowest - LABEL_DISTANCE);
            (at, lowest, tag)
        })
        .collect()
}

/// Estimates the width of a text. Wide characters, such as Chinese ones, count twice.
fn width(words: &str) -> i32 {
    let letters = words
        .chars()
        .map(|letter| if letter < '\u{1100}' { 7 } else { 13 });
    letters.sum()
}

/// Returns up to three round numbers for horizontal grid lines, starting at 0.
fn ticks(most: i64) -> Vec<i64> {
    let mut step = 1;
    while step * 3 <= most {
        step = match step.to_string().as_bytes().first() {
            Some(b'2') => step / 2 * 5,
            _ => step * 2,
        };
    }
    (0..3).map(|n| n * step).filter(|n| *n <= most).collect()
}

fn scale(n: i64, most: i64, room: i32) -> i32 {
    i32::try_from(n.min(most) * i64::from(room) / most.max(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use web::{Catalogue, Language};

    use super::*;

    fn days(list: &[(i64, i64, i64)]) -> Vec<Day> {
        let first = date(2026, 10, 9);
        (0_i64..)
            .zip(list)
            .map(|(n, (yes, no, undecided))| Day {
                date: first + n.days(),
                yes: *yes,
                no: *no,
                undecided: *undecided,
            })
            .collect()
    }

    fn drawings(days: &[Day], invited: i64, deadline: Option<Date>) -> Vec<Drawing> {
        let catalogue = Catalogue::build(&[web::LOCALES, crate::LOCALES]);
        let text = catalogue.speak(&Language::ENGLISH);
        let curve = Curve {
            days,
            deadline,
            invited,
        };
        curve.draw(&text)
    }

    #[test]
    fn level_lines_stand_on_round_numbers() {
        for (most, expected) in [
            (512, vec![0, 200, 400]),
            (150, vec![0, 100]),
            (60, vec![0, 50]),
            (12, vec![0, 5, 10]),
            (2, vec![0, 1, 2]),
            (1, vec![0, 1]),
        ] {
            assert_eq!(ticks(most), expected, "{most}");
        }
    }

    #[test]
    fn fewer_than_two_days_are_no_curve() {
        assert!(drawings(&days(&[(3, 0, 0)]), 9, None).is_empty());
        assert!(drawings(&[], 9, None).is_empty());
        assert!(drawings(&days(&[(0, 0, 0), (1, 0, 0)]), 0, None).is_empty());
    }

    #[test]
    fn words_stand_inside_and_apart() {
        let deadline = Some(date(2027, 1, 14));
        for list in [
            vec![(0, 0, 0), (1, 1, 1)],
            vec![(0, 0, 0), (213, 30, 7)],
            vec![(0, 0, 0), (170, 171, 171)],
            vec![(512, 0, 0); 97],
        ] {
            for drawing in drawings(&days(&list), 512, deadline) {
                let mut heights: Vec<i32> = drawing.labels.iter().map(|(_, y, _)| *y).collect();
                heights.sort_unstable();
                let apart = heights
                    .windows(2)
                    .all(|pair| pair[1] - pair[0] >= LABEL_DISTANCE);
                assert!(apart, "{heights:?}");
                assert!(
                    heights.iter().all(|y| (0..drawing.height).contains(y)),
                    "{heights:?}"
                );
            }
        }
    }
}
