//! Schedules in the notation of `crontab`, in a time zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// The next time is searched for more than 8 years ahead, because two leap days can be 8 years
/// apart.
const DAYS_AHEAD: u32 = 366 * 9;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A schedule, such as `30 3 * * *`.
///
/// If clocks are set forward past a scheduled time, that time moves forward by the same amount. If
/// clocks are set back and a scheduled time occurs twice, it counts once, unless the hour is `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ScheduleText", into = "ScheduleText")]
pub struct Schedule {
    written: ScheduleText,
    zone: TimeZone,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Otherwise, one of `days` and `weekdays` is enough.
    needs_both_days: bool,
    is_each_hour: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ScheduleText {
    cron: String,
    zone: String,
}

impl From<Schedule> for ScheduleText {
    fn from(schedule: Schedule) -> Self {
        schedule.written
    }
}

impl TryFrom<ScheduleText> for Schedule {
    type Error = String;

    fn try_from(ScheduleText { cron, zone }: ScheduleText) -> Result<Self, String> {
        Self::parse(&cron, &zone)
    }
}

impl Schedule {
    /// Parses five fields: minute, hour, day of the month, month, day of the week. If `zone` is
    /// empty, times are in UTC.
    pub fn parse(cron: &str, zone: &str) -> Result<Self, String> {
        let time_zone = match zone {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|_| {
                format!("{name:?} is not a time zone; write it like \"Asia/Kuala_Lumpur\"")
            })?,
        };
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!(
                "{cron:?} does not have five fields; write minute, hour, day, month and day of \
                 the week, like \"30 3 * * *\" or \"0 4 * * mon\""
            ));
        };
        let mut weekdays = parse_field(weekday, 0, 7, &WEEKDAYS, 0)?;
        // Both 0 and 7 stand for Sunday.
        weekdays |= weekdays >> 7 & 1;
        let schedule = Self {
            written: ScheduleText {
                cron: cron.to_owned(),
                zone: zone.to_owned(),
            },
            zone: time_zone,
            minutes: parse_field(minute, 0, 59, &[], 0)?,
            hours: parse_field(hour, 0, 23, &[], 0)?,
            days: parse_field(day, 1, 31, &[], 1)?,
            months: parse_field(month, 1, 12, &MONTHS, 1)?,
            weekdays,
            needs_both_days: day.starts_with('*') || weekday.starts_with('*'),
            is_each_hour: hour.starts_with('*'),
        };
        if schedule.after(Timestamp::UNIX_EPOCH).is_none() {
            return Err(format!(
                "{cron:?} never happens; correct the day or the month"
            ));
        }
        Ok(schedule)
    }

    pub fn cron(&self) -> &str {
        &self.written.cron
    }

    pub fn time_zone(&self) -> &str {
        &self.written.zone
    }

    /// Returns the first scheduled time after `time`.
    pub fn after(&self, time: Timestamp) -> Option<Timestamp> {
        let mut date = time.to_zoned(self.zone.clone()).date().yesterday().ok()?;
        let mut found = None;
        for _ in 0..DAYS_AHEAD {
            let next = self.times(date).filter(|next| *next > time).min();
            if let Some(found) = found {
                // If clocks are set forward at midnight, a time of this day may move to the next
                // day. The next day may then have an earlier time.
                return Some(next.map_or(found, |next| next.min(found)));
            }
            found = next;
            date = date.tomorrow().ok()?;
        }
        found
    }

    fn times(&self, date: Date) -> impl Iterator<Item = Timestamp> {
        let is_day = self.is_day(date);
        let hours = (0..24).filter(move |hour| is_day && has(self.hours, *hour));
        let minutes = |hour| {
            let minutes = (0..60).filter(|minute| has(self.minutes, *minute));
            minutes.map(move |minute| (hour, minute))
        };
        hours.flat_map(minutes).flat_map(move |(hour, minute)| {
            let time = self
                .zone
                .to_ambiguous_timestamp(date.at(hour, minute, 0, 0));
            let comes_twice = matches!(time.offset(), AmbiguousOffset::Fold { .. });
            let again = (comes_twice && self.is_each_hour).then(|| time.later().ok());
            time.compatible().ok().into_iter().chain(again.flatten())
        })
    }

    fn is_day(&self, date: Date) -> bool {
        let is_day = has(self.days, date.day());
        let is_weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month())
            && if self.needs_both_days {
                is_day && is_weekday
            } else {
                is_day || is_weekday
            }
    }
}

fn has(set: u64, number: i8) -> bool {
    set >> number & 1 == 1
}

/// A bit set. The names stand for consecutive numbers, beginning with `first_name`.
fn parse_field(
    text: &str,
    least: u32,
    most: u32,
    names: &[&str],
    first_name: u32,
) -> Result<u64, String> {
    let wrong = || {
        format!(
            "{text:?} is not a field of a schedule; it has numbers from {least} to {most}, *, a-b, a,b and */n"
        )
    };
    let number = |text: &str| {
        let named = names.iter().zip(first_name..);
        let named = named.filter(|(name, _)| name.eq_ignore_ascii_case(text));
        let named = named.map(|(_, number)| number).next();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = named.or_else(|| text.parse().ok().filter(|_| is_number));
        number.filter(|number| (least..=most).contains(number))
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => {
                let step: usize = step.parse().map_err(|_| wrong())?;
                (range, Some(step).filter(|step| *step > 0))
            }
        };
        if part.contains('/') && step.is_none() {
            return Err(wrong());
        }
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (least, most),
            (_, Some((from, to))) => number(from).zip(number(to)).ok_or_else(wrong)?,
            (one, None) => {
                let from = number(one).ok_or_else(wrong)?;
                (from, if step.is_some() { most } else { from })
            }
        };
        if from > to {
            return Err(wrong());
        }
        for number in (from..=to).step_by(step.unwrap_or(1)) {
            set |= 1 << number;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the scheduled times after `from`, as local times of the zone.
    fn next(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(cron, zone).unwrap();
        let mut time: Timestamp = from.parse().unwrap();
        let mut all = Vec::new();
        for _ in 0..count {
            time = schedule.after(time).unwrap();
            let zoned = time.to_zoned(schedule.zone.clone());
            all.push(zoned.strftime("%m-%d %H:%M %z").to_string());
        }
        all
    }

    #[test]
    fn fields_are_lists_ranges_and_steps() {
        let from = "2027-01-01T00:00:00Z";
        for (cron, expected) in [
            ("30 3 * * *", ["01-01 03:30", "01-02 03:30", "01-03 03:30"]),
            (
                "*/20 * * * *",
                ["01-01 00:20", "01-01 00:40", "01-01 01:00"],
            ),
            (
                "5/30 8-9 * * *",
                ["01-01 08:05", "01-01 08:35", "01-01 09:05"],
            ),
            (
                "0 0,12 1 */2 *",
                ["01-01 12:00", "03-01 00:00", "03-01 12:00"],
            ),
            (
                "0 9 * * Mon-fri",
                ["01-01 09:00", "01-04 09:00", "01-05 09:00"],
            ),
            ("0 9 * * 7", ["01-03 09:00", "01-10 09:00", "01-17 09:00"]),
            (
                "0 9 13 * fri",
                ["01-01 09:00", "01-08 09:00", "01-13 09:00"],
            ),
            (
                "0 9 31 feb,mar *",
                ["03-31 09:00", "03-31 09:00", "03-31 09:00"],
            ),
        ] {
            let times = next(cron, "", from, 3);
            let times: Vec<&str> = times.iter().map(|time| &time[..11]).collect();
            assert_eq!(times, expected, "{cron}");
        }
        assert_eq!(next("0 0 29 2 *", "", from, 1), ["02-29 00:00 +0000"]);
    }

    #[test]
    fn a_time_that_clocks_leave_out_comes_later_and_one_that_comes_twice_counts_once() {
        let new_york = "America/New_York";
        let spring = "2027-03-13T12:00:00Z";
        let expected = ["03-14 03:30 -0400", "03-15 02:30 -0400"];
        assert_eq!(next("30 2 * * *", new_york, spring, 2), expected);
        let expected = [
            "03-14 01:30 -0500",
            "03-14 03:00 -0400",
            "03-14 03:30 -0400",
        ];
        let begin = "2027-03-14T06:00:00Z";
        assert_eq!(next("*/30 * * * *", new_york, begin, 3), expected);

        let autumn = "2027-11-06T12:00:00Z";
        let expected = ["11-07 01:30 -0400", "11-08 01:30 -0500"];
        assert_eq!(next("30 1 * * *", new_york, autumn, 2), expected);
        let begin = "2027-11-07T05:00:00Z";
        let expected = [
            "11-07 01:30 -0400",
            "11-07 01:00 -0500",
            "11-07 01:30 -0500",
        ];
        assert_eq!(next("*/30 * * * *", new_york, begin, 3), expected);
        // On Lord Howe Island, clocks are set forward by half an hour. In Beirut, they are set
        // forward at midnight.
        let lord_howe = next(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2027-10-02T00:00:00Z",
            2,
        );
        assert_eq!(lord_howe, ["10-03 02:45 +1100", "10-04 02:15 +1100"]);
        let midnight = next("0 0 * * *", "Asia/Beirut", "2027-03-27T12:00:00Z", 2);
        assert_eq!(midnight, ["03-28 01:00 +0300", "03-29 00:00 +0300"]);
    }

    #[test]
    fn what_is_no_schedule_is_refused_and_what_is_one_can_be_saved() {
        for wrong in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "a * * * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "*/ * * * *",
            "+1 * * * *",
            "1,, * * * *",
            "0 0 30 2 *",
            "@daily",
        ] {
            assert!(Schedule::parse(wrong, "").is_err(), "{wrong}");
        }
        assert!(Schedule::parse("0 0 * * *", "Asia/Nowhere").is_err());
        let schedule = Schedule::parse("0 0 * * mon", "Asia/Kuala_Lumpur").unwrap();
        let saved = serde_json::to_string(&schedule).unwrap();
        assert_eq!(
            saved,
            r#"{"cron":"0 0 * * mon","zone":"Asia/Kuala_Lumpur"}"#
        );
        assert_eq!(serde_json::from_str::<Schedule>(&saved).unwrap(), schedule);
    }
}
