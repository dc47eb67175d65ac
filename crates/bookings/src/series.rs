//! Series of slots at the same local times on certain weekdays, for some weeks.

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, Problem};

use crate::Refusal;
use crate::provider::Provider;
use crate::slot::{self, NewSlot, Obstacle, SeriesId, Slot, Start, Template};

/// The maximum number of slots in a series.
pub const MOST: usize = 200;

/// A request for a series.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewSeries)]
pub struct NewSeries {
    /// The first possible day, in the slots' zone.
    pub first_date: String,
    /// The number of weeks, 1 to 12.
    pub weeks: i64,
    /// The days of the week: 1 is Monday, 7 is Sunday.
    pub weekdays: Vec<i64>,
    /// Up to six local times.
    pub times: Vec<String>,
    /// Local dates and times to skip, such as `2027-01-16T09:30`.
    pub without: Vec<String>,
    /// The properties of each slot; `date` and `time` are ignored.
    pub slot: NewSlot,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub date: Date,
    pub time: Time,
    /// The instant at which the slot begins; `None` if the clock skips this local time.
    pub start: Option<Start>,
    /// The error code for the reason why a slot cannot begin at this time; `None` if it can.
    pub obstacle: Option<&'static str>,
}

impl Planned {
    /// Returns the local date and time, such as `2027-01-16T09:30`.
    pub fn name(&self) -> String {
        format!(
            "{}T{:02}:{:02}",
            self.date,
            self.time.hour(),
            self.time.minute()
        )
    }
}

/// Computes all times of a series in chronological order. Each of them states what prevents a slot
/// at that time, if anything does.
pub fn plan(
    tx: &mut Tx<'_>,
    provider: &Provider,
    sent: &NewSeries,
) -> Result<Vec<Planned>, Refusal> {
    let mut findings = Findings::default();
    let template = Template::read(tx, provider, &sent.slot, &mut findings)?;
    let times = local_times(sent, &mut findings);
    findings.finish()?;
    Ok(look(tx, &template, &times)?)
}

fn look(
    tx: &mut Tx<'_>,
    template: &Template,
    times: &[(Date, Time)],
) -> Result<Vec<Planned>, StoreError> {
    let zone = template.slot.zone();
    let mut planned: Vec<Planned> = Vec::new();
    for (date, time) in times {
        let start = slot::start(*date, *time, &zone);
        let mut obstacle = match start {
            None => Some(Obstacle::Missing.code()),
            Some(start) => template
                .find_obstacle(tx, start.at)?
                .map(|found| found.code()),
        };
        // A time may be too close to an earlier time of the same series.
        let before = planned.iter().rev().find(|one| one.obstacle.is_none());
        let before = before.and_then(|one| one.start);
        if let (Some(start), Some(before)) = (start, before)
            && obstacle.is_none()
            && !template.is_clear_of(before.at, start.at)
        {
            obstacle = Some("slot_overlap");
        }
        planned.push(Planned {
            date: *date,
            time: *time,
            start,
            obstacle,
        });
    }
    Ok(planned)
}

fn local_times(sent: &NewSeries, findings: &mut Findings) -> Vec<(Date, Time)> {
    let weeks = findings.number("/weeks", sent.weeks, 1, 12);
    let first = sent.first_date.parse::<Date>();
    if first.is_err() {
        findings.add("/first_date", "date_invalid", []);
    }
    let is_week = |day: &i64| (1..=7).contains(day);
    if sent.weekdays.is_empty() || !sent.weekdays.iter().all(is_week) {
        findings.add("/weekdays", "required", []);
    }
    let times = sent.times.iter().map(|time| time.parse::<Time>());
    let mut times: Vec<Time> = times.filter_map(Result::ok).collect();
    if times.is_empty() || times.len() != sent.times.len() || times.len() > 6 {
        findings.add("/times", "time_invalid", []);
    }
    times.sort();
    times.dedup();
    if !(1..=12).contains(&weeks) || times.len() > 6 {
        // `create` reports the error. This function computes no times, because so many would take
        // too long.
        return Vec::new();
    }
    let days = (0..weeks * 7).filter_map(|days| first.clone().ok()?.checked_add(days.days()).ok());
    let is_chosen = |day: &Date| {
        let weekday = i64::from(day.weekday().to_monday_one_offset());
        sent.weekdays.contains(&weekday)
    };
    let all: Vec<(Date, Time)> = days
        .filter(is_chosen)
        .flat_map(|day| times.iter().map(move |time| (day, *time)))
        .collect();
    if all.len() > MOST {
        findings.add("/weeks", "too_many", [("max", MOST.into())]);
    }
    all
}

/// Creates the slots of a series, except for excluded times. If one slot cannot be created, none
/// is.
pub fn create(
    tx: &mut Tx<'_>,
    provider: &Provider,
    sent: &NewSeries,
) -> Result<Vec<Slot>, Refusal> {
    let mut findings = Findings::default();
    let template = Template::read(tx, provider, &sent.slot, &mut findings)?;
    let mut times = local_times(sent, &mut findings);
    findings.finish()?;
    let name =
        |(date, time): &(Date, Time)| format!("{date}T{:02}:{:02}", time.hour(), time.minute());
    times.retain(|time| !sent.without.contains(&name(time)));
    let planned = look(tx, &template, &times)?;
    let mut problem = Problem::from(crate::codes::SERIES_REJECTED);
    for one in &planned {
        if let Some(code) = one.obstacle {
            problem = problem.field(format!("/dates/{}", one.name()), code, []);
        }
    }
    if planned.is_empty() || !problem.errors.is_empty() {
        return Err(Refusal::Problem(problem));
    }
    let series: SeriesId = tx.id();
    let mut made = Vec::new();
    for start in planned.iter().filter_map(|one| one.start) {
        let slot = template.insert(tx, start.at, Some(&series))?;
        slot::record(tx, provider, &slot, "slot.created")?;
        made.push(slot);
    }
    provider.take_slug(tx)?;
    Ok(made)
}
