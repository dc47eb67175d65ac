//! Full TLS 1.3 handshakes, one after another on several connections at once.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;
use tokio_rustls::TlsConnector;

use super::connections::{connector, open_tls};
use super::doors::{Door, Doors};
use crate::bench::load::figure;
use crate::bench::{Turns, median};

const CLIENTS: usize = 16;

pub(super) async fn compare(doors: &Doors, turns: Turns) -> Result<()> {
    let connector = connector(&doors.certificate)?;
    let mut costs = [Vec::new(), Vec::new()];
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..turns.rounds {
        for (which, door) in doors.both().into_iter().enumerate() {
            let before = door.server.processor_time()?;
            let begin = Instant::now();
            let count = shake(door, &connector, turns.duration()).await?;
            let used = door.server.processor_time()?.saturating_sub(before);
            costs[which].push(used.as_secs_f64() * 1e6 / figure(count));
            rates[which].push(figure(count) / begin.elapsed().as_secs_f64());
        }
    }
    let [theirs, ours] = costs.map(median);
    let [their_rate, our_rate] = rates.map(median);
    println!(
        "full TLS 1.3 handshakes: nginx {theirs:.0} µs ({their_rate:.0}/s), Kenduri {ours:.0} µs ({our_rate:.0}/s), nginx ÷ ours {:.2} (goal 1.5)",
        theirs / ours
    );
    Ok(())
}

/// Counts the handshakes made within `duration`.
async fn shake(door: &Door, connector: &TlsConnector, duration: Duration) -> Result<usize> {
    let end = Instant::now() + duration;
    let clients = LocalSet::new();
    let address = door.tls;
    let hands: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let connector = connector.clone();
            clients.spawn_local(async move {
                let mut count = 0;
                while Instant::now() < end {
                    drop(open_tls(address, &connector).await?);
                    count += 1;
                }
                anyhow::Ok(count)
            })
        })
        .collect();
    clients
        .run_until(async {
            let mut all = 0;
            for hand in hands {
                all += hand.await??;
            }
            Ok(all)
        })
        .await
}
