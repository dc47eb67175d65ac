//! `bench page`: compares the guest's page with a bare axum server that sends the same bytes.
//!
//! The servers share one core; the client has another. First, one household's page is requested in
//! a small and in a large store. Then, in the large store, the requests are spread over a thousand
//! households, so that pages are requested repeatedly. Finally, the requests go through all
//! households, so that most pages must be rendered.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use super::client::{Answer, Client, get};
use super::cores::Cores;
use super::crowd::{self, Crowd};
use super::load::{self, Conversation, figure};
use super::server::{Server, free_address, pinned};
use super::{Turns, median, new_folder};
use crate::command::{program, run};
use crate::workspace::root;

/// Enough to keep a core busy.
const CLIENTS: usize = 64;
const MANY: usize = 100_000;
/// They request their page repeatedly during the benchmark.
const VISITORS: usize = 1_000;

pub(super) fn bench(runtime: &Runtime, turns: Turns) -> Result<()> {
    run(program("cargo").args([
        "build",
        "--release",
        "--locked",
        "-p",
        "lab",
        "--example",
        "bare",
    ]))?;
    let folder = new_folder()?;
    let [small, large] = ["small", "large"].map(|name| folder.path().join(name));
    drop(runtime.block_on(Server::kenduri(&small, &[], None))?);
    drop(runtime.block_on(Server::kenduri(&large, &[], None))?);
    Crowd { invitations: MANY }.join(&crowd::sqlite(&large))?;

    let cores = Cores::choose()?;
    let on = Some(cores.server);
    cores.settle()?;
    runtime.block_on(async {
        let small = Server::kenduri(&small, &[], on).await?;
        let large = Arc::new(Server::kenduri(&large, &[], on).await?);
        let bare = start_bare(folder.path(), &small, cores.server).await?;
        let ways = [
            Way::new("bare axum, same bytes", Arc::new(bare), Asks::One),
            Way::new("40 invitations", Arc::new(small), Asks::One),
            Way::new("100,000 invitations", Arc::clone(&large), Asks::One),
            Way::new("a thousand of them", Arc::clone(&large), Asks::Spread),
            Way::new("each another of 100,000", large, Asks::Another),
        ];
        compare(ways, turns).await
    })
}

struct Way {
    name: &'static str,
    server: Arc<Server>,
    asks: Asks,
    per_second: Vec<f64>,
    cost_us: Vec<f64>,
    busy_percent: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, server: Arc<Server>, asks: Asks) -> Self {
        Way {
            name,
            server,
            asks,
            per_second: Vec::new(),
            cost_us: Vec::new(),
            busy_percent: Vec::new(),
        }
    }

    async fn turn(&mut self, duration: Duration) -> Result<()> {
        let readers = (1..=CLIENTS)
            .map(|number| Reader::new(self.asks, number))
            .collect();
        let processor = || self.server.processor_time();
        let awake = tokio::spawn(stay_awake());
        let driven = load::drive(self.server.address, readers, duration, processor).await;
        awake.abort();
        let (turn, [before, after]) = driven?;
        let used = after.saturating_sub(before).as_secs_f64();
        self.per_second.push(turn.per_second);
        self.cost_us.push(used * 1e6 / figure(turn.answers));
        self.busy_percent
            .push(used * 100.0 / duration.as_secs_f64());
        Ok(())
    }
}

/// Otherwise the server would pay for waking the client's core, and a slower server more often.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn compare(mut ways: [Way; 5], turns: Turns) -> Result<()> {
    for _ in 0..turns.rounds {
        for way in &mut ways {
            way.turn(turns.duration()).await?;
        }
    }
    println!(
        "\nThe guest's page, {CLIENTS} clients, one core for the server; medians of {} turns of {} s",
        turns.rounds, turns.seconds
    );
    println!(
        "{:<24}  {:>10}  {:>9}  {:>9}  {:>6}",
        "", "requests/s", "core busy", "CPU each", "÷ bare"
    );
    let rates = ways.each_ref().map(|way| median(way.per_second.clone()));
    for (way, rate) in ways.into_iter().zip(rates) {
        println!(
            "{:<24}  {rate:>10.0}  {:>7.0} %  {:>6.1} µs  {:>6.2}",
            way.name,
            median(way.busy_percent),
            median(way.cost_us),
            rate / rates[0]
        );
    }
    println!("large ÷ small: {:.2}", rates[2] / rates[1]);
    println!("goals: ÷ bare at least 0.35; CPU each at most 60 µs; large ÷ small at least 0.9");
    println!("a core that is not busy waited for the client: then ÷ bare flatters");
    Ok(())
}

/// It sends the same bytes.
async fn start_bare(folder: &Path, small: &Server, core: usize) -> Result<Server> {
    let mut client = Client::open(small.address).await?;
    let answer = client.exchange(&get(PAGE, "")).await?;
    answer.expect(200)?;
    println!(
        "the page has {} bytes before compression",
        answer.body.len()
    );
    let mut bytes = answer.head.as_bytes().to_vec();
    bytes.extend(b"\r\n\r\n");
    bytes.extend(answer.body);
    let file = folder.join("page");
    fs::write(&file, bytes)?;
    let address = free_address()?;
    let binary = root().join("target/release/examples/bare");
    let mut command = pinned(binary, Some(core));
    command.arg(address.to_string()).arg(&file);
    Server::start(command, address, folder.join("bare.log"), PAGE).await
}

const PAGE: &str = "/invite/RAHMA";

fn page_of(number: usize) -> String {
    format!("/invite/{}", crowd::code(number + 1))
}

#[derive(Clone, Copy)]
enum Asks {
    One,
    /// Each request is for one of the 1,000 households that visit repeatedly.
    Spread,
    Another,
}

struct Reader {
    asks: Asks,
    state: usize,
}

impl Reader {
    fn new(asks: Asks, number: usize) -> Self {
        Reader {
            asks,
            state: number,
        }
    }

    /// Linear congruential, with Knuth's multiplier: every run requests the same households.
    fn next_number(&mut self) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }
}

impl Conversation for Reader {
    fn ask(&mut self, request: &mut Vec<u8>) {
        match self.asks {
            Asks::One => request.extend(get(PAGE, "")),
            Asks::Spread => {
                let number = self.next_number() % VISITORS * (MANY / VISITORS);
                request.extend(get(&page_of(number), ""));
            }
            Asks::Another => {
                let number = self.next_number() % MANY;
                request.extend(get(&page_of(number), ""));
            }
        }
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        ensure!(!answer.body.is_empty(), "an empty page");
        Ok(())
    }
}
