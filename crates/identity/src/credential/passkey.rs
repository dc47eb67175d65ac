//! Passkeys. A passkey is a key pair, and its private key never leaves the owner's device. The
//! device asks its owner for a fingerprint, a face or a PIN, so a passkey counts as two factors.

use jiff::Timestamp;
use platform::audit::{Entity, RequestFacts};
use platform::store::Row;
use platform::{Rows, Secret, StoreError, Tx, sql, text_cleaning};
use web::Site;

use crate::account::{self, Account, AccountId, unconfirmed};
use crate::client::Client;
use crate::credential::web_authn::{Answered, Invalid, NewKey};
use crate::credential::{self, planned_reset};
use crate::one_time::{self, Purpose};
use crate::security_mail::{self, Change};
use crate::session::sudo::Sudo;
use crate::session::{self, Stay};

platform::id!(PasskeyId, "One passkey.");

/// The maximum number of passkeys of an account.
pub const LIMIT: i64 = 20;

/// A passkey as the owner's page lists it.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Passkey {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Timestamp,
    /// When the passkey was last used to sign in.
    pub last_used_at: Option<Timestamp>,
}

#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("the passkey was not accepted: {0}")]
    Invalid(#[from] Invalid),
    /// The name does not have 1 to 50 characters.
    #[error("the name is too short or too long")]
    Name,
    /// The passkey is already registered.
    #[error("the passkey is known")]
    Known,
    #[error("the account has {LIMIT} passkeys")]
    Limit,
    #[error("it is the last way to sign in")]
    Last,
    /// The account's email address is not confirmed. The owner of that address may still take over
    /// the account.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// The passkey does not exist, or the session has ended in the meantime.
    #[error("there is no such passkey")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The account's passkeys, oldest first.
pub fn list(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Passkey>, StoreError> {
    sql!(
        "SELECT {Passkey} FROM passkey WHERE account_id = :account ORDER BY created_at, id",
        account
    )
    .all(tx)
}

/// The credential ids of the account's passkeys. The browser gets them so that no device creates a
/// second passkey for the same account.
pub fn credentials(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<String>, StoreError> {
    let found: Vec<(String,)> = sql!(
        "SELECT credential FROM passkey WHERE account_id = :account ORDER BY id",
        account
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(credential,)| credential).collect())
}

pub fn add(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    name: &str,
    key: &NewKey,
    answered: &Answered,
    request: &RequestFacts,
) -> Result<Passkey, PasskeyError> {
    let account = &sudo.who().account().id;
    let name = text_cleaning::clean_line(name);
    if !(1..=50).contains(&text_cleaning::length(&name)) {
        return Err(PasskeyError::Name);
    }
    if !sudo.lock(tx)? {
        return Err(PasskeyError::NotFound);
    }
    if unconfirmed::is_pending(tx, account)? {
        return Err(PasskeyError::EmailUnverified);
    }
    use_up(tx, answered)?;
    planned_reset::forget(tx, account)?;
    let known = list(tx, account)?.len();
    if i64::try_from(known).unwrap_or(i64::MAX) >= LIMIT {
        return Err(PasskeyError::Limit);
    }
    let passkey = Passkey {
        id: tx.id(),
        name,
        created_at: tx.now(),
        last_used_at: None,
    };
    let count = sql!(
        "INSERT INTO passkey (id, account_id, credential, public_key, algorithm, sign_count, name,
                              created_at)
         VALUES (:id, :account, :credential, :public_key, :algorithm, :sign_count, :name, :now)
         ON CONFLICT (credential) DO NOTHING",
        id = passkey.id,
        account,
        credential = key.credential,
        public_key = key.public_key,
        algorithm = key.algorithm,
        sign_count = key.sign_count,
        name = passkey.name,
        now = passkey.created_at
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 0 {
        return Err(PasskeyError::Known);
    }
    record(tx, account, "passkey.added", &passkey.id, request)?;
    let (owner, change) = (sudo.who().account(), Change::PasskeyAdded);
    security_mail::credential_changed(tx, site, owner, change, &passkey.name, request)?;
    Ok(passkey)
}

/// Removes a passkey. All other sessions of the account end. Returns the current session's new
/// secret.
pub fn remove(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    id: &PasskeyId,
    request: &RequestFacts,
) -> Result<(Secret, Stay), PasskeyError> {
    let (account, current) = (&sudo.who().account().id, sudo.session());
    if !account::lock(tx, account)? {
        return Err(PasskeyError::NotFound);
    }
    let own = list(tx, account)?.into_iter().find(|own| own.id == *id);
    let own = own.ok_or(PasskeyError::NotFound)?;
    sql!(
        "DELETE FROM passkey WHERE id = :id AND account_id = :account",
        id,
        account
    )
    .run(tx, Rows::Exactly(1))?;
    if !credential::has_any(tx, account)? {
        return Err(PasskeyError::Last);
    }
    record(tx, account, "passkey.removed", id, request)?;
    let (owner, change) = (sudo.who().account(), Change::PasskeyRemoved);
    security_mail::credential_changed(tx, site, owner, change, &own.name, request)?;
    session::end_others(tx, account, current, request)?;
    session::renew(tx, current)?.ok_or(PasskeyError::NotFound)
}

pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!("DELETE FROM passkey WHERE account_id = :account", account).run(tx, Rows::Any)?;
    Ok(())
}

/// A stored passkey whose id a browser's response contains. The response's signature is not
/// verified yet.
#[derive(Clone, Debug, Row)]
pub(crate) struct Claimed {
    id: PasskeyId,
    pub(crate) account_id: AccountId,
    pub(crate) algorithm: i64,
    pub(crate) public_key: Vec<u8>,
}

pub(crate) fn find(tx: &mut Tx<'_>, credential: &str) -> Result<Option<Claimed>, StoreError> {
    sql!(
        "SELECT {Claimed} FROM passkey WHERE credential = :credential",
        credential
    )
    .maybe(tx)
}

/// The signature counter and the challenge. Both come from a browser's response whose signature is
/// valid.
pub(crate) type Signed = (i64, Answered);

/// The result of [`count`].
pub(crate) enum Counted {
    /// The signature is accepted. Another response to the same challenge is refused.
    Once,
    /// The counter did not increase. This suggests that the passkey was copied. The account's owner
    /// is notified by mail.
    Copy,
    /// The passkey was removed in the meantime.
    Gone,
}

/// Records a valid signature and its counter. The caller holds the account's lock.
pub(crate) fn count(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    key: &Claimed,
    (sign_count, answered): &Signed,
    client: &Client,
) -> Result<Counted, PasskeyError> {
    use_up(tx, answered)?;
    let (now, sign_count) = (tx.now(), *sign_count);
    let count = sql!(
        "UPDATE passkey SET sign_count = :sign_count, last_used_at = :now
         WHERE id = :id AND (sign_count < :sign_count OR sign_count = 0)",
        sign_count,
        now,
        id = key.id
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 1 {
        return Ok(Counted::Once);
    }
    if list(tx, &account.id)?.iter().any(|own| own.id == key.id) {
        record(tx, &account.id, "passkey.copied", &key.id, &client.request)?;
        security_mail::passkey_copied(tx, site, account, client)?;
        return Ok(Counted::Copy);
    }
    Ok(Counted::Gone)
}

/// Fails if it was used before.
fn use_up(tx: &mut Tx<'_>, answered: &Answered) -> Result<(), PasskeyError> {
    if one_time::use_up(tx, Purpose::Passkey, &answered.challenge, answered.until)? {
        Ok(())
    } else {
        Err(Invalid::USED.into())
    }
}

fn record(
    tx: &mut Tx<'_>,
    account: &AccountId,
    action: &'static str,
    id: &PasskeyId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(
        tx,
        account,
        action,
        Entity::new("passkey", id.to_string()),
        request,
    )
}
