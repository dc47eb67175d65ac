//! A part of `bench bookings`: many members book free times at once on `PostgreSQL`, all at one
//! provider and at 50; what they wait for each other, and how often the store has to try again.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::client::{Client, get, send_json};
use super::free_times::{PROVIDERS, offer};
use super::load::figure;
use super::machines::Database;
use super::members::{self, Member};
use super::server::{Server, pinned};
use super::{milliseconds, new_folder, percentile};
use crate::command::{program, run};
use crate::postgres::PrivatePostgres;

const CLIENTS: usize = 64;
/// Of each client, in each of the two parts: together as many as one provider has times in 60 days.
const BOOKINGS: usize = 3;
/// Between two looks at what waits for a lock.
const LOOK: Duration = Duration::from_millis(100);

/// `fill` writes to the store in a folder that each of the members is a provider.
pub(super) async fn measure(
    kenduri: &Path,
    settings: &[(&str, String)],
    fill: impl Fn(&Path, usize) -> Result<()>,
) -> Result<()> {
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let start = |settings| Server::demo(pinned(kenduri.to_owned(), None), &data, settings);
    drop(start(settings).await?);
    // Nobody books two sessions at the same time, so each part has members of its own.
    let members = PROVIDERS + 2 * CLIENTS;
    members::join(kenduri, &data, members)?;
    fill(&data, members)?;
    let server = start(settings).await?;
    offer(server.address).await?;
    drop(server);
    let postgres = PrivatePostgres::start(&[])?;
    run(program(kenduri)
        .args(["move-store", "--data"])
        .arg(&data)
        .args(["--to", &postgres.url()]))?;
    let mut settings = settings.to_vec();
    settings.push(("KENDURI_STORE_URL", postgres.url()));
    let server = start(&settings).await?;
    let address = server.address;
    println!(
        "\n{CLIENTS} clients book {BOOKINGS} free times each on PostgreSQL, one after the other\n{:<20}  {:>10}  {:>10}  {:>10}  {:>10}  {:>10}  {:>18}",
        "", "p50", "p99", "a second", "rolled back", "deadlocks", "waiting (most)"
    );
    for (part, (name, providers)) in [("at one provider", 1), ("at 50 providers", PROVIDERS)]
        .into_iter()
        .enumerate()
    {
        let mut clients = Vec::new();
        for number in 1..=CLIENTS {
            let mut client = Client::open(address).await?;
            let number = PROVIDERS + part * CLIENTS + number;
            let member = Member::sign_in(&mut client, number).await?;
            clients.push((client, member));
        }
        let mut times = Vec::new();
        for provider in 1..=providers {
            times.push(free_times(address, provider).await?);
        }
        let mut wanted = vec![VecDeque::new(); CLIENTS];
        for number in 0..CLIENTS * BOOKINGS {
            let next = times[number % providers].pop_front();
            wanted[number % CLIENTS].push_back(next.context("too few free times")?);
        }
        let database = Database(&postgres);
        let before = counted(&database)?;
        let begin = Instant::now();
        let (booked, waiting) = book(clients, wanted, &database).await?;
        let took = begin.elapsed().as_secs_f64();
        let after = counted(&database)?;
        let [p50, p99] = [50, 99].map(|part| milliseconds(percentile(&booked, part)));
        let [rolled_back, deadlocks] = [0, 1].map(|place| after[place] - before[place]);
        let mean = figure(waiting.iter().sum()) / figure(waiting.len().max(1));
        let most = waiting.iter().max().copied().unwrap_or_default();
        println!(
            "{name:<20}  {p50:>7.1} ms  {p99:>7.1} ms  {:>10.0}  {rolled_back:>11}  {deadlocks:>10}  {mean:>10.1} ({most})",
            figure(booked.len()) / took
        );
    }
    Ok(())
}

/// Transactions that were rolled back, as for another try, and deadlocks.
fn counted(database: &Database<'_>) -> Result<[usize; 2]> {
    let number = |column: &str| {
        database.number(&format!(
            "SELECT {column} FROM pg_stat_database WHERE datname = current_database()"
        ))
    };
    Ok([number("xact_rollback")?, number("deadlocks")?])
}

/// The free times of a provider that can all be booked, the earliest first: each begins after the end
/// of the one before.
async fn free_times(address: SocketAddr, provider: usize) -> Result<VecDeque<Value>> {
    let mut client = Client::open(address).await?;
    let mut all = VecDeque::new();
    let mut cursor = String::new();
    loop {
        let path = format!(
            "/api/v1/slots?limit=100&title=Free+times&provider={}{cursor}",
            members::slug(provider)
        );
        let answer = client.exchange(&get(&path, "")).await?;
        answer.expect(200)?;
        let mut page: Value = serde_json::from_slice(answer.body)?;
        let items = page["items"].as_array_mut().context("no list")?;
        for one in items.drain(..) {
            let end = all.back().map(|last: &Value| last["ends_at"].as_str());
            if end.is_none_or(|end| one["starts_at"].as_str() > end) {
                all.push_back(one);
            }
        }
        let Some(next) = page["next_cursor"].as_str() else {
            return Ok(all);
        };
        cursor = format!("&cursor={next}");
    }
}

/// The sorted times of all bookings, and how many sessions waited for a lock at each look.
async fn book(
    clients: Vec<(Client, Member)>,
    wanted: Vec<VecDeque<Value>>,
    database: &Database<'_>,
) -> Result<(Vec<Duration>, Vec<usize>)> {
    let all = LocalSet::new();
    let running: Vec<_> = clients
        .into_iter()
        .zip(wanted)
        .map(|((client, member), wanted)| all.spawn_local(book_all(client, member, wanted)))
        .collect();
    let mut waiting = Vec::new();
    all.run_until(async {
        while !running.iter().all(tokio::task::JoinHandle::is_finished) {
            waiting.push(database.number("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")?);
            tokio::time::sleep(LOOK).await;
        }
        anyhow::Ok(())
    })
    .await?;
    let mut times = Vec::new();
    for one in running {
        times.extend(one.await.context("a client failed")??);
    }
    times.sort_unstable();
    ensure!(!times.is_empty(), "nothing was booked");
    Ok((times, waiting))
}

async fn book_all(
    mut client: Client,
    member: Member,
    wanted: VecDeque<Value>,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for time in wanted {
        let body = json!({"slot_id": time["id"], "slot_version": time["version"]});
        let ask = send_json(
            "POST",
            "/api/v1/bookings",
            &member.authorization,
            &body.to_string(),
        );
        let begin = Instant::now();
        client.exchange(&ask).await?.expect(201)?;
        times.push(begin.elapsed());
    }
    Ok(times)
}
