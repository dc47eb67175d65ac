//! Resets of a countdown that counts up, and statistics about them.

use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use crate::countdown::CountdownId;

platform::id!(EntryId, "One reset of a countdown.");

/// A reset.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Entry {
    /// The reset's id.
    pub id: EntryId,
    /// The instant from which the countdown counts again.
    pub reset_at: Timestamp,
    /// The note, up to 500 characters.
    pub note: String,
}

/// Statistics of the times between resets, at one instant; all durations in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Statistics {
    /// The time since the newest reset.
    pub current_seconds: Option<i64>,
    /// The longest time between two resets, or since the last one.
    pub longest_seconds: Option<i64>,
    /// The average time between two resets.
    pub average_completed_seconds: Option<i64>,
    /// The number of completed periods between two resets.
    pub completed_count: i64,
    /// The number of resets.
    pub entry_count: i64,
    /// Whether the current time is the longest so far.
    pub is_record: bool,
    /// The instant at which the current time becomes the longest so far.
    pub record_at: Option<Timestamp>,
}

/// The figures from which [`Statistics`] are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Row)]
pub struct Summary {
    pub count: i64,
    pub first: Option<Timestamp>,
    pub newest: Option<Timestamp>,
    /// The longest time between two consecutive resets, in milliseconds.
    pub longest: Option<i64>,
}

impl Summary {
    /// The statistics at `now`.
    pub fn at(self, now: Timestamp) -> Statistics {
        let (Some(first), Some(newest)) = (self.first, self.newest) else {
            return Statistics::default();
        };
        let current = now.duration_since(newest).as_millis().max(0);
        let completed = self.count - 1;
        let longest = self.longest.map(i128::from);
        let all = newest.duration_since(first).as_millis();
        let mean = |all: i128, count: i128| (all * 2 + count * 1000) / (count * 2000);
        let seconds = |millis: i128| i64::try_from(millis.div_euclid(1000)).unwrap_or(i64::MAX);
        Statistics {
            current_seconds: Some(seconds(current)),
            longest_seconds: Some(seconds(current.max(longest.unwrap_or(0)))),
            average_completed_seconds: (completed > 0)
                .then(|| i64::try_from(mean(all, completed.into())).unwrap_or(i64::MAX)),
            completed_count: completed,
            entry_count: self.count,
            is_record: longest.is_some_and(|longest| current > longest),
            record_at: self.longest.and_then(|longest| {
                newest
                    .checked_add(SignedDuration::from_millis(longest))
                    .ok()
            }),
        }
    }
}

pub fn summary(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Summary, StoreError> {
    sql!(
        "SELECT COUNT(*) AS count, MIN(reset_at) AS first, MAX(reset_at) AS newest,
             MAX(gap) AS longest
         FROM (SELECT reset_at, reset_at - LAG(reset_at) OVER (ORDER BY reset_at) AS gap
               FROM countdown_entry WHERE countdown_id = :id) AS entries",
        id
    )
    .one(tx)
}

pub fn newest(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Option<Timestamp>, StoreError> {
    let (newest,): (Option<Timestamp>,) = sql!(
        "SELECT MAX(reset_at) FROM countdown_entry WHERE countdown_id = :id",
        id
    )
    .one(tx)?;
    Ok(newest)
}

/// The instants of the resets after `since`, newest first, at most 1,000.
pub fn moments(
    tx: &mut Tx<'_>,
    id: &CountdownId,
    since: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let all: Vec<(Timestamp,)> = sql!(
        "SELECT reset_at FROM countdown_entry WHERE countdown_id = :id AND reset_at > :since
         ORDER BY reset_at DESC LIMIT 1000",
        id,
        since
    )
    .all(tx)?;
    Ok(all.into_iter().map(|(at,)| at).collect())
}

/// The newest `limit` resets, or the newest before the instant `before`, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    id: &CountdownId,
    before: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    sql!(
        "SELECT {Entry} FROM countdown_entry WHERE countdown_id = :id AND reset_at < :before
         ORDER BY reset_at DESC LIMIT :limit",
        id,
        before = before.unwrap_or(Timestamp::MAX),
        limit
    )
    .all(tx)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    /// Computes the summary from all resets. The test compares this summary with the stored one.
    fn summed(mut resets: Vec<i64>) -> Summary {
        resets.sort_unstable();
        let gaps = resets.windows(2).map(|pair| pair[1] - pair[0]);
        Summary {
            count: i64::try_from(resets.len()).unwrap(),
            first: resets.first().copied().map(at),
            newest: resets.last().copied().map(at),
            longest: gaps.max(),
        }
    }

    #[test]
    fn statistics_count_what_was_completed() {
        let none = summed(vec![]).at(at(0));
        assert_eq!(none, Statistics::default());
        let one = summed(vec![1_000]).at(at(4_999));
        assert_eq!(
            (one.current_seconds, one.longest_seconds),
            (Some(3), Some(3))
        );
        assert_eq!(
            (one.average_completed_seconds, one.completed_count),
            (None, 0)
        );
        assert!(!one.is_record && one.record_at.is_none());
        let three = summed(vec![0, 10_000, 13_500]).at(at(20_000));
        assert_eq!(three.current_seconds, Some(6));
        assert_eq!(three.longest_seconds, Some(10));
        assert_eq!(three.average_completed_seconds, Some(7), "6.75, rounded");
        assert_eq!((three.completed_count, three.entry_count), (2, 3));
        assert_eq!(
            (three.is_record, three.record_at),
            (false, Some(at(23_500)))
        );
        assert!(
            !summed(vec![0, 10_000]).at(at(20_000)).is_record,
            "as long is no record"
        );
        assert!(summed(vec![0, 10_000]).at(at(20_001)).is_record);
    }

    proptest! {
        #[test]
        fn whatever_was_reset_the_figures_fit(
            resets in proptest::collection::btree_set(0_i64..10_000_000, 1..30), later in 0_i64..10_000_000,
        ) {
            let resets: Vec<i64> = resets.into_iter().collect();
            let now = resets.last().unwrap() + later;
            let figures = summed(resets).at(at(now));
            let (current, longest) = (figures.current_seconds.unwrap(), figures.longest_seconds.unwrap());
            prop_assert!(longest >= current);
            prop_assert!(figures.average_completed_seconds.unwrap_or(0) <= longest + 1);
            prop_assert!(!figures.is_record || longest == current);
        }
    }
}
