//! Limits on requests of clients that are not signed in: registrations, mails, token refreshes.
//!
//! A request beyond a network's limit is refused. A mail beyond an email address's limit is
//! silently dropped, because a refusal would reveal which email addresses have accounts.
//!
//! Requests that create accounts or cause mail are counted in the store, once for each network that
//! contains the client. The limits are:
//!
//! | | an IPv4 address; an IPv6 /64 | an IPv6 /56 | an IPv4 /24; an IPv6 /48 | an IPv6 /32 |
//! |---|---|---|---|---|
//! | registrations in an hour that are not confirmed | 10 | 20 | 40 | 160 |
//! | confirmed registrations in an hour that do not count | 40 | 80 | 160 | 640 |
//! | failed attempts to create an account with an invite, in an hour | 10 | 20 | 40 | 160 |
//! | links that set a password or sign in, in an hour | 10 | 20 | 40 | 160 |
//! | mails that confirm an address, in an hour | 20 | 40 | 80 | 320 |
//!
//! A registration counts until its email address is confirmed, because a whole classroom may be
//! behind one address. A registration with a group link counts against the link
//! ([`group_link`](crate::person::group_link)).
//!
//! There is no limit for all clients together, because one client could use it up for everybody.
//! All other requests are cheap and are counted in memory.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Limits, Rule, Wait};
use platform::mail::Address;
use platform::{Store, StoreError, Tx};
use sha2::{Digest as _, Sha256};
use web::Network;

use crate::account::AccountId;
use crate::limits::rate_limit::{self, Hit, Kind};
use crate::session::SessionId;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

const REGISTRATIONS: &[rate_limit::Rule] = &[stored(10, HOUR)];
const CONFIRMED_REGISTRATIONS: &[rate_limit::Rule] = &[stored(40, HOUR)];
const INVITES: &[rate_limit::Rule] = &[stored(10, HOUR)];
const LINKS: &[rate_limit::Rule] = &[stored(10, HOUR)];
const CONFIRMATIONS: &[rate_limit::Rule] = &[stored(20, HOUR)];
const MAILS_TO_ADDRESS: rate_limit::Rule = stored(3, HOUR);
/// For an IPv4 client, the factors by which a limit is multiplied for its address and its /24.
const LARGER_V4: &[i64] = &[1, 4];
/// For an IPv6 client, the factors by which a limit is multiplied for its /64, /56, /48 and /32.
const LARGER_V6: &[i64] = &[1, 2, 4, 16];

const DEPARTURES: &[Rule] = &[rule(30, SignedDuration::from_mins(5))];
const SLUGS: &[Rule] = &[rule(30, SignedDuration::from_mins(1)), rule(300, HOUR)];
const REFRESHES: &[Rule] = &[rule(60, HOUR)];
const WRONG_REFRESHES: &[Rule] = &[rule(600, HOUR)];
const CONFIRMATIONS_OF_ACCOUNT: &[Rule] = &[
    rule(1, SignedDuration::from_mins(1)),
    rule(5, SignedDuration::from_hours(24)),
];

/// The maximum number of networks, sessions and accounts that are counted in memory at one time.
const KEYS: usize = 20_000;

const fn rule(count: u32, per: SignedDuration) -> Rule {
    Rule { count, per }
}

const fn stored(count: i64, per: SignedDuration) -> rate_limit::Rule {
    rate_limit::Rule { count, per }
}

/// The limits, and the counters in memory. Clones share the counters.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    is_unlimited: bool,
    departures: Limit,
    slugs: Limit,
    refreshes: Limit,
    wrong_refreshes: Limit,
    confirmations_of_account: Limit,
}

impl RequestLimits {
    pub fn of(limits: &Limits) -> Self {
        Self {
            is_unlimited: false,
            departures: limits.limit("departures", DEPARTURES, KEYS),
            slugs: limits.limit("slugs", SLUGS, KEYS),
            refreshes: limits.limit("refreshes", REFRESHES, KEYS),
            wrong_refreshes: limits.limit("wrong refreshes", WRONG_REFRESHES, KEYS),
            // A failed mail is given back, which other machines could not be told.
            confirmations_of_account: Limit::new(CONFIRMATIONS_OF_ACCOUNT, KEYS),
        }
    }

    /// Returns counters that never refuse a request, for a test that calls every route.
    #[cfg(debug_assertions)]
    pub fn unlimited() -> Self {
        let limit = || Limit::new(&[], KEYS);
        Self {
            is_unlimited: true,
            departures: limit(),
            slugs: limit(),
            refreshes: limit(),
            wrong_refreshes: limit(),
            confirmations_of_account: limit(),
        }
    }

    /// Counts a registration, before any costly work is done.
    pub(crate) async fn register(
        &self,
        store: &Store,
        network: Network,
    ) -> Result<Result<Hit, Wait>, StoreError> {
        self.reserve(store, Kind::Registration, network).await
    }

    /// Counts an attempt to create an account with an invite, before any costly work is done. If
    /// the invite exists, the caller undoes the hit.
    pub async fn join<E>(&self, store: &Store, network: Network) -> Result<Hit, E>
    where
        E: From<Wait> + From<StoreError>,
    {
        Ok(self.reserve(store, Kind::Invite, network).await??)
    }

    /// Checks whether a person who cannot sign in may request another link. This check counts
    /// nothing; [`RequestLimits::ask`] checks again and counts the request.
    pub(crate) async fn may_ask(
        &self,
        store: &Store,
        network: Network,
    ) -> Result<Result<(), Wait>, StoreError> {
        self.look(store, Kind::Link, network).await
    }

    /// Counts a request for a link by a person who cannot sign in.
    pub(crate) fn ask(
        &self,
        tx: &mut Tx<'_>,
        network: Network,
    ) -> Result<Result<Hit, Wait>, StoreError> {
        self.take(tx, Kind::Link, network)
    }

    /// Counts a sign-in with an identity provider.
    pub(crate) fn leave_for_provider(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.departures.take(&key(network), now)
    }

    /// Counts a request that checks whether a slug is available.
    pub fn look_at_slug(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.slugs.take(&key(network), now)
    }

    /// Counts a refresh of a session. The limit is per session. If it were per account, an old copy
    /// of a token would suffice to block the owner's other sessions. No limit per network is
    /// needed, because the client has presented a session's token.
    pub fn refresh(&self, session: &SessionId, now: Timestamp) -> Result<(), Wait> {
        self.refreshes.take(session.as_str(), now)
    }

    /// Counts a request with an unknown refresh token.
    pub fn refresh_wrongly(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.wrong_refreshes.take(&key(network), now)
    }

    /// Checks whether another link may be mailed to this email address, and counts the link if so.
    pub(crate) fn may_send(&self, tx: &mut Tx<'_>, to: &Address) -> Result<bool, StoreError> {
        rate_limit::lock(tx)?;
        let address = address_key(to);
        if self.mail_to(tx, &address)?.is_err() {
            return Ok(false);
        }
        rate_limit::count(tx, Kind::Mail, &address, "")?;
        Ok(true)
    }

    /// Runs a transaction that mails a confirmation link, if the limits for this account, this
    /// email address and this network allow another link. The address may be another person's, so
    /// the link counts together with all other mail to that address.
    pub(crate) async fn confirm<E>(
        &self,
        store: &Store,
        account: &AccountId,
        to: &Address,
        network: Network,
        now: Timestamp,
        change: impl Fn(&mut Tx<'_>) -> Result<(), E> + Send + 'static,
    ) -> Result<(), E>
    where
        E: From<Wait> + From<StoreError> + Send + 'static,
    {
        self.confirmations_of_account.take(account.as_str(), now)?;
        let (limits, address) = (self.clone(), address_key(to));
        let counted = move |tx: &mut Tx<'_>| -> Result<(), E> {
            rate_limit::lock(tx)?;
            limits.mail_to(tx, &address)??;
            limits.take(tx, Kind::Confirmation, network)??;
            rate_limit::count(tx, Kind::Mail, &address, "")?;
            change(tx)
        };
        let mailed = store.write(counted).await;
        if mailed.is_err() {
            let key = account.as_str();
            self.confirmations_of_account.give_back(key, now);
        }
        mailed
    }

    fn mail_to(&self, tx: &mut Tx<'_>, address: &str) -> Result<Result<(), Wait>, StoreError> {
        if self.is_unlimited {
            return Ok(Ok(()));
        }
        let subject = Some(address);
        let freed = rate_limit::freed_at(tx, Kind::Mail, subject, "", "", MAILS_TO_ADDRESS)?;
        Ok(rate_limit::wait(freed, tx.now()))
    }

    async fn reserve(
        &self,
        store: &Store,
        kind: Kind,
        network: Network,
    ) -> Result<Result<Hit, Wait>, StoreError> {
        // Most requests over the limit are refused here, without a write to the store.
        if let Err(wait) = self.look(store, kind, network).await? {
            return Ok(Err(wait));
        }
        let limits = self.clone();
        let change = move |tx: &mut Tx<'_>| limits.take(tx, kind, network);
        store.write(change).await
    }

    async fn look(
        &self,
        store: &Store,
        kind: Kind,
        network: Network,
    ) -> Result<Result<(), Wait>, StoreError> {
        let limits = self.clone();
        store.read(move |tx| limits.check(tx, kind, network)).await
    }

    /// Counts one hit, unless one of the client's networks has reached its limit.
    fn take(
        &self,
        tx: &mut Tx<'_>,
        kind: Kind,
        network: Network,
    ) -> Result<Result<Hit, Wait>, StoreError> {
        rate_limit::lock(tx)?;
        Ok(match self.check(tx, kind, network)? {
            Ok(()) => Ok(rate_limit::count(
                tx,
                kind,
                "",
                &rate_limit::network_key(network),
            )?),
            Err(wait) => Err(wait),
        })
    }

    fn check(
        &self,
        tx: &mut Tx<'_>,
        kind: Kind,
        network: Network,
    ) -> Result<Result<(), Wait>, StoreError> {
        if self.is_unlimited {
            return Ok(Ok(()));
        }
        check_networks(tx, kind, network)
    }
}

/// Undoes the counts of this account's registrations, because its email address is confirmed now.
///
/// The counters are not locked: whoever confirms holds the account's lock, and registrations take
/// the locks in the other order. So confirmations at the same moment may go beyond the limit by
/// their number.
pub(crate) fn confirmed(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    for network in rate_limit::of_account(tx, account)? {
        if check_networks(tx, Kind::ConfirmedRegistration, network)?.is_ok() {
            rate_limit::confirm(tx, account, network)?;
        }
    }
    Ok(())
}

fn check_networks(
    tx: &mut Tx<'_>,
    kind: Kind,
    network: Network,
) -> Result<Result<(), Wait>, StoreError> {
    let rules = match kind {
        Kind::Registration => REGISTRATIONS,
        Kind::ConfirmedRegistration => CONFIRMED_REGISTRATIONS,
        Kind::Invite => INVITES,
        Kind::Confirmation => CONFIRMATIONS,
        Kind::Link | Kind::Mail | Kind::SignIn => LINKS,
    };
    let larger = match network.address() {
        IpAddr::V4(_) => LARGER_V4,
        IpAddr::V6(_) => LARGER_V6,
    };
    let mut latest = None;
    for ((first, last), times) in rate_limit::networks(network).zip(larger) {
        for rule in rules {
            let rule = stored(rule.count * times, rule.per);
            let freed = rate_limit::freed_at(tx, kind, None, &first, &last, rule)?;
            latest = latest.max(freed);
        }
    }
    Ok(rate_limit::wait(latest, tx.now()))
}

fn address_key(address: &Address) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(address.canonical()))
}

fn key(network: Network) -> String {
    network.address().to_string()
}
