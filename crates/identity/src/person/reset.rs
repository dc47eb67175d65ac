//! Mailed links for people who have no other way to sign in: a link to set a new password, or a
//! sign-in link.
//!
//! The response is the same for every email address. A job finds out later whether there is an
//! account to which a link can be mailed.

use jiff::SignedDuration;
use platform::audit::{Entity, RequestFacts};
use platform::jobs::{Done, Handler, NewJob};
use platform::limits::Wait;
use platform::mail::{Address, Stranger};
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Network, Site};

use crate::account::{self, Account, AccountId, VerifiedBy, unconfirmed};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::hashing::Busy;
use crate::credential::password::{self, Password, Weakness};
use crate::credential::{linked_identity, passkey, second_factor};
use crate::limits::request_limits;
use crate::one_time::{self, OneTime, Purpose};
use crate::person::erasure;
use crate::scope::domain::DomainAccounts;
use crate::security_mail::{self, SecurityMail};
use crate::session::{self, token};
use crate::sign_in::{self, restore};

/// How long a password reset link is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

const JOB: &str = "accounts.mail_link";
/// The priority of jobs that run after all other work.
const LAST: i64 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A link that sets a new password.
    Reset,
    /// A link that signs in once.
    SignIn,
}

#[derive(Serialize, Deserialize)]
struct ResetJob {
    email: String,
    wanted: Wanted,
    /// The queue lane for mails requested from the same network; `None` if the person was signed
    /// in.
    line: Option<String>,
}

impl ResetJob {
    /// `is_known` is `true`, because only account owners get this mail.
    fn stranger(&self) -> Option<Stranger> {
        let line = self.line.clone()?;
        let is_known = true;
        Some(Stranger { line, is_known })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Too many links were requested from this network.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Schedules a mail with a link to the owner of an email address. Nothing is mailed if there is no
/// account.
pub async fn ask(
    accounts: &Accounts,
    email: &Address,
    wanted: Wanted,
    network: Network,
) -> Result<(), AskError> {
    let site = &accounts.site;
    let (limits, email) = (accounts.limits.clone(), email.clone());
    limits.may_ask(&site.store, network).await??;
    let line = security_mail::line(site, network);
    let change = move |tx: &mut Tx<'_>| -> Result<(), AskError> {
        limits.ask(tx, network)??;
        if limits.may_send(tx, &email)? {
            enqueue(tx, email.as_str(), wanted, Some(line.clone()))?;
        }
        Ok(())
    };
    site.store.write(change).await
}

/// Enqueues the job that mails the link, in this transaction. If the person is not signed in, the
/// job has a queue lane and waits until there is no other work.
pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    email: &str,
    wanted: Wanted,
    line: Option<String>,
) -> Result<(), StoreError> {
    let asked = json!(ResetJob {
        email: email.to_owned(),
        wanted,
        line: line.clone(),
    });
    tx.enqueue(NewJob {
        priority: if line.is_some() { LAST } else { 0 },
        line,
        ..NewJob::new(JOB, asked)
    })
}

/// The job that mails the requested links.
pub fn mails(site: &Site) -> Handler {
    let site = site.clone();
    Handler::new(JOB, move |job| {
        let site = site.clone();
        async move {
            let asked: ResetJob = job.read()?;
            Ok(Done::with(move |tx| mail(tx, &site, &asked)))
        }
    })
}

fn mail(tx: &mut Tx<'_>, site: &Site, asked: &ResetJob) -> Result<(), StoreError> {
    let Ok(email) = asked.email.parse::<Address>() else {
        return Ok(());
    };
    let Some(account) = account::find_by_email(tx, &email)? else {
        return mail_leaving(tx, site, &email, asked);
    };
    // If the email address is unconfirmed, somebody else may have registered the account. A new
    // password shuts that person out; a sign-in link would not.
    let is_verified = account::verified_email(tx, &account.id)?.is_some();
    let (subject, text, path) = if asked.wanted == Wanted::SignIn && is_verified {
        let link = sign_in::create_link(tx, &account.id)?;
        let path = format!("/sign-in/{}", link.reveal());
        ("mail-link-subject", "mail-link-text", path)
    } else {
        let link = create_link(tx, &account)?;
        let path = format!("/reset/{}", link.reveal());
        ("mail-reset-subject", "mail-reset-text", path)
    };
    let notice = SecurityMail {
        subject,
        text,
        at: tx.now(),
        path: &path,
        values: Vec::new(),
    };
    let mail = notice.write(tx, site, &account, asked.stranger());
    mail.map(drop)
}

fn mail_leaving(
    tx: &mut Tx<'_>,
    site: &Site,
    email: &Address,
    asked: &ResetJob,
) -> Result<(), StoreError> {
    let Some(account) = account::find_leaving(tx, email)? else {
        return Ok(());
    };
    if account::verified_email(tx, &account.id)?.is_none()
        || !restore::is_restorable(tx, &account.id)?
    {
        return Ok(());
    }
    let link = sign_in::create_link(tx, &account.id)?;
    let notice = SecurityMail {
        subject: "mail-link-subject",
        text: "mail-link-text",
        at: tx.now(),
        path: &format!("/sign-in/{}", link.reveal()),
        values: Vec::new(),
    };
    let mail = notice.write(tx, site, &account, asked.stranger());
    mail.map(drop)
}

#[derive(Debug, Serialize, Deserialize)]
struct MailedTo {
    address: String,
}

/// Creates a password reset link. An earlier link of the account stops working. The link's path is
/// `/reset/` followed by the returned secret.
pub(crate) fn create_link(tx: &mut Tx<'_>, account: &Account) -> Result<Secret, StoreError> {
    let address = account.email.parse::<Address>();
    let data = MailedTo {
        address: address.map_or_else(|_| String::new(), |address| address.canonical().to_owned()),
    };
    one_time::remove_of(tx, Purpose::ResetPassword, &account.id)?;
    let id = Some(&account.id);
    one_time::create(tx, Purpose::ResetPassword, id, &data, LIFETIME)
}

/// The data for the page that a password reset link opens.
#[derive(Clone, Debug)]
pub struct ResetLink {
    /// The account whose password the link sets.
    pub account: Account,
    /// Whether the account has tokens, passkeys or linked identities. The person may want to remove
    /// them.
    pub has_tokens: bool,
    /// Whether setting a password erases everything that was created with the account before its
    /// email address was confirmed.
    pub erases: bool,
}

/// Finds a password reset link without using it up.
pub fn find(tx: &mut Tx<'_>, link: &Secret) -> Result<Option<ResetLink>, StoreError> {
    let link = one_time::find(tx, Purpose::ResetPassword, link)?;
    let Some(account) = account_of(tx, link)? else {
        return Ok(None);
    };
    let has_tokens = !token::list(tx, &account.id)?.is_empty()
        || !passkey::list(tx, &account.id)?.is_empty()
        || !linked_identity::list(tx, &account.id)?.is_empty();
    let erases = account::verified_email(tx, &account.id)?.is_none()
        && unconfirmed::is_admitted(tx, &account.id)?;
    Ok(Some(ResetLink {
        account,
        has_tokens,
        erases,
    }))
}

/// Returns the account of a link. Returns `None` if the account no longer has the email address to
/// which the link was mailed.
fn account_of(
    tx: &mut Tx<'_>,
    link: Option<OneTime<MailedTo>>,
) -> Result<Option<Account>, StoreError> {
    let Some((link, id)) = link.and_then(|link| link.account.clone().map(|id| (link, id))) else {
        return Ok(None);
    };
    let account = account::find(tx, &id)?;
    Ok(account.filter(|account| {
        let address = account.email.parse::<Address>();
        address.is_ok_and(|address| address.canonical() == link.data.address)
    }))
}

/// What happens to the account's personal tokens, passkeys and linked identities when the password
/// is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    Revoked,
    Kept,
}

#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link was used or replaced, or has expired.
    #[error("the link is no longer good")]
    LinkGone,
    /// The new password is not accepted.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets the password of a link's account. Every session ends, and the email address becomes
/// verified, because the link was mailed to it. The second factor is kept, unless the address was
/// unverified before.
pub async fn finish(
    accounts: &Accounts,
    link: Secret,
    typed: &Secret,
    tokens: Tokens,
    client: Client,
) -> Result<(), ResetError> {
    let (site, domains) = (accounts.site.clone(), accounts.domain_accounts);
    let asked = link.clone();
    // The link is checked before the password is hashed, so that nobody can cause hashing without a
    // valid link.
    let shown = site.store.read(move |tx| find(tx, &asked)).await?;
    let account = shown.ok_or(ResetError::LinkGone)?.account;
    let known = [
        account.email.as_str(),
        &account.display_name,
        &site.settings.name,
    ];
    let hash = accounts
        .hasher
        .hash(&Password::choose(typed, &known)?)
        .await?;
    let change = move |tx: &mut Tx<'_>| -> Result<(), ResetError> {
        let taken = one_time::take(tx, Purpose::ResetPassword, &link)?;
        let account = account_of(tx, taken)?.ok_or(ResetError::LinkGone)?;
        let id = &account.id;
        if !account::lock(tx, id)? {
            return Err(ResetError::LinkGone);
        }
        if account::verified_email(tx, id)?.is_some() {
            shut_out(tx, id, tokens, &client.request)?;
        } else {
            begin_anew(tx, domains, id, &client.request)?;
            account::verify_email(tx, id, VerifiedBy::Mail)?;
        }
        password::set(tx, id, &hash)?;
        unconfirmed::end(tx, id)?;
        request_limits::confirmed(tx, id)?;
        account::record(
            tx,
            id,
            "password.reset",
            Entity::new("account", id.to_string()),
            &client.request,
        )?;
        let notice = SecurityMail {
            subject: "mail-password-subject",
            text: "mail-password-text",
            at: tx.now(),
            path: "/forgot",
            values: vec![("network", client.network().into())],
        };
        Ok(notice.send(tx, &site, &account)?)
    };
    accounts.site.store.write(change).await
}

/// Removes everything that could give access to the account before its email address was confirmed:
/// passkeys, linked identities, tokens and the second factor. If the account was registered on this
/// site, also erases everything that was created with it.
pub(crate) fn begin_anew(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    shut_out(tx, id, Tokens::Revoked, request)?;
    second_factor::erase(tx, id)?;
    erasure::erase_made(tx, domains, id)
}

/// Removes the access that somebody with the old password may have: sessions, known browsers and
/// mailed links.
pub(crate) fn shut_out(
    tx: &mut Tx<'_>,
    id: &AccountId,
    tokens: Tokens,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    session::end_all_of(tx, id, "password", request)?;
    for purpose in [
        Purpose::SignIn,
        Purpose::ResetPassword,
        Purpose::VerifyEmail,
        Purpose::ChangeEmail,
        Purpose::SecondStep,
    ] {
        one_time::remove_of(tx, purpose, id)?;
    }
    one_time::remove_of(tx, Purpose::Invite, id)?;
    sql!("DELETE FROM device WHERE account_id = :id", id).run(tx, Rows::Any)?;
    if tokens == Tokens::Revoked {
        passkey::erase(tx, id)?;
        linked_identity::erase(tx, id)?;
        sql!("DELETE FROM personal_token WHERE account_id = :id", id).run(tx, Rows::Any)?;
    }
    Ok(())
}
