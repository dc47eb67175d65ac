//! The second step of the sign-in, in which the person proves a second factor. Between the two
//! steps, the browser has a token that is not a session.

use jiff::SignedDuration;
use platform::limits::Wait;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use web::{Network, Site};

use super::begin_session::{Arrived, let_in};
use crate::account::{self, Account, AccountId};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::second_factor::{self, Method};
use crate::one_time::{self, Purpose};
use crate::session::{self, Begun, Stay};
use crate::sign_in::attempts::{Attempt, Reserved};

/// How long the token for the second step is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How many wrong codes may be entered with one token.
pub const ATTEMPTS: i64 = 5;

/// The result of the first step of the sign-in.
#[derive(Clone, Debug)]
pub(crate) struct FirstStep {
    pub(crate) method: session::Method,
    pub(crate) stay: Stay,
    /// The path to which the browser is redirected after the sign-in.
    pub(crate) to: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    method: session::Method,
    remember: bool,
    to: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SecondStepError {
    /// The code is wrong or was already used.
    #[error("the code is wrong")]
    CodeInvalid,
    /// The token was used, was tried with too many codes, or has expired.
    #[error("the sign-in has to begin again")]
    TokenGone,
    /// There were too many failed attempts, so the token was deleted.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The person's input in the second step.
#[derive(Clone, Debug)]
pub struct SecondStepInput {
    pub token: Secret,
    pub method: Method,
    pub code: Secret,
    pub network: Network,
    pub client: Client,
}

/// Creates the token for a person who has completed the first step.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    account: &AccountId,
    first: &FirstStep,
) -> Result<Secret, StoreError> {
    let stored = Stored {
        method: first.method,
        remember: first.stay == Stay::Remembered,
        to: first.to.clone(),
    };
    one_time::create(tx, Purpose::SecondStep, Some(account), &stored, LIFETIME)
}

/// Whether a token is still valid.
pub fn is_token(tx: &mut Tx<'_>, token: &Secret) -> Result<bool, StoreError> {
    Ok(one_time::find::<Stored>(tx, Purpose::SecondStep, token)?.is_some())
}

/// Signs in a person who enters a valid code.
pub async fn finish(
    accounts: &Accounts,
    shown: SecondStepInput,
) -> Result<Arrived, SecondStepError> {
    let store = &accounts.site.store;
    let (account, attempt) = find(accounts, &shown).await?;
    let reserved = match attempt.reserve::<SecondStepError>(accounts).await {
        Err(error @ SecondStepError::UsedUp(_)) => {
            burn(accounts, shown.token).await?;
            return Err(error);
        }
        other => other?,
    };
    // Concurrent attempts wait until this value is dropped, which happens after the outcome of this
    // attempt has been stored.
    let _in_flight = reserved.clone();
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| prove(tx, &site, &account, &shown, &reserved);
    store.write(change).await?
}

/// The caller must count the attempt.
async fn find(
    accounts: &Accounts,
    shown: &SecondStepInput,
) -> Result<(Account, Attempt), SecondStepError> {
    let (token, device, network) = (
        shown.token.clone(),
        shown.client.device.clone(),
        shown.network,
    );
    let look = move |tx: &mut Tx<'_>| -> Result<_, SecondStepError> {
        let link = one_time::find::<Stored>(tx, Purpose::SecondStep, &token)?;
        let id = link.and_then(|link| link.account);
        let id = id.ok_or(SecondStepError::TokenGone)?;
        let account = account::find(tx, &id)?.ok_or(SecondStepError::TokenGone)?;
        let attempt = Attempt::at_second_factor(tx, &id, network, device.as_ref())?;
        Ok((account, attempt))
    };
    accounts.site.store.read(look).await
}

/// Checks the code. For a wrong code, returns the error within `Ok`, so that the transaction is
/// committed and the attempt stays counted.
fn prove(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    shown: &SecondStepInput,
    reserved: &Reserved,
) -> Result<Result<Arrived, SecondStepError>, StoreError> {
    let SecondStepInput { token, client, .. } = shown;
    // Concurrent attempts wait for this lock, so each of them is counted.
    if !account::lock(tx, &account.id)?
        || !one_time::count_attempt(tx, Purpose::SecondStep, token, ATTEMPTS)?
    {
        return Ok(Err(SecondStepError::TokenGone));
    }
    if !second_factor::prove(tx, site, account, shown.method, &shown.code, client)? {
        return Ok(Err(SecondStepError::CodeInvalid));
    }
    let Some(link) = one_time::take::<Stored>(tx, Purpose::SecondStep, token)? else {
        return Ok(Err(SecondStepError::TokenGone));
    };
    reserved.give_back(tx)?;
    let begun = sign_in(tx, site, account, &link.data, client)?;
    let arrived = begun.map(|begun| Arrived {
        account: account.clone(),
        begun,
        to: link.data.to,
    });
    Ok(arrived.ok_or(SecondStepError::TokenGone))
}

fn sign_in(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    first: &Stored,
    client: &Client,
) -> Result<Option<Begun>, StoreError> {
    let stay = if first.remember {
        Stay::Remembered
    } else {
        Stay::Visit
    };
    let_in(tx, site, account, first.method, stay, client)
}

async fn burn(accounts: &Accounts, token: Secret) -> Result<(), StoreError> {
    let change = move |tx: &mut Tx<'_>| {
        one_time::take::<Stored>(tx, Purpose::SecondStep, &token).map(|_| ())
    };
    accounts.site.store.write(change).await
}
