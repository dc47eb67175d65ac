//! The credentials of accounts, such as passwords and passkeys.

mod attestation_object;
pub mod hashing;
pub(crate) mod id_token;
pub mod linked_identity;
pub mod passkey;
pub mod password;
pub mod planned_reset;
pub mod provider;
pub mod require_mfa;
pub mod second_factor;
pub mod web_authn;

use platform::{StoreError, Tx, sql};

use crate::account::AccountId;

/// Whether an account has a credential: a password, a passkey or a linked identity.
pub(crate) fn has_any(tx: &mut Tx<'_>, account: &AccountId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT (SELECT COUNT(*) FROM password WHERE account_id = :account)
             + (SELECT COUNT(*) FROM passkey WHERE account_id = :account)
             + (SELECT COUNT(*) FROM linked_identity WHERE account_id = :account)",
        account
    )
    .one(tx)?;
    Ok(count > 0)
}
