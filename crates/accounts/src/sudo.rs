//! Sudo: credentials, roles and data are changed only in a session whose holder proved a
//! credential a short while ago. A cookie that somebody else got hold of is not enough.

use jiff::{SignedDuration, Timestamp};
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};

use crate::Accounts;
use crate::account::{self, AccountId};
use crate::client::Client;
use crate::credential::{self, ChangeError};
use crate::password;
use crate::session::{self, SessionId, Stay};
use crate::signed_in::SignedIn;

/// For how long a proof counts.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The proof that the holder of a session proved a credential within [`LIFETIME`].
#[derive(Clone, Debug)]
pub struct Sudo {
    who: SignedIn,
    session: SessionId,
}

/// It was too long ago, or it is a program that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential has to be proved again")]
pub struct SudoRequired;

impl Sudo {
    /// The proof, if it is one at `now`.
    pub fn check(who: SignedIn, now: Timestamp) -> Result<Self, SudoRequired> {
        let (session, proved_at) = who.authentication().ok_or(SudoRequired)?;
        if now.duration_since(proved_at) >= LIFETIME {
            return Err(SudoRequired);
        }
        let session = session.clone();
        Ok(Self { who, session })
    }

    /// Who it is.
    pub fn who(&self) -> &SignedIn {
        &self.who
    }

    /// Takes the account's lock; tells whether the session has not ended meanwhile. Whoever ends
    /// the sessions of an account holds the same lock.
    pub(crate) fn lock(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        Ok(account::lock(tx, &self.who.account().id)? && session::is_there(tx, &self.session)?)
    }

    /// In which session.
    pub fn session(&self) -> &SessionId {
        &self.session
    }
}

/// Proves the password of who is signed in. Returns the session's new secret: the one that was
/// shown works no more. A wrong password counts like a failed sign-in.
pub async fn prove(
    accounts: &Accounts,
    who: &SignedIn,
    password: &Secret,
    client: Client,
) -> Result<(Secret, Stay), ChangeError> {
    let store = &accounts.site.store;
    let session = who.session().cloned().ok_or(ChangeError::NotSignedIn)?;
    let id = who.account().id.clone();
    let of = id.clone();
    let hash = store.read(move |tx| password::find(tx, &of)).await?;
    credential::prove(accounts, who, session.clone(), password, hash.as_ref()).await?;
    let change = move |tx: &mut Tx<'_>| -> Result<_, ChangeError> {
        // The password may have been changed meanwhile.
        if !account::lock(tx, &id)? || password::find(tx, &id)? != hash {
            return Err(ChangeError::CurrentWrong);
        }
        let renewed = session::authenticate(tx, &session)?.ok_or(ChangeError::NotSignedIn)?;
        record(tx, &id, &client.request)?;
        Ok(renewed)
    };
    store.write(change).await
}

/// Notes in the log that somebody proved once more who they are.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(tx, id, "sudo.proved", ("account", id.to_string()), request)
}
