//! A countdown's clock in words, and the numbers with which the page's script updates it.

use jiff::{Timestamp, ToSpan as _};
use web::Text;

use super::words;
use crate::calendar::{Breakdown, Repeat};
use crate::clock::{Clock, State};
use crate::countdown::Countdown;

/// A clock's text, and the values with which the page's script updates it. Instants are in
/// milliseconds since 1970.
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
    /// The elapsed share of the countdown's time in percent, if the page shows it.
    pub(super) gone: Option<i64>,
}

impl ClockView {
    /// Adds the ring that shows how much of the time has passed since `begin` or since the last
    /// occurrence.
    pub(super) fn with_ring(
        mut self,
        countdown: &Countdown,
        clock: &Clock,
        begin: Timestamp,
    ) -> Self {
        if clock.state != State::Upcoming {
            return self;
        }
        let period = match countdown.repeat {
            Repeat::None => None,
            Repeat::Weekly => Some(1.week()),
            Repeat::Monthly => Some(1.month()),
            Repeat::Yearly => Some(1.year()),
        };
        let at = clock.anchor.to_zoned(countdown.zone());
        let last = period.and_then(|period| at.checked_sub(period).ok());
        let begin = last.map_or(begin, |last| last.timestamp());
        let whole = clock.anchor.duration_since(begin).as_secs();
        let gone = (self.now - begin.as_millisecond()).max(0) / 1000;
        self.gone = (whole > 0).then(|| (gone * 100 / whole).clamp(0, 100));
        self
    }

    /// A sentence such as “1,234 days since 5 May 2026, 9:31 am”.
    pub(super) fn sentence(&self) -> String {
        format!("{} {} {}", self.number, self.unit, self.anchor)
    }

    /// The CSS class for the figure's size, which depends on its number of characters.
    pub(super) fn size(&self) -> &'static str {
        match self.number.chars().count() {
            0..=3 => "short",
            4..=5 => "long",
            _ => "longer",
        }
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
            gone: None,
        }
    }
}
