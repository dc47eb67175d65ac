//! The limits on password attempts.
//!
//! An attempt is written to the store before the password is hashed, and removed if the password
//! was right. The count therefore survives restarts, crashes and upgrades, and all processes share
//! it. Concurrent attempts are all counted. An attempt counts for [`PERIOD`], which is also the
//! longest wait.
//!
//! If the limit is exceeded only because attempts for the same account are in flight, a new attempt
//! waits for their outcome, for at most [`Accounts::patience`]. If a browser sends the right
//! password several times at once, each request therefore succeeds.
//!
//! | Source | failures for one account in 15 minutes | for all accounts |
//! |---|---|---|
//! | a browser the account was used with, a session | 5, independent of other sources | |
//! | an IPv4 address; an IPv6 /64 | 5 | 30 |
//! | an IPv4 /24; an IPv6 /56 | 20 | 120 |
//! | an IPv6 /48 | 80 | 480 |
//! | an IPv6 /32 | 320 | 1,920 |
//!
//! Failures from other networks never lock an account; otherwise anybody could lock out everybody.
//! Instead, when an account has [`ATTACKED`] failures in 15 minutes, the limit of each network is
//! reduced to a fifth. Guessing is bounded by the attacker's number of networks: with N IPv4
//! addresses and M IPv6 /32s, an attacker can try at most 96 N + 6,144 M passwords for one account
//! in a day, plus the first [`ATTACKED`] passwords in each 15 minutes.
//!
//! Only somebody who knows the password can try a second factor. These attempts are counted
//! separately: at most [`OF_SECOND_FACTOR`] may fail for an account in 15 minutes. Known browsers
//! are exempt from this limit.
//!
//! An account is identified by a hash of the typed address, so unknown addresses are counted in
//! the same way.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::limits::Wait;
use platform::mail::Address;
use platform::{Secret, Store, StoreError, Tx};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};
use web::Network;

use crate::account::AccountId;
use crate::accounts::Accounts;
use crate::limits::in_flight::Flight;
use crate::limits::rate_limit::{self, Hit, Kind, Rule};
use crate::opaque_secret;
use crate::session::SessionId;
use crate::session::device;

/// How long a failed attempt counts.
pub const PERIOD: SignedDuration = SignedDuration::from_mins(15);
/// If an account has this many failed attempts in [`PERIOD`], browsers that the account does not
/// know get fewer attempts.
pub const ATTACKED: i64 = 50;

/// The maximum number of failed attempts at one account. This limit applies to a single IPv4
/// address or IPv6 /64. Each larger network has [`LARGER`] times the limit of the next smaller one.
const OF_ACCOUNT: i64 = 5;
const OF_ATTACKED_ACCOUNT: i64 = 1;
/// The maximum number of failed attempts at all accounts together, from a single IPv4 address or
/// IPv6 /64.
const OF_ALL: i64 = 30;
const LARGER: i64 = 4;
/// The maximum number of failed attempts at one account's second factor, from all networks
/// together.
const OF_SECOND_FACTOR: i64 = 10;
/// A range that contains every result of [`Source::key`].
const ANYWHERE: (&str, &str) = ("", "~");

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A browser that the account does not know, with the browser's network.
    Network(Network),
    /// A browser that has signed in to the account before, identified by its secret.
    Device(Secret),
    /// A person who is signed in to the account, identified by their session.
    Session(SessionId),
}

/// An attempt that must be counted, with the account and the attempt's source.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    account: String,
    source: Source,
    /// The limit on failed attempts from all networks together, if there is one.
    from_anywhere: Option<i64>,
}

/// An attempt that has been counted. The attempt counts as failed until the count is undone. Other
/// attempts for the account wait until this value is dropped, so the value must be kept until the
/// outcome has been stored.
#[derive(Clone, Debug)]
#[must_use = "given back if the password was right"]
pub(crate) struct Reserved {
    hit: Hit,
    _flight: Flight,
}

enum Full {
    UsedUp(Wait),
    /// There would be too many failed attempts if all attempts in flight failed.
    InFlight(Wait),
}

impl Attempt {
    /// An attempt at the account with the typed email address.
    pub(crate) fn new(typed: &str, source: Source) -> Self {
        let address = typed.parse::<Address>().map_or_else(
            |_| typed.trim().to_lowercase(),
            |email| email.canonical().to_owned(),
        );
        Self {
            account: URL_SAFE_NO_PAD.encode(Sha256::digest(address)),
            source,
            from_anywhere: None,
        }
    }

    /// An attempt at an account's second factor, from this network or a known browser.
    pub(crate) fn at_second_factor(
        tx: &mut Tx<'_>,
        account: &AccountId,
        network: Network,
        device: Option<&Secret>,
    ) -> Result<Self, StoreError> {
        let source = match device {
            Some(secret) if device::is_known(tx, account, secret)? => {
                Source::Device(secret.clone())
            }
            _ => Source::Network(network),
        };
        let key = Sha256::digest(format!("second factor of {account}"));
        Ok(Self {
            account: URL_SAFE_NO_PAD.encode(key),
            source,
            from_anywhere: Some(OF_SECOND_FACTOR),
        })
    }

    /// Counts this attempt before the password is checked. If the limit is reached, nothing is
    /// counted, and the call costs only one read.
    pub(crate) async fn reserve<E>(self, accounts: &Accounts) -> Result<Reserved, E>
    where
        E: From<Wait> + From<StoreError>,
    {
        let until = Instant::now() + accounts.patience;
        let wait = match self.try_reserve(accounts).await? {
            Ok(reserved) => return Ok(reserved),
            Err(Full::UsedUp(wait)) => return Err(wait.into()),
            Err(Full::InFlight(wait)) => wait,
        };
        let place = accounts.in_flight.wait(&self.account).ok_or(wait)?;
        loop {
            let mut ended = std::pin::pin!(place.ended().notified());
            // From now on, this attempt is woken when any other attempt for the account ends.
            ended.as_mut().enable();
            let wait = match self.try_reserve(accounts).await? {
                Ok(reserved) => return Ok(reserved),
                Err(Full::UsedUp(wait)) => return Err(wait.into()),
                Err(Full::InFlight(wait)) => wait,
            };
            if timeout_at(until, ended).await.is_err() {
                return Err(wait.into());
            }
        }
    }

    async fn try_reserve(&self, accounts: &Accounts) -> Result<Result<Reserved, Full>, StoreError> {
        let store = &accounts.site.store;
        let (attempt, in_flight) = (self.clone(), accounts.in_flight.clone());
        let look = move |tx: &mut Tx<'_>| {
            let before = in_flight.count(&attempt.account);
            match attempt.check(tx, before)? {
                // More attempts may have begun after `before` was read and before the rows were
                // read.
                Err(Full::UsedUp(_)) => {
                    attempt.check(tx, in_flight.count(&attempt.account).max(before))
                }
                known => Ok(known),
            }
        };
        if let Err(full) = store.read(look).await? {
            return Ok(Err(full));
        }
        let (attempt, in_flight) = (self.clone(), accounts.in_flight.clone());
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            rate_limit::lock(tx)?;
            let account = &attempt.account;
            if let Err(full) = attempt.check(tx, in_flight.count(account))? {
                return Ok(Err(full));
            }
            let source = attempt.source.key();
            Ok(Ok(Reserved {
                hit: rate_limit::count(tx, Kind::SignIn, account, &source)?,
                // The attempt is in flight before its row becomes visible, so that other attempts
                // never miss it.
                _flight: in_flight.begin(account),
            }))
        };
        store.write(change).await
    }

    /// Whether the attempt is allowed while `in_flight` attempts for the account are in flight.
    fn check(&self, tx: &mut Tx<'_>, in_flight: i64) -> Result<Result<(), Full>, StoreError> {
        let Err(wait) = self.check_without(tx, 0)? else {
            return Ok(Ok(()));
        };
        let may_pass = in_flight > 0 && self.check_without(tx, in_flight)?.is_ok();
        Ok(Err(if may_pass {
            Full::InFlight(wait)
        } else {
            Full::UsedUp(wait)
        }))
    }

    /// Fails with the waiting time if the limit is reached even after `forgiven` attempts are
    /// subtracted.
    fn check_without(
        &self,
        tx: &mut Tx<'_>,
        forgiven: i64,
    ) -> Result<Result<(), Wait>, StoreError> {
        let (now, account) = (tx.now(), Some(&*self.account));
        let mut freed_at = |subject: Option<&str>, (first, last): (&str, &str), count: i64| {
            let rule = Rule {
                count: count + forgiven,
                per: PERIOD,
            };
            rate_limit::freed_at(tx, Kind::SignIn, subject, first, last, rule)
        };
        let network = match &self.source {
            Source::Network(network) => *network,
            Source::Device(_) | Source::Session(_) => {
                let own = self.source.key();
                let freed = freed_at(account, (&own, &own), OF_ACCOUNT)?;
                return Ok(rate_limit::wait(freed, now));
            }
        };
        let mut of_account = if freed_at(account, ANYWHERE, ATTACKED)?.is_some() {
            OF_ATTACKED_ACCOUNT
        } else {
            OF_ACCOUNT
        };
        let mut of_all = OF_ALL;
        let mut latest: Option<Timestamp> = match self.from_anywhere {
            Some(limit) => freed_at(account, ANYWHERE, limit)?,
            None => None,
        };
        for (first, last) in rate_limit::networks(network) {
            let range = (&*first, &*last);
            let in_account = freed_at(account, range, of_account)?;
            let in_all = freed_at(None, range, of_all)?;
            latest = latest.max(in_account).max(in_all);
            of_account *= LARGER;
            of_all *= LARGER;
        }
        Ok(rate_limit::wait(latest, now))
    }
}

impl Reserved {
    /// Undoes the count of the attempt, because the password was right.
    pub(crate) fn give_back(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.hit.give_back(tx)
    }

    /// Like [`Reserved::give_back`], in its own transaction.
    pub(crate) async fn give_back_to(self, store: &Store) -> Result<(), StoreError> {
        self.hit.clone().give_back_to(store).await
    }
}

impl Source {
    /// The text that stands for the source in the store. The texts of networks sort like the
    /// networks' addresses.
    fn key(&self) -> String {
        match self {
            Self::Network(network) => rate_limit::network_key(*network),
            Self::Device(secret) => {
                format!(
                    "device {}",
                    URL_SAFE_NO_PAD.encode(opaque_secret::hash(secret))
                )
            }
            Self::Session(id) => format!("session {id}"),
        }
    }
}
