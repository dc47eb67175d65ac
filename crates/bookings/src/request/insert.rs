//! Storing a new request.

use platform::jobs::NewJob;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use super::{LAPSE, Request, RequestState, key};
use crate::offer_question::Answer;
use crate::slot::SlotId;

/// Stores a request with its slots and the answers for each, the preferred one first. If it is undecided, schedules its end.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    request: &Request,
    slots: impl IntoIterator<Item = (SlotId, Vec<Answer>)>,
) -> Result<(), StoreError> {
    tx.insert(request)?;
    for (position, (slot, answers)) in (0_i64..).zip(slots) {
        sql!(
            "INSERT INTO booking_request_slot (request_id, slot_id, position, is_declined, answers)
             VALUES (:request, :slot, :position, 0, :answers)",
            request = request.id,
            slot,
            position,
            answers = json!(answers).to_string()
        )
        .run(tx, Rows::Exactly(1))?;
    }
    if request.state != RequestState::Pending {
        return Ok(());
    }
    tx.enqueue(NewJob {
        key: Some(key(&request.id)),
        run_at: Some(request.expires_at),
        ..NewJob::new(LAPSE, json!(request.id))
    })
}
