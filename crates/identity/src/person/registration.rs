//! Registration: accounts that people make themselves, and what such an account may not do before
//! its address is confirmed.
//!
//! The answer says nothing about the address: a new one gets a mail with a link that confirms it,
//! one that somebody has gets a mail that says so, and both cost one hash and one change.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Actor, Entry};
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
use crate::grant::held;
use crate::limits::request_limits::RequestLimits;
use crate::notice::{self, Notice};
use crate::one_time::{self, Purpose};
use crate::opaque;
use crate::person::slug::{self, Availability};
use crate::person::{erasure, profile, reset, verification};
use crate::scope::domain::{DomainAccounts, Domains};

/// How long an account may stay unconfirmed.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How old a form is at most. There is no least age: a password manager fills one in at once.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

/// Somebody who wants an account.
#[derive(Clone, Debug)]
pub struct Registrant {
    /// What it begins with.
    pub account: NewAccount,
    /// What they will sign in with.
    pub password: Password,
    /// What they want to be called in public addresses.
    pub slug: Option<String>,
    /// What [`form_stamp`] gave the form; `None`: it is none of our forms.
    pub form_stamp: Option<String>,
    /// Whether a field was filled in that people do not see.
    pub is_bot: bool,
    /// The browser's secret of an earlier registration. If that still waits to be confirmed, this
    /// one takes its place: the address was typed wrong.
    pub earlier: Option<Secret>,
}

/// Why nobody was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Nobody may register here.
    #[error("registration is closed")]
    Closed,
    /// The form was sent too long after it was shown, or is none of ours.
    #[error("the form is too old")]
    FormStale,
    /// Somebody else is called so in public addresses.
    #[error("the slug is taken")]
    SlugTaken,
    /// What a provider said of the newcomer was used, or its time is over.
    #[error("the sign-in has to begin again")]
    NewcomerGone,
    /// A page of the site begins so.
    #[error("the slug is reserved")]
    SlugReserved,
    /// Somebody signs in with this address already. Only the function that meets it knows.
    #[error("the address is another account's")]
    EmailTaken,
    /// Too many registered from there.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// There is no room for another hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store.
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
            // Another sign-in made an account of it meanwhile.
            _ => Self::NewcomerGone,
        }
    }
}

/// Somebody whom a provider has identified, and who has no account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Newcomer {
    /// Who they are there.
    pub identity: Identity,
    /// What they are called, as the provider says.
    pub name: String,
    /// The same, unless the provider says nothing of it.
    #[serde(default)]
    pub real_name: String,
    /// Their address, as the provider says. Its word is not taken for it.
    pub email: String,
}

/// How long a newcomer may take to say which address is theirs.
pub const NEWCOMER_LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// Keeps what a provider said of somebody; the secret is for their browser.
pub(crate) fn expect_newcomer(tx: &mut Tx<'_>, newcomer: &Newcomer) -> Result<Secret, StoreError> {
    one_time::create(tx, Purpose::Newcomer, None, newcomer, NEWCOMER_LIFETIME)
}

/// What was kept of a newcomer.
pub fn find_newcomer(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<Newcomer>, StoreError> {
    let found = one_time::find(tx, Purpose::Newcomer, secret)?;
    Ok(found.map(|found| found.data))
}

/// What a form carries so that it tells its age.
pub fn form_stamp(site: &Site) -> String {
    let at = site.clock.now().as_millisecond().to_string();
    let signature = site.keys.key("form age").sign(&[&at]);
    format!("{at}.{signature}")
}

/// What a form carries that is shown again: what it carried, unless that is of no more use.
pub fn renewed_stamp(site: &Site, stamp: &str) -> String {
    match age(site, stamp) {
        Some(age) if age <= OLDEST => stamp.to_owned(),
        _ => form_stamp(site),
    }
}

fn check_stamp(site: &Site, stamp: &str) -> Result<(), RegisterError> {
    match age(site, stamp) {
        Some(age) if age <= OLDEST => Ok(()),
        _ => Err(RegisterError::FormStale),
    }
}

/// How old a form is; `None`: its stamp is not ours.
fn age(site: &Site, stamp: &str) -> Option<SignedDuration> {
    let (at, signature) = stamp.split_once('.')?;
    let is_ours = site.keys.key("form age").verify(&[at], signature);
    let shown = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
    is_ours.then(|| site.clock.now().duration_since(shown))
}

/// What came of a registration.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The secret by which the browser is known when the address is confirmed.
    pub browser: Secret,
    /// The account that was made. Whoever is told learns whether the address was known.
    pub account: Option<AccountId>,
}

/// Registers somebody, or tells the owner of the address that they have an account.
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
    let counted = accounts
        .limits
        .register::<RegisterError>(&site.store, network)
        .await?;
    let hash = match accounts.hasher.hash(&new.password).await {
        Ok(hash) => hash,
        Err(busy) => {
            counted.give_back_to(&site.store).await?;
            return Err(busy.into());
        }
    };
    let browser = opaque::create(&site.random);
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
    };
    enter(entering).await.map(registered)
}

/// Registers a newcomer with the address that they say is theirs, as [`register`] does.
pub async fn register_newcomer(
    accounts: &Accounts,
    newcomer: Secret,
    new: NewAccount,
    network: Network,
    client: &Client,
) -> Result<Secret, RegisterError> {
    let site = &accounts.site;
    if accounts.policy.registration != Registration::Open {
        return Err(RegisterError::Closed);
    }
    accounts
        .limits
        .register::<RegisterError>(&site.store, network)
        .await?;
    let browser = opaque::create(&site.random);
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
    };
    enter(entering).await.map(|_| browser)
}

/// The account that this browser registered before and nobody has confirmed.
fn find_earlier(
    tx: &mut Tx<'_>,
    browser: Option<&Secret>,
) -> Result<Option<AccountId>, StoreError> {
    match browser {
        Some(browser) => unconfirmed::find_by(tx, browser),
        None => Ok(None),
    }
}

/// Returns the account that was made. Who registers the same address meanwhile makes it one that is
/// known; and the address of an account that may not act stays taken.
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

/// What somebody will sign in with.
#[derive(Clone)]
enum Credential {
    Password(PasswordHash),
    /// What a provider said of them is kept under this.
    Newcomer(Secret),
}

/// A registration that was found acceptable.
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
    /// Decide whether the owner of a known address may be mailed once more.
    limits: RequestLimits,
    network: Network,
}

impl Entering {
    /// Returns the account that was made.
    fn enter(&self, tx: &mut Tx<'_>) -> Result<Option<AccountId>, RegisterError> {
        // Counted of new addresses too, which get a mail whatever it says.
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
            browser = opaque::hash(&self.browser),
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
        let notice = Notice {
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
            line: notice::line(&self.site, self.network),
            is_known,
        }
    }
}

/// The job that removes the accounts that nobody has confirmed in time: once a day.
pub fn job(domains: Domains, store: Store) -> Handler {
    Handler::each_day("accounts.purge_unverified", move |_| {
        let store = store.clone();
        async move {
            purge(domains, &store).await?;
            Ok(Done::nothing())
        }
    })
}

/// What [`job`] does.
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
            tracing::warn!(account = %id, %error, "an unconfirmed account is not removed yet");
        }
    }
    Ok(())
}

/// Removes an account, if it still waits for its address to be confirmed. The slug is free at once:
/// nobody has seen it.
fn remove(tx: &mut Tx<'_>, domains: &[DomainAccounts], id: &AccountId) -> Result<(), StoreError> {
    // Whoever confirms it holds this lock too.
    if held::hold(tx, id)?.is_none() || !is_pending(tx, id)? {
        return Ok(());
    }
    sql!("DELETE FROM account_slug WHERE account_id = :id", id).run(tx, Rows::Any)?;
    erasure::purge(tx, domains, id)
}

/// Removes an account that was registered with this address and still waits for it to be
/// confirmed: the address is found to be somebody else's.
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

/// Writes down that somebody made an account of their own.
pub(crate) fn record(tx: &mut Tx<'_>, id: &AccountId, client: &Client) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: Actor::System,
        action: "account.registered",
        entity: ("account", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(client.request.clone()),
    })
}
