//! Changing an account's email address. A link mailed to the new address confirms the change, and a
//! link mailed to the old address undoes it.
//!
//! A person may enter a stranger's address, and the stranger then receives the link. The link alone
//! therefore changes nothing: whoever opens it must also be signed in to the account or enter the
//! account's password.

use jiff::SignedDuration;
use platform::audit::{Entity, RequestFacts};
use platform::mail::Address;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use web::{MailMessages, Network, Site};

use crate::account::{self, Account, AccountId, unconfirmed};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::password::{self, PasswordHash};
use crate::credential::second_factor;
use crate::one_time::{self, OneTime, Purpose};
use crate::person::registration;
use crate::person::reset::{self, Tokens};
use crate::person::verification::{ConfirmError, ResendError, check_password};
use crate::scope::domain::DomainAccounts;
use crate::security_mail::SecurityMail;
use crate::session;
use crate::session::signed_in::SignedIn;
use crate::session::sudo::Sudo;

/// How long the confirmation link is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long the undo link is valid.
pub const UNDO_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A second factor is trusted if it was at least this old when the email address was changed. An
/// attacker may have added a newer factor.
const NEW_FACTOR: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Debug, Serialize, Deserialize)]
struct Change {
    /// The account's email address when the change was requested.
    from: String,
    to: Address,
}

/// Mails a confirmation link to the new email address. An earlier confirmation link stops working.
pub async fn ask(
    accounts: &Accounts,
    sudo: &Sudo,
    to: &Address,
    network: Network,
) -> Result<(), ResendError> {
    let (site, account) = (accounts.site.clone(), sudo.who().account().clone());
    let now = site.clock.now();
    let (id, address, sudo) = (account.id.clone(), to, sudo.clone());
    let to = address.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), ResendError> {
        if !sudo.lock(tx)? {
            return Err(ResendError::NotSignedIn);
        }
        let change = Change {
            from: account.email.clone(),
            to: to.clone(),
        };
        one_time::remove_of(tx, Purpose::ChangeEmail, &account.id)?;
        let id = Some(&account.id);
        let link = one_time::create(tx, Purpose::ChangeEmail, id, &change, LIFETIME)?;
        let path = format!("/email/confirm/{}", link.reveal());
        let messages = MailMessages {
            subject: "mail-change-subject",
            text: "mail-change-text",
        };
        Ok(mail(tx, &site, &account, &to, messages, &path)?)
    };
    let (store, limits) = (&accounts.site.store, &accounts.limits);
    limits
        .confirm(store, &id, address, network, now, change)
        .await
}

fn mail(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    to: &Address,
    messages: MailMessages,
    path: &str,
) -> Result<(), StoreError> {
    let notice = SecurityMail {
        subject: messages.subject,
        text: messages.text,
        at: tx.now(),
        path,
        values: Vec::new(),
    };
    let to = Account {
        email: to.to_string(),
        ..account.clone()
    };
    notice.send(tx, site, &to)
}

/// The data for the page that a confirmation link opens.
#[derive(Clone, Debug)]
pub struct EmailChangeLink {
    /// The account whose email address changes.
    pub account: Account,
    pub to: Address,
    is_used: bool,
    hash: Option<PasswordHash>,
}

impl EmailChangeLink {
    /// Whether `who` can confirm the change without a password.
    pub fn is_proven(&self, who: Option<&SignedIn>) -> bool {
        self.is_used || who.is_some_and(|who| who.account().id == self.account.id)
    }
}

/// Finds a confirmation link without using it up.
pub fn find(tx: &mut Tx<'_>, link: &Secret) -> Result<Option<EmailChangeLink>, StoreError> {
    let link = one_time::find(tx, Purpose::ChangeEmail, link)?;
    let Some((link, account)) = with_account(tx, link)? else {
        return Ok(None);
    };
    Ok(Some(EmailChangeLink {
        hash: password::find(tx, &account.id)?,
        account,
        to: link.data.to,
        is_used: link.is_used,
    }))
}

/// Returns the link with its account. Returns `None` if the link was not used yet and the account's
/// email address has changed since the link was created.
fn with_account(
    tx: &mut Tx<'_>,
    link: Option<OneTime<Change>>,
) -> Result<Option<(OneTime<Change>, Account)>, StoreError> {
    let Some((link, id)) = link.and_then(|link| link.account.clone().map(|id| (link, id))) else {
        return Ok(None);
    };
    let account = account::find(tx, &id)?;
    let account = account.filter(|account| link.is_used || account.email == link.data.from);
    Ok(account.map(|account| (link, account)))
}

/// A request to confirm a new email address.
#[derive(Clone, Debug)]
pub struct Confirmation {
    pub link: Secret,
    pub who: Option<SignedIn>,
    /// The account's password as typed; empty if the person is signed in.
    pub password: Secret,
    pub network: Network,
    pub client: Client,
}

/// Sets the account's new email address. Other sessions end. The old address gets a link that
/// undoes the change, unless the old address was never confirmed. A repeated request within ten
/// minutes succeeds too.
pub async fn confirm(accounts: &Accounts, asked: Confirmation) -> Result<(), ConfirmError> {
    let store = &accounts.site.store;
    let link = asked.link.clone();
    let shown = store.read(move |tx| find(tx, &link)).await?;
    let shown = shown.ok_or(ConfirmError::LinkGone)?;
    let proven = shown.is_proven(asked.who.as_ref());
    if !proven {
        if asked.password.reveal().is_empty() {
            return Err(ConfirmError::ProofNeeded);
        }
        let (account, hash) = (&shown.account, shown.hash.as_ref());
        check_password(accounts, account, hash, &asked.password, asked.network).await?;
    }
    let site = accounts.site.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), ConfirmError> {
        let link = one_time::use_once::<Change>(tx, Purpose::ChangeEmail, &asked.link)?;
        let (link, account) = with_account(tx, link)?.ok_or(ConfirmError::LinkGone)?;
        if link.is_used {
            return Ok(());
        }
        // Password changes take the same lock, so the password cannot change in the meantime.
        let is_active = account::lock(tx, &account.id)?;
        if !is_active || (!proven && password::find(tx, &account.id)? != shown.hash) {
            return Err(ConfirmError::LinkGone);
        }
        // An old address that was never confirmed may belong to a stranger. The stranger must not
        // get an undo link, which would let the stranger take over the account.
        let is_registrants = unconfirmed::is_registrants(tx, &account.id)?;
        if !account::replace_email(tx, &account.id, &link.data.to)? {
            return Err(ConfirmError::EmailTaken);
        }
        unconfirmed::end(tx, &account.id)?;
        end_others(tx, &account.id, asked.who.as_ref(), &asked.client.request)?;
        record(tx, &account.id, "email.changed", &asked.client.request)?;
        if !is_registrants {
            offer_undo(tx, &site, &account, &link.data)?;
        }
        Ok(())
    };
    store.write(change).await
}

fn end_others(
    tx: &mut Tx<'_>,
    id: &AccountId,
    who: Option<&SignedIn>,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    for purpose in [
        Purpose::SignIn,
        Purpose::ResetPassword,
        Purpose::VerifyEmail,
    ] {
        one_time::remove_of(tx, purpose, id)?;
    }
    let own = who.filter(|who| who.account().id == *id);
    match own.and_then(SignedIn::session) {
        Some(kept) => session::end_others(tx, id, kept, request).map(drop),
        None => session::end_all_of(tx, id, "email", request),
    }
}

fn offer_undo(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    change: &Change,
) -> Result<(), StoreError> {
    let Ok(old) = change.from.parse::<Address>() else {
        return Ok(());
    };
    let undo = Change {
        from: change.to.to_string(),
        to: old.clone(),
    };
    let id = Some(&account.id);
    let link = one_time::create(tx, Purpose::UndoEmail, id, &undo, UNDO_LIFETIME)?;
    let path = format!("/email/undo/{}", link.reveal());
    let messages = MailMessages {
        subject: "mail-changed-subject",
        text: "mail-changed-text",
    };
    mail(tx, site, account, &old, messages, &path)
}

/// The email address that an undo link restores.
pub fn find_undo(tx: &mut Tx<'_>, link: &Secret) -> Result<Option<Address>, StoreError> {
    let link = one_time::find::<Change>(tx, Purpose::UndoEmail, link)?;
    Ok(link.map(|link| link.data.to))
}

/// Restores the account's old email address, whatever its current address is. Every session ends,
/// tokens and passkeys are removed, and later changes can no longer be undone. A repeated request
/// within ten minutes succeeds too.
///
/// Access to a mailbox does not prove a second factor, so a factor that was set up at least seven
/// days before the change is kept. A newer factor may belong to a thief, and is removed.
///
/// An intruder could block the old address by registering another account with it. Such an account
/// is removed if the address is unconfirmed.
pub fn undo(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    link: &Secret,
    client: &Client,
) -> Result<(), ConfirmError> {
    let link = one_time::use_once::<Change>(tx, Purpose::UndoEmail, link)?;
    let link = link.ok_or(ConfirmError::LinkGone)?;
    let id = link.account.ok_or(ConfirmError::LinkGone)?;
    if link.is_used {
        return Ok(());
    }
    registration::remove_with_email(tx, domains, &link.data.to)?;
    if !account::lock(tx, &id)? {
        return Err(ConfirmError::LinkGone);
    }
    if !account::replace_email(tx, &id, &link.data.to)? {
        return Err(ConfirmError::EmailTaken);
    }
    reset::shut_out(tx, &id, Tokens::Revoked, &client.request)?;
    let since = second_factor::find(tx, &id)?.totp_since;
    if since.is_some_and(|since| since >= link.expires_at - UNDO_LIFETIME - NEW_FACTOR) {
        second_factor::erase(tx, &id)?;
    }
    // Undo links that are newer than this link are deleted, because a thief may have changed the
    // email address twice.
    one_time::remove_since(tx, Purpose::UndoEmail, &id, link.expires_at)?;
    Ok(record(tx, &id, "email.restored", &client.request)?)
}

fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    action: &'static str,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(
        tx,
        id,
        action,
        Entity::new("account", id.to_string()),
        request,
    )
}
