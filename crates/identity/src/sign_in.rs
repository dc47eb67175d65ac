//! Sign-in with email address and password, or with a sign-in link.
//!
//! Every attempt with a password computes exactly one hash, whether or not an active account has
//! the email address, and all failures get the same response. A client that has used up its
//! attempts is refused before a hash is computed.

pub mod attempts;
pub mod begin_session;
pub mod own_password;
pub mod restore;
pub mod second_step;
pub mod sudo_proof;
pub mod welcome;
pub mod with_passkey;

pub use welcome::Welcome;

use jiff::SignedDuration;
use platform::audit::{Actor, Entity, Entry};
use platform::limits::Wait;
use platform::mail::Address;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Network;

use crate::account::{self, Account, AccountId};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::hashing::{self, Busy};
use crate::credential::password::{self, Password, PasswordHash};
use crate::one_time::{self, Purpose};
use crate::session::device;
use crate::session::{Method, Stay};
use crate::sign_in::attempts::{Reserved, Source};
use crate::sign_in::second_step::FirstStep;

/// How long a sign-in link is valid.
pub const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Email address and password do not match, or the account cannot sign in.
    #[error("the address or the password is wrong")]
    Wrong,
    /// The link was used or has expired.
    #[error("the link is no longer valid")]
    LinkGone,
    /// There were too many failed attempts.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Debug)]
pub struct Attempt {
    /// The email address as typed.
    pub email: String,
    /// The password as typed.
    pub password: Secret,
    pub stay: Stay,
    pub network: Network,
    pub client: Client,
    /// The path to which the browser is redirected after the sign-in.
    pub to: String,
}

pub async fn with_password(accounts: &Accounts, attempt: Attempt) -> Result<Welcome, SignInError> {
    let store = &accounts.site.store;
    let known = find(accounts, &attempt).await?;
    let device = known.as_ref().and_then(|known| known.device.clone());
    let source = device.map_or(Source::Network(attempt.network), Source::Device);
    let counted = attempts::Attempt::new(&attempt.email, source);
    // Concurrent attempts wait until `reserved` is dropped, which happens after the outcome of this
    // attempt has been stored.
    let reserved = counted.reserve::<SignInError>(accounts).await?;
    let hash = known.as_ref().and_then(|known| known.hash.as_ref());
    let is_right = match accounts.hasher.verify(&attempt.password, hash).await {
        Ok(is_right) => is_right,
        Err(busy) => {
            reserved.give_back_to(store).await?;
            return Err(busy.into());
        }
    };
    if let Some(known) = known.as_ref().filter(|known| is_right && known.is_leaving) {
        return offer(accounts, known, reserved.clone()).await;
    }
    if let Some(known) = known.as_ref().filter(|_| is_right)
        && let Some(welcome) = begin(accounts, known, &attempt, reserved.clone()).await?
    {
        strengthen(accounts, known, &attempt.password).await;
        return Ok(welcome);
    }
    record_failure(accounts, known.map(|known| known.account.id), &attempt).await?;
    Err(SignInError::Wrong)
}

struct Known {
    account: Account,
    hash: Option<PasswordHash>,
    is_leaving: bool,
    /// The secret of the browser, if the account has been used in this browser before.
    device: Option<Secret>,
}

async fn find(accounts: &Accounts, attempt: &Attempt) -> Result<Option<Known>, StoreError> {
    let Ok(email) = attempt.email.parse::<Address>() else {
        return Ok(None);
    };
    let device = attempt.client.device.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let active = account::find_by_email(tx, &email)?;
        let is_leaving = active.is_none();
        let account = match active {
            Some(account) => Some(account),
            None => account::find_leaving(tx, &email)?,
        };
        let Some(account) = account else {
            return Ok(None);
        };
        let is_known = match &device {
            Some(secret) => device::is_known(tx, &account.id, secret)?,
            None => false,
        };
        Ok(Some(Known {
            hash: password::find(tx, &account.id)?,
            account,
            is_leaving,
            device: device.clone().filter(|_| is_known),
        }))
    };
    accounts.site.store.read(look).await
}

/// If the account still has the password that was checked. The attempt no longer counts as failed.
async fn begin(
    accounts: &Accounts,
    known: &Known,
    attempt: &Attempt,
    reserved: Reserved,
) -> Result<Option<Welcome>, SignInError> {
    let site = accounts.site.clone();
    let (account, hash) = (known.account.clone(), known.hash.clone());
    let (stay, client) = (attempt.stay, attempt.client.clone());
    let to = attempt.to.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        // Password changes take the same lock, so the password cannot change in the meantime.
        if !account::lock(tx, &account.id)? || password::find(tx, &account.id)? != hash {
            return Ok(None);
        }
        reserved.give_back(tx)?;
        let first = FirstStep {
            method: Method::Password,
            stay,
            to: to.clone(),
        };
        welcome::welcome(tx, &site, &account, &first, &client)
    };
    Ok(accounts.site.store.write(change).await?)
}

/// The person has entered the account's password, so the attempt no longer counts as failed.
async fn offer(
    accounts: &Accounts,
    known: &Known,
    reserved: Reserved,
) -> Result<Welcome, SignInError> {
    let (id, hash) = (known.account.id.clone(), known.hash.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let offered = restore::offer(tx, &id)?;
        if offered.is_none() || password::find(tx, &id)? != hash {
            return Ok(None);
        }
        reserved.give_back(tx)?;
        Ok(offered)
    };
    let offered = accounts.site.store.write(change).await?;
    offered.map(Welcome::Leaving).ok_or(SignInError::Wrong)
}

/// Errors do not affect the sign-in. If the password was changed in the meantime, nothing is
/// stored.
async fn strengthen(accounts: &Accounts, known: &Known, typed: &Secret) {
    let Some(old) = known.hash.clone().filter(hashing::is_outdated) else {
        return;
    };
    let Ok(new) = accounts.hasher.hash(&Password::proven(typed)).await else {
        return;
    };
    let id = known.account.id.clone();
    let change = move |tx: &mut Tx<'_>| password::replace(tx, &id, &old, &new);
    if let Err(error) = accounts.site.store.write(change).await {
        tracing::warn!(%error, "cannot store a stronger hash of a password; the old one stays valid, and the next sign-in tries again; if this goes on, check the store's disk or database server");
    }
}

async fn record_failure(
    accounts: &Accounts,
    account: Option<AccountId>,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let request = attempt.client.request.clone();
    let change = move |tx: &mut Tx<'_>| {
        tx.record(Entry {
            actor: Actor::System,
            action: "sign_in.failed",
            entity: Entity::new(
                "account",
                account
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            scope: None,
            changes: json!([]),
            request: Some(request.clone()),
        })
    };
    accounts.site.store.write(change).await
}

#[derive(Debug, Serialize, Deserialize)]
struct Onward {
    to: String,
}

/// Creates a link that signs a person in once, within a day. An earlier link of the account stops
/// working. The link's path is `/sign-in/` followed by the returned secret.
pub fn create_link(tx: &mut Tx<'_>, account: &AccountId) -> Result<Secret, StoreError> {
    create_link_to(tx, account, "/me")
}

/// Like [`create_link`], but the link redirects to the path `to`.
pub(crate) fn create_link_to(
    tx: &mut Tx<'_>,
    account: &AccountId,
    to: &str,
) -> Result<Secret, StoreError> {
    let onward = Onward { to: to.to_owned() };
    one_time::remove_of(tx, Purpose::SignIn, account)?;
    one_time::create(tx, Purpose::SignIn, Some(account), &onward, LINK_LIFETIME)
}

/// Whether a sign-in link is valid. This check does not use the link up.
pub fn is_link(tx: &mut Tx<'_>, secret: &Secret) -> Result<bool, StoreError> {
    Ok(one_time::find::<Onward>(tx, Purpose::SignIn, secret)?.is_some())
}

pub async fn with_link(
    accounts: &Accounts,
    secret: Secret,
    client: Client,
) -> Result<Welcome, SignInError> {
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, SignInError> {
        let link = one_time::take::<Onward>(tx, Purpose::SignIn, &secret)?;
        let link = link.ok_or(SignInError::LinkGone)?;
        let id = link.account.ok_or(SignInError::LinkGone)?;
        let Some(account) = account::find(tx, &id)? else {
            let offered = restore::offer(tx, &id)?.ok_or(SignInError::LinkGone)?;
            return Ok(Welcome::Leaving(offered));
        };
        let first = FirstStep {
            method: Method::Link,
            stay: Stay::Visit,
            to: link.data.to,
        };
        welcome::welcome(tx, &site, &account, &first, &client)?.ok_or(SignInError::LinkGone)
    };
    accounts.site.store.write(change).await
}
