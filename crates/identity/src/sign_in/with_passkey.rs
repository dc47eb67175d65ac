//! Signing in with a passkey, and proving a passkey again to begin sudo mode.

use platform::{Secret, Tx};
use web::Site;

use super::begin_session::{Arrived, let_in};
use super::restore;
use super::welcome::Welcome;
use crate::account;
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::passkey::{Claimed, Counted, PasskeyError, Signed, count, find};
use crate::credential::web_authn::{Asked, Assertion, Invalid};
use crate::grant::owners_lock::hold;
use crate::session::signed_in::SignedIn;
use crate::session::{self, Method, Stay, sudo};

/// Signs in the owner of a passkey. Attempts are not counted, because a signature cannot be
/// guessed.
pub async fn sign_in(
    accounts: &Accounts,
    assertion: &Assertion,
    asked: &Asked<'_>,
    stay: Stay,
    client: Client,
) -> Result<Welcome, PasskeyError> {
    let site = accounts.site.clone();
    let (key, signed) = check(accounts, assertion, asked).await?;
    let store = site.store.clone();
    let change = move |tx: &mut Tx<'_>| begin(tx, &site, &key, &signed, stay, &client);
    Ok(store.write(change).await??)
}

async fn check(
    accounts: &Accounts,
    assertion: &Assertion,
    asked: &Asked<'_>,
) -> Result<(Claimed, Signed), PasskeyError> {
    let credential = assertion.id.clone();
    let look = move |tx: &mut Tx<'_>| find(tx, &credential);
    let key = accounts.site.store.read(look).await?;
    let key = key.ok_or(Invalid::UNKNOWN)?;
    let signed = assertion.check(asked, key.algorithm, &key.public_key)?;
    Ok((key, signed))
}

/// Checks a passkey of the signed-in person, to begin sudo mode. Returns the session's new secret;
/// the previous secret stops working.
pub async fn prove(
    accounts: &Accounts,
    who: &SignedIn,
    assertion: &Assertion,
    asked: &Asked<'_>,
    client: Client,
) -> Result<(Secret, Stay), PasskeyError> {
    let session = who.session().cloned().ok_or(PasskeyError::NotFound)?;
    let (key, signed) = check(accounts, assertion, asked).await?;
    if key.account_id != who.account().id {
        return Err(Invalid::UNKNOWN.into());
    }
    let (site, account) = (accounts.site.clone(), who.account().clone());
    let change = move |tx: &mut Tx<'_>| -> Result<_, PasskeyError> {
        if !account::lock(tx, &account.id)? {
            return Err(PasskeyError::NotFound);
        }
        Ok(match count(tx, &site, &account, &key, &signed, &client)? {
            Counted::Once => {
                sudo::record(tx, &account.id, &client.request)?;
                let renewed = session::authenticate(tx, &session)?;
                Ok(renewed.ok_or(PasskeyError::NotFound)?)
            }
            Counted::Copy => Err(Invalid::COPY),
            Counted::Gone => Err(Invalid::UNKNOWN),
        })
    };
    Ok(accounts.site.store.write(change).await??)
}

/// Begins a session for the owner of the passkey. If the passkey seems to be a copy, returns the
/// error within `Ok`, so that the transaction is committed and the owner is notified.
fn begin(
    tx: &mut Tx<'_>,
    site: &Site,
    key: &Claimed,
    signed: &Signed,
    stay: Stay,
    client: &Client,
) -> Result<Result<Welcome, Invalid>, PasskeyError> {
    let Some(account) = account::find_in_any_state(tx, &key.account_id)? else {
        return Ok(Err(Invalid::UNKNOWN));
    };
    if !account::lock(tx, &account.id)? {
        hold(tx, &account.id)?;
    }
    match count(tx, site, &account, key, signed, client)? {
        Counted::Once => {}
        Counted::Copy => return Ok(Err(Invalid::COPY)),
        Counted::Gone => return Ok(Err(Invalid::UNKNOWN)),
    }
    if let Some(begun) = let_in(tx, site, &account, Method::Passkey, stay, client)? {
        let to = String::new();
        let arrived = Arrived { account, begun, to };
        return Ok(Ok(Welcome::Arrived(arrived)));
    }
    let offered = restore::offer(tx, &account.id)?;
    Ok(offered.map(Welcome::Leaving).ok_or(Invalid::UNKNOWN))
}
