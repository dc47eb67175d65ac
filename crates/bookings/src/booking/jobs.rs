//! The jobs that concern a booking.

use jiff::{SignedDuration, Timestamp};
use platform::jobs::{self, NewJob};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Booking, BookingId, State, list_of_slot};
use crate::settings;
use crate::slot::SlotId;

pub(crate) const HOLD: &str = "booking.hold";
pub(crate) const COMPLETE: &str = "booking.complete";
pub(crate) const REMIND: &str = "booking.remind";
pub(crate) const ASK: &str = "booking.ask";
pub(crate) const FAREWELL: &str = "booking.farewell";
pub(crate) const NOTE: &str = "booking.note";
pub(crate) const LATE: &str = "booking.late";

const REMIND_BEFORE: SignedDuration = SignedDuration::from_hours(24);
/// Several changes of the provider's note within this time cause one mail.
const NOTE_DELAY: SignedDuration = SignedDuration::from_mins(10);

#[derive(Serialize, Deserialize)]
pub(crate) struct Payload {
    pub(crate) booking: BookingId,
    pub(crate) sequence: i64,
}

fn key(kind: &str, booking: &BookingId) -> String {
    format!("{kind} {booking}")
}

fn plan(
    tx: &mut Tx<'_>,
    kind: &'static str,
    booking: &Booking,
    at: Timestamp,
) -> Result<(), StoreError> {
    // Enqueuing a job under an existing key keeps the old time, so the old job is withdrawn first.
    jobs::withdraw(tx, &key(kind, &booking.id))?;
    tx.enqueue(NewJob {
        key: Some(key(kind, &booking.id)),
        run_at: Some(at),
        ..NewJob::new(
            kind,
            json!({"booking": booking.id, "sequence": booking.ics_sequence}),
        )
    })
}

/// Schedules the reminder, the request for feedback, and the completion of a confirmed booking.
pub(crate) fn plan_session(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    let remind_at = booking.starts_at - REMIND_BEFORE;
    if remind_at > tx.now() {
        plan(tx, REMIND, booking, remind_at)?;
    } else {
        jobs::withdraw(tx, &key(REMIND, &booking.id))?;
    }
    plan(tx, ASK, booking, booking.ends_at)?;
    let after = SignedDuration::from_mins(settings::load(tx)?.complete_minutes);
    plan(tx, COMPLETE, booking, booking.ends_at + after)
}

/// Schedules the job that ends a hold.
pub(crate) fn plan_hold(
    tx: &mut Tx<'_>,
    booking: &Booking,
    until: Timestamp,
) -> Result<(), StoreError> {
    plan(tx, HOLD, booking, until)
}

/// Schedules the notice to the provider about a booking that ended because the member deleted their
/// account.
pub(crate) fn plan_farewell(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    let now = tx.now();
    plan(tx, FAREWELL, booking, now)
}

/// Schedules the decision whether the provider is owed something for a session that the member
/// cancelled late.
pub(crate) fn plan_late(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    let after = SignedDuration::from_mins(settings::load(tx)?.complete_minutes);
    plan(tx, LATE, booking, booking.ends_at + after)
}

/// Schedules the notice to the member that the provider's note about a slot was changed, if the
/// slot is booked; to each of them if it is a class. If a notice is already scheduled, its time does
/// not change.
pub(crate) fn plan_note(tx: &mut Tx<'_>, slot: &SlotId) -> Result<(), StoreError> {
    let run_at = tx.now() + NOTE_DELAY;
    for booking in list_of_slot(tx, slot)? {
        if booking.state != State::Confirmed {
            continue;
        }
        tx.enqueue(NewJob {
            key: Some(key(NOTE, &booking.id)),
            run_at: Some(run_at),
            ..NewJob::new(
                NOTE,
                json!({"booking": booking.id, "sequence": booking.ics_sequence}),
            )
        })?;
    }
    Ok(())
}

/// Cancels the scheduled jobs of a booking.
pub(crate) fn withdraw_jobs(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    for kind in [HOLD, COMPLETE, REMIND] {
        jobs::withdraw(tx, &key(kind, &booking.id))?;
    }
    Ok(())
}
