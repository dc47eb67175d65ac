//! Counters of requests, one for each network. They are kept in the store, so they survive
//! restarts, crashes and upgrades, and all processes share them.
//!
//! An internet provider may assign a customer anything from one address to a /48, so each request
//! is counted for several networks at once. Each counted request, called a hit, is one row with the
//! client's IP address. The hits from a larger network are the rows within a range of addresses.

use std::net::{IpAddr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};
use platform::limits::Wait;
use platform::{Rows, Store, StoreError, Tx, sql};
use web::Network;

use crate::account::AccountId;

/// The longest period of any rule. Rows that are older than this are deleted.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// The kinds of requests that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Attempts with a password or a code.
    SignIn,
    Registration,
    /// Registrations that counted until the email address was confirmed.
    ConfirmedRegistration,
    /// Attempts to create an account with an invite.
    Invite,
    /// Requests for a mailed link by people who cannot sign in.
    Link,
    /// Mails with a link to confirm an email address.
    Confirmation,
    /// Mails with any kind of link, counted by the recipient's email address.
    Mail,
}

/// A limit: at most `count` hits in a period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) count: i64,
    pub(crate) per: SignedDuration,
}

/// A counted request. Its row is deleted when the hit is undone or older than [`LONGEST`].
#[derive(Clone, Debug)]
pub struct Hit {
    kind: Kind,
    subject: String,
    source: String,
    id: String,
}

platform::id!(HitId, "One thing that was counted.");

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Registration => "registration",
            Self::ConfirmedRegistration => "confirmed_registration",
            Self::Invite => "invite",
            Self::Link => "link",
            Self::Confirmation => "confirmation",
            Self::Mail => "mail",
        }
    }
}

/// Locks the counters, so that each transaction sees the hits of all earlier transactions.
pub(crate) fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let statement = sql!("SELECT id FROM rate_limit_lock WHERE id = 1 FOR NO KEY UPDATE");
    let _: (i64,) = tx.one(statement, &[])?;
    Ok(())
}

pub(crate) fn count(
    tx: &mut Tx<'_>,
    kind: Kind,
    subject: &str,
    source: &str,
) -> Result<Hit, StoreError> {
    let now = tx.now();
    sql!(
        "DELETE FROM rate_limit_hit WHERE at <= :at",
        at = now - LONGEST
    )
    .run(tx, Rows::Any)?;
    let id: HitId = tx.id();
    let hit = Hit {
        kind,
        subject: subject.to_owned(),
        source: source.to_owned(),
        id: id.to_string(),
    };
    sql!(
        "INSERT INTO rate_limit_hit (kind, subject, source, id, at)
         VALUES (:kind, :subject, :source, :id, :now)",
        kind = kind.word(),
        subject,
        source,
        id = hit.id,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(hit)
}

impl Hit {
    /// Undoes the hit, so that the request does not count.
    pub fn give_back(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        sql!(
            "DELETE FROM rate_limit_hit
             WHERE kind = :kind AND subject = :subject AND source = :source AND id = :id",
            kind = self.kind.word(),
            subject = self.subject,
            source = self.source,
            id = self.id
        )
        .run(tx, Rows::AtMostOne)?;
        Ok(())
    }

    /// Says whose registration the hit is, so that [`of_account`] finds it.
    pub(crate) fn belongs_to(
        &self,
        tx: &mut Tx<'_>,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        sql!(
            "UPDATE rate_limit_hit SET subject = :account
             WHERE kind = :kind AND subject = :subject AND source = :source AND id = :id",
            account,
            kind = self.kind.word(),
            subject = self.subject,
            source = self.source,
            id = self.id
        )
        .run(tx, Rows::AtMostOne)?;
        Ok(())
    }

    /// Like [`Hit::give_back`], in its own transaction.
    pub async fn give_back_to(self, store: &Store) -> Result<(), StoreError> {
        let change = move |tx: &mut Tx<'_>| self.give_back(tx);
        store.write(change).await
    }
}

/// The networks of the registrations that made this account.
pub(crate) fn of_account(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Network>, StoreError> {
    let since = tx.now() - LONGEST;
    let found: Vec<(String,)> = sql!(
        "SELECT source FROM rate_limit_hit
         WHERE kind = :kind AND subject = :account AND at > :since ORDER BY source",
        kind = Kind::Registration.word(),
        account,
        since
    )
    .all(tx)?;
    let networks = found.iter().filter_map(|(source,)| network_of(source));
    Ok(networks.collect())
}

/// Counts the registrations of this account from this network as confirmed.
pub(crate) fn confirm(
    tx: &mut Tx<'_>,
    account: &AccountId,
    network: Network,
) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE rate_limit_hit SET kind = :confirmed, subject = '', at = :now
         WHERE kind = :kind AND subject = :account AND source = :source AND at > :since",
        confirmed = Kind::ConfirmedRegistration.word(),
        now,
        kind = Kind::Registration.word(),
        account,
        source = network_key(network),
        since = now - LONGEST
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// The time from which further requests are allowed; `None` if the limit `rule` is not reached.
/// Counts the hits from the client addresses `first` to `last`, for one subject (such as an
/// account) or for all subjects.
pub(crate) fn freed_at(
    tx: &mut Tx<'_>,
    kind: Kind,
    subject: Option<&str>,
    first: &str,
    last: &str,
    rule: Rule,
) -> Result<Option<Timestamp>, StoreError> {
    let (kind, since, before) = (kind.word(), tx.now() - rule.per, rule.count - 1);
    let found: Option<(Timestamp,)> = match subject {
        Some(subject) => sql!(
            "SELECT at FROM rate_limit_hit
             WHERE kind = :kind AND subject = :subject AND source BETWEEN :first AND :last
               AND at > :since
             ORDER BY at DESC LIMIT 1 OFFSET :before",
            kind,
            subject,
            first,
            last,
            since,
            before
        )
        .maybe(tx)?,
        None => sql!(
            "SELECT at FROM rate_limit_hit
             WHERE kind = :kind AND source BETWEEN :first AND :last AND at > :since
             ORDER BY at DESC LIMIT 1 OFFSET :before",
            kind,
            first,
            last,
            since,
            before
        )
        .maybe(tx)?,
    };
    Ok(found.map(|(at,)| at + rule.per))
}

/// Fails if `freed_at` is `Some`. The error contains the time to wait.
pub(crate) fn wait(freed_at: Option<Timestamp>, now: Timestamp) -> Result<(), Wait> {
    let Some(freed_at) = freed_at else {
        return Ok(());
    };
    let milliseconds = freed_at.duration_since(now).as_millis().max(1);
    Err(Wait {
        seconds: u32::try_from((milliseconds + 999) / 1_000).unwrap_or(u32::MAX),
    })
}

/// The first and last IP address of each network that is counted, smallest network first. For IPv4
/// these are the address itself and its /24; for IPv6 the /64, /56, /48 and /32.
pub(crate) fn networks(network: Network) -> impl Iterator<Item = (String, String)> {
    let address = network.address();
    let lengths: &[u32] = match address {
        IpAddr::V4(_) => &[128, 120],
        IpAddr::V6(_) => &[64, 56, 48, 32],
    };
    lengths.iter().map(move |length| {
        let rest = u128::MAX.checked_shr(*length).unwrap_or_default();
        let first = bits(address) & !rest;
        (key(first), key(first | rest))
    })
}

/// The text that stands for a network in the store. These texts sort like IP addresses.
pub(crate) fn network_key(network: Network) -> String {
    key(bits(network.address()))
}

/// The network for which [`network_key`] stands.
fn network_of(key: &str) -> Option<Network> {
    let bits = u128::from_str_radix(key.strip_prefix("network ")?, 16).ok()?;
    Some(Network::of(Ipv6Addr::from_bits(bits).to_canonical()))
}

fn key(bits: u128) -> String {
    format!("network {bits:032x}")
}

/// An IP address as 128 bits. IPv4 addresses are converted to IPv4-mapped IPv6 addresses.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
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
    fn a_stored_network_is_read_again() {
        for address in ["203.0.113.7", "2001:db8:1:203::9"] {
            let network = Network::of(address.parse().unwrap());
            let read = network_of(&network_key(network)).unwrap();
            assert_eq!(read.address(), network.address());
        }
        assert!(network_of("198.51.100.1").is_none());
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
