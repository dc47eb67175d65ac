//! Grants: who may do what, and where.
//!
//! A grant is (account, role, scope). Whoever manages a scope asks for its
//! proof, [`Manager`], once; a place never loses its last owner, which is judged
//! under the lock of all its owners.

use jiff::Timestamp;
use platform::audit::{Actor, Entry, RequestFacts};
use platform::store::{FromRow, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use crate::account::{self, AccountId};
pub use crate::role::{NotARole, Role, Scope};
use crate::signed_in::SignedIn;

/// What `who` is in `scope` right now. A token is nothing outside the occasion
/// it was made for.
pub fn role_in(tx: &mut Tx<'_>, who: &SignedIn, scope: &Scope) -> Result<Option<Role>, StoreError> {
    if !who.reaches(scope) {
        return Ok(None);
    }
    find(tx, &who.account().id, scope)
}

/// What the account is in `scope`, whoever asks.
pub fn find(
    tx: &mut Tx<'_>,
    account: &AccountId,
    scope: &Scope,
) -> Result<Option<Role>, StoreError> {
    let row: Option<(Role,)> = tx.maybe(
        sql!(
            "SELECT role FROM role_grant
             WHERE scope_kind = $1 AND scope_id = $2 AND account_id = $3"
        ),
        &[&scope.kind(), &scope.id(), account],
    )?;
    Ok(row.map(|(role,)| role))
}

/// The ids of the occasions where `who` is something, and what.
pub fn occasions_of(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Vec<(String, Role)>, StoreError> {
    let all: Vec<(String, Role)> = tx.all(
        sql!(
            "SELECT scope_id, role FROM role_grant
             WHERE account_id = $1 AND scope_kind = 'occasion' ORDER BY scope_id"
        ),
        &[&who.account().id],
    )?;
    Ok(all
        .into_iter()
        .filter(|(id, _)| who.reaches(&Scope::occasion(id)))
        .collect())
}

/// Somebody with a role in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// What they are called.
    pub display_name: String,
    /// The address they sign in with.
    pub email: String,
    /// What they are.
    pub role: Role,
    /// Since when.
    pub granted_at: Timestamp,
}

impl FromRow for Member {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            account: row.column(0)?,
            display_name: row.column(1)?,
            email: row.column(2)?,
            role: row.column(3)?,
            granted_at: row.column(4)?,
        })
    }
}

/// Everybody with a role in `scope`, in the order they came.
pub fn list(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<Member>, StoreError> {
    tx.all(
        sql!(
            "SELECT g.account_id, a.display_name, e.address, g.role, g.granted_at
             FROM role_grant g
             JOIN account a ON a.id = g.account_id AND a.state = 'active'
             JOIN email e ON e.account_id = a.id AND e.is_primary = 1
             WHERE g.scope_kind = $1 AND g.scope_id = $2
             ORDER BY g.granted_at, g.account_id"
        ),
        &[&scope.kind(), &scope.id()],
    )
}

/// Leave to decide who is what in one place: it was made by [`manager`] alone.
#[derive(Clone, Debug)]
pub struct Manager {
    account: AccountId,
    scope: Scope,
    request: Option<RequestFacts>,
}

impl Manager {
    /// The place.
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

/// The proof that `who` manages `scope`: the owner, in a browser. A token never
/// does. It is asked for before the change, so a change that is under way when
/// a role is taken may finish.
pub fn manager(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    scope: Scope,
    request: Option<RequestFacts>,
) -> Result<Option<Manager>, StoreError> {
    let is_owner = role_in(tx, who, &scope)? == Some(scope.top());
    Ok((is_owner && who.is_in_browser()).then(|| Manager {
        account: who.account().id.clone(),
        scope,
        request,
    }))
}

/// Why a grant stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The account has no role there.
    #[error("not a member")]
    NotAMember,
    /// There is no such role in this kind of place.
    #[error("no such role here")]
    UnknownRole,
    /// Nobody would be left who owns the place and can sign in.
    #[error("the last owner stays")]
    LastOwner,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives the account a role because of what happens in the same transaction:
/// an occasion is created, an invitation taken. Who has a greater role keeps it.
pub fn give(
    tx: &mut Tx<'_>,
    account: &AccountId,
    role: Role,
    scope: &Scope,
    granted_by: Option<&AccountId>,
) -> Result<(), GrantError> {
    if !role.fits(scope) {
        return Err(GrantError::UnknownRole);
    }
    account::lock(tx, account)?;
    lock_owners(tx, scope)?;
    let before = find(tx, account, scope)?;
    if before >= Some(role) {
        return Ok(());
    }
    let now = tx.now();
    tx.run(
        sql!(
            "INSERT INTO role_grant (account_id, role, scope_kind, scope_id, granted_by, granted_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (scope_kind, scope_id, account_id) DO UPDATE
             SET role = excluded.role, granted_by = excluded.granted_by,
                 granted_at = excluded.granted_at"
        ),
        &[
            account,
            &role,
            &scope.kind(),
            &scope.id(),
            &granted_by,
            &now,
        ],
        Rows::Exactly(1),
    )?;
    let actor = granted_by.map_or(Actor::System, |id| Actor::Account(id.to_string()));
    record(tx, actor, account, scope, before, Some(role), None)?;
    Ok(())
}

/// Makes a member something else.
pub fn change(
    tx: &mut Tx<'_>,
    by: &Manager,
    account: &AccountId,
    role: Role,
) -> Result<(), GrantError> {
    if !role.fits(&by.scope) {
        return Err(GrantError::UnknownRole);
    }
    lock_owners(tx, &by.scope)?;
    let before = find(tx, account, &by.scope)?.ok_or(GrantError::NotAMember)?;
    if before == role {
        return Ok(());
    }
    let now = tx.now();
    let count = tx.run(
        sql!(
            "UPDATE role_grant SET role = $4, granted_by = $5, granted_at = $6
             WHERE account_id = $1 AND scope_kind = $2 AND scope_id = $3"
        ),
        &[
            account,
            &by.scope.kind(),
            &by.scope.id(),
            &role,
            &by.account,
            &now,
        ],
        Rows::AtMostOne,
    )?;
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

/// Takes a member's role away.
pub fn remove(tx: &mut Tx<'_>, by: &Manager, account: &AccountId) -> Result<(), GrantError> {
    take(tx, by.actor(), account, &by.scope, by.request())
}

/// Gives one's own role back.
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
    let before = find(tx, account, scope)?.ok_or(GrantError::NotAMember)?;
    let count = tx.run(
        sql!(
            "DELETE FROM role_grant
             WHERE account_id = $1 AND scope_kind = $2 AND scope_id = $3"
        ),
        &[account, &scope.kind(), &scope.id()],
        Rows::AtMostOne,
    )?;
    if count == 0 {
        return Err(GrantError::NotAMember);
    }
    keep_an_owner(tx, scope, before)?;
    record(tx, actor, account, scope, Some(before), None, request)?;
    Ok(())
}

/// Whoever may leave a place without owner waits here for the one before.
fn lock_owners(tx: &mut Tx<'_>, scope: &Scope) -> Result<(), StoreError> {
    let _: Vec<(AccountId,)> = tx.all(
        sql!(
            "SELECT account_id FROM role_grant
             WHERE scope_kind = $1 AND scope_id = $2 AND role = $3 FOR NO KEY UPDATE"
        ),
        &[&scope.kind(), &scope.id(), &scope.top()],
    )?;
    Ok(())
}

/// After an owner was made something else, at least one must be left who is
/// active; for the installation, one who can sign in again.
fn keep_an_owner(tx: &mut Tx<'_>, scope: &Scope, before: Role) -> Result<(), GrantError> {
    if before != scope.top() {
        return Ok(());
    }
    let (owners,): (i64,) = tx.one(
        sql!(
            "SELECT COUNT(*) FROM role_grant g
             JOIN account a ON a.id = g.account_id AND a.state = 'active'
             WHERE g.scope_kind = $1 AND g.scope_id = $2 AND g.role = $3
               AND (g.scope_kind <> 'site'
                    OR EXISTS (SELECT 1 FROM password p WHERE p.account_id = a.id))"
        ),
        &[&scope.kind(), &scope.id(), &scope.top()],
    )?;
    if owners == 0 {
        return Err(GrantError::LastOwner);
    }
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    actor: Actor,
    account: &AccountId,
    scope: &Scope,
    before: Option<Role>,
    after: Option<Role>,
    request: Option<RequestFacts>,
) -> Result<(), StoreError> {
    let action = match (before, after) {
        (None, _) => "grant.given",
        (_, Some(_)) => "grant.changed",
        (_, None) => "grant.removed",
    };
    tx.record(Entry {
        actor,
        action,
        entity: ("grant", account.to_string()),
        scope: scope.audited(),
        changes: json!([{
            "field": "role",
            "old": before.map(Role::word),
            "new": after.map(Role::word),
        }]),
        request,
    })
}
