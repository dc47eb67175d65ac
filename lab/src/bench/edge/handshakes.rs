//! Measures full TLS 1.3 handshakes, made one after another on several connections at once.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;
use tokio_rustls::TlsConnector;

use super::HANDSHAKES;
use super::doors::{Door, Doors};
use super::memory::{connector, open_tls};
use super::results::Measured;
use crate::bench::load::figure;
use crate::bench::{Turns, median};

const CLIENTS: usize = 16;

pub(super) async fn compare(doors: &Doors, turns: Turns) -> Result<Measured> {
    let connector = connector(&doors.certificate)?;
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..turns.rounds {
        for (door, costs) in doors.of(true).into_iter().flatten().zip(&mut costs) {
            let before = door.server.processor_time()?;
            let count = shake(door, &connector, turns.duration()).await?;
            let used = door.server.processor_time()?.saturating_sub(before);
            costs.push(used.as_secs_f64() * 1e6 / figure(count));
        }
    }
    let [nginx, haproxy, ours] = costs.map(median);
    Ok(Measured {
        name: HANDSHAKES.to_owned(),
        unit: "µs",
        nginx,
        haproxy: Some(haproxy),
        ours,
        goal: "1.51".to_owned(),
        is_rate: false,
        instructions: None,
    })
}

/// One after another. Returns their number.
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
