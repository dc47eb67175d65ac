//! Until when the lease lasts, for the threads of this process and other processes of this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use platform::Clock;
use platform::clock::since_boot;

use super::contender::{LAST_WRITE, Standing};

/// In the data folder: the id of the machine's start, and the end of the lease in milliseconds
/// since then. While one process follows another, both answer, and only one renews the lease.
const FILE: &str = "backup-lease-until";
const BOOT_FILE: &str = "/proc/sys/kernel/random/boot_id";

/// Shared by clones.
#[derive(Clone, Debug)]
pub(crate) struct Validity {
    clock: Clock,
    path: PathBuf,
    /// The end of the lease in milliseconds of [`steady`]; 0 without a lease.
    ends: Arc<AtomicU64>,
    /// What the file says by this process, or said before; 0 for nothing.
    kept: Arc<AtomicU64>,
    /// Whether changes may be acknowledged only while the lease lasts.
    is_binding: Arc<AtomicBool>,
}

impl Validity {
    pub(crate) fn new(clock: &Clock, data: &Path) -> Self {
        let validity = Self {
            clock: clock.clone(),
            path: data.join(FILE),
            ends: Arc::new(AtomicU64::new(0)),
            kept: Arc::new(AtomicU64::new(0)),
            is_binding: Arc::new(AtomicBool::new(false)),
        };
        let before = validity.read().unwrap_or_default();
        validity.kept.store(before, Ordering::SeqCst);
        validity
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether a write to the place that has begun must end now.
    pub(crate) fn is_write_over(&self) -> bool {
        let ends = self.ends.load(Ordering::SeqCst);
        ends == 0 || self.now() >= ends.saturating_add(milliseconds(LAST_WRITE))
    }

    pub(crate) fn set_binding(&self, is_binding: bool) {
        self.is_binding.store(is_binding, Ordering::SeqCst);
    }

    /// Whether a change may be acknowledged at this moment.
    pub(crate) fn may_acknowledge(&self) -> bool {
        !self.is_binding.load(Ordering::SeqCst)
            || self.now() < self.ends.load(Ordering::SeqCst)
            || self.read().is_some_and(|ends| self.now() < ends)
    }

    /// The place has no lease.
    pub(super) fn set_endless(&self) {
        self.ends.store(u64::MAX, Ordering::SeqCst);
    }

    pub(super) fn set(&self, standing: Standing) {
        let ends = match standing {
            Standing::Held { until } => milliseconds(until),
            Standing::Open | Standing::Lost => 0,
        };
        let before = self.ends.swap(ends, Ordering::SeqCst);
        let kept = match standing {
            Standing::Held { .. } if before != ends => self.write(ends),
            Standing::Lost => self.remove(),
            // What another process of this machine has written goes on until its own end.
            Standing::Held { .. } | Standing::Open => Ok(()),
        };
        if let Err(error) = kept {
            tracing::warn!(
                "cannot write {}: {error}; check the disk of the data folder; \
                 after a reload, changes may be refused for a moment",
                self.path.display()
            );
        }
    }

    fn write(&self, ends: u64) -> io::Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, format!("{} {ends}", boot()?))?;
        fs::rename(&next, &self.path)?;
        self.kept.store(ends, Ordering::SeqCst);
        Ok(())
    }

    /// Leaves what the next process of this machine has written.
    fn remove(&self) -> io::Result<()> {
        if self.read() != Some(self.kept.load(Ordering::SeqCst)) {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn read(&self) -> Option<u64> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (of, ends) = text.split_once(' ')?;
        (of == boot().ok()?).then(|| ends.parse().ok())?
    }

    fn now(&self) -> u64 {
        milliseconds(steady(&self.clock))
    }
}

/// Time that goes on while the machine is suspended, and never goes back.
pub(crate) fn steady(clock: &Clock) -> Duration {
    match clock {
        Clock::System => since_boot(),
        Clock::Manual(clock) => {
            let now = u64::try_from(clock.now().as_millisecond());
            Duration::from_millis(now.unwrap_or_default())
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The time since the start means nothing after another start, or on another machine.
fn boot() -> io::Result<String> {
    let id = fs::read_to_string(BOOT_FILE)?;
    Ok(id.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use platform::ManualClock;

    use super::*;

    const UNTIL: Standing = Standing::Held {
        until: Duration::from_secs(1_000),
    };

    fn at(second: i64) -> ManualClock {
        ManualClock::at(jiff::Timestamp::from_second(second).unwrap())
    }

    fn validity(clock: &ManualClock, data: &Path) -> Validity {
        let validity = Validity::new(&Clock::Manual(clock.clone()), data);
        validity.set_binding(true);
        validity
    }

    #[test]
    fn another_process_of_this_machine_acknowledges_as_long() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), at(999));
        let (one, next) = (
            validity(&clock, folder.path()),
            validity(&clock, folder.path()),
        );
        assert!(!one.may_acknowledge() && !next.may_acknowledge());
        one.set(UNTIL);
        assert!(one.may_acknowledge() && next.may_acknowledge());
        // It writes nothing to the place.
        assert!(!one.is_write_over() && next.is_write_over());
        // The next one begins to take the lease.
        next.set(Standing::Open);
        assert!(one.may_acknowledge() && next.may_acknowledge());
        clock.set(at(1_000).now());
        assert!(!one.may_acknowledge() && !next.may_acknowledge());
        assert!(!one.is_write_over());
        clock.set(at(999).now());
        one.set(Standing::Lost);
        assert!(!one.may_acknowledge() && !next.may_acknowledge());
    }

    #[test]
    fn who_lost_the_lease_to_the_next_process_of_the_machine_leaves_its_file() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), at(999));
        let one = validity(&clock, folder.path());
        one.set(UNTIL);
        let next = validity(&clock, folder.path());
        let until = Duration::from_secs(1_001);
        next.set(Standing::Held { until });
        one.set(Standing::Lost);
        assert!(one.may_acknowledge() && next.may_acknowledge());
        // Another machine has it, so what an earlier process left does not count.
        let later = validity(&clock, folder.path());
        assert!(later.may_acknowledge());
        later.set(Standing::Lost);
        assert!(!later.may_acknowledge());
    }

    #[test]
    fn what_was_written_before_another_start_of_the_machine_means_nothing() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), at(999));
        let (one, path) = (validity(&clock, folder.path()), folder.path().join(FILE));
        one.set(UNTIL);
        let text = fs::read_to_string(&path).unwrap();
        let next = validity(&clock, folder.path());
        for other in ["another-start 1000000", "", "1000000", " 1000000"] {
            fs::write(&path, other).unwrap();
            assert!(!next.may_acknowledge(), "{other}");
        }
        fs::write(&path, text).unwrap();
        assert!(next.may_acknowledge());
    }

    #[test]
    fn without_a_promise_the_lease_does_not_matter() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), at(1));
        let free = Validity::new(&Clock::Manual(clock), folder.path());
        assert!(free.may_acknowledge() && free.is_write_over());
        free.set_binding(true);
        assert!(!free.may_acknowledge());
        free.set_endless();
        assert!(free.may_acknowledge() && !free.is_write_over());
    }
}
