//! Serves metrics about requests, the store and the process under `/metrics`, as text for
//! Prometheus.

mod process;

use std::time::Duration;

use anyhow::{Context as _, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use platform::{Store, StoreError, Tx, jobs, mail};
use tokio_util::sync::CancellationToken;

/// The upper bounds of the histograms' buckets, in seconds. They range from pages that are served
/// from memory to requests to upstream servers that time out.
const SECONDS: [f64; 11] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0,
];

/// How often samples are aggregated. Before that, each request's samples occupy memory.
const TIDY: Duration = Duration::from_secs(1);

/// The metrics of this process. Only one such value may be created.
#[derive(Clone)]
pub(crate) struct Metrics {
    counted: PrometheusHandle,
    /// The store; `None` if the app does not run.
    store: Option<Store>,
}

/// Installs the recorder of metrics for the whole process.
pub(crate) fn start() -> Result<Metrics> {
    let counted = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot count figures")?;
    let store = None;
    Ok(Metrics { counted, store })
}

impl Metrics {
    pub(crate) fn with(self, store: Store) -> Self {
        let store = Some(store);
        Self { store, ..self }
    }

    pub(crate) async fn render(&self) -> String {
        if let Some(store) = &self.store {
            let (changes, commits) = store.counts();
            // If a value cannot be read now, the gauge keeps its last value.
            if let Ok((waiting, doubted)) = store.read(look).await {
                metrics::gauge!("kenduri_jobs_waiting").set(waiting);
                metrics::gauge!("kenduri_mails_doubted").set(doubted);
            }
            metrics::counter!("kenduri_store_changes_total").absolute(changes);
            metrics::counter!("kenduri_store_commits_total").absolute(commits);
        }
        // Counting the open descriptors of a busy process takes a while, so a blocking thread does
        // it.
        let process = tokio::task::spawn_blocking(process::figures).await;
        let mut all = present(&self.counted.render());
        all.push_str(&edge::metrics::text());
        all.push_str(&process.unwrap_or_default());
        all
    }

    /// Aggregates samples regularly until `stop`, so that they do not accumulate in memory.
    pub(crate) async fn tidy(self, stop: CancellationToken) {
        while tokio::time::timeout(TIDY, stop.cancelled()).await.is_err() {
            self.counted.run_upkeep();
        }
    }
}

/// Removes metrics whose value is NaN. The object that they measured no longer exists.
fn present(all: &str) -> String {
    let lines = all.split_inclusive('\n');
    lines.filter(|line| !line.ends_with(" NaN\n")).collect()
}

/// Returns the number of unfinished jobs, and the number of mails whose sending was interrupted.
fn look(tx: &mut Tx<'_>) -> Result<(f64, f64), StoreError> {
    let (waiting, _) = jobs::pending(tx)?;
    let doubted = mail::doubted(tx)?;
    Ok((gauge(waiting), gauge(doubted)))
}

/// Returns a count as a gauge's `f64`.
fn gauge(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
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
