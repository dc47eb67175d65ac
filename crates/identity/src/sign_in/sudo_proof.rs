//! Proving a credential again, which begins sudo mode ([`Sudo`](crate::session::sudo::Sudo)).

use platform::{Secret, StoreError, Tx};
use web::Network;

use super::attempts::Attempt;
use super::own_password::{self, ChangeError};
use crate::account::{self, AccountId};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::password::{self, PasswordHash};
use crate::credential::second_factor::{self, Method};
use crate::session::signed_in::SignedIn;
use crate::session::{self, Stay, sudo};

/// The input of a person who proves a credential again.
#[derive(Clone, Debug)]
pub struct SudoInput {
    /// The password as typed.
    pub password: Secret,
    /// A code from the authenticator app or a recovery code; empty if the account has no second
    /// factor.
    pub code: Secret,
    pub network: Network,
    pub client: Client,
}

/// Checks the password of the signed-in person, and the second factor if there is one. Returns the
/// session's new secret; the previous secret stops working. Failures count like failed sign-ins,
/// and do not reveal whether the password or the code was wrong.
pub async fn prove(
    accounts: &Accounts,
    who: &SignedIn,
    shown: SudoInput,
) -> Result<(Secret, Stay), ChangeError> {
    let (site, store) = (accounts.site.clone(), &accounts.site.store);
    let session = who.session().cloned().ok_or(ChangeError::NotSignedIn)?;
    let account = who.account().clone();
    let (hash, attempt) = find(accounts, &account.id, &shown).await?;
    let reserved = match attempt {
        Some(_) if shown.code.reveal().is_empty() => return Err(ChangeError::CodeMissing),
        Some(attempt) => Some(attempt.reserve::<ChangeError>(accounts).await?),
        None => None,
    };
    let proved = own_password::prove(
        accounts,
        who,
        session.clone(),
        &shown.password,
        hash.as_ref(),
    )
    .await;
    match (proved, reserved.clone()) {
        (Err(ChangeError::CurrentWrong), Some(_)) => return Err(ChangeError::PasswordOrCodeWrong),
        (Err(error), Some(reserved)) => {
            reserved.give_back_to(store).await?;
            return Err(error);
        }
        (proved, _) => proved?,
    }
    // Concurrent attempts wait until this value is dropped, which happens after the outcome of this
    // attempt has been stored.
    let _in_flight = reserved.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, ChangeError> {
        let SudoInput { code, client, .. } = &shown;
        let id = &account.id;
        // The password may have been changed in the meantime.
        if !account::lock(tx, id)? || password::find(tx, id)? != hash {
            return Err(ChangeError::CurrentWrong);
        }
        if second_factor::is_enrolled(tx, id)? {
            let method = Method::of(code.reveal());
            if !second_factor::prove(tx, &site, &account, method, code, client)? {
                // The error is returned within `Ok`, so that the transaction is committed and the
                // attempt stays counted.
                return Ok(Err(ChangeError::PasswordOrCodeWrong));
            }
        }
        if let Some(reserved) = &reserved {
            reserved.give_back(tx)?;
        }
        let renewed = session::authenticate(tx, &session)?.ok_or(ChangeError::NotSignedIn)?;
        sudo::record(tx, id, &client.request)?;
        Ok(Ok(renewed))
    };
    store.write(change).await?
}

/// Finds the account's password hash. If the account has a second factor, also returns the attempt,
/// which the caller must count.
async fn find(
    accounts: &Accounts,
    id: &AccountId,
    shown: &SudoInput,
) -> Result<(Option<PasswordHash>, Option<Attempt>), StoreError> {
    let (id, network, device) = (id.clone(), shown.network, shown.client.device.clone());
    let look = move |tx: &mut Tx<'_>| {
        let attempt = if second_factor::is_enrolled(tx, &id)? {
            let attempt = Attempt::at_second_factor(tx, &id, network, device.as_ref())?;
            Some(attempt)
        } else {
            None
        };
        Ok((password::find(tx, &id)?, attempt))
    };
    accounts.site.store.read(look).await
}
