//! Erasure of an account, and of each domain's data about the person.
//!
//! A person who requests erasure is signed out everywhere at once, and no longer appears on public
//! pages. Within [`DELAY`], they can cancel the erasure by signing in. After that, a job erases the
//! account in one transaction. Content that they created together with others is kept, without
//! their name.

use jiff::SignedDuration;
use platform::audit::{self, Actor, Entity, Entry, RequestFacts};
use platform::erasure;
use platform::jobs::{Done, Handler};
use platform::{Rows, Store, StoreError, Tx, idempotency, sql};
use serde_json::json;

use crate::account::unconfirmed::{self, is_registrants};
use crate::account::{self, AccountId, State};
use crate::credential::{linked_identity, passkey, second_factor};
use crate::grant::administrator::{self, Acting, PeopleError};
use crate::grant::{self, ACCOUNT, GrantError, owners_lock};
use crate::notification;
use crate::one_time::{self, Purpose};
use crate::person::group_link;
use crate::scope::domain::{DomainAccounts, Domains};
use crate::session;
use crate::session::sudo::Sudo;

/// How long the person can cancel the erasure.
pub const DELAY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long the slug of an erased account stays reserved.
pub const SLUG_HELD: SignedDuration = SignedDuration::from_hours(90 * 24);
const ERASED: &str = "account";
const AT_ONCE: u32 = 20;
const RETRY: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The account no longer exists or is inactive.
    #[error("not signed in")]
    NotSignedIn,
    /// The person must first settle these obligations, each given as a keyword.
    #[error("{} things have to be settled first", .0.len())]
    Obliged(Vec<String>),
    /// An error that every operation of an administrator can return.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::People(error.into())
    }
}

impl From<GrantError> for EraseError {
    fn from(error: GrantError) -> Self {
        Self::People(error.into())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The account will be erased after [`DELAY`].
    Later,
    /// The account is erased at once, in the same transaction.
    Now,
}

/// Requests the erasure of the person's own account.
pub fn ask(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    sudo: &Sudo,
    when: When,
    request: &RequestFacts,
) -> Result<(), EraseError> {
    let who = sudo.who();
    let id = &who.account().id;
    let held = owners_lock::hold(tx, id)?.filter(|held| held.state == State::Active);
    let held = held.ok_or(EraseError::NotSignedIn)?;
    if !sudo.lock(tx)? {
        return Err(EraseError::NotSignedIn);
    }
    tx.record(Entry {
        actor: who.actor(),
        action: "account.erasure_asked",
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(request.clone()),
    })?;
    begin(tx, domains, &held, id, when)
}

/// Erases a person's account on behalf of an administrator, either at once or later.
pub fn order(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    by: &Acting,
    id: &AccountId,
    when: When,
) -> Result<(), EraseError> {
    let held = administrator::hold_for(tx, by, id)?;
    by.record(tx, "account.erasure_ordered", id)?;
    begin(tx, domains, &held, id, when)
}

fn begin(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    held: &owners_lock::Held,
    id: &AccountId,
    when: When,
) -> Result<(), EraseError> {
    refuse_obliged(tx, domains, id)?;
    if held.state != State::Leaving {
        account::set_state(tx, id, State::Leaving)?;
        sql!(
            "INSERT INTO account_erasure (account_id, due_at, was_deactivated)
             VALUES (:id, :due_at, :was_deactivated)",
            due_at = tx.now() + DELAY,
            was_deactivated = held.state == State::Deactivated,
            id
        )
        .run(tx, Rows::Exactly(1))?;
    }
    held.keep_an_owner(tx)?;
    for domain in domains {
        (domain.leave)(tx, id)?;
    }
    session::end_access(tx, id)?;
    one_time::remove_of(tx, Purpose::Invite, id)?;
    match when {
        When::Later => Ok(()),
        When::Now => Ok(purge(tx, domains, id)?),
    }
}

fn refuse_obliged(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
) -> Result<(), EraseError> {
    let mut all = Vec::new();
    for domain in domains {
        all.extend((domain.obligations)(tx, id)?);
    }
    if all.is_empty() {
        Ok(())
    } else {
        Err(EraseError::Obliged(all))
    }
}

/// The job that erases accounts when their erasure is due.
pub fn job(domains: Domains, store: Store) -> Handler {
    Handler::each_minute("accounts.erase", move |_| {
        let store = store.clone();
        async move {
            run(domains, &store).await?;
            Ok(Done::nothing())
        }
    })
}

/// Runs [`job`] once.
pub async fn run(domains: Domains, store: &Store) -> Result<(), StoreError> {
    let (mut is_erased, due) = store
        .write(|tx| {
            let now = tx.now();
            let slugs =
                sql!("DELETE FROM account_slug WHERE until <= :now", now).run(tx, Rows::Any)?;
            let due: Vec<(AccountId,)> = sql!(
                "SELECT account_id FROM account_erasure WHERE due_at <= :now
                 ORDER BY due_at, account_id LIMIT :most",
                now,
                most = AT_ONCE
            )
            .all(tx)?;
            Ok::<_, StoreError>((slugs > 0, due))
        })
        .await?;
    for (id,) in due {
        let erased = id.clone();
        let change = move |tx: &mut Tx<'_>| purge_due(tx, domains, &erased);
        match store.write(change).await {
            Ok(()) => is_erased = true,
            // Either the person has got new obligations because others have left, or this is a bug.
            // In both cases, the erasure of the other accounts continues.
            Err(error) => {
                tracing::warn!(account = %id, %error, "cannot erase an account yet; it is tried again; if this goes on, ask the person to settle what is open, such as unpaid orders, or do what the error says");
                store.write(move |tx| postpone(tx, &id)).await?;
            }
        }
    }
    if is_erased {
        // A checkpoint also removes the erased data from SQLite's write-ahead log.
        store.checkpoint().await?;
    }
    Ok(())
}

fn purge_due(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
) -> Result<(), EraseError> {
    let held = owners_lock::hold(tx, id)?;
    let now = tx.now();
    let due: Option<(AccountId,)> = sql!(
        "SELECT account_id FROM account_erasure WHERE account_id = :id AND due_at <= :now",
        id,
        now
    )
    .maybe(tx)?;
    if due.is_none() || held.is_none_or(|held| held.state != State::Leaving) {
        return Ok(());
    }
    refuse_obliged(tx, domains, id)?;
    Ok(purge(tx, domains, id)?)
}

/// Runs after a backup was restored. Erases again the accounts that had been erased after the
/// backup was made.
pub async fn repeat(domains: Domains, store: &Store) -> Result<(), StoreError> {
    for id in store.read_at_length(lost).await? {
        let erased = id.clone();
        let change = move |tx: &mut Tx<'_>| {
            // Another process that starts may have erased it by now.
            match owners_lock::hold(tx, &erased)? {
                Some(held) => begin(tx, domains, &held, &erased, When::Now),
                None => Ok(()),
            }
        };
        if let Err(error) = store.write(change).await {
            // In the restored data, the person has obligations, so the account cannot be erased.
            // The account is hidden until the person has settled them.
            tracing::error!(
                account = %id, %error,
                "a restored backup brought back an erased account, which cannot be erased yet; it \
                 is hidden, and is erased when what is open there, such as orders, is settled"
            );
            store.write(move |tx| hide(tx, &id)).await?;
        }
    }
    store.write(|tx| erasure::repeated(tx, ERASED)).await
}

fn lost(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    let subjects = erasure::to_repeat(tx, ERASED)?;
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<(AccountId,)> = tx.all(sql!("SELECT id FROM account ORDER BY id"), &[])?;
    let ids = all.into_iter().map(|(id,)| id);
    Ok(ids
        .filter(|id| subjects.contains(&erasure::subject(ERASED, id.as_str())))
        .collect())
}

/// Makes its erasure due at once.
fn hide(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    let now = tx.now();
    account::set_state(tx, id, State::Leaving)?;
    sql!(
        "INSERT INTO account_erasure (account_id, due_at, was_deactivated)
         VALUES (:id, :now, 0) ON CONFLICT (account_id) DO NOTHING",
        id,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    session::end_access(tx, id)?;
    Ok(())
}

/// So that other accounts come first.
fn postpone(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE account_erasure SET due_at = :later WHERE account_id = :id AND due_at < :later",
        later = tx.now() + RETRY,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Returns the account that takes over `scope` when `account` is erased, and locks it. This is the
/// active owner who has been an owner for the longest time, or an inactive owner if no other owner
/// is active.
pub fn next_owner(
    tx: &mut Tx<'_>,
    scope: &grant::Scope,
    account: &AccountId,
) -> Result<Option<AccountId>, StoreError> {
    let others: Vec<(AccountId,)> = sql!(
        "SELECT g.account_id FROM role_grant g JOIN account a ON a.id = g.account_id
         WHERE g.scope_kind = :scope_kind AND g.scope_id = :scope AND g.role = :top
           AND g.is_rank = 1 AND g.account_id <> :account
           AND (g.expires_at IS NULL OR g.expires_at > :now)
         ORDER BY CASE a.state WHEN 'active' THEN 0 ELSE 1 END, g.granted_at, g.account_id",
        scope_kind = scope.kind().name,
        scope = scope.id(),
        top = scope.kind().top,
        account,
        now = tx.now()
    )
    .all(tx)?;
    for (other,) in others {
        // The lock fails if a concurrent transaction has erased the account.
        if account::lock_in_any_state(tx, &other)? {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Erases the account. The caller holds the account's lock.
pub(crate) fn purge(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
) -> Result<(), StoreError> {
    let tombstone = platform::id::generate_random(tx.random());
    for domain in domains {
        (domain.erase)(tx, id)?;
    }
    // This crate's own rows are deleted last, because the domains' rows refer to them.
    session::end_access(tx, id)?;
    passkey::erase(tx, id)?;
    linked_identity::erase(tx, id)?;
    second_factor::erase(tx, id)?;
    unconfirmed::end(tx, id)?;
    sql!("DELETE FROM one_time_token WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM mail WHERE lower(recipient) IN (
             SELECT canonical FROM email WHERE account_id = :id
             UNION SELECT lower(address) FROM email WHERE account_id = :id)",
        id
    )
    .run(tx, Rows::Any)?;
    group_link::erase(tx, id)?;
    sql!("DELETE FROM slug_change WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!(
        "UPDATE account_slug SET account_id = NULL, until = :until WHERE account_id = :id",
        until = tx.now() + SLUG_HELD,
        id
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE role_grant SET granted_by = NULL WHERE granted_by = :id",
        id
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM role_grant WHERE account_id = :id", id).run(tx, Rows::Any)?;
    grant::remove_scope(tx, &ACCOUNT.scope(id))?;
    sql!("DELETE FROM refresh_token WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM device WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM password WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM account_export WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM account_erasure WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM factor_reset WHERE account_id = :id OR asked_by = :id",
        id
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM newsletter_subscription WHERE account_id = :id",
        id
    )
    .run(tx, Rows::Any)?;
    notification::erase(tx, id)?;
    sql!("DELETE FROM email WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM account WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    idempotency::forget(tx, id.as_str())?;
    erasure::note(tx, ERASED, id.as_str())?;
    audit::forgetting::account(tx, id.as_str(), &tombstone)?;
    tx.record(Entry {
        actor: Actor::System,
        action: "account.erased",
        entity: Entity::new("account", tombstone),
        scope: None,
        changes: json!([]),
        request: None,
    })
}

/// Erases everything that was created with the account before its email address was confirmed. The
/// registrant created this content, but the account now belongs to the owner of the address. The
/// caller holds the account's lock.
pub(crate) fn erase_made(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
) -> Result<(), StoreError> {
    if !is_registrants(tx, id)? {
        return Ok(());
    }
    for domain in domains {
        (domain.erase)(tx, id)?;
    }
    grant::remove_scope(tx, &ACCOUNT.scope(id))
}
