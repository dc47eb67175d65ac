//! Metrics of the edge.
//!
//! This module itself counts requests, separately for each worker, and [`text`] renders these
//! counts. All other metrics go through the `metrics` facade.

mod requests;

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, counter, gauge};

pub(crate) use self::requests::set_worker;
pub use self::requests::text;

#[derive(Debug)]
pub struct RouteFigures {
    /// The route's name in the log and in metrics.
    pub name: Arc<str>,
    requests: Arc<requests::Requests>,
    refusals: Counter,
}

impl RouteFigures {
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        let name = name.into();
        Self {
            requests: requests::of_route(&name),
            refusals: counter!("edge_limit_refusals_total", "route" => name.to_string()),
            name,
        }
    }

    /// Counts a response. `took` is the time from the arrival of the request head to the last byte
    /// of the response.
    pub fn answered(&self, status: http::StatusCode, took: Duration) {
        self.requests.count(status, took);
    }

    pub fn refused(&self) {
        self.refusals.increment(1);
    }
}

#[derive(Debug, Clone)]
pub struct CacheFigures([(&'static str, Counter); 6]);

impl CacheFigures {
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

    pub fn came(&self, result: &str) {
        if let Some((_, counter)) = self.0.iter().find(|(name, _)| *name == result) {
            counter.increment(1);
        }
    }
}

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
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody counts single bytes of petabytes"
    )]
    pub fn hold(&self, entries: usize, memory: u64) {
        self.entries.set(entries as f64);
        self.memory.set(memory as f64);
    }
}

#[derive(Debug, Clone)]
pub struct ListenerMetrics {
    open: Gauge,
    refused_of_address: Counter,
    refused_of_all: Counter,
    refused_http2: Counter,
    handshakes: Counter,
    handshakes_failed: Counter,
    announced: Counter,
    announced_badly: Counter,
}

impl Default for ListenerMetrics {
    fn default() -> Self {
        Self {
            open: gauge!("edge_connections"),
            refused_of_address: refused_connections("connections_per_address"),
            refused_of_all: refused_connections("connections"),
            refused_http2: counter!("edge_http2_connections_refused_total"),
            handshakes: counter!("edge_tls_handshakes_total", "result" => "done"),
            handshakes_failed: counter!("edge_tls_handshakes_total", "result" => "failed"),
            announced: counter!("edge_proxy_protocol_total", "result" => "done"),
            announced_badly: counter!("edge_proxy_protocol_total", "result" => "failed"),
        }
    }
}

impl ListenerMetrics {
    /// Counts a connection as open until the returned value is dropped.
    pub fn connection(&self) -> OpenConnection {
        self.open.increment(1.0);
        OpenConnection(self.open.clone())
    }

    /// Counts a connection that was refused because its IP address has reached its limit.
    pub(crate) fn refused_of_address(&self) {
        self.refused_of_address.increment(1);
    }

    /// Counts a connection that was refused because the edge has reached its limit.
    pub(crate) fn refused_of_all(&self) {
        self.refused_of_all.increment(1);
    }

    pub(crate) fn refused_http2(&self) {
        self.refused_http2.increment(1);
    }

    pub fn handshake(&self, is_done: bool) {
        let counter = if is_done {
            &self.handshakes
        } else {
            &self.handshakes_failed
        };
        counter.increment(1);
    }

    /// Counts a connection that should begin with a PROXY protocol header. `is_done` says whether
    /// the header was valid.
    pub fn announcement(&self, is_done: bool) {
        let counter = if is_done {
            &self.announced
        } else {
            &self.announced_badly
        };
        counter.increment(1);
    }
}

fn refused_connections(limit: &'static str) -> Counter {
    counter!("edge_connections_refused_total", "limit" => limit)
}

#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// The counter of log lines that were dropped because a worker's buffer was full.
pub(crate) fn log_lines_dropped() -> Counter {
    counter!("edge_log_lines_dropped_total")
}

pub(crate) fn certificate_failed(name: &str) {
    counter!("kenduri_edge_certificate_failures_total", "name" => name.to_owned()).increment(1);
}

/// Gauges for items that come and go, one gauge per label. A recorder never removes a gauge, so the
/// gauge of a missing item is NaN.
#[derive(Debug)]
pub(crate) struct LabelledGauges<L> {
    gauge: fn(&L) -> Gauge,
    there: BTreeMap<L, Gauge>,
}

/// How many days each host name's certificate remains valid.
pub(crate) fn certificate_days() -> LabelledGauges<String> {
    LabelledGauges::new(
        |name: &String| gauge!("kenduri_edge_certificate_days_left", "name" => name.clone()),
    )
}

impl<L: Ord> LabelledGauges<L> {
    pub(crate) fn new(gauge: fn(&L) -> Gauge) -> Self {
        let there = BTreeMap::new();
        Self { gauge, there }
    }

    /// Sets the gauges of all current items, and sets all others to NaN. If several items have the
    /// same label, the first one counts.
    pub(crate) fn set_all(&mut self, all: impl IntoIterator<Item = (L, f64)>) {
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
