//! Cancelling the erasure of an account by signing in.

use jiff::SignedDuration;
use platform::audit::{Entity, RequestFacts};
use platform::{Rows, Secret, StoreError, Tx, sql};

use crate::account::{self, AccountId, State};
use crate::grant::owners_lock::hold;
use crate::one_time::{self, Purpose};

/// How long a person who has signed in can accept the offer to cancel the erasure.
const RESTORE: SignedDuration = SignedDuration::from_mins(15);

/// Creates a secret that can cancel the account's erasure, for a person who has proved a
/// credential. Returns `None` if no erasure is pending, or if an administrator deactivated the
/// account.
pub(crate) fn offer(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Secret>, StoreError> {
    let held = hold(tx, id)?;
    if held.is_none_or(|held| held.state != State::Leaving) || !is_restorable(tx, id)? {
        return Ok(None);
    }
    one_time::remove_of(tx, Purpose::Restore, id)?;
    one_time::create(tx, Purpose::Restore, Some(id), &(), RESTORE).map(Some)
}

/// Whether the account's erasure is pending and no administrator has deactivated the account.
pub(crate) fn is_restorable(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let was_deactivated: Option<(bool,)> = sql!(
        "SELECT was_deactivated FROM account_erasure WHERE account_id = :id",
        id
    )
    .maybe(tx)?;
    Ok(was_deactivated == Some((false,)))
}

/// Whether [`restore`] would accept this secret.
pub fn is_offered(tx: &mut Tx<'_>, secret: &Secret) -> Result<bool, StoreError> {
    Ok(one_time::find::<()>(tx, Purpose::Restore, secret)?.is_some())
}

/// Cancels the erasure. Returns `false` if the account was already erased. The person stays signed
/// out.
pub fn restore(
    tx: &mut Tx<'_>,
    secret: &Secret,
    request: &RequestFacts,
) -> Result<bool, StoreError> {
    // The account is locked before its links, in the same order as during an erasure. The opposite
    // order could cause a deadlock.
    let Some(link) = one_time::find::<()>(tx, Purpose::Restore, secret)? else {
        return Ok(false);
    };
    let Some(id) = link.account else {
        return Ok(false);
    };
    let held = hold(tx, &id)?;
    let taken = one_time::take::<()>(tx, Purpose::Restore, secret)?;
    if taken.is_none() || held.is_none_or(|held| held.state != State::Leaving) {
        return Ok(false);
    }
    account::set_state(tx, &id, State::Active)?;
    sql!("DELETE FROM account_erasure WHERE account_id = :id", id).run(tx, Rows::AtMostOne)?;
    account::record(
        tx,
        &id,
        "account.restored",
        Entity::new("account", id.to_string()),
        request,
    )?;
    Ok(true)
}
