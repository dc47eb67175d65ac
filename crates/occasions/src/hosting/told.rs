//! What guests were last told of an event, since it has changed.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};

use super::reached;
use crate::event::PlannedEvent;
use crate::event::time_and_place::{Knows, TimeAndPlace};
use crate::id::{EventId, InvitationId, OccasionId};

/// The kind of the messages that tell of it.
const KIND: &str = "moved";

/// What is stored of an event that has moved.
#[derive(Row)]
pub(super) struct Stored {
    #[row(flatten)]
    pub(super) was: TimeAndPlace,
    pub(super) changed_at: Timestamp,
    /// When it changed first, if it has changed several times since guests were told.
    since: Option<Timestamp>,
    pub(super) dismissed_at: Option<Timestamp>,
    pub(super) asked_at: Option<Timestamp>,
    /// The name of the time zone by whose clock guests were told, if it was another.
    pub(super) zone: Option<String>,
}

/// Records that an event has changed, so that hosts are asked whether to tell guests. The caller must
/// hold the event's lock.
pub(super) fn note(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    [old, new]: [&PlannedEvent; 2],
    zone: &TimeZone,
) -> Result<(), StoreError> {
    let [Some(was), Some(now)] = [old, new].map(|event| TimeAndPlace::of(event, zone)) else {
        return forget(tx, &new.id);
    };
    let read = Read { was, zone: None };
    compare(tx, occasion, &new.id, read, &now)
}

/// Records that the occasion's time zone has changed: guests read the time of an event whose hour is
/// known by another clock. What they were told is kept as what they read. The caller must hold the
/// event's lock.
pub(super) fn note_zone(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &PlannedEvent,
    zones: [&TimeZone; 2],
) -> Result<(), StoreError> {
    let zone = zones[0].iana_name().map(str::to_owned);
    if let Some(stored) = find(tx, &event.id)? {
        let was = stored.was.read_in(zones);
        sql!(
            "UPDATE event_told SET starts_at = :starts_at, ends_at = :ends_at,
                 zone = COALESCE(zone, :zone)
             WHERE event = :event",
            starts_at = was.starts_at,
            ends_at = was.ends_at,
            zone,
            event = event.id
        )
        .run(tx, Rows::Exactly(1))?;
    }
    match TimeAndPlace::of(event, zones[1]) {
        Some(now) if now.hour_known => {
            let was = now.read_in(zones);
            compare(tx, occasion, &event.id, Read { was, zone }, &now)
        }
        _ => Ok(()),
    }
}

/// What guests read, and the name of the time zone of its clock if it was another.
struct Read {
    was: TimeAndPlace,
    zone: Option<String>,
}

fn compare(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    mut read: Read,
    now: &TimeAndPlace,
) -> Result<(), StoreError> {
    if now.reads_like(&read.was) {
        return Ok(());
    }
    let stored = find(tx, event)?;
    // Who was asked again and has not answered has to hear of it, also if the event is again as it was.
    let asked_at = match stored.as_ref().and_then(|stored| stored.asked_at) {
        Some(at) if is_anybody_asked(tx, event)? => Some(at),
        _ => None,
    };
    let at_present = tx.now();
    let mut since = at_present;
    if let Some(stored) = stored
        && told_since(tx, occasion, event, stored.changed_at)?.is_empty()
    {
        since = stored.since.unwrap_or(stored.changed_at);
        read = Read {
            was: stored.was,
            zone: stored.zone,
        };
    }
    forget(tx, event)?;
    let is_news = !read.was.reads_like(now) || asked_at.is_some();
    if !is_news || affected(tx, event, at_present)?.is_empty() {
        return Ok(());
    }
    sql!(
        "INSERT INTO event_told (event, {TimeAndPlace}, changed_at, since, asked_at, zone)
         VALUES (:event, {:TimeAndPlace}, :changed_at, :since, :asked_at, :zone)",
        event,
        TimeAndPlace = read.was,
        changed_at = at_present,
        since,
        asked_at,
        zone = read.zone
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn is_anybody_asked(tx: &mut Tx<'_>, event: &EventId) -> Result<bool, StoreError> {
    let (asked,): (i64,) = sql!(
        "SELECT COUNT(*) FROM (SELECT event, seat_until FROM reply
                               UNION ALL SELECT event, seat_until FROM cancelled_reply) AS reply
         WHERE event = :event AND seat_until IS NOT NULL",
        event
    )
    .one(tx)?;
    Ok(asked > 0)
}

pub(super) fn forget(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sql!("DELETE FROM event_told WHERE event = :event", event).run(tx, Rows::AtMostOne)?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, event: &EventId) -> Result<Option<Stored>, StoreError> {
    sql!(
        "SELECT {Stored} FROM event_told WHERE event = :event",
        event
    )
    .maybe(tx)
}

/// The households that may expect the event as it was before it changed: somebody has not declined
/// it, and it was sent to them or somebody has answered for it until then, or is asked again.
pub(super) fn affected(
    tx: &mut Tx<'_>,
    event: &EventId,
    changed_at: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT invitation.id
         FROM (SELECT guest, status, seat_until, answered_at FROM reply WHERE event = :event
               UNION ALL
               SELECT guest, status, seat_until, answered_at FROM cancelled_reply
               WHERE event = :event) AS reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.archived_at IS NULL AND reply.status <> 'no'
           AND (reply.seat_until IS NOT NULL
                OR (reply.status <> 'pending'
                    AND COALESCE(reply.answered_at, 0) < :changed_at)
                OR (reply.status = 'pending' AND invitation.sent_at < :changed_at))",
        event,
        changed_at
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What the households know that are still to be told of the change at that time.
pub(super) fn known(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    changed_at: Timestamp,
) -> Result<Knows, StoreError> {
    let is_any = reached::is_any_before(tx, occasion, KIND, event.as_str(), changed_at)?;
    Ok(if is_any {
        Knows::Different
    } else {
        Knows::TheSame
    })
}

/// The households that were told of the event since then.
pub(super) fn told_since(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    since: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    reached::reached(tx, occasion, KIND, event.as_str(), since)
}
