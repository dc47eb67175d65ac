//! A closed loop: each client sends its next request as soon as it has received a response.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::LocalSet;

use super::client::{Answer, Client};

/// Connections are opened, caches filled and statements prepared before anything is counted.
const WARM_UP: Duration = Duration::from_millis(500);

pub(super) trait Conversation {
    fn ask(&mut self, request: &mut Vec<u8>);
    fn hear(&mut self, answer: &Answer<'_>) -> Result<()>;
}

pub(super) struct Turn {
    /// The number of responses during the measured time.
    pub(super) answers: usize,
    pub(super) per_second: f64,
    pub(super) p99: Duration,
}

/// Runs every conversation for `duration`, after a short warm-up. Calls `sample` at the beginning
/// and at the end of `duration`.
pub(super) async fn drive<C: Conversation + 'static, S>(
    address: SocketAddr,
    conversations: Vec<C>,
    duration: Duration,
    sample: impl Fn() -> Result<S>,
) -> Result<(Turn, [S; 2])> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + duration;
    let clients = LocalSet::new();
    let talks: Vec<_> = conversations
        .into_iter()
        .map(|conversation| clients.spawn_local(talk(address, conversation, begin, end)))
        .collect();
    clients
        .run_until(async {
            tokio::time::sleep_until(begin.into()).await;
            let before = sample()?;
            tokio::time::sleep_until(end.into()).await;
            let after = sample()?;
            let mut times = Vec::new();
            for talk in talks {
                times.extend(talk.await.context("a client failed")??);
            }
            times.sort_unstable();
            let p99 = times.get(times.len() * 99 / 100).copied();
            let turn = Turn {
                answers: times.len(),
                per_second: figure(times.len()) / duration.as_secs_f64(),
                p99: p99.context("nothing was answered in time")?,
            };
            Ok((turn, [before, after]))
        })
        .await
}

/// Returns the times of the responses that arrived after `begin`.
async fn talk<C: Conversation>(
    address: SocketAddr,
    mut conversation: C,
    begin: Instant,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut client = Client::open(address).await?;
    let mut request = Vec::new();
    let mut times = Vec::new();
    loop {
        request.clear();
        conversation.ask(&mut request);
        let sent = Instant::now();
        let answer = client.exchange(&request).await?;
        let received = Instant::now();
        conversation.hear(&answer)?;
        if received >= end {
            return Ok(times);
        }
        if received >= begin {
            times.push(received - sent);
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark stay far below 2^52"
)]
pub(super) fn figure(count: usize) -> f64 {
    count as f64
}
