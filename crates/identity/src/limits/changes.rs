//! Limits on how many changes an account makes, and how many forbidden requests a token makes.
//!
//! A token's allowed requests are counted together with the other requests of the token's owner.
//! Forbidden requests are counted for the token alone, so that an API client with the wrong token
//! does not block the owner's browser.

use jiff::{SignedDuration, Timestamp};
use platform::limits::{Limit, Limits, Rule, Wait};

use crate::account::AccountId;
use crate::session::token::TokenId;

const RULES: &[Rule] = &[Rule {
    count: 600,
    per: SignedDuration::from_mins(5),
}];

/// The maximum number of accounts, and the maximum number of tokens, that are counted at one time.
const KEYS: usize = 20_000;

/// The counters. Clones share them.
#[derive(Clone, Debug)]
pub struct Changes {
    of_accounts: Limit,
    of_tokens: Limit,
}

impl Changes {
    pub fn of(limits: &Limits) -> Self {
        Self {
            of_accounts: limits.limit("changes", RULES, KEYS),
            of_tokens: limits.limit("forbidden", RULES, KEYS),
        }
    }

    /// Returns counters that never refuse a request, for a test that calls every route.
    #[cfg(debug_assertions)]
    pub fn unlimited() -> Self {
        Self {
            of_accounts: Limit::new(&[], KEYS),
            of_tokens: Limit::new(&[], KEYS),
        }
    }

    /// Counts one change by a signed-in account.
    pub fn take(&self, account: &AccountId, now: Timestamp) -> Result<(), Wait> {
        self.of_accounts.take(account.as_str(), now)
    }

    /// Counts one forbidden request of a token.
    pub fn refuse(&self, token: &TokenId, now: Timestamp) -> Result<(), Wait> {
        self.of_tokens.take(token.as_str(), now)
    }
}

#[cfg(test)]
mod tests {
    use platform::id::Id;

    use super::*;

    #[test]
    fn an_account_may_change_six_hundred_things_in_five_minutes() {
        let changes = Changes::of(&Limits::default());
        let account = Id::from_text("x".to_owned());
        let now = Timestamp::UNIX_EPOCH;
        let passed = (0..700).filter(|_| changes.take(&account, now).is_ok());
        assert_eq!(passed.count(), 600);
    }
}
