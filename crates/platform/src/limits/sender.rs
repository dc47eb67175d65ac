//! Limits on what one account can send to the disk and to other sites.

use jiff::{SignedDuration, Timestamp};

use super::{Limit, Registered, Rule, Wait};

/// The period in which files are counted. A file that no record uses is kept for a day. The number
/// comes from the folder.
const FILES: Rule = Rule {
    count: u32::MAX,
    per: SignedDuration::from_hours(24),
};
const CALLS: Rule = Rule {
    count: 30,
    per: SignedDuration::from_mins(10),
};
const ACCOUNTS: usize = 20_000;

/// The counters. Clones share them.
#[derive(Clone, Debug)]
pub struct SenderLimits {
    files: Limit,
    calls: Limit,
}

impl SenderLimits {
    pub(super) fn of(registered: &Registered) -> Self {
        Self {
            files: registered.limit("files", &[FILES], ACCOUNTS),
            calls: registered.limit("calls", &[CALLS], ACCOUNTS),
        }
    }

    /// Counts a file that an account sends into a folder, of which `most` are allowed in a day.
    /// Files of repeated and refused requests count too, because they were written to the disk.
    pub fn admit_file(
        &self,
        account: &str,
        folder: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<(), Wait> {
        self.files
            .take_of(&format!("{folder} {account}"), most, now)
    }

    /// Counts a request that makes this site call another one.
    pub fn admit_call(&self, account: &str, now: Timestamp) -> Result<(), Wait> {
        self.calls.take(account, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_folders_do_not_share_a_limit() {
        let limits = SenderLimits::of(&Registered::default());
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for _ in 0..2 {
            assert_eq!(limits.admit_file("a", "reviews", 2, now), Ok(()));
        }
        assert!(limits.admit_file("a", "reviews", 2, now).is_err());
        assert_eq!(limits.admit_file("b", "reviews", 2, now), Ok(()));
        assert_eq!(limits.admit_file("a", "covers", 2, now), Ok(()));
        let later = now + SignedDuration::from_hours(27);
        assert_eq!(limits.admit_file("a", "reviews", 2, later), Ok(()));
        for _ in 0..CALLS.count {
            assert_eq!(limits.admit_call("a", now), Ok(()));
        }
        assert!(limits.admit_call("a", now).is_err());
        assert_eq!(limits.admit_call("b", now), Ok(()));
    }
}
