//! Confirming that an address is the account's own: by a link that is mailed there.
//!
//! Somebody may have registered the address of somebody else, who then gets the link. So the link
//! alone confirms nothing, unless the browser that registered opens it: everybody else shows the
//! account's password, or sets a new one, which shuts out whoever registered.

use jiff::SignedDuration;
use platform::audit::RequestFacts;
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
use crate::notice::Notice;
use crate::one_time::{self, OneTime, Purpose};
use crate::person::reset;
use crate::scope::domain::DomainAccounts;
use crate::session::{self, Begun, Method, Stay};
use crate::sign_in::attempts::{Attempt, Source};

/// How long a link works.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// What a link carries: it confirms the address that it was mailed to.
#[derive(Debug, Serialize, Deserialize)]
struct MailedTo {
    address: String,
}

/// Mails a link that confirms the account's address. An older one works no more.
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
    let notice = Notice {
        subject: "mail-verify-subject",
        text: "mail-verify-text",
        at: tx.now(),
        path: &format!("/verify/{}", link.reveal()),
        values: Vec::new(),
    };
    notice.write(tx, site, account, stranger).map(drop)
}

/// Why no further link is mailed.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// One was mailed a moment ago, or too many today.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// The session has ended meanwhile.
    #[error("not signed in")]
    NotSignedIn,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Mails another link to somebody who is signed in. Content where the address is confirmed.
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
    limits.confirm(store, id, (&to, network, now), change).await
}

/// Mails another link to whoever registered with this browser and waits for the first. The caller
/// learns nothing of whether there is such an account: one that had a link a moment ago gets none,
/// silently.
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

/// How somebody proves that the account is theirs, beside holding the link.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Not at all: the browser that registered needs nothing else.
    None,
    /// By the password that the account has.
    Current(Secret),
    /// By setting another one.
    New(Secret),
}

/// Somebody presses the button of a link.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// The link.
    pub link: Secret,
    /// What the browser was given when somebody registered with it.
    pub browser: Option<Secret>,
    /// What they prove.
    pub proof: Proof,
    /// Where they come from.
    pub network: Network,
    /// Their browser.
    pub client: Client,
    /// Whether the browser that registered is signed in, too.
    pub begins_session: bool,
}

/// Why the address is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link was used some time ago, replaced, or its time is over.
    #[error("the link is no longer good")]
    LinkGone,
    /// Another browser registered: a password is needed too.
    #[error("a password is needed")]
    ProofNeeded,
    /// Somebody else has the address by now.
    #[error("the address is another account's")]
    EmailTaken,
    /// The password that was shown is not the account's.
    #[error("the current password is not right")]
    CurrentWrong,
    /// The new password is not taken.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// There were too many failures.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// There is no room for another hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A link as its page shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Whose address it confirms.
    pub account: Account,
    /// Whether the button is all that is needed.
    pub is_proven: bool,
    is_used: bool,
    hash: Option<PasswordHash>,
}

/// Looks at a link without using it.
pub fn find(
    tx: &mut Tx<'_>,
    link: &Secret,
    browser: Option<&Secret>,
) -> Result<Option<Shown>, StoreError> {
    let link = one_time::find::<MailedTo>(tx, Purpose::VerifyEmail, link)?;
    let Some((link, account)) = with_account(tx, link)? else {
        return Ok(None);
    };
    let is_own = match browser {
        Some(browser) => unconfirmed::is_by(tx, &account.id, browser)?,
        None => false,
    };
    Ok(Some(Shown {
        is_proven: is_own || link.is_used,
        is_used: link.is_used,
        hash: password::find(tx, &account.id)?,
        account,
    }))
}

/// The account of a link, if the link was mailed to the address that the account has now.
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

/// What was found true of a [`Proof`].
#[derive(Clone)]
enum Proven {
    Browser(Secret),
    Current(Option<PasswordHash>),
    New(PasswordHash),
}

/// Confirms the address. A repeat within ten minutes is answered as the first, but begins no second
/// session.
///
/// Only the browser that registered is signed in: the link and its cookie together belong to nobody
/// but the registrant, who has read the mail. Any other browser has shown a password, and signs in
/// with that.
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
        // Whoever changes the password holds this lock too.
        if !account::lock(tx, &account.id)? {
            return Err(ConfirmError::LinkGone);
        }
        write(tx, domains, &account.id, (&proven, &asked.client.request))?;
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
    shown: &Shown,
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

/// Compares the password of somebody who holds a link; a wrong one counts like a failed sign-in.
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
    (proven, request): (&Proven, &RequestFacts),
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
    record(tx, id, request)?;
    Ok(())
}

/// Writes down that a link that was mailed there was used.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(
        tx,
        id,
        "email.verified",
        ("account", id.to_string()),
        request,
    )
}
