//! `bench login`: the cost of a sign-in, and how much many simultaneous sign-ins slow down guests.
//!
//! First, members sign in one after another. Then 50 members repeatedly sign in at once, each from
//! a separate IP address, while an invitation and a public countdown are requested at a steady
//! pace. Just before, the page requests are measured at the same pace without sign-ins.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::client::{Client, get};
use super::load::{self, figure};
use super::members::{self, Member, SigningIn};
use super::paced::{self, Asked, Outcome, Pace};
use super::server::{Server, pinned};
use super::{Turns, median, milliseconds, new_folder, percentile};

const MEMBERS: usize = 50;
/// Of the invitation and the countdown during the sign-ins, in total.
const PACE: Pace = Pace {
    per_second: 200,
    connections: 8,
};
const PAGES: [&str; 2] = ["/invite/RAHMA", "/u/member-1/coffee"];

pub(super) fn bench(runtime: &Runtime, kenduri: &Path, turns: Turns) -> Result<()> {
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let start = || Server::demo(pinned(kenduri.to_owned(), None), &data, &[]);
    drop(runtime.block_on(start())?);
    members::join(kenduri, &data, MEMBERS)?;
    runtime.block_on(async {
        let server = start().await?;
        let mut client = Client::open(server.address).await?;
        let first = Member::sign_in(&mut client, 1).await?;
        first.count_up(&mut client, "coffee").await?;
        cost(&server, turns).await?;
        crowd(server.address, turns).await
    })
}

async fn cost(server: &Server, turns: Turns) -> Result<()> {
    let (mut cost_ms, mut time_ms) = (Vec::new(), Vec::new());
    for round in 0..turns.rounds {
        let member = vec![SigningIn(round % MEMBERS + 1)];
        let processor = || server.processor_time();
        let driven = load::drive(server.address, member, turns.duration(), processor);
        let (turn, [before, after]) = driven.await?;
        let used = after.saturating_sub(before);
        cost_ms.push(milliseconds(used) / figure(turn.answers));
        time_ms.push(1000.0 / turn.per_second);
    }
    println!(
        "\nOne sign-in with a password, one after another; medians of {} turns of {} s",
        turns.rounds, turns.seconds
    );
    println!(
        "processor time  {:>7.1} ms  (goal: less than 100)",
        median(cost_ms)
    );
    println!("until answered  {:>7.1} ms", median(time_ms));
    Ok(())
}

async fn crowd(address: SocketAddr, turns: Turns) -> Result<()> {
    let mut figures = [const { Page::new() }; PAGES.len()];
    let mut bursts = Vec::new();
    for _ in 0..turns.rounds {
        let calm = paced::drive(address, PACE, turns.duration(), page);
        let calm = times(calm.await?)?;
        let (crowded, times_of_bursts) = tokio::join!(
            paced::drive(address, PACE, turns.duration(), page),
            sign_in_at_once(address, turns.duration())
        );
        bursts.extend(times_of_bursts?);
        let crowded = times(crowded?)?;
        for ((page, calm), crowded) in figures.iter_mut().zip(calm).zip(crowded) {
            page.add(&calm, &crowded);
        }
    }
    println!(
        "\nPages while {MEMBERS} sign in at once, again and again: {} pages a second; medians of {} turns of {} s",
        PACE.per_second, turns.rounds, turns.seconds
    );
    println!(
        "{:<20}  {:>9}  {:>9}  {:>10}  {:>10}  {:>10}",
        "", "calm p50", "calm p99", "during p50", "during p99", "p99 ÷ calm"
    );
    for (path, page) in PAGES.iter().zip(figures) {
        let [calm_p50, calm_p99, p50, p99, ratio] = page.0.map(median);
        println!(
            "{path:<20}  {calm_p50:>6.2} ms  {calm_p99:>6.2} ms  {p50:>7.2} ms  {p99:>7.2} ms  {ratio:>10.2}"
        );
    }
    println!(
        "{} times {MEMBERS} sign-ins; all {MEMBERS} had their answer after {:.0} ms (median)",
        bursts.len(),
        median(bursts)
    );
    println!("goal: p99 ÷ calm less than 3");
    Ok(())
}

/// By turn: p50 and p99 without sign-ins and with them, and the ratio of the p99s.
struct Page([Vec<f64>; 5]);

impl Page {
    const fn new() -> Self {
        Page([const { Vec::new() }; 5])
    }

    fn add(&mut self, calm: &[Duration], crowded: &[Duration]) {
        let [calm_p50, calm_p99, p50, p99] = [(calm, 50), (calm, 99), (crowded, 50), (crowded, 99)]
            .map(|(times, percent)| milliseconds(percentile(times, percent)));
        let turn = [calm_p50, calm_p99, p50, p99, p99 / calm_p99];
        for (figures, figure) in self.0.iter_mut().zip(turn) {
            figures.push(figure);
        }
    }
}

fn page(number: usize) -> Asked {
    let kind = number % PAGES.len();
    Asked {
        kind,
        request: get(PAGES[kind], ""),
        status: 200,
    }
}

/// Sorted, by kind of page. Fails if a request failed.
fn times(outcomes: Vec<Outcome>) -> Result<[Vec<Duration>; PAGES.len()]> {
    let mut times = [const { Vec::new() }; PAGES.len()];
    for outcome in outcomes {
        if let Some(failure) = outcome.failure {
            anyhow::bail!("{}: {failure}", PAGES[outcome.kind]);
        }
        times[outcome.kind].push(outcome.time);
    }
    for times in &mut times {
        times.sort_unstable();
    }
    Ok(times)
}

/// Again as soon as the last response has arrived, for `duration`. Returns how long each round
/// took, in milliseconds.
async fn sign_in_at_once(address: SocketAddr, duration: Duration) -> Result<Vec<f64>> {
    let mut clients = Vec::new();
    for number in 1..=MEMBERS {
        let source = Ipv4Addr::new(127, 0, 1, u8::try_from(number)?);
        clients.push(Client::open_from(IpAddr::V4(source), address).await?);
    }
    let begin = Instant::now();
    let mut bursts = Vec::new();
    while begin.elapsed() < duration {
        let burst = Instant::now();
        let together = LocalSet::new();
        let tries: Vec<_> = (1..)
            .zip(clients.drain(..))
            .map(|(number, mut client)| {
                together.spawn_local(async move {
                    let request = members::sign_in(number);
                    client.exchange(&request).await?.expect(200)?;
                    anyhow::Ok(client)
                })
            })
            .collect();
        together.await;
        for tried in tries {
            clients.push(tried.await.context("a sign-in failed")??);
        }
        bursts.push(milliseconds(burst.elapsed()));
    }
    Ok(bursts)
}
