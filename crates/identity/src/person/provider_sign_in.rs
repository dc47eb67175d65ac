//! Signing in with a provider: the way there, the way back, and what becomes of who comes back.
//!
//! Whoever leaves gets a state that works once, for [`LIFETIME`], in the browser they left with.
//! An identity that nobody has linked makes an account or waits for a sign-in that links it; it
//! never becomes part of an account by its e-mail address alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use platform::key::Key;
use platform::limits::Wait;
use platform::mail::Address;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use web::{Network, Site};

use crate::account::{
    self, Account, CreateError, DisplayName, NewAccount, VerifiedBy, unconfirmed,
};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::id_token::Claims;
use crate::credential::linked_identity::{self, Identity, IdentityError};
use crate::credential::provider::{Departure, Provider, ProviderError, Return};
use crate::one_time::{self, Purpose};
use crate::opaque;
use crate::person::profile;
use crate::person::registration::{self, Newcomer, RegisterError, Registration};
use crate::session::sudo::Sudo;
use crate::session::{self, Method, SessionId, Stay};
use crate::sign_in::let_in::Arrived;
use crate::sign_in::restore;
use crate::sign_in::second_step::FirstStep;
use crate::sign_in::welcome::{Welcome, welcome};

/// How long somebody may take at the provider.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Why somebody who goes to a provider, or comes back, is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderSignInError {
    /// The state was used, is another browser's, or its time is over.
    #[error("the sign-in has to begin again")]
    StateInvalid,
    /// The provider or the person said no, or nobody may sign in with the identity.
    #[error("the provider signed nobody in")]
    Denied,
    /// The provider does not work.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The identity is not linked.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No account is made.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Wait> for ProviderSignInError {
    fn from(wait: Wait) -> Self {
        Self::Register(wait.into())
    }
}

/// What is kept of somebody who left for a provider.
#[derive(Debug, Serialize, Deserialize)]
struct Left {
    provider: String,
    /// Of the browser's cookie.
    browser: String,
    /// The session to whose account the identity is linked; none: a sign-in.
    link_in: Option<SessionId>,
    /// Where they go afterwards.
    to: String,
}

/// Somebody who leaves for a provider.
#[derive(Clone, Debug)]
pub struct Leaver {
    /// What their browser is known by.
    pub browser: Secret,
    /// Whose account the identity is linked to; none: a sign-in.
    pub link: Option<Sudo>,
    /// Where they go afterwards.
    pub to: String,
    /// Where they come from.
    pub network: Network,
}

/// Where a provider sends people back to.
pub fn redirect_uri(site: &Site, provider: &Provider) -> String {
    let name = &provider.settings.name;
    site.url().join(&format!("/oauth/{name}/callback"))
}

/// What goes along with a state and is told to nobody before its time.
fn derived(key: &Key, state: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(key.mac(&[state.reveal()]))
}

/// Begins a sign-in; returns where the browser goes.
pub async fn begin(
    accounts: &Accounts,
    provider: &Provider,
    leaver: Leaver,
) -> Result<String, ProviderSignInError> {
    let site = &accounts.site;
    let now = site.clock.now();
    accounts.limits.leave_for_provider(leaver.network, now)?;
    let left = Left {
        provider: provider.settings.name.clone(),
        browser: URL_SAFE_NO_PAD.encode(opaque::hash(&leaver.browser)),
        link_in: leaver.link.map(|sudo| sudo.session().clone()),
        to: leaver.to,
    };
    let change = move |tx: &mut Tx<'_>| -> Result<Secret, StoreError> {
        one_time::create(tx, Purpose::ProviderState, None, &left, LIFETIME)
    };
    let state = site.store.write(change).await?;
    let verifier = derived(&site.keys.key("oauth verifier"), &state);
    let departure = Departure {
        redirect_uri: &redirect_uri(site, provider),
        nonce: &derived(&site.keys.key("oauth nonce"), &state),
        challenge: &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)),
        state: &state,
    };
    let url = provider.sign_in_url(&site.outbound, now, &departure).await;
    Ok(url?)
}

/// Somebody who comes back from a provider.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The state as it came back.
    pub state: Secret,
    /// What their browser is known by.
    pub browser: Option<Secret>,
    /// What the provider says the answer is from.
    pub iss: Option<String>,
    /// What is exchanged for the person; none: the provider said no.
    pub code: Option<String>,
    /// Whoever is signed in with the browser, if they proved who they are a short while ago.
    pub sudo: Option<Sudo>,
    /// Their browser.
    pub client: Client,
    /// The language they read.
    pub locale: String,
}

/// What became of somebody who came back.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// They are known.
    Known(Welcome),
    /// Their account has the identity now.
    Linked,
    /// They have no account yet, and say with this which address is theirs.
    Newcomer(Secret),
    /// Somebody has an account with the address that the provider vouches for: they have to sign
    /// in once, with this in their browser.
    SignInToLink(Option<Secret>),
}

/// Ends a sign-in.
pub async fn finish(
    accounts: &Accounts,
    provider: &Provider,
    returned: Returned,
) -> Result<Outcome, ProviderSignInError> {
    let site = &accounts.site;
    let left = take_state(accounts, provider, &returned).await?;
    let now = site.clock.now();
    let iss = returned.iss.as_deref();
    if !provider.is_answer_of(&site.outbound, now, iss).await? {
        return Err(ProviderSignInError::StateInvalid);
    }
    let code = returned
        .code
        .as_deref()
        .ok_or(ProviderSignInError::Denied)?;
    // A key that was replaced meanwhile makes the sign-in fail, as it ends sessions.
    let claims = provider
        .identify(
            &site.outbound,
            &Return {
                redirect_uri: &redirect_uri(site, provider),
                code,
                nonce: &derived(&site.keys.key("oauth nonce"), &returned.state),
                verifier: &derived(&site.keys.key("oauth verifier"), &returned.state),
                now,
            },
        )
        .await?;
    let identity = Identity {
        issuer: provider.settings.issuer.clone(),
        subject: claims.sub.clone(),
    };
    if let Some(session) = left.link_in {
        let sudo = returned.sudo.filter(|sudo| *sudo.session() == session);
        let sudo = sudo.ok_or(ProviderSignInError::StateInvalid)?;
        let request = returned.client.request;
        let change = move |tx: &mut Tx<'_>| linked_identity::link(tx, &sudo, &identity, &request);
        site.store.write(change).await?;
        return Ok(Outcome::Linked);
    }
    let email = claims.email.as_ref().filter(|_| claims.email_verified);
    let email = email.filter(|_| provider.settings.is_email_trusted);
    let arriving = Arriving {
        accounts: accounts.clone(),
        name: name(&claims),
        real_name: claims.name.unwrap_or_default(),
        email: email.and_then(|email| email.parse().ok()),
        claimed: claims.email.unwrap_or_default(),
        identity,
        to: left.to,
        client: returned.client,
        locale: returned.locale,
    };
    // Who is made by another sign-in meanwhile is known the second time.
    for is_last in [false, true] {
        let arriving = arriving.clone();
        let change = move |tx: &mut Tx<'_>| arriving.decide(tx);
        match site.store.write(change).await {
            Err(Undecided::Taken) if !is_last => {}
            Err(Undecided::Taken) => break,
            Err(Undecided::Error(error)) => return Err(error),
            Ok(outcome) => return Ok(outcome),
        }
    }
    Ok(Outcome::SignInToLink(None))
}

/// Takes the state, if it is this browser's.
async fn take_state(
    accounts: &Accounts,
    provider: &Provider,
    returned: &Returned,
) -> Result<Left, ProviderSignInError> {
    let (state, name) = (returned.state.clone(), provider.settings.name.clone());
    let browser = returned.browser.as_ref().map(opaque::hash);
    let browser = browser.map(|hash| URL_SAFE_NO_PAD.encode(hash));
    // What is made up costs no change.
    let shown = state.clone();
    let look = move |tx: &mut Tx<'_>| one_time::find::<Left>(tx, Purpose::ProviderState, &shown);
    if browser.is_none() || accounts.site.store.read(look).await?.is_none() {
        return Err(ProviderSignInError::StateInvalid);
    }
    let change = move |tx: &mut Tx<'_>| -> Result<_, ProviderSignInError> {
        let left = one_time::take::<Left>(tx, Purpose::ProviderState, &state)?;
        let left = left.filter(|left| {
            left.data.provider == name && Some(&left.data.browser) == browser.as_ref()
        });
        Ok(left.ok_or(ProviderSignInError::StateInvalid)?.data)
    };
    accounts.site.store.write(change).await
}

/// What somebody is called: as the provider says, or by their address.
fn name(claims: &Claims) -> Option<DisplayName> {
    let local = claims
        .email
        .as_deref()
        .and_then(|email| email.split('@').next());
    let name = |text: &str| {
        let short: String = text.chars().take(DisplayName::LONGEST).collect();
        short.parse().ok()
    };
    claims
        .name
        .as_deref()
        .and_then(name)
        .or_else(|| local.and_then(name))
}

/// Somebody whom a provider has identified.
#[derive(Clone)]
struct Arriving {
    accounts: Accounts,
    identity: Identity,
    /// The address, where the provider's word for it is taken.
    email: Option<Address>,
    /// The address, whoever says so.
    claimed: String,
    name: Option<DisplayName>,
    /// What the provider calls them.
    real_name: String,
    to: String,
    client: Client,
    locale: String,
}

/// Why nothing was decided.
enum Undecided {
    /// Somebody has the identity or the address since a moment ago.
    Taken,
    Error(ProviderSignInError),
}

impl<E: Into<ProviderSignInError>> From<E> for Undecided {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Arriving {
    fn decide(&self, tx: &mut Tx<'_>) -> Result<Outcome, Undecided> {
        if let Some(id) = linked_identity::owner(tx, &self.identity)? {
            let Some(account) = account::find(tx, &id)? else {
                // Kept out, unless they want to leave.
                let offered = restore::offer(tx, &id)?.ok_or(ProviderSignInError::Denied)?;
                return Ok(Outcome::Known(Welcome::Leaving(offered)));
            };
            linked_identity::touch(tx, &self.identity)?;
            let first = FirstStep {
                method: Method::Provider,
                stay: Stay::Visit,
                to: self.to.clone(),
            };
            let welcome = welcome(tx, &self.accounts.site, &account, &first, &self.client)?;
            return Ok(Outcome::Known(welcome.ok_or(ProviderSignInError::Denied)?));
        }
        let site = &self.accounts.site;
        let Some(email) = &self.email else {
            self.check_registration()?;
            let newcomer = Newcomer {
                identity: self.identity.clone(),
                name: self
                    .name
                    .as_ref()
                    .map_or("", DisplayName::as_str)
                    .to_owned(),
                real_name: self.real_name.clone(),
                email: self.claimed.clone(),
            };
            let secret = registration::expect_newcomer(tx, &newcomer)?;
            return Ok(Outcome::Newcomer(secret));
        };
        if let Some(account) = account::find_by_email(tx, email)?
            && !unconfirmed::is_pending(tx, &account.id)?
        {
            // Another sign-in may have made it with this identity a moment ago.
            if linked_identity::owner(tx, &self.identity)?.is_some() {
                return Err(Undecided::Taken);
            }
            let secret = linked_identity::await_sign_in(tx, &account.id, &self.identity)?;
            return Ok(Outcome::SignInToLink(Some(secret)));
        }
        self.check_registration()?;
        registration::remove_with_email(tx, self.accounts.domain_accounts, email)?;
        let name = self
            .name
            .clone()
            .or_else(|| site.settings.name.parse().ok());
        let new = NewAccount {
            name: name.ok_or(ProviderSignInError::Denied)?,
            email: email.clone(),
            locale: self.locale.clone(),
            time_zone: site
                .settings
                .time_zone
                .iana_name()
                .unwrap_or("UTC")
                .to_owned(),
        };
        let account = self.create(tx, &new)?;
        account::verify_email(tx, &account.id, VerifiedBy::Provider)?;
        let (method, client) = (Method::Provider, &self.client);
        let begun = session::begin(tx, &account.id, method, Stay::Visit, client)?;
        Ok(Outcome::Known(Welcome::Arrived(Arrived {
            account,
            begun: begun.ok_or(ProviderSignInError::Denied)?,
            to: self.to.clone(),
        })))
    }

    /// The account that did not exist.
    fn create(&self, tx: &mut Tx<'_>, new: &NewAccount) -> Result<Account, Undecided> {
        let id = match account::create(tx, new) {
            Err(CreateError::EmailTaken) => return Err(Undecided::Taken),
            Err(CreateError::Store(error)) => return Err(error.into()),
            Ok(id) => id,
        };
        profile::set_real_name(tx, &id, &self.real_name)?;
        registration::record(tx, &id, &self.client)?;
        match linked_identity::add(tx, &id, &self.identity, &self.client.request) {
            Err(IdentityError::InUse) => return Err(Undecided::Taken),
            other => other?,
        }
        let account = account::find(tx, &id)?;
        account.ok_or_else(|| ProviderSignInError::Denied.into())
    }

    fn check_registration(&self) -> Result<(), RegisterError> {
        match self.accounts.policy.registration {
            Registration::Open => Ok(()),
            Registration::Closed | Registration::Invite => Err(RegisterError::Closed),
        }
    }
}
