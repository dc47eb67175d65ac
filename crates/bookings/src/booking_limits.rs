//! The limits on a member's bookings. A slot that is held for an address counts for its account only
//! once the owner has proved the booking, because anybody can enter anybody's address.

use identity::account::AccountId;
use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};

use crate::codes::{TOO_MANY_BOOKINGS, TOO_MANY_HOLDS};
use crate::settings::BookingSettings;
use crate::{Refusal, order};

const MOST_UPCOMING: i64 = 20;

/// How many slots are held for an account that still has to pay for them. Seats for which the member
/// waited do not count.
pub(crate) fn holds(tx: &mut Tx<'_>, account: &AccountId) -> Result<i64, StoreError> {
    let (holds,) = sql!(
        "SELECT COUNT(*) FROM booking b
         WHERE b.member_id = :account AND b.state = 'pending_payment' AND b.order_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.booking_id = b.id AND w.state = 'asked')",
        account
    )
    .one(tx)?;
    Ok(holds)
}

/// Checks the limits on slots that a member holds and has to pay for. The caller holds the
/// account's lock.
pub(crate) fn check_holds(
    tx: &mut Tx<'_>,
    account: &AccountId,
    rules: &BookingSettings,
) -> Result<(), Refusal> {
    order::check_count(tx, account, rules.order_hour_limit)?;
    if holds(tx, account)? >= rules.hold_limit {
        return Err(TOO_MANY_HOLDS.into());
    }
    Ok(())
}

/// Checks the limits on a member's bookings, so that nobody takes all slots, or causes endless mail
/// by booking and cancelling. The caller holds the account's lock.
pub(crate) fn check_bookings(
    tx: &mut Tx<'_>,
    account: &AccountId,
    rules: &BookingSettings,
) -> Result<(), Refusal> {
    if is_full(tx, account, rules)? {
        return Err(TOO_MANY_BOOKINGS.into());
    }
    Ok(())
}

/// Whether an account has as many upcoming bookings as a member may have, or has made as many
/// within the last hour as the settings allow, including those that were cancelled since.
pub(crate) fn is_full(
    tx: &mut Tx<'_>,
    account: &AccountId,
    rules: &BookingSettings,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let (upcoming,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking
         WHERE member_id = :account AND starts_at > :now
           AND (state = 'confirmed' OR state = 'pending_payment' AND order_id IS NOT NULL)",
        account,
        now
    )
    .one(tx)?;
    let (made,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking
         WHERE member_id = :account AND created_at > :since
           AND (state NOT IN ('pending_payment', 'expired') OR order_id IS NOT NULL)",
        account,
        since = now - SignedDuration::from_hours(1)
    )
    .one(tx)?;
    Ok(upcoming >= MOST_UPCOMING || made >= rules.booking_hour_limit)
}
