//! Changing a slot, and removing one that nobody holds or has booked.

use platform::{Rows, Tx, sql};
use web::Findings;

use super::template::{PREP_NOTE, look_again};
use super::{NewSlot, Slot, SlotChange, SlotId, State, Template, lock, own, record};
use crate::codes::SLOT_LOCKED;
use crate::provider::Provider;
use crate::{Refusal, choice};

/// Changes a slot, under the same rules as for a new one. If the slot is held or booked, only the
/// note that is shown after booking can be changed. `version` is the version that the provider saw,
/// if it is known. Returns the slot, and whether anything changed. The caller removes a changed
/// slot from the requests for it.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    version: Option<i64>,
    sent: &SlotChange,
) -> Result<(Slot, bool), Refusal> {
    lock(tx, id.as_str())?;
    let old = own(tx, provider, id)?;
    // The hours of its offer decide about the time.
    if old.offer_id.is_some() && old.is_free() {
        return Err(SLOT_LOCKED.into());
    }
    let choices = choice::of_slot(tx, old.sets())?;
    let before = NewSlot::of(&old, &choices);
    let merged = sent.merged(&before);
    let keeps_offer = before
        == NewSlot {
            prep_note: before.prep_note.clone(),
            ..merged.clone()
        };
    if !(old.is_free() || keeps_offer && old.state != State::Completed) {
        return Err(SLOT_LOCKED.into());
    }
    if version.is_some_and(|version| version != old.version) {
        return Err(crate::refusal::conflict(&old));
    }
    if merged == before {
        return Ok((old, false));
    }
    if !old.is_free() {
        let slot = change_note(tx, provider, old, &merged.prep_note)?;
        return Ok((slot, true));
    }
    let mut findings = Findings::default();
    let known = Some((&old, &choices));
    let mut template = Template::read_over(tx, provider, &merged, known, &mut findings)?;
    template.slot.id = old.id.clone();
    let kept = (merged.when() == before.when()).then_some(old.starts_at);
    let start = template.find_start(tx, &merged, kept, findings)?;
    let slot = Slot {
        series_id: old.series_id,
        state: old.state,
        version: old.version + 1,
        starts_at: start,
        ends_at: start + template.length,
        ..template.slot
    };
    sql!(
        "UPDATE slot SET {Slot = :Slot}, blocks_from = :from, blocks_until = :until
         WHERE id = :id AND version = :seen AND state IN ('available', 'unavailable')",
        Slot = slot,
        from = slot.starts_at - template.before,
        until = slot.ends_at + template.after,
        id,
        seen = old.version
    )
    .run(tx, Rows::Exactly(1))
    .map_err(|error| look_again(tx, error))?;
    let shown = NewSlot {
        prep_note: before.prep_note.clone(),
        location: before.location.clone(),
        ..merged
    };
    if shown != before {
        sql!(
            "UPDATE slot SET offer_changed_at = :now WHERE id = :id",
            id,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))?;
    }
    choice::clear(tx, id.as_str())?;
    choice::insert(tx, id.as_str(), &template.choices)?;
    record(tx, provider, &slot, "slot.changed")?;
    Ok((slot, true))
}

/// The caller holds the slot's lock.
fn change_note(
    tx: &mut Tx<'_>,
    provider: &Provider,
    old: Slot,
    note: &str,
) -> Result<Slot, Refusal> {
    let mut findings = Findings::default();
    let prep_note = findings.text("/prep_note", note, PREP_NOTE);
    findings.finish()?;
    let slot = Slot {
        prep_note,
        version: old.version + 1,
        ..old
    };
    sql!(
        "UPDATE slot SET prep_note = :note, version = :version WHERE id = :id",
        id = slot.id,
        note = slot.prep_note,
        version = slot.version
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, provider, &slot, "slot.changed")?;
    Ok(slot)
}

/// Removes a free slot. Its row is deleted only if nobody ever booked the slot or asked for it. That of
/// a date of a class stays, so that the date is not made again.
pub fn remove(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<(), Refusal> {
    let slot = own(tx, provider, id)?;
    let deleted = sql!(
        "UPDATE slot SET deleted_at = :now, version = version + 1
         WHERE id = :id AND state IN (:available, :unavailable) AND deleted_at IS NULL
           AND (offer_id IS NULL OR seats > 1) AND seats_taken = 0",
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
        "DELETE FROM slot WHERE id = :id AND offer_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM booking WHERE slot_id = :id)
           AND NOT EXISTS (SELECT 1 FROM booking_request_slot WHERE slot_id = :id)",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    record(tx, provider, &slot, "slot.deleted")?;
    Ok(())
}
