//! Payouts that wait for the settlement of a claim.

use platform::{Rows, StoreError, Tx, sql};

use super::PayoutState;
use crate::booking::BookingId;

/// Takes back the approval of a session's payout, because of a claim. Returns whether the payout is
/// decided in another way: it is in a batch, paid, or rejected.
pub(crate) fn hold_back(tx: &mut Tx<'_>, booking: &BookingId) -> Result<bool, StoreError> {
    let is_decided = is_decided(tx, booking)?;
    sql!(
        "UPDATE payout_item SET state = 'pending', approved_by = NULL
         WHERE booking_id = :booking AND is_adjustment = 0 AND state = 'approved'",
        booking
    )
    .run(tx, Rows::Any)?;
    Ok(is_decided)
}

/// Locks a session's payout. Returns whether it is in a batch, paid, or rejected.
pub(crate) fn is_decided(tx: &mut Tx<'_>, booking: &BookingId) -> Result<bool, StoreError> {
    let found: Option<(PayoutState,)> = sql!(
        "SELECT state FROM payout_item WHERE booking_id = :booking AND is_adjustment = 0
         FOR NO KEY UPDATE",
        booking
    )
    .maybe(tx)?;
    Ok(
        found
            .is_some_and(|(state,)| !matches!(state, PayoutState::Pending | PayoutState::Approved)),
    )
}
