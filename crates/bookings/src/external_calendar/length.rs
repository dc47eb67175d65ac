//! How long an event of a calendar is.

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendarComponent, ICalendarDuration, ICalendarEntry, ICalendarProperty, ICalendarValue,
};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::ics::{Reading, civil, instant, values};

/// The length of an event: days in local time, some of which have 23 or 25 hours, and then an exact
/// time (RFC 5545, section 3.3.6).
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    days: i64,
    time: SignedDuration,
    /// The time before the start that may be busy too, because the end is before it.
    pub(super) before: SignedDuration,
    pub(super) is_exact: bool,
    /// Whether the zones of start and end are known.
    pub(super) is_known: bool,
}

impl Length {
    const NONE: Self = Self {
        days: 0,
        time: SignedDuration::ZERO,
        before: SignedDuration::ZERO,
        is_exact: true,
        is_known: true,
    };

    pub(super) fn elapsed(time: SignedDuration) -> Self {
        Self {
            time: time.abs(),
            before: time.min(SignedDuration::ZERO).abs(),
            is_exact: !time.is_negative(),
            ..Self::NONE
        }
    }

    pub(super) fn of(duration: &ICalendarDuration) -> Self {
        let part = |count: u32, seconds: i64| SignedDuration::from_secs(i64::from(count) * seconds);
        let days = i64::from(duration.weeks) * 7 + i64::from(duration.days);
        let time =
            part(duration.hours, 3_600) + part(duration.minutes, 60) + part(duration.seconds, 1);
        let is_before = duration.neg && (days > 0 || !time.is_zero());
        Self {
            days,
            time,
            before: if is_before {
                part(duration.weeks, 604_800) + part(duration.days, 86_400) + time
            } else {
                SignedDuration::ZERO
            },
            is_exact: !is_before,
            ..Self::NONE
        }
    }

    /// The instant at which a time of this length ends. `None` if no calendar reaches so far.
    pub(super) fn after(self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let days = Span::new().try_days(self.days).ok()?;
        let end = from.to_zoned(zone.clone()).checked_add(days).ok()?;
        end.timestamp().checked_add(self.time).ok()
    }
}

impl Reading<'_> {
    /// Returns the length of each repetition of an event.
    pub(super) fn length(
        &self,
        event: &ICalendarComponent,
        start_entry: &ICalendarEntry,
        start: &PartialDateTime,
    ) -> Length {
        let length = if let Some(entry) = event.property(&ICalendarProperty::Dtend) {
            values(entry)
                .next()
                .and_then(|end| self.until(start_entry, start, entry, end))
        } else if let Some(entry) = event.property(&ICalendarProperty::Duration) {
            match entry.values.first() {
                Some(ICalendarValue::Duration(length)) => Some(Length::of(length)),
                _ => None,
            }
        } else {
            let days = i64::from(!start.has_time());
            Some(Length {
                days,
                ..Length::NONE
            })
        };
        match length {
            // A day has at least one day.
            Some(length) if !start.has_time() && length.days == 0 => Length { days: 1, ..length },
            Some(length) => length,
            None => Length {
                days: 1,
                is_exact: false,
                ..Length::NONE
            },
        }
    }

    /// Some programs write an end before the start, or a date as the end of a time.
    fn until(
        &self,
        start_entry: &ICalendarEntry,
        start: &PartialDateTime,
        end_entry: &ICalendarEntry,
        end: &PartialDateTime,
    ) -> Option<Length> {
        let zone = self.zone_of(start_entry, start);
        let end_zone = if end.has_time() {
            self.zone_of(end_entry, end)
        } else {
            zone.clone()
        };
        let until = instant(end, &end_zone.zone)?;
        if !start.has_time() {
            let local = zone.zone.to_datetime(until);
            let days = civil(start)?.date().until(local.date()).ok()?.get_days();
            let days = i64::from(days) + i64::from(local.time() > Time::midnight());
            return Some(Length {
                days: days.abs(),
                before: SignedDuration::from_hours(24 * days.min(0).abs()),
                is_exact: days >= 0,
                is_known: end_zone.is_known,
                ..Length::NONE
            });
        }
        let from = instant(start, &zone.zone)?;
        let elapsed = if end.has_time() || until > from {
            until.duration_since(from)
        } else {
            // The day on which the event begins is the last one.
            let day = zone.zone.to_datetime(from).date().tomorrow().ok()?;
            let midnight = day.to_zoned(zone.zone.clone()).ok()?.timestamp();
            midnight.duration_since(from)
        };
        // Where only one of the zones is known, the event is not as short as it looks.
        let is_unclear = elapsed.is_zero() && zone.is_known != end_zone.is_known;
        let elapsed = if is_unclear {
            SignedDuration::from_secs(1)
        } else {
            elapsed
        };
        Some(Length {
            is_known: zone.is_known && end_zone.is_known,
            ..Length::elapsed(elapsed)
        })
    }
}
