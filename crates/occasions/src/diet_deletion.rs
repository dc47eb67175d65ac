//! Deletes dietary requirements 30 days after an occasion's last event, as the form promises to
//! guests. A job does this every day. The same code runs before Kenduri serves requests, so a
//! restored backup never shows dietary requirements that were already deleted. Mails, news, jobs
//! and the audit log never contain dietary requirements.
//!
//! SQLite overwrites deleted rows (`secure_delete`), and its log is truncated afterwards.
//! PostgreSQL frees them at its next vacuum.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use platform::audit::{Actor, Entity, Entry};
use platform::erasure;
use platform::jobs::{Done, Handler, JobError};
use platform::news::NewNews;
use platform::{Platform, Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::event;
use crate::form_event;
use crate::household_plan::FieldChange;
use crate::id::{InvitationId, OccasionId};
use crate::invitation;
use crate::occasion::{self, to_json};
use crate::stored_lists;

/// `platform::erasure` records the deletions under this kind.
const ERASED: &str = "diets";
/// How many days dietary requirements are kept after the day of the last event.
const KEPT_DAYS: i64 = 30;

pub fn daily(platform: Platform) -> Handler {
    Handler::each_day("occasions.delete_diets", move |_| {
        let platform = platform.clone();
        async move {
            run(&platform).await?;
            Ok(Done::nothing())
        }
    })
}

/// Deletes all dietary requirements that are due, in one transaction per occasion.
pub async fn run(platform: &Platform) -> Result<(), JobError> {
    let mut deleted = false;
    for occasion in platform.store.read_at_length(due).await? {
        let change = move |tx: &mut Tx<'_>| delete(tx, &occasion, false);
        deleted |= platform.store.write(change).await?;
    }
    for occasion in platform.store.read_at_length(lost).await? {
        let change = move |tx: &mut Tx<'_>| delete(tx, &occasion, true);
        deleted |= platform.store.write(change).await?;
    }
    let repeated = |tx: &mut Tx<'_>| erasure::repeated(tx, ERASED);
    platform.store.write(repeated).await?;
    if deleted {
        stored_lists::remove_expired(platform).await?;
        // Before a checkpoint, the write-ahead log still contains the deleted data.
        platform.store.checkpoint().await?;
    }
    Ok(())
}

fn due(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    // As in `event::end_of_occasion`.
    let ends: Vec<(OccasionId, String, Timestamp)> = tx.all(
        sql!(
            "SELECT occasion.id, occasion.time_zone,
                 MAX(CASE WHEN event.hour_known = 1 AND event.end_known = 0
                     THEN event.starts_at ELSE event.ends_at END)
             FROM occasion JOIN event ON event.occasion = occasion.id
             WHERE event.day_known = 1 GROUP BY occasion.id, occasion.time_zone ORDER BY occasion.id"
        ),
        &[],
    )?;
    let now = tx.now();
    let is_due = |(_, zone, last_end): &(OccasionId, String, Timestamp)| {
        is_over(&occasion::zone_named(zone), *last_end, now)
    };
    let due = ends.into_iter().filter(is_due);
    let mut due: Vec<_> = due.map(|(id, ..)| id).collect();
    due.extend(event::ended_without_events(tx)?);
    Ok(due)
}

/// Returns the occasions whose dietary requirements were deleted after the restored backup had been
/// made.
fn lost(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    let subjects = erasure::to_repeat(tx, ERASED)?;
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<(OccasionId,)> = tx.all(sql!("SELECT id FROM occasion ORDER BY id"), &[])?;
    let ids = all.into_iter().map(|(id,)| id);
    Ok(ids
        .filter(|id| subjects.contains(&erasure::subject(ERASED, &id.to_string())))
        .collect())
}

fn is_over(zone: &TimeZone, last_end: Timestamp, now: Timestamp) -> bool {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let last: Result<Date, _> = day(last_end).checked_add(KEPT_DAYS.days());
    last.is_ok_and(|last| day(now) >= last)
}

/// With `had_been`, a restored backup brought back what was already deleted, so it is deleted even
/// if it is not due.
fn delete(tx: &mut Tx<'_>, id: &OccasionId, had_been: bool) -> Result<bool, StoreError> {
    if occasion::hold(tx, id)?.is_none() {
        return Ok(false);
    }
    // A host may just have postponed an event, so the occasion is read again under its lock.
    let occasion = occasion::load(tx, id)?;
    let last_end = event::end_of_occasion(tx, id)?;
    let now = tx.now();
    if !had_been && !last_end.is_some_and(|end| is_over(&occasion.zone(), end, now)) {
        return Ok(false);
    }
    let people = delete_of_guests(tx, id)?;
    let saves = delete_of_history(tx, id)?;
    let answers = delete_of_repeats(tx, id, "%diet%")?;
    let files = stored_lists::forget_imports(tx, id)?;
    // What is noted of households' forms is kept no longer.
    let forms = form_event::delete_all(tx, id)?;
    if people + saves + answers + files + forms == 0 {
        return Ok(false);
    }
    stored_lists::expire(tx, id)?;
    erasure::note(tx, ERASED, &id.to_string())?;
    tx.record(Entry {
        actor: Actor::System,
        action: "occasion.diets_deleted",
        entity: Entity::new("occasion", id.to_string()),
        scope: Some(id.to_string()),
        changes: json!([]),
        request: None,
    })?;
    tx.publish(NewNews {
        scope: id.to_string(),
        name: "occasion",
        payload: json!({ "id": id, "what": "edited" }),
    })?;
    Ok(true)
}

/// Deletes the dietary requirements of all guests, including guests on archived invitations.
fn delete_of_guests(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<u64, StoreError> {
    let households: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT invitation.id FROM invitation
         JOIN guest ON guest.invitation = invitation.id
         WHERE invitation.occasion = :occasion
           AND (guest.diets <> '[]' OR guest.diet_note <> '')
         ORDER BY invitation.id",
        occasion
    )
    .all(tx)?;
    let now = tx.now();
    let mut people = 0;
    for (id,) in households {
        invitation::lock(tx, &id)?;
        people += sql!(
            "UPDATE guest SET diets = '[]', diet_note = '', updated_at = :now
             WHERE invitation = :id AND (diets <> '[]' OR diet_note <> '')",
            id,
            now
        )
        .run(tx, Rows::Any)?;
        // Raising the version makes cached pages invalid.
        sql!(
            "UPDATE invitation SET version = version + 1, updated_at = :now WHERE id = :id",
            id,
            now
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(people)
}

/// An entry also contains them if guests were added or removed.
fn delete_of_history(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<u64, StoreError> {
    let saves: Vec<(InvitationId, i64, String)> = sql!(
        "SELECT submission.invitation, submission.version_after, submission.changes FROM submission
         JOIN invitation ON invitation.id = submission.invitation
         WHERE invitation.occasion = :occasion AND submission.changes LIKE '%diet%'",
        occasion
    )
    .all(tx)?;
    let mut cleared = 0;
    for (invitation, version, json) in saves {
        // An entry that cannot be parsed is emptied, because it may contain dietary requirements.
        let before: Vec<FieldChange> = serde_json::from_str(&json).unwrap_or_default();
        let after = without_diets(before.clone());
        if after != before || before.is_empty() {
            cleared += sql!(
                "UPDATE submission SET changes = :changes
                 WHERE invitation = :invitation AND version_after = :version",
                invitation,
                version,
                changes = to_json(&after)
            )
            .run(tx, Rows::Exactly(1))?;
        }
    }
    Ok(cleared)
}

fn without_diets(mut changes: Vec<FieldChange>) -> Vec<FieldChange> {
    changes.retain(|change| !change.is_of_diets());
    for change in &mut changes {
        for value in [&mut change.old, &mut change.new] {
            if let Value::Object(guest) = value {
                guest.remove("diets");
                guest.remove("diet_note");
            }
        }
    }
    changes
}

/// Deletes responses that were stored for repeated requests, if their body matches the SQL pattern
/// `pattern`. Deletes only responses that were sent to a household of this occasion, or that
/// contain the id of something in this occasion.
pub(crate) fn delete_of_repeats(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    pattern: &str,
) -> Result<u64, StoreError> {
    let mut deleted = sql!(
        "DELETE FROM idempotency WHERE body LIKE :pattern
         AND owner IN (SELECT id FROM invitation WHERE occasion = :occasion)",
        pattern,
        occasion
    )
    .run(tx, Rows::Any)?;
    let kept: Vec<(String, String, String, String)> = sql!(
        "SELECT owner, route, key, body FROM idempotency WHERE body LIKE :pattern",
        pattern
    )
    .all(tx)?;
    if kept.is_empty() {
        return Ok(deleted);
    }
    let known: Vec<(String,)> = sql!(
        "SELECT id FROM invitation WHERE occasion = :occasion
         UNION ALL SELECT guest.id FROM guest
         JOIN invitation ON invitation.id = guest.invitation WHERE occasion = :occasion
         UNION ALL SELECT id FROM event WHERE occasion = :occasion
         UNION ALL SELECT id FROM question WHERE occasion = :occasion
         UNION ALL SELECT id FROM bulk WHERE occasion = :occasion
         UNION ALL SELECT id FROM import WHERE occasion = :occasion
         UNION ALL SELECT id FROM export WHERE occasion = :occasion
         UNION ALL SELECT id FROM campaign WHERE occasion = :occasion
         UNION ALL SELECT id FROM reminder_rule WHERE occasion = :occasion",
        occasion
    )
    .all(tx)?;
    let mut known: BTreeSet<String> = known.into_iter().map(|(id,)| id).collect();
    known.insert(occasion.to_string());
    for (owner, route, key, body) in kept {
        // In JSON, each id is a string in quotes.
        if body.split('"').any(|part| known.contains(part)) {
            deleted += sql!(
                "DELETE FROM idempotency WHERE owner = :owner AND route = :route AND key = :key",
                owner,
                route,
                key
            )
            .run(tx, Rows::AtMostOne)?;
        }
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_the_occasion() {
        for (zone, last_end, before, after) in [
            // In local time the event ends on the evening of 16 January, so the 30th day is 15
            // February.
            (
                "Asia/Kuala_Lumpur",
                "2027-01-16T15:30:00Z",
                "2027-02-14T15:59:59.999Z",
                "2027-02-14T16:00:00Z",
            ),
            // In this time zone the event ends after midnight. In UTC it ends before midnight.
            (
                "Pacific/Kiritimati",
                "2027-01-16T10:30:00Z",
                "2027-02-15T09:59:59.999Z",
                "2027-02-15T10:00:00Z",
            ),
            // The clocks change between the event and the deletion.
            (
                "Europe/Rome",
                "2027-03-13T20:00:00Z",
                "2027-04-11T21:59:59.999Z",
                "2027-04-11T22:00:00Z",
            ),
            (
                "America/New_York",
                "2027-10-16T20:00:00Z",
                "2027-11-15T04:59:59.999Z",
                "2027-11-15T05:00:00Z",
            ),
            // Samoa skipped 30 December 2011.
            (
                "Pacific/Apia",
                "2011-11-30T20:00:00Z",
                "2011-12-30T09:59:59.999Z",
                "2011-12-30T10:00:00Z",
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let at = |text: &str| text.parse::<Timestamp>().unwrap();
            assert!(!is_over(&zone, at(last_end), at(before)), "{zone:?}");
            assert!(is_over(&zone, at(last_end), at(after)), "{zone:?}");
        }
    }

    #[test]
    fn changes_keep_all_but_food_needs() {
        let change = |field: &str, old: Value, new: Value| FieldChange {
            field: field.to_owned(),
            old,
            new,
        };
        let cleared = without_diets(vec![
            change("guests/1/diets", json!([]), json!(["vegan"])),
            change("guests/1/diet_note", json!(""), json!("No nuts")),
            change("guests/1/name", json!("Mei"), json!("diet_note")),
            change(
                "guests/2",
                Value::Null,
                json!({ "name": "Lin", "diets": ["halal"], "diet_note": "None" }),
            ),
            change("note", json!(""), json!("guests/1/diets")),
        ]);
        assert_eq!(
            cleared,
            [
                change("guests/1/name", json!("Mei"), json!("diet_note")),
                change("guests/2", Value::Null, json!({ "name": "Lin" })),
                change("note", json!(""), json!("guests/1/diets")),
            ]
        );
    }
}
