//! Memory that nobody uses any more.

mod program;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(5);
/// A process that has worked less than this in between has nobody who would wait for it.
const LITTLE: Duration = Duration::from_millis(500);

/// Gives memory back in calm moments, for as long as it runs: a process takes more to begin,
/// or to serve a crowd, than it needs afterwards.
pub async fn keep_low() {
    in_calm_moments(processor_time, give_back).await;
}

/// Calls `act` where the time that was `worked` has hardly grown since the last look.
async fn in_calm_moments(mut worked: impl FnMut() -> Duration, mut act: impl FnMut()) {
    let mut turn = interval_at(Instant::now() + EVERY, EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Duration::ZERO;
    loop {
        turn.tick().await;
        let now = worked();
        if now.saturating_sub(before) < LITTLE {
            act();
        }
        before = now;
    }
}

/// What all threads of this process have used of the processors.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}

/// Gives back to the system what this process keeps in case it is wanted again: what the
/// allocator has free, and the parts of the program that are before its eyes. Whoever
/// allocates meanwhile waits.
///
/// Only glibc's allocator has to be told; with another one nothing happens.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    trim();
    #[cfg(target_os = "linux")]
    program::let_go();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator offers it to C alone")]
fn trim() {
    // SAFETY: malloc_trim(3) asks for nothing: any thread may call it at any time, it takes the
    // allocator's own locks, and touches only memory that is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Tests of what is given back do it one after the other.
#[cfg(test)]
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_works_is_left_alone() {
        let worked = Cell::new(Duration::ZERO);
        let calm = Cell::new(0);
        let looks = in_calm_moments(|| worked.get(), || calm.set(calm.get() + 1));
        let work = async {
            // In the middle between two looks; none is at the very beginning.
            tokio::time::sleep(EVERY / 2).await;
            assert_eq!(calm.get(), 0);
            for (milliseconds, is_calm) in [(0, true), (499, true), (500, false), (499, true)] {
                let before = calm.get();
                worked.set(worked.get() + Duration::from_millis(milliseconds));
                tokio::time::sleep(EVERY).await;
                assert_eq!(calm.get() > before, is_calm, "{milliseconds} ms");
            }
        };
        tokio::select! {
            () = looks => {}
            () = work => {}
        }
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::fs;

    /// Pages of this process that are in memory (proc(5), `statm`).
    fn resident() -> usize {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn what_is_free_is_the_system_s_again() {
        let _alone = super::alone();
        // Small enough to come from the heap, and something behind them keeps it from shrinking.
        let many: Vec<_> = (0..8_192).map(|_| vec![1_u8; 4_096]).collect();
        let behind = vec![1_u8; 4_096];
        drop(many);
        let before = resident();
        super::give_back();
        let after = resident();
        // 32 MiB were taken; what other tests do meanwhile is far less.
        assert!(before >= after + 4_096, "{before} pages, then {after}");
        drop(behind);
    }
}
