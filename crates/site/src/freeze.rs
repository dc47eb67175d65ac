//! A freeze is a period around an event. During a freeze, planned restarts, upgrades and backup
//! drills happen only if an operator forces them. A domain lists its events
//! ([`Domain::freezes`](crate::Domain::freezes)).
//!
//! Before a planned restart or upgrade, the supervisor process asks the worker whether a freeze is
//! on. While no worker serves, nothing is refused.

use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx};

use crate::domain::Domains;

pub use crate::domain::Occurrence;

/// How long before an event a freeze begins.
pub const BEFORE: SignedDuration = SignedDuration::from_hours(12);

/// A period without planned restarts and upgrades. It covers all events that follow each other
/// closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Returns the freeze that is in force.
pub fn now(tx: &mut Tx<'_>, domains: Domains) -> Result<Option<Freeze>, StoreError> {
    let now = tx.now();
    Ok(next(tx, domains)?.filter(|freeze| freeze.from <= now))
}

/// Returns the freeze that is in force, or else the next one.
pub fn next(tx: &mut Tx<'_>, domains: Domains) -> Result<Option<Freeze>, StoreError> {
    let now = tx.now();
    let mut all: Vec<Occurrence> = Vec::new();
    for domain in domains {
        all.extend((domain.freezes)(tx)?);
    }
    all.retain(|event| event.until > now);
    all.sort_unstable_by_key(|event| event.from);
    Ok(first(&all))
}

/// Later events extend it if their own freeze would begin before it ends.
fn first(events: &[Occurrence]) -> Option<Freeze> {
    let begins = |event: &Occurrence| event.from.checked_sub(BEFORE).unwrap_or(Timestamp::MIN);
    let (first, rest) = events.split_first()?;
    let mut freeze = Freeze {
        from: begins(first),
        until: first.until,
    };
    for event in rest {
        if begins(event) > freeze.until {
            break;
        }
        freeze.until = freeze.until.max(event.until);
    }
    Some(freeze)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    #[test]
    fn events_that_follow_closely_are_one_freeze() {
        let event = |from, until| Occurrence {
            from: hours(from),
            until: hours(until),
        };
        assert_eq!(first(&[]), None);
        let wedding = [event(100, 104), event(110, 113), event(140, 141)];
        let freeze = Freeze {
            from: hours(88),
            until: hours(113),
        };
        assert_eq!(first(&wedding), Some(freeze));
        let longer = [event(100, 120), event(101, 102)];
        assert_eq!(first(&longer).unwrap().until, hours(120));
    }
}
