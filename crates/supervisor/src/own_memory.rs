//! The allocator, and giving back memory that this process no longer uses.

mod program_pages;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// With glibc's allocator, threads wait for each other, or each of them keeps what no other thread
/// can use. This one also gives back to the system what is free, by a thread of its own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(5);
/// A process that has used less processor time than this in between is idle.
const LITTLE: Duration = Duration::from_millis(500);

/// Gives memory back in calm moments, for as long as it runs: a process takes more to begin,
/// or to serve a crowd, than it needs afterwards.
pub async fn release_while_idle() {
    let parts = program_pages::parts();
    in_calm_moments(processor_time, || program_pages::unmap(&parts)).await;
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
