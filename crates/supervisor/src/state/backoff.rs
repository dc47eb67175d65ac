//! Restart backoff: the delay before an instance is started again.

use std::time::Duration;

/// If a process was ready for this long, its earlier failures no longer count.
pub(super) const STABLE_AFTER: Duration = Duration::from_mins(1);

/// As a fraction of the delay. It prevents many failed instances from being restarted together.
const SPREAD: f64 = 0.1;

/// Returns the delay after this many failures in a row. The first failure causes no delay, so that
/// a stable process that was killed is restarted at once. From the second failure on, the delay
/// doubles each time.
pub(super) fn wait(failures: u32, least: Duration, most: Duration, chance: f64) -> Duration {
    let Some(doublings) = failures.checked_sub(2) else {
        return Duration::ZERO;
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let wait = least.saturating_mul(factor).min(most);
    let chance = if chance.is_finite() {
        chance.clamp(0.0, 1.0)
    } else {
        0.5
    };
    wait.mul_f64(1.0 + SPREAD * (2.0 * chance - 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEAST: Duration = Duration::from_millis(200);
    const MOST: Duration = Duration::from_secs(30);

    #[test]
    fn the_first_restart_is_at_once_and_then_it_doubles() {
        let seconds = |failures| wait(failures, LEAST, MOST, 0.5).as_secs_f64();
        let waits: Vec<f64> = (1..=11).map(seconds).collect();
        let wanted = [0.0, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0];
        for (wait, wanted) in waits.iter().zip(wanted) {
            assert!((wait - wanted).abs() < 1e-9, "{waits:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_never_off_by_more_than_a_tenth(
            failures in 0_u32..200,
            least in 1_u64..100_000,
            more in 0_u64..100_000,
            chance in -1.0_f64..2.0,
        ) {
            let (least, most) = (Duration::from_millis(least), Duration::from_millis(least + more));
            let wait = |failures, chance| wait(failures, least, most, chance);
            let (plain, spread) = (wait(failures, 0.5), wait(failures, chance));
            prop_assert!(spread >= plain.mul_f64(0.899_999) && spread <= plain.mul_f64(1.100_001));
            prop_assert!(plain <= most);
            prop_assert!(wait(failures + 1, 0.5) >= plain);
        }
    }
}
