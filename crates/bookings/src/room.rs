//! Rooms. A room is a link to an online meeting. Administrators maintain a list of them. If a slot
//! uses the site's rooms, its booking reserves one of them.

use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{Edit, History, Removal, Resource, history_of};
use utoipa::ToSchema;
use web::fields::{flag, line};
use web::{Field, Findings, Input, List, PageQuery};

use crate::settings::{self, Administrator};
use crate::slot::{Place, Slot};
use crate::{Refusal, meeting_link};

platform::id!(RoomId, random, "One room.");
platform::id!(AllocationId, random, "One reservation of a room.");

/// A link to an online meeting.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "room")]
#[schema(as = MeetingRoom)]
pub struct Room {
    /// The room's id.
    pub id: RoomId,
    /// The name, 1–80 characters.
    pub name: String,
    /// The link, up to 500 characters. Only those who booked see it.
    pub url: String,
    /// Whether new bookings may reserve the room.
    pub active: bool,
    /// The version, which increases with every change.
    pub version: i64,
}

/// Whether there are rooms that new bookings may reserve.
pub fn has_any(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let found = sql!("SELECT EXISTS (SELECT 1 FROM room WHERE active = 1)");
    let (found,): (bool,) = tx.one(found, &[])?;
    Ok(found)
}

/// Reserves the room that was reserved least recently and is free at the slot's time. Returns
/// `false` if no room is free. If the slot does not use the site's rooms, does nothing. A class has one
/// room for all of its bookings.
pub(crate) fn reserve(tx: &mut Tx<'_>, slot: &Slot, booking: &str) -> Result<bool, StoreError> {
    if slot.location_kind != Place::RoomPool {
        return Ok(true);
    }
    if slot.is_class() {
        // The caller holds the slot's lock.
        let (has_room,): (bool,) = sql!(
            "SELECT EXISTS (SELECT 1 FROM booking b JOIN room_allocation a ON a.booking_id = b.id
                            WHERE b.slot_id = :slot AND a.state = 'reserved')",
            slot = slot.id
        )
        .one(tx)?;
        if has_room {
            return Ok(true);
        }
    }
    // With the locks, concurrent bookings choose their rooms one after another.
    let lock = sql!("SELECT id FROM room WHERE active = 1 ORDER BY id FOR NO KEY UPDATE");
    let _: Vec<(RoomId,)> = tx.all(lock, &[])?;
    let margin = settings::load(tx)?.room_margin_minutes;
    let until = slot.ends_at + SignedDuration::from_mins(margin);
    let free: Option<(RoomId,)> = sql!(
        "SELECT r.id FROM room r
         WHERE r.active = 1 AND NOT EXISTS
             (SELECT 1 FROM room_allocation a WHERE a.room_id = r.id AND a.state = 'reserved'
                  AND a.starts_at < :until AND a.blocks_until > :from)
         ORDER BY (SELECT COALESCE(MAX(a.created_at), 0) FROM room_allocation a
                   WHERE a.room_id = r.id), r.id
         LIMIT 1",
        from = slot.starts_at,
        until
    )
    .maybe(tx)?;
    let Some((room,)) = free else {
        return Ok(false);
    };
    allocate(tx, &room, booking, slot.starts_at, until)?;
    Ok(true)
}

/// Reserves a room, which must be free at this time.
pub(crate) fn allocate(
    tx: &mut Tx<'_>,
    room: &RoomId,
    booking: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO room_allocation
             (id, room_id, booking_id, starts_at, blocks_until, state, created_at)
         VALUES (:id, :room, :booking, :from, :until, 'reserved', :now)",
        id = tx.id::<AllocationId>(),
        room,
        booking,
        from,
        until,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Releases the room of a booking, if it has one.
pub(crate) fn release(tx: &mut Tx<'_>, booking: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE room_allocation SET state = 'released'
         WHERE booking_id = :booking AND state = 'reserved'",
        booking
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Leaves the room of a booking, if it has one, to another booking of the same class.
pub(crate) fn pass_on(tx: &mut Tx<'_>, booking: &str, other: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE room_allocation SET booking_id = :other
         WHERE booking_id = :booking AND state = 'reserved'",
        booking,
        other
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

impl Resource for Room {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { Room:
        name: line(80).label("room-name").required(),
        url: line(500).label("room-url").hint("room-url-hint").required(),
        active: flag().label("room-active"),
    };
    const HISTORY: History = history_of!("room", named_by: "name");
    const LIMIT: Option<usize> = Some(200);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        let all = sql!("SELECT {Room} FROM room ORDER BY active DESC, name, id");
        Ok(List::whole(tx.all(all, &[])?))
    }

    fn blank(tx: &mut Tx<'_>, _: &Administrator, _: &Input, _: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            name: String::new(),
            url: String::new(),
            active: true,
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        _: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let hosts = settings::load(tx)?.meeting_hosts;
        meeting_link::check("/url", &self.url, &hosts, findings);
        let same: Option<(RoomId,)> = sql!(
            "SELECT id FROM room WHERE url = :url AND id <> :id",
            url = self.url,
            id = self.id
        )
        .maybe(tx)?;
        if same.is_some() {
            findings.add("/url", "room_exists", []);
        }
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        let (used,): (i64,) = sql!(
            "SELECT COUNT(*) FROM room_allocation WHERE room_id = :id",
            id = self.id
        )
        .one(tx)?;
        Ok(Removal::of_uses(used))
    }
}
