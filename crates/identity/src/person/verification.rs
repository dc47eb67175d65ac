//! Confirmation of an account's email address through a mailed link.
//!
//! A registrant may have entered a stranger's address, and the stranger then receives the link. The
//! link alone therefore confirms the address only in the browser that registered the account. In
//! any other browser, the person must also enter the account's password or set a new one. A new
//! password shuts out the registrant.

use jiff::SignedDuration;
use platform::audit::{Entity, RequestFacts};
use platform::limits::Wait;
use platform::mail::{Address, Stranger};
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use web::{Network, Site};

use crate::account::{self, Account, AccountId, VerifiedBy, unconfirmed};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::hashing::Busy;
use crate::credential::password::{self, Password, PasswordHash, Weakness};
use crate::credential::second_factor;
use crate::limits::request_limits;
use crate::one_time::{self, OneTime, Purpose};
use crate::person::reset;
use crate::scope::domain::DomainAccounts;
use crate::security_mail::SecurityMail;
use crate::session::{self, Begun, Method, Stay};
use crate::sign_in::attempts::{Attempt, Source};

/// How long a confirmation link is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Serialize, Deserialize)]
struct MailedTo {
    address: String,
}

/// Mails a link that confirms the account's email address. An earlier link stops working.
pub(crate) fn send(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    stranger: Option<Stranger>,
) -> Result<(), StoreError> {
    let Ok(address) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let data = MailedTo {
        address: address.canonical().to_owned(),
    };
    one_time::remove_of(tx, Purpose::VerifyEmail, &account.id)?;
    let link = one_time::create(tx, Purpose::VerifyEmail, Some(&account.id), &data, LIFETIME)?;
    let notice = SecurityMail {
        subject: "mail-verify-subject",
        text: "mail-verify-text",
        at: tx.now(),
        path: &format!("/verify/{}", link.reveal()),
        values: Vec::new(),
    };
    notice.write(tx, site, account, stranger).map(drop)
}

#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// A link was mailed a moment ago, or too many links were mailed today.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// The session has ended in the meantime.
    #[error("not signed in")]
    NotSignedIn,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mails another link to the signed-in person. Does nothing if the email address is already
/// confirmed.
pub async fn send_again(
    accounts: &Accounts,
    account: &Account,
    network: Network,
) -> Result<(), ResendError> {
    let site = accounts.site.clone();
    let id = account.id.clone();
    let look = move |tx: &mut Tx<'_>| account::verified_email(tx, &id);
    if site.store.read(look).await?.is_some() {
        return Ok(());
    }
    let now = site.clock.now();
    let Ok(to) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let (store, limits, id) = (&accounts.site.store, &accounts.limits, &account.id);
    let account = account.clone();
    let change = move |tx: &mut Tx<'_>| Ok(send(tx, &site, &account, None)?);
    limits.confirm(store, id, &to, network, now, change).await
}

/// Mails another link for the unconfirmed account that was registered in this browser. The result
/// does not reveal whether there is such an account. If the last link was mailed a moment ago, no
/// link is sent.
pub async fn send_again_to(
    accounts: &Accounts,
    browser: Secret,
    network: Network,
) -> Result<(), ResendError> {
    let look = move |tx: &mut Tx<'_>| match unconfirmed::find_by(tx, &browser)? {
        Some(id) => account::find(tx, &id),
        None => Ok(None),
    };
    let Some(account) = accounts.site.store.read(look).await? else {
        return Ok(());
    };
    match send_again(accounts, &account, network).await {
        Err(ResendError::UsedUp(_)) => Ok(()),
        other => other,
    }
}

/// What the person provides, in addition to the link, to prove that the account is theirs.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The person provides only the link. This suffices in the browser in which the account was
    /// registered.
    None,
    /// The account's current password.
    Current(Secret),
    /// A new password, which replaces the account's password.
    New(Secret),
}

/// A request to confirm an email address.
#[derive(Clone, Debug)]
pub struct Confirmation {
    pub link: Secret,
    /// The secret that this browser received when an account was registered in it.
    pub browser: Option<Secret>,
    pub proof: Proof,
    pub network: Network,
    pub client: Client,
    /// Whether to begin a session. This has no effect if the account was registered in another
    /// browser.
    pub begins_session: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link was used some time ago or replaced, or has expired.
    #[error("the link is no longer good")]
    LinkGone,
    /// The account was registered in another browser, so a password is required.
    #[error("a password is needed")]
    ProofNeeded,
    /// Another account has got the email address in the meantime.
    #[error("the address is another account's")]
    EmailTaken,
    #[error("the current password is wrong")]
    CurrentWrong,
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// Too many wrong passwords were entered.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The data for the page that a confirmation link opens.
#[derive(Clone, Debug)]
pub struct VerificationLink {
    /// The account whose email address the link confirms.
    pub account: Account,
    /// Whether the link suffices, because this is the browser in which the account was registered.
    pub is_proven: bool,
    is_used: bool,
    hash: Option<PasswordHash>,
}

/// Finds a confirmation link without using it up.
pub fn find(
    tx: &mut Tx<'_>,
    link: &Secret,
    browser: Option<&Secret>,
) -> Result<Option<VerificationLink>, StoreError> {
    let link = one_time::find::<MailedTo>(tx, Purpose::VerifyEmail, link)?;
    let Some((link, account)) = with_account(tx, link)? else {
        return Ok(None);
    };
    let is_own = match browser {
        Some(browser) => unconfirmed::is_by(tx, &account.id, browser)?,
        None => false,
    };
    Ok(Some(VerificationLink {
        is_proven: is_own || link.is_used,
        is_used: link.is_used,
        hash: password::find(tx, &account.id)?,
        account,
    }))
}

/// Returns the link with its account. Returns `None` if the account no longer has the email address
/// to which the link was mailed.
fn with_account(
    tx: &mut Tx<'_>,
    link: Option<OneTime<MailedTo>>,
) -> Result<Option<(OneTime<MailedTo>, Account)>, StoreError> {
    let Some((link, id)) = link.and_then(|link| link.account.clone().map(|id| (link, id))) else {
        return Ok(None);
    };
    let account = account::find(tx, &id)?.filter(|account| {
        let address = account.email.parse::<Address>();
        address.is_ok_and(|address| address.canonical() == link.data.address)
    });
    Ok(account.map(|account| (link, account)))
}

#[derive(Clone)]
enum Proven {
    Browser(Secret),
    Current(Option<PasswordHash>),
    New(PasswordHash),
}

/// Confirms the email address. A repeated request within ten minutes succeeds too, but begins no
/// second session.
///
/// In the browser that registered the account, the person is signed in: whoever has both the link
/// and the browser's cookie has registered the account and read the mail. In any other browser, no
/// session begins, and the person must sign in afterwards.
pub async fn confirm(
    accounts: &Accounts,
    asked: Confirmation,
) -> Result<Option<Begun>, ConfirmError> {
    let (store, domains) = (&accounts.site.store, accounts.domain_accounts);
    let (link, browser) = (asked.link.clone(), asked.browser.clone());
    let look = move |tx: &mut Tx<'_>| find(tx, &link, browser.as_ref());
    let shown = store.read(look).await?.ok_or(ConfirmError::LinkGone)?;
    if shown.is_used {
        return Ok(None);
    }
    let proven = prove(accounts, &shown, &asked).await?;
    let change = move |tx: &mut Tx<'_>| -> Result<_, ConfirmError> {
        let link = one_time::use_once::<MailedTo>(tx, Purpose::VerifyEmail, &asked.link)?;
        let (link, account) = with_account(tx, link)?.ok_or(ConfirmError::LinkGone)?;
        if link.is_used {
            return Ok(None);
        }
        // Password changes take the same lock, so the password cannot change in the meantime.
        if !account::lock(tx, &account.id)? {
            return Err(ConfirmError::LinkGone);
        }
        write(tx, domains, &account.id, &proven, &asked.client.request)?;
        let signs_in = asked.begins_session
            && matches!(proven, Proven::Browser(_))
            && !second_factor::is_enrolled(tx, &account.id)?;
        if !signs_in {
            return Ok(None);
        }
        let (method, client) = (Method::Link, &asked.client);
        Ok(session::begin(
            tx,
            &account.id,
            method,
            Stay::Visit,
            client,
        )?)
    };
    store.write(change).await
}

async fn prove(
    accounts: &Accounts,
    shown: &VerificationLink,
    asked: &Confirmation,
) -> Result<Proven, ConfirmError> {
    if shown.is_proven
        && let Some(browser) = &asked.browser
    {
        return Ok(Proven::Browser(browser.clone()));
    }
    match &asked.proof {
        Proof::None => Err(ConfirmError::ProofNeeded),
        Proof::Current(typed) => {
            let (account, hash) = (&shown.account, shown.hash.as_ref());
            check_password(accounts, account, hash, typed, asked.network).await?;
            Ok(Proven::Current(shown.hash.clone()))
        }
        Proof::New(typed) => {
            let account = &shown.account;
            let known = [
                account.email.as_str(),
                &account.display_name,
                &accounts.site.settings.name,
            ];
            let password = Password::choose(typed, &known)?;
            Ok(Proven::New(accounts.hasher.hash(&password).await?))
        }
    }
}

/// Checks the password of a person who has a link. A wrong password counts like a failed sign-in.
pub(crate) async fn check_password(
    accounts: &Accounts,
    account: &Account,
    hash: Option<&PasswordHash>,
    typed: &Secret,
    network: Network,
) -> Result<(), ConfirmError> {
    let store = &accounts.site.store;
    let attempt = Attempt::new(&account.email, Source::Network(network));
    let reserved = attempt.reserve::<ConfirmError>(accounts).await?;
    let verified = accounts.hasher.verify(typed, hash).await;
    if matches!(verified, Ok(false)) {
        return Err(ConfirmError::CurrentWrong);
    }
    reserved.give_back_to(store).await?;
    verified?;
    Ok(())
}

fn write(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
    proven: &Proven,
    request: &RequestFacts,
) -> Result<(), ConfirmError> {
    match proven {
        Proven::Browser(browser) if unconfirmed::is_by(tx, id, browser)? => {}
        Proven::Browser(_) => return Err(ConfirmError::ProofNeeded),
        Proven::Current(hash) if password::find(tx, id)? == *hash => {}
        Proven::Current(_) => return Err(ConfirmError::CurrentWrong),
        Proven::New(hash) => {
            reset::begin_anew(tx, domains, id, request)?;
            password::set(tx, id, hash)?;
        }
    }
    account::verify_email(tx, id, VerifiedBy::Mail)?;
    unconfirmed::end(tx, id)?;
    request_limits::confirmed(tx, id)?;
    record(tx, id, request)?;
    Ok(())
}

/// Records in the audit log that a link mailed to the email address was used.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(
        tx,
        id,
        "email.verified",
        Entity::new("account", id.to_string()),
        request,
    )
}
