//! The end of an occasion. A daily job archives it 30 days after its last event, warns its owners
//! twice, and deletes it at the end of its retention period.
//!
//! The owners are warned 30 and 7 days before the deletion. The deletion waits until both warnings
//! have left the server, and until 30 days after the first warning. A warning cannot leave the
//! server if the site keeps its mail in a mailbox, or if all addresses refuse the mail. In that
//! case the occasion stays until an owner confirms the deletion. If hosts postpone the deletion by
//! changing an event or the retention period, the announcement is withdrawn. If they bring the
//! deletion forward, the announced day stays.

mod warning;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::audit::{Actor, Entity, Entry};
use platform::erasure;
use platform::jobs::{Done, Handler, JobError};
use platform::news::NewNews;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::{Problem, Site};

use crate::deletion;
use crate::form_event;
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::OccasionId;
use crate::occasion::{self, Occasion};
use crate::stored_lists;
use crate::words::OccasionStatus;
use crate::{event, invitation};

/// An occasion is archived this many days after the day of its last event.
const ARCHIVED_AFTER: i64 = 30;
const FIRST_WARNING: i64 = 30;
const SECOND_WARNING: i64 = 7;
const RESEND_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Debug, Default, PartialEq, Eq, Row)]
struct Announced {
    day: String,
    first_at: Timestamp,
    first_left_at: Option<Timestamp>,
    second_at: Option<Timestamp>,
    second_left_at: Option<Timestamp>,
    confirmed_at: Option<Timestamp>,
}

/// When an occasion is archived and deleted, and which warnings have been sent to its owners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retention {
    /// The day on which the occasion is archived, in the occasion's time zone. Without events,
    /// it counts from 18 months after the last change.
    pub archives_on: Option<Date>,
    /// The earliest day on which the occasion is deleted. Without events, it counts from 18 months
    /// after the last change.
    pub deletes_on: Option<Date>,
    /// When the first warning was sent to the owners; null if it was not sent yet.
    pub first_warning_at: Option<Timestamp>,
    /// When the second warning was sent; null if it was not sent yet.
    pub second_warning_at: Option<Timestamp>,
    /// Whether a warning is still waiting to leave the server. The deletion then waits too.
    pub waits_for_mail: bool,
    /// When an owner confirmed the deletion. A confirmed deletion does not wait for mail.
    pub confirmed_at: Option<Timestamp>,
}

pub fn daily(site: &Site) -> Handler {
    let site = site.clone();
    Handler::each_day("occasions.retention", move |_| {
        let site = site.clone();
        async move {
            run(&site).await?;
            Ok(Done::nothing())
        }
    })
}

/// Takes the steps that are due in each occasion: archives, warns or deletes. If one occasion
/// fails, the others are still handled.
pub async fn run(site: &Site) -> Result<(), JobError> {
    let mut failure = None;
    for id in site.platform.store.read_at_length(candidates).await? {
        let (here, occasion) = (site.clone(), id.clone());
        let step = site.store.write(move |tx| step(tx, &here, &occasion)).await;
        let done = match step {
            Ok(true) => delete(site, &id, false, Actor::System).await.map(drop),
            Ok(false) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = done {
            tracing::error!(occasion = %id, "cannot end an occasion that is over; it is tried again; if this goes on, check the store's disk or database server");
            failure = Some(error);
        }
    }
    failure.map_or(Ok(()), Err)
}

/// Repeats the deletion of occasions that were deleted after the restored backup had been made.
pub async fn repeat(site: &Site) -> Result<(), JobError> {
    for id in site.platform.store.read_at_length(deletion::lost).await? {
        delete(site, &id, true, Actor::System).await?;
    }
    let repeated = |tx: &mut Tx<'_>| erasure::repeated(tx, deletion::ERASED);
    Ok(site.store.write(repeated).await?)
}

/// Deletes an occasion because a host wants it. Returns false if an export is in preparation.
pub(crate) async fn remove(site: &Site, id: &OccasionId, actor: Actor) -> Result<bool, Problem> {
    let removed = delete(site, id, true, actor).await;
    removed.map_err(Problem::internal)
}

/// With `at_once`, the occasion is deleted even if that is not due. If an export is in preparation, the
/// next run deletes the occasion. Returns whether it was deleted.
async fn delete(
    site: &Site,
    id: &OccasionId,
    at_once: bool,
    actor: Actor,
) -> Result<bool, JobError> {
    let expired = id.clone();
    let expire = move |tx: &mut Tx<'_>| stored_lists::expire(tx, &expired);
    site.store.write(expire).await?;
    stored_lists::remove_expired(&site.platform).await?;
    let occasion = id.clone();
    let change = move |tx: &mut Tx<'_>| {
        if occasion::hold(tx, &occasion)?.is_none() {
            return Ok::<_, StoreError>(false);
        }
        // Since the last step, a host may have postponed an event or requested an export.
        let is_due = at_once || is_due_now(tx, &occasion)?;
        if !is_due || stored_lists::are_files_left(tx, &occasion)? {
            return Ok(false);
        }
        deletion::delete(tx, &occasion, actor.clone())?;
        Ok(true)
    };
    let is_deleted = site.store.write(change).await?;
    if is_deleted {
        // Before the checkpoint, the write-ahead log still contains the deleted data.
        site.store.checkpoint().await?;
    }
    Ok(is_deleted)
}

fn candidates(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    let now = tx.now();
    let found: Vec<(OccasionId,)> = sql!(
        "SELECT occasion.id FROM occasion JOIN event ON event.occasion = occasion.id
         WHERE event.day_known = 1 GROUP BY occasion.id
         HAVING MAX(CASE WHEN event.hour_known = 1 AND event.end_known = 0
             THEN event.starts_at ELSE event.ends_at END) <= :now
         UNION SELECT occasion FROM occasion_deletion ORDER BY 1",
        now
    )
    .all(tx)?;
    let mut all: Vec<_> = found.into_iter().map(|(id,)| id).collect();
    all.extend(event::ended_without_events(tx)?);
    Ok(all)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Days {
    today: Date,
    archive: Date,
    delete: Date,
}

impl Days {
    fn of(zone: &TimeZone, last_end: Timestamp, kept: i64, now: Timestamp) -> Option<Self> {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let after = |days: i64| day(last_end).checked_add(days.days()).ok();
        Some(Self {
            today: day(now),
            archive: after(ARCHIVED_AFTER)?,
            delete: after(kept)?,
        })
    }

    fn is_within(self, days: i64, of: Date) -> bool {
        of.checked_sub(days.days())
            .is_ok_and(|first| self.today >= first)
    }

    fn at_least_in(self, days: i64, day: Date) -> Date {
        let earliest = self.today.checked_add(days.days());
        earliest.map_or(day, |earliest| day.max(earliest))
    }
}

impl Announced {
    fn day(&self) -> Date {
        // If the day cannot be parsed, the deletion is never due.
        self.day.parse().unwrap_or(Date::MAX)
    }

    fn is_due(&self, days: Days, zone: &TimeZone) -> bool {
        let is_told = match (self.first_left_at, self.second_left_at) {
            _ if self.confirmed_at.is_some() => true,
            (Some(first), Some(_)) => {
                let left = first.to_zoned(zone.clone()).date();
                left.checked_add(FIRST_WARNING.days())
                    .is_ok_and(|day| days.today >= day)
            }
            _ => false,
        };
        is_told && self.second_at.is_some() && days.today >= self.day()
    }
}

fn days(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Option<(Days, Timestamp)>, StoreError> {
    let last_end = event::end_of_occasion(tx, &occasion.id)?;
    let (zone, now) = (occasion.zone(), tx.now());
    Ok(last_end.and_then(|end| Some((Days::of(&zone, end, occasion.retention_days, now)?, end))))
}

fn find(tx: &mut Tx<'_>, id: &OccasionId) -> Result<Option<Announced>, StoreError> {
    sql!(
        "SELECT {Announced} FROM occasion_deletion WHERE occasion = :id",
        id
    )
    .maybe(tx)
}

fn is_due_now(tx: &mut Tx<'_>, id: &OccasionId) -> Result<bool, StoreError> {
    let occasion = occasion::load(tx, id)?;
    let Some((days, _)) = days(tx, &occasion)? else {
        return Ok(false);
    };
    let announced = find(tx, id)?.filter(|announced| days.delete <= announced.day());
    Ok(announced.is_some_and(|announced| announced.is_due(days, &occasion.zone())))
}

/// Returns whether the deletion is due.
fn step(tx: &mut Tx<'_>, site: &Site, id: &OccasionId) -> Result<bool, StoreError> {
    if occasion::hold(tx, id)?.is_none() {
        return Ok(false);
    }
    let occasion = occasion::load(tx, id)?;
    let now = tx.now();
    let Some((days, last_end)) = days(tx, &occasion)? else {
        warning::withdraw(tx, id)?;
        return Ok(false);
    };
    if days.today >= days.archive {
        archive(tx, &occasion, last_end)?;
    }
    let mut announced = match find(tx, id)? {
        Some(announced) if days.delete <= announced.day() => announced,
        found => {
            if found.is_some() {
                warning::withdraw(tx, id)?;
            }
            if days.is_within(FIRST_WARNING, days.delete) {
                let day = days.at_least_in(FIRST_WARNING, days.delete);
                announce(tx, site, &occasion, day)?;
            }
            return Ok(false);
        }
    };
    for (number, left_at) in [
        (1, &mut announced.first_left_at),
        (2, &mut announced.second_left_at),
    ] {
        if left_at.is_none() {
            *left_at = warning::left_at(tx, id, number)?;
        }
    }
    let is_lost =
        |at: Timestamp, left: Option<Timestamp>| left.is_none() && at + RESEND_AFTER <= now;
    if is_lost(announced.first_at, announced.first_left_at)
        && announced.confirmed_at.is_none()
        && !warning::is_waiting(tx, id, 1)?
    {
        announced.first_at = now;
        announced.day = days.at_least_in(FIRST_WARNING, announced.day()).to_string();
        warning::send(tx, site, &occasion, 1, announced.day())?;
    }
    let may_follow = announced.first_left_at.is_some() || announced.confirmed_at.is_some();
    let is_second_due = match announced.second_at {
        None => may_follow && days.is_within(SECOND_WARNING, announced.day()),
        Some(at) => {
            is_lost(at, announced.second_left_at)
                && announced.confirmed_at.is_none()
                && !warning::is_waiting(tx, id, 2)?
        }
    };
    if is_second_due {
        announced.second_at = Some(now);
        announced.day = days
            .at_least_in(SECOND_WARNING, announced.day())
            .to_string();
        warning::send(tx, site, &occasion, 2, announced.day())?;
    }
    sql!(
        "UPDATE occasion_deletion SET {Announced = :Announced} WHERE occasion = :id",
        Announced = announced,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(announced.is_due(days, &occasion.zone()))
}

fn announce(
    tx: &mut Tx<'_>,
    site: &Site,
    occasion: &Occasion,
    day: Date,
) -> Result<(), StoreError> {
    let announced = Announced {
        day: day.to_string(),
        first_at: tx.now(),
        ..Announced::default()
    };
    sql!(
        "INSERT INTO occasion_deletion (occasion, {Announced}) VALUES (:id, {:Announced})",
        id = occasion.id,
        Announced = announced
    )
    .run(tx, Rows::Exactly(1))?;
    let changes = json!([{ "field": "day", "old": null, "new": announced.day }]);
    record(tx, &occasion.id, "occasion.deletion_announced", changes)?;
    warning::send(tx, site, occasion, 1, day)
}

/// Archives only once for the same last event, so an owner can take the occasion out again.
fn archive(tx: &mut Tx<'_>, old: &Occasion, last_end: Timestamp) -> Result<(), StoreError> {
    if old.status == OccasionStatus::Archived {
        return Ok(());
    }
    let marked = sql!(
        "UPDATE occasion SET archived_for = :last_end
         WHERE id = :id AND (archived_for IS NULL OR archived_for <> :last_end)",
        last_end,
        id = old.id
    )
    .run(tx, Rows::AtMostOne)?;
    if marked == 0 {
        return Ok(());
    }
    invitation::wait_for_answers(tx, &old.id)?;
    occasion::set_status(tx, &old.id, OccasionStatus::Archived)?;
    form_event::delete_all(tx, &old.id)?;
    let new = OccasionStatus::Archived;
    let changes = json!([{ "field": "status", "old": old.status, "new": new }]);
    record(tx, &old.id, "occasion.moved", changes)?;
    tx.publish(NewNews {
        scope: old.id.to_string(),
        name: "occasion",
        payload: json!({ "id": old.id, "what": new.word() }),
    })
}

fn record(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    action: &'static str,
    changes: Value,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: Actor::System,
        action,
        entity: Entity::new("occasion", id.to_string()),
        scope: Some(id.to_string()),
        changes,
        request: None,
    })
}

/// Returns when the occasion is archived and deleted, for the page that shows this to hosts.
pub fn show(tx: &mut Tx<'_>, host: &HostOf) -> Result<Retention, Refusal> {
    host.needs(Permission::SeeOccasion)?;
    let occasion = occasion::find(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    let days = days(tx, &occasion)?.map(|(days, _)| days);
    let announced = find(tx, &occasion.id)?;
    let mut waits_for_mail = false;
    if let Some(announced) = &announced {
        let first = (1, Some(announced.first_at), announced.first_left_at);
        let second = (2, announced.second_at, announced.second_left_at);
        for (number, sent_at, left_at) in [first, second] {
            waits_for_mail |= sent_at.is_some()
                && left_at.is_none()
                && warning::left_at(tx, &occasion.id, number)?.is_none();
        }
    }
    let announced = announced.as_ref();
    let computed = days.map(|days| days.delete);
    Ok(Retention {
        archives_on: days.map(|days| days.archive),
        deletes_on: computed.map(|day| announced.map_or(day, |one| day.max(one.day()))),
        first_warning_at: announced.map(|one| one.first_at),
        second_warning_at: announced.and_then(|one| one.second_at),
        waits_for_mail,
        confirmed_at: announced.and_then(|one| one.confirmed_at),
    })
}

/// Confirms the announced deletion. A confirmed deletion no longer waits for the warnings to leave
/// the server. The announced day stays the same.
pub fn confirm(tx: &mut Tx<'_>, host: &HostOf) -> Result<Retention, Refusal> {
    host.needs(Permission::Own)?;
    host.needs_person()?;
    let id = host.occasion();
    occasion::hold(tx, id)?.ok_or(Refusal::NotFound)?;
    let announced = find(tx, id)?.ok_or(Refusal::WrongState)?;
    if announced.confirmed_at.is_none() {
        let now = tx.now();
        sql!(
            "UPDATE occasion_deletion SET confirmed_at = :now WHERE occasion = :id",
            now,
            id
        )
        .run(tx, Rows::Exactly(1))?;
        tx.record(Entry {
            actor: host.actor(),
            action: "occasion.deletion_confirmed",
            entity: Entity::new("occasion", id.to_string()),
            scope: Some(id.to_string()),
            changes: json!([{ "field": "day", "old": null, "new": announced.day }]),
            request: host.request(),
        })?;
    }
    show(tx, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_are_those_of_the_occasion() {
        let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // The time zone is UTC+8, so the last event ends at 23:30 on 16 January.
        let last_end = at("2027-01-16T15:30:00Z");
        let days = |now: &str| Days::of(&zone, last_end, 180, at(now)).unwrap();
        let found = days("2027-02-14T16:00:00Z");
        assert_eq!(found.archive, found.today);
        assert_eq!(found.archive.to_string(), "2027-02-15");
        assert_eq!(found.delete.to_string(), "2027-07-15");
        assert!(days("2027-02-14T15:59:59Z").today < found.archive);
        for (now, is_first) in [
            ("2027-06-14T15:59:59Z", false),
            ("2027-06-14T16:00:00Z", true),
        ] {
            assert_eq!(
                days(now).is_within(FIRST_WARNING, found.delete),
                is_first,
                "{now}"
            );
        }
        // An overdue deletion is still announced 30 days in advance.
        let late = days("2028-01-01T00:00:00Z");
        let day = late.at_least_in(FIRST_WARNING, late.delete);
        assert_eq!(day.to_string(), "2028-01-31");
    }

    #[test]
    fn nothing_is_due_before_both_warnings_left_and_thirty_days_after_the_first() {
        let zone = TimeZone::UTC;
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let announced = Announced {
            day: "2027-07-15".to_owned(),
            first_at: at("2027-06-15T00:00:00Z"),
            first_left_at: Some(at("2027-06-15T00:01:00Z")),
            second_at: Some(at("2027-07-08T00:00:00Z")),
            second_left_at: Some(at("2027-07-08T00:01:00Z")),
            confirmed_at: None,
        };
        let last_end = at("2027-01-16T15:30:00Z");
        let is_due = |announced: &Announced, now: &str| {
            let days = Days::of(&zone, last_end, 180, at(now)).unwrap();
            announced.is_due(days, &zone)
        };
        assert!(!is_due(&announced, "2027-07-14T23:59:59Z"));
        assert!(is_due(&announced, "2027-07-15T00:00:00Z"));
        let late = Announced {
            first_left_at: Some(at("2027-06-18T12:00:00Z")),
            ..announced.clone()
        };
        assert!(!is_due(&late, "2027-07-17T23:59:59Z"));
        assert!(is_due(&late, "2027-07-18T00:00:00Z"));
        for waiting in [
            Announced {
                first_left_at: None,
                ..announced.clone()
            },
            Announced {
                second_left_at: None,
                ..announced.clone()
            },
        ] {
            assert!(!is_due(&waiting, "2030-01-01T00:00:00Z"));
            let confirmed = Announced {
                confirmed_at: Some(at("2027-07-01T00:00:00Z")),
                ..waiting
            };
            assert!(is_due(&confirmed, "2027-07-15T00:00:00Z"));
        }
        let unsent = Announced {
            second_at: None,
            second_left_at: None,
            confirmed_at: Some(at("2027-07-01T00:00:00Z")),
            ..announced
        };
        assert!(!is_due(&unsent, "2030-01-01T00:00:00Z"));
    }
}
