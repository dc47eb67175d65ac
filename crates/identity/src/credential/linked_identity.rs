//! Linked identities: people's accounts at identity providers. An identity is identified by issuer
//! and subject, never by the email address that the provider reports.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, RequestFacts};
use platform::store::Row;
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use web::Site;

use crate::account::{self, Account, AccountId, unconfirmed};
use crate::credential;
use crate::one_time::{self, Purpose};
use crate::security_mail::{self, Change};
use crate::session::sudo::Sudo;
use crate::session::{self, Stay};

platform::id!(IdentityId, "One linked identity.");

pub const LINK_LIFETIME: SignedDuration = SignedDuration::from_mins(30);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub issuer: String,
    /// The provider's identifier for the person.
    pub subject: String,
}

/// A linked identity as listed for its owner.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Linked {
    pub id: IdentityId,
    pub issuer: String,
    pub subject: String,
    pub linked_at: Timestamp,
    /// When the identity was last used to sign in.
    pub last_used_at: Option<Timestamp>,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the identity is another account's")]
    InUse,
    #[error("the account has another identity of the provider")]
    OneOfProvider,
    #[error("it is the last way to sign in")]
    Last,
    /// The account's email address is not confirmed. The owner of that address may still take over
    /// the account.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// The identity does not exist, or the session has ended in the meantime.
    #[error("there is no such identity")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The account's identities, oldest first.
pub fn list(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Linked>, StoreError> {
    sql!(
        "SELECT {Linked} FROM linked_identity WHERE account_id = :account ORDER BY linked_at, id",
        account
    )
    .all(tx)
}

pub(crate) fn owner(tx: &mut Tx<'_>, identity: &Identity) -> Result<Option<AccountId>, StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "SELECT account_id FROM linked_identity WHERE issuer = :issuer AND subject = :subject",
        issuer = identity.issuer,
        subject = identity.subject
    )
    .maybe(tx)?;
    Ok(found.map(|(account,)| account))
}

/// Records that an identity was used to sign in.
pub(crate) fn touch(tx: &mut Tx<'_>, identity: &Identity) -> Result<(), StoreError> {
    sql!(
        "UPDATE linked_identity SET last_used_at = :now
         WHERE issuer = :issuer AND subject = :subject",
        now = tx.now(),
        issuer = identity.issuer,
        subject = identity.subject
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Links an identity to an account. The account must be newly created or locked. Does nothing if
/// the account already has this identity.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    account: &AccountId,
    identity: &Identity,
    request: &RequestFacts,
) -> Result<(), IdentityError> {
    let id: IdentityId = tx.id();
    let count = sql!(
        "INSERT INTO linked_identity (id, account_id, issuer, subject, linked_at)
         VALUES (:id, :account, :issuer, :subject, :now) ON CONFLICT DO NOTHING",
        id,
        account,
        issuer = identity.issuer,
        subject = identity.subject,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 1 {
        return Ok(record(tx, account, "identity.linked", &id, request)?);
    }
    match owner(tx, identity)? {
        Some(owner) if owner == *account => Ok(()),
        Some(_) => Err(IdentityError::InUse),
        None => Err(IdentityError::OneOfProvider),
    }
}

/// Links an identity to the account of a person in sudo mode.
pub(crate) fn link(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    identity: &Identity,
    request: &RequestFacts,
) -> Result<(), IdentityError> {
    let account = &sudo.who().account().id;
    if !sudo.lock(tx)? {
        return Err(IdentityError::NotFound);
    }
    if unconfirmed::is_pending(tx, account)? {
        return Err(IdentityError::EmailUnverified);
    }
    add(tx, account, identity, request)?;
    let (owner, change) = (sudo.who().account(), Change::IdentityLinked);
    security_mail::credential_changed(tx, site, owner, change, &identity.issuer, request)?;
    Ok(())
}

/// Stores an identity. It is linked as soon as the account's owner signs in. The returned secret is
/// sent to the browser.
pub(crate) fn await_sign_in(
    tx: &mut Tx<'_>,
    account: &AccountId,
    identity: &Identity,
) -> Result<Secret, StoreError> {
    one_time::create(
        tx,
        Purpose::LinkIdentity,
        Some(account),
        identity,
        LINK_LIFETIME,
    )
}

/// Links the account to the identity that [`await_sign_in`] has stored for this browser, if there
/// is one. The caller holds the account's lock.
pub(crate) fn link_awaited(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    secret: &Secret,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    let waiting = one_time::find::<Identity>(tx, Purpose::LinkIdentity, secret)?;
    if waiting.is_none_or(|waiting| waiting.account.as_ref() != Some(&account.id)) {
        return Ok(());
    }
    let Some(waiting) = one_time::take::<Identity>(tx, Purpose::LinkIdentity, secret)? else {
        return Ok(());
    };
    match add(tx, &account.id, &waiting.data, request) {
        Ok(()) => {
            let (change, issuer) = (Change::IdentityLinked, &waiting.data.issuer);
            security_mail::credential_changed(tx, site, account, change, issuer, request)
        }
        Err(IdentityError::Store(error)) => Err(error),
        // The sign-in succeeds even if the identity can no longer be linked.
        _ => Ok(()),
    }
}

/// Unlinks an identity. All other sessions of the account end. Returns the current session's new
/// secret.
pub fn unlink(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    id: &IdentityId,
    request: &RequestFacts,
) -> Result<(Secret, Stay), IdentityError> {
    let (account, current) = (&sudo.who().account().id, sudo.session());
    if !account::lock(tx, account)? {
        return Err(IdentityError::NotFound);
    }
    let own: Option<(String,)> = sql!(
        "SELECT issuer FROM linked_identity WHERE id = :id AND account_id = :account",
        id,
        account
    )
    .maybe(tx)?;
    let (issuer,) = own.ok_or(IdentityError::NotFound)?;
    sql!(
        "DELETE FROM linked_identity WHERE id = :id AND account_id = :account",
        id,
        account
    )
    .run(tx, Rows::Exactly(1))?;
    if !credential::has_any(tx, account)? {
        return Err(IdentityError::Last);
    }
    one_time::remove_of(tx, Purpose::SecondStep, account)?;
    record(tx, account, "identity.removed", id, request)?;
    let (owner, change) = (sudo.who().account(), Change::IdentityRemoved);
    security_mail::credential_changed(tx, site, owner, change, &issuer, request)?;
    session::end_others(tx, account, current, request)?;
    session::renew(tx, current)?.ok_or(IdentityError::NotFound)
}

pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM linked_identity WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    one_time::remove_of(tx, Purpose::LinkIdentity, account)
}

fn record(
    tx: &mut Tx<'_>,
    account: &AccountId,
    action: &'static str,
    id: &IdentityId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(
        tx,
        account,
        action,
        Entity::new("identity", id.to_string()),
        request,
    )
}
