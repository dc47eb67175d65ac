//! The last step of a sign-in, which begins the session.

use platform::{StoreError, Tx};
use web::Site;

use crate::account::{Account, unconfirmed};
use crate::client::Client;
use crate::credential::linked_identity;
use crate::security_mail;
use crate::session::device::Device;
use crate::session::{self, Begun, Method, Stay};

/// A person who has completed all steps of the sign-in.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub account: Account,
    pub begun: Begun,
    /// The path that the person requested; empty if they requested none.
    pub to: String,
}

/// Begins a session. If an identity from a sign-in provider waits for this sign-in, links it to the
/// account. If the browser is new, the owner is notified by mail, unless the email address is
/// unconfirmed and may belong to somebody else.
pub(crate) fn let_in(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    method: Method,
    stay: Stay,
    client: &Client,
) -> Result<Option<Begun>, StoreError> {
    let begun = session::begin(tx, &account.id, method, stay, client)?;
    if begun.is_some()
        && let Some(secret) = &client.identity
    {
        linked_identity::link_awaited(tx, site, account, secret, &client.request)?;
    }
    if begun
        .as_ref()
        .is_some_and(|begun| matches!(begun.device, Device::New(_)))
        && !unconfirmed::is_pending(tx, &account.id)?
    {
        security_mail::new_sign_in(tx, site, account, client)?;
    }
    Ok(begun)
}
