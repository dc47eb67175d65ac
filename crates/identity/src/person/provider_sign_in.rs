//! Sign-in with an identity provider: the browser is redirected to the provider and later returns
//! from it.
//!
//! The redirect contains a random value in the parameter `state`. With this value, the same browser
//! can return once, within [`LIFETIME`]. If the provider's identity is not linked to an account
//! yet, either an account is created, or the identity waits for a sign-in that links it. An
//! identity is never linked to an account merely because of its email address.

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
    self, Account, AccountZone, CreateError, DisplayName, NewAccount, VerifiedBy, unconfirmed,
};
use crate::accounts::Accounts;
use crate::client::Client;
use crate::credential::id_token::Claims;
use crate::credential::linked_identity::{self, Identity, IdentityError};
use crate::credential::provider::{Departure, Provider, ProviderError, Return};
use crate::one_time::{self, Purpose};
use crate::opaque_secret;
use crate::person::group_link;
use crate::person::profile;
use crate::person::registration::{self, Newcomer, RegisterError, Registration};
use crate::session::sudo::Sudo;
use crate::session::{self, Method, SessionId, Stay};
use crate::sign_in::begin_session::Arrived;
use crate::sign_in::restore;
use crate::sign_in::second_step::FirstStep;
use crate::sign_in::welcome::{Welcome, welcome};

/// The maximum time between a browser's redirect to the provider and its return.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, thiserror::Error)]
pub enum ProviderSignInError {
    /// The state value was already used, belongs to another browser, or has expired.
    #[error("the sign-in has to begin again")]
    StateInvalid,
    /// The provider or the person denied the sign-in, or the identity's account cannot sign in.
    #[error("the provider signed nobody in")]
    Denied,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The identity cannot be linked to the account.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Too many sign-ins with a provider came from this network.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Serialize, Deserialize)]
struct PendingSignIn {
    provider: String,
    browser: String,
    /// The session of the account to which the identity will be linked; `None` for a sign-in.
    link_in: Option<SessionId>,
    to: String,
}

#[derive(Clone, Debug)]
pub struct Leaver {
    /// The secret in the browser's cookie.
    pub browser: Secret,
    /// The signed-in person to whose account the identity will be linked; `None` for a sign-in.
    pub link: Option<Sudo>,
    /// The path to which the browser is redirected at the end.
    pub to: String,
    pub network: Network,
}

/// The URL of this site to which the provider redirects browsers.
pub fn redirect_uri(site: &Site, provider: &Provider) -> String {
    let name = &provider.settings.name;
    site.url().join(&format!("/oauth/{name}/callback"))
}

/// Derives a secret, such as the nonce, from the state value. The secret therefore need not be
/// stored.
fn derived(key: &Key, state: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(key.mac(&[state.reveal()]))
}

/// Begins a sign-in. Returns the provider's URL to which the browser is redirected.
pub async fn begin(
    accounts: &Accounts,
    provider: &Provider,
    leaver: Leaver,
) -> Result<String, ProviderSignInError> {
    let site = &accounts.site;
    let now = site.clock.now();
    accounts.limits.leave_for_provider(leaver.network, now)?;
    let left = PendingSignIn {
        provider: provider.settings.name.clone(),
        browser: URL_SAFE_NO_PAD.encode(opaque_secret::hash(&leaver.browser)),
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

/// The data with which a browser returns from a provider.
#[derive(Clone, Debug)]
pub struct Returned {
    /// The parameter `state` of the response.
    pub state: Secret,
    /// The secret in the browser's cookie.
    pub browser: Option<Secret>,
    /// The parameter `iss` of the response.
    pub iss: Option<String>,
    /// The authorization code; `None` if the provider denied the sign-in.
    pub code: Option<String>,
    /// The proof of sudo mode; `None` if nobody is signed in or the session is not in sudo mode.
    pub sudo: Option<Sudo>,
    pub client: Client,
    pub locale: String,
    /// The zone of an account that is made now.
    pub zone: AccountZone,
    /// The token of the group link with which the browser came, if any. An account that is made now
    /// counts against it.
    pub group: Option<String>,
}

/// The outcome of a browser's return from a provider.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The identity is linked to an account, and the sign-in continues.
    Known(Welcome),
    /// The identity was linked to the account of the signed-in person.
    Linked,
    /// The person has no account yet. With this secret, they can enter an email address to create
    /// one.
    Newcomer(Secret),
    /// An existing account has the email address that the provider has verified, but the identity
    /// is not linked to it. If the owner of that account signs in while the browser has this
    /// secret, the identity is linked to the account.
    SignInToLink(Option<Secret>),
}

/// Handles a browser's return from a provider.
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
    // The nonce and the verifier are derived from the key file. If the key file was replaced after
    // the redirect, the sign-in fails.
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
        let own = site.clone();
        let change =
            move |tx: &mut Tx<'_>| linked_identity::link(tx, &own, &sudo, &identity, &request);
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
        zone: returned.zone,
        group: returned.group,
    };
    // If a concurrent sign-in has created the account, the second pass finds it.
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

/// Uses up the state value, if it belongs to this browser.
async fn take_state(
    accounts: &Accounts,
    provider: &Provider,
    returned: &Returned,
) -> Result<PendingSignIn, ProviderSignInError> {
    let (state, name) = (returned.state.clone(), provider.settings.name.clone());
    let browser = returned.browser.as_ref().map(opaque_secret::hash);
    let browser = browser.map(|hash| URL_SAFE_NO_PAD.encode(hash));
    // An invented state value must not cause a write to the store.
    let shown = state.clone();
    let look =
        move |tx: &mut Tx<'_>| one_time::find::<PendingSignIn>(tx, Purpose::ProviderState, &shown);
    if browser.is_none() || accounts.site.store.read(look).await?.is_none() {
        return Err(ProviderSignInError::StateInvalid);
    }
    let change = move |tx: &mut Tx<'_>| -> Result<_, ProviderSignInError> {
        let left = one_time::take::<PendingSignIn>(tx, Purpose::ProviderState, &state)?;
        let left = left.filter(|left| {
            left.data.provider == name && Some(&left.data.browser) == browser.as_ref()
        });
        Ok(left.ok_or(ProviderSignInError::StateInvalid)?.data)
    };
    accounts.site.store.write(change).await
}

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

#[derive(Clone)]
struct Arriving {
    accounts: Accounts,
    identity: Identity,
    /// The email address, if the provider is trusted to verify email addresses.
    email: Option<Address>,
    /// The email address that the provider reports, verified or not.
    claimed: String,
    name: Option<DisplayName>,
    real_name: String,
    to: String,
    client: Client,
    locale: String,
    zone: AccountZone,
    group: Option<String>,
}

enum Undecided {
    /// A concurrent transaction gave the identity or the email address to another account.
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
                // An account that cannot sign in is refused. The exception is an account that is
                // about to be erased, because the erasure can be cancelled.
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
            // A concurrent sign-in may have created an account for this identity.
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
            zone: self.zone.clone(),
        };
        let account = self.create(tx, &new)?;
        // The provider vouches for the address, so that nothing would count against the network either.
        if let Some(group) = &self.group {
            group_link::take(tx, site, group)?;
        }
        account::verify_email(tx, &account.id, VerifiedBy::Provider)?;
        let (method, client) = (Method::Provider, &self.client);
        let begun = session::begin(tx, &account.id, method, Stay::Visit, client)?;
        Ok(Outcome::Known(Welcome::Arrived(Arrived {
            account,
            begun: begun.ok_or(ProviderSignInError::Denied)?,
            to: self.to.clone(),
        })))
    }

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
