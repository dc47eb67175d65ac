//! When an event is over. Celebrations go on after midnight, so a day is over at 4 am.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use web::dates::end_of_day;

/// The hour of the morning on which a day is over.
const MORNING: i8 = 4;
/// The hour on which what began in the night is over, if nobody knows when it ends.
const NOON: i8 = 12;

/// Returns the first 4 am from `end` on. If a clock change skips that hour, it is the time that
/// many clocks then show instead (RFC 5545 §3.3.5).
pub(crate) fn morning_after(end: Timestamp, zone: &TimeZone) -> Timestamp {
    let day = end.to_zoned(zone.clone()).date();
    let morning = |day: Date| {
        let at = day.at(MORNING, 0, 0, 0).to_zoned(zone.clone());
        at.map_or(end, |at| at.timestamp())
    };
    match morning(day) {
        same if same >= end => same,
        _ => day.tomorrow().map_or(end, morning),
    }
}

/// Returns what stands for the end of an event whose end is not known: 4 am of the morning after the
/// day on which it starts, or noon of that day if it starts before 4 am.
pub(crate) fn open_end(starts_at: Timestamp, zone: &TimeZone) -> Timestamp {
    let start = starts_at.to_zoned(zone.clone());
    let day = start.date();
    if start.hour() < MORNING {
        let noon = day.at(NOON, 0, 0, 0).to_zoned(zone.clone());
        return noon.map_or(starts_at, |noon| noon.timestamp());
    }
    let midnight = end_of_day(day, zone);
    midnight.map_or(starts_at, |midnight| morning_after(midnight, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_known_end_the_night_belongs_to_the_event() {
        for (zone, starts_at, over_at) in [
            // At noon, at 11:30 pm, at 1 am, and at 4 am.
            (
                "Asia/Kuala_Lumpur",
                "2027-01-16T04:00:00Z",
                "2027-01-16T20:00:00Z",
            ),
            (
                "Asia/Kuala_Lumpur",
                "2027-01-16T15:30:00Z",
                "2027-01-16T20:00:00Z",
            ),
            (
                "Asia/Kuala_Lumpur",
                "2027-01-16T17:00:00Z",
                "2027-01-17T04:00:00Z",
            ),
            (
                "Asia/Kuala_Lumpur",
                "2027-01-16T20:00:00Z",
                "2027-01-17T20:00:00Z",
            ),
            // The clocks are set forward in this night, and back in that one.
            (
                "Europe/Rome",
                "2027-03-27T18:30:00Z",
                "2027-03-28T02:00:00Z",
            ),
            (
                "Europe/Rome",
                "2027-10-30T17:30:00Z",
                "2027-10-31T03:00:00Z",
            ),
            // Midnight does not exist.
            (
                "Africa/Cairo",
                "2027-04-29T17:30:00Z",
                "2027-04-30T01:00:00Z",
            ),
        ] {
            let [from, expected]: [Timestamp; 2] =
                [starts_at, over_at].map(|at| at.parse().unwrap());
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(open_end(from, &zone), expected, "{starts_at}");
        }
    }
}
