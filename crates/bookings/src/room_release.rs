//! Administrators can release a room by hand after its session has ended or was cancelled.

use platform::audit::Entity;
use platform::{Rows, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::Findings;

use crate::Refusal;
use crate::booking::{self, Booking, BookingId, BookingView};
use crate::codes::ROOM_IN_USE;
use crate::settings::Administrator;

/// The minimum and the maximum length of a reason, in characters.
const REASON: (usize, usize) = (5, 300);

/// The reason for releasing a room.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoomRelease)]
pub struct RoomRelease {
    /// The reason, 5–300 characters.
    pub reason: String,
}

/// Whether a booking still has a room that its session does not need any more.
pub(crate) fn is_possible(tx: &mut Tx<'_>, booking: &Booking) -> Result<bool, Refusal> {
    let (reserved,): (i64,) = sql!(
        "SELECT COUNT(*) FROM room_allocation WHERE booking_id = :id AND state = 'reserved'",
        id = booking.id
    )
    .one(tx)?;
    Ok(reserved > 0 && is_over(tx, booking))
}

fn is_over(tx: &Tx<'_>, booking: &Booking) -> bool {
    booking.ends_at <= tx.roughly_now() || !booking.is_active()
}

/// Releases the room of a booking whose session ended or was cancelled, even if the time that stays
/// free after the session is not over. Does nothing if the booking has no room.
pub fn release(
    tx: &mut Tx<'_>,
    by: &Administrator,
    id: &BookingId,
    new: &RoomRelease,
) -> Result<BookingView, Refusal> {
    let (_, booking) = booking::lock(tx, id)?.ok_or(Refusal::NotFound)?;
    if !is_over(tx, &booking) {
        return Err(ROOM_IN_USE.into());
    }
    let mut findings = Findings::default();
    let reason = findings.line("/reason", &new.reason, REASON.0, REASON.1);
    findings.finish()?;
    let released = sql!(
        "UPDATE room_allocation SET state = 'released', release_reason = :reason
         WHERE booking_id = :id AND state = 'reserved'",
        id,
        reason
    )
    .run(tx, Rows::AtMostOne)?;
    if released == 1 {
        let changes = json!([{"field": "room", "old": "reserved", "new": "released"},
            {"field": "reason", "old": null, "new": reason}]);
        let entity = Entity::new("booking", id.to_string());
        by.record(tx, entity, "booking.room_released", changes)?;
    }
    Ok(BookingView::of(tx, booking)?)
}
