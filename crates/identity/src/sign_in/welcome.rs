//! The result of the first step of signing in.

use platform::{Secret, StoreError, Tx};
use web::Site;

use super::begin_session::{Arrived, let_in};
use super::second_step::{self, FirstStep};
use crate::account::{self, Account};
use crate::client::Client;
use crate::credential::second_factor;

/// The result of proving a password, a sign-in link, a passkey or a sign-in provider's identity.
#[derive(Clone, Debug)]
pub enum Welcome {
    Arrived(Arrived),
    /// The account has a second factor. It must be proved together with this token.
    SecondStep(Secret),
    /// The account's erasure is pending. It can be cancelled with this secret.
    Leaving(Secret),
}

/// Begins a session. If the account has a second factor, begins the second step instead.
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
