//! Planned removals of a person's second factors and passkeys. An administrator has requested the
//! removal, and the person can still prevent it.

use jiff::Timestamp;
use platform::{Rows, StoreError, Tx, sql};

use crate::account::AccountId;
use crate::one_time::{self, Purpose};

/// The time at which the account's factors will be removed, if that is planned.
pub fn due(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Timestamp>, StoreError> {
    let found: Option<(Timestamp,)> =
        sql!("SELECT due_at FROM factor_reset WHERE account_id = :id", id).maybe(tx)?;
    Ok(found.map(|(at,)| at))
}

/// Cancels the planned removal, and returns whether there was one. This is also called when the
/// person sets up a new factor. They then have a working factor, so the removal is no longer
/// needed.
pub(crate) fn forget(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    one_time::remove_of(tx, Purpose::KeepFactors, id)?;
    let count =
        sql!("DELETE FROM factor_reset WHERE account_id = :id", id).run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}
