//! Slots that are deleted or changed drop out of the requests for them, and members are notified.

use platform::jobs::NewJob;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use super::{LAPSE, RequestId};
use crate::provider::Provider;
use crate::slot::change::change;
use crate::slot::{self, Slot, SlotChange, SlotId};
use crate::{Refusal, booking};

/// Deletes a free slot. It also drops out of the requests for it.
pub fn remove_slot_and_notify(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
) -> Result<(), Refusal> {
    slot::change::remove(tx, provider, id)?;
    Ok(notify_requesters(tx, id)?)
}

/// Changes a slot. If it is free, it drops out of the requests for it, because members asked for
/// another time or price. If it is booked, its member is notified.
pub fn change_slot_and_notify(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    version: Option<i64>,
    sent: &SlotChange,
) -> Result<Slot, Refusal> {
    let (slot, is_changed) = change(tx, provider, id, version, sent)?;
    if !is_changed {
        return Ok(slot);
    }
    if !slot.is_free() {
        booking::plan_note(tx, id)?;
        return Ok(slot);
    }
    notify_requesters(tx, id)?;
    sql!(
        "UPDATE booking_request_slot SET is_declined = 1
         WHERE slot_id = :id
           AND request_id IN (SELECT id FROM booking_request WHERE state = 'pending')",
        id
    )
    .run(tx, Rows::Any)?;
    Ok(slot)
}

/// Schedules a notice to each member who asked for a slot that was deleted or changed.
pub(crate) fn notify_requesters(tx: &mut Tx<'_>, slot: &SlotId) -> Result<(), StoreError> {
    let asking: Vec<(RequestId,)> = sql!(
        "SELECT r.id FROM booking_request r JOIN booking_request_slot s ON s.request_id = r.id
         WHERE s.slot_id = :slot AND s.is_declined = 0 AND r.state = 'pending'",
        slot
    )
    .all(tx)?;
    for (request,) in asking {
        tx.enqueue(NewJob::new(LAPSE, json!(request)))?;
    }
    Ok(())
}
