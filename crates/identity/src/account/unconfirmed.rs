//! Accounts with an unconfirmed email address. The address may belong to somebody other than the
//! person who registered.

use platform::{Rows, Secret, StoreError, Tx, sql};

use crate::account::AccountId;
use crate::opaque_secret;

/// Whether the account waits for its email address to be confirmed.
pub fn is_pending(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM registration WHERE account_id = :id AND is_pending = 1",
        id
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Whether the account has an unconfirmed email address and was registered in the browser with this
/// secret.
pub(crate) fn is_by(tx: &mut Tx<'_>, id: &AccountId, browser: &Secret) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM registration WHERE account_id = :id AND browser_hash = :browser",
        id,
        browser = opaque_secret::hash(browser)
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Records that an account was created for a person who entered only a name and an email address.
/// The account has no credential and was not registered in any browser.
pub(crate) fn introduce(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO registration (account_id, browser_hash, registered_at)
         VALUES (:id, :browser, :now)",
        id,
        browser = Vec::<u8>::new(),
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Whether the account was made by [`introduce`], and its email address is still unconfirmed.
pub(crate) fn is_introduced(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM registration
         WHERE account_id = :id AND browser_hash = :browser AND is_kept = 0 AND is_pending = 1",
        id,
        browser = Vec::<u8>::new()
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Finds the account that was registered in the browser with this secret. Its email address must
/// still be unconfirmed.
pub(crate) fn find_by(tx: &mut Tx<'_>, browser: &Secret) -> Result<Option<AccountId>, StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "SELECT account_id FROM registration
         WHERE browser_hash = :browser AND is_kept = 0 AND is_pending = 1",
        browser = opaque_secret::hash(browser)
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Marks the email address of an imported account as unconfirmed. The account is kept even if
/// nobody ever confirms the address.
pub(crate) fn await_confirmation(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO registration (account_id, browser_hash, registered_at, is_kept)
         VALUES (:id, :browser, :now, 1)",
        id,
        browser = Vec::<u8>::new(),
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Whether the account was registered on this site (not imported) and its email address is still
/// unconfirmed.
pub(crate) fn is_registrants(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM registration WHERE account_id = :id AND is_kept = 0",
        id
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Whether a registered account became a member of a scope before its email address was confirmed.
/// Only such accounts can have created something while their email address was unconfirmed.
pub(crate) fn is_admitted(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM registration
         WHERE account_id = :id AND is_kept = 0 AND is_pending = 0",
        id
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Keeps an unconfirmed account because it becomes a member of a scope. The account is no longer
/// removed for lack of confirmation, but its email address stays unconfirmed.
pub(crate) fn admit(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE registration SET is_pending = 0 WHERE account_id = :id",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Undoes [`admit`] for an imported account.
pub(crate) fn await_again(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE registration SET is_pending = 1 WHERE account_id = :id AND is_kept = 1",
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Marks the account's email address as confirmed.
pub(crate) fn end(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!("DELETE FROM registration WHERE account_id = :id", id).run(tx, Rows::AtMostOne)?;
    Ok(())
}
