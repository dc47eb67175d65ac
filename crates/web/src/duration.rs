//! Durations in the units of people: minutes, hours and days.

use crate::text::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Minutes,
    Hours,
    /// Of 24 hours.
    Days,
}

impl Unit {
    pub const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }

    /// The message id of the unit's name.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Minutes => "host-unit-minutes",
            Self::Hours => "host-unit-hours",
            Self::Days => "host-unit-days",
        }
    }

    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.word() == word)
    }

    pub const fn minutes(self) -> i64 {
        match self {
            Self::Minutes => 1,
            Self::Hours => 60,
            Self::Days => 24 * 60,
        }
    }

    /// The units that people use for a field in this unit.
    pub fn and_larger(self) -> impl Iterator<Item = Self> {
        let is_offered = move |unit: &Self| unit.minutes() >= self.minutes();
        Self::ALL.into_iter().filter(is_offered)
    }

    /// The number and the unit with which people say a number of this unit: 90 minutes, 24 hours, 2
    /// days.
    pub fn say(self, count: i64) -> (i64, Self) {
        let minutes = count.saturating_mul(self.minutes());
        let fits = |unit: &Self| {
            let is_whole = minutes % unit.minutes() == 0;
            let is_many = *unit != Self::Days || minutes >= 2 * unit.minutes();
            is_whole && is_many && minutes > 0
        };
        let units = Self::ALL.into_iter().rev().find(fits);
        let unit = units.unwrap_or(self);
        (minutes / unit.minutes(), unit)
    }
}

impl Text {
    /// A number of minutes as a duration, in the largest unit that is whole: "24 hours", "2 days".
    pub fn duration(&self, minutes: i64) -> String {
        let (count, unit) = Unit::Minutes.say(minutes);
        let message = match unit {
            Unit::Minutes => "duration-minutes",
            Unit::Hours => "duration-hours",
            Unit::Days => "duration-days",
        };
        self.with(message, [("count", count.into())])
    }
}
