//! Members: the accounts that book sessions, request slots and buy plans.

use axum::http::StatusCode;
use identity::account::{self, AccountId};
use platform::{StoreError, Tx};
use web::Problem;

use crate::Refusal;

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
