//! Setting or changing the password of the signed-in person.
//!
//! A person who has a password must enter it first. A person who signed in through a link can set a
//! first password. In both cases, the session gets a new secret, every other session ends, and all
//! sign-in links stop working.

use platform::audit::{Entity, Entry};
use platform::limits::Wait;
use platform::{Secret, StoreError, Tx};
use serde_json::json;

use crate::account;
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::hashing::Busy;
use crate::credential::password::{self, Password};
use crate::credential::second_factor;
use crate::one_time::{self, Purpose};
use crate::session::signed_in::SignedIn;
use crate::session::sudo::{Sudo, SudoRequired};
use crate::session::{self, SessionId, Stay};
use crate::sign_in::attempts::{Attempt, Source};

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The entered password is wrong, or the password was changed in the meantime.
    #[error("the current password is wrong")]
    CurrentWrong,
    /// The account has a second factor, and no code was entered.
    #[error("a code is needed beside the password")]
    CodeMissing,
    #[error("the password or the code is wrong")]
    PasswordOrCodeWrong,
    /// The session has ended in the meantime, or the request has an API token.
    #[error("not signed in")]
    NotSignedIn,
    /// The person must have proved a credential recently, because the account has no password or
    /// has a second factor.
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    /// There were too many failed attempts.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A request to change the password.
#[derive(Clone, Debug)]
pub struct Change {
    /// The current password as typed; empty if the account has none.
    pub current: Secret,
    pub new: Password,
    pub client: Client,
}

/// Changes the password. Returns the session's new secret and its [`Stay`].
pub async fn change(
    accounts: &Accounts,
    who: &SignedIn,
    change: Change,
) -> Result<(Secret, Stay), ChangeError> {
    let store = &accounts.site.store;
    let session = who.session().cloned().ok_or(ChangeError::NotSignedIn)?;
    let id = who.account().id.clone();
    let of = id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let is_enrolled = second_factor::is_enrolled(tx, &of)?;
        Ok((password::find(tx, &of)?, is_enrolled))
    };
    let (old, is_enrolled) = store.read(look).await?;
    if old.is_none() || is_enrolled {
        // Setting a password requires more than a stolen cookie. If the account has a second
        // factor, it also requires more than a stolen password.
        Sudo::check_own(who.clone(), accounts.site.clock.now())?;
    }
    if old.is_some() {
        prove(
            accounts,
            who,
            session.clone(),
            &change.current,
            old.as_ref(),
        )
        .await?;
    }
    let hash = accounts.hasher.hash(&change.new).await?;
    let client = change.client;
    let actor = who.actor();
    let write = move |tx: &mut Tx<'_>| -> Result<_, ChangeError> {
        // Sign-ins take the same lock, so after the change no session can begin with the old
        // password.
        if !account::lock(tx, &id)? || password::find(tx, &id)? != old {
            return Err(ChangeError::CurrentWrong);
        }
        password::set(tx, &id, &hash)?;
        one_time::remove_of(tx, Purpose::SignIn, &id)?;
        one_time::remove_of(tx, Purpose::ResetPassword, &id)?;
        one_time::remove_of(tx, Purpose::SecondStep, &id)?;
        one_time::remove_of(tx, Purpose::Invite, &id)?;
        session::end_others(tx, &id, &session, &client.request)?;
        tx.record(Entry {
            actor: actor.clone(),
            action: if old.is_some() {
                "password.changed"
            } else {
                "password.set"
            },
            entity: Entity::new("account", id.to_string()),
            scope: None,
            changes: json!([]),
            request: Some(client.request.clone()),
        })?;
        session::renew(tx, &session)?.ok_or(ChangeError::NotSignedIn)
    };
    store.write(write).await
}

/// Checks the entered password. A wrong password counts like a failed sign-in.
pub(crate) async fn prove(
    accounts: &Accounts,
    who: &SignedIn,
    session: SessionId,
    current: &Secret,
    hash: Option<&password::PasswordHash>,
) -> Result<(), ChangeError> {
    let store = &accounts.site.store;
    let attempt = Attempt::new(&who.account().email, Source::Session(session));
    let reserved = attempt.reserve::<ChangeError>(accounts).await?;
    let verified = accounts.hasher.verify(current, hash).await;
    if matches!(verified, Ok(false)) {
        return Err(ChangeError::CurrentWrong);
    }
    reserved.give_back_to(store).await?;
    verified?;
    Ok(())
}
