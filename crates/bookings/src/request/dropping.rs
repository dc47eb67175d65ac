//! Slots that are deleted or changed drop out of the requests for them.

use platform::jobs::NewJob;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use super::{LAPSE, RequestId};
use crate::Refusal;
use crate::provider::Provider;
use crate::slot::change::change;
use crate::slot::{self, NewSlot, Slot, SlotId};

/// Deletes a free slot. It also drops out of the requests for it.
pub fn remove_slot(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<(), Refusal> {
    slot::change::remove(tx, provider, id)?;
    Ok(drop_slot(tx, id)?)
}

/// Changes a free slot. It drops out of the requests for it, because members asked for another time
/// or price.
pub fn change_slot(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    version: Option<i64>,
    sent: &NewSlot,
) -> Result<Slot, Refusal> {
    let slot = change(tx, provider, id, version, sent)?;
    drop_slot(tx, id)?;
    sql!(
        "UPDATE booking_request_slot SET is_declined = 1
         WHERE slot_id = :id
           AND request_id IN (SELECT id FROM booking_request WHERE state = 'pending')",
        id
    )
    .run(tx, Rows::Any)?;
    Ok(slot)
}

/// Has the members told who asked for a slot that was deleted or changed.
pub(crate) fn drop_slot(tx: &mut Tx<'_>, slot: &SlotId) -> Result<(), StoreError> {
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
