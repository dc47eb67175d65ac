//! Events whose hour is not known yet. They last whole days, from midnight to midnight of the
//! occasion's time zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::{Rows, StoreError, Tx, sql};
use web::dates::{days_between, end_of_day};

use super::{Event, over};

/// Returns the first and the last day of an event. An event of at most 24 hours belongs to the day
/// on which it starts, also if it goes on past midnight, and so does one whose end is not known.
pub(crate) fn days_of(event: &Event, zone: &TimeZone) -> [Date; 2] {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let first = day(event.starts_at);
    let length = event.ends_at.duration_since(event.starts_at);
    if event.is_open_ended() || length <= SignedDuration::from_hours(24) {
        return [first, first];
    }
    let before = event.ends_at.checked_sub(SignedDuration::from_millis(1));
    [first, before.map_or(first, day)]
}

/// Whether the event belongs to a single day.
pub(crate) fn is_one_day(event: &Event, zone: &TimeZone) -> bool {
    let [first, last] = days_of(event, zone);
    first == last
}

/// Moves the event to the whole of these days.
pub(crate) fn set_days(event: &mut Event, [first, last]: [Date; 2], zone: &TimeZone) {
    let midnight = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
    if let (Some(starts_at), Some(ends_at)) = (midnight(first), end_of_day(last, zone)) {
        (event.starts_at, event.ends_at) = (starts_at, ends_at);
    }
}

/// Returns the days from `first` on that are as many as those of `old`.
pub(crate) fn as_many_days(old: &Event, first: Date, zone: &TimeZone) -> [Date; 2] {
    let [from, to] = days_of(old, zone);
    let last = first.checked_add(days_between(from, to).days());
    [first, last.unwrap_or(first)]
}

/// Keeps the event on its days in the occasion's new time zone. If its end is not known, it is over by
/// the clock of that zone. The caller must hold the occasion's lock.
pub(crate) fn move_to_zone(
    tx: &mut Tx<'_>,
    mut event: Event,
    [old, new]: [&TimeZone; 2],
) -> Result<(), StoreError> {
    if event.is_open_ended() {
        let ends_at = over::open_end(event.starts_at, new);
        // Nobody reads this end, so neither calendars nor hosts hear of it.
        return sql!(
            "UPDATE event SET ends_at = :ends_at WHERE id = :id",
            ends_at,
            id = event.id
        )
        .run(tx, Rows::Exactly(1))
        .map(drop);
    }
    if event.hour_known {
        return Ok(());
    }
    let days = days_of(&event, old);
    set_days(&mut event, days, new);
    sql!(
        "UPDATE event SET starts_at = :starts_at, ends_at = :ends_at,
             calendar_sequence = calendar_sequence + 1, version = version + 1, updated_at = :now
         WHERE id = :id",
        id = event.id,
        starts_at = event.starts_at,
        ends_at = event.ends_at,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(from: &str, to: &str) -> Event {
        Event {
            starts_at: from.parse().unwrap(),
            ends_at: to.parse().unwrap(),
            ..crate::sample::event("main")
        }
    }

    fn days(first: &str, last: &str) -> [Date; 2] {
        [first, last].map(|day| day.parse().unwrap())
    }

    #[test]
    fn a_day_lasts_from_midnight_to_midnight_also_when_the_clocks_change() {
        for (zone, first, last, from, to) in [
            (
                "Asia/Kuala_Lumpur",
                "2027-01-16",
                "2027-01-16",
                "2027-01-15T16:00:00Z",
                "2027-01-16T16:00:00Z",
            ),
            // 23 hours, and 25.
            (
                "Europe/Rome",
                "2027-03-28",
                "2027-03-28",
                "2027-03-27T23:00:00Z",
                "2027-03-28T22:00:00Z",
            ),
            (
                "Europe/Rome",
                "2027-10-31",
                "2027-10-31",
                "2027-10-30T22:00:00Z",
                "2027-10-31T23:00:00Z",
            ),
            // The day begins at 01:00, because midnight does not exist.
            (
                "Africa/Cairo",
                "2027-04-30",
                "2027-04-30",
                "2027-04-29T22:00:00Z",
                "2027-04-30T21:00:00Z",
            ),
            (
                "Pacific/Apia",
                "2027-01-16",
                "2027-01-18",
                "2027-01-15T11:00:00Z",
                "2027-01-18T11:00:00Z",
            ),
        ] {
            let tz = TimeZone::get(zone).unwrap();
            let mut moved = event("2026-06-01T10:00:00Z", "2026-06-01T12:00:00Z");
            set_days(&mut moved, days(first, last), &tz);
            let expected = event(from, to);
            assert_eq!(
                (moved.starts_at, moved.ends_at),
                (expected.starts_at, expected.ends_at),
                "{zone}"
            );
            assert_eq!(days_of(&moved, &tz), days(first, last), "{zone} {first}");
        }
    }

    #[test]
    fn a_party_past_midnight_is_of_the_day_on_which_it_starts() {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let party = event("2027-06-12T18:00:00Z", "2027-06-13T01:00:00Z");
        assert_eq!(days_of(&party, &zone), days("2027-06-12", "2027-06-12"));
        let weekend = event("2027-06-11T18:00:00Z", "2027-06-13T12:00:00Z");
        assert_eq!(days_of(&weekend, &zone), days("2027-06-11", "2027-06-13"));
        let first = "2027-10-30".parse().unwrap();
        assert_eq!(
            as_many_days(&weekend, first, &zone),
            days("2027-10-30", "2027-11-01")
        );
    }
}
