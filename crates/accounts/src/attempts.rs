//! How often somebody may try to sign in, and how often an account may change
//! anything.
//!
//! Failures are counted per account and network, per account, and per network,
//! and beyond a limit a right password is refused like a wrong one. A try takes
//! its places before the password is looked at and gives them back if it was
//! right, so that a hundred tries at once count as a hundred. Accounts are known
//! by a keyed hash of what was typed: addresses that nobody has are counted the
//! same.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use platform::Random;
use platform::limits::{Limit, Rule, Wait};
use sha2::Sha256;
use web::Network;

use crate::account::AccountId;

const QUARTER: SignedDuration = SignedDuration::from_mins(15);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Failures of one network.
const NETWORK: &[Rule] = &[
    Rule {
        count: 30,
        per: QUARTER,
    },
    Rule {
        count: 100,
        per: HOUR,
    },
];
/// Failures for one account from one network.
const PAIR: &[Rule] = &[Rule {
    count: 5,
    per: QUARTER,
}];
/// Failures for one account from anywhere.
const ACCOUNT: &[Rule] = &[Rule {
    count: 50,
    per: HOUR,
}];
/// Changes made by one account, signed in.
const CHANGES: &[Rule] = &[Rule {
    count: 600,
    per: SignedDuration::from_mins(5),
}];

/// How many networks or accounts are counted at once.
const KEYS: usize = 20_000;

/// The counters of one process. Clones share them.
#[derive(Clone)]
pub struct Attempts {
    secret: [u8; 32],
    of_network: Limit,
    of_pair: Limit,
    of_account: Limit,
    changes: Limit,
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempts")
    }
}

/// Places taken by one try. Unless [given back](Attempts::give_back), they count
/// as a failure.
#[derive(Debug)]
#[must_use]
pub(crate) struct Places {
    network: String,
    pair: String,
    account: Option<String>,
    at: Timestamp,
}

impl Attempts {
    /// Counters that have counted nothing.
    pub fn new(random: &Random) -> Self {
        Self {
            secret: random.token(),
            of_network: Limit::new(NETWORK, KEYS),
            of_pair: Limit::new(PAIR, KEYS),
            of_account: Limit::new(ACCOUNT, KEYS),
            changes: Limit::new(CHANGES, KEYS),
        }
    }

    /// Whether the network has a place left; asked before anything else is done.
    pub(crate) fn check_network(&self, network: Network, now: Timestamp) -> Result<(), Wait> {
        self.of_network.check(&network.to_string(), now)
    }

    /// Takes the places of one try. A browser that has signed in to the account
    /// before is not kept out by what others do elsewhere. Where the account has
    /// none left, the network's place is taken all the same.
    pub(crate) fn take(
        &self,
        address: &str,
        network: Network,
        is_known_device: bool,
        now: Timestamp,
    ) -> Result<Places, Wait> {
        let account = self.account_key(address);
        let network = network.to_string();
        let pair = format!("{account} {network}");
        self.of_network.take(&network, now)?;
        self.of_pair.take(&pair, now)?;
        if is_known_device {
            return Ok(Places {
                network,
                pair,
                account: None,
                at: now,
            });
        }
        if let Err(wait) = self.of_account.take(&account, now) {
            self.of_pair.give_back(&pair, now);
            return Err(wait);
        }
        Ok(Places {
            network,
            pair,
            account: Some(account),
            at: now,
        })
    }

    /// The password was right: what the try took is free again.
    pub(crate) fn give_back(&self, places: &Places) {
        self.of_network.give_back(&places.network, places.at);
        self.of_pair.give_back(&places.pair, places.at);
        if let Some(account) = &places.account {
            self.of_account.give_back(account, places.at);
        }
    }

    /// Takes the place of one change that a signed-in account makes.
    pub(crate) fn change(&self, account: &AccountId, now: Timestamp) -> Result<(), Wait> {
        self.changes.take(account.as_str(), now)
    }

    fn account_key(&self, address: &str) -> String {
        // A key of any length will do, so this cannot fail; and if it did, all
        // addresses would be counted as one.
        Hmac::<Sha256>::new_from_slice(&self.secret).map_or_else(
            |_| String::new(),
            |mut mac| {
                mac.update(address.as_bytes());
                URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Network {
        Network::of([203, 0, 113, last].into())
    }

    fn start() -> Timestamp {
        "2026-11-20T08:00:00Z".parse().unwrap()
    }

    fn attempts() -> Attempts {
        Attempts::new(&Random::seeded(1))
    }

    fn passes(attempts: &Attempts, address: &str, last: u8, now: Timestamp) -> bool {
        attempts.take(address, network(last), false, now).is_ok()
    }

    #[test]
    fn five_failures_in_a_quarter_of_an_hour_are_enough() {
        let attempts = attempts();
        for second in 0..5 {
            let now = start() + SignedDuration::from_secs(second);
            assert!(passes(&attempts, "a@b.my", 1, now));
        }
        let later = start() + SignedDuration::from_mins(10);
        let wait = attempts
            .take("a@b.my", network(1), false, later)
            .unwrap_err();
        assert!((280..=420).contains(&wait.seconds), "{wait}");
        assert!(passes(&attempts, "c@b.my", 1, later), "another account");
        assert!(passes(&attempts, "a@b.my", 2, later), "another network");
        let much_later = later + SignedDuration::from_secs(wait.seconds.into());
        assert!(passes(&attempts, "a@b.my", 1, much_later));
    }

    #[test]
    fn an_account_has_fifty_failures_an_hour_but_for_its_own_browsers() {
        let attempts = attempts();
        for last in 0..50 {
            assert!(passes(&attempts, "a@b.my", last, start()), "{last}");
        }
        assert!(!passes(&attempts, "a@b.my", 99, start()));
        let known = attempts.take("a@b.my", network(99), true, start());
        assert!(known.is_ok());
    }

    #[test]
    fn a_network_has_thirty_and_a_hundred() {
        let attempts = attempts();
        let mut passed = 0;
        for quarter in 0..3 {
            let now = start() + SignedDuration::from_mins(17 * quarter);
            for _ in 0..50 {
                if attempts.check_network(network(1), now).is_ok() {
                    passed += 1;
                    let _counted = attempts.take(&format!("{passed}@b.my"), network(1), false, now);
                }
            }
        }
        assert_eq!(passed, 90);
        let now = start() + SignedDuration::from_mins(52);
        while attempts.check_network(network(1), now).is_ok() {
            passed += 1;
            let _counted = attempts.take(&format!("{passed}@b.my"), network(1), false, now);
        }
        assert_eq!(passed, 100);
    }

    #[test]
    fn tries_at_a_used_up_account_count_for_their_network() {
        let attempts = attempts();
        for number in 0..30 {
            assert_eq!(
                passes(&attempts, "a@b.my", 1, start()),
                number < 5,
                "{number}"
            );
        }
        assert!(attempts.check_network(network(1), start()).is_err());
    }

    #[test]
    fn what_is_given_back_was_never_taken() {
        let attempts = attempts();
        for _ in 0..200 {
            let places = attempts.take("a@b.my", network(1), false, start()).unwrap();
            attempts.give_back(&places);
        }
    }

    #[test]
    fn an_account_may_change_six_hundred_things_in_five_minutes() {
        let attempts = attempts();
        let account = platform::id::Id::from_text("x".to_owned());
        let passed = (0..700).filter(|_| attempts.change(&account, start()).is_ok());
        assert_eq!(passed.count(), 600);
    }
}
