//! Accounts of people who leave only a name and an address with something else, such as an order.
//!
//! Such an account has no credential and no session until a link in a mail is used, so whoever
//! reads the mail is its owner. As with registrations, no response reveals whether an address has
//! an account: its owner gets another mail.

use platform::mail::Stranger;
use platform::{StoreError, Tx};
use web::{Network, Site, Value};

use crate::account::{self, Account, AccountId, CreateError, NewAccount, VerifiedBy, unconfirmed};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::limits::request_limits::RequestLimits;
use crate::person::registration::{self, RegisterError, Registration};
use crate::person::{reset, verification};
use crate::security_mail::{self, SecurityMail};
use crate::session::{self, Begun, Method, Stay};
use crate::sign_in;

/// Whether people may introduce themselves on this site, which is so where they may register.
pub fn is_open(accounts: &Accounts) -> bool {
    accounts.policy.registration == Registration::Open
}

/// Checks that people may introduce themselves, and counts the attempt of this network as a
/// registration.
pub async fn count(
    accounts: &Accounts,
    form_stamp: &str,
    network: Network,
) -> Result<(), RegisterError> {
    if !is_open(accounts) {
        return Err(RegisterError::Closed);
    }
    registration::check_stamp(&accounts.site, form_stamp)?;
    let counted = accounts
        .limits
        .register::<RegisterError>(&accounts.site.store, network);
    counted.await.map(drop)
}

/// An account with the address that somebody left.
#[derive(Clone, Debug)]
pub struct Introduced {
    pub account: Account,
    /// Whether the account waits for its first mail to be read. Otherwise it is somebody's account,
    /// who has to sign in.
    pub is_new: bool,
    /// Whether the address may get another mail at present.
    may_mail: bool,
}

/// Finds the account with this address, or creates one without a credential. `CreateError::EmailTaken`
/// means that the address belongs to an account that cannot be used, or that another transaction
/// has just created the account.
pub fn enter(
    tx: &mut Tx<'_>,
    limits: &RequestLimits,
    new: &NewAccount,
    client: &Client,
) -> Result<Introduced, CreateError> {
    let may_mail = limits.may_send(tx, &new.email)?;
    let found = account::find_by_email(tx, &new.email)?;
    let (account, is_new) = if let Some(account) = found {
        let is_new = unconfirmed::is_introduced(tx, &account.id)?;
        (account, is_new)
    } else {
        let id = account::create(tx, new)?;
        unconfirmed::introduce(tx, &id)?;
        registration::record(tx, &id, client)?;
        let account = account::find(tx, &id)?.ok_or(CreateError::EmailTaken)?;
        (account, true)
    };
    Ok(Introduced {
        account,
        is_new,
        may_mail,
    })
}

/// A mail with a link, in the words of the domain with which the person left their address.
#[derive(Clone, Debug)]
pub struct LinkMail<'a> {
    /// The message ids of the subject and of the text, which has the argument `address` for the
    /// link.
    pub messages: (&'static str, &'static str),
    pub values: Vec<(&'static str, Value<'a>)>,
    /// For a new account, the path of the page that confirms it. Otherwise the link signs in, and
    /// leads to this path.
    pub path: &'a str,
}

impl Introduced {
    /// Mails the link, unless the address got too many mails.
    pub fn mail(
        &self,
        tx: &mut Tx<'_>,
        site: &Site,
        network: Network,
        mail: LinkMail<'_>,
    ) -> Result<(), StoreError> {
        if !self.may_mail {
            return Ok(());
        }
        let account = &self.account;
        let path = if self.is_new {
            mail.path.to_owned()
        } else if account::verified_email(tx, &account.id)?.is_some() {
            let link = sign_in::create_link_to(tx, &account.id, mail.path)?;
            format!("/sign-in/{}", link.reveal())
        } else {
            // Somebody else may have registered the account. A new password shuts them out.
            let link = reset::create_link(tx, account)?;
            format!("/reset/{}", link.reveal())
        };
        let notice = SecurityMail {
            subject: mail.messages.0,
            text: mail.messages.1,
            at: tx.now(),
            path: &path,
            values: mail.values,
        };
        let stranger = Stranger {
            line: security_mail::line(site, network),
            is_known: !self.is_new,
        };
        notice.write(tx, site, account, Some(stranger)).map(drop)
    }
}

/// Confirms the address of a new account, whose owner has read the mail, and begins a session.
/// Returns `None` if the account is not new any more.
pub fn confirm(
    tx: &mut Tx<'_>,
    id: &AccountId,
    client: &Client,
) -> Result<Option<Begun>, StoreError> {
    if !account::lock(tx, id)? || !unconfirmed::is_introduced(tx, id)? {
        return Ok(None);
    }
    account::verify_email(tx, id, VerifiedBy::Mail)?;
    unconfirmed::end(tx, id)?;
    verification::record(tx, id, &client.request)?;
    session::begin(tx, id, Method::Link, Stay::Visit, client)
}
