//! How often people who are not signed in may register, have mail sent, and go on as programs.
//!
//! A network that asks too often is told so. What exceeds the limit of an address is dropped
//! without a word, or the answer would tell which addresses are known.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Rule, Wait};
use platform::mail::Address;
use sha2::{Digest as _, Sha256};
use web::Network;

use crate::account::AccountId;
use crate::session::SessionId;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

const REGISTRATIONS: &[Rule] = &[rule(2, SignedDuration::from_mins(5)), rule(10, HOUR)];
const RESETS: &[Rule] = &[rule(10, HOUR)];
const MAILS_TO_ADDRESS: &[Rule] = &[rule(3, HOUR)];
const DEPARTURES: &[Rule] = &[rule(30, SignedDuration::from_mins(5))];
const SLUGS: &[Rule] = &[rule(30, SignedDuration::from_mins(1)), rule(300, HOUR)];
const REFRESHES: &[Rule] = &[rule(60, HOUR)];
const REFRESHES_OF_NETWORK: &[Rule] = &[rule(600, HOUR)];
const VERIFICATIONS: &[Rule] = &[rule(20, HOUR)];
const VERIFICATIONS_OF_ACCOUNT: &[Rule] = &[
    rule(1, SignedDuration::from_mins(1)),
    rule(5, SignedDuration::from_hours(24)),
];

/// How many networks, addresses and accounts are counted at once.
const KEYS: usize = 20_000;

const fn rule(count: u32, per: SignedDuration) -> Rule {
    Rule { count, per }
}

/// The counters of one process. Clones share them.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    registrations: Limit,
    resets: Limit,
    departures: Limit,
    slugs: Limit,
    refreshes: Limit,
    refreshes_of_network: Limit,
    mails_to_address: Limit,
    verifications: Limit,
    verifications_of_account: Limit,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            registrations: Limit::new(REGISTRATIONS, KEYS),
            resets: Limit::new(RESETS, KEYS),
            departures: Limit::new(DEPARTURES, KEYS),
            slugs: Limit::new(SLUGS, KEYS),
            refreshes: Limit::new(REFRESHES, KEYS),
            refreshes_of_network: Limit::new(REFRESHES_OF_NETWORK, KEYS),
            mails_to_address: Limit::new(MAILS_TO_ADDRESS, KEYS),
            verifications: Limit::new(VERIFICATIONS, KEYS),
            verifications_of_account: Limit::new(VERIFICATIONS_OF_ACCOUNT, KEYS),
        }
    }
}

impl RequestLimits {
    /// Counters without a limit: for a test that calls everything.
    #[cfg(debug_assertions)]
    pub fn unlimited() -> Self {
        let limit = || Limit::new(&[], KEYS);
        Self {
            registrations: limit(),
            resets: limit(),
            departures: limit(),
            slugs: limit(),
            refreshes: limit(),
            refreshes_of_network: limit(),
            mails_to_address: limit(),
            verifications: limit(),
            verifications_of_account: limit(),
        }
    }

    /// Takes the place of one registration.
    pub(crate) fn register(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.registrations.take(&key(network), now)
    }

    /// Gives the place back: there was no room to make the account.
    pub(crate) fn give_registration_back(&self, network: Network, at: Timestamp) {
        self.registrations.give_back(&key(network), at);
    }

    /// Takes the place of one link that somebody asks for who cannot sign in.
    pub(crate) fn ask(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.resets.take(&key(network), now)
    }

    /// Takes the place of one sign-in with a provider.
    pub(crate) fn leave_for_provider(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.departures.take(&key(network), now)
    }

    /// Takes the place of one look at whether a slug can be had.
    pub(crate) fn look_at_slug(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.slugs.take(&key(network), now)
    }

    /// Takes the place of one use of a refresh token, for its session and for the network. It does
    /// not count for the account: an old copy must not keep its owner's other sessions waiting.
    pub(crate) fn refresh(
        &self,
        session: &SessionId,
        network: Network,
        now: Timestamp,
    ) -> Result<(), Wait> {
        self.refreshes.check(session.as_str(), now)?;
        self.refreshes_of_network.take(&key(network), now)?;
        self.refreshes.take(session.as_str(), now)
    }

    /// Whether one more such link may be sent to this address.
    pub(crate) fn may_send(&self, to: &Address, now: Timestamp) -> bool {
        self.mails_to_address.take(&address_key(to), now).is_ok()
    }

    /// Takes the place of one more mail to confirm an address. Somebody may name an address of
    /// others, so it counts with all that is mailed there.
    pub(crate) fn confirm(
        &self,
        account: &AccountId,
        to: &Address,
        network: Network,
        now: Timestamp,
    ) -> Result<(), Wait> {
        let address = address_key(to);
        self.verifications_of_account.check(account.as_str(), now)?;
        self.mails_to_address.check(&address, now)?;
        self.verifications.take(&key(network), now)?;
        self.mails_to_address.take(&address, now)?;
        self.verifications_of_account.take(account.as_str(), now)
    }
}

fn address_key(address: &Address) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(address.canonical()))
}

fn key(network: Network) -> String {
    network.address().to_string()
}
