//! Resets of a countdown that counts up, and statistics about them.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::Findings;

use crate::countdown::{CountdownId, Kind, OwnerOf};
use crate::webhook::{self, About, Event};
use crate::{ENTRY_EXISTS, Refusal, WRONG_KIND, reach};

platform::id!(EntryId, "One reset of a countdown.");

/// The most resets of one countdown.
pub const LIMIT: i64 = 10_000;
/// The longest note, in characters.
pub const NOTE: usize = 500;

/// 1900-01-01T00:00:00Z: earlier resets are refused.
const EARLIEST: Timestamp = Timestamp::constant(-2_208_988_800, 0);

/// One reset.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Entry {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EntryId,
    /// When counting began anew.
    #[schema(value_type = String, format = "date-time")]
    pub reset_at: Timestamp,
    /// Up to 500 characters.
    pub note: String,
}

/// A reset as it is sent, or the change of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// When, with its offset from UTC (RFC 3339); left out: now, or as it was.
    pub reset_at: Option<String>,
    /// Left out: none, or as it was. An empty one takes it away.
    pub note: Option<String>,
}

/// How long it went, at one instant; seconds are whole ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Statistics {
    /// Since the newest reset.
    pub current_seconds: Option<i64>,
    /// The longest of all times between two resets, and since the last.
    pub longest_seconds: Option<i64>,
    /// The mean of the times between two resets.
    pub average_completed_seconds: Option<i64>,
    /// How many such times there are.
    pub completed_count: i64,
    /// How many resets.
    pub entry_count: i64,
    /// Whether it has never gone this long before.
    pub is_record: bool,
    /// When it has gone longer than ever before.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub record_at: Option<Timestamp>,
}

/// The figures from which [`Statistics`] are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Row)]
pub struct Summary {
    /// How many resets.
    pub count: i64,
    /// The first reset.
    pub first: Option<Timestamp>,
    /// The newest reset.
    pub newest: Option<Timestamp>,
    /// The longest time between two resets, in milliseconds.
    pub longest: Option<i64>,
}

impl Summary {
    /// The statistics at `now`.
    pub fn at(self, now: Timestamp) -> Statistics {
        let (Some(first), Some(newest)) = (self.first, self.newest) else {
            return Statistics::default();
        };
        let current = now.duration_since(newest).as_millis().max(0);
        let completed = self.count - 1;
        let longest = self.longest.map(i128::from);
        let all = newest.duration_since(first).as_millis();
        let mean = |all: i128, count: i128| (all * 2 + count * 1000) / (count * 2000);
        let seconds = |millis: i128| i64::try_from(millis.div_euclid(1000)).unwrap_or(i64::MAX);
        Statistics {
            current_seconds: Some(seconds(current)),
            longest_seconds: Some(seconds(current.max(longest.unwrap_or(0)))),
            average_completed_seconds: (completed > 0)
                .then(|| i64::try_from(mean(all, completed.into())).unwrap_or(i64::MAX)),
            completed_count: completed,
            entry_count: self.count,
            is_record: longest.is_some_and(|longest| current > longest),
            record_at: self.longest.and_then(|longest| {
                newest
                    .checked_add(SignedDuration::from_millis(longest))
                    .ok()
            }),
        }
    }
}

/// The summary of a countdown's resets.
pub fn summary(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Summary, StoreError> {
    sql!(
        "SELECT COUNT(*) AS count, MIN(reset_at) AS first, MAX(reset_at) AS newest,
             MAX(gap) AS longest
         FROM (SELECT reset_at, reset_at - LAG(reset_at) OVER (ORDER BY reset_at) AS gap
               FROM countdown_entry WHERE countdown_id = :id) AS entries",
        id
    )
    .one(tx)
}

/// The newest reset.
pub fn newest(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Option<Timestamp>, StoreError> {
    let (newest,): (Option<Timestamp>,) = sql!(
        "SELECT MAX(reset_at) FROM countdown_entry WHERE countdown_id = :id",
        id
    )
    .one(tx)?;
    Ok(newest)
}

/// The newest `limit` resets.
pub fn list(tx: &mut Tx<'_>, id: &CountdownId, limit: i64) -> Result<Vec<Entry>, StoreError> {
    sql!(
        "SELECT {Entry} FROM countdown_entry WHERE countdown_id = :id
         ORDER BY reset_at DESC LIMIT :limit",
        id,
        limit
    )
    .all(tx)
}

/// Resets a countdown. The caller holds its lock.
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
    // Two resets in the same millisecond are both kept, one a millisecond later.
    let next = before
        .newest
        .map(|newest| newest + SignedDuration::from_millis(1));
    let entry = Entry {
        id: tx.id(),
        reset_at: chosen.unwrap_or_else(|| next.map_or(now, |next| next.max(now))),
        note,
    };
    let inserted = sql!(
        "INSERT INTO countdown_entry (countdown_id, {Entry}, created_at, created_by)
         VALUES (:countdown, {:Entry}, :now, :account)
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
        "UPDATE countdown_entry SET {Entry = :Entry} WHERE id = :id",
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

/// One reset of the owner's countdown.
pub fn find(tx: &mut Tx<'_>, owner: &OwnerOf, id: &EntryId) -> Result<Entry, Refusal> {
    let found: Option<Entry> = sql!(
        "SELECT {Entry} FROM countdown_entry WHERE id = :id AND countdown_id = :countdown",
        id,
        countdown = owner.countdown().id
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

/// Parses the instant in whole milliseconds; an instant after `now` is refused.
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
    if exact > now {
        findings.add("/reset_at", "reset_in_future", []);
    } else if exact < EARLIEST {
        findings.add("/reset_at", "reset_too_old", []);
    }
    Timestamp::from_millisecond(exact.as_millisecond()).ok()
}

/// Notifies viewers and writes the audit line, which never contains the note.
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
    reach::announce(tx, &owner.countdown().id)?;
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
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    /// The same summary, computed from all resets.
    fn summed(mut resets: Vec<i64>) -> Summary {
        resets.sort_unstable();
        let gaps = resets.windows(2).map(|pair| pair[1] - pair[0]);
        Summary {
            count: i64::try_from(resets.len()).unwrap(),
            first: resets.first().copied().map(at),
            newest: resets.last().copied().map(at),
            longest: gaps.max(),
        }
    }

    #[test]
    fn statistics_count_what_was_completed() {
        let none = summed(vec![]).at(at(0));
        assert_eq!(none, Statistics::default());
        let one = summed(vec![1_000]).at(at(4_999));
        assert_eq!(
            (one.current_seconds, one.longest_seconds),
            (Some(3), Some(3))
        );
        assert_eq!(
            (one.average_completed_seconds, one.completed_count),
            (None, 0)
        );
        assert!(!one.is_record && one.record_at.is_none());
        let three = summed(vec![0, 10_000, 13_500]).at(at(20_000));
        assert_eq!(three.current_seconds, Some(6));
        assert_eq!(three.longest_seconds, Some(10));
        assert_eq!(three.average_completed_seconds, Some(7), "6.75, rounded");
        assert_eq!((three.completed_count, three.entry_count), (2, 3));
        assert_eq!(
            (three.is_record, three.record_at),
            (false, Some(at(23_500)))
        );
        assert!(
            !summed(vec![0, 10_000]).at(at(20_000)).is_record,
            "as long is no record"
        );
        assert!(summed(vec![0, 10_000]).at(at(20_001)).is_record);
    }

    #[test]
    fn an_instant_has_an_offset_and_lies_behind() {
        let now = at(1_764_000_000_000);
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

    proptest! {
        #[test]
        fn whatever_was_reset_the_figures_fit(
            resets in proptest::collection::btree_set(0_i64..10_000_000, 1..30), later in 0_i64..10_000_000,
        ) {
            let resets: Vec<i64> = resets.into_iter().collect();
            let now = resets.last().unwrap() + later;
            let figures = summed(resets).at(at(now));
            let (current, longest) = (figures.current_seconds.unwrap(), figures.longest_seconds.unwrap());
            prop_assert!(longest >= current);
            prop_assert!(figures.average_completed_seconds.unwrap_or(0) <= longest + 1);
            prop_assert!(!figures.is_record || longest == current);
        }
    }
}
