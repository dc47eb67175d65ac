//! That an administrator has the factors of somebody removed, who may still keep them.

use jiff::Timestamp;
use platform::{Rows, StoreError, Tx, sql};

use crate::account::AccountId;
use crate::one_time::{self, Purpose};

/// When the factors of the account are removed, if somebody has asked for it.
pub fn due(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Timestamp>, StoreError> {
    let found: Option<(Timestamp,)> =
        sql!("SELECT due_at FROM factor_reset WHERE account_id = :id", id).maybe(tx)?;
    Ok(found.map(|(at,)| at))
}

/// Forgets that the factors were to be removed; tells whether they were. Somebody who has set up a
/// new one has not lost all of them.
pub(crate) fn forget(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    one_time::remove_of(tx, Purpose::KeepFactors, id)?;
    let count =
        sql!("DELETE FROM factor_reset WHERE account_id = :id", id).run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}
