//! Changing and removing a slot that nobody holds or has booked.

use platform::{Rows, Tx, sql};
use web::Findings;

use super::{NewSlot, Slot, SlotId, State, Template, own, record};
use crate::provider::Provider;
use crate::{Refusal, SLOT_LOCKED, choice};

/// Changes a free slot, under the same rules as for a new one. `version` is the one that the
/// provider saw, if known. The caller has the slot drop out of the requests for it.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    version: Option<i64>,
    sent: &NewSlot,
) -> Result<Slot, Refusal> {
    let old = own(tx, provider, id)?;
    if version.is_some_and(|version| version != old.version) {
        return Err(crate::conflict(&old));
    }
    if !matches!(old.state, State::Available | State::Unavailable) {
        return Err(SLOT_LOCKED.into());
    }
    let mut findings = Findings::default();
    let mut template = Template::read(tx, provider, sent, &mut findings)?;
    template.slot.id = old.id.clone();
    let start = template.find_start(tx, sent, findings)?;
    let slot = Slot {
        series_id: old.series_id,
        state: old.state,
        version: old.version + 1,
        starts_at: start,
        ends_at: start + template.length,
        ..template.slot
    };
    let changed = sql!(
        "UPDATE slot SET {Slot = :Slot}, blocks_from = :from, blocks_until = :until
         WHERE id = :id AND version = :seen AND state IN ('available', 'unavailable')",
        Slot = slot,
        from = slot.starts_at - template.before,
        until = slot.ends_at + template.after,
        id,
        seen = old.version
    )
    .run(tx, Rows::AtMostOne)?;
    if changed == 0 {
        return Err(SLOT_LOCKED.into());
    }
    choice::clear(tx, id.as_str())?;
    choice::insert(tx, id.as_str(), &template.choices)?;
    record(tx, provider, &slot, "slot.changed")?;
    Ok(slot)
}

/// Removes a free slot. Its row is deleted only if nobody ever booked the slot or asked for it.
pub fn remove(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<(), Refusal> {
    let slot = own(tx, provider, id)?;
    let deleted = sql!(
        "UPDATE slot SET deleted_at = :now, version = version + 1
         WHERE id = :id AND state IN (:available, :unavailable) AND deleted_at IS NULL",
        id,
        now = tx.now(),
        available = State::Available,
        unavailable = State::Unavailable
    )
    .run(tx, Rows::AtMostOne)?;
    if deleted == 0 {
        return Err(SLOT_LOCKED.into());
    }
    sql!(
        "DELETE FROM slot WHERE id = :id AND NOT EXISTS (SELECT 1 FROM booking WHERE slot_id = :id)
           AND NOT EXISTS (SELECT 1 FROM booking_request_slot WHERE slot_id = :id)",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    record(tx, provider, &slot, "slot.deleted")?;
    Ok(())
}
