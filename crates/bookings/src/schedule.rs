//! Hours of providers: the parts of each week in which their sessions take place, by the clock of a
//! zone, and the days that differ.

pub mod exception;
pub(crate) mod usual_week;

use identity::account::AccountId;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{Edit, History, Removal, Resource, history_of, next_position, position};
use utoipa::ToSchema;
use web::fields::{Part, choice, hour, line, rows};
use web::{Field, Findings, Input, List, PageQuery, zone};

use crate::Refusal;
use crate::availability::{DAY, Window};
use crate::codes::SCHEDULE_IN_USE;
use crate::provider::{Provider, ProviderId};

platform::id!(ScheduleId, random, "Hours of one provider.");

/// The most windows of one day.
pub(crate) const DAY_WINDOWS: usize = 8;
const WEEK_WINDOWS: usize = 7 * DAY_WINDOWS;

web::words! {
    /// A day of the week.
    #[schema(as = HoursWeekday)]
    Weekday {
        Monday = "monday" => "weekday-1",
        Tuesday = "tuesday" => "weekday-2",
        Wednesday = "wednesday" => "weekday-3",
        Thursday = "thursday" => "weekday-4",
        Friday = "friday" => "weekday-5",
        Saturday = "saturday" => "weekday-6",
        Sunday = "sunday" => "weekday-7",
    }
}

/// A part of a weekday in which sessions take place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WeekWindow)]
pub struct WeekWindow {
    /// The day on which it opens.
    pub day: Weekday,
    /// When it opens, as `HH:MM` by the wall clock.
    pub opens: String,
    /// When it closes, as `HH:MM`. A time that is not later than `opens` is on the next day.
    pub closes: String,
}

const WEEK: Part<WeekWindow> = web::part! { WeekWindow:
    day: choice().label("hours-day").required(),
    opens: hour().label("hours-opens").required(),
    closes: hour().label("hours-closes").required(),
};

/// Hours of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "provider_schedule")]
#[schema(as = ProviderSchedule)]
pub struct Schedule {
    /// The id of the hours.
    pub id: ScheduleId,
    /// The name, up to 80 characters, which only the provider reads.
    pub name: String,
    /// The IANA time zone by whose clock the hours are.
    pub time_zone: String,
    /// The windows of each week, up to 8 a day. Those that overlap or touch are one.
    #[row(json)]
    pub week: Vec<WeekWindow>,
    /// The position in the list of the provider's hours.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Schedule {
    /// The windows of each weekday, Monday first.
    pub(crate) fn week(week: &[WeekWindow]) -> [Vec<Window>; 7] {
        let mut days: [Vec<Window>; 7] = Default::default();
        for (day, weekday) in days.iter_mut().zip(Weekday::ALL) {
            let of_day = week.iter().filter(|one| one.day == *weekday);
            day.extend(of_day.filter_map(|one| window(&one.opens, &one.closes)));
        }
        days
    }
}

/// Two times of a clock as a window. The second is on the next day if it is not later.
pub(crate) fn window(opens: &str, closes: &str) -> Option<Window> {
    let minute = |time: &str| {
        let time: Time = time.parse().ok()?;
        Some(i64::from(time.hour()) * 60 + i64::from(time.minute()))
    };
    let (opens, closes) = (minute(opens)?, minute(closes)?);
    let closes = if closes > opens { closes } else { closes + DAY };
    Some(Window { opens, closes })
}

/// Reports a window that has no length. Only from midnight to midnight is a whole day meant.
pub(crate) fn check_window(at: &str, opens: &str, closes: &str, findings: &mut Findings) {
    if opens == closes && opens != "00:00" && window(opens, closes).is_some() {
        findings.add(&format!("{at}/closes"), "hours_empty", []);
    }
}

/// Reports parts of a form's week that meet an earlier one. Programs may send such parts: they are one.
fn check_overlaps(at: &str, week: &[WeekWindow], findings: &mut Findings) {
    let parts: Vec<Option<Window>> = week
        .iter()
        .map(|one| {
            let day = Weekday::ALL.iter().position(|day| *day == one.day)?;
            let midnight = i64::try_from(day).ok()? * DAY;
            let part = window(&one.opens, &one.closes)?;
            Some(Window {
                opens: midnight + part.opens,
                closes: midnight + part.closes,
            })
        })
        .collect();
    for (index, part) in parts.iter().enumerate() {
        let Some(part) = part else { continue };
        let mut others = parts.iter().take(index).flatten();
        // The night of Sunday goes on in the next week.
        let meets = |other: &Window| {
            let mut shifts = [-7 * DAY, 0, 7 * DAY].iter();
            shifts.any(|by| part.opens < other.closes + by && part.closes > other.opens + by)
        };
        if others.any(meets) {
            findings.add(&format!("{at}/{index}/opens"), "hours_overlap", []);
        }
    }
}

impl Resource for Schedule {
    type Parent = Provider;
    const FIELDS: &'static [Field] = web::fields! { Schedule:
        name: line(80).label("hours-name").required(),
        time_zone: line(64).label("hours-zone").hint("hours-zone-hint").required(),
        week: rows(WEEK, WEEK_WINDOWS).label("hours-week"),
        position: position(),
    };
    const HISTORY: History = history_of!("provider_schedule", named_by: "name");
    const LIMIT: Option<usize> = Some(10);

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, provider: &Provider, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of_provider(tx, &provider.profile.id)?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        provider: &Provider,
        _: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            name: String::new(),
            week: Vec::new(),
            time_zone: zone::name(&provider.zone()).to_owned(),
            position: next_position(there.iter().map(|one| one.position)),
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let now = tx.roughly_now();
        if let Some(found) = zone::read_field("/time_zone", &self.time_zone, now, findings) {
            zone::name(&found).clone_into(&mut self.time_zone);
        }
        for (index, one) in self.week.iter().enumerate() {
            let at = format!("/week/{index}");
            check_window(&at, &one.opens, &one.closes, findings);
        }
        if matches!(edit.input, Input::Form(..)) {
            check_overlaps("/week", &self.week, findings);
        }
        for weekday in Weekday::ALL {
            let of_day = self.week.iter().filter(|one| one.day == *weekday);
            if of_day.count() > DAY_WINDOWS {
                findings.add("/week", "too_many", [("max", DAY_WINDOWS.into())]);
            }
        }
        self.week.sort_by_key(|one| {
            let day = Weekday::ALL.iter().position(|day| *day == one.day);
            (day, one.opens.clone())
        });
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        sql!(
            "INSERT INTO provider_schedule (provider_id, {Schedule})
             VALUES (:provider, {:Schedule})",
            provider = edit.parent.profile.id,
            Schedule = self
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Provider, _: &[Self]) -> Result<Removal, Refusal> {
        let (offers,): (i64,) = sql!(
            "SELECT COUNT(*) FROM offer WHERE schedule_id = :id",
            id = self.id
        )
        .one(tx)?;
        if offers > 0 {
            return Err(SCHEDULE_IN_USE.into());
        }
        Ok(Removal::Delete)
    }
}

/// The zone of stored hours. A name that is not known any more is read as UTC.
pub(crate) fn zone_of(name: &str) -> TimeZone {
    zone::find(name).unwrap_or(TimeZone::UTC)
}

/// The provider's hours, in their order.
pub(crate) fn of_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<Schedule>, StoreError> {
    sql!(
        "SELECT {Schedule} FROM provider_schedule WHERE provider_id = :provider
         ORDER BY position, id",
        provider
    )
    .all(tx)
}

/// Erases what an account wrote about its hours.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    for erase in [
        sql!(
            "DELETE FROM provider_schedule_exception
             WHERE provider_id IN (SELECT id FROM provider WHERE account_id = $1)"
        ),
        sql!(
            "UPDATE provider_schedule SET name = '', week = '[]'
             WHERE provider_id IN (SELECT id FROM provider WHERE account_id = $1)"
        ),
    ] {
        tx.run(erase, &[account], Rows::Any)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_not_later_is_on_the_next_day() {
        for (opens, closes, expected) in [
            ("09:00", "17:30", (540, 1_050)),
            ("22:00", "02:00", (1_320, 1_560)),
            ("18:00", "00:00", (1_080, 1_440)),
            ("00:00", "00:00", (0, 1_440)),
        ] {
            let found = window(opens, closes).map(|one| (one.opens, one.closes));
            assert_eq!(found, Some(expected), "{opens} {closes}");
        }
        assert_eq!(window("25:00", "26:00"), None);
    }

    #[test]
    fn parts_of_a_week_that_meet_are_named_and_those_that_touch_are_not() {
        use Weekday::{Monday, Sunday, Tuesday};
        for (week, wrong) in [
            (
                vec![(Monday, "09:00", "12:00"), (Monday, "12:00", "15:00")],
                "",
            ),
            (
                vec![(Monday, "09:00", "12:00"), (Monday, "11:00", "15:00")],
                "/week/1/opens",
            ),
            (
                vec![(Tuesday, "01:00", "02:00"), (Monday, "22:00", "01:30")],
                "/week/1/opens",
            ),
            (
                vec![(Monday, "00:00", "02:00"), (Sunday, "22:00", "01:00")],
                "/week/1/opens",
            ),
            (
                vec![(Monday, "09:00", "12:00"), (Tuesday, "09:00", "12:00")],
                "",
            ),
        ] {
            let week = week.into_iter().map(|(day, opens, closes)| WeekWindow {
                day,
                opens: opens.to_owned(),
                closes: closes.to_owned(),
            });
            let mut findings = Findings::default();
            check_overlaps("/week", &week.collect::<Vec<_>>(), &mut findings);
            let found = findings.finish().err().unwrap_or_default();
            let found = found.first().map_or("", |one| one.pointer.as_str());
            assert_eq!(found, wrong);
        }
    }

    #[test]
    fn only_from_midnight_to_midnight_is_a_whole_day() {
        for (opens, closes, is_right) in [
            ("00:00", "00:00", true),
            ("09:00", "09:00", false),
            ("09:00", "09:05", true),
        ] {
            let mut findings = Findings::default();
            check_window("/week/0", opens, closes, &mut findings);
            assert_eq!(findings.is_empty(), is_right, "{opens} {closes}");
        }
    }
}
