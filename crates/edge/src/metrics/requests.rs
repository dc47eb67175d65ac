//! Counts requests and their durations. Each worker counts in its own memory, so workers do not
//! wait for each other.

use std::array;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;

use crate::lock::lock;

const BUCKETS_IN_SECONDS: [f64; 11] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0,
];
/// A route's counts are divided, so that workers seldom share a cache line.
const PARTS_OF_COUNTS: usize = 8;
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

thread_local! {
    static PART: Cell<usize> = const { Cell::new(0) };
}

/// Routes stay here, because a counter must not decrease when a route is removed and added again.
static ROUTES: Mutex<BTreeMap<Arc<str>, Arc<Requests>>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Default)]
pub(super) struct Requests([Part; PARTS_OF_COUNTS]);

/// The counts of one worker. The alignment keeps two workers from writing to the same cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part {
    /// The number of responses by the first digit of their status, 1 to 5.
    classes: [AtomicU64; CLASSES.len()],
    /// The number of responses in each duration bucket. The last bucket has no upper bound.
    buckets: [AtomicU64; BUCKETS_IN_SECONDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// Makes this thread count for worker `number`.
pub(crate) fn set_worker(number: usize) {
    PART.set(number % PARTS_OF_COUNTS);
}

pub(super) fn of_route(name: &Arc<str>) -> Arc<Requests> {
    let mut routes = lock(&ROUTES);
    Arc::clone(routes.entry(Arc::clone(name)).or_default())
}

/// The request metrics of all routes as Prometheus text.
pub fn text() -> String {
    let routes = lock(&ROUTES).clone();
    let routes = routes
        .iter()
        .map(|(name, requests)| (escape_label(name), requests));
    let routes: Vec<_> = routes.collect();
    let mut all = String::from("# TYPE edge_requests_total counter\n");
    for (name, requests) in &routes {
        let counts = requests.sum(|part| &part.classes);
        for (class, count) in CLASSES.iter().zip(counts) {
            let _ = writeln!(
                all,
                "edge_requests_total{{route=\"{name}\",status=\"{class}\"}} {count}"
            );
        }
    }
    all.push_str("# TYPE edge_request_seconds histogram\n");
    for (name, requests) in &routes {
        requests.histogram(name, &mut all);
    }
    all
}

impl Requests {
    pub(super) fn count(&self, status: StatusCode, took: Duration) {
        let part = &self.0[PART.get()];
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(class) = part.classes.get(class) {
            class.fetch_add(1, Ordering::Relaxed);
        }
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS_IN_SECONDS.partition_point(|bound| *bound < seconds);
        part.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        part.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn sum<const N: usize>(&self, of: impl Fn(&Part) -> &[AtomicU64; N]) -> [u64; N] {
        array::from_fn(|index| {
            let parts = self.0.iter().map(&of);
            parts.map(|part| part[index].load(Ordering::Relaxed)).sum()
        })
    }

    fn histogram(&self, name: &str, all: &mut String) {
        let counts = self.sum(|part| &part.buckets);
        let mut count = 0;
        let bounds = BUCKETS_IN_SECONDS.iter().map(f64::to_string);
        for (bound, more) in bounds.chain(["+Inf".to_owned()]).zip(counts) {
            count += more;
            let _ = writeln!(
                all,
                "edge_request_seconds_bucket{{route=\"{name}\",le=\"{bound}\"}} {count}"
            );
        }
        let parts = self.0.iter();
        let times = parts.map(|part| part.nanoseconds.load(Ordering::Relaxed));
        let seconds = Duration::from_nanos(times.fold(0, u64::saturating_add)).as_secs_f64();
        let _ = writeln!(
            all,
            "edge_request_seconds_sum{{route=\"{name}\"}} {seconds}\n\
             edge_request_seconds_count{{route=\"{name}\"}} {count}"
        );
    }
}

fn escape_label(name: &str) -> String {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    name.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_counts_and_the_text_has_the_sum() {
        let name: Arc<str> = "a \"route\"".into();
        let count = |worker: usize, status: u16, milliseconds: u64| {
            let name = Arc::clone(&name);
            let counting = std::thread::spawn(move || {
                set_worker(worker);
                let status = StatusCode::from_u16(status).unwrap();
                of_route(&name).count(status, Duration::from_millis(milliseconds));
            });
            counting.join().unwrap();
        };
        // Worker `PARTS_OF_COUNTS + 1` shares a part with worker 1.
        for (worker, status, milliseconds) in [
            (0, 200, 1),
            (1, 204, 2),
            (PARTS_OF_COUNTS + 1, 404, 500),
            (0, 502, 60_000),
        ] {
            count(worker, status, milliseconds);
        }
        let text = text();
        let lines = text.lines().filter(|line| line.contains("a \\\"route"));
        let lines: Vec<_> = lines
            .map(|line| line.replace("route=\"a \\\"route\\\"\"", "R"))
            .map(|line| line.replace("edge_request", ""))
            .collect();
        assert_eq!(
            lines,
            [
                "s_total{R,status=\"1xx\"} 0",
                "s_total{R,status=\"2xx\"} 2",
                "s_total{R,status=\"3xx\"} 0",
                "s_total{R,status=\"4xx\"} 1",
                "s_total{R,status=\"5xx\"} 1",
                "_seconds_bucket{R,le=\"0.0005\"} 0",
                "_seconds_bucket{R,le=\"0.001\"} 1",
                "_seconds_bucket{R,le=\"0.0025\"} 2",
                "_seconds_bucket{R,le=\"0.005\"} 2",
                "_seconds_bucket{R,le=\"0.01\"} 2",
                "_seconds_bucket{R,le=\"0.025\"} 2",
                "_seconds_bucket{R,le=\"0.05\"} 2",
                "_seconds_bucket{R,le=\"0.1\"} 2",
                "_seconds_bucket{R,le=\"0.5\"} 3",
                "_seconds_bucket{R,le=\"2.5\"} 3",
                "_seconds_bucket{R,le=\"10\"} 3",
                "_seconds_bucket{R,le=\"+Inf\"} 4",
                "_seconds_sum{R} 60.503",
                "_seconds_count{R} 4",
            ]
        );
    }
}
