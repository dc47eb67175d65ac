//! `/metrics`: counters of requests, the store and the process, as Prometheus text.

mod process;

use std::time::Duration;

use anyhow::{Context as _, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use platform::{Store, StoreError, Tx, jobs, mail};
use tokio_util::sync::CancellationToken;

/// Upper bounds of the histograms, in seconds: from a page out of memory to a
/// proxied request that is given up.
const SECONDS: [f64; 11] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0,
];

/// How often figures are put away: until then each request is a number in memory.
const TIDY: Duration = Duration::from_secs(1);

/// Where figures are counted. One per process.
#[derive(Clone)]
pub(crate) struct Metrics {
    counted: PrometheusHandle,
    /// Nothing: the app does not run.
    store: Option<Store>,
}

/// Begins to count, for the whole process. What is counted is made later.
pub(crate) fn start() -> Result<Metrics> {
    let counted = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot count figures")?;
    let store = None;
    Ok(Metrics { counted, store })
}

impl Metrics {
    /// The same, and what the store can tell.
    pub(crate) fn with(self, store: Store) -> Self {
        let store = Some(store);
        Self { store, ..self }
    }

    /// Everything counted so far.
    pub(crate) async fn render(&self) -> String {
        if let Some(store) = &self.store {
            let (changes, commits) = store.counts();
            // Figures that cannot be looked up now keep their last value.
            if let Ok((waiting, doubted)) = store.read(look).await {
                metrics::gauge!("kenduri_jobs_waiting").set(waiting);
                metrics::gauge!("kenduri_mails_doubted").set(doubted);
            }
            metrics::counter!("kenduri_store_changes_total").absolute(changes);
            metrics::counter!("kenduri_store_commits_total").absolute(commits);
        }
        // A process with many connections takes a while to count what it has open.
        let process = tokio::task::spawn_blocking(process::figures).await;
        let mut all = present(&self.counted.render());
        all.push_str(&process.unwrap_or_default());
        all
    }

    /// Puts away samples nobody has asked for, so that they do not pile up, until `stop`.
    pub(crate) async fn tidy(self, stop: CancellationToken) {
        while tokio::time::timeout(TIDY, stop.cancelled()).await.is_err() {
            self.counted.run_upkeep();
        }
    }
}

/// Without those that have no value: what they were of is gone.
fn present(all: &str) -> String {
    let lines = all.split_inclusive('\n');
    lines.filter(|line| !line.ends_with(" NaN\n")).collect()
}

/// Jobs that are not done, and mails that may have been sent twice.
fn look(tx: &mut Tx<'_>) -> Result<(f64, f64), StoreError> {
    let (waiting, _) = jobs::pending(tx)?;
    let doubted = mail::doubted(tx)?;
    Ok((gauge(waiting), gauge(doubted)))
}

/// Gauges are `f64`.
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
