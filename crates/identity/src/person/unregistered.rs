//! Accounts of people who enter only a name and an email address, as part of something else such as
//! an order.
//!
//! Such an account has no credential and no session until somebody uses the link in a mail, so
//! whoever reads the mail becomes its owner. As with registrations, no response reveals whether an
//! address already has an account. The account's owner gets a different mail instead.

use platform::mail::Stranger;
use platform::{StoreError, Tx};
use web::{Network, Site, Value};

use crate::account::{self, Account, AccountId, CreateError, NewAccount, VerifiedBy, unconfirmed};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::limits::request_limits::{self, RequestLimits};
use crate::person::registration::{self, Counted, RegisterError, Registration};
use crate::person::{reset, verification};
use crate::security_mail::{self, SecurityMail};
use crate::session::{self, Begun, Method, Stay};
use crate::sign_in;

/// Whether people may get an account by entering a name and an email address. They may if
/// registration is open.
pub fn is_open(accounts: &Accounts) -> bool {
    accounts.policy.registration == Registration::Open
}

/// Checks that registration is open and that the form's time stamp is valid, and counts the attempt
/// as a registration with this group link or by this network, until the address is confirmed.
pub async fn count(
    accounts: &Accounts,
    form_stamp: &str,
    group: Option<&str>,
    network: Network,
) -> Result<Counted, RegisterError> {
    if !is_open(accounts) {
        return Err(RegisterError::Closed);
    }
    registration::check_stamp(&accounts.site, form_stamp)?;
    registration::count(accounts, group, network).await
}

/// The account with the email address that a person entered.
#[derive(Clone, Debug)]
pub struct Introduced {
    pub account: Account,
    /// True if [`enter`] created the account, now or at an earlier call, and nobody has confirmed
    /// the email address since. False for an account whose owner must sign in.
    pub is_new: bool,
    /// Whether the limit on mails to the address allows another mail.
    may_mail: bool,
}

/// Finds the account with this email address, or creates one without a credential. The error
/// `CreateError::EmailTaken` means that the account with this address is not active, or that
/// another transaction has just created it.
pub fn enter(
    tx: &mut Tx<'_>,
    limits: &RequestLimits,
    new: &NewAccount,
    client: &Client,
    counted: &Counted,
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
    if is_new {
        counted.belongs_to(tx, &account.id)?;
    }
    Ok(Introduced {
        account,
        is_new,
        may_mail,
    })
}

/// A mail with a link. Its texts come from the crate whose form the person filled in.
#[derive(Clone, Debug)]
pub struct LinkMail<'a> {
    /// The message ids of the subject and the text. The link is the text's argument `address`.
    pub messages: (&'static str, &'static str),
    pub values: Vec<(&'static str, Value<'a>)>,
    /// For a new account, the path of the page that confirms the account. For an existing account,
    /// the path to which the sign-in link redirects.
    pub path: &'a str,
}

impl Introduced {
    /// Mails the link, unless the limit on mails to the address is reached.
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

/// Confirms the email address of a new account and begins a session, after somebody has used the
/// link in the mail. Returns `None` if the account is not new any more.
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
    request_limits::confirmed(tx, id)?;
    verification::record(tx, id, &client.request)?;
    session::begin(tx, id, Method::Link, Stay::Visit, client)
}
