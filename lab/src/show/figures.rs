//! Measures the response times of polite visitors.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::visitors::{Enough, Entrance, exchange, numbered};

/// Each with a connection of its own.
const VISITORS: usize = 4;
const PACE: Duration = Duration::from_millis(20);

/// Polite visitors who send occasional requests; they run on a separate thread.
pub(super) struct Polite {
    enough: Arc<Enough>,
    thread: JoinHandle<Result<Vec<Duration>>>,
}

impl Polite {
    pub(super) fn begin(entrances: &[Entrance]) -> Result<Self> {
        let enough = Arc::new(Enough::default());
        let (ends, entrances) = (Arc::clone(&enough), entrances.to_vec());
        let thread = std::thread::Builder::new()
            .name("polite".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    let visits = entrances.iter().cycle().take(VISITORS);
                    let visits = visits.map(|entrance| visit(entrance, &ends));
                    let waits = futures_util::future::try_join_all(visits).await?;
                    Ok(waits.concat())
                })
            })?;
        Ok(Self { enough, thread })
    }

    /// Stops the visitors and returns the sorted times of all responses.
    pub(super) fn end(self) -> Result<Waits> {
        self.enough.say();
        let waited = self.thread.join();
        let waits = waited
            .ok()
            .context("the thread of the polite visitors panicked")??;
        Ok(Waits::of(waits))
    }
}

async fn visit(entrance: &Entrance, enough: &Enough) -> Result<Vec<Duration>> {
    let mut stream = entrance.open().await.context("connecting")?;
    let mut waits = Vec::new();
    while !enough.is_it() {
        // Requests with odd numbers have no body.
        let (request, _) = numbered(entrance, 1);
        let begin = Instant::now();
        let answer = exchange(&mut *stream, &request).await?;
        waits.push(begin.elapsed());
        if answer.says("\r\nconnection: close") {
            stream = entrance.open().await.context("connecting")?;
        }
        tokio::time::sleep(PACE).await;
    }
    Ok(waits)
}

pub(super) struct Waits(Vec<Duration>);

impl Waits {
    pub(super) fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        Self(waits)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(place).copied().unwrap_or_default()
    }
}
