//! `bench dashboards`: many overview pages of one occasion are open while households save RSVPs.
//! Measures the time until the last page knows of an RSVP, the processor time of a page, and the
//! memory of a page.
//!
//! The measured time begins when the household sends its RSVP, so it contains the commit. The
//! streams belong to many accounts, because the server ends an account's oldest streams.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval};

use super::client::{Client, get, open_from};
use super::crowd::{self, Crowd};
use super::load::{Conversation as _, figure};
use super::members::{self, Member};
use super::rsvp::{self, Request};
use super::server::{Server, bytes, pinned};
use super::watchers::{SPARE, raise_limit};
use super::{milliseconds, new_folder, percentile};

/// The first copy of the demo's occasion, to which [`Crowd`] adds the invitations.
const OCCASION: &str = "aisyah-daniel-1";
/// Streams that the server permits.
const OF_ONE_ACCOUNT: usize = 20;
/// One after another.
const ANSWERING: usize = 8;
/// For freeing memory, after the start and after all pages are open.
const SETTLE: Duration = Duration::from_secs(25);
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(30);
const RSVP: &[u8] = b"\nevent: rsvp\n";

/// The options of the benchmark.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Watched {
    /// Number of open overview pages.
    #[arg(long, default_value_t = 1_000)]
    dashboards: usize,
    /// The number of RSVPs.
    #[arg(long, default_value_t = 200)]
    answers: usize,
    /// The number of RSVPs per second.
    #[arg(long, default_value_t = 4)]
    per_second: u32,
    /// Additional invitations in the occasion; at least 8.
    #[arg(long, default_value_t = ANSWERING)]
    invitations: usize,
}

pub(super) fn bench(runtime: &Runtime, kenduri: &Path, watched: Watched) -> Result<()> {
    ensure!(watched.invitations >= ANSWERING, "--invitations is too low");
    ensure!(watched.per_second > 0, "--per-second is too low");
    raise_limit(watched.dashboards + SPARE)?;
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let connections = (watched.dashboards + SPARE).to_string();
    let settings = [("KENDURI_LISTEN_CONNECTIONS", connections)];
    let start = || Server::demo(pinned(kenduri.to_owned(), None), &data, &settings);
    drop(runtime.block_on(start())?);
    Crowd {
        invitations: watched.invitations,
    }
    .join(&crowd::sqlite(&data))?;
    let accounts = watched.dashboards.div_ceil(OF_ONE_ACCOUNT);
    members::join_occasion(kenduri, &data, accounts, OCCASION)?;
    runtime.block_on(LocalSet::new().run_until(async {
        let server = start().await?;
        let mut hosts = Vec::new();
        for number in 1..=accounts {
            let mut client = Client::open_from(source(number)?, server.address).await?;
            hosts.push(Member::sign_in(&mut client, number).await?);
        }
        let path = stream_of_occasion(&server, &hosts).await?;
        let households = rsvp::load_households(server.address, ANSWERING, Request::Put).await?;
        tokio::time::sleep(SETTLE).await;
        let before = server.resident()?;
        let pages = Rc::new(Pages::default());
        for number in 0..watched.dashboards {
            let host = &hosts[number / OF_ONE_ACCOUNT];
            let request = get(&path, &host.authorization);
            pages.open(server.address, host.number, &request).await?;
        }
        tokio::time::sleep(SETTLE).await;
        let after = server.resident()?;
        println!(
            "\n{} overview pages of an occasion are open, of {accounts} accounts",
            watched.dashboards
        );
        println!(
            "memory of a page      {:>8.1} KiB  goal 24 KiB  ({:.1} MB before, {:.1} MB with all)",
            (bytes(after) - bytes(before)) / figure(watched.dashboards) / 1024.0,
            bytes(before) / 1e6,
            bytes(after) / 1e6
        );
        answer(&server, &pages, households, watched).await
    }))
}

fn source(number: usize) -> Result<IpAddr> {
    let first = Ipv4Addr::new(127, 1, 0, 1).to_bits();
    let source = Ipv4Addr::from_bits(first + u32::try_from(number)?);
    Ok(IpAddr::V4(source))
}

async fn stream_of_occasion(server: &Server, hosts: &[Member]) -> Result<String> {
    let host = hosts.first().context("no hosts")?;
    let mut client = Client::open(server.address).await?;
    let request = get("/api/v1/occasions", &host.authorization);
    let answer = client.exchange(&request).await?;
    answer.expect(200)?;
    let all: Value = serde_json::from_slice(answer.body)?;
    let mut all = all["items"].as_array().into_iter().flatten();
    let occasion = all.find(|one| one["slug"] == OCCASION);
    let id = occasion.and_then(|one| one["id"].as_str());
    let id = id.context("no occasion")?;
    Ok(format!("/api/v1/occasions/{id}/stream"))
}

/// Prints how soon the pages know of the RSVPs.
async fn answer(
    server: &Server,
    pages: &Pages,
    mut households: Vec<rsvp::Household>,
    watched: Watched,
) -> Result<()> {
    let mut client = Client::open(server.address).await?;
    let mut tick = interval(Duration::from_secs(1) / watched.per_second);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut request, mut times) = (Vec::new(), [const { Vec::new() }; 4]);
    let used_before = server.processor_time()?;
    let begin = Instant::now();
    for number in 0..watched.answers {
        tick.tick().await;
        pages.heard.borrow_mut().clear();
        let household = &mut households[number % ANSWERING];
        request.clear();
        household.ask(&mut request);
        let sent = Instant::now();
        household.hear(&client.exchange(&request).await?)?;
        let answered = Instant::now();
        let all = pages.count.get();
        while pages.heard.borrow().len() < watched.dashboards {
            ensure!(
                sent.elapsed() < RECEIPT_TIMEOUT && all == watched.dashboards,
                "{} of {all} pages know of the RSVP",
                pages.heard.borrow().len()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut heard = pages.heard.borrow().clone();
        heard.sort_unstable();
        let last = heard.last().copied().unwrap_or(answered);
        let middle = heard.get(heard.len() / 2).copied().unwrap_or(answered);
        for (times, at) in times.iter_mut().zip([answered, middle, last]) {
            times.push(at.saturating_duration_since(sent));
        }
        times[3].push(last.saturating_duration_since(answered));
    }
    let used = server.processor_time()?.saturating_sub(used_before);
    println!(
        "\n{} RSVPs in {:.0} s",
        watched.answers,
        begin.elapsed().as_secs_f64()
    );
    let names = [
        "until the household has its answer",
        "until half of the pages know",
        "until the last page knows",
        "from the answer to the last page",
    ];
    for (name, times) in names.iter().zip(&mut times) {
        times.sort_unstable();
        let [p50, p99] = [50, 99].map(|percent| milliseconds(percentile(times, percent)));
        println!("{name:<35}  p50 {p50:>7.1} ms  p99 {p99:>7.1} ms");
    }
    println!("goal: the last page knows within 100 ms (p99)");
    println!(
        "processor time of an RSVP and all that follows from it: {:.1} ms, that is {:.1} µs a page",
        milliseconds(used) / figure(watched.answers),
        used.as_secs_f64() * 1e6 / figure(watched.answers) / figure(watched.dashboards)
    );
    Ok(())
}

#[derive(Default)]
struct Pages {
    /// The number of open streams.
    count: Cell<usize>,
    /// The times at which pages received the last RSVP.
    heard: RefCell<Vec<Instant>>,
}

impl Pages {
    /// Returns when the first event has begun.
    async fn open(
        self: &Rc<Self>,
        address: SocketAddr,
        account: usize,
        request: &[u8],
    ) -> Result<()> {
        let mut stream = open_from(source(account)?, address).await?;
        stream.write_all(request).await?;
        let mut received = Vec::with_capacity(4096);
        while !received.windows(6).any(|window| window == b"event:") {
            let count = stream.read_buf(&mut received).await?;
            let said = String::from_utf8_lossy(&received);
            ensure!(
                count > 0 && said.starts_with("HTTP/1.1 200"),
                "a stream was refused:\n{said}"
            );
        }
        self.count.set(self.count.get() + 1);
        tokio::task::spawn_local(Rc::clone(self).watch(stream));
        Ok(())
    }

    async fn watch(self: Rc<Self>, mut stream: TcpStream) {
        let mut received = vec![0; 4096];
        let mut matched = 0;
        while let Ok(count @ 1..) = stream.read(&mut received).await {
            for byte in &received[..count] {
                // `RSVP` contains line breaks only at its beginning and at its end.
                matched = if RSVP.get(matched) == Some(byte) {
                    matched + 1
                } else {
                    usize::from(*byte == b'\n')
                };
                if matched == RSVP.len() {
                    self.heard.borrow_mut().push(Instant::now());
                    matched = 1;
                }
            }
        }
        self.count.set(self.count.get() - 1);
    }
}
