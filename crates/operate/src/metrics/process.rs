//! Metrics about this process, with the names and descriptions of Prometheus's client libraries.
//!
//! The system is asked for them whenever somebody requests the metrics. Counters of the `metrics`
//! crate are not used, because CPU seconds have fractions and such counters are integers.

use std::fmt::Write as _;
use std::fs;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Returns the metrics as text for Prometheus. Leaves out values that the system does not report.
pub(super) fn figures() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let own = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let system = fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut text = String::new();
    for (name, kind, help, value) in [
        (
            "process_cpu_seconds_total",
            "counter",
            "Total user and system CPU time spent in seconds.",
            Some(cpu_seconds()),
        ),
        (
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory size in bytes.",
            resident_bytes(&status),
        ),
        (
            "process_open_fds",
            "gauge",
            "Number of open file descriptors.",
            open_descriptors(),
        ),
        (
            "process_max_fds",
            "gauge",
            "Maximum number of open file descriptors.",
            getrlimit(Resource::Nofile).current.map(number),
        ),
        (
            "process_start_time_seconds",
            "gauge",
            "Start time of the process since unix epoch in seconds.",
            started(&own, &system, rustix::param::clock_ticks_per_second()),
        ),
    ] {
        if let Some(value) = value {
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
            );
        }
    }
    text
}

fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    number(used.tv_sec.unsigned_abs()) + number(used.tv_nsec.unsigned_abs()) / 1e9
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_descriptors() -> Option<f64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
    // Reading this folder opens one more descriptor, which is subtracted.
    Some(number(open.saturating_sub(1)))
}

/// In seconds since 1970. The system reports it relative to the boot time.
fn started(own: &str, system: &str, ticks_per_second: u64) -> Option<f64> {
    // The process name may contain any character, even parentheses.
    let (_, fields) = own.rsplit_once(')')?;
    let ticks: u64 = fields.split_ascii_whitespace().nth(19)?.parse().ok()?;
    let began = system
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let began: u64 = began.trim().parse().ok()?;
    Some(number(began) + number(ticks) / number(ticks_per_second.max(1)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "figures are f64, and nobody counts single bytes of petabytes"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_understood() {
        let own = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 3 0 250 1 2";
        let system = "cpu  1 2 3\nbtime 1700000000\nprocesses 9\n";
        assert_eq!(started(own, system, 100), Some(1_700_000_002.5));
        assert_eq!(started(own, "", 100), None);
        assert_eq!(started("", system, 100), None);
        assert_eq!(
            resident_bytes("VmPeak: 9 kB\nVmRSS:\t 2 kB\n"),
            Some(2048.0)
        );
        assert_eq!(resident_bytes(""), None);
    }

    #[test]
    fn every_figure_is_told_with_its_words() {
        let told = figures();
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_start_time_seconds",
        ] {
            let value = told
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .and_then(|value| value.parse::<f64>().ok());
            assert!(value > Some(0.0), "{name}\n{told}");
            assert!(told.contains(&format!("# HELP {name} ")), "{told}");
            assert!(told.contains(&format!("# TYPE {name} ")), "{told}");
        }
    }
}
