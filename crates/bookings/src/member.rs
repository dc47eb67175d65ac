//! Members: the accounts that book sessions, request slots and buy plans, and the limits on their
//! bookings. A slot that is held for an address counts for its account only once the owner has
//! proved the booking, because anybody can enter anybody's address.

use axum::http::StatusCode;
use identity::account::{self, AccountId};
use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};
use web::Problem;

use crate::codes::{TOO_MANY_BOOKINGS, TOO_MANY_HOLDS};
use crate::settings::BookingSettings;
use crate::{Refusal, order};

const UPCOMING: i64 = 20;

/// Locks a member's account, so that concurrent changes of the same member wait for each other.
/// Refuses a member who has left since the request began.
pub(crate) fn lock(tx: &mut Tx<'_>, member: &AccountId) -> Result<(), Refusal> {
    if account::lock(tx, member)? {
        return Ok(());
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated");
    Err(Refusal::Problem(problem))
}

/// The name of an account's owner; empty if there is no account or it was erased.
pub(crate) fn name(tx: &mut Tx<'_>, account: Option<&AccountId>) -> Result<String, StoreError> {
    Ok(find_name(tx, account)?.unwrap_or_default())
}

/// Like [`name`], but `None` if there is no account.
pub(crate) fn find_name(
    tx: &mut Tx<'_>,
    account: Option<&AccountId>,
) -> Result<Option<String>, StoreError> {
    let account = match account {
        Some(id) => account::find(tx, id)?,
        None => None,
    };
    Ok(account.map(|one| one.display_name))
}

/// How many slots are held for an account that still has to pay for them.
pub(crate) fn holds(tx: &mut Tx<'_>, account: &AccountId) -> Result<i64, StoreError> {
    let (holds,) = sql!(
        "SELECT COUNT(*) FROM booking
         WHERE member_id = :account AND state = 'pending_payment' AND order_id IS NOT NULL",
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
    Ok(upcoming >= UPCOMING || made >= rules.booking_hour_limit)
}
