//! Grants: the roles of accounts in scopes.
//!
//! A grant consists of an account, a scope, a role and an expiry. An expired grant has no effect. A
//! role is either a rank, such as owner, or a duty. In one scope, an account has at most one rank,
//! and any number of duties.
//!
//! Only a caller with the proof [`Manager`] can manage a scope. Every scope keeps at least one
//! owner whose grant never expires. Each change that could remove the last such owner first locks
//! all owners.

pub mod administrator;
pub mod manager;
pub mod owners_lock;

use jiff::Timestamp;
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::store::Bind;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use crate::account::{self, AccountId, unconfirmed};
use crate::session::signed_in::SignedIn;

pub use crate::scope::site_duties;
pub use crate::scope::{
    ACCOUNT, ADMIN, OWNER, Role, SITE, Scope, ScopeKind, ScopeName, TRUSTED_CONTACT,
};
pub use manager::{Manager, change, leave, manager, remove, remove_duty};

/// The current rank of `who` in `scope`. Returns `None` if `who` has no rank there, or uses a token
/// that is limited to another scope.
pub fn rank_in(tx: &mut Tx<'_>, who: &SignedIn, scope: &Scope) -> Result<Option<Role>, StoreError> {
    if !who.reaches(scope) {
        return Ok(None);
    }
    rank_of(tx, &who.account().id, scope)
}

/// The current rank of an account in `scope`.
pub fn rank_of(
    tx: &mut Tx<'_>,
    account: &AccountId,
    scope: &Scope,
) -> Result<Option<Role>, StoreError> {
    let held = held(tx, account, scope, scope.kind().top)?;
    Ok(held.map(|(role, _)| role))
}

/// Whether `who` currently has this duty in `scope`.
pub fn has_duty(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    scope: &Scope,
    duty: Role,
) -> Result<bool, StoreError> {
    Ok(who.reaches(scope) && held(tx, &who.account().id, scope, duty)?.is_some())
}

/// Whether `who` has this duty in the whole installation, or is an administrator or owner of the
/// installation.
pub fn may_in_site(tx: &mut Tx<'_>, who: &SignedIn, duty: Role) -> Result<bool, StoreError> {
    let site = Scope::site();
    let rank = rank_in(tx, who, &site)?;
    let is_admin = rank.is_some_and(|rank| site.kind().at_least(rank, ADMIN));
    Ok(is_admin || has_duty(tx, who, &site, duty)?)
}

/// Like [`may_in_site`], for any account.
pub fn account_may_in_site(tx: &mut Tx<'_>, account: &str, duty: Role) -> Result<bool, StoreError> {
    let (may,): (bool,) = sql!(
        "SELECT EXISTS (SELECT 1 FROM role_grant
             WHERE account_id = :account AND scope_kind = :site AND (is_rank = 1 OR role = :duty)
               AND (expires_at IS NULL OR expires_at > :now))",
        account,
        site = SITE.name,
        duty,
        now = tx.roughly_now()
    )
    .one(tx)?;
    Ok(may)
}

/// The accounts for which [`may_in_site`] returns `true`.
pub fn list_who_may_in_site(tx: &mut Tx<'_>, duty: Role) -> Result<Vec<AccountId>, StoreError> {
    let all: Vec<(AccountId,)> = sql!(
        "SELECT DISTINCT account_id FROM role_grant
         WHERE scope_kind = :site AND (is_rank = 1 OR role = :duty)
           AND (expires_at IS NULL OR expires_at > :now)",
        site = SITE.name,
        duty,
        now = tx.roughly_now()
    )
    .all(tx)?;
    Ok(all.into_iter().map(|(id,)| id).collect())
}

/// The accounts that were given this duty in the whole installation, with their owners' names.
/// Those who only have a rank are not among them.
pub fn list_holders(tx: &mut Tx<'_>, duty: Role) -> Result<Vec<(AccountId, String)>, StoreError> {
    sql!(
        "SELECT a.id, a.display_name FROM role_grant g JOIN account a ON a.id = g.account_id
         WHERE g.scope_kind = :site AND g.is_rank = 0 AND g.role = :duty AND a.state = 'active'
           AND (g.expires_at IS NULL OR g.expires_at > :now)
         ORDER BY a.id",
        site = SITE.name,
        duty,
        now = tx.roughly_now()
    )
    .all(tx)
}

/// The scopes of one kind in which `who` has a rank. Each pair consists of the scope's id and the
/// rank.
pub fn ranks_of(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    kind: &'static ScopeKind,
) -> Result<Vec<(String, Role)>, StoreError> {
    let mut all = ranks_of_account(tx, &who.account().id, kind)?;
    all.retain(|(id, _)| who.reaches(&kind.scope(id)));
    Ok(all)
}

/// Like [`ranks_of`], for any account.
pub fn ranks_of_account(
    tx: &mut Tx<'_>,
    account: &AccountId,
    kind: &'static ScopeKind,
) -> Result<Vec<(String, Role)>, StoreError> {
    let now = tx.roughly_now();
    let all: Vec<(String, String)> = sql!(
        "SELECT scope_id, role FROM role_grant
         WHERE account_id = :account AND scope_kind = :scope_kind AND is_rank = 1
           AND (expires_at IS NULL OR expires_at > :now)
         ORDER BY scope_id",
        account,
        scope_kind = kind.name,
        now
    )
    .all(tx)?;
    all.into_iter()
        .map(|(id, word)| Ok((id, read(kind, &word)?)))
        .collect()
}

/// A member of a scope, that is, an account with a rank in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub account: AccountId,
    pub display_name: String,
    /// The email address with which the member signs in.
    pub email: String,
    pub role: Role,
    /// When the rank was granted.
    pub granted_at: Timestamp,
}

/// Lists everybody who has at least the rank `least` in the installation.
pub fn list_ranked(tx: &mut Tx<'_>, least: Role) -> Result<Vec<Member>, StoreError> {
    let mut members = list(tx, &Scope::site())?;
    members.retain(|member| SITE.at_least(member.role, least));
    Ok(members)
}

/// Lists the members of `scope` in the order in which they joined.
pub fn list(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<Member>, StoreError> {
    let now = tx.roughly_now();
    let rows: Vec<(AccountId, String, String, String, Timestamp)> = sql!(
        "SELECT g.account_id, a.display_name, e.address, g.role, g.granted_at
         FROM role_grant g
         JOIN account a ON a.id = g.account_id AND a.state = 'active'
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE g.scope_kind = :scope_kind AND g.scope_id = :scope AND g.is_rank = 1
           AND (g.expires_at IS NULL OR g.expires_at > :now)
         ORDER BY g.granted_at, g.account_id",
        scope_kind = scope.kind().name,
        scope = scope.id(),
        now
    )
    .all(tx)?;
    let member = |(account, display_name, email, word, granted_at): (_, _, _, String, _)| {
        Ok(Member {
            account,
            display_name,
            email,
            role: read(scope.kind(), &word)?,
            granted_at,
        })
    };
    rows.into_iter().map(member).collect()
}

#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    #[error("not a member")]
    NotAMember,
    #[error("no such role here")]
    UnknownRole,
    /// The scope would have no owner who can sign in.
    #[error("the last owner cannot be removed")]
    LastOwner,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Grants a role as part of a larger change in the same transaction, such as creating the scope or
/// accepting an invite. An account with a higher rank keeps the higher rank.
pub fn give(
    tx: &mut Tx<'_>,
    account: &AccountId,
    role: Role,
    scope: &Scope,
    granted_by: Option<&AccountId>,
) -> Result<(), GrantError> {
    give_until(tx, account, role, scope, granted_by, None)
}

/// Like [`give`], but the role expires at `expires_at`. If the account already has the role for
/// longer, the later expiry is kept.
pub fn give_until(
    tx: &mut Tx<'_>,
    account: &AccountId,
    role: Role,
    scope: &Scope,
    granted_by: Option<&AccountId>,
    expires_at: Option<Timestamp>,
) -> Result<(), GrantError> {
    let kind = scope.kind();
    if !kind.has(role) {
        return Err(GrantError::UnknownRole);
    }
    let is_rank = kind.is_rank(role);
    account::lock(tx, account)?;
    if kind.invites_newcomers {
        unconfirmed::admit(tx, account)?;
    }
    lock_owners(tx, scope)?;
    let before = held(tx, account, scope, role)?;
    if let Some((held, until)) = before {
        let lasts = until.is_none_or(|until| expires_at.is_some_and(|end| end <= until));
        let is_kept = if held == role {
            lasts
        } else {
            kind.at_least(held, role)
        };
        if is_kept {
            return Ok(());
        }
    }
    let now = tx.now();
    let grant: [&dyn Bind; 8] = [
        account,
        &kind.name,
        &scope.id(),
        &role,
        &is_rank,
        &granted_by,
        &now,
        &expires_at,
    ];
    let changed = tx.run(
        sql!(
            "UPDATE role_grant SET role = $4, granted_by = $6, granted_at = $7, expires_at = $8
             WHERE account_id = $1 AND scope_kind = $2 AND scope_id = $3
               AND (role = $4 OR is_rank = 1 AND $5 = 1)"
        ),
        &grant,
        Rows::AtMostOne,
    )?;
    if changed == 0 {
        tx.run(
            sql!(
                "INSERT INTO role_grant (account_id, scope_kind, scope_id, role, is_rank,
                                         granted_by, granted_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            ),
            &grant,
            Rows::Exactly(1),
        )?;
    }
    let actor = granted_by.map_or(Actor::System, |id| Actor::Account(id.to_string()));
    let before = before.map(|(role, _)| role);
    record(tx, actor, account, scope, before, Some(role), None)?;
    Ok(())
}

/// Removes all roles of an account in a scope, and returns their number. The caller must ensure
/// that the scope keeps an owner.
pub fn forget(tx: &mut Tx<'_>, account: &AccountId, scope: &Scope) -> Result<u64, StoreError> {
    sql!(
        "DELETE FROM role_grant
         WHERE account_id = :account AND scope_kind = :kind AND scope_id = :id",
        account,
        kind = scope.kind().name,
        id = scope.id()
    )
    .run(tx, Rows::Any)
}

/// Removes all roles in a scope, because the scope itself is removed in the same transaction.
pub fn remove_scope(tx: &mut Tx<'_>, scope: &Scope) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM role_grant WHERE scope_kind = :kind AND scope_id = :id",
        kind = scope.kind().name,
        id = scope.id()
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM personal_token WHERE scope_kind = :kind AND scope_id = :id",
        kind = scope.kind().name,
        id = scope.id()
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Like [`remove_duty`], without checking whether the change is allowed.
pub(crate) fn take_duty(
    tx: &mut Tx<'_>,
    actor: Actor,
    account: &AccountId,
    scope: &Scope,
    duty: Role,
    request: Option<RequestFacts>,
) -> Result<(), GrantError> {
    let count = sql!(
        "DELETE FROM role_grant
         WHERE account_id = :account AND scope_kind = :scope_kind AND scope_id = :scope
           AND role = :duty AND is_rank = 0",
        account,
        scope_kind = scope.kind().name,
        scope = scope.id(),
        duty
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 0 {
        return Err(GrantError::NotAMember);
    }
    record(tx, actor, account, scope, Some(duty), None, request)?;
    Ok(())
}

/// Returns the account's role and its expiry. If `role` is a rank, the result is the account's
/// rank, which may differ from `role`. If `role` is a duty, the result is that duty or `None`.
fn held(
    tx: &mut Tx<'_>,
    account: &AccountId,
    scope: &Scope,
    role: Role,
) -> Result<Option<(Role, Option<Timestamp>)>, StoreError> {
    let kind = scope.kind();
    let now = tx.roughly_now();
    let found: Option<(String, Option<Timestamp>)> = sql!(
        "SELECT role, expires_at FROM role_grant
         WHERE scope_kind = :scope_kind AND scope_id = :scope AND account_id = :account
           AND (role = :role OR is_rank = 1 AND :is_rank = 1)
           AND (expires_at IS NULL OR expires_at > :now)",
        scope_kind = kind.name,
        scope = scope.id(),
        account,
        role,
        is_rank = kind.is_rank(role),
        now
    )
    .maybe(tx)?;
    found
        .map(|(word, until)| {
            let is_same = word == role.word();
            let found = if is_same { role } else { read(kind, &word)? };
            Ok((found, until))
        })
        .transpose()
}

fn read(kind: &ScopeKind, word: &str) -> Result<Role, StoreError> {
    kind.role(word).ok_or_else(|| StoreError::Column {
        column: format!("role_grant.role of the scope {}", kind.name),
        wanted: "a role of it",
    })
}

/// Locks a scope's owners, so that concurrent changes that could remove the last owner run one
/// after another.
pub(crate) fn lock_owners(tx: &mut Tx<'_>, scope: &Scope) -> Result<(), StoreError> {
    let _: Vec<(AccountId,)> = sql!(
        "SELECT account_id FROM role_grant
         WHERE scope_kind = :scope_kind AND scope_id = :scope AND role = :role
           AND is_rank = 1 FOR NO KEY UPDATE",
        scope_kind = scope.kind().name,
        scope = scope.id(),
        role = scope.kind().top
    )
    .all(tx)?;
    Ok(())
}

/// Checks that the scope still has an active owner after a member has lost the rank `before`. For
/// the installation, that owner must also have a credential.
pub(crate) fn keep_an_owner(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: Role,
) -> Result<(), GrantError> {
    if before != scope.kind().top {
        return Ok(());
    }
    let (owners,): (i64,) = sql!(
        "SELECT COUNT(*) FROM role_grant g
         JOIN account a ON a.id = g.account_id AND a.state = 'active'
         WHERE g.scope_kind = :scope_kind AND g.scope_id = :scope AND g.role = :role
           AND g.is_rank = 1 AND g.expires_at IS NULL
           AND (g.scope_kind <> 'site'
                OR EXISTS (SELECT 1 FROM password p WHERE p.account_id = a.id)
                OR EXISTS (SELECT 1 FROM passkey k WHERE k.account_id = a.id)
                OR EXISTS (SELECT 1 FROM linked_identity i WHERE i.account_id = a.id))",
        scope_kind = scope.kind().name,
        scope = scope.id(),
        role = scope.kind().top
    )
    .one(tx)?;
    if owners == 0 {
        return Err(GrantError::LastOwner);
    }
    Ok(())
}

/// The scopes of one kind in which the account is the only owner. Locks the owners of these scopes.
pub fn owned_alone(
    tx: &mut Tx<'_>,
    account: &AccountId,
    kind: &'static ScopeKind,
) -> Result<Vec<String>, StoreError> {
    let _: Vec<(AccountId,)> = sql!(
        "SELECT account_id FROM role_grant
         WHERE scope_kind = :kind AND role = :top AND is_rank = 1 AND scope_id IN (
             SELECT scope_id FROM role_grant
             WHERE account_id = :account AND scope_kind = :kind AND role = :top)
         ORDER BY scope_id, account_id FOR NO KEY UPDATE",
        kind = kind.name,
        top = kind.top,
        account
    )
    .all(tx)?;
    let alone: Vec<(String,)> = sql!(
        "SELECT g.scope_id FROM role_grant g
         WHERE g.account_id = :account AND g.scope_kind = :kind AND g.role = :top
           AND NOT EXISTS (
               SELECT 1 FROM role_grant other
               JOIN account a ON a.id = other.account_id AND a.state = 'active'
               WHERE other.scope_kind = g.scope_kind AND other.scope_id = g.scope_id
                 AND other.role = g.role AND other.is_rank = 1 AND other.expires_at IS NULL
                 AND other.account_id <> :account)
         ORDER BY g.scope_id",
        kind = kind.name,
        top = kind.top,
        account
    )
    .all(tx)?;
    Ok(alone.into_iter().map(|(id,)| id).collect())
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
        entity: Entity::new("grant", account.to_string()),
        scope: scope.audited(),
        changes: json!([{
            "field": "role",
            "old": before.map(Role::word),
            "new": after.map(Role::word),
        }]),
        request,
    })
}
