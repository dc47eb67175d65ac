//! What becomes of somebody who is through the first step of signing in.

use platform::{Secret, StoreError, Tx};
use web::Site;

use super::let_in::{Arrived, let_in};
use super::second_step::{self, FirstStep};
use crate::account::{self, Account};
use crate::client::Client;
use crate::credential::second_factor;

/// What becomes of somebody who proved a password, a link, a key or an identity.
#[derive(Clone, Debug)]
pub enum Welcome {
    /// They are signed in.
    Arrived(Arrived),
    /// The account has a second factor, which they prove with this.
    SecondStep(Secret),
    /// They asked for their account to be erased, and may change their mind with this.
    Leaving(Secret),
}

/// Begins a session, or the second step where the account has a second factor.
pub(crate) fn welcome(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    first: &FirstStep,
    client: &Client,
) -> Result<Option<Welcome>, StoreError> {
    if account::lock(tx, &account.id)? && second_factor::is_enrolled(tx, &account.id)? {
        let token = second_step::begin(tx, &account.id, first)?;
        return Ok(Some(Welcome::SecondStep(token)));
    }
    let begun = let_in(tx, site, account, first.method, first.stay, client)?;
    Ok(begun.map(|begun| {
        Welcome::Arrived(Arrived {
            account: account.clone(),
            begun,
            to: first.to.clone(),
        })
    }))
}
