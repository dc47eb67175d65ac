//! A new password, or a way in without one, for somebody who has only their mailbox.
//!
//! Whoever asks hears the same, whatever the address is: a job finds out whether there is anybody
//! to mail to.

use jiff::SignedDuration;
use platform::audit::RequestFacts;
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
use crate::notice::{self, Notice};
use crate::one_time::{self, OneTime, Purpose};
use crate::person::erasure;
use crate::scope::domain::DomainAccounts;
use crate::session::{self, token};
use crate::sign_in::{self, restore};

/// How long a link to a new password works.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

const JOB: &str = "accounts.mail_link";
/// The priority of what can wait for everything else.
const LAST: i64 = 30;

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A link that sets a new password.
    Reset,
    /// A link that signs in once.
    SignIn,
}

/// What the job is told.
#[derive(Serialize, Deserialize)]
struct Asked {
    email: String,
    wanted: Wanted,
    /// The line of the network that it was asked from; `None`: somebody who is signed in asked.
    line: Option<String>,
}

impl Asked {
    /// Nothing is mailed but to people who have an account.
    fn stranger(&self) -> Option<Stranger> {
        let line = self.line.clone()?;
        let is_known = true;
        Some(Stranger { line, is_known })
    }
}

/// Why nothing is sent.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Too much was asked from there.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has a link mailed to the owner of an address, if there is one.
pub async fn ask(
    accounts: &Accounts,
    email: &Address,
    wanted: Wanted,
    network: Network,
) -> Result<(), AskError> {
    let site = &accounts.site;
    let (limits, email) = (accounts.limits.clone(), email.clone());
    limits.may_ask(&site.store, network).await??;
    let line = notice::line(site, network);
    let change = move |tx: &mut Tx<'_>| -> Result<(), AskError> {
        limits.ask(tx, network)??;
        if limits.may_send(tx, &email)? {
            enqueue(tx, email.as_str(), wanted, Some(line.clone()))?;
        }
        Ok(())
    };
    site.store.write(change).await
}

/// Has a link mailed once this change is made. What strangers ask for, who have a line, waits until
/// there is nothing else to do.
pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    email: &str,
    wanted: Wanted,
    line: Option<String>,
) -> Result<(), StoreError> {
    let asked = json!(Asked {
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

/// Mails the links that were asked for.
pub fn mails(site: &Site) -> Handler {
    let site = site.clone();
    Handler::new(JOB, move |job| {
        let site = site.clone();
        async move {
            let asked: Asked = job.read()?;
            Ok(Done::with(move |tx| mail(tx, &site, &asked)))
        }
    })
}

fn mail(tx: &mut Tx<'_>, site: &Site, asked: &Asked) -> Result<(), StoreError> {
    let Ok(email) = asked.email.parse::<Address>() else {
        return Ok(());
    };
    let Some(account) = account::find_by_email(tx, &email)? else {
        return mail_leaving(tx, site, &email, asked);
    };
    // Where nobody has confirmed the address, somebody else may have the account: only a new
    // password shuts them out.
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
    let notice = Notice {
        subject,
        text,
        at: tx.now(),
        path: &path,
        values: Vec::new(),
    };
    let mail = notice.write(tx, site, &account, asked.stranger());
    mail.map(drop)
}

/// Somebody who asked for their account to be erased gets a link that offers to keep it.
fn mail_leaving(
    tx: &mut Tx<'_>,
    site: &Site,
    email: &Address,
    asked: &Asked,
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
    let notice = Notice {
        subject: "mail-link-subject",
        text: "mail-link-text",
        at: tx.now(),
        path: &format!("/sign-in/{}", link.reveal()),
        values: Vec::new(),
    };
    let mail = notice.write(tx, site, &account, asked.stranger());
    mail.map(drop)
}

/// What a link carries: the address that it was mailed to.
#[derive(Debug, Serialize, Deserialize)]
struct MailedTo {
    address: String,
}

/// Makes a link to be mailed to the account's address, the last part of `/reset/{…}`. An older one
/// works no more.
pub(crate) fn create_link(tx: &mut Tx<'_>, account: &Account) -> Result<Secret, StoreError> {
    let address = account.email.parse::<Address>();
    let data = MailedTo {
        address: address.map_or_else(|_| String::new(), |address| address.canonical().to_owned()),
    };
    one_time::remove_of(tx, Purpose::ResetPassword, &account.id)?;
    let id = Some(&account.id);
    one_time::create(tx, Purpose::ResetPassword, id, &data, LIFETIME)
}

/// A link as its page shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Whose password it sets.
    pub account: Account,
    /// Whether there are tokens, passkeys or linked identities that may be taken back.
    pub has_tokens: bool,
    /// Whether what was made with the account goes.
    pub erases: bool,
}

/// Looks at a link without using it.
pub fn find(tx: &mut Tx<'_>, link: &Secret) -> Result<Option<Shown>, StoreError> {
    let link = one_time::find(tx, Purpose::ResetPassword, link)?;
    let Some(account) = account_of(tx, link)? else {
        return Ok(None);
    };
    let has_tokens = !token::list(tx, &account.id)?.is_empty()
        || !passkey::list(tx, &account.id)?.is_empty()
        || !linked_identity::list(tx, &account.id)?.is_empty();
    let erases = account::verified_email(tx, &account.id)?.is_none()
        && unconfirmed::is_admitted(tx, &account.id)?;
    Ok(Some(Shown {
        account,
        has_tokens,
        erases,
    }))
}

/// The account of a link, if the link was mailed to the address that the account has now.
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

/// What becomes of the account's personal tokens, passkeys and linked identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    /// They work no more.
    Revoked,
    /// They stay.
    Kept,
}

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link was used, replaced, or its time is over.
    #[error("the link is no longer good")]
    LinkGone,
    /// The new password is not taken.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// There is no room for another hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets the password with a link. Every session ends, and the address is known to be the
/// account's own: the link was mailed there. The second factor stays, unless the address was not
/// known to be the account's own before.
pub async fn finish(
    accounts: &Accounts,
    link: Secret,
    typed: &Secret,
    tokens: Tokens,
    client: Client,
) -> Result<(), ResetError> {
    let (site, domains) = (accounts.site.clone(), accounts.domain_accounts);
    let asked = link.clone();
    // Before a hash is made, so that nobody without a link makes us work.
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
        account::record(
            tx,
            id,
            "password.reset",
            ("account", id.to_string()),
            &client.request,
        )?;
        let notice = Notice {
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

/// Ends whatever somebody may have who had the account before its owner did: also passkeys, linked
/// identities, tokens, the second factor, and what they made if they registered it.
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

/// Ends whatever somebody may have who knew the password: sessions, known browsers, links.
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
