//! Serves metrics about requests, the store and the process at `/metrics`, as text for Prometheus.

#[cfg(test)]
mod dashboard_names;
mod process;

use std::time::Duration;

use anyhow::{Context as _, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use platform::{Store, StoreError, Tx, jobs, mail};
use tokio_util::sync::CancellationToken;

use crate::machine::Machine;

/// The smallest bounds are for pages in memory, the largest for upstream requests that time out.
const BUCKETS_IN_SECONDS: [f64; 11] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0,
];

/// Each request adds samples, which occupy memory until they are aggregated.
const AGGREGATE_INTERVAL: Duration = Duration::from_secs(1);

/// This process's metrics. A process must not have more than one value of this type.
#[derive(Clone)]
pub struct Metrics {
    counted: PrometheusHandle,
    /// The store; `None` if the app does not run.
    store: Option<Store>,
    machine: Option<Machine>,
}

/// Installs the recorder of metrics for the whole process.
pub fn start() -> Result<Metrics> {
    let counted = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_IN_SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot start the metrics\n  this is a mistake in Kenduri: please report it")?;
    Ok(Metrics {
        counted,
        store: None,
        machine: None,
    })
}

impl Metrics {
    #[must_use]
    pub fn with(self, store: Store) -> Self {
        let store = Some(store);
        Self { store, ..self }
    }

    #[must_use]
    pub fn of_machine(self, machine: Machine) -> Self {
        let machine = Some(machine);
        Self { machine, ..self }
    }

    pub async fn render(&self) -> String {
        if let Some(store) = &self.store {
            let counts = store.counts();
            // If reading fails, the gauges keep their last values.
            if let Ok((waiting, doubted)) = store.read(look).await {
                metrics::gauge!("kenduri_jobs_waiting").set(waiting);
                metrics::gauge!("kenduri_mails_doubted").set(doubted);
            }
            metrics::counter!("kenduri_store_changes_total").absolute(counts.changes);
            metrics::counter!("kenduri_store_commits_total").absolute(counts.commits);
        }
        if let Some(machine) = &self.machine {
            set_machine(machine, self.store.as_ref()).await;
        }
        // Counting a busy process's open descriptors is slow, so it runs on a blocking thread.
        let process = tokio::task::spawn_blocking(process::figures).await;
        let mut all = present(&self.counted.render());
        all.push_str(&edge::metrics::text());
        all.push_str(&process.unwrap_or_default());
        all
    }

    /// Aggregates samples regularly until `stop` is cancelled, so that they do not accumulate in
    /// memory.
    pub async fn tidy(self, stop: CancellationToken) {
        while tokio::time::timeout(AGGREGATE_INTERVAL, stop.cancelled())
            .await
            .is_err()
        {
            self.counted.run_upkeep();
        }
    }
}

/// If reading a figure fails, its gauge keeps the last value.
async fn set_machine(machine: &Machine, store: Option<&Store>) {
    let status = machine.status().await;
    if let Some(memory) = status.memory {
        metrics::gauge!("kenduri_memory_available_bytes").set(gauge(memory.free));
        metrics::gauge!("kenduri_memory_total_bytes").set(gauge(memory.total));
    }
    if let Some(disk) = status.disk {
        metrics::gauge!("kenduri_disk_free_bytes").set(gauge(disk.free));
        metrics::gauge!("kenduri_disk_total_bytes").set(gauge(disk.total));
    }
    if let Some([one, five, fifteen]) = status.load {
        metrics::gauge!("kenduri_load1").set(one);
        metrics::gauge!("kenduri_load5").set(five);
        metrics::gauge!("kenduri_load15").set(fifteen);
    }
    let Some(store) = store else {
        return;
    };
    if let Ok(figures) = machine.store(store).await {
        if let Some(bytes) = figures.bytes {
            metrics::gauge!("kenduri_store_bytes").set(gauge(bytes));
        }
        let behind = figures.behind_seconds.unsigned_abs();
        metrics::gauge!("kenduri_store_lag_seconds").set(gauge(behind));
    }
}

/// NaN means that the objects measured no longer exist.
fn present(all: &str) -> String {
    let lines = all.split_inclusive('\n');
    lines.filter(|line| !line.ends_with(" NaN\n")).collect()
}

/// Also the number of mails that were interrupted while they were being sent.
fn look(tx: &mut Tx<'_>) -> Result<(f64, f64), StoreError> {
    let (waiting, _) = jobs::pending(tx)?;
    let doubted = mail::doubted(tx)?;
    Ok((gauge(waiting), gauge(doubted)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are f64, and nobody counts single bytes of petabytes"
)]
fn gauge(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_shown() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::gauge!("days", "name" => "gone").set(f64::NAN);
            metrics::gauge!("days", "name" => "there").set(0.0);
        });
        let shown = present(&recorder.handle().render());
        assert!(shown.contains("days{name=\"there\"} 0\n"), "{shown}");
        assert!(!shown.contains("gone"), "{shown}");
    }
}
