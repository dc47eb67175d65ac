//! The setting `keep_former`.

use std::fs;
use std::time::Duration;

use super::ServiceCheck;
use crate::service_config::MemoryConfig;

/// The command that replaces an instance, and an upgrade, wait for so long.
const MAX_KEEP_FORMER: Duration = Duration::from_mins(10);

impl ServiceCheck<'_> {
    pub(super) fn keep_former(&mut self) -> Option<Duration> {
        let parsed = units::duration(&self.service.keep_former);
        let time = self.check.accept("keep_former", parsed)?;
        if time > MAX_KEEP_FORMER {
            let what = "an update would wait too long";
            self.check.refuse("keep_former", what, "write at most 10m");
            return None;
        }
        let most = |memory: &MemoryConfig| units::size(&memory.max).ok();
        let most = self.service.memory.as_ref().and_then(most);
        let machine = fs::read_to_string("/proc/meminfo");
        let machine = machine.ok().and_then(|table| total_memory(&table));
        Some(if has_room_for_two(most, machine) {
            time
        } else {
            Duration::ZERO
        })
    }
}

/// If each uses as much as it may. `true` without a limit, or if the machine's memory is unknown.
fn has_room_for_two(most: Option<u64>, machine: Option<u64>) -> bool {
    let (Some(most), Some(machine)) = (most, machine) else {
        return true;
    };
    most.saturating_mul(2) <= machine
}

/// In bytes, from the contents of `/proc/meminfo`.
fn total_memory(table: &str) -> Option<u64> {
    let mut lines = table.lines();
    let total = lines.find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_do_not_fit_are_not_kept_together() {
        let machine = total_memory("MemTotal:        1048576 kB\nMemFree:           1234 kB\n");
        assert_eq!(machine, Some(1 << 30));
        assert_eq!(total_memory("MemFree: 1234 kB\n"), None);
        for (most, fit) in [
            (None, true),
            (Some(1 << 29), true),
            (Some((1 << 29) + 1), false),
            (Some(u64::MAX), false),
        ] {
            assert_eq!(has_room_for_two(most, machine), fit, "{most:?}");
            assert!(has_room_for_two(most, None));
        }
    }
}
