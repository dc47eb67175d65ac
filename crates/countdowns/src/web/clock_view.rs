//! The clock of a countdown in words, and the numbers from which a script counts on.

use jiff::Timestamp;
use web::Text;

use super::words;
use crate::calendar::Breakdown;
use crate::clock::{Clock, State};
use crate::countdown::Countdown;

/// The values that the script counts on from; instants in milliseconds since 1970.
pub(super) struct ClockView {
    pub(super) number: String,
    pub(super) unit: String,
    pub(super) length: String,
    /// Hours, minutes and seconds.
    pub(super) time: String,
    pub(super) anchor: String,
    pub(super) machine: String,
    pub(super) now: i64,
    pub(super) zero: i64,
    pub(super) turn: i64,
    pub(super) is_frozen: bool,
}

impl ClockView {
    /// “1,234 days since 5 May 2026, 9:31 am”.
    pub(super) fn sentence(&self) -> String {
        format!("{} {} {}", self.number, self.unit, self.anchor)
    }

    pub(super) fn of(text: &Text, countdown: &Countdown, clock: &Clock, now: Timestamp) -> Self {
        let Breakdown {
            hours,
            minutes,
            seconds,
            ..
        } = clock.breakdown;
        let zone = countdown.zone();
        let at = clock.anchor.to_zoned(zone);
        Self {
            number: text.number(clock.days),
            unit: words::unit(text, clock.days),
            length: words::length(text, &clock.breakdown),
            time: format!("{hours:02}:{minutes:02}:{seconds:02}"),
            anchor: words::anchor(text, countdown, clock.state, &at),
            machine: web::dates::machine(&at),
            now: now.as_millisecond(),
            zero: clock.zero.as_millisecond(),
            turn: clock.turn.as_millisecond(),
            is_frozen: clock.state == State::Frozen,
        }
    }
}
