//! Suppressed email addresses. No mail is sent to them. Their owners and the installation's
//! administrators can see them.

use jiff::SignedDuration;
use platform::audit::RequestFacts;
use platform::key::{Key, Keyring};
use platform::mail::Address;
use platform::mail::suppression::{self, After, Cause, Listed, Place, Suppression};
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use web::Site;

use crate::account::{self, Account, AccountId};
use crate::grant;
use crate::grant::administrator::{Administrator, PeopleError};
use crate::one_time::{self, OneTime, Purpose};
use crate::person::verification::{ConfirmError, ResendError};
use crate::security_mail::SecurityMail;

/// How long a link that tests mail delivery is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Serialize, Deserialize)]
struct MailedTo {
    address: String,
}

fn key(keys: &Keyring) -> Key {
    keys.key(suppression::PURPOSE)
}

/// The suppressions of a person's own email address. If the address is unconfirmed, only
/// suppressions that may be due to a mistyped address are listed.
pub fn list_own(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    account: &Account,
) -> Result<Vec<Suppression>, StoreError> {
    let Ok(address) = account.email.parse::<Address>() else {
        return Ok(Vec::new());
    };
    let is_verified = account::verified_email(tx, &account.id)?.is_some();
    let mut all = suppression::list_of(tx, &key(keys), &address)?;
    all.retain(|one| is_verified || one.cause.is_bounce());
    Ok(all)
}

/// Mails a test link to the person's suppressed address, at most once a day. The suppression must
/// come from a bounce or a complaint; otherwise nothing is sent.
pub fn ask(tx: &mut Tx<'_>, site: &Site, account: &Account) -> Result<(), ResendError> {
    let all = list_own(tx, &site.keys, account)?;
    let Some(held) = all.into_iter().find(|one| one.cause.ends_when_confirmed()) else {
        return Ok(());
    };
    let Ok(address) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let data = MailedTo {
        address: address.canonical().to_owned(),
    };
    one_time::remove_of(tx, Purpose::ReceiveMail, &account.id)?;
    let id = Some(&account.id);
    let link = one_time::create(tx, Purpose::ReceiveMail, id, &data, LIFETIME)?;
    let notice = SecurityMail {
        subject: "mail-receive-subject",
        text: "mail-receive-text",
        at: tx.now(),
        path: &format!("/email/receive/{}", link.reveal()),
        values: Vec::new(),
    };
    if let Some(mail) = notice.write(tx, site, account, None)? {
        suppression::confirm_by(tx, &held.place, &mail)??;
    }
    Ok(())
}

/// Returns the email address that will get mail again when the link is used.
pub fn find(tx: &mut Tx<'_>, link: &Secret) -> Result<Option<Address>, StoreError> {
    let link = one_time::find(tx, Purpose::ReceiveMail, link)?;
    Ok(with_account(tx, link)?.map(|(_, address, _)| address))
}

/// Returns the account and the email address of a link, and whether the link was used. Returns
/// `None` if the account no longer has that address.
fn with_account(
    tx: &mut Tx<'_>,
    link: Option<OneTime<MailedTo>>,
) -> Result<Option<(AccountId, Address, bool)>, StoreError> {
    let Some((link, id)) = link.and_then(|link| link.account.clone().map(|id| (link, id))) else {
        return Ok(None);
    };
    let account = account::find(tx, &id)?;
    let address = account.and_then(|account| account.email.parse::<Address>().ok());
    let address = address.filter(|address| address.canonical() == link.data.address);
    Ok(address.map(|address| (id, address, link.is_used)))
}

/// Ends the suppression, because opening the link proves that mail reaches the address. A repeated
/// request within ten minutes succeeds too.
pub fn confirm(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    link: &Secret,
    request: &RequestFacts,
) -> Result<(), ConfirmError> {
    let link = one_time::use_once::<MailedTo>(tx, Purpose::ReceiveMail, link)?;
    let (id, address, is_used) = with_account(tx, link)?.ok_or(ConfirmError::LinkGone)?;
    if !is_used {
        let by = platform::audit::Actor::Account(id.to_string());
        suppression::lift(tx, &key(keys), &address, &by, Some(request))?;
    }
    Ok(())
}

/// Undoes the person's unsubscription. Returns `false` if there was none.
pub fn subscribe(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    account: &Account,
    place: &Place,
    request: &RequestFacts,
) -> Result<bool, StoreError> {
    let all = list_own(tx, keys, account)?;
    let is_own = |one: &Suppression| one.place == *place && one.cause == Cause::Unsubscribe;
    if !all.iter().any(is_own) {
        return Ok(false);
    }
    let by = platform::audit::Actor::Account(account.id.to_string());
    suppression::remove(tx, place, by, Some(request))
}

/// Lists the suppressed addresses of the installation, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    _: &Administrator,
    after: Option<&After>,
    rows: i64,
) -> Result<Vec<Listed>, StoreError> {
    suppression::list(tx, after, rows)
}

/// Whether an administrator may end a suppression with this cause. Only owners may end a
/// suppression that the recipient caused by unsubscribing or complaining.
pub fn may_lift(by: &Administrator, cause: Cause) -> bool {
    by.is_owner() || !matches!(cause, Cause::Unsubscribe | Cause::Complaint)
}

pub fn lift(tx: &mut Tx<'_>, by: &Administrator, place: &Place) -> Result<(), PeopleError> {
    let found = suppression::find_row(tx, place)?.ok_or(PeopleError::NotFound)?;
    if !may_lift(by, found.cause) {
        return Err(PeopleError::Rank(grant::OWNER));
    }
    suppression::remove(tx, place, by.who.actor(), Some(&by.request))?;
    Ok(())
}
