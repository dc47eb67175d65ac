//! The phase of guests' pages: before the day, on it, after it, and in the archive.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::Event;
use crate::event::over::morning_after;
use crate::words::OccasionStatus;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No event is on now, and another one follows. Also if no event has a day yet.
    Before,
    /// It is the day of an event.
    Day,
    /// The last event is over.
    After,
    /// The occasion is archived. Its pages can only be read.
    Archive,
}

impl Phase {
    /// Returns the phase at `now`. `zone` is the occasion's time zone.
    pub fn at(status: OccasionStatus, events: &[Event], zone: &TimeZone, now: Timestamp) -> Self {
        if status == OccasionStatus::Archived {
            return Self::Archive;
        }
        let Some(over) = over_at(events, zone) else {
            return Self::Before;
        };
        if now >= over {
            return Self::After;
        }
        let today = now.to_zoned(zone.clone()).date();
        let is_on = |event: &Event| {
            let has_begun = event.starts_at.to_zoned(zone.clone()).date() <= today;
            has_begun && now < morning_after(event.ends_at, zone)
        };
        if events.iter().any(is_on) {
            Self::Day
        } else {
            Self::Before
        }
    }
}

/// Whether the last event has ended, or the occasion is archived. A day that is not known is still to
/// come.
pub fn has_ended(
    status: OccasionStatus,
    events: &[Event],
    has_unknown_day: bool,
    now: Timestamp,
) -> bool {
    let is_past = |event: &Event| event.ends_at <= now;
    let was_held = !events.is_empty() && !has_unknown_day && events.iter().all(is_past);
    status == OccasionStatus::Archived || was_held
}

/// Returns the time from which the last event is over; `None` without events.
pub fn over_at(events: &[Event], zone: &TimeZone) -> Option<Timestamp> {
    let last_end = events.iter().map(|event| event.ends_at).max()?;
    Some(morning_after(last_end, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(starts_at: &str, ends_at: &str) -> Event {
        Event {
            starts_at: starts_at.parse().unwrap(),
            ends_at: ends_at.parse().unwrap(),
            ..Event::default()
        }
    }

    fn phase(events: &[Event], zone: &str, now: &str) -> Phase {
        let zone = TimeZone::get(zone).unwrap();
        Phase::at(
            OccasionStatus::Published,
            events,
            &zone,
            now.parse().unwrap(),
        )
    }

    #[test]
    fn a_day_is_over_at_four_in_the_morning_of_its_zone() {
        // From 8 pm until 11 pm in Kuala Lumpur, which is UTC+8.
        let dinner = [event("2027-01-16T12:00:00Z", "2027-01-16T15:00:00Z")];
        for (now, expected) in [
            ("2027-01-15T15:59:59Z", Phase::Before),
            ("2027-01-15T16:00:00Z", Phase::Day),
            ("2027-01-16T15:00:01Z", Phase::Day),
            ("2027-01-16T19:59:59Z", Phase::Day),
            ("2027-01-16T20:00:00Z", Phase::After),
        ] {
            assert_eq!(phase(&dinner, "Asia/Kuala_Lumpur", now), expected, "{now}");
        }
        // The same moments in Honolulu, which is UTC-10: from 2 am until 5 am.
        for (now, expected) in [
            ("2027-01-16T09:59:59Z", Phase::Before),
            ("2027-01-16T10:00:00Z", Phase::Day),
            ("2027-01-17T13:59:59Z", Phase::Day),
            ("2027-01-17T14:00:00Z", Phase::After),
        ] {
            assert_eq!(phase(&dinner, "Pacific/Honolulu", now), expected, "{now}");
        }
    }

    #[test]
    fn a_celebration_past_midnight_ends_in_the_same_night() {
        let ball = [event("2027-01-16T19:00:00Z", "2027-01-17T02:30:00Z")];
        assert_eq!(phase(&ball, "UTC", "2027-01-17T03:59:59Z"), Phase::Day);
        assert_eq!(phase(&ball, "UTC", "2027-01-17T04:00:00Z"), Phase::After);
        let until_four = [event("2027-01-16T19:00:00Z", "2027-01-17T04:00:00Z")];
        assert_eq!(
            phase(&until_four, "UTC", "2027-01-17T04:00:00Z"),
            Phase::After
        );
    }

    #[test]
    fn a_clock_change_moves_the_morning_with_the_clocks() {
        // In Rome, clocks go from 2 am to 3 am on 28 March 2027, and back from 3 am to 2 am on
        // 31 October 2027.
        let spring = [event("2027-03-27T17:00:00Z", "2027-03-27T22:00:00Z")];
        assert_eq!(
            phase(&spring, "Europe/Rome", "2027-03-28T01:59:59Z"),
            Phase::Day
        );
        assert_eq!(
            phase(&spring, "Europe/Rome", "2027-03-28T02:00:00Z"),
            Phase::After
        );
        let autumn = [event("2027-10-30T17:00:00Z", "2027-10-30T22:00:00Z")];
        assert_eq!(
            phase(&autumn, "Europe/Rome", "2027-10-31T02:59:59Z"),
            Phase::Day
        );
        assert_eq!(
            phase(&autumn, "Europe/Rome", "2027-10-31T03:00:00Z"),
            Phase::After
        );
    }

    #[test]
    fn the_last_event_counts_and_days_between_events_are_before_it() {
        let events = [
            event("2027-01-20T10:00:00Z", "2027-01-20T12:00:00Z"),
            event("2027-01-16T10:00:00Z", "2027-01-16T12:00:00Z"),
        ];
        for (now, expected) in [
            ("2027-01-16T09:00:00Z", Phase::Day),
            ("2027-01-18T09:00:00Z", Phase::Before),
            ("2027-01-20T09:00:00Z", Phase::Day),
            ("2027-01-21T04:00:00Z", Phase::After),
        ] {
            assert_eq!(phase(&events, "UTC", now), expected, "{now}");
        }
        assert_eq!(phase(&[], "UTC", "2027-01-21T04:00:00Z"), Phase::Before);
        let at = |status| {
            let now = "2026-01-01T00:00:00Z".parse().unwrap();
            Phase::at(status, &events, &TimeZone::UTC, now)
        };
        assert_eq!(at(OccasionStatus::Archived), Phase::Archive);
        assert_eq!(at(OccasionStatus::Closed), Phase::Before);
    }

    #[test]
    fn all_has_ended_with_the_last_event_if_every_day_is_known() {
        use OccasionStatus::{Archived, Published};
        let events = [event("2027-01-16T12:00:00Z", "2027-01-16T15:00:00Z")];
        let end = events[0].ends_at;
        let before = end - jiff::SignedDuration::from_secs(1);
        for (status, events, has_unknown_day, now, expected) in [
            (Published, &events[..], false, before, false),
            (Published, &events, false, end, true),
            (Published, &events, true, end, false),
            (Published, &[], false, end, false),
            (Archived, &events, false, before, true),
        ] {
            let ended = has_ended(status, events, has_unknown_day, now);
            assert_eq!(ended, expected, "{status:?} {has_unknown_day} {now}");
        }
    }
}
