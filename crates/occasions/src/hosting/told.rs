//! What guests were last told of an event, since it has changed.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::Text;

use crate::event::PlannedEvent;
use crate::id::{EventId, InvitationId, OccasionId};

/// When and where an event is, unless it is cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = EventTimeAndPlace)]
pub struct TimeAndPlace {
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Whether the hour is known.
    pub hour_known: bool,
    /// The name of the place.
    pub venue: String,
    /// The address of the place.
    pub address: String,
    /// Whether the event is cancelled.
    pub is_cancelled: bool,
}

/// What is stored of an event that has moved.
#[derive(Row)]
pub(super) struct Stored {
    #[row(flatten)]
    pub(super) was: TimeAndPlace,
    pub(super) changed_at: Timestamp,
    pub(super) dismissed_at: Option<Timestamp>,
    pub(super) asked_at: Option<Timestamp>,
}

impl TimeAndPlace {
    /// Of an event whose day is known.
    pub(super) fn of(event: &PlannedEvent) -> Option<Self> {
        Some(Self {
            starts_at: event.starts_at?,
            ends_at: event.ends_at?,
            hour_known: event.hour_known,
            venue: event.venue.clone(),
            address: event.address.clone(),
            is_cancelled: event.cancelled,
        })
    }

    /// What reads in the second zone as this reads in the first.
    fn read_in(&self, [old, new]: [&TimeZone; 2]) -> Self {
        let read = |at: Timestamp| {
            let clock = at.to_zoned(old.clone()).datetime();
            clock.to_zoned(new.clone()).map_or(at, |at| at.timestamp())
        };
        Self {
            starts_at: read(self.starts_at),
            ends_at: read(self.ends_at),
            ..self.clone()
        }
    }

    /// Whether guests read the same of both. When and where a cancelled event would be is no news.
    pub(super) fn reads_like(&self, other: &Self) -> bool {
        self == other || (self.is_cancelled && other.is_cancelled)
    }

    /// The day, the hours and the place, in the language of `text`.
    pub fn say(&self, text: &Text, zone: &TimeZone) -> String {
        if self.is_cancelled {
            return text.say("event-cancelled").into_owned();
        }
        let date = text.date(self.starts_at.to_zoned(zone.clone()).date());
        let when = if self.hour_known {
            let hours = text.time_range_in(zone, self.starts_at, self.ends_at);
            text.with(
                "date-moment",
                [("date", date.into()), ("time", hours.into())],
            )
        } else {
            date
        };
        let address = self.address.lines().map(str::trim);
        let place = [self.venue.as_str()].into_iter().chain(address);
        let place: Vec<&str> = place.filter(|part| !part.is_empty()).collect();
        if place.is_empty() {
            return when;
        }
        format!("{when} · {}", place.join(&text.say("list-comma")))
    }
}

/// Records that an event has changed, so that hosts are asked whether to tell guests. The caller must
/// hold the event's lock.
pub(super) fn note(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    old: &PlannedEvent,
    new: &PlannedEvent,
) -> Result<(), StoreError> {
    let (Some(was), Some(now)) = (TimeAndPlace::of(old), TimeAndPlace::of(new)) else {
        return forget(tx, &new.id);
    };
    compare(tx, occasion, &new.id, was, &now)
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
    if let Some(stored) = find(tx, &event.id)? {
        let was = stored.was.read_in(zones);
        sql!(
            "UPDATE event_told SET starts_at = :starts_at, ends_at = :ends_at
             WHERE event = :event",
            starts_at = was.starts_at,
            ends_at = was.ends_at,
            event = event.id
        )
        .run(tx, Rows::Exactly(1))?;
    }
    match TimeAndPlace::of(event) {
        Some(now) if now.hour_known => compare(tx, occasion, &event.id, now.read_in(zones), &now),
        _ => Ok(()),
    }
}

fn compare(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    mut was: TimeAndPlace,
    now: &TimeAndPlace,
) -> Result<(), StoreError> {
    if now.reads_like(&was) {
        return Ok(());
    }
    let stored = find(tx, event)?;
    // Who was asked again and has not answered has to hear of it, also if the event is again as it was.
    let asked_at = match stored.as_ref().and_then(|stored| stored.asked_at) {
        Some(at) if is_anybody_asked(tx, event)? => Some(at),
        _ => None,
    };
    if let Some(stored) = stored
        && told_since(tx, occasion, event, stored.changed_at)?.is_empty()
    {
        was = stored.was;
    }
    forget(tx, event)?;
    let is_news = !was.reads_like(now) || asked_at.is_some();
    if !is_news || affected(tx, event)?.is_empty() {
        return Ok(());
    }
    sql!(
        "INSERT INTO event_told (event, {TimeAndPlace}, changed_at, asked_at)
         VALUES (:event, {:TimeAndPlace}, :changed_at, :asked_at)",
        event,
        TimeAndPlace = was,
        changed_at = tx.now(),
        asked_at
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

/// The households that may expect the event as it was: somebody has not declined it, and it was sent
/// to them or somebody has answered for it, or is asked again.
pub(super) fn affected(
    tx: &mut Tx<'_>,
    event: &EventId,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT invitation.id
         FROM (SELECT guest, status, seat_until FROM reply WHERE event = :event
               UNION ALL
               SELECT guest, status, seat_until FROM cancelled_reply WHERE event = :event) AS reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.archived_at IS NULL AND reply.status <> 'no'
           AND (reply.status <> 'pending' OR reply.seat_until IS NOT NULL
                OR invitation.sent_at IS NOT NULL)",
        event
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The households that were told of the event since then. A mail that failed, came back or never left
/// the site has told nobody.
pub(super) fn told_since(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    since: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT handed.invitation FROM handed JOIN invitation ON invitation.id = handed.invitation
         WHERE invitation.occasion = :occasion AND handed.kind = 'moved' AND handed.about = :event
           AND handed.state = 'handed' AND handed.at >= :since
         UNION
         SELECT recipient.invitation FROM campaign
         JOIN campaign_recipient AS recipient ON recipient.campaign = campaign.id
         LEFT JOIN mail ON mail.id = recipient.mail
         WHERE campaign.occasion = :occasion AND campaign.kind = 'moved' AND campaign.about = :event
           AND campaign.created_at >= :since AND recipient.state IN ('queued', 'written')
           AND mail.mailbox_at IS NULL
           AND COALESCE(mail.state, 'sent') NOT IN ('failed', 'bounced')",
        occasion,
        event,
        since
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}
