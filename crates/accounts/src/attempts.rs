//! How often somebody may try a password.
//!
//! A try is written to the store before the password is hashed, and removed
//! when the password was right. So tries are counted across restarts, crashes
//! and upgrades, and by all processes together; a hundred tries at once count
//! as a hundred. Rows live for [`PERIOD`], the longest that anybody waits.
//!
//! | Who tries | passwords of one account in 15 minutes | of all accounts |
//! |---|---|---|
//! | a browser the account was used with, a session | 5, whatever others do | |
//! | an IPv4 address; an IPv6 /64 | 5 | 30 |
//! | an IPv4 /24; an IPv6 /56 | 20 | 120 |
//! | an IPv6 /48 | 80 | 480 |
//! | an IPv6 /32 | 320 | 1,920 |
//!
//! Nobody is locked out by the number of failures from elsewhere, or anybody
//! could lock out everybody. Instead, when an account has [`ATTACKED`] failures
//! in 15 minutes, each network tries a fifth as often. What bounds guessing is
//! the number of networks: with N IPv4 addresses and M IPv6 /32s, somebody
//! tries at most 96 N + 6,144 M passwords of one account in a day, beside the
//! first [`ATTACKED`] of each 15 minutes.
//!
//! Second factors are tried by who knows the password already. They are counted apart, and of an
//! account at most [`OF_SECOND_FACTOR`] fail in 15 minutes from anywhere but known browsers.
//!
//! An account is counted by a hash of the address that was typed: addresses that
//! nobody has are counted the same.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::limits::Wait;
use platform::mail::Address;
use platform::{Rows, Secret, Store, StoreError, Tx, sql};
use sha2::{Digest, Sha256};
use web::Network;

use crate::account::AccountId;
use crate::device;
use crate::opaque;
use crate::session::SessionId;

/// For how long a failure counts.
pub const PERIOD: SignedDuration = SignedDuration::from_mins(15);
/// Failures of one account in a period that slow all unknown browsers down.
pub const ATTACKED: i64 = 50;

/// For one account, by the smallest network that is counted; each larger one
/// has [`LARGER`] times as many.
const OF_ACCOUNT: i64 = 5;
const OF_ATTACKED_ACCOUNT: i64 = 1;
/// For all accounts.
const OF_ALL: i64 = 30;
const LARGER: i64 = 4;
/// For the second factor of one account, from anywhere.
const OF_SECOND_FACTOR: i64 = 10;

/// Where a try comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Any browser in this network.
    Network(Network),
    /// A browser that has signed in to the account before, by its secret.
    Device(Secret),
    /// Somebody who is signed in to the account.
    Session(SessionId),
}

/// One try to come: whose password, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    account: String,
    source: Source,
    /// How often it may fail from all networks together.
    from_anywhere: Option<i64>,
}

/// A try that counts as a failure unless it is given back.
#[derive(Clone, Debug)]
#[must_use = "given back if the password was right"]
pub(crate) struct Reserved {
    account: String,
    source: String,
    id: String,
}

platform::id!(AttemptId, "One try.");

impl Attempt {
    /// A try at the account of an address as it was typed.
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

    /// A try at the second factor of an account, by somebody in this network or by a known browser.
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

    /// Takes the place of this try before the password is looked at. Who has
    /// none left costs a look-up, and counts no further.
    pub(crate) async fn reserve<E>(self, store: &Store) -> Result<Reserved, E>
    where
        E: From<Wait> + From<StoreError>,
    {
        let attempt = self.clone();
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { attempt.check(tx) };
        store.read(look).await??;
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            // All tries take this lock, so that each counts those before it.
            let _: (i64,) = tx.one(
                sql!("SELECT id FROM sign_in_lock WHERE id = 1 FOR NO KEY UPDATE"),
                &[],
            )?;
            Ok(match self.check(tx)? {
                Ok(()) => Ok(self.write(tx)?),
                Err(wait) => Err(wait),
            })
        };
        Ok(store.write(change).await??)
    }

    /// How long to wait, if there is no place left.
    fn check(&self, tx: &mut Tx<'_>) -> Result<Result<(), Wait>, StoreError> {
        let now = tx.now();
        let network = match &self.source {
            Source::Network(network) => *network,
            Source::Device(_) | Source::Session(_) => {
                let own = self.source.key();
                let account = Some(&*self.account);
                let freed = freed_at(tx, account, (&own, &own), OF_ACCOUNT, now)?;
                return Ok(wait(freed, now));
            }
        };
        let mut of_account = if self.is_attacked(tx, now)? {
            OF_ATTACKED_ACCOUNT
        } else {
            OF_ACCOUNT
        };
        let mut of_all = OF_ALL;
        let mut latest = match self.from_anywhere {
            Some(limit) => freed_at(tx, Some(&self.account), ("", "~"), limit, now)?,
            None => None,
        };
        for (first, last) in networks(network) {
            let range = (&*first, &*last);
            let account = freed_at(tx, Some(&self.account), range, of_account, now)?;
            let all = freed_at(tx, None, range, of_all, now)?;
            latest = latest.max(account).max(all);
            of_account *= LARGER;
            of_all *= LARGER;
        }
        Ok(wait(latest, now))
    }

    fn is_attacked(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let (failures,): (i64,) = sql!(
            "SELECT COUNT(*) FROM sign_in_attempt WHERE account = :account AND at > :at",
            account = self.account,
            at = now - PERIOD
        )
        .one(tx)?;
        Ok(failures >= ATTACKED)
    }

    fn write(&self, tx: &mut Tx<'_>) -> Result<Reserved, StoreError> {
        let now = tx.now();
        sql!(
            "DELETE FROM sign_in_attempt WHERE at <= :at",
            at = now - PERIOD
        )
        .run(tx, Rows::Any)?;
        let id: AttemptId = tx.id();
        let reserved = Reserved {
            account: self.account.clone(),
            source: self.source.key(),
            id: id.to_string(),
        };
        sql!(
            "INSERT INTO sign_in_attempt (account, source, id, at)
             VALUES (:account, :source, :id, :now)",
            account = reserved.account,
            source = reserved.source,
            id = reserved.id,
            now
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(reserved)
    }
}

impl Reserved {
    /// The password was right: the try was no failure.
    pub(crate) fn give_back(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        sql!(
            "DELETE FROM sign_in_attempt
             WHERE account = :account AND source = :source AND id = :id",
            account = self.account,
            source = self.source,
            id = self.id
        )
        .run(tx, Rows::AtMostOne)?;
        Ok(())
    }

    /// As [`Reserved::give_back`], in a change of its own.
    pub(crate) async fn give_back_to(self, store: &Store) -> Result<(), StoreError> {
        let change = move |tx: &mut Tx<'_>| self.give_back(tx);
        store.write(change).await
    }
}

impl Source {
    /// As it is stored. Networks are in the order of their addresses.
    fn key(&self) -> String {
        match self {
            Self::Network(network) => network_key(bits(network.address())),
            Self::Device(secret) => {
                format!("device {}", URL_SAFE_NO_PAD.encode(opaque::hash(secret)))
            }
            Self::Session(id) => format!("session {id}"),
        }
    }
}

/// The first and the last address of each network that is counted, the smallest
/// network first.
fn networks(network: Network) -> impl Iterator<Item = (String, String)> {
    let address = network.address();
    let lengths: &[u32] = match address {
        IpAddr::V4(_) => &[128, 120],
        IpAddr::V6(_) => &[64, 56, 48, 32],
    };
    lengths.iter().map(move |length| {
        let rest = u128::MAX.checked_shr(*length).unwrap_or_default();
        let first = bits(address) & !rest;
        (network_key(first), network_key(first | rest))
    })
}

fn network_key(bits: u128) -> String {
    format!("network {bits:032x}")
}

/// An address as 128 bits; IPv4 as the addresses that IPv6 maps it to.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// When sources from `first` to `last` may try again, if they have failed
/// `limit` times: for one account, or for all.
fn freed_at(
    tx: &mut Tx<'_>,
    account: Option<&str>,
    (first, last): (&str, &str),
    limit: i64,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let (since, before) = (now - PERIOD, limit - 1);
    let found: Option<(Timestamp,)> = match account {
        Some(account) => sql!(
            "SELECT at FROM sign_in_attempt
             WHERE account = :account AND source BETWEEN :first AND :last AND at > :since
             ORDER BY at DESC LIMIT 1 OFFSET :before",
            account,
            first,
            last,
            since,
            before
        )
        .maybe(tx)?,
        None => sql!(
            "SELECT at FROM sign_in_attempt
             WHERE source BETWEEN :first AND :last AND at > :since
             ORDER BY at DESC LIMIT 1 OFFSET :before",
            first,
            last,
            since,
            before
        )
        .maybe(tx)?,
    };
    Ok(found.map(|(at,)| at + PERIOD))
}

fn wait(freed_at: Option<Timestamp>, now: Timestamp) -> Result<(), Wait> {
    let Some(freed_at) = freed_at else {
        return Ok(());
    };
    let milliseconds = freed_at.duration_since(now).as_millis().max(1);
    Err(Wait {
        seconds: u32::try_from((milliseconds + 999) / 1_000).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_counted_with_those_around_it() {
        let ranges = |address: &str| -> Vec<String> {
            networks(Network::of(address.parse().unwrap()))
                .map(|(first, last)| format!("{}-{}", &first[8..], &last[8..]))
                .collect()
        };
        assert_eq!(
            ranges("203.0.113.7"),
            [
                "00000000000000000000ffffcb007107-00000000000000000000ffffcb007107",
                "00000000000000000000ffffcb007100-00000000000000000000ffffcb0071ff",
            ]
        );
        assert_eq!(
            ranges("2001:db8:1:203::9"),
            [
                "20010db8000102030000000000000000-20010db800010203ffffffffffffffff",
                "20010db8000102000000000000000000-20010db8000102ffffffffffffffffff",
                "20010db8000100000000000000000000-20010db80001ffffffffffffffffffff",
                "20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff",
            ]
        );
    }

    #[test]
    fn nobody_waits_longer_than_the_period() {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        assert_eq!(wait(None, now), Ok(()));
        for (freed_in, seconds) in [(900_000, 900), (1, 1), (1_001, 2)] {
            let freed_at = now + SignedDuration::from_millis(freed_in);
            assert_eq!(wait(Some(freed_at), now), Err(Wait { seconds }));
        }
    }
}
