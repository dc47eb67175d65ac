//! A sliding-window counter that stores a few slots instead of a timestamp per event.

use jiff::SignedDuration;

/// The number of slots that cover the window. One more slot covers the period that is still being
/// counted.
const PARTS: i64 = 10;
const SLOTS: i64 = 11;

/// A sliding-window counter. An event counts for at least the whole window, and at most a tenth
/// longer.
#[derive(Clone, Debug)]
pub(super) struct Window {
    width: i64,
    /// The number of the newest slot, counted from the first slot in 1970.
    latest: i64,
    slots: [u32; 11],
}

impl Window {
    pub(super) fn new(per: SignedDuration) -> Self {
        let width = i64::try_from(per.as_millis()).unwrap_or(i64::MAX) / PARTS;
        Self {
            width: width.max(1),
            latest: 0,
            slots: [0; 11],
        }
    }

    /// Counts events at the millisecond `at`. Ignores events that are older than the window.
    pub(super) fn count(&mut self, at: i64, events: u32) {
        let number = at.div_euclid(self.width);
        if number > self.latest {
            for passed in (self.latest + 1).max(number - PARTS)..=number {
                self.slots[slot(passed)] = 0;
            }
            self.latest = number;
        }
        if number > self.latest - SLOTS {
            let count = &mut self.slots[slot(number)];
            *count = count.saturating_add(events);
        }
    }

    /// Undoes the count of an event at the millisecond `at`.
    pub(super) fn take_back(&mut self, at: i64) {
        let number = at.div_euclid(self.width);
        if (self.latest - PARTS..=self.latest).contains(&number) {
            let count = &mut self.slots[slot(number)];
            *count = count.saturating_sub(1);
        }
    }

    /// The number of events in the window that ends at `now`.
    pub(super) fn total(&self, now: i64) -> u32 {
        self.living(now)
            .fold(0, |sum: u32, (_, count)| sum.saturating_add(count))
    }

    /// Whether all counted events have left the window.
    pub(super) fn is_over(&self, now: i64) -> bool {
        now.div_euclid(self.width) - self.latest >= SLOTS
    }

    /// The time in milliseconds until the total falls below `limit`; `None` if it is already below.
    pub(super) fn wait(&self, limit: u32, now: i64) -> Option<i64> {
        let mut total = self.total(now);
        if total < limit {
            return None;
        }
        for (number, count) in self.living(now) {
            total -= count.min(total);
            if total < limit {
                return Some((number + SLOTS) * self.width - now);
            }
        }
        // With a limit of zero, no event ever fits; the wait is then the whole window.
        Some(self.width * PARTS)
    }

    /// The slots within the window, each with its number, oldest first.
    fn living(&self, now: i64) -> impl Iterator<Item = (i64, u32)> {
        let newest = now.div_euclid(self.width).max(self.latest);
        (newest - SLOTS + 1..=self.latest)
            .filter(|number| *number > self.latest - SLOTS)
            .map(|number| (number, self.slots[slot(number)]))
    }
}

fn slot(number: i64) -> usize {
    usize::try_from(number.rem_euclid(SLOTS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_forgotten_early_and_nothing_kept_for_long(
            mut times in prop::collection::vec(0_i64..5_000, 0..60),
            limit in 1_u32..20,
        ) {
            times.sort_unstable();
            let mut window = Window::new(SignedDuration::from_millis(1_000));
            for (index, now) in times.iter().enumerate() {
                window.count(*now, 1);
                let past = &times[..=index];
                let least = past.iter().filter(|at| **at > now - 1_000).count();
                let most = past.iter().filter(|at| **at > now - 1_100).count();
                let total = window.total(*now) as usize;
                prop_assert!((least..=most).contains(&total));
                prop_assert_eq!(window.is_over(*now), total == 0);
                if let Some(wait) = window.wait(limit, *now) {
                    prop_assert!((1..=1_100).contains(&wait));
                    prop_assert!(window.total(now + wait) < limit);
                    prop_assert!(window.total(now + wait - 1) >= limit);
                }
            }
        }
    }

    #[test]
    fn what_comes_late_is_counted_where_it_belongs() {
        let mut window = Window::new(SignedDuration::from_millis(1_000));
        for at in [5_000, 4_500, 3_000, 5_000] {
            window.count(at, 1);
        }
        assert_eq!(window.total(5_000), 3);
        assert_eq!(window.total(5_600), 2);
        assert_eq!(window.total(60_000), 0);
        assert!(!window.is_over(5_600));
        assert!(window.is_over(60_000));
    }
}
