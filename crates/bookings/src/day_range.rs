//! A range of days, for limiting lists and figures.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use web::{Findings, Form};

use crate::Refusal;

/// The days from `from` to `to`, both included. If one of them is `None`, the range is open on that
/// side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Days {
    /// Reads `date_from` and `date_to`. Days that do not exist or are reversed are refused with
    /// 422.
    pub fn read(query: &Form) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let days = Self::read_with(query, &mut findings);
        findings.finish()?;
        Ok(days)
    }

    /// Like [`Days::read`], but adds the errors to `findings`.
    pub(crate) fn read_with(query: &Form, findings: &mut Findings) -> Self {
        let mut day = |name: &str| match query.text(name) {
            "" => None,
            text => {
                let day = text.parse().ok();
                if day.is_none() {
                    findings.add(&format!("/{name}"), "date_invalid", []);
                }
                day
            }
        };
        let days = Self {
            from: day("date_from"),
            to: day("date_to"),
        };
        if days.from.zip(days.to).is_some_and(|(from, to)| to < from) {
            findings.add("/date_to", "date_invalid", []);
        }
        days
    }

    /// The first instant of the range, and the first instant after it. A day of 23 or 25 hours
    /// counts in full.
    pub fn instants(self, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let start = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
        let from = self.from.and_then(start);
        let after = self.to.and_then(|day| day.checked_add(1.days()).ok());
        let until = after.and_then(start);
        (
            from.unwrap_or(Timestamp::UNIX_EPOCH),
            until.unwrap_or(Timestamp::MAX),
        )
    }
}

/// The next two days on which `hour` o'clock has not passed yet, each with the instant of that
/// hour. A daily job runs at no fixed hour, so it could miss a day if it planned only the next one.
pub(crate) fn mornings(
    now: Timestamp,
    zone: &TimeZone,
    hour: i8,
) -> impl Iterator<Item = (Date, Timestamp)> {
    let days = now.to_zoned(zone.clone()).date().series(1.day()).take(3);
    let at = move |day: Date| {
        let at = day.at(hour, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        Some((day, at.timestamp()))
    };
    days.filter_map(at).filter(move |(_, at)| *at > now).take(2)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn days_are_those_of_the_zone_also_where_the_clock_changes() {
        let zone = TimeZone::get("Europe/London").unwrap();
        for (day, hours) in [("2027-03-28", 23), ("2027-06-01", 24), ("2027-10-31", 25)] {
            let query = Form::parse(format!("date_from={day}&date_to={day}").as_bytes()).unwrap();
            let (from, until) = Days::read(&query).unwrap().instants(&zone);
            let length = until.duration_since(from);
            assert_eq!(length, SignedDuration::from_hours(hours), "{day}");
        }
    }

    #[test]
    fn days_that_are_reversed_or_do_not_exist_are_refused() {
        for query in [
            "date_from=2027-03-02&date_to=2027-03-01",
            "date_from=2027-02-30",
            "date_to=tomorrow",
        ] {
            let query = Form::parse(query.as_bytes()).unwrap();
            assert!(Days::read(&query).is_err(), "{query:?}");
        }
    }
}
