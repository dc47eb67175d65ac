//! Somebody who asked for their account to be erased may change their mind by signing in.

use jiff::SignedDuration;
use platform::audit::RequestFacts;
use platform::{Rows, Secret, StoreError, Tx, sql};

use crate::account::{self, AccountId, State};
use crate::grant::held::hold;
use crate::one_time::{self, Purpose};

/// For how long what is offered at a sign-in may be accepted.
const RESTORE: SignedDuration = SignedDuration::from_mins(15);

/// What lets somebody who has just proved who they are change their mind, if they asked for their
/// account to be erased. Nobody comes back this way whom an administrator had kept out.
pub(crate) fn offer(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Secret>, StoreError> {
    let held = hold(tx, id)?;
    if held.is_none_or(|held| held.state != State::Leaving) || !is_restorable(tx, id)? {
        return Ok(None);
    }
    one_time::remove_of(tx, Purpose::Restore, id)?;
    one_time::create(tx, Purpose::Restore, Some(id), &(), RESTORE).map(Some)
}

/// Whether the account is about to be erased, and no administrator had kept its owner out.
pub(crate) fn is_restorable(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let was_deactivated: Option<(bool,)> = sql!(
        "SELECT was_deactivated FROM account_erasure WHERE account_id = :id",
        id
    )
    .maybe(tx)?;
    Ok(was_deactivated == Some((false,)))
}

/// Whether [`restore`] would accept this.
pub fn is_offered(tx: &mut Tx<'_>, secret: &Secret) -> Result<bool, StoreError> {
    Ok(one_time::find::<()>(tx, Purpose::Restore, secret)?.is_some())
}

/// Somebody changes their mind; tells whether it was not too late. They stay signed out.
pub fn restore(
    tx: &mut Tx<'_>,
    secret: &Secret,
    request: &RequestFacts,
) -> Result<bool, StoreError> {
    // Whoever erases the account holds its lock before its links.
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
        ("account", id.to_string()),
        request,
    )?;
    Ok(true)
}
