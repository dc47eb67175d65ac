//! The management of a scope. [`Manager`] proves that a person manages the scope; the functions
//! change the scope's members.

use platform::audit::{Actor, RequestFacts};
use platform::{Rows, StoreError, Tx, sql};

use crate::account::AccountId;
use crate::grant::{
    GrantError, forget, keep_an_owner, lock_owners, rank_in, rank_of, record, take_duty,
};
use crate::scope::{Role, Scope};
use crate::session::signed_in::SignedIn;

/// The proof that a person manages a scope. Only [`manager`] creates it.
#[derive(Clone, Debug)]
pub struct Manager {
    account: AccountId,
    scope: Scope,
    request: Option<RequestFacts>,
}

impl Manager {
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn account(&self) -> &AccountId {
        &self.account
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::Account(self.account.to_string())
    }

    pub(crate) fn request(&self) -> Option<RequestFacts> {
        self.request.clone()
    }
}

/// Returns a [`Manager`] if `who` is an owner of `scope` and uses a browser. API tokens never
/// suffice. The result stays valid until the end of the operation, even if the owner's role is
/// removed meanwhile.
pub fn manager(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    scope: Scope,
    request: Option<RequestFacts>,
) -> Result<Option<Manager>, StoreError> {
    let is_owner = rank_in(tx, who, &scope)? == Some(scope.kind().top);
    Ok((is_owner && who.is_in_browser()).then(|| Manager {
        account: who.account().id.clone(),
        scope,
        request,
    }))
}

/// Changes a member's rank. The grant's expiry stays the same.
pub fn change(
    tx: &mut Tx<'_>,
    by: &Manager,
    account: &AccountId,
    role: Role,
) -> Result<(), GrantError> {
    if !by.scope.kind().is_rank(role) {
        return Err(GrantError::UnknownRole);
    }
    lock_owners(tx, &by.scope)?;
    let before = rank_of(tx, account, &by.scope)?.ok_or(GrantError::NotAMember)?;
    if before == role {
        return Ok(());
    }
    let now = tx.now();
    let count = sql!(
        "UPDATE role_grant SET role = :role, granted_by = :granted_by, granted_at = :now
         WHERE account_id = :account AND scope_kind = :scope_kind AND scope_id = :scope
           AND is_rank = 1",
        account,
        scope_kind = by.scope.kind().name,
        scope = by.scope.id(),
        role,
        granted_by = by.account,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 0 {
        return Err(GrantError::NotAMember);
    }
    keep_an_owner(tx, &by.scope, before)?;
    record(
        tx,
        by.actor(),
        account,
        &by.scope,
        Some(before),
        Some(role),
        by.request(),
    )?;
    Ok(())
}

/// Removes a member's rank and duties.
pub fn remove(tx: &mut Tx<'_>, by: &Manager, account: &AccountId) -> Result<(), GrantError> {
    take(tx, by.actor(), account, &by.scope, by.request())
}

/// Removes the caller's own rank and duties.
pub fn leave(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    scope: &Scope,
    request: Option<RequestFacts>,
) -> Result<(), GrantError> {
    if !who.is_in_browser() {
        return Err(GrantError::NotAMember);
    }
    take(tx, who.actor(), &who.account().id, scope, request)
}

fn take(
    tx: &mut Tx<'_>,
    actor: Actor,
    account: &AccountId,
    scope: &Scope,
    request: Option<RequestFacts>,
) -> Result<(), GrantError> {
    lock_owners(tx, scope)?;
    let before = rank_of(tx, account, scope)?.ok_or(GrantError::NotAMember)?;
    if forget(tx, account, scope)? == 0 {
        return Err(GrantError::NotAMember);
    }
    keep_an_owner(tx, scope, before)?;
    record(tx, actor, account, scope, Some(before), None, request)?;
    Ok(())
}

pub fn remove_duty(
    tx: &mut Tx<'_>,
    by: &Manager,
    account: &AccountId,
    duty: Role,
) -> Result<(), GrantError> {
    take_duty(tx, by.actor(), account, &by.scope, duty, by.request())
}
