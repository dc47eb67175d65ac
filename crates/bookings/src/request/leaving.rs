//! What becomes of the requests of an account that is erased.

use identity::account::AccountId;
use platform::{Rows, StoreError, Tx, sql};

use super::slot_change_notices::notify_requesters;
use crate::slot::SlotId;

/// Withdraws the requests of an account that is being erased.
pub(crate) fn leave(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE booking_request SET state = 'withdrawn'
         WHERE member_id = :account AND state = 'pending'",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Erases an account's texts from its requests. The slots that the account offered are already
/// deleted, and drop out of the requests for them.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE booking_request_slot SET answers = '[]' WHERE request_id IN
             (SELECT id FROM booking_request WHERE member_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE booking_request SET member_id = NULL, note = '', topics = '[]'
         WHERE member_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    let asked: Vec<(SlotId,)> = sql!(
        "SELECT DISTINCT s.id FROM slot s JOIN booking_request_slot l ON l.slot_id = s.id
         JOIN booking_request r ON r.id = l.request_id AND r.state = 'pending'
         JOIN provider p ON p.id = s.provider_id
         WHERE p.account_id = :account AND s.deleted_at IS NOT NULL",
        account
    )
    .all(tx)?;
    for (slot,) in asked {
        notify_requesters(tx, &slot)?;
    }
    Ok(())
}
