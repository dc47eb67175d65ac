//! Days on which a provider's hours are not those of the week: days off, and other hours.

use jiff::civil::Date;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{Edit, History, Resource, history_of};
use utoipa::ToSchema;
use web::fields::{Part, date, hour, line, rows};
use web::{Field, Findings, Input, List, PageQuery};

use super::{DAY_WINDOWS, WeekWindow, Weekday, check_overlaps, check_window, window};
use crate::Refusal;
use crate::availability::{Exception, Window};
use crate::provider::{Provider, ProviderId};

platform::id!(
    ExceptionId,
    random,
    "Days that differ from a provider's hours."
);

/// A part of a day in which sessions take place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DayWindow)]
pub struct DayWindow {
    /// When it opens, as `HH:MM` by the wall clock.
    pub opens: String,
    /// When it closes, as `HH:MM`. A time that is not later than `opens` is on the next day.
    pub closes: String,
}

const HOURS: Part<DayWindow> = web::part! { DayWindow:
    opens: hour().label("hours-opens").required(),
    closes: hour().label("hours-closes").required(),
};

/// Days that differ from a provider's hours. Of several over one day, the shortest counts, and of
/// equally short ones the last that was made.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "provider_schedule_exception")]
pub struct ScheduleException {
    /// The id of the days.
    pub id: ExceptionId,
    /// The id of the hours from which the days differ; null for all hours of the provider.
    pub schedule_id: Option<String>,
    /// The first day, `2027-01-16`.
    pub first_day: String,
    /// The last day; that of `first_day` if a new item leaves it out.
    pub last_day: String,
    /// The windows of each of the days, up to 8, instead of those of the week. Empty if the provider
    /// is off.
    #[row(json)]
    pub hours: Vec<DayWindow>,
    /// A note of up to 200 characters, which only the provider reads.
    pub note: String,
    /// The version, which increases with every change.
    pub version: i64,
}

/// The days in the form from which free times are computed. `None` if they cannot be read.
pub(crate) fn exception(first: &str, last: &str, hours: &[DayWindow]) -> Option<Exception> {
    let days: [Date; 2] = [first.parse().ok()?, last.parse().ok()?];
    let hours = hours.iter().map(|one| window(&one.opens, &one.closes));
    let hours: Option<Vec<Window>> = hours.collect();
    Some(Exception {
        days: days[0]..=days[1],
        hours: hours?,
    })
}

/// The days that differ from the provider's hours, by day.
pub(crate) fn of_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<ScheduleException>, StoreError> {
    sql!(
        "SELECT {ScheduleException} FROM provider_schedule_exception
         WHERE provider_id = :provider ORDER BY first_day, last_day, id",
        provider
    )
    .all(tx)
}

impl Resource for ScheduleException {
    type Parent = Provider;
    const FIELDS: &'static [Field] = web::fields! { ScheduleException:
        first_day: date().label("hours-first-day").required(),
        last_day: date().label("hours-last-day").hint("hours-last-day-hint"),
        hours: rows(HOURS, DAY_WINDOWS).label("hours-of-days"),
        schedule_id: line(36).optional().label("hours-one"),
        note: line(200).label("hours-note").secret(),
    };
    const HISTORY: History = history_of!("schedule_exception", named_by: "first_day");
    const LIMIT: Option<usize> = Some(200);

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, provider: &Provider, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of_provider(tx, &provider.profile.id)?))
    }

    fn blank(tx: &mut Tx<'_>, _: &Provider, _: &Input, _: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            schedule_id: None,
            first_day: String::new(),
            last_day: String::new(),
            hours: Vec::new(),
            note: String::new(),
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        if self.last_day.is_empty() {
            self.last_day.clone_from(&self.first_day);
        }
        let days = [&self.first_day, &self.last_day].map(|day| day.parse::<Date>().ok());
        if let [Some(first), Some(last)] = days
            && last < first
        {
            findings.add("/last_day", "days_reversed", []);
        }
        let today = tx.now().to_zoned(edit.parent.zone()).date();
        if edit.old.is_none() && days[1].is_some_and(|last| last < today) {
            findings.add("/last_day", "slot_in_past", []);
        }
        if let Some(id) = &self.schedule_id {
            let all = super::of_provider(tx, &edit.parent.profile.id)?;
            if all.iter().all(|one| one.id.as_str() != id) {
                findings.add("/schedule_id", "unknown_option", []);
            }
        }
        for (index, one) in self.hours.iter().enumerate() {
            let at = format!("/hours/{index}");
            check_window(&at, &one.opens, &one.closes, findings);
        }
        if matches!(edit.input, Input::Form(..)) {
            let hours = self.hours.iter().map(|one| WeekWindow {
                day: Weekday::Monday,
                opens: one.opens.clone(),
                closes: one.closes.clone(),
            });
            check_overlaps("/hours", &hours.collect::<Vec<_>>(), findings);
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        sql!(
            "INSERT INTO provider_schedule_exception
                 (provider_id, created_at, {ScheduleException})
             VALUES (:provider, :now, {:ScheduleException})",
            provider = edit.parent.profile.id,
            now = tx.now(),
            ScheduleException = self
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }
}
