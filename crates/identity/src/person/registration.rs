//! Registration, and the removal of accounts that never confirm their email address.
//!
//! The response does not reveal whether an account has the typed address. A new address gets a mail
//! with a confirmation link. An address that already has an account gets a mail that says so. Both
//! cases cost one hash and one transaction.

use jiff::{SignedDuration, Timestamp, Zoned};
use platform::audit::{Actor, Entity, Entry};
use platform::jobs::{Done, Handler};
use platform::limits::Wait;
use platform::mail::{Address, Stranger};
use platform::{Rows, Secret, Store, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Network, Site};

pub use crate::account::unconfirmed::is_pending;
use crate::account::{self, Account, AccountId, NewAccount, unconfirmed};
use crate::accounts::Accounts;
pub use crate::accounts::{Policy, Registration};
use crate::client::Client;
use crate::credential::hashing::Busy;
use crate::credential::linked_identity::{self, Identity, IdentityError};
use crate::credential::password::{self, Password, PasswordHash};
use crate::grant::owners_lock;
use crate::limits::rate_limit::Hit;
use crate::limits::request_limits::RequestLimits;
use crate::one_time::{self, Purpose};
use crate::opaque_secret;
use crate::person::group_link::{self, GroupLinkId};
use crate::person::slug::{self, Availability};
use crate::person::{erasure, profile, reset, verification};
use crate::scope::domain::{DomainAccounts, Domains};
use crate::security_mail::{self, SecurityMail};

/// How long an account may stay unconfirmed.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The maximum age of the registration form. There is no minimum age, because a password manager
/// fills a form in at once.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug)]
pub struct Registrant {
    pub account: NewAccount,
    pub password: Password,
    /// The slug that the person would like; `None` if they typed none.
    pub slug: Option<String>,
    /// The form's value from [`form_stamp`]; `None` if the form does not come from this site.
    pub form_stamp: Option<String>,
    /// Whether a hidden form field has a value. Only bots fill it in.
    pub is_bot: bool,
    /// The token of the group link with which the person registers, if any.
    pub group: Option<String>,
    /// The cookie value of an earlier registration in this browser. If the earlier account is still
    /// unconfirmed, the new registration replaces that account, because its email address was
    /// probably mistyped.
    pub earlier: Option<Secret>,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("registration is closed")]
    Closed,
    /// The form is too old, or not from this site.
    #[error("the form is too old")]
    FormStale,
    #[error("the slug is taken")]
    SlugTaken,
    /// The data that the sign-in provider reported was already used or has expired.
    #[error("the sign-in has to begin again")]
    NewcomerGone,
    /// The slug equals the first segment of one of the site's paths.
    #[error("the slug is reserved")]
    SlugReserved,
    /// An account with this email address exists. Only internal functions return this error.
    #[error("the address is another account's")]
    EmailTaken,
    /// Too many registrations came from this network. They are allowed again at `until`, in the
    /// site's zone.
    #[error("too many registrations until {until}")]
    UsedUp { wait: Wait, until: Zoned },
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<account::CreateError> for RegisterError {
    fn from(error: account::CreateError) -> Self {
        match error {
            account::CreateError::EmailTaken => Self::EmailTaken,
            account::CreateError::Store(error) => Self::Store(error),
        }
    }
}

impl From<IdentityError> for RegisterError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Store(error) => Self::Store(error),
            // A concurrent sign-in has created the account.
            _ => Self::NewcomerGone,
        }
    }
}

/// A person whom a sign-in provider has identified and who has no account yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Newcomer {
    pub identity: Identity,
    /// The display name that the provider reports.
    pub name: String,
    /// The real name; empty if the provider does not report one.
    #[serde(default)]
    pub real_name: String,
    /// The email address that the provider reports. The site does not trust the provider to have
    /// verified it.
    pub email: String,
}

/// How long a newcomer may take to enter their email address.
pub const NEWCOMER_LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// Stores the data that a sign-in provider reported. The returned secret is sent to the browser.
pub(crate) fn expect_newcomer(tx: &mut Tx<'_>, newcomer: &Newcomer) -> Result<Secret, StoreError> {
    one_time::create(tx, Purpose::Newcomer, None, newcomer, NEWCOMER_LIFETIME)
}

pub fn find_newcomer(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<Newcomer>, StoreError> {
    let found = one_time::find(tx, Purpose::Newcomer, secret)?;
    Ok(found.map(|found| found.data))
}

/// A signed time stamp for a form. The server later computes the form's age from it.
pub fn form_stamp(site: &Site) -> String {
    let at = site.clock.now().as_millisecond().to_string();
    let signature = site.keys.key("form age").sign(&[&at]);
    format!("{at}.{signature}")
}

/// The time stamp for a form that is shown again. Returns `stamp` if it is still valid, and a new
/// time stamp if not.
pub fn renewed_stamp(site: &Site, stamp: &str) -> String {
    match age(site, stamp) {
        Some(age) if age <= OLDEST => stamp.to_owned(),
        _ => form_stamp(site),
    }
}

pub(super) fn check_stamp(site: &Site, stamp: &str) -> Result<(), RegisterError> {
    match age(site, stamp) {
        Some(age) if age <= OLDEST => Ok(()),
        _ => Err(RegisterError::FormStale),
    }
}

/// The age of a form; `None` if its stamp is invalid.
fn age(site: &Site, stamp: &str) -> Option<SignedDuration> {
    let (at, signature) = stamp.split_once('.')?;
    let is_ours = site.keys.key("form age").verify(&[at], signature);
    let shown = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    is_ours.then(|| site.clock.now().duration_since(shown))
}

#[derive(Clone, Debug)]
pub struct Registered {
    /// The secret that identifies this browser when the email address is confirmed.
    pub browser: Secret,
    /// The new account; `None` if an account already had the email address. The response must not
    /// reveal which is the case.
    pub account: Option<AccountId>,
}

/// Registers a person. If an account already has the email address, its owner is notified by mail.
pub async fn register(
    accounts: &Accounts,
    new: Registrant,
    network: Network,
    client: &Client,
) -> Result<Registered, RegisterError> {
    let site = &accounts.site;
    if accounts.policy.registration != Registration::Open {
        return Err(RegisterError::Closed);
    }
    if let Some(stamp) = &new.form_stamp {
        check_stamp(site, stamp)?;
    }
    if let Some(wanted) = new.slug.clone() {
        let earlier = new.earlier.clone();
        let look = move |tx: &mut Tx<'_>| {
            let of = slug::account(tx, &wanted)?.map(|named| named.id);
            if of.is_some() && of == find_earlier(tx, earlier.as_ref())? {
                return Ok(Availability::Free);
            }
            slug::availability(tx, &wanted)
        };
        match site.store.read(look).await? {
            Availability::Free => {}
            Availability::Taken => return Err(RegisterError::SlugTaken),
            Availability::Reserved => return Err(RegisterError::SlugReserved),
        }
    }
    let counted = count(accounts, new.group.as_deref(), network).await?;
    let hash = match accounts.hasher.hash(&new.password).await {
        Ok(hash) => hash,
        Err(busy) => {
            counted.give_back_to(&site.store).await?;
            return Err(busy.into());
        }
    };
    let browser = opaque_secret::create(&site.random);
    let registered = |account| Registered {
        browser: browser.clone(),
        account,
    };
    if new.is_bot {
        return Ok(registered(None));
    }
    let entering = Entering {
        limits: accounts.limits.clone(),
        network,
        site: site.clone(),
        new: new.account,
        slug: new.slug,
        credential: Credential::Password(hash),
        earlier: new.earlier,
        domains: accounts.domain_accounts,
        browser: browser.clone(),
        client: client.clone(),
        counted,
    };
    enter(entering).await.map(registered)
}

/// A registration that was counted, against the network or against a group link.
#[derive(Clone, Debug)]
pub struct Counted(Against);

#[derive(Clone, Debug)]
enum Against {
    Network(Hit),
    Group(GroupLinkId),
}

impl Counted {
    /// Makes the count that of this account, so that confirming the email address undoes it.
    pub(super) fn belongs_to(
        &self,
        tx: &mut Tx<'_>,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        match &self.0 {
            Against::Network(hit) => hit.belongs_to(tx, account),
            Against::Group(_) => Ok(()),
        }
    }

    async fn give_back_to(self, store: &Store) -> Result<(), StoreError> {
        match self.0 {
            Against::Network(hit) => hit.give_back_to(store).await,
            Against::Group(link) => {
                let change = move |tx: &mut Tx<'_>| group_link::give_back(tx, &link);
                store.write(change).await
            }
        }
    }
}

/// Counts a registration before any costly work is done: against the group link, or against the
/// network if there is none, or it has ended or all its uses are taken.
pub(super) async fn count(
    accounts: &Accounts,
    group: Option<&str>,
    network: Network,
) -> Result<Counted, RegisterError> {
    let site = &accounts.site;
    if let Some(group) = group {
        let (site, token) = (site.clone(), group.to_owned());
        let change = move |tx: &mut Tx<'_>| group_link::take(tx, &site, &token);
        if let Some(link) = accounts.site.store.write(change).await? {
            return Ok(Counted(Against::Group(link)));
        }
    }
    match accounts.limits.register(&site.store, network).await? {
        Ok(hit) => Ok(Counted(Against::Network(hit))),
        Err(wait) => {
            let freed = site.clock.now() + SignedDuration::from_secs(wait.seconds.into());
            let until = freed.to_zoned(site.settings.time_zone.clone());
            Err(RegisterError::UsedUp { wait, until })
        }
    }
}

/// Like [`register`], for a newcomer who has entered an email address. `group` is the token of the group
/// link with which the browser came.
pub async fn register_newcomer(
    accounts: &Accounts,
    newcomer: Secret,
    new: NewAccount,
    group: Option<&str>,
    network: Network,
    client: &Client,
) -> Result<Secret, RegisterError> {
    let site = &accounts.site;
    if accounts.policy.registration != Registration::Open {
        return Err(RegisterError::Closed);
    }
    let counted = count(accounts, group, network).await?;
    let browser = opaque_secret::create(&site.random);
    let entering = Entering {
        limits: accounts.limits.clone(),
        network,
        site: site.clone(),
        new,
        slug: None,
        credential: Credential::Newcomer(newcomer),
        earlier: None,
        domains: accounts.domain_accounts,
        browser: browser.clone(),
        client: client.clone(),
        counted,
    };
    enter(entering).await.map(|_| browser)
}

fn find_earlier(
    tx: &mut Tx<'_>,
    browser: Option<&Secret>,
) -> Result<Option<AccountId>, StoreError> {
    match browser {
        Some(browser) => unconfirmed::find_by(tx, browser),
        None => Ok(None),
    }
}

/// `None` if another account has the email address, for example after a concurrent registration.
/// The address of an account that is deactivated or about to be erased stays taken.
async fn enter(entering: Entering) -> Result<Option<AccountId>, RegisterError> {
    let store = entering.site.store.clone();
    for _ in 0..2 {
        let entering = entering.clone();
        let change = move |tx: &mut Tx<'_>| entering.enter(tx);
        match store.write(change).await {
            Err(RegisterError::EmailTaken) => {}
            other => return other,
        }
    }
    Ok(None)
}

#[derive(Clone)]
enum Credential {
    Password(PasswordHash),
    /// The secret under which the sign-in provider's data is stored.
    Newcomer(Secret),
}

#[derive(Clone)]
struct Entering {
    site: Site,
    new: NewAccount,
    slug: Option<String>,
    credential: Credential,
    earlier: Option<Secret>,
    domains: Domains,
    browser: Secret,
    client: Client,
    /// Limits the mails to an email address that already has an account.
    limits: RequestLimits,
    network: Network,
    counted: Counted,
}

impl Entering {
    fn enter(&self, tx: &mut Tx<'_>) -> Result<Option<AccountId>, RegisterError> {
        // Mail to a new email address counts towards the limit too, although it is sent even beyond
        // the limit.
        let may_remind = self.limits.may_send(tx, &self.new.email)?;
        let newcomer = match &self.credential {
            Credential::Password(_) => None,
            Credential::Newcomer(secret) => {
                let taken = one_time::take::<Newcomer>(tx, Purpose::Newcomer, secret)?;
                Some(taken.ok_or(RegisterError::NewcomerGone)?.data)
            }
        };
        if let Some(earlier) = find_earlier(tx, self.earlier.as_ref())? {
            remove(tx, self.domains, &earlier)?;
        }
        if let Some(account) = account::find_by_email(tx, &self.new.email)? {
            if may_remind {
                self.remind(tx, &account)?;
            }
            return Ok(None);
        }
        let id = account::create(tx, &self.new)?;
        self.counted.belongs_to(tx, &id)?;
        if let Some(slug) = &self.slug
            && !slug::take(tx, &id, slug)?
        {
            return Err(RegisterError::SlugTaken);
        }
        if let Credential::Password(hash) = &self.credential {
            password::set(tx, &id, hash)?;
        }
        if let Some(newcomer) = newcomer {
            profile::set_real_name(tx, &id, &newcomer.real_name)?;
            linked_identity::add(tx, &id, &newcomer.identity, &self.client.request)?;
        }
        let now = tx.now();
        sql!(
            "INSERT INTO registration (account_id, browser_hash, registered_at)
             VALUES (:id, :browser, :now)",
            id,
            browser = opaque_secret::hash(&self.browser),
            now
        )
        .run(tx, Rows::Exactly(1))?;
        record(tx, &id, &self.client)?;
        if let Some(account) = account::find(tx, &id)? {
            verification::send(tx, &self.site, &account, Some(self.stranger(false)))?;
        }
        Ok(Some(id))
    }

    fn remind(&self, tx: &mut Tx<'_>, account: &Account) -> Result<(), StoreError> {
        let link = reset::create_link(tx, account)?;
        let sign_in = self.site.url().join("/login");
        let notice = SecurityMail {
            subject: "mail-known-subject",
            text: "mail-known-text",
            at: tx.now(),
            path: &format!("/reset/{}", link.reveal()),
            values: vec![("sign_in", sign_in.into())],
        };
        let stranger = Some(self.stranger(true));
        notice.write(tx, &self.site, account, stranger).map(drop)
    }

    fn stranger(&self, is_known: bool) -> Stranger {
        Stranger {
            line: security_mail::line(&self.site, self.network),
            is_known,
        }
    }
}

/// The daily job that removes accounts if their email address was not confirmed in time.
pub fn job(domains: Domains, store: Store) -> Handler {
    Handler::each_day("accounts.purge_unverified", move |_| {
        let store = store.clone();
        async move {
            purge(domains, &store).await?;
            Ok(Done::nothing())
        }
    })
}

/// Runs [`job`] once.
pub async fn purge(domains: Domains, store: &Store) -> Result<(), StoreError> {
    let find = |tx: &mut Tx<'_>| -> Result<Vec<(AccountId,)>, StoreError> {
        let before = tx.roughly_now() - LIFETIME;
        sql!(
            "SELECT account_id FROM registration WHERE registered_at <= :before AND is_kept = 0
                 AND is_pending = 1
             ORDER BY account_id",
            before
        )
        .all(tx)
    };
    for (id,) in store.read(find).await? {
        let removed = id.clone();
        let change = move |tx: &mut Tx<'_>| remove(tx, domains, &removed);
        if let Err(error) = store.write(change).await {
            tracing::warn!(account = %id, %error, "cannot remove an unconfirmed account; it is tried again; if this goes on, check the store's disk or database server");
        }
    }
    Ok(())
}

/// Its slug becomes available at once, because it was never public.
fn remove(tx: &mut Tx<'_>, domains: &[DomainAccounts], id: &AccountId) -> Result<(), StoreError> {
    // Confirmation takes the same lock, so the account cannot be confirmed in the meantime.
    if owners_lock::hold(tx, id)?.is_none() || !is_pending(tx, id)? {
        return Ok(());
    }
    sql!("DELETE FROM account_slug WHERE account_id = :id", id).run(tx, Rows::Any)?;
    erasure::purge(tx, domains, id)
}

/// Removes the unconfirmed account with this email address, because somebody has proved that the
/// address belongs to them.
pub(crate) fn remove_with_email(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    email: &Address,
) -> Result<(), StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "SELECT r.account_id FROM registration r
         JOIN email e ON e.account_id = r.account_id AND e.is_primary = 1
         WHERE e.canonical = :canonical AND r.is_kept = 0 AND r.is_pending = 1",
        canonical = email.canonical()
    )
    .maybe(tx)?;
    match found {
        Some((id,)) => remove(tx, domains, &id),
        None => Ok(()),
    }
}

/// Records that a person registered an account.
pub(crate) fn record(tx: &mut Tx<'_>, id: &AccountId, client: &Client) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: Actor::System,
        action: "account.registered",
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(client.request.clone()),
    })
}
