//! Figures, through the `metrics` facade: whoever runs the edge collects them.
//!
//! Handles are made once, so that counting allocates nothing.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// Buckets that suit the histograms of seconds: from a file in memory to a slow upstream.
pub const SECONDS: [f64; 12] = [
    0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// What happened on one route.
#[derive(Debug)]
pub struct RouteFigures {
    /// What the log and the figures call the route.
    pub name: Arc<str>,
    /// Answers by the first digit of their status, 1 to 5.
    answers: [Counter; 5],
    seconds: Histogram,
    refusals: Counter,
}

impl RouteFigures {
    /// The figures of the route of this name; `none` for requests without one.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        let route = name.to_string();
        let class = |class: &'static str| counter!("edge_requests_total", "route" => route.clone(), "status" => class);
        Self {
            answers: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(class),
            seconds: histogram!("edge_request_seconds", "route" => route.clone()),
            refusals: counter!("edge_limit_refusals_total", "route" => route.clone()),
            name,
        }
    }

    /// Counts an answer and how long it took, from the first byte of the request
    /// to the last of the answer.
    pub fn answered(&self, status: http::StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.answers.get(class) {
            counter.increment(1);
        }
        self.seconds.record(took.as_secs_f64());
    }

    /// Counts a request that was over the limit.
    pub fn refused(&self) {
        self.refusals.increment(1);
    }
}

/// How the requests of one route came by the cache.
#[derive(Debug, Clone)]
pub struct CacheFigures([(&'static str, Counter); 6]);

impl CacheFigures {
    /// The figures of the route of this name.
    pub fn new(route: &str) -> Self {
        let results = ["hit", "stale", "revalidated", "collapsed", "miss", "bypass"];
        Self(results.map(|result| {
            let route = route.to_owned();
            (
                result,
                counter!("edge_cache_requests_total", "route" => route, "result" => result),
            )
        }))
    }

    /// Counts a request that came by so.
    pub fn came(&self, result: &str) {
        if let Some((_, counter)) = self.0.iter().find(|(name, _)| *name == result) {
            counter.increment(1);
        }
    }
}

/// How much is in the cache.
#[derive(Debug, Clone)]
pub struct StoreFigures {
    entries: Gauge,
    memory: Gauge,
}

impl Default for StoreFigures {
    fn default() -> Self {
        Self {
            entries: gauge!("edge_cache_entries"),
            memory: gauge!("edge_cache_bytes", "place" => "memory"),
        }
    }
}

impl StoreFigures {
    /// So much is there now.
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody counts single bytes of petabytes"
    )]
    pub fn hold(&self, entries: usize, memory: u64) {
        self.entries.set(entries as f64);
        self.memory.set(memory as f64);
    }
}

/// What happened at the edge as a whole.
#[derive(Debug, Clone)]
pub struct DoorFigures {
    open: Gauge,
    refused_of_address: Counter,
    refused_of_all: Counter,
    refused_http2: Counter,
    handshakes: Counter,
    handshakes_failed: Counter,
    announced: Counter,
    announced_badly: Counter,
}

impl Default for DoorFigures {
    fn default() -> Self {
        Self {
            open: gauge!("edge_connections"),
            refused_of_address: refused("connections_per_address"),
            refused_of_all: refused("connections"),
            refused_http2: counter!("edge_http2_connections_refused_total"),
            handshakes: counter!("edge_tls_handshakes_total", "result" => "done"),
            handshakes_failed: counter!("edge_tls_handshakes_total", "result" => "failed"),
            announced: counter!("edge_proxy_protocol_total", "result" => "done"),
            announced_badly: counter!("edge_proxy_protocol_total", "result" => "failed"),
        }
    }
}

impl DoorFigures {
    /// Counts a connection until the result is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.open.increment(1.0);
        OpenConnection(self.open.clone())
    }

    /// Counts a connection of an address that has as many as it may.
    pub(crate) fn refused_of_address(&self) {
        self.refused_of_address.increment(1);
    }

    /// Counts a connection that came when all places were taken.
    pub(crate) fn refused_of_all(&self) {
        self.refused_of_all.increment(1);
    }

    /// Counts a connection that the engine of HTTP/2 ended for what its client sent.
    pub(crate) fn refused_http2(&self) {
        self.refused_http2.increment(1);
    }

    /// Counts a handshake.
    pub fn handshake(&self, is_done: bool) {
        let counter = if is_done {
            &self.handshakes
        } else {
            &self.handshakes_failed
        };
        counter.increment(1);
    }

    /// Counts a connection of which a proxy was to say for whom it is.
    pub fn announcement(&self, is_done: bool) {
        let counter = if is_done {
            &self.announced
        } else {
            &self.announced_badly
        };
        counter.increment(1);
    }
}

/// Connections that this setting has left no place for.
fn refused(limit: &'static str) -> Counter {
    counter!("edge_connections_refused_total", "limit" => limit)
}

/// A connection that is counted.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Lines of the access log that found no room.
pub(crate) fn log_lines_dropped() -> Counter {
    counter!("edge_log_lines_dropped_total")
}

/// Counts an order that failed.
pub(crate) fn certificate_failed(name: &str) {
    counter!("kenduri_edge_certificate_failures_total", "name" => name.to_owned()).increment(1);
}

/// A gauge for each of those who come and go, by what they are called. Whoever collects
/// figures forgets none: who is gone has no value (NaN), and comes back as the same.
#[derive(Debug)]
pub(crate) struct Passing<L> {
    gauge: fn(&L) -> Gauge,
    there: BTreeMap<L, Gauge>,
}

/// How many days the certificate of each name is still good.
pub(crate) fn certificate_days() -> Passing<String> {
    Passing::new(
        |name: &String| gauge!("kenduri_edge_certificate_days_left", "name" => name.clone()),
    )
}

impl<L: Ord> Passing<L> {
    pub(crate) fn new(gauge: fn(&L) -> Gauge) -> Self {
        let there = BTreeMap::new();
        Self { gauge, there }
    }

    /// These are all there are now. Of two that are called the same the first counts.
    pub(crate) fn tell(&mut self, all: impl IntoIterator<Item = (L, f64)>) {
        let mut before = mem::take(&mut self.there);
        for (label, value) in all {
            if self.there.contains_key(&label) {
                continue;
            }
            let known = before.remove(&label);
            let gauge = known.unwrap_or_else(|| (self.gauge)(&label));
            gauge.set(value);
            self.there.insert(label, gauge);
        }
        for gone in before.into_values() {
            gone.set(f64::NAN);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
