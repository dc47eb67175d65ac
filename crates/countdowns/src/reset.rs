//! Resetting a countdown that counts up, and changing or deleting its resets.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::Findings;

use crate::codes::{ENTRY_EXISTS, WRONG_KIND};
use crate::countdown::{Kind, OwnerOf};
use crate::entry::{self, Entry, EntryId, summary};
use crate::webhook::{self, About, Event};
use crate::{Refusal, day_reached};

/// The maximum number of resets of a countdown.
pub const LIMIT: i64 = 10_000;
/// The maximum length of a note, in characters.
pub const NOTE: usize = 500;

/// 1900-01-01T00:00:00Z. Earlier resets are refused.
const EARLIEST: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// The fields of a new reset, or of a change to a reset, as the client sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The instant, with its offset from UTC (RFC 3339). If omitted, a new reset gets the current
    /// time, and a change keeps the old time.
    pub reset_at: Option<String>,
    /// The note. If omitted, a new reset gets no note, and a change keeps the old note. An empty
    /// text removes the note.
    pub note: Option<String>,
}

/// Resets a countdown. The caller holds the countdown's lock.
pub fn create(tx: &mut Tx<'_>, owner: &OwnerOf, sent: &Sent) -> Result<Entry, Refusal> {
    let countdown = owner.countdown();
    if countdown.kind != Kind::Since {
        return Err(WRONG_KIND.into());
    }
    let now = tx.now();
    let mut findings = Findings::default();
    let chosen = read_instant(sent.reset_at.as_deref(), now, &mut findings);
    let note = findings.text("/note", sent.note.as_deref().unwrap_or_default(), NOTE);
    findings.finish()?;
    let before = summary(tx, &countdown.id)?;
    if before.count >= LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    // If the newest reset has the same millisecond, the new one gets the next millisecond, so that
    // both are kept.
    let next = before
        .newest
        .map(|newest| newest + SignedDuration::from_millis(1));
    let entry = Entry {
        id: tx.id(),
        reset_at: chosen.unwrap_or_else(|| next.map_or(now, |next| next.max(now))),
        note,
    };
    let inserted = sql!(
        "INSERT INTO countdown_entry (countdown_id, {entry::Entry}, created_at, created_by)
         VALUES (:countdown, {:entry::Entry}, :now, :account)
         ON CONFLICT (countdown_id, reset_at) DO NOTHING",
        countdown = countdown.id,
        Entry = entry,
        now,
        account = owner.account()
    )
    .run(tx, Rows::AtMostOne)?;
    if inserted == 0 {
        return Err(ENTRY_EXISTS.into());
    }
    finish(tx, owner, Event::Reset, None, Some(&entry))?;
    Ok(entry)
}

/// Changes one reset. The caller holds the countdown's lock.
pub fn change(
    tx: &mut Tx<'_>,
    owner: &OwnerOf,
    id: &EntryId,
    sent: &Sent,
) -> Result<Entry, Refusal> {
    let old = find(tx, owner, id)?;
    let mut findings = Findings::default();
    let chosen = read_instant(sent.reset_at.as_deref(), tx.now(), &mut findings);
    let note = match &sent.note {
        None => old.note.clone(),
        Some(note) => findings.text("/note", note, NOTE),
    };
    findings.finish()?;
    let new = Entry {
        id: id.clone(),
        reset_at: chosen.unwrap_or(old.reset_at),
        note,
    };
    if new == old {
        return Ok(new);
    }
    let (others,): (i64,) = sql!(
        "SELECT COUNT(*) FROM countdown_entry
         WHERE countdown_id = :countdown AND reset_at = :at AND id <> :id",
        countdown = owner.countdown().id,
        at = new.reset_at,
        id
    )
    .one(tx)?;
    if others > 0 {
        return Err(ENTRY_EXISTS.into());
    }
    sql!(
        "UPDATE countdown_entry SET {entry::Entry = :entry::Entry} WHERE id = :id",
        Entry = new,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    finish(tx, owner, Event::EntryChanged, Some(&old), Some(&new))?;
    Ok(new)
}

/// Deletes one reset. The caller holds the countdown's lock.
pub fn delete(tx: &mut Tx<'_>, owner: &OwnerOf, id: &EntryId) -> Result<(), Refusal> {
    let old = find(tx, owner, id)?;
    sql!("DELETE FROM countdown_entry WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    finish(tx, owner, Event::EntryDeleted, Some(&old), None)?;
    Ok(())
}

/// Finds a reset of the owner's countdown.
pub fn find(tx: &mut Tx<'_>, owner: &OwnerOf, id: &EntryId) -> Result<Entry, Refusal> {
    let found: Option<Entry> = sql!(
        "SELECT {entry::Entry} FROM countdown_entry WHERE id = :id AND countdown_id = :countdown",
        id,
        countdown = owner.countdown().id
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

/// Parses an instant and truncates it to milliseconds. An instant after `now` is refused.
fn read_instant(sent: Option<&str>, now: Timestamp, findings: &mut Findings) -> Option<Timestamp> {
    let sent = sent?.trim();
    let Ok(exact) = sent.parse::<Timestamp>() else {
        let code = match sent.parse::<DateTime>() {
            Ok(_) => "timestamp_without_offset",
            Err(_) => "date_invalid",
        };
        findings.add("/reset_at", code, []);
        return None;
    };
    check("/reset_at", exact, now, findings);
    Timestamp::from_millisecond(exact.as_millisecond()).ok()
}

/// Refuses an instant in the future or too far in the past.
pub(crate) fn check(pointer: &str, at: Timestamp, now: Timestamp, findings: &mut Findings) {
    if at > now {
        findings.add(pointer, "reset_in_future", []);
    } else if at < EARLIEST {
        findings.add(pointer, "reset_too_old", []);
    }
}

/// Notifies viewers and writes an entry in the audit log, which never contains the note.
fn finish(
    tx: &mut Tx<'_>,
    owner: &OwnerOf,
    event: Event,
    old: Option<&Entry>,
    new: Option<&Entry>,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE countdown SET updated_at = :now WHERE id = :id",
        now = tx.now(),
        id = owner.countdown().id
    )
    .run(tx, Rows::Exactly(1))?;
    day_reached::announce(tx, &owner.countdown().id)?;
    if let Some(entry) = new.or(old) {
        webhook::fire(tx, owner.countdown(), event, About::Entry(entry))?;
    }
    let [old, new] = [old, new].map(|entry| entry.map(|entry| entry.reset_at));
    owner.record(
        tx,
        event.word(),
        json!([{"field": "reset_at", "old": old, "new": new}]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_an_offset_and_lies_behind() {
        let now = Timestamp::from_millisecond(1_764_000_000_000).unwrap();
        for (sent, code) in [
            ("2025-11-01T10:00:00+08:00", None),
            ("2025-11-01T10:00:00", Some("timestamp_without_offset")),
            ("2025-11-01", Some("timestamp_without_offset")),
            ("2025-12-01T10:00:00Z", Some("reset_in_future")),
            ("1899-12-31T23:59:59Z", Some("reset_too_old")),
            ("yesterday", Some("date_invalid")),
        ] {
            let mut findings = Findings::default();
            read_instant(Some(sent), now, &mut findings);
            let found = findings.finish().err().map(|found| found[0].code);
            assert_eq!(found, code, "{sent}");
        }
    }
}
